"""Claim: a transposed convolution with stride 2 is an ordinary convolution of the image with zeros in between.

python -m experiments.theory.fractional_strides

DCGAN's generator enlarges images by "fractionally strided" convolutions: `keras.layers.Conv2DTranspose`. With stride s
and a kernel of k pixels, this is the same as:

    1. put s - 1 zeros between each pixel and the next, and k - 1 zeros around the image;
    2. turn the kernel by 180 degrees;
    3. convolve with stride 1.

So the window moves by 1/s of a pixel of the small image at a time: hence the name. An image of n pixels becomes one of
(n - 1) s + k. (With padding="same", as in dcgan.py, Keras then cuts the border off, so that n s pixels are left.) It is
also the transpose of a matrix: if C is the matrix of the convolution with stride s that shrinks the large image, then
the transpose of C enlarges the small one. Source: Dumoulin and Visin 2016 (arXiv:1603.07285), chapter 4.

The example is the one that most introductions draw: 3x3 becomes 7x7 with a kernel of 3x3 and stride 2. All its numbers
are small integers, so that the results must be equal exactly.
"""

import numpy as np

from experiments.theory import claim

CLAIM = "A transposed convolution is a convolution of the image with zeros put between its pixels."
IMAGE = np.arange(1, 10).reshape(3, 3)
KERNEL = np.array([[1, 2, 0], [0, 1, -1], [3, 0, 1]])


def with_zeros(image, stride, size):
    """Puts stride - 1 zeros between the pixels of `image` [h, w], and size - 1 zeros around it."""
    between = np.zeros([(n - 1) * stride + 1 for n in image.shape], image.dtype)
    between[::stride, ::stride] = image
    return np.pad(between, size - 1)


def convolve(image, kernel, stride=1):
    """Convolution as neural networks do it, without turning the kernel; only where the kernel fits. Both are 2-D."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)[::stride, ::stride]
    return np.einsum("abij,ij->ab", windows, kernel)


def by_keras(image, kernel, stride):
    """The same image by `keras.layers.Conv2DTranspose`."""
    import keras

    layer = keras.layers.Conv2DTranspose(1, kernel.shape[0], stride, use_bias=False)
    layer.build([None, *image.shape, 1])
    layer.kernel.assign(kernel[:, :, None, None])
    return layer(image[None, :, :, None].astype(np.float32)).numpy()[0, :, :, 0]


def matrix(shape, kernel, stride):
    """The matrix C of `convolve` with `stride` for images of `shape`.

    Column j is the result for an image whose only pixel that is not 0 is number j.
    """
    pixels = np.eye(np.prod(shape)).reshape(-1, *shape)
    return np.array([convolve(pixel, kernel, stride).ravel() for pixel in pixels]).T


def measure(report):
    """Compares Keras's layer with zeros and a convolution, and with the matrix; draws the example."""
    import matplotlib.figure

    enlarged, zeros = by_keras(IMAGE, KERNEL, 2), with_zeros(IMAGE, 2, 3)
    ours = convolve(zeros, KERNEL[::-1, ::-1])
    report.check("3x3, kernel 3x3, stride 2: pixels on a side", 7, enlarged.shape[0], 0)
    report.check("of its 49 numbers, equal to zeros and convolution", 49, (enlarged == ours).sum(), 0)
    transposed = matrix([7, 7], KERNEL, 2).T @ IMAGE.ravel()
    report.check("equal to the transposed matrix", 49, (enlarged.ravel() == transposed).sum(), 0)
    unturned = convolve(zeros, KERNEL)
    report.check_between("control, kernel not turned: equal numbers", 0, 40, (enlarged == unturned).sum())
    repeated = convolve(np.pad(IMAGE.repeat(2, 0).repeat(2, 1)[:5, :5], 2), KERNEL[::-1, ::-1])
    report.check_between("control, pixels repeated instead of zeros", 0, 40, (enlarged == repeated).sum())
    random = np.random.default_rng(0)
    for size, stride, pixels in ((5, 2, 7), (4, 2, 7), (5, 3, 4)):
        image, kernel = random.normal(size=[pixels, pixels]), random.normal(size=[size, size])
        expected = convolve(with_zeros(image, stride, size), kernel[::-1, ::-1])
        error = np.abs(by_keras(image, kernel, stride) - expected).max() / np.abs(expected).max()
        report.check_between(f"{pixels}x{pixels}, kernel {size}x{size}, stride {stride}: largest error", 0, 1e-6, error)
    for size in (5, 4):
        touched = by_keras(np.ones([7, 7]), np.ones([size, size]), 2)[size:-size, size:-size]
        report.note(f"kernel {size}x{size}, stride 2: how many products make a pixel", _range(touched))

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.4))
    figure.suptitle("A transposed convolution: 3x3 becomes 7x7")
    panels = figure.subplots(1, 4, width_ratios=[3, 9, 3, 7])
    titles = ("image", "with zeros\nbetween and around", "kernel,\nturned", "convolution of\nboth: 7x7")
    for axes, title, numbers in zip(panels, titles, (IMAGE, zeros, KERNEL[::-1, ::-1], ours), strict=True):
        axes.imshow(
            np.where(numbers == 0, np.nan, np.abs(numbers)), cmap="Blues", vmin=0, vmax=2 * np.abs(numbers).max()
        )
        for (y, x), number in np.ndenumerate(numbers):
            axes.text(x, y, int(number), ha="center", va="center", fontsize=7, color="0.6" if number == 0 else "black")
        axes.set(title=title, xticks=[], yticks=[], frame_on=False)
        axes.grid(False)
    return figure


def _range(values):
    return f"{int(values.min())} to {int(values.max())}"


if __name__ == "__main__":
    claim.run(measure, CLAIM)
