"""The grid of samples, as the script's `plot` and `savefig` draw it."""

import pathlib
import warnings

import matplotlib.image
import numpy as np
import PIL.Image

# What a 4x4 inch figure at 100 dpi with spacing 0.05, cropped by bbox_inches="tight", comes to in pixels.
CELL, GAP, BORDER = 74, 4, 10
MOST_IMAGES = 1000  # in a grid that `read_grid` reads


def grid_name(index):
    """The script's name for grid `index`: 000.png, 001.png, …, 1000.png."""
    return f"{index:03}.png"


def spread(images):
    """How much `images`, [n, 784], differ: the standard deviation of each pixel over them, averaged over the pixels.

    0 if all are the same image. About 0.17 for 16 images of MNIST in [0, 1], 0.19 for many: compare equal numbers.
    """
    return float(np.std(np.asarray(images, np.float64), axis=0).mean())


def grid(images, columns=4):
    """Puts `images` into rows of `columns`, as one picture float64 [height, width] in [0, 1], 0 = black.

    `images` is [n, 784], any finite values, n a multiple of `columns`. As in the script, each cell is stretched to
    its own minimum and maximum, so that a faint image looks as strong as a clear one. A cell of one value only is
    black. Raises ValueError if the images do not fill the rows.
    """
    images = np.asarray(images, np.float64).reshape(-1, columns, 28, 28)
    low = images.min(axis=(2, 3), keepdims=True)
    extent = images.max(axis=(2, 3), keepdims=True) - low
    images = np.divide(images - low, extent, out=np.zeros_like(images), where=extent > 0)

    pitch = CELL + GAP
    rows = len(images)
    height, width = (2 * BORDER + n * pitch - GAP for n in (rows, columns))
    canvas = np.ones([height, width])
    nearest = np.arange(CELL) * 28 // CELL  # the pixel of the image that each pixel of the cell shows
    for row in range(rows):
        for column in range(columns):
            top, left = BORDER + row * pitch, BORDER + column * pitch
            canvas[top : top + CELL, left : left + CELL] = images[row, column][np.ix_(nearest, nearest)]
    return canvas


def save_grid(images, path, columns=4):
    """Writes `grid(images, columns)` as a PNG. The script draws 16 images in 4 columns.

    The picture is put together from arrays, because a matplotlib figure takes more than five times as long.
    """
    matplotlib.image.imsave(path, grid(images, columns), cmap="Greys_r", vmin=0, vmax=1)


def read_grid(file):
    """Returns a grid that `save_grid` wrote, uint8 [height, width]; None if `file` is damaged or something else."""
    if isinstance(file, pathlib.Path) and not file.is_file():  # reading from a pipe could wait for ever
        return None
    pitch = CELL + GAP
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of huge pictures
            with PIL.Image.open(file) as picture:
                rows, columns = ((size - 2 * BORDER + GAP) / pitch for size in (picture.height, picture.width))
                # A small file can hold a picture that fills the memory.
                is_grid = rows % 1 == columns % 1 == 0 and 0 < rows * columns <= MOST_IMAGES
                return np.asarray(picture.convert("L")) if is_grid else None
    except Exception:  # PIL has one of its own for each kind of damage
        return None


def save_image(image, path):
    """Writes one image, 784 numbers in [0, 1], as a grayscale PNG of 28x28 pixels, 0 black and 1 white."""
    pixels = np.round(255 * np.asarray(image, np.float64)).astype(np.uint8)
    PIL.Image.fromarray(pixels.reshape(28, 28)).save(path)
