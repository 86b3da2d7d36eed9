"""A conditional GAN draws what it is asked for: python -m gan_tf.zoo.conditional --out_dir=out/conditional

Mirza and Osindero 2014, "Conditional generative adversarial nets" (arXiv:1411.1784). Both networks also get a
condition c, here a digit from 0 to 9. G(z, c) draws an image of this digit. D(x, c) says whether x is real and shows c,
so G must draw the right digit to convince D.

With p for sigmoid(D), each E being a mean over a batch:

    D's loss = -E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c'))
    G's loss = -E log p(G(z, c), c)

x is a real image and c its digit. The third term is not in the paper. It shows D real images with a wrong digit c', so
that D learns to look at the digit. Source: Reed et al. 2016 (arXiv:1605.05396), algorithm 1, for text; many
introductions to conditional GANs have it. --nowrong_digits leaves it out.

Departures from the papers:

1. The networks are those of dcgan.py instead of dense layers with maxout. G gets c as ten more inputs, one of which is
   1. D gets c as ten more channels of the image, one of which is 1 everywhere.
2. Reed et al. give the second and the third term half the weight. Here all terms have the same weight.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "width": (32, "Channels, as in gan_tf.zoo.dcgan.", (1, 1024)),
    "wrong_digits": (True, "Show D real images with a wrong digit, too. --nowrong_digits is the control without it."),
}

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        "gan_tf.zoo.conditional",
        OPTIONS,
        iters=10_000,
        image_bytes=6e6,
        uses_labels=True,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
        jit=None,
    )

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import grids
from gan_tf.data.dataset import SCALE, scaled
from gan_tf.gan import Gan
from gan_tf.noise import SAMPLE_NOISE, uniform_noise
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block

DIGITS = 10
NOISE = 100  # numbers of z; each image has one more random number, which chooses the wrong digit
COLUMNS = 10  # of a grid: one for each digit


def make_discriminator(seed, width=32):
    """D maps images, float32 [n, 784] in [0, 1], and digits, float32 [n, 10] with a single 1, to logits [n, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(3).tolist())
    image, digit = keras.Input([784]), keras.Input([DIGITS])
    x = layers.Reshape([28, 28, 1])(layers.Rescaling(2.0, -1.0)(image))
    c = layers.Reshape([28, 28, DIGITS])(layers.RepeatVector(28 * 28)(digit))
    x = layers.Concatenate()([x, c])  # [n, 28, 28, 11]
    x = layers.Conv2D(width, dcgan.KERNEL, 2, "same", kernel_initializer=dcgan.normal(seeds))(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * width, dcgan.KERNEL, 2, "same", kernel_initializer=dcgan.normal(seeds))(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    logit = layers.Dense(1, kernel_initializer=dcgan.normal(seeds))(layers.Flatten()(x))
    return keras.Model([image, digit], logit, name="discriminator")


def d_loss_fn(real_logits, fake_logits, wrong_logits=None):
    """-E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c')), from logits [n, 1]; a scalar.

    Without `wrong_logits` the third term is left out.
    """
    loss = tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))
    return loss if wrong_logits is None else loss + tf.reduce_mean(tf.nn.softplus(wrong_logits))


def g_loss_fn(fake_logits):
    """-E log p(G(z, c), c), from logits [n, 1]; a scalar."""
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def wrong_digits(labels, uniform):
    """Returns another digit for each of `labels`, int [n], all nine with equal probability.

    `uniform` is float32 [n], random in [-1, 1).
    """
    ahead = 1 + tf.cast(tf.floor((uniform + 1) / 2 * (DIGITS - 1)), labels.dtype)  # 1 … 9
    return (labels + ahead) % DIGITS


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, with_wrong_digits=True, jit=False):
    """Makes `step(pixels, labels, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `pixels` is uint8 [n, 784], or float32 in [0, 1]. `labels` is int32 [n]. Noise is float32 [n, 101] in [-1, 1).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(pixels, labels, d_noise, g_noise):
        real_images = tf.cast(pixels, tf.float32) * SCALE if pixels.dtype == tf.uint8 else pixels
        c = tf.one_hot(labels, DIGITS)
        fake_images = generator(tf.concat([d_noise[:, :NOISE], c], axis=1), training=True)
        with tf.GradientTape() as tape:
            # Three batches, each with its own mean and variance, as in dcgan.py.
            logits = [discriminator([x, c], training=True) for x in (real_images, fake_images)]
            if with_wrong_digits:
                wrong = tf.one_hot(wrong_digits(labels, d_noise[:, NOISE]), DIGITS)
                logits.append(discriminator([real_images, wrong], training=True))
            d_loss = d_loss_fn(*logits)
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(tf.concat([g_noise[:, :NOISE], c], axis=1), training=True)
            g_loss = g_loss_fn(discriminator([fake_images, c], training=True))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def ask(noise, digits):
    """Returns what G takes, float32 [n, 110]: `noise` [n, 100] and the `digits` int [n]."""
    return np.concatenate([noise, np.eye(DIGITS, dtype=np.float32)[digits]], axis=1)


def make_noise(seed, stream, count, condition=None):
    """Returns `count` inputs of G, float32 [count, 110].

    `condition` is a digit as text. With None, G is asked for 0, 1, …, 9 in turn. Each hundred begins one digit later:
    the Inception score takes every tenth sample together, and these must not all show the same digit.
    """
    turn = np.arange(count)
    digits = (turn + turn // 100) % DIGITS if condition is None else np.full(count, int(condition))
    return ask(uniform_noise(seed, stream, 0, [count, NOISE]), digits)


def make(images=None, labels=None, *, width=32, wrong_digits=True, batch_size=64, seed=0, jit=False, block=dcgan.BLOCK):
    """Makes a conditional GAN, untrained, as a `Gan`.

    `images` is uint8 [n, 784], or float32 in [0, 1], `labels` int [n] in 0 … 9. Without them the GAN can draw, but not
    train. The other arguments are the flags. Raises ValueError if there are fewer images than `batch_size`.
    """
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator, discriminator = (
        dcgan.make_generator(g_seed, width, inputs=NOISE + DIGITS),
        make_discriminator(d_seed, width),
    )
    g_optimizer, d_optimizer = dcgan.make_optimizer(), dcgan.make_optimizer()
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, wrong_digits, jit)
    train_block, block = None, min(block, dcgan.BLOCK)
    if images is not None:
        train_block = make_train_block(step, [images, labels.astype(np.int32)], batch_size, seed, NOISE + 1)

    def draw(index):
        noise = uniform_noise(seed, SAMPLE_NOISE, index * 4 * COLUMNS * NOISE, [4 * COLUMNS, NOISE])
        return generator(ask(noise, np.arange(4 * COLUMNS) % DIGITS)).numpy()

    return Gan(
        objects={
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": g_optimizer,
            "d_optimizer": d_optimizer,
        },
        train_block=train_block,
        block=block,
        draw=draw,
        columns=COLUMNS,
        measures={"spread": grids.spread},
        real_pictures=None if images is None else scaled(np.array(images[: 4 * COLUMNS])),
        make_noise=make_noise,
        conditions=tuple(map(str, range(DIGITS))),
        asked=lambda noise: np.argmax(noise[:, NOISE:], axis=1),
        generate=generator,
    )
