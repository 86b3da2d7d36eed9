"""The grid of samples, as the script's `plot` and `savefig` draw it, for pictures of any size, grey or in colour."""

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
    """How much `images`, [n, …], differ: the standard deviation of each pixel over them, averaged over the pixels.

    0 if all are the same image. About 0.17 for 16 images of MNIST in [0, 1], 0.19 for many: compare equal numbers.
    """
    return float(np.std(np.asarray(images, np.float64), axis=0).mean())


def cell_size(height, width):
    """Returns (height, width) of a grid's cell, in pixels, for pictures of this size.

    Small pictures are enlarged: their longer side fills the script's cell. Those that would grow to less than twice
    their size keep it, because repeating only some of the pixels would distort them.
    """
    times = max(1, CELL / max(height, width))
    return (height, width) if times < 2 else (round(height * times), round(width * times))


def grid(images, columns=4):
    """Puts `images` into rows of `columns`, as one picture float64 [height, width, channels] in [0, 1], 0 = black.

    `images` is [n, height, width, channels], n a multiple of `columns`. As in the script, each grey image is stretched
    to its own minimum and maximum, so that a faint image looks as strong as a clear one; it may have any finite values.
    A cell of one value only is black. Images in colour stay as they are, in [0, 1]. Raises ValueError if the images do
    not fill the rows.
    """
    images = np.asarray(images, np.float64)
    images = images.reshape(-1, columns, *images.shape[1:])
    if images.shape[-1] == 1:
        low = images.min(axis=(2, 3), keepdims=True)
        extent = images.max(axis=(2, 3), keepdims=True) - low
        images = np.divide(images - low, extent, out=np.zeros_like(images), where=extent > 0)

    # The pixel of the image that each pixel of the cell shows, downwards and to the right.
    sizes = images.shape[2:4]
    places = [np.arange(cell) * size // cell for cell, size in zip(cell_size(*sizes), sizes, strict=True)]
    (cell_height, cell_width), rows = map(len, places), len(images)
    height, width = (2 * BORDER + n * (cell + GAP) - GAP for n, cell in ((rows, cell_height), (columns, cell_width)))
    canvas = np.ones([height, width, images.shape[-1]])
    for row in range(rows):
        for column in range(columns):
            top, left = BORDER + row * (cell_height + GAP), BORDER + column * (cell_width + GAP)
            canvas[top : top + cell_height, left : left + cell_width] = images[row, column][np.ix_(*places)]
    return canvas


def save_grid(images, path, columns=4):
    """Writes `grid(images, columns)` as a PNG. The script draws 16 images in 4 columns.

    The picture is put together from arrays, because a matplotlib figure takes more than five times as long.
    """
    # Greys_r colours a picture without channels.
    matplotlib.image.imsave(path, _without_grey(grid(images, columns)), cmap="Greys_r", vmin=0, vmax=1)


def read_grid(file, shape):
    """Returns a grid of pictures of `shape`, (height, width, channels), that `save_grid` wrote.

    It is uint8 [height, width, channels]; None if `file` is damaged or something else.
    """
    if isinstance(file, pathlib.Path) and not file.is_file():  # reading from a pipe could wait for ever
        return None
    *size, channels = shape
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of huge pictures
            with PIL.Image.open(file) as picture:
                rows, columns = (
                    (whole - 2 * BORDER + GAP) / (cell + GAP)
                    for whole, cell in zip((picture.height, picture.width), cell_size(*size), strict=True)
                )
                # A small file can hold a picture that fills the memory.
                is_grid = rows % 1 == columns % 1 == 0 and 0 < rows * columns <= MOST_IMAGES
                return _with_channels(picture, channels) if is_grid else None
    except Exception:  # PIL has one of its own for each kind of damage
        return None


def save_image(image, path):
    """Writes one image, [height, width, channels] in [0, 1], as a PNG of its own size."""
    pixels = np.round(255 * np.asarray(image, np.float64)).astype(np.uint8)
    PIL.Image.fromarray(_without_grey(pixels)).save(path)


def _without_grey(picture):
    """[height, width, 1] → [height, width], which is how libraries want grey pictures; colours stay."""
    return picture[:, :, 0] if picture.shape[-1] == 1 else picture


def _with_channels(picture, channels):
    """A PIL picture as uint8 [height, width, channels]."""
    return np.asarray(picture.convert("L" if channels == 1 else "RGB")).reshape(picture.height, picture.width, channels)
