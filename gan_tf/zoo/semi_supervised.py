"""A GAN helps to classify with 100 labels: python -m gan_tf.zoo.semi_supervised --out_dir=out/semi_supervised

Salimans et al. 2016, "Improved techniques for training GANs" (arXiv:1606.03498), sections 3.1 and 5. Odena 2016
(arXiv:1606.01583) has the same idea. D has a logit for each of the ten digits, l_1 … l_10. An eleventh class,
"generated", has the logit 0. A few images with labels teach D which digit they show. All images, without their labels,
teach D what digits look like, because D must tell them from G's pictures.

With Z(x) = sum over k of exp l_k(x) and softplus(a) = log(1 + e^a), D says "real" with probability Z / (Z + 1), and

    labelled loss   = -E log(exp l_y(x) / Z(x))                                    y is x's digit
    unlabelled loss = -½ E log Z(x) + ½ E softplus(log Z(x)) + ½ E softplus(log Z(G(z)))
    D's loss = labelled loss + unlabelled loss
    G's loss = mean of (E f(x) - E f(G(z)))²                                       feature matching

f(x) is D's last hidden layer. G must only match its mean over a batch: such a G draws worse, but D classifies better.
--labels_only is the control: the same D on the labels alone. Then G does not learn.

The networks and constants are those of the authors' code for MNIST
(github.com/openai/improved-gan, mnist_svhn_cifar10/train_mnist_feature_matching.py), but D has half as many units. D is
784-500-250-125-125-125-10 with weight normalisation (weight_norm.py) and with Gaussian noise before each layer. G is
100-500-500-784 with batch normalisation. Departures from that code:

1. 24,000 iterations instead of 165,000. An iteration is faster because D has half as many units in each hidden layer.
   The learning rates fall smoothly, by half in 10,000 iterations. D's weights are averaged over 1,000 iterations
   instead of 10,000, and after they are normalised instead of before.
2. Each image of a labelled batch is drawn from all labelled images; the authors go through all of them in turn.
3. z is uniform in [-1, 1) instead of [0, 1), and G's update sees the same real images as D's.
4. G's last layer has no weight normalisation, so that generator.keras has Keras's own layers only.
5. G's learning rate is a tenth of D's. With equal rates G collapsed with some seeds, and D classified worse.
6. Adam's epsilon is 1e-4, added behind the root. The authors add 1e-8 under the root, which is nearly the same.
"""

import numpy as np

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

DIGITS = 10
OPTIONS = {
    "labelled": (100, "How many images have labels, equally many of each digit. --seed chooses them.", (10, 10_000)),
    "labels_only": (False, "The control: D learns from the labelled images alone."),
}


def choose_labelled(labels, count, seed):
    """Returns which images have labels, int [count]: count / 10 of each digit, chosen at random by `seed`.

    Raises SettingError if `count` is no multiple of ten, or if there are too few images of a digit.
    """
    if count % DIGITS:
        raise SettingError(
            f"--labelled must be a multiple of {DIGITS}, not {count}: use --labelled={count - count % DIGITS + DIGITS}."
        )
    found = np.array([(labels == digit).sum() for digit in range(DIGITS)])
    for digit in np.flatnonzero(found < count // DIGITS):
        words = f"only {found[digit]}" if found[digit] else "no"
        cure = f"use --labelled={DIGITS * min(found)}" if min(found) else "add some, or use data with all ten digits"
        raise SettingError(f"there are {words} images of the digit {digit}, not {count // DIGITS}: {cure}.")
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == digit][: count // DIGITS] for digit in range(DIGITS)])


if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=24_000,
        pixel_bytes=2600,
        digits=True,
        check=lambda dataset, flags: choose_labelled(dataset.labels, flags["labelled"], flags["seed"]),
        batch_size=100,
        sample_every=1000,
        checkpoint_every=2000,
    )

import keras
import tensorflow as tf
from keras import layers

from gan_tf import grids
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.table import share
from gan_tf.noise import sample_noise, stream_noise
from gan_tf.reference import SHAPE, flat, pictures
from gan_tf.zoo.blocks import make_train_block
from gan_tf.zoo.weight_norm import WeightNormDense

NOISE = 100
RANDOM = NOISE + 12  # random numbers for one image: z, one that chooses a labelled image, ten seeds, one to be even
HIDDEN = (500, 250, 125, 125, 125)  # units of D's hidden layers
INPUT_NOISE, HIDDEN_NOISE = 0.3, 0.5  # deviations of the Gaussian noise before D's first layer, and before the others
D_RATE, G_RATE, HALVE_EVERY, EPSILON, AVERAGE = 0.003, 0.0003, 10_000, 1e-4, 0.999
BLOCK = 100


def make_generator(seed):
    """G maps noise z, float32 [n, 100] in [-1, 1), to images, float32 [n, 784] in [0, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(3).tolist())

    def dense(units, activation):
        return layers.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)))

    def hidden():
        norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, scale=False)
        return [dense(500, None), norm, layers.Activation("softplus")]

    return keras.Sequential([keras.Input([NOISE]), *hidden(), *hidden(), dense(784, "sigmoid")], name="generator")


def make_discriminator(seed):
    """D maps images, float32 [n, 784] in [0, 1], to (logits of the digits [n, 10], features f [n, 125])."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(HIDDEN) + 1).tolist())

    def dense(units, activation=None, **options):
        start = keras.initializers.RandomNormal(0.0, 0.1, seed=next(seeds))
        return WeightNormDense(units, activation, kernel_initializer=start, **options)

    x = image = keras.Input([784])
    for units in HIDDEN:
        x = dense(units, "relu")(x)
    return keras.Model(image, [dense(DIGITS, train_scale=True)(x), x], name="discriminator")


def make_average():
    """The classifier: D with plain layers, for the average of D's kernels and biases. Logits are [n, 10]."""
    hidden = [layers.Dense(units, "relu", kernel_initializer="zeros") for units in HIDDEN]
    last = layers.Dense(DIGITS, kernel_initializer="zeros")
    return keras.Sequential([keras.Input([784]), *hidden, last], name="average")


def dense_layers(model):
    """The layers of D, or of its average, in order."""
    return [layer for layer in model.layers if isinstance(layer, layers.Dense | WeightNormDense)]


def with_noise(discriminator, images, seed, start=False):
    """D's output when Gaussian noise is added before each layer: (logits [n, 10], features [n, 125]).

    `seed` is int32 [2]. The noise depends on it alone, so that a run can resume. (XLA draws other noise.) With `start`
    this first sets each layer's scales and biases, so that its outputs have mean 0 and deviation 1.
    """
    x, features = images, None
    for index, layer in enumerate(dense_layers(discriminator)):
        noise = tf.random.stateless_normal(tf.shape(x), seed + [0, index])
        noisy = x + (HIDDEN_NOISE if index else INPUT_NOISE) * noise
        if start:
            layer.start_from(noisy)
        x, features = layer(noisy), x
    return x, features


def labelled_loss_fn(logits, labels):
    """-E log(exp l_y / Z), a scalar, from logits [n, 10] and labels int [n]."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def unlabelled_loss_fn(real_logits, fake_logits):
    """-½ E log Z(x) + ½ E softplus(log Z(x)) + ½ E softplus(log Z(G(z))), a scalar, from logits [n, 10]."""
    real, fake = tf.reduce_logsumexp(real_logits, axis=1), tf.reduce_logsumexp(fake_logits, axis=1)  # log Z
    return tf.reduce_mean(tf.nn.softplus(-real)) / 2 + tf.reduce_mean(tf.nn.softplus(fake)) / 2


def g_loss_fn(real_features, fake_features):
    """Feature matching: the mean of (E f(x) - E f(G(z)))², a scalar, from features [n, 125]."""
    return tf.reduce_mean((tf.reduce_mean(real_features, axis=0) - tf.reduce_mean(fake_features, axis=0)) ** 2)


def make_train_step(objects, labelled_images, labelled_digits, labels_only=False, jit=False):
    """Makes `step(real_images, d_noise, g_noise) -> (labelled_loss, unlabelled_loss, g_loss)`: first D, then G.

    `objects` are those of the `Gan`. `labelled_images` is float32 [m, 784] in [0, 1], `labelled_digits` int32 [m].
    `real_images` is float32 [n, 28, 28, 1] in [0, 1]. Noise is float32 [n, 112] in [-1, 1): z, a number that chooses a
    labelled image, and ten that seed the Gaussian noise. With `labels_only` G does not learn, and the step returns
    (labelled_loss,).
    """
    generator, discriminator, average = (objects[name] for name in ("generator", "discriminator", "average"))
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    objects["d_optimizer"].build(d_weights)
    objects["g_optimizer"].build(g_weights)
    labelled_images, labelled_digits = tf.constant(labelled_images), tf.constant(labelled_digits)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        real_images = tf.reshape(real_images, [-1, discriminator.input_shape[-1]])  # D takes them flat
        chosen = tf.cast(tf.floor((d_noise[:, NOISE] + 1) / 2 * len(labelled_digits)), tf.int32)
        # Seeds of the Gaussian noise: the bits of two random numbers for each of five times that D is used.
        seeds = tf.bitcast(tf.reshape(d_noise[0, NOISE + 1 : NOISE + 11], [5, 2]), tf.int32)
        if not labels_only:
            fake_images = generator(d_noise[:, :NOISE], training=True)
        with tf.GradientTape() as tape:
            logits, _ = with_noise(discriminator, tf.gather(labelled_images, chosen), seeds[0])
            loss = labelled_loss = labelled_loss_fn(logits, tf.gather(labelled_digits, chosen))
            if not labels_only:
                real_logits, _ = with_noise(discriminator, real_images, seeds[1])
                fake_logits, _ = with_noise(discriminator, fake_images, seeds[2])
                unlabelled_loss = unlabelled_loss_fn(real_logits, fake_logits)
                loss = labelled_loss + unlabelled_loss
        objects["d_optimizer"].apply(tape.gradient(loss, d_weights), d_weights)
        for a, d in zip(dense_layers(average), dense_layers(discriminator), strict=True):
            a.kernel.assign(AVERAGE * a.kernel + (1 - AVERAGE) * d.normalised())
            a.bias.assign(AVERAGE * a.bias + (1 - AVERAGE) * d.bias)
        if labels_only:
            return (labelled_loss,)

        _, real_features = with_noise(discriminator, real_images, seeds[3])
        with tf.GradientTape() as tape:
            fake_images = generator(g_noise[:, :NOISE], training=True)
            g_loss = g_loss_fn(real_features, with_noise(discriminator, fake_images, seeds[4])[1])
        objects["g_optimizer"].apply(tape.gradient(g_loss, g_weights), g_weights)
        return labelled_loss, unlabelled_loss, g_loss

    return step


def make(
    images=None,
    labels=None,
    *,
    labelled=100,
    labels_only=False,
    batch_size=100,
    seed=0,
    jit=False,
    block=BLOCK,
):
    """Makes a semi-supervised GAN, untrained, as a `Gan`.

    `images` is uint8 [n, 28, 28, 1], or float32 in [0, 1], `labels` int [n] in 0 … 9; only `labelled` of them are used.
    Without images the GAN can draw and classify, but not train. The other arguments are the flags. Raises ValueError
    as `choose_labelled` does.
    """
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    g_rate, d_rate = (keras.optimizers.schedules.ExponentialDecay(r, HALVE_EVERY, 0.5) for r in (G_RATE, D_RATE))
    objects = {
        "generator": make_generator(g_seed),
        "discriminator": make_discriminator(d_seed),
        "average": make_average(),
        "g_optimizer": keras.optimizers.Adam(g_rate, beta_1=0.5, beta_2=0.999, epsilon=EPSILON),
        "d_optimizer": keras.optimizers.Adam(d_rate, beta_1=0.5, beta_2=0.999, epsilon=EPSILON),
    }
    generator, average, train_block = objects["generator"], objects["average"], None
    if images is not None:
        if labels is None:
            raise ValueError("without labels this GAN cannot train")
        chosen = choose_labelled(labels, labelled, seed)
        digits = labels[chosen].astype(np.int32)
        with_noise(objects["discriminator"], flat(scaled(np.array(images[:500]))), tf.constant([0, 0]), start=True)
        for a, d in zip(dense_layers(average), dense_layers(objects["discriminator"]), strict=True):
            a.kernel.assign(d.normalised())
            a.bias.assign(d.bias)
        step = make_train_step(objects, flat(scaled(np.array(images[chosen]))), digits, labels_only, jit)
        train_block = make_train_block(step, [images], batch_size, seed, RANDOM)

    def generate(noise):
        return pictures(generator(noise))

    def scores(test):
        right = in_batches(average, flat(test.images)).argmax(axis=1) == test.labels
        return {"accuracy of the classifier": share(right.mean(), len(right))}

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, BLOCK),
        loss_names=("labelled_loss",) if labels_only else ("labelled_loss", "unlabelled_loss", "g_loss"),
        draw=lambda index: generate(sample_noise(seed, index)),
        shape=SHAPE,
        measures={"spread": grids.spread},
        real_pictures=None if images is None else scaled(np.array(images[:16])),
        make_noise=stream_noise,
        generate=generate,
        scores=scores,
    )
