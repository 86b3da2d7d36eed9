"""InfoGAN finds the digits by itself: python -m gan_tf.zoo.infogan --out_dir=out/infogan

Chen et al. 2016, "InfoGAN: interpretable representation learning by information maximizing generative adversarial nets"
(arXiv:1606.03657). Part of G's input is a code c: one of ten categories, and two numbers. A third network Q must read c
from the picture G(z, c), so G has to show each part of the code. Without any label, the categories become the digits,
and the two numbers become things like slant and width.

With Q(c|x) the probability that Q gives the code c, this is added to the GAN's losses:

    information = H(c) + E log Q(c|G(z, c))         a lower bound of the mutual information of c and the picture
    D's loss = the GAN's - lambda * information     (D and Q share all but their last layers)
    G's loss = the GAN's - weight * lambda * information

For the category, lambda is 1. H(c) is its entropy, log 10 = 2.303 for ten equally probable categories. This is the
column `information` of losses.csv. For the two numbers, lambda is 0.1, and Q gives the mean of a Gaussian of deviation
1. So up to a constant their information is -E (c - mean)² / 2: the column `error` has E (c - mean)². The weight is 1 in
the paper. --information_weight=0 is the control: D and Q learn to read c as before, but G is not asked to show it.

Departures from the paper:

1. The networks are those of dcgan.py, which are smaller, and Q has 128 hidden units. G's input has 62 + 10 + 2 numbers
   as in the paper.
2. In the paper Q also gives the Gaussian's deviation. The authors' program for MNIST (github.com/openai/InfoGAN) fixes
   it, as here.
3. The paper wants a smaller lambda for numbers than for categories, but names none for MNIST, and the authors' program
   has 1 for both. 0.1 is our choice.
4. A batch has 64 images instead of 128, as in dcgan.py.

Learning rates are those of the paper: 0.001 for G, 0.0002 for D and Q.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "width": (32, "Channels, as in gan_tf.zoo.dcgan.", (1, 1024)),
    "information_weight": (1.0, "How much the information counts for G. 0 is the control.", (0, 1000)),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=10_000,
        pixel_bytes=5100,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import keras
import numpy as np
import scipy.optimize
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.table import share
from gan_tf.noise import SAMPLE_NOISE, uniform_noise
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block, shape_of

NOISE, CATEGORIES, NUMBERS = 62, 10, 2
INPUTS = NOISE + CATEGORIES + NUMBERS  # of G: z, then the category with a single 1, then the two numbers
RANDOM = NOISE + 1 + NUMBERS + 1  # random numbers for one input: z, the category's, the two numbers, one to be even
NUMBERS_WEIGHT = 0.1  # lambda of the two numbers
COLUMNS = 10  # of a grid


def inputs_of(uniform):
    """Makes G's input, float32 [n, 74], of random numbers `uniform`, float32 [n, 66] in [-1, 1)."""
    category = tf.cast(tf.floor((uniform[:, NOISE] + 1) / 2 * CATEGORIES), tf.int32)
    return tf.concat([uniform[:, :NOISE], tf.one_hot(category, CATEGORIES), uniform[:, NOISE + 1 : -1]], axis=1)


def make_discriminator(seed, shape, width=32):
    """D and Q as one model: images, float32 [n, height, width, channels], to (logit, logits of the categories, means).

    The logit is [n, 1], the logits of the categories are [n, 10], and the means of the two numbers are [n, 2].
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(dcgan.sizes_of(shape)) + 3).tolist())

    def dense(units):
        return layers.Dense(units, kernel_initializer=dcgan.normal(seeds))

    image = keras.Input(shape)
    shared = dcgan.features(layers.Rescaling(2.0, -1.0)(image), seeds, width)
    q = layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(dense(128)(shared)))
    return keras.Model(image, [dense(1)(shared), dense(CATEGORIES)(q), dense(NUMBERS)(q)], name="discriminator")


def information_fn(inputs, category_logits, means):
    """Returns (H(c) + E log Q(c|x) of the category in nats, E (c - mean)² of the numbers): two scalars.

    `inputs` [n, 74] is G's input. The others are Q's output for G's pictures.
    """
    category, numbers = inputs[:, NOISE : NOISE + CATEGORIES], inputs[:, NOISE + CATEGORIES :]
    entropy = tf.nn.softmax_cross_entropy_with_logits(category, category_logits)
    return math.log(CATEGORIES) - tf.reduce_mean(entropy), tf.reduce_mean((numbers - means) ** 2)


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, information_weight=1.0, jit=False):
    """Makes `step(real_images, d_random, g_random) -> (d_loss, g_loss, information, error)`: first D and Q, then G.

    `real_images` is float32 [n, height, width, channels] in [0, 1]. The random numbers are float32 [n, 66] in [-1, 1).
    `d_loss` and `g_loss` are without the information. `information` and `error` are measured in G's update.
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_random, g_random):
        inputs = inputs_of(d_random)
        fake_images = generator(inputs, training=True)
        with tf.GradientTape() as tape:
            real_logits, *_ = discriminator(real_images, training=True)
            fake_logits, *read = discriminator(fake_images, training=True)
            d_loss = losses.non_saturating_d_loss(real_logits, fake_logits)
            information, error = information_fn(inputs, *read)
            # Up to a constant, the information of numbers with a Gaussian of deviation 1 is -error / 2 each.
            loss = d_loss - information + NUMBERS_WEIGHT * error * NUMBERS / 2
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)

        inputs = inputs_of(g_random)
        with tf.GradientTape() as tape:
            fake_logits, *read = discriminator(generator(inputs, training=True), training=True)
            g_loss = losses.non_saturating_g_loss(fake_logits)
            information, error = information_fn(inputs, *read)
            loss = g_loss + information_weight * (NUMBERS_WEIGHT * error * NUMBERS / 2 - information)
        g_optimizer.apply(tape.gradient(loss, g_weights), g_weights)
        return d_loss, g_loss, information, error

    return step


def make_noise(seed, stream, count):
    """Returns `count` random inputs of G, float32 [count, 74]."""
    return inputs_of(uniform_noise(seed, stream, 0, [count, RANDOM]))


def one_code_a_row(uniform):
    """Returns inputs for a grid of five rows of ten, float32 [50, 74], from random numbers [3, 66].

    Three rows have one z each and go through the categories. Then two rows have one z and one category, and go through
    one number each, from -2 to 2 as in the paper: more than G has seen.
    """
    z = np.repeat(uniform[:, :NOISE], COLUMNS, axis=0)
    categories = np.tile(np.eye(CATEGORIES, dtype=np.float32), [3, 1])
    rows = np.concatenate([z, categories, np.zeros([3 * COLUMNS, NUMBERS])], axis=1)
    category = int((uniform[0, NOISE] + 1) / 2 * CATEGORIES)
    varied = np.tile(rows[category], [NUMBERS * COLUMNS, 1])
    for number in range(NUMBERS):
        row = slice(number * COLUMNS, (number + 1) * COLUMNS)
        varied[row, NOISE + CATEGORIES + number] = np.linspace(-2, 2, COLUMNS)
    return np.concatenate([rows, varied]).astype(np.float32)


def matched_accuracy(found, labels):
    """The share of `found` categories, int [n], that are right, if each category stands for one class: (share, error).

    The category of each class is the matching that makes the share largest. `labels` is int [n].
    """
    counts = np.zeros([CATEGORIES, CATEGORIES])
    np.add.at(counts, (found, labels), 1)
    right = counts[scipy.optimize.linear_sum_assignment(counts, maximize=True)].sum()
    return share(right / len(labels), len(labels))


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    width=32,
    information_weight=1.0,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes an InfoGAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags.
    """
    shape = shape_of(images, shape)
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator = dcgan.make_generator(g_seed, shape, width, inputs=INPUTS)
    discriminator = make_discriminator(d_seed, shape, width)
    g_optimizer, d_optimizer = (
        keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.999, epsilon=1e-8) for rate in (0.001, 0.0002)
    )
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, information_weight, jit)
    train_block = None if images is None else make_train_block(step, [images], batch_size, seed, RANDOM)

    def draw(index):
        return generator(
            one_code_a_row(uniform_noise(seed, SAMPLE_NOISE, index * 4 * RANDOM, [3, RANDOM]).numpy())
        ).numpy()

    def scores(test):
        if not 2 <= len(test.classes) <= CATEGORIES:
            return {}
        logits = in_batches(lambda each: discriminator(each)[1], test.images)
        return {"classes found without labels": matched_accuracy(logits.argmax(axis=1), test.labels)}

    return Gan(
        objects={
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": g_optimizer,
            "d_optimizer": d_optimizer,
        },
        train_block=train_block,
        block=min(block, dcgan.BLOCK),
        loss_names=("d_loss", "g_loss", "information", "error"),
        draw=draw,
        shape=shape,
        columns=COLUMNS,
        real_pictures=None if images is None else scaled(np.array(images[: 5 * COLUMNS])),
        make_noise=make_noise,
        codes={
            "category": (NOISE, NOISE + CATEGORIES),
            "first number": (INPUTS - 2, INPUTS - 1),
            "second number": (INPUTS - 1, INPUTS),
        },
        generate=generator,
        scores=scores,
    )
