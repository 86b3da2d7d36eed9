"""gan_tf.grids against the figure that the reference draws."""

import time

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from gan_tf import grids


def reference_figure(images, path):
    """The reference's look, drawn by matplotlib: 4x4 inches, spacing 0.05, no axes, tight.

    Cells unsmoothed ("nearest"), matplotlib's default of 2017; today it smooths where it enlarges little.
    """
    figure = matplotlib.figure.Figure(figsize=(4, 4))
    grid = figure.add_gridspec(4, 4, wspace=0.05, hspace=0.05)
    for cell, image in zip(grid, images, strict=True):
        axes = figure.add_subplot(cell)
        axes.axis("off")
        axes.imshow(image.reshape(28, 28), cmap="Greys_r", interpolation="nearest")
    figure.savefig(path, dpi=100, bbox_inches="tight")


def read(path):
    """The pixels of a PNG as int [h, w, 4]."""
    return np.asarray(Image.open(path).convert("RGBA")).astype(int)


def test_looks_like_the_reference(tmp_path):
    """One pixel narrower; and column by column, moved by the pixel where cells begin, the same picture."""
    images = np.random.default_rng(0).uniform(0.2, 0.7, [16, 28, 28, 1]).astype(np.float32)
    seconds = {grids.save_grid: [], reference_figure: []}
    for _ in range(3):
        for draw, name in ((grids.save_grid, "ours.png"), (reference_figure, "reference.png")):
            start = time.process_time()
            draw(images, tmp_path / name)
            seconds[draw].append(time.process_time() - start)
    assert min(seconds[reference_figure]) > 5 * min(seconds[grids.save_grid])  # measured: 17 to 50 times
    ours, reference = read(tmp_path / "ours.png"), read(tmp_path / "reference.png")
    assert ours.shape == (328, 328, 4)
    assert np.abs(np.subtract(ours.shape, reference.shape)).max() <= 1
    assert (ours[..., 3] == 255).all()
    # The middle of every one of the 16 * 784 pixels, at its place in either picture.
    middle = (np.arange(28) + 0.5) / 28
    starts = 10 + 78 * np.arange(4)
    at = np.floor(starts[:, None] + 74 * middle).astype(int).ravel()
    dark = (reference[..., 0] < 255).any(0)
    edges = np.flatnonzero(np.diff(dark.astype(int)))
    columns = (edges[::2, None] + 1 + (edges[1::2] - edges[::2])[:, None] * middle).astype(int).ravel()
    same = ours[np.ix_(at, at)] == reference[np.ix_(at, columns)]
    assert same.mean() > 0.995


def test_each_cell_on_its_own_scale(tmp_path):
    images = np.zeros([16, 28, 28, 1])
    images[3, :14], images[3, 14:] = 0.50, 0.51  # stretched to black and white
    images[5] = 0.9  # one value only: black, as in matplotlib
    grids.save_grid(images, tmp_path / "grid.png")
    picture = read(tmp_path / "grid.png")[..., 0]
    cell = picture[10 : 10 + 74, 10 + 3 * 78 : 10 + 3 * 78 + 74]
    assert (cell[:37] == 0).all() and (cell[37:] == 255).all()
    assert (picture[88 : 88 + 74, 88 : 88 + 74] == 0).all()
    assert (picture[:10] == 255).all() and (picture[84:88] == 255).all()


def test_any_number_of_cells(tmp_path):
    grids.save_grid(np.zeros([6, 28, 28, 1]), tmp_path / "grid.png", columns=3)
    assert read(tmp_path / "grid.png").shape[:2] == (2 * 78 - 4 + 20, 3 * 78 - 4 + 20)


def test_wrong_shape(tmp_path):
    with pytest.raises(ValueError):
        grids.save_grid(np.zeros([5, 28, 28, 1]), tmp_path / "grid.png")


def test_no_figure_is_left(tmp_path):
    import matplotlib.pyplot as plt

    grids.save_grid(np.zeros([16, 28, 28, 1]), tmp_path / "grid.png")
    assert plt.get_fignums() == []


def test_spread_by_hand():
    """Two pixels that are 0, 0 and 3 in three images have the deviation sqrt(2), the 782 others none."""
    images = np.zeros([3, 28, 28, 1])
    images[2, 0, :2] = 3
    assert grids.spread(images) == pytest.approx(2 * np.sqrt(2) / 784, rel=1e-12)
    assert grids.spread(np.tile(np.arange(784) / 1024, [4, 1])) == 0, "images that are all the same"


def test_names_of_grids():
    assert [grids.grid_name(index) for index in (0, 12, 999, 1000)] == ["000.png", "012.png", "999.png", "1000.png"]


def test_a_grid_is_read_as_it_was_written(tmp_path):
    """Of any number of rows and columns; what has other sizes than a grid, or far too many cells, is none."""
    images = np.random.default_rng(1).uniform(0, 1, [6, 28, 28, 1])
    for columns in (1, 2, 3, 6):
        grids.save_grid(images, tmp_path / "grid.png", columns)
        found = grids.read_grid(tmp_path / "grid.png", (28, 28, 1))
        np.testing.assert_array_equal(found[..., 0], read(tmp_path / "grid.png")[..., 0])
    for size in ((94, 95), (95, 94), (16, 94), (94, 16), (94, 16 + 78 * 1001)):
        Image.new("L", size).save(tmp_path / "other.png")
        assert grids.read_grid(tmp_path / "other.png", (28, 28, 1)) is None, size
    Image.new("L", (94, 16 + 78 * 1000)).save(tmp_path / "other.png")
    assert grids.read_grid(tmp_path / "other.png", (28, 28, 1)) is not None


def test_an_image_is_rounded_to_bytes(tmp_path):
    """0 is black, 1 white."""
    for shape in ((28, 28, 1), (5, 7, 3)):
        values = np.linspace(0, 1, np.prod(shape)).reshape(shape)
        grids.save_image(values, tmp_path / "image.png")
        found = np.asarray(Image.open(tmp_path / "image.png"))
        np.testing.assert_array_equal(found.reshape(shape), np.rint(255 * values))


@pytest.mark.parametrize(
    ("size", "cell"),
    [
        ((28, 28), (74, 74)),
        ((32, 32), (74, 74)),
        ((37, 37), (74, 74)),
        ((38, 38), (38, 38)),
        ((64, 64), (64, 64)),
        ((128, 128), (128, 128)),
        ((20, 30), (49, 74)),
        ((20, 40), (20, 40)),
        ((30, 90), (30, 90)),
    ],
)
def test_small_pictures_are_enlarged_to_the_scripts_cell(size, cell):
    """Only to twice their size or more; and with their own proportions."""
    assert grids.cell_size(*size) == cell


@pytest.mark.parametrize(("height", "width"), [(64, 48), (7, 10)])
def test_colours_are_drawn_as_they_are(tmp_path, height, width):
    """Nothing is stretched; each picture at its place, rows of three; and the grid is read again."""
    images = np.random.default_rng(2).integers(50, 200, [6, height, width, 3])
    grids.save_grid(images / 255, tmp_path / "grid.png", columns=3)
    found = grids.read_grid(tmp_path / "grid.png", (height, width, 3))
    np.testing.assert_array_equal(found, read(tmp_path / "grid.png")[..., :3])
    cell_height, cell_width = grids.cell_size(height, width)
    assert found.shape == (2 * cell_height + 4 + 20, 3 * cell_width + 2 * 4 + 20, 3)
    for index, image in enumerate(images):
        top, left = 10 + index // 3 * (cell_height + 4), 10 + index % 3 * (cell_width + 4)
        cell = found[top : top + cell_height, left : left + cell_width]
        rows, columns = np.arange(cell_height) * height // cell_height, np.arange(cell_width) * width // cell_width
        np.testing.assert_array_equal(cell, image[np.ix_(rows, columns)])
    assert (found[:10] == 255).all() and (found[:, 10 + cell_width : 14 + cell_width] == 255).all()
    assert grids.read_grid(tmp_path / "grid.png", (height + 1, width, 3)) is None
