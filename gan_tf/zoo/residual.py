"""R3GAN's networks and optimizer, for r3gan.py and conditional.py: residual blocks, and no normalisation.

Huang et al. 2024 (arXiv:2501.05441), section 3. A residual block adds to x what three convolutions make of it: 1x1,
3x3, 1x1. Before the second and the third is a LeakyReLU. The last convolution begins with zeros, so that each block
begins as "change nothing". Images are enlarged and shrunk by interpolation, without weights.

Departures from the paper and its code:

1. The paper's networks have 384 to 1,536 channels and two blocks for each size of the image. Here are `width` channels
   at the largest size, then two and at most four times as many, and `blocks` blocks. The paper's second convolution has
   twice as many channels as the block, in groups of 16. Here it has half as many, without groups: TensorFlow trains a
   convolution in groups about 20 times slower on a CPU.
2. The largest size is half of the image's: D begins with a convolution of 2x2 pixels with stride 2, and G ends with a
   transposed one. Blocks for single pixels would take most of the time.
3. G's first layer is dense: z becomes 4x4 places. The paper multiplies a learned 4x4 image by numbers of z, which is a
   dense layer with fewer weights. D's last layer is dense, too; here both are the same.
4. Images are shrunk by the mean of 2x2 places, instead of a smooth filter.
5. G ends with a tanh, scaled to [0, 1], because pixels must be in this range.
"""

import math

import keras
import numpy as np
from keras import layers

from gan_tf.zoo import dcgan


def sizes_of(shape):
    """The sizes (height, width) at which there are blocks, the largest first: of MNIST 14, 7 and 4."""
    return dcgan.sizes_of(shape)[1:]


def widths_of(shape, width):
    """The channels at each of these sizes, such as 32, 64 and 128."""
    return [min(2**place, 4) * width for place in range(len(sizes_of(shape)))]


def normal(gain, fan_in, seeds):
    """First weights from N(0, gain² / fan_in). `seeds` is an iterator; each layer takes its next seed."""
    return keras.initializers.RandomNormal(0.0, gain / math.sqrt(fan_in), seed=next(seeds))


def residual_block(x, seeds, depth):
    """x + what three convolutions make of it, which is 0 at first. `depth` is the number of blocks of the network.

    The first weights of the other two convolutions have the gain √(2 / 1.04) of a LeakyReLU with slope 0.2, and are
    divided by depth^(1/4): then a step of training changes deep networks as much as others (the paper's appendix; Zhang
    et al. 2019, arXiv:1901.09321).
    """
    channels = x.shape[-1]
    inner, gain = channels // 2, math.sqrt(2 / 1.04) * depth**-0.25
    y = layers.Conv2D(inner, 1, kernel_initializer=normal(gain, channels, seeds))(x)
    y = layers.LeakyReLU(0.2)(y)
    y = layers.Conv2D(inner, 3, padding="same", kernel_initializer=normal(gain, 9 * inner, seeds))(y)
    y = layers.LeakyReLU(0.2)(y)
    y = layers.Conv2D(channels, 1, kernel_initializer="zeros", use_bias=False)(y)
    return layers.Add()([x, y])


def to_channels(x, channels, seeds):
    """A 1x1 convolution if x has not as many channels."""
    if x.shape[-1] == channels:
        return x
    return layers.Conv2D(channels, 1, kernel_initializer=normal(1.0, x.shape[-1], seeds), use_bias=False)(x)


def cropped(x, size):
    """x without the rows and columns beyond `size`, which an odd size has after it was doubled."""
    extra_rows, extra_columns = x.shape[1] - size[0], x.shape[2] - size[1]
    return layers.Cropping2D(((0, extra_rows), (0, extra_columns)))(x) if extra_rows or extra_columns else x


def seeds_of(seed, sizes, blocks):
    """Enough seeds for the layers of a network."""
    return iter(np.random.SeedSequence(seed).generate_state(2 + len(sizes) * (1 + 2 * blocks)).tolist())


def make_generator(seed, shape, width=32, blocks=1, inputs=100):
    """G maps noise z, float32 [n, inputs], to images of this shape, float32 [n, height, width, channels] in [0, 1].

    `seed` fixes the weights.
    """
    sizes, widths = sizes_of(shape)[::-1], widths_of(shape, width)[::-1]
    seeds, depth = seeds_of(seed, sizes, blocks), blocks * len(sizes)
    z = keras.Input([inputs])
    first = normal(math.sqrt(3), inputs, seeds)  # z is uniform in [-1, 1), so its variance is 1/3
    x = layers.Dense(math.prod(sizes[0]) * widths[0], kernel_initializer=first, use_bias=False)(z)
    x = layers.Reshape([*sizes[0], widths[0]])(x)
    for place, (size, channels) in enumerate(zip(sizes, widths, strict=True)):
        if place:
            x = cropped(layers.UpSampling2D(2, interpolation="bilinear")(to_channels(x, channels, seeds)), size)
        for _ in range(blocks):
            x = residual_block(x, seeds, depth)
    last = normal(1.0, widths[-1], seeds)
    x = cropped(layers.Conv2DTranspose(shape[-1], 2, 2, kernel_initializer=last)(x), shape)
    return keras.Model(z, layers.Rescaling(0.5, 0.5)(layers.Activation("tanh")(x)), name="generator")


def features(image, seeds, width=32, blocks=1):
    """D's layers before the last, also for the D of conditional.py.

    They map a Keras tensor [n, height, width, channels], pixels in [-1, 1], to features [n, m]; of MNIST's images m is
    64 `width`.
    """
    sizes, widths = sizes_of(image.shape[1:]), widths_of(image.shape[1:], width)
    depth = blocks * len(sizes)
    first = normal(1.0, 4 * image.shape[-1], seeds)
    x = layers.Conv2D(widths[0], 2, 2, "same", kernel_initializer=first)(image)
    for place, channels in enumerate(widths):
        if place:
            x = to_channels(layers.AveragePooling2D(2, padding="same")(x), channels, seeds)
        for _ in range(blocks):
            x = residual_block(x, seeds, depth)
    return layers.Flatten()(x)


def logit_of(x, seeds):
    """D's last layer: features [n, m] → logits [n, 1]."""
    return layers.Dense(1, kernel_initializer=normal(1.0, x.shape[-1], seeds))(x)


def make_discriminator(seed, shape, width=32, blocks=1):
    """D maps images, float32 [n, height, width, channels] in [0, 1], to logits, float32 [n, 1].

    `seed` fixes the weights.
    """
    seeds = seeds_of(seed, sizes_of(shape), blocks)
    image = keras.Input(shape)
    x = features(layers.Rescaling(2.0, -1.0)(image), seeds, width, blocks)
    return keras.Model(image, logit_of(x, seeds), name="discriminator")


def make_optimizer(learning_rate=0.001):
    """Adam without momentum: beta1 is 0, beta2 0.99, as at the end of the paper's runs."""
    return keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
