"""Draws what a caption says, in two stages: python -m gan_tf.zoo.stackgan --out_dir=out/stackgan

Zhang et al. 2017, "StackGAN: text to photo-realistic image synthesis with stacked generative adversarial networks"
(arXiv:1612.03242). Here a caption is such as "a bold slanted seven", and the images are printed digits in these styles
(--dataset=captions). G1 draws a small image, 14x14 pixels, from noise z and the caption. G2 sees this small image and
the caption again, and draws 28x28 pixels: it corrects mistakes and adds detail. Each G has its own D, which also tells
whether the caption fits: (image, right caption) → 1, (drawn image, caption) → 0, (image, wrong caption) → 0.

There are only 40 captions, so G would see only 40 vectors. Conditioning augmentation adds noise to them: with the
caption's vector e, G gets c = mu(e) + sigma(e) · normal noise. mu and sigma are layers of G.

    D's loss = -E log p(x, e) - E log(1 - p(G(z, c), e)) - E log(1 - p(x, e'))       p = sigmoid(D), e' a wrong caption
    G's loss = -E log p(G(z, c), e) + KL(N(mu(e), sigma(e)²) ‖ N(0, 1))              a mean over c's numbers

First G1 and its D learn, for `first` iterations, then G2 and its D, while G1 stays as it is. --one_stage is the
control: a G that draws 28x28 pixels at once, for all iterations.

Departures from the paper:

1. e is not made by a trained text encoder: it has a 1 for each of the words bold, slanted, zero, …, nine in a caption.
2. 14x14 and 28x28 pixels instead of 64x64 and 256x256, with the layers of dcgan.py; c has 16 numbers instead of 128.
3. D counts drawn images and wrong captions fully; the authors' code halves both.
4. KL has the weight 1 as in the paper, but as a mean over c's numbers instead of a sum.
5. Both stages make their c from the same normal noise, each with its own mu and sigma. The paper draws it twice.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "first": (4000, "Iterations of the first stage.", (1, 10**9)),
    "one_stage": (False, "The control: one G for 28x28 pixels."),
    "width": (32, "Channels of D's first convolution. The others have two and four times as many.", (1, 1024)),
}

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=8_000,
        pixel_bytes=5100,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
        datasets=["captions"],
    )

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import grids, losses
from gan_tf.data.captions import CAPTIONS, WORDS, vector_of
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.captioned import scores_of_captions
from gan_tf.metrics.pairs import enlarge
from gan_tf.noise import EVALUATION_NOISE, SAMPLE_NOISE, uniform_noise
from gan_tf.reference import SHAPE
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block, normal_of, wrong_labels

NOISE, CLOUD = 100, 16  # numbers of z and of c
RANDOM = NOISE + CLOUD + 4  # for one image: z, the normal noise of c, one that chooses a wrong caption
SMALL, COLUMNS, COUNT = 14, 10, 2000
VECTORS = np.array([vector_of(caption) for caption in CAPTIONS], np.float32)  # [40, 12]


def make_augmentation(seed, name):
    """mu and log sigma of c: float32 [n, 12] → [n, 32]."""
    first = keras.initializers.RandomNormal(0.0, 0.02, seed=int(np.random.SeedSequence(seed).generate_state(1)[0]))
    e = keras.Input([len(WORDS)])
    return keras.Model(e, layers.LeakyReLU(0.2)(layers.Dense(2 * CLOUD, kernel_initializer=first)(e)), name=name)


def make_generator(seed, width, size, name="generator"):
    """Draws from z and c, float32 [n, 116]: images, float32 [n, size, size, 1] in [0, 1]; `size` is 14 or 28."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())
    inputs = keras.Input([NOISE + CLOUD])
    x = layers.Dense(4 * 4 * 4 * width, kernel_initializer=dcgan.normal(seeds))(inputs)
    x = layers.Reshape([4, 4, 4 * width])(x)
    steps = [(2 * width, 7), (1, 14)] if size == SMALL else [(2 * width, 7), (width, 14), (1, 28)]
    for channels, pixels in steps:
        x = layers.ReLU()(dcgan.normalise()(x))
        x = dcgan.enlarge(x, channels, (pixels, pixels), seeds)
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(x))
    return keras.Model(inputs, x, name=name)


def make_second_generator(seed, width):
    """G2 maps small images, float32 [n, 14, 14, 1], and c, [n, 16], to images, float32 [n, 28, 28, 1] in [0, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(8).tolist())
    small, c = keras.Input([SMALL, SMALL, 1]), keras.Input([CLOUD])
    x = dcgan.shrink(layers.Rescaling(2.0, -1.0)(small), 2 * width, seeds)
    x = layers.ReLU()(dcgan.normalise()(x))  # 7 pixels
    x = layers.Concatenate()([x, everywhere(c, 7)])
    x = layers.ReLU()(dcgan.normalise()(conv(x, 4 * width, seeds)))
    y = layers.ReLU()(dcgan.normalise()(conv(x, 4 * width, seeds)))
    x = layers.ReLU()(layers.Add()([x, dcgan.normalise()(conv(y, 4 * width, seeds))]))
    x = layers.ReLU()(dcgan.normalise()(dcgan.enlarge(x, width, (14, 14), seeds)))
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(dcgan.enlarge(x, 1, (28, 28), seeds)))
    return keras.Model([small, c], x, name="second_generator")


def conv(x, channels, seeds):
    """A 3x3 convolution."""
    return layers.Conv2D(channels, 3, padding="same", kernel_initializer=dcgan.normal(seeds))(x)


def everywhere(vector, size):
    """Repeats a Keras tensor [n, k] at each of size x size places: [n, size, size, k]."""
    return layers.Reshape([size, size, vector.shape[1]])(layers.RepeatVector(size * size)(vector))


def make_discriminator(seed, width, size, name):
    """D maps images, float32 [n, size, size, 1], and captions' vectors [n, 12] to logits, float32 [n, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(5).tolist())
    image, e = keras.Input([size, size, 1]), keras.Input([len(WORDS)])
    x = layers.LeakyReLU(0.2)(dcgan.shrink(layers.Rescaling(2.0, -1.0)(image), width, seeds))
    while x.shape[1] > 4:
        x = layers.LeakyReLU(0.2)(dcgan.normalise()(dcgan.shrink(x, 2 * x.shape[3], seeds)))
    x = layers.Concatenate()([x, everywhere(e, 4)])
    x = layers.LeakyReLU(0.2)(dcgan.normalise()(conv(x, 4 * width, seeds)))
    logit = layers.Dense(1, kernel_initializer=dcgan.normal(seeds))(layers.Flatten()(x))
    return keras.Model([image, e], logit, name=name)


def cloud_of(augmentation, vectors, uniform):
    """Returns (c, float32 [n, 16], its KL, a scalar) for captions' vectors [n, 12] and noise [n, 16] in [-1, 1)."""
    mu, log_sigma = keras.ops.split(augmentation(vectors), 2, axis=1)
    kl = keras.ops.mean(keras.ops.exp(2 * log_sigma) / 2 + mu**2 / 2 - 0.5 - log_sigma)
    return mu + keras.ops.exp(log_sigma) * normal_of(uniform), kl


def make_train_step(draw, discriminator, g_optimizer, d_optimizer, g_weights, size, jit=False):
    """Makes `step(real_images, captions, d_noise, g_noise) -> (d_loss, g_loss, kl)` of one stage: first D, then G.

    `draw(vectors, noise)` is the stage's G: it returns (images [n, size, size, 1], KL); `g_weights` are what it learns.
    `real_images` is float32 [n, 28, 28, 1] in [0, 1], `captions` int32 [n], numbers of `CAPTIONS`. Noise is float32 [n,
    120] in [-1, 1).
    """
    d_weights = discriminator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)
    table = tf.constant(VECTORS)

    @tf.function(jit_compile=jit)
    def step(real_images, captions, d_noise, g_noise):
        wrong = tf.gather(table, wrong_labels(captions, d_noise[:, -1], len(CAPTIONS)))
        e = tf.gather(table, captions)
        real_images = shrunk(real_images) if size == SMALL else real_images
        fake_images, _ = draw(e, d_noise)
        with tf.GradientTape() as tape:
            real, fake, unfit = (
                discriminator(pair, training=True)
                for pair in ([real_images, e], [fake_images, e], [real_images, wrong])
            )
            d_loss = losses.non_saturating_d_loss(real, fake) + tf.reduce_mean(tf.nn.softplus(unfit))
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images, kl = draw(e, g_noise)
            g_loss = losses.non_saturating_g_loss(discriminator([fake_images, e], training=True))
            loss = g_loss + kl
        g_optimizer.apply(tape.gradient(loss, g_weights), g_weights)
        return d_loss, g_loss, kl

    return step


def shrunk(images):
    """The mean of each 2x2 pixels: [n, 28, 28, 1] → [n, 14, 14, 1]."""
    return tf.reduce_mean(tf.reshape(images, [-1, SMALL, 2, SMALL, 2, 1]), axis=[2, 4])


def make_noise(seed, stream, count, condition=None):
    """Returns `count` inputs, float32 [count, 132]: random numbers, then the vector of a caption.

    `condition` is one of `CAPTIONS`. With None, all captions come in turn; each round begins one later.
    """
    turn = np.arange(count)
    captions = (turn + turn // len(CAPTIONS)) % len(CAPTIONS) if condition is None else CAPTIONS.index(condition)
    return with_captions(uniform_noise(seed, stream, 0, [count, RANDOM]), captions + 0 * turn)


def with_captions(uniform, captions):
    """Appends the vectors of `captions`, int [n], to random numbers [n, 120]."""
    return np.concatenate([uniform, VECTORS[captions]], axis=1)


def captions_of(noise):
    """Returns the numbers of the captions in the inputs `noise`, int [n]."""
    return (noise[:, None, RANDOM:] == VECTORS).all(axis=2).argmax(axis=1)


def make(
    images=None,
    labels=None,
    *,
    first=4000,
    one_stage=False,
    width=32,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes a StackGAN, untrained, as a `Gan`. Its grids have a column for each digit and a row for each style.

    `images` is uint8 [n, 28, 28, 1], or float32 in [0, 1], `labels` the numbers of their captions, int [n] in 0 … 39.
    Without images the GAN can draw, but not train. The other arguments are the flags.
    """
    seeds = np.random.SeedSequence(seed).generate_state(6).tolist()
    size = 28 if one_stage else SMALL
    objects = {
        "augmentation": make_augmentation(seeds[0], "augmentation"),
        "generator": make_generator(seeds[1], width, size),
        "discriminator": make_discriminator(seeds[2], width, size, "discriminator"),
        "g_optimizer": dcgan.make_optimizer(),
        "d_optimizer": dcgan.make_optimizer(),
    }
    if not one_stage:
        objects |= {
            "second_augmentation": make_augmentation(seeds[3], "second_augmentation"),
            "second_generator": make_second_generator(seeds[4], width),
            "second_discriminator": make_discriminator(seeds[5], width, 28, "second_discriminator"),
            "second_g_optimizer": dcgan.make_optimizer(),
            "second_d_optimizer": dcgan.make_optimizer(),
        }

    def draw_first(vectors, noise, training=True):
        c, kl = cloud_of(objects["augmentation"], vectors, noise[:, NOISE : NOISE + CLOUD])
        return objects["generator"](keras.ops.concatenate([noise[:, :NOISE], c], axis=1), training=training), kl

    def draw_second(vectors, noise, training=True):
        small, _ = draw_first(vectors, noise, training=False)
        c, kl = cloud_of(objects["second_augmentation"], vectors, noise[:, NOISE : NOISE + CLOUD])
        return objects["second_generator"]([small, c], training=training), kl

    def block_of(prefix, draw, size):
        networks = [objects[prefix + name] for name in ("augmentation", "generator")]
        weights = [weight for network in networks for weight in network.trainable_variables]
        others = [objects[prefix + name] for name in ("discriminator", "g_optimizer", "d_optimizer")]
        step = make_train_step(draw, *others, weights, size, jit)
        return make_train_block(step, [images, np.asarray(labels, np.int32)], batch_size, seed, RANDOM)

    train_block, draw_last = None, draw_first if one_stage else draw_second
    if images is not None:
        if labels is None:
            raise ValueError("without captions this GAN cannot train")
        first_block = block_of("", draw_first, size)
        last_block = first_block if one_stage else block_of("second_", draw_second, 28)

        def train_block(begin, steps):
            return (first_block if begin < first else last_block)(begin, steps)

    def generate(noise):
        return draw_last(noise[:, RANDOM:], noise[:, :RANDOM], training=False)[0]

    def draw(index):
        uniform = uniform_noise(seed, SAMPLE_NOISE, index * 40 * RANDOM, [40, RANDOM])
        return np.asarray(generate(with_captions(uniform, np.arange(40))))

    def scores(test):
        images, labels, noise = test.images[:COUNT], test.labels[:COUNT], make_noise(0, EVALUATION_NOISE, COUNT)
        seen = {
            "real images": (images, labels),
            "real images, shrunk and enlarged": (enlarge(np.asarray(shrunk(images)), 2), labels),
            "images": (in_batches(generate, noise), captions_of(noise)),
        }
        if not one_stage:
            small = in_batches(lambda n: draw_first(n[:, RANDOM:], n[:, :RANDOM], training=False)[0], noise)
            seen["first stage, enlarged"] = enlarge(small, 2), captions_of(noise)
        return scores_of_captions(seen, images)

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, dcgan.BLOCK),
        loss_names=("d_loss", "g_loss", "kl"),
        draw=draw,
        shape=SHAPE,
        columns=COLUMNS,
        measures={"spread": grids.spread},
        real_pictures=None if images is None else scaled(np.array(images[:40])),
        make_noise=make_noise,
        conditions=tuple(CAPTIONS),
        generate=generate,
        scores=scores,
        first_phase=0 if one_stage else first,
    )
