"""Augmentation for GANs with few pictures: D sees only changed pictures, real and generated ones alike.

Zhao, Liu, Lin, Zhu and Han 2020, "Differentiable augmentation for data-efficient GAN training" (arXiv:2006.10738). With
few pictures D learns them by heart. If only the real pictures are changed, G learns to make changed pictures. Here D
compares T(x) with T(G(z)), and T is random. T has derivatives, so that G learns through it. G itself makes pictures
without changes.
"""

import tensorflow as tf

# What --augment can name. Each part is one of the paper's changes.
POLICIES = ["none", "translation", "translation,cutout", "colour,translation,cutout"]
SHIFT = 1 / 8  # of a side: how far `translation` moves a picture at most
HOLE = 1 / 2  # of a side: the side of the square that `cutout` removes
GREY = 0.5  # what comes instead of what is cut out, or from outside


def unchanged(images, iteration, place):
    """Returns `images`."""
    return images


def make_augment(policy, seed):
    """Makes `augment(images, iteration, place)`, which returns changed images of the same shape, float32.

    `policy` is one of `POLICIES`; with "none" the images stay as they are. `images` are float32 [n, height, width,
    channels] in [0, 1]. The changes are random, each image has its own, and they depend only on `seed`, on `iteration`,
    an integer or a variable, and on `place`, an int that tells the calls of one iteration apart. After changes of
    colour, pixels can lie outside of [0, 1]. Raises ValueError for an unknown policy.
    """
    if policy not in POLICIES:
        raise ValueError(f"augment must be one of {', '.join(POLICIES)}, not {policy!r}")
    if policy == "none":
        return unchanged
    parts = policy.split(",")

    def augment(images, iteration, place):
        key = tf.stack([tf.constant(seed % 2**63, tf.int64), 8 * tf.cast(iteration, tf.int64) + place])
        numbers = tf.unstack(tf.random.stateless_uniform([7, tf.shape(images)[0]], key))
        if "colour" in parts:
            images = change_colour(images, *numbers[:3])
        if "translation" in parts:
            images = translate(images, *numbers[3:5])
        if "cutout" in parts:
            images = cut_out(images, *numbers[5:])
        return images

    return augment


def change_colour(images, brightness, saturation, contrast):
    """Changes colours by random numbers in [0, 1), each float32 [n].

    Brightness: all pixels plus -1/4 … 1/4. Saturation: each pixel's distance from its mean over the colours, times
    0 … 2. Contrast: the distance from the mean of the image, times 1/2 … 3/2. This is the authors' order.
    """
    brightness, saturation, contrast = (each[:, None, None, None] for each in (brightness, saturation, contrast))
    images += (brightness - 0.5) / 2
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = grey + (images - grey) * 2 * saturation
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return mean + (images - mean) * (contrast + 0.5)


def translate(images, down, right):
    """Moves images by -1/8 … 1/8 of their sides, whole pixels, by random numbers in [0, 1), each float32 [n]."""
    _, height, width, _ = images.shape
    for axis, side, number in ((1, height, down), (2, width, right)):
        most = int(side * SHIFT + 0.5)
        padding = [[most, most] if axis == each else [0, 0] for each in range(4)]
        images = tf.pad(images, padding, constant_values=GREY)
        shift = tf.cast(number * (2 * most + 1), tf.int32)
        images = tf.gather(images, tf.range(side)[None] + shift[:, None], axis=axis, batch_dims=1)
    return images


def cut_out(images, row, column):
    """Replaces a square of half the side by grey. Random numbers in [0, 1), each float32 [n], say where its middle is.

    The middle can be any pixel, so that a part of the square can lie outside of the image.
    """
    _, height, width, _ = images.shape
    inside = []
    for side, number in ((height, row), (width, column)):
        hole = int(side * HOLE + 0.5)
        first = tf.cast(number * (side + 1 - hole % 2), tf.int32) - hole // 2
        place = tf.range(side)[None] - first[:, None]
        inside.append((place >= 0) & (place < hole))
    hole = inside[0][:, :, None, None] & inside[1][:, None, :, None]
    return tf.where(hole, GREY, images)
