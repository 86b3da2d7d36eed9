"""gan_tf.data.glyphs: shaped, placed and counted as MNIST, and always the same."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import glyphs


@pytest.fixture(scope="module")
def some():
    """The first 4,000 images, [4000, 28, 28], and labels."""
    pixels, labels = glyphs.draw(0, 4000)
    return pixels[..., 0], labels


def off_centre(pixels):
    """How far the centres of mass of images [n, 28, 28] are from pixel (14, 14), along the axis that is worse: [n]."""
    sums = [pixels.sum(axis, dtype=np.float64) for axis in (1, 2)]
    centres = [each @ np.arange(28) / each.sum(1) for each in sums]
    return np.abs(np.subtract(centres, 14)).max(0)


def test_which_glyphs_a_split_has(monkeypatch):
    """As many as MNIST has, and no two splits have one in common. Here the label of a glyph is its number alone."""
    monkeypatch.setattr(
        glyphs, "draw", lambda first, count: (np.zeros([count, 28, 28, 1], np.uint8), first + np.arange(count))
    )
    for split, first, count in [("train", 5000, 55000), ("validation", 0, 5000), ("test", 60000, 10000)]:
        dataset = data.load("glyphs", split=split)
        np.testing.assert_array_equal(dataset.labels, first + np.arange(count))
        assert dataset.pixels.shape == (count, 28, 28, 1) and dataset.name == "glyphs"


def test_they_are_centred_as_the_docstring_says(some):
    """In the first 4,000: more than half a pixel away in 2.8% of all glyphs, at most 0.89."""
    off = off_centre(some[0])
    assert abs((off > 0.5).mean() - 0.028) < 4 * (0.028 * 0.972 / 4000) ** 0.5 and 0.55 < off.max() <= 0.89
    assert "half a pixel in 2.8% of all glyphs, at most 0.89." in " ".join(glyphs.draw.__doc__.split())


@pytest.mark.slow
def test_splits_are_mnists():
    """And all 70,000 are centred as the docstring of `draw` says."""
    off = []
    for split, count in [("train", 55000), ("validation", 5000), ("test", 10000)]:
        dataset = data.load("glyphs", split=split)
        assert dataset.images.shape == (count, 28, 28, 1) and dataset.images.dtype == np.float32
        assert dataset.labels.shape == (count,) and dataset.labels.dtype == np.int64
        assert dataset.name == "glyphs"
        assert dataset.images.min() == 0 and dataset.images.max() == 1
        first = {"train": 5000, "validation": 0, "test": 60000}[split]
        np.testing.assert_array_equal(dataset.pixels[:20], glyphs.draw(first, 20)[0])
        off.append(off_centre(dataset.pixels[..., 0]))
    off = np.concatenate(off)
    assert f"{(off > 0.5).mean():.1%} of all glyphs, at most {np.ceil(off.max() * 100) / 100:.2f}." in " ".join(
        glyphs.draw.__doc__.split()
    )


def test_all_digits_equally_often(some):
    counts = np.bincount(some[1], minlength=10)
    assert (np.abs(counts - 400) < 5 * np.sqrt(400 * 0.9)).all()


def test_placed_as_mnist_places_its_digits(some):
    """Measured on MNIST: centre of mass (14.0, 14.0) ± 0.29, no digit larger than 20 pixels at half grey."""
    pixels = some[0].astype(np.float64)
    mass = pixels.sum((1, 2))
    for axis in (1, 2):
        centre = (pixels.sum(axis) * np.arange(28)).sum(1) / mass
        assert abs(centre.mean() - 14) < 0.03 and 0.25 < centre.std() < 0.33
        assert np.abs(centre - 14).max() < 0.7
        extent = (pixels > 127).any(axis).sum(1)
        assert extent.max() <= 20
    # A 7 hangs low when centred by mass: 1.2% of MNIST's digits reach the bottom row.
    assert (pixels[:, 0] == 0).all() and (pixels[:, :, [0, -1]] == 0).all(), "a digit touches the edge"
    assert (pixels[:, -1] > 0).any(1).mean() < 0.012


def test_anti_aliased(some):
    grey = (some[0] > 0) & (some[0] < 255)
    assert 0.1 < grey.mean() < 0.3


def test_varied(some):
    pixels, labels = some
    for digit in range(10):
        assert len(np.unique(pixels[labels == digit], axis=0)) == (labels == digit).sum()


def test_ones_lean(some):
    """By up to 15 degrees of rotation and up to 0.3 of shear. Without one of them the deviation is 11.4 to 12.5."""
    pixels = some[0][some[1] == 1].astype(np.float64)
    mass, (y, x) = pixels.sum((1, 2)), np.indices([28, 28])
    x, y = (axis - ((pixels * axis).sum((1, 2)) / mass)[:, None, None] for axis in (x, y))
    xx, yy, xy = ((pixels * product).sum((1, 2)) for product in (x * x, y * y, x * y))
    assert 14.4 < np.degrees(np.arctan2(2 * xy, yy - xx) / 2).std() < 16.5


def test_an_image_does_not_depend_on_the_others(some):
    pixels, labels = glyphs.draw(1000, 50)
    np.testing.assert_array_equal(pixels[..., 0], some[0][1000:1050])
    np.testing.assert_array_equal(labels, some[1][1000:1050])


def test_same_in_another_process(some):
    code = "import hashlib; from gan_tf.data import glyphs; print(hashlib.sha256(glyphs.draw(0, 4000)[0]).hexdigest())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == hashlib.sha256(some[0]).hexdigest()
