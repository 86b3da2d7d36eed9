"""The reference as one `Gan`: its networks, optimizers and step put together.

from gan_tf import data, reference

gan = reference.make(data.load("glyphs").images, d_lr=1.0)
losses = gan.train(10_000)
gan.show()
"""

import math

import numpy as np

from gan_tf import grids, models, optimizers, training
from gan_tf.data import DIGIT
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.noise import sample_noise, stream_noise

SHAPE = DIGIT  # of one picture


def make(
    images=None,
    *,
    d_optimizer="adadelta",
    g_optimizer="adam",
    d_lr=None,
    g_lr=None,
    batch_size=128,
    seed=0,
    jit=True,
    block=training.BLOCK,
):
    """Makes the reference, untrained, as a `Gan`. All defaults are the script's; with them it collapses.

    `images` is uint8 [n, 28, 28, 1], or float32 in [0, 1]. The networks take them flat, [n, 784], as in the script.
    Without images the GAN can draw, but not train. `d_optimizer` and `g_optimizer` are names in
    `optimizers.OPTIMIZERS`, `d_lr` and `g_lr` their learning rates (None: 0.001, TF1's default). `seed` fixes the first
    weights, the noise and the order of the images. `jit` compiles with XLA. `block` iterations are compiled into one
    call. Raises ValueError for unknown names, bad rates, other images.
    """
    objects = make_objects(seed, d_optimizer, g_optimizer, d_lr, g_lr)
    step = training.make_train_step(**objects, jit=jit)
    images, train_block = flat(images), None
    if images is not None:
        train_block = training.make_train_block(step, images, batch_size, seed, block, jit)
    return assemble(objects, train_block, block, seed, images)


def flat(images, shape=SHAPE):
    """Returns images [n, height, width, channels] as [n, pixels]; None stays None.

    Raises ValueError if they do not have the `shape`.
    """
    if images is None:
        return None
    if images.shape[1:] not in (shape, (math.prod(shape),)):
        raise ValueError(f"the images are {list(images.shape[1:])}, and these networks take {list(shape)}")
    return np.asarray(images).reshape(len(images), -1)


def pictures(images, shape=SHAPE):
    """Returns what a network made, [n, pixels], as an array of pictures float32 [n, height, width, channels]."""
    return np.asarray(images).reshape(-1, *shape)


def make_networks(seed, pixels=784):
    """Returns (generator, discriminator), untrained, as a run with this seed begins."""
    g_seed, d_seed = (int(each) for each in np.random.SeedSequence(seed).generate_state(2))
    return models.make_generator(g_seed, pixels), models.make_discriminator(d_seed, pixels)


def make_objects(seed, d_optimizer, g_optimizer, d_lr, g_lr):
    """Returns the two networks and their optimizers, by name. These names are also those in a checkpoint."""
    generator, discriminator = make_networks(seed)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": optimizers.make_optimizer(g_optimizer, g_lr),
        "d_optimizer": optimizers.make_optimizer(d_optimizer, d_lr),
    }


def assemble(objects, train_block, block, seed, images, shape=SHAPE, drawn=None):
    """Returns the `Gan` of the reference's networks, `objects`, however `train_block` trains them.

    `images` are what `flat` returns. `drawn` is the generator that draws, if it is not the one in `objects`.
    """
    discriminator, drawn = objects["discriminator"], drawn or objects["generator"]

    def generate(noise):
        return pictures(drawn(noise), shape)

    return Gan(
        objects=objects,
        train_block=train_block,
        block=block,
        draw=lambda index: generate(sample_noise(seed, index)),
        shape=shape,
        measures={"spread": grids.spread},
        # As many as in a grid: the spread depends on that.
        real_pictures=None if images is None else pictures(scaled(np.array(images[:16])), shape),
        make_noise=stream_noise,
        generate=generate,
        discriminate=lambda images: in_batches(discriminator, flat(images, shape)),
        collapse_advice="; start another run: --d_lr=1.0 --out_dir=out/digits",
        boundary=0.0,  # D = sigmoid(logit) is 1/2 there
        blind_d_loss=2 * math.log(2),
    )
