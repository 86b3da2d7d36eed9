"""Draws a picture from its outline: python -m gan_tf.zoo.pix2pix --out_dir=out/pix2pix

Isola, Zhu, Zhou and Efros 2017, "Image-to-image translation with conditional adversarial networks" (arXiv:1611.07004).
There are pairs of images: a drawing s (here the outline of a digit or of another picture), and the image x that belongs
to it. G turns s into an image. D sees s together with an image and tells whether this is the real x. The L1 loss keeps
G close to x. On its own it would make blurry images, because a grey pixel costs less than a wrong one. D knows that
real digits are sharp.

    D's loss = -E log p(s, x) - E log(1 - p(s, G(s)))                      p = sigmoid(D)
    G's loss = -E log p(s, G(s)) + l1_weight · E |x - G(s)|                the latter a mean over pixels

Controls: --noadversarial learns by L1 alone, --l1_weight=0 by D alone.

The networks are smaller than the paper's, and built from the layers of dcgan.py: G is a U-Net with three convolutions
down (28, 14, 7, 4 pixels; larger images have more), as many up, and connections from each size down to the same size
up. D is a PatchGAN: it has a logit for each of 7x7 places, a quarter of the image's height and width, and so sees only
a part of the image at a time. The outline of a grey image is the edge of its parts above 1/2, that of an image in
colour the places where brightness changes most. Departures from the paper:

1. 64 pairs in a batch instead of 1, and 5,000 iterations instead of 200 passes over the data.
2. G has no dropout, which is the paper's noise. So it draws one image for each outline.
3. The paper divides D's loss by 2. Here it is not divided.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "l1_weight": (100.0, "Weight of the L1 loss. 0 is the control without it.", (0, 1e6)),
    "adversarial": (True, "--noadversarial is the control without D."),
    "width": (32, "Channels of the first convolution. The others have two and four times as many.", (1, 1024)),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=5_000,
        pixel_bytes=5100,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import keras
import numpy as np
import scipy.ndimage
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.pairs import compare
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block, shape_of

COLUMNS = 8


def outlines(images):
    """The outline of each image, [n, height, width, 1], of the type of `images`: 0, and 255 or 1.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. In grey images the outline has the pixels
    above 1/2 that touch, up, down, left or right, a pixel that is not. In images in colour it has the pixels at which
    the gradient of brightness, by Sobel's filters, is among the steepest tenth of this image and not 0.
    """
    images = np.asarray(images)
    full = 255 if images.dtype == np.uint8 else 1
    parts = [_edges(images[i : i + 1000] / np.float32(full)) for i in range(0, len(images), 1000)]
    return (np.concatenate(parts) * full).astype(images.dtype)[..., None]


def _edges(images):
    """The outlines of float32 images in [0, 1], as bool [n, height, width]."""
    if images.shape[-1] == 1:
        white = images[..., 0] > 0.5
        cross = scipy.ndimage.generate_binary_structure(2, 1)[None]
        return white & ~scipy.ndimage.binary_erosion(white, cross)
    brightness = images @ np.float32([0.299, 0.587, 0.114])  # ITU-R BT.601
    # scipy.ndimage.sobel would also smooth along the first axis, from image to image.
    slope, smooth = [1, 0, -1], [1, 2, 1]
    parts = (scipy.ndimage.correlate1d(scipy.ndimage.correlate1d(brightness, slope, a), smooth, 3 - a) for a in (1, 2))
    slopes = np.hypot(*parts)
    return (slopes >= np.quantile(slopes, 0.9, axis=(1, 2), keepdims=True)) & (slopes > 0)


def make_generator(seed, shape, width=32):
    """G maps outlines, float32 [n, height, width, 1], to images, [n, height, width, channels], both in [0, 1]."""
    sizes, (first, *others) = dcgan.sizes_of(shape), dcgan.widths_of(shape, width)
    seeds = iter(np.random.SeedSequence(seed).generate_state(2 * len(sizes)).tolist())
    outline = keras.Input([*shape[:2], 1])
    down = [layers.LeakyReLU(0.2)(dcgan.shrink(layers.Rescaling(2.0, -1.0)(outline), first, seeds))]
    for channels in others:
        x = dcgan.normalise()(dcgan.shrink(down[-1], channels, seeds))
        down.append(layers.LeakyReLU(0.2)(x))
    x = down.pop()
    for channels, size in zip(reversed([first, *others[:-1]]), reversed(sizes[1:-1]), strict=True):
        x = layers.ReLU()(dcgan.normalise()(dcgan.enlarge(x, channels, size, seeds)))
        x = layers.Concatenate()([x, down.pop()])
    x = layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(dcgan.enlarge(x, shape[-1], sizes[0], seeds)))
    return keras.Model(outline, x, name="generator")


def make_discriminator(seed, shape, width=32):
    """D maps outlines and images, float32 in [0, 1], to a logit for each place, float32 [n, h, w, 1].

    Outlines are [n, height, width, 1], images [n, height, width, channels]. h and w are a quarter of height and width.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(3).tolist())
    outline, image = keras.Input([*shape[:2], 1]), keras.Input(shape)
    x = layers.Rescaling(2.0, -1.0)(layers.Concatenate()([outline, image]))
    x = layers.LeakyReLU(0.2)(dcgan.shrink(x, width, seeds))
    x = layers.LeakyReLU(0.2)(dcgan.normalise()(dcgan.shrink(x, 2 * width, seeds)))
    x = layers.Conv2D(1, 3, padding="same", kernel_initializer=dcgan.normal(seeds))(x)
    return keras.Model([outline, image], x, name="discriminator")


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, l1_weight=100.0, adversarial=True, jit=False):
    """Makes `step(outlines, real_images, d_noise, g_noise) -> (d_loss, g_loss, l1)`: first D, then G by the new D.

    Outlines and images are float32 in [0, 1], as `make_discriminator` says. The noise is not used. `g_loss` is without
    the L1 loss. Without `adversarial` the step returns (l1,).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(outlines, real_images, d_noise, g_noise):
        if adversarial:
            fake_images = generator(outlines, training=True)
            with tf.GradientTape() as tape:
                real_logits = discriminator([outlines, real_images], training=True)
                fake_logits = discriminator([outlines, fake_images], training=True)
                d_loss = losses.non_saturating_d_loss(real_logits, fake_logits)
            d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(outlines, training=True)
            l1 = tf.reduce_mean(tf.abs(real_images - fake_images))
            loss = l1_weight * l1
            if adversarial:
                g_loss = losses.non_saturating_g_loss(discriminator([outlines, fake_images], training=True))
                loss += g_loss
        g_optimizer.apply(tape.gradient(loss, g_weights), g_weights)
        return (d_loss, g_loss, l1) if adversarial else (l1,)

    return step


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    l1_weight=100.0,
    adversarial=True,
    width=32,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes a pix2pix, untrained, as a `Gan`. Its grids show outlines, what G makes of them, and the real images.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images, for those of `shape` (None:
    MNIST's), it can be measured, but not train or draw. `labels` are not used. The other arguments are the flags.
    """
    shape = shape_of(images, shape)
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator, discriminator = make_generator(g_seed, shape, width), make_discriminator(d_seed, shape, width)
    g_optimizer, d_optimizer = dcgan.make_optimizer(), dcgan.make_optimizer()
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, l1_weight, adversarial, jit)
    train_block = None
    if images is not None:
        train_block = make_train_block(step, [outlines(images), images], batch_size, seed, noise_dim=4)

    def draw(index):
        chosen = (index * COLUMNS + np.arange(COLUMNS)) % len(images)
        real = scaled(np.array(images[chosen]))
        drawn = outlines(real)
        return np.concatenate([np.repeat(drawn, shape[-1], axis=-1), np.asarray(generator(drawn)), real])

    def scores(test):
        return compare(in_batches(generator, outlines(test.images)), test, "drawings")

    return Gan(
        objects={
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": g_optimizer,
            "d_optimizer": d_optimizer,
        },
        train_block=train_block,
        block=min(block, dcgan.BLOCK),
        loss_names=("d_loss", "g_loss", "l1") if adversarial else ("l1",),
        draw=None if images is None else draw,
        shape=shape,
        columns=COLUMNS,
        scores=scores,
        blind_d_loss=2 * math.log(2) if adversarial else None,
    )
