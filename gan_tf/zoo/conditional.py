"""A conditional GAN draws what it is asked for: python -m gan_tf.zoo.conditional --out_dir=out/conditional

Mirza and Osindero 2014, "Conditional generative adversarial nets" (arXiv:1411.1784). Both networks also get a
condition c, here a digit from 0 to 9. G(z, c) draws an image of this digit. D(x, c) says whether x is real and shows c,
so G must draw the right digit to convince D.

p = sigmoid(D). Each E is a mean over a batch.

    D's loss = -E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c'))
    G's loss = -E log p(G(z, c), c)

x is a real image and c its digit. The third term is not in the paper. It shows D real images with a wrong digit c', so
that D learns to look at the digit. Source: Reed et al. 2016 (arXiv:1605.05396), algorithm 1, for text.
--nowrong_digits leaves it out.

Departures from the papers:

1. The networks are those of dcgan.py instead of dense layers. G gets c as ten more inputs, one of which is
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

from gan_tf import grids, losses
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan
from gan_tf.noise import SAMPLE_NOISE, uniform_noise
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block

DIGITS = 10
NOISE = 100  # numbers of z
RANDOM = NOISE + 2  # random numbers for one image: z, one that chooses the wrong digit, one to make them even
COLUMNS = 10  # of a grid: one for each digit


def make_discriminator(seed, width=32):
    """D maps images, float32 [n, 784] in [0, 1], and digits, float32 [n, 10] with a single 1, to logits [n, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())
    image, digit = keras.Input([784]), keras.Input([DIGITS])
    x = layers.Reshape([28, 28, 1])(layers.Rescaling(2.0, -1.0)(image))
    c = layers.Reshape([28, 28, DIGITS])(layers.RepeatVector(28 * 28)(digit))
    x = layers.Concatenate()([x, c])  # [n, 28, 28, 11]
    logit = layers.Dense(1, kernel_initializer=dcgan.normal(seeds))(dcgan.features(x, seeds, width))
    return keras.Model([image, digit], logit, name="discriminator")


def d_loss_fn(real_logits, fake_logits, wrong_logits=None):
    """-E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c')), from logits [n, 1]; a scalar.

    Without `wrong_logits` the third term is left out.
    """
    loss = losses.non_saturating_d_loss(real_logits, fake_logits)
    return loss if wrong_logits is None else loss + tf.reduce_mean(tf.nn.softplus(wrong_logits))


def wrong_digits(labels, uniform):
    """Returns another digit for each of `labels`, int [n], all nine with equal probability.

    `uniform` is float32 [n], random in [-1, 1).
    """
    ahead = 1 + tf.cast(tf.floor((uniform + 1) / 2 * (DIGITS - 1)), labels.dtype)  # 1 … 9
    return (labels + ahead) % DIGITS


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, with_wrong_digits=True, jit=False):
    """Makes `step(real_images, labels, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, 784] in [0, 1], `labels` is int32 [n]. Noise is float32 [n, 102] in [-1, 1).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, labels, d_noise, g_noise):
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
            g_loss = losses.non_saturating_g_loss(discriminator([fake_images, c], training=True))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def ask(noise, digits):
    """Returns what G takes, float32 [n, 110]: `noise` [n, 100] and the `digits` int [n]."""
    return np.concatenate([noise, np.eye(DIGITS, dtype=np.float32)[digits]], axis=1)


def make_noise(seed, stream, count, condition=None):
    """Returns `count` inputs of G, float32 [count, 110].

    `condition` is a digit as text. With None, G is asked for 0, 1, …, 9 in turn. The Inception score splits the samples
    into ten parts: every tenth sample is in the same part. Each hundred starts one digit later, so that every part has
    all digits.
    """
    turn = np.arange(count)
    digits = (turn + turn // 100) % DIGITS if condition is None else np.full(count, int(condition))
    return ask(uniform_noise(seed, stream, 0, [count, NOISE]), digits)


def spread_within_digits(pictures):
    """The spread of the pictures of one digit, averaged over the digits: a G that ignores z has 0.

    `pictures` is [n, 784]; the digits are 0, 1, …, 9 in turn.
    """
    return float(np.mean([grids.spread(pictures[digit::DIGITS]) for digit in range(DIGITS)]))


def some_of_each_digit(images, labels):
    """Returns four images of each digit, in the order of a grid, float32 [40, 784]; None if there are not so many."""
    found = [np.flatnonzero(labels == digit)[:4] for digit in range(DIGITS)]
    if min(map(len, found)) < 4:
        return None
    return scaled(np.array(images[np.stack(found, axis=1).ravel()]))


def make(images=None, labels=None, *, width=32, wrong_digits=True, batch_size=64, seed=0, jit=False, block=dcgan.BLOCK):
    """Makes a conditional GAN, untrained, as a `Gan`.

    `images` is uint8 [n, 784], or float32 in [0, 1], `labels` int [n] in 0 … 9. Without images the GAN can draw, but
    not train. The other arguments are the flags. Raises ValueError if there are fewer images than `batch_size`, or not
    as many labels as images.
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
        if labels is None:
            raise ValueError("without labels this GAN cannot train")
        train_block = make_train_block(step, [images, labels.astype(np.int32)], batch_size, seed, RANDOM)

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
        measures={"spread": spread_within_digits},
        real_pictures=None if images is None else some_of_each_digit(images, labels),
        make_noise=make_noise,
        conditions=tuple(map(str, range(DIGITS))),
        asked=lambda noise: np.argmax(noise[:, NOISE:], axis=1),
        generate=generator,
    )
