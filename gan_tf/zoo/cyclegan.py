"""Turns printed digits into handwritten ones, and back: python -m gan_tf.zoo.cyclegan --out_dir=out/cyclegan

Zhu, Park, Isola and Efros 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks"
(arXiv:1703.10593). There are two kinds of image, here printed digits a (gan_tf/data/glyphs.py) and handwritten digits b
(MNIST). If the data have two classes, such as a folder with two subfolders, a is the first class and b the second: read
"printed" and "written" as their names. Nobody says which printed digit belongs to which handwritten one, and no label
is used. G turns a into a handwritten digit, F turns b into a printed one. Each has a D that tells its images from real
ones. This alone would let G turn all printed digits into the same few handwritten ones. So there is a cycle loss: F
must turn G(a) back into a, and G must turn F(b) back into b. Then G must keep what tells digits apart. It could still
turn every 3 into an 8 and every 8 into a 3; the scores show whether it does.

    loss of D_b = mean (D_b(b) - 1)² / 2 + mean D_b(G(a))² / 2            that of D_a: swap a and b, F for G
    loss of G and F = mean (D_b(G(a)) - 1)² + mean (D_a(F(b)) - 1)²
                    + cycle_weight · (mean |F(G(a)) - a| + mean |G(F(b)) - b|)    with pixels in [-1, 1]

--cycle_weight=0 is the control.

Departures from the paper:

1. The networks are smaller: G and F shrink 28x28 pixels to 7x7 (other sizes to a quarter), have three residual blocks
   there (the paper: nine), and enlarge again. They are built from the layers of dcgan.py, but with instance
   normalisation, as in the paper. There is no layer at full size before the first shrinking. `width` is 16 channels
   instead of 64. D has a value for each of 7x7 places (a quarter of the image's height and width).
2. 16 images in a batch instead of 1, and 6,000 iterations. The learning rate does not fall in the second half.
3. Each D also learns from older images, as in the paper: a pool has 50 of those that its generator made. D sees the
   first half of each batch as it is. The second half goes into the pool, and D sees older images from the pool instead.
   In the paper, chance decides for each image.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

OPTIONS = {
    "cycle_weight": (10.0, "Weight of the cycle loss; the paper's lambda. 0 is the control without it.", (0, 1e6)),
    "width": (
        16,
        "Channels before the last convolution of G and F. The others have two and four times as many.",
        (1, 1024),
    ),
}

FACTS = ("shape", "classes")  # of the data, which `make` is told


def require_handwritten(name):
    """Raises SettingError for the data set of printed digits, because these are already one of the two kinds."""
    if name == "glyphs":
        raise SettingError("--dataset=glyphs are the printed digits that this GAN begins with: use --dataset=mnist.")


if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=6_000,
        pixel_bytes=10_200,
        check=lambda dataset, flags: require_handwritten(dataset.name),
        batch_size=16,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import data
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan
from gan_tf.metrics.translated import held_out, scores_of_digits, scores_of_kinds
from gan_tf.noise import uniform_noise
from gan_tf.objectives import losses
from gan_tf.reference import SHAPE
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block, shape_of

COLUMNS, RESIDUALS, POOL = 8, 3, 50
NETWORKS = ("to_written", "to_printed", "d_written", "d_printed")  # G, F, and the D of what each of them makes


def normalise():
    """Instance normalisation: each channel of each image gets mean 0 and deviation 1, then a scale and an offset."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def make_generator(seed, shape, width, name):
    """G or F: maps images, float32 [n, height, width, channels] in [0, 1], to images of the same shape and range."""
    whole, half = dcgan.sizes_of(shape)[:2]
    seeds = iter(np.random.SeedSequence(seed).generate_state(6 + 2 * RESIDUALS).tolist())
    image = keras.Input(shape)
    x = layers.Rescaling(2.0, -1.0)(image)
    for channels in (2 * width, 4 * width):
        x = layers.ReLU()(normalise()(dcgan.shrink(x, channels, seeds)))  # 14, 7 pixels
    for _ in range(RESIDUALS):
        y = x
        for last in (False, True):
            y = layers.Conv2D(4 * width, 3, padding="same", kernel_initializer=dcgan.normal(seeds))(y)
            y = normalise()(y) if last else layers.ReLU()(normalise()(y))
        x = layers.Add()([x, y])
    x = layers.ReLU()(normalise()(dcgan.enlarge(x, 2 * width, half, seeds)))
    x = layers.ReLU()(normalise()(dcgan.enlarge(x, width, whole, seeds)))
    x = layers.Conv2D(shape[-1], 7, padding="same", kernel_initializer=dcgan.normal(seeds))(x)
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(x))
    return keras.Model(image, x, name=name)


def make_discriminator(seed, shape, width, name):
    """D: maps images, float32 [n, height, width, channels] in [0, 1], to a value for each place, float32 [n, h, w, 1].

    1 means real. h and w are a quarter of height and width.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())
    image = keras.Input(shape)
    x = layers.Rescaling(2.0, -1.0)(image)
    x = layers.LeakyReLU(0.2)(dcgan.shrink(x, 2 * width, seeds))
    x = layers.LeakyReLU(0.2)(normalise()(dcgan.shrink(x, 4 * width, seeds)))
    x = layers.Conv2D(1, 3, padding="same", kernel_initializer=dcgan.normal(seeds))(x)
    return keras.Model(image, x, name=name)


class Pool(layers.Layer):
    """Images that a generator made earlier. They are weights of a layer, so that a checkpoint has them."""

    def __init__(self, shape):
        super().__init__()
        self.images = self.add_weight(shape=[POOL, *shape], initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=[], initializer="zeros", dtype="int32", trainable=False)

    def exchange(self, images, uniform):
        """Returns `images` [n, …] with the second half exchanged for images in the pool. The pool keeps the new ones.

        `uniform` [POOL] are random numbers, which decide where. Until the pool is full, nothing is exchanged.
        """
        half, full = (len(images) + 1) // 2, self.count >= POOL
        places = tf.where(full, tf.argsort(uniform)[:half], (self.count + tf.range(half)) % POOL)
        older = tf.where(full, tf.gather(self.images, places), images[-half:])
        found = tf.concat([images[:-half], older], axis=0)
        with tf.control_dependencies([found]):
            pool = tf.convert_to_tensor(self.images)
            self.images.assign(tf.tensor_scatter_nd_update(pool, places[:, None], images[-half:]))
            self.count.assign(tf.minimum(self.count + half, POOL))
        return found


def make_train_step(objects, cycle_weight=10.0, jit=False):
    """Makes `step(printed, written, d_noise, g_noise) -> (d_loss, g_loss, cycle_loss)`: first G and F, then both D.

    `objects` are those of the `Gan`. `printed` are images a and `written` images b, float32 [n, height, width,
    channels] in [0, 1], in no common order. Noise has at least `POOL` numbers. It decides which places of a pool are
    exchanged. `d_loss` is the sum of both D's losses, `g_loss` of G's and F's without the cycle, `cycle_loss` is the
    cycle loss without its weight.
    """
    to_written, to_printed, d_written, d_printed = (objects[name] for name in NETWORKS)
    g_weights = to_written.trainable_variables + to_printed.trainable_variables
    d_weights = d_written.trainable_variables + d_printed.trainable_variables
    objects["g_optimizer"].build(g_weights)
    objects["d_optimizer"].build(d_weights)

    @tf.function(jit_compile=jit)
    def step(printed, written, d_noise, g_noise):
        with tf.GradientTape() as tape:
            fake_written, fake_printed = to_written(printed), to_printed(written)
            g_loss = tf.reduce_mean((d_written(fake_written) - 1) ** 2)
            g_loss += tf.reduce_mean((d_printed(fake_printed) - 1) ** 2)
            cycle_loss = tf.reduce_mean(tf.abs(to_printed(fake_written) - printed))
            cycle_loss += tf.reduce_mean(tf.abs(to_written(fake_printed) - written))
            cycle_loss *= 2  # pixels in [-1, 1], as in the paper: differences are twice as large
            loss = g_loss + cycle_weight * cycle_loss
        objects["g_optimizer"].apply(tape.gradient(loss, g_weights), g_weights)

        fake_written = objects["pool_written"].exchange(fake_written, tf.reshape(d_noise, [-1])[:POOL])
        fake_printed = objects["pool_printed"].exchange(fake_printed, tf.reshape(g_noise, [-1])[:POOL])
        with tf.GradientTape() as tape:
            d_loss = losses.lsgan_d_loss(d_written(written), d_written(fake_written))
            d_loss += losses.lsgan_d_loss(d_printed(printed), d_printed(fake_printed))
        objects["d_optimizer"].apply(tape.gradient(d_loss, d_weights), d_weights)
        return d_loss, g_loss, cycle_loss

    return step


def chosen(noise):
    """Returns which of the held-out printed digits noise in [-1, 1), float32 [n, 4], stands for: int [n]."""
    return ((np.asarray(noise)[:, 0].astype(np.float64) + 1) / 2 * len(held_out()[1])).astype(int)


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    classes=(),
    cycle_weight=10.0,
    width=16,
    batch_size=16,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes a CycleGAN, untrained, as a `Gan`.

    Its grids have six rows: printed digits, the same handwritten, and printed again; then handwritten digits, the same
    printed, and handwritten again. `images` is uint8 [n, height, width, channels], or float32 in [0, 1].

    If there are two `classes`, `labels`, int [n], are 0 for the printed images a and 1 for the written images b.
    Without images such a GAN can be measured, but not train or draw. Otherwise all images are handwritten digits, and
    `labels` are not used. Then the samples are handwritten digits, made of printed ones that were not used for
    training; and without images the GAN can draw samples, but not train.

    The other arguments are the flags. Raises ValueError if the images are neither of two classes nor of MNIST's size,
    or if a batch has more than 100 images, because its half must fit into the pool.
    """
    shape, two_classes = shape_of(images, shape), len(classes) == 2
    if not two_classes and shape != SHAPE:
        raise SettingError(
            "this GAN turns pictures of one kind into another: use a folder with two subfolders, one for each kind."
        )
    if batch_size > 2 * POOL:
        raise SettingError(
            f"half of a batch must fit into the pool of {POOL} images; use --batch_size={2 * POOL} at most."
        )
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    makers = (make_generator, make_generator, make_discriminator, make_discriminator)
    networks = {name: make(s, shape, width, name) for make, s, name in zip(makers, seeds, NETWORKS, strict=True)}
    objects = networks | {
        "g_optimizer": dcgan.make_optimizer(),
        "d_optimizer": dcgan.make_optimizer(),
        "pool_written": Pool(shape),
        "pool_printed": Pool(shape),
    }
    to_written, to_printed = networks["to_written"], networks["to_printed"]
    train_block, draw, printed = None, None, None
    if images is not None:
        printed = None if two_classes else data.load("glyphs")
        kinds = [images[labels == kind] for kind in (0, 1)] if two_classes else [printed.pixels, images]
        count = max(map(len, kinds)) if two_classes else len(images)
        pair = [each if len(each) == count else each[np.arange(count) % len(each)] for each in kinds]
        step = make_train_step(objects, cycle_weight, jit)
        noise_dim = 4 * math.ceil(POOL / 4 / batch_size)
        train_block = make_train_block(step, pair, batch_size, seed, noise_dim)

        def draw(index):
            rows = []
            for source, one, other in ((pair[0], to_written, to_printed), (pair[1], to_printed, to_written)):
                real = scaled(np.array(source[(index * COLUMNS + np.arange(COLUMNS)) % len(source)]))
                made = np.asarray(one(real))
                rows += [real, made, np.asarray(other(made))]
            return np.concatenate(rows)

    found = Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, dcgan.BLOCK),
        loss_names=("d_loss", "g_loss", "cycle_loss"),
        draw=draw,
        shape=shape,
        columns=COLUMNS,
        also={"glyphs": printed.digest} if printed else {},
        scores=lambda test: (scores_of_kinds if two_classes else scores_of_digits)(to_written, to_printed, test),
    )
    if not two_classes:
        found.make_noise = lambda seed, stream, count: uniform_noise(seed, stream, 0, [count, 4])
        found.generate = lambda noise: to_written(held_out()[0][chosen(noise)])
        found.asked = lambda noise: held_out()[1][chosen(noise)]
    return found
