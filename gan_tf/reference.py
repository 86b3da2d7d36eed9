"""The reference as one `Gan`: its networks, optimizers and step put together.

from gan_tf import data, reference

gan = reference.make(data.load("glyphs").images, d_lr=1.0)
losses = gan.train(10_000)
gan.show()
"""

import math

import numpy as np

from gan_tf import grids, models, optimizers, training
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.noise import sample_noise, stream_noise


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

    `images` is uint8 [n, 784], or float32 in [0, 1]. Without images the GAN can draw, but not train. `d_optimizer` and
    `g_optimizer` are names in `optimizers.OPTIMIZERS`, `d_lr` and `g_lr` their learning rates (None: 0.001, TF1's
    default). `seed` fixes the first weights, the noise and the order of the images. `jit` compiles with XLA.
    `block` iterations are compiled into one call. Raises ValueError for unknown names, bad rates, too few images.
    """
    objects = make_objects(seed, d_optimizer, g_optimizer, d_lr, g_lr)
    step = training.make_train_step(**objects, jit=jit)
    train_block = None if images is None else training.make_train_block(step, images, batch_size, seed, block, jit)
    return assemble(objects, train_block, block, seed, images)


def make_networks(seed):
    """Returns (generator, discriminator), untrained, as a run with this seed begins."""
    g_seed, d_seed = (int(each) for each in np.random.SeedSequence(seed).generate_state(2))
    return models.make_generator(g_seed), models.make_discriminator(d_seed)


def make_objects(seed, d_optimizer, g_optimizer, d_lr, g_lr):
    """Returns the two networks and their optimizers, by name. These names are also those in a checkpoint."""
    generator, discriminator = make_networks(seed)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": optimizers.make_optimizer(g_optimizer, g_lr),
        "d_optimizer": optimizers.make_optimizer(d_optimizer, d_lr),
    }


def assemble(objects, train_block, block, seed, images):
    """Returns the `Gan` of the reference's networks, `objects`, however `train_block` trains them."""
    generator, discriminator = objects["generator"], objects["discriminator"]
    return Gan(
        objects=objects,
        train_block=train_block,
        block=block,
        draw=lambda index: generator(sample_noise(seed, index)).numpy(),
        measures={"spread": grids.spread},
        # As many as in a grid: the spread depends on that.
        real_pictures=None if images is None else scaled(np.array(images[:16])),
        make_noise=stream_noise,
        generate=generator,
        discriminate=lambda images: in_batches(discriminator, images),
        collapse_advice="; start another run: --d_lr=1.0 --out_dir=out/digits",
        boundary=0.0,  # D = sigmoid(logit) is 1/2 there
        blind_d_loss=2 * math.log(2),
    )
