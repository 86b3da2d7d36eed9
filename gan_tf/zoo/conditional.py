"""A conditional GAN draws what it is asked for: python -m gan_tf.zoo.conditional --out_dir=out/conditional

Mirza and Osindero 2014, "Conditional generative adversarial nets" (arXiv:1411.1784). Both networks also get a
condition c, here a digit from 0 to 9, or another class of the data. G(z, c) draws an image of this class. D(x, c) says
whether x is real and shows c, so G must draw the right class to convince D.

p = sigmoid(D). Each E is a mean over a batch.

    D's loss = -E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c'))
    G's loss = -E log p(G(z, c), c)

x is a real image and c its class. The third term is not in the paper. It shows D real images with a wrong class c', so
that D learns to look at the class. Source: Reed et al. 2016 (arXiv:1605.05396), algorithm 1, for text.
--nowrong_digits leaves it out.

Departures from the papers:

1. The networks are those of dcgan.py instead of dense layers. G gets c as more inputs, one for each class; one of them
   is 1. D gets c as more channels of the image, one for each class; one of them is 1 everywhere.
2. Reed et al. give the second and the third term half the weight. Here all terms have the same weight.
3. --r1, --r1_every and --ema, for larger images, are those of dcgan.py. --networks=residual has the networks and the
   Adam of r3gan.py. Nothing in them normalises, so they need --r1; --learning_rate=0.001 suits them.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

OPTIONS = {
    "width": (32, "Channels, as in gan_tf.zoo.dcgan.", (1, 1024)),
    "networks": ("dcgan", "Those of gan_tf.zoo.dcgan, or of gan_tf.zoo.r3gan (residual).", ["dcgan", "residual"]),
    "learning_rate": (0.0002, "Learning rate of Adam, for both networks.", (1e-9, 10)),
    "r1": (0.0, "Weight of the gradient penalty R1, as in gan_tf.zoo.dcgan.", (0, 1e6)),
    "r1_every": (1, "Iterations from one R1 to the next, as in gan_tf.zoo.dcgan.", (1, 1000)),
    "ema": (0.0, "Average of G's weights, as in gan_tf.zoo.dcgan.", (0, 0.99999)),
    "wrong_digits": (True, "Show D real images with a wrong class, too. --nowrong_digits is the control without it."),
}

FACTS = ("shape", "classes")  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=10_000,
        pixel_bytes=7600,
        classes=2,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.data import DIGITS
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.grids import spread
from gan_tf.metrics import heads_reader
from gan_tf.noise import EVALUATION_NOISE, SAMPLE_NOISE, uniform_noise
from gan_tf.objectives.critics import r1_penalty
from gan_tf.zoo import dcgan, residual
from gan_tf.zoo.blocks import follow, lazily, make_average, make_train_block, shape_of, wrong_labels

NOISE = 100  # numbers of z
RANDOM = NOISE + 2  # random numbers for one image: z, one that chooses the wrong class, one to make them even
COUNT = 2000  # pictures that `scores` are of
MOST_COLUMNS = 20  # of a grid; with more classes it shows some of them


def make_discriminator(seed, shape, classes, width=32, batch_norm=True, networks="dcgan"):
    """D maps images, float32 [n, height, width, channels] in [0, 1], and classes to logits, float32 [n, 1].

    A class is a row of float32 [n, classes], with a single 1. Residual networks have no batch normalisation.
    """
    height, wide, _ = shape
    image, one_hot = keras.Input(shape), keras.Input([classes])
    c = layers.Reshape([height, wide, classes])(layers.RepeatVector(height * wide)(one_hot))
    x = layers.Concatenate()([layers.Rescaling(2.0, -1.0)(image), c])  # of digits [n, 28, 28, 11]
    if networks == "residual":
        seeds = residual.seeds_of(seed, residual.sizes_of(shape), blocks=1)
        logit = residual.logit_of(residual.features(x, seeds, width), seeds)
    else:
        seeds = iter(np.random.SeedSequence(seed).generate_state(len(dcgan.sizes_of(shape))).tolist())
        logit = layers.Dense(1, kernel_initializer=dcgan.normal(seeds))(dcgan.features(x, seeds, width, batch_norm))
    return keras.Model([image, one_hot], logit, name="discriminator")


def d_loss_fn(real_logits, fake_logits, wrong_logits=None):
    """-E log p(x, c) - E log(1 - p(G(z, c), c)) - E log(1 - p(x, c')), from logits [n, 1]; a scalar.

    Without `wrong_logits` the third term is left out.
    """
    loss = losses.non_saturating_d_loss(real_logits, fake_logits)
    return loss if wrong_logits is None else loss + tf.reduce_mean(tf.nn.softplus(wrong_logits))


def make_train_step(
    generator,
    discriminator,
    g_optimizer,
    d_optimizer,
    with_wrong=True,
    average=None,
    ema=0.0,
    r1=0.0,
    r1_every=1,
    jit=False,
):
    """Makes `step(real_images, labels, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, height, width, channels] in [0, 1], `labels` is int32 [n]. Noise is float32 [n, 102] in
    [-1, 1). `d_loss` has no penalty in it. R1 is that of D(x, c) by x, with the right classes. `average` is a second
    generator, which follows the first (`blocks.follow`).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)
    classes = discriminator.input_shape[1][-1]

    def penalty(real_images, c):
        return r1 / 2 * r1_penalty(lambda x, training: discriminator([x, c], training=training), real_images)

    @tf.function(jit_compile=jit)
    def step(real_images, labels, d_noise, g_noise):
        c = tf.one_hot(labels, classes)
        fake_images = generator(tf.concat([d_noise[:, :NOISE], c], axis=1), training=True)
        with tf.GradientTape() as tape:
            # Three batches, each with its own mean and variance, as in dcgan.py.
            logits = [discriminator([x, c], training=True) for x in (real_images, fake_images)]
            if with_wrong:
                wrong = tf.one_hot(wrong_labels(labels, d_noise[:, NOISE], classes), classes)
                logits.append(discriminator([real_images, wrong], training=True))
            loss = d_loss = d_loss_fn(*logits)
            if r1:
                loss += lazily(lambda: penalty(real_images, c), d_optimizer.iterations, r1_every)
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(tf.concat([g_noise[:, :NOISE], c], axis=1), training=True)
            g_loss = losses.non_saturating_g_loss(discriminator([fake_images, c], training=True))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)

        if average:
            follow(average, generator, ema)
        return d_loss, g_loss

    return step


def ask(noise, asked, classes):
    """Returns what G takes, float32 [n, 100 + classes]: `noise` [n, 100] and the classes `asked` for, int [n]."""
    return np.concatenate([noise, np.eye(classes, dtype=np.float32)[asked]], axis=1)


def turns(count, classes):
    """Returns `count` classes, int [count]: 0, 1, 2, … in turn, so that all come equally often.

    The Inception score splits the samples into ten parts: every tenth sample is in the same part. So each round of ten
    times all classes begins one class later. Then every part has all classes.
    """
    turn = np.arange(count)
    return (turn + turn // (10 * classes)) % classes


def spread_within_classes(pictures, classes):
    """The spread of the pictures of one class, averaged over the classes: a G that ignores z has 0.

    `pictures` is [n, …]; their classes are 0, 1, …, classes - 1 in turn.
    """
    return float(np.mean([spread(pictures[one::classes]) for one in range(classes)]))


def some_of_each_class(images, labels, classes):
    """Returns four images of each of `classes`, one of each in turn, float32 [4 classes, …]; None if some has fewer."""
    found = [np.flatnonzero(labels == one)[:4] for one in classes]
    if min(map(len, found)) < 4:
        return None
    return scaled(np.array(images[np.stack(found, axis=1).ravel()]))


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    classes=DIGITS,
    width=32,
    networks="dcgan",
    learning_rate=0.0002,
    r1=0.0,
    r1_every=1,
    ema=0.0,
    wrong_digits=True,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes a conditional GAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. `labels` are int [n], places in `classes`, the
    names of the classes. Without images the GAN can draw pictures of `shape` (None: MNIST's), but not train. The other
    arguments are the flags. Raises ValueError if there is only one class, not as many labels as images, for unknown
    networks, or if `ema` is not in [0, 1).
    """
    if networks not in ("dcgan", "residual"):
        raise ValueError(f"networks must be dcgan or residual, not {networks!r}")
    shape, count = shape_of(images, shape), len(classes)
    if count < 2:
        raise SettingError("this GAN needs pictures of at least two classes, such as a folder with two subfolders.")
    if images is not None and labels is None:
        raise ValueError("without labels this GAN cannot train")
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    parts = residual if networks == "residual" else dcgan

    def make_g():
        return parts.make_generator(g_seed, shape, width, inputs=NOISE + count)

    generator, average = make_g(), make_average(make_g, ema)
    discriminator = make_discriminator(d_seed, shape, count, width, not r1, networks)
    g_optimizer, d_optimizer = parts.make_optimizer(learning_rate), parts.make_optimizer(learning_rate)
    step = make_train_step(
        generator, discriminator, g_optimizer, d_optimizer, wrong_digits, average, ema, r1, r1_every, jit
    )
    train_block, block, drawn = None, min(block, dcgan.BLOCK), average or generator
    columns = min(count, MOST_COLUMNS)
    shown = np.linspace(0, count - 1, columns).astype(int)  # all classes, or some from the first to the last
    if images is not None:
        train_block = make_train_block(step, [images, labels.astype(np.int32)], batch_size, seed, RANDOM)

    def make_noise(seed, stream, number, condition=None):
        asked = turns(number, count) if condition is None else np.full(number, classes.index(condition))
        return ask(uniform_noise(seed, stream, 0, [number, NOISE]), asked, count)

    def draw(index):
        noise = uniform_noise(seed, SAMPLE_NOISE, index * 4 * columns * NOISE, [4 * columns, NOISE])
        return drawn(ask(noise, np.tile(shown, 4), count)).numpy()

    def scores(test):
        if test.classifier != "heads":  # only of these are the other attributes known
            return {}
        z, turn = uniform_noise(0, EVALUATION_NOISE, 0, [COUNT, NOISE]).numpy(), np.arange(COUNT)
        # Each colour changes to each of the others.
        colour, hair = turn % count, (turn + 1 + turn // count % (count - 1)) % count
        heads = (ask(z, colour, count), ask(z, hair, count), ask(np.roll(z, 1, axis=0), colour, count))
        return heads_reader.recoloured(*(in_batches(drawn, each) for each in heads), hair)

    return Gan(
        objects={
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": g_optimizer,
            "d_optimizer": d_optimizer,
        }
        | ({"generator_average": average} if average else {}),
        train_block=train_block,
        block=block,
        draw=draw,
        shape=shape,
        columns=columns,
        # That within classes needs pictures of all classes in turn.
        measures={"spread": (lambda pictures: spread_within_classes(pictures, count)) if columns == count else spread},
        real_pictures=None if images is None else some_of_each_class(images, labels, shown),
        make_noise=make_noise,
        conditions=tuple(classes),
        asked=lambda noise: np.argmax(noise[:, NOISE:], axis=1),
        generate=drawn,
        scores=scores,
    )
