"""DCGAN, a GAN of convolutions: python -m gan_tf.zoo.dcgan --out_dir=out/dcgan

Radford, Metz and Chintala 2016, "Unsupervised representation learning with deep convolutional generative adversarial
networks" (arXiv:1511.06434). The reference's networks treat an image as 784 separate numbers. Here the layers are
convolutions: they look at neighbouring pixels, with the same weights everywhere in the image. The paper found rules
that make such GANs train well. The losses are those of the reference.

The paper's rules, and where they are in this file:

1. No pooling. D shrinks images by convolutions with stride 2, G enlarges them by transposed convolutions with stride 2.
   --pooling breaks this rule.
2. Batch normalisation after every layer except G's last and D's first. With x over all images (and places) of a batch,
   each channel becomes gamma (x - mean(x)) / sqrt(var(x) + epsilon) + beta. --nobatch_norm breaks this rule.
3. No hidden dense layers. One dense layer makes z an image of 4x4 with many channels, another makes D's logit.
4. ReLU in G, tanh at its end. LeakyReLU in D: max(x, 0.2 x).
5. First weights from N(0, 0.02²). Adam with learning rate 0.0002 and beta1 0.5 for both.

Departures from the paper:

1. The paper's images have 64x64 pixels, and each network has four convolutions. Here images can have any size. D halves
   it until 4x4 pixels are left, G goes the other way round. MNIST's images, 28x28 pixels, need three convolutions: to
   14x14, 7x7 and 4x4. They have `width`, 2 `width` and 4 `width` channels instead of 128 to 1024. More would take hours
   on a laptop. Larger images have more convolutions, with at most 8 `width` channels.
2. The networks take and make pixels in [0, 1] like all networks of this project. The tanh is scaled to this range
   behind G, and the pixels to [-1, 1] before D.
3. A batch has 64 images instead of 128: this gives more updates in the same time.
4. With --r1, D's loss also has r1/2 · mean ‖∇D(x)‖², the penalty R1 (Mescheder et al. 2018, arXiv:1801.04406,
   equation 9). Without it, D can win on larger images: it tells every picture of G from real ones, and G learns no
   more. With it D has no batch normalisation, because the penalty is one for each image. With --r1_every=8, only
   every eighth iteration has the penalty, which is then eight times as large. This saves time (Karras et al. 2020,
   arXiv:1912.04958, section 3.1).
5. With --ema=0.999, samples come from an average of G's weights. After each iteration, the average moves by 0.001 of
   its distance to G. This smooths the changes of G between iterations. The paper does not have it (see Yazıcı et al.
   2019, arXiv:1806.04498). Training itself is the same.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "width": (
        32,
        "Channels of D's first and of G's last hidden layer. The others have two, four and eight times as many.",
        (1, 1024),
    ),
    "batch_norm": (True, "Batch normalisation. --nobatch_norm is the control without it."),
    "pooling": (False, "The control: D has max pooling, G repeats pixels and convolves, instead of strides."),
    "learning_rate": (0.0002, "Learning rate of Adam, for both networks.", (1e-9, 10)),
    "r1": (0.0, "Weight of the gradient penalty R1. 0: without it, as in the paper.", (0, 1e6)),
    "r1_every": (1, "Iterations from one R1 to the next. R1 is then larger by this factor.", (1, 1000)),
    "ema": (
        0.0,
        "Share of the old average of G's weights that each iteration keeps, such as 0.999. 0: samples come from G.",
        (0, 0.99999),
    ),
    "augment": (
        "none",
        "Differentiable augmentation, for few pictures; see gan_tf.zoo.augment.",
        ["none", "translation", "translation,cutout", "colour,translation,cutout"],
    ),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=16_000,
        pixel_bytes=5100,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.objectives.critics import r1_penalty
from gan_tf.zoo.augment import make_augment, unchanged
from gan_tf.zoo.blocks import follow, lazily, make_average, picture_gan, shape_of

KERNEL = 5  # pixels wide and high, as in the paper's figure 1
BLOCK = 20  # iterations between two looks at Ctrl-C: some seconds on a CPU


def normal(seeds):
    """The first weights of a layer: N(0, 0.02²). `seeds` is an iterator; each layer takes its next seed."""
    return keras.initializers.RandomNormal(0.0, 0.02, seed=next(seeds))


def normalise():
    """Batch normalisation.

    Keras keeps running averages of mean and variance, which replace those of the batch when samples are drawn.
    """
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def sizes_of(shape):
    """The sizes (height, width) of an image in D's layers, from its own to about 4x4: of MNIST's 28, 14, 7 and 4."""
    sizes = [tuple(shape[:2])]
    while len(sizes) == 1 or max(sizes[-1]) > 4:
        sizes.append(tuple(-(-size // 2) for size in sizes[-1]))
    return sizes


def widths_of(shape, width):
    """The channels of D's layers: width, 2 width, 4 width and so on, at most 8 width."""
    return [min(2**place, 8) * width for place in range(len(sizes_of(shape)) - 1)]


def shrink(x, channels, seeds, pooling=False):
    """Halves width and height, and rounds up: 28 → 14 → 7 → 4 pixels."""
    first = normal(seeds)
    if pooling:
        x = layers.Conv2D(channels, KERNEL, padding="same", kernel_initializer=first)(x)
        return layers.MaxPooling2D(2, padding="same")(x)
    return layers.Conv2D(channels, KERNEL, 2, "same", kernel_initializer=first)(x)


def enlarge(x, channels, size, seeds, pooling=False):
    """Makes `size`, (height, width), of about half as much: 4 → 7 → 14 → 28 pixels."""
    first, (extra_rows, extra_columns) = normal(seeds), (2 * x.shape[1] - size[0], 2 * x.shape[2] - size[1])
    if pooling:
        x = layers.Cropping2D(((0, extra_rows), (0, extra_columns)))(layers.UpSampling2D(2)(x))
        return layers.Conv2D(channels, KERNEL, padding="same", kernel_initializer=first)(x)
    padding = (1 - extra_rows, 1 - extra_columns)
    return layers.Conv2DTranspose(channels, KERNEL, 2, "same", output_padding=padding, kernel_initializer=first)(x)


def features(image, seeds, width, batch_norm=True, pooling=False):
    """D's layers before the last, also for the D of other members.

    They map a Keras tensor [n, height, width, channels] to features [n, m]; of MNIST's images m is 64 `width`.
    """
    first, *others = widths_of(image.shape[1:], width)
    x = layers.LeakyReLU(0.2)(shrink(image, first, seeds, pooling))
    for channels in others:
        x = shrink(x, channels, seeds, pooling)
        x = layers.LeakyReLU(0.2)(normalise()(x) if batch_norm else x)
    return layers.Flatten()(x)


def make_generator(seed, shape, width=32, batch_norm=True, pooling=False, inputs=100):
    """G maps noise z, float32 [n, inputs], to images of this shape, float32 [n, height, width, channels] in [0, 1].

    `seed` fixes the weights.
    """
    *sizes, smallest = sizes_of(shape)
    *channels, first = [shape[-1], *widths_of(shape, width)]
    seeds = iter(np.random.SeedSequence(seed).generate_state(1 + len(sizes)).tolist())
    z = keras.Input([inputs])
    x = layers.Dense(math.prod(smallest) * first, kernel_initializer=normal(seeds))(z)
    x = layers.Reshape([*smallest, first])(x)
    for many, size in zip(reversed(channels), reversed(sizes), strict=True):
        x = layers.ReLU()(normalise()(x) if batch_norm else x)
        x = enlarge(x, many, size, seeds, pooling)
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(x))
    return keras.Model(z, x, name="generator")


def make_discriminator(seed, shape, width=32, batch_norm=True, pooling=False):
    """D maps images, float32 [n, height, width, channels] in [0, 1], to logits, float32 [n, 1].

    `seed` fixes the weights.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(sizes_of(shape))).tolist())
    image = keras.Input(shape)
    x = features(layers.Rescaling(2.0, -1.0)(image), seeds, width, batch_norm, pooling)
    return keras.Model(image, layers.Dense(1, kernel_initializer=normal(seeds))(x), name="discriminator")


def make_optimizer(learning_rate=0.0002):
    """Adam with the paper's constants (section 4); beta2 and epsilon are those of Adam's own paper."""
    return keras.optimizers.Adam(learning_rate, beta_1=0.5, beta_2=0.999, epsilon=1e-8)


def make_train_step(
    generator,
    discriminator,
    g_optimizer,
    d_optimizer,
    average=None,
    ema=0.0,
    r1=0.0,
    r1_every=1,
    augment=unchanged,
    jit=False,
):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, height, width, channels] in [0, 1]. `d_noise` and `g_noise` are float32 [n, 100] in
    [-1, 1). Each loss is taken before its own network's update; `d_loss` has no penalty in it, so that it compares.
    `average` is a second generator, which follows the first (`blocks.follow`).
    Iterations 0, `r1_every`, 2 `r1_every` and so on have the penalty; `d_optimizer` counts them. `augment` changes the
    images that D sees (`augment.make_augment`).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        iteration = d_optimizer.iterations
        real_images = augment(real_images, iteration, 0)
        fake_images = augment(generator(d_noise, training=True), iteration, 1)
        with tf.GradientTape() as tape:
            # Real and fake images are two batches, each with its own mean and variance. G's update shows D a batch of
            # fake images only, so D must learn from such batches (experiments/theory/mixed_batches.py).
            real_logits = discriminator(real_images, training=True)
            fake_logits = discriminator(fake_images, training=True)
            loss = d_loss = losses.non_saturating_d_loss(real_logits, fake_logits)
            if r1:
                loss += lazily(lambda: r1 / 2 * r1_penalty(discriminator, real_images), iteration, r1_every)
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = augment(generator(g_noise, training=True), iteration, 2)
            fake_logits = discriminator(fake_images, training=True)  # by the updated D
            g_loss = losses.non_saturating_g_loss(fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)

        if average:
            follow(average, generator, ema)
        return d_loss, g_loss

    return step


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    width=32,
    batch_norm=True,
    pooling=False,
    learning_rate=0.0002,
    r1=0.0,
    r1_every=1,
    ema=0.0,
    augment="none",
    batch_size=64,
    seed=0,
    jit=False,
    block=BLOCK,
):
    """Makes a DCGAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags. `block` is how
    many iterations the loop asks for at most. Raises ValueError if `ema` is not in [0, 1), or for an unknown `augment`.
    """
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    shape = shape_of(images, shape)
    rules = {"shape": shape, "width": width, "batch_norm": batch_norm, "pooling": pooling}
    generator = make_generator(g_seed, **rules)
    discriminator = make_discriminator(d_seed, **rules | {"batch_norm": batch_norm and not r1})
    average = make_average(lambda: make_generator(g_seed, **rules), ema)
    g_optimizer, d_optimizer = make_optimizer(learning_rate), make_optimizer(learning_rate)
    change = make_augment(augment, seed)
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, average, ema, r1, r1_every, change, jit)
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
    }
    block, blind = min(block, BLOCK), 2 * math.log(2)
    return picture_gan(objects, average, step, images, shape, batch_size, seed, block, blind)
