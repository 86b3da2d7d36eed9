"""gan_tf.data.stacked: three digits in one picture, a function of the index alone."""

import hashlib

import numpy as np
import pytest
from conftest import write_idx, write_idx_folder

from gan_tf import data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """MNIST's format with 300 and 40 pictures of noise, whose first pixel is the label."""
    folder, random = tmp_path_factory.mktemp("digits"), np.random.default_rng(0)
    for part, count in (("train", 300), ("t10k", 40)):
        images, labels = random.integers(0, 256, [count, 28, 28], np.uint8), random.integers(0, 10, count, np.uint8)
        labels[:10], images[:, 0, 0] = np.arange(10), labels
        write_idx(folder / f"{part}-images-idx3-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    return folder


@pytest.mark.parametrize(("split", "count"), [("train", 128_000), ("test", 26_000)])
def test_three_digits_of_the_same_split(split, count, folder):
    stacked, digits = data.load("stacked_mnist", folder, split), data.load("mnist", folder, split)
    assert len(stacked.pixels) == count and stacked.pixels.shape == (count, 28, 28, 3) == (count, *stacked.shape)
    assert stacked.pixels.dtype == np.uint8 and stacked.pixels.nbytes == count * 28 * 28 * 3
    known, some = {each.tobytes() for each in digits.pixels[..., 0]}, stacked.pixels[100:600]
    for colour in range(3):
        assert {each.tobytes() for each in np.ascontiguousarray(some[..., colour])} <= known
    # The first pixel is the label of its digit; red is the first digit of the class.
    np.testing.assert_array_equal(stacked.labels[100:600], some[:, 0, 0].astype(int) @ [100, 10, 1])
    assert stacked.labels.shape == (count,) and len(np.unique(stacked.labels)) > 990
    assert [stacked.classes[507], stacked.classes[7], len(stacked.classes)] == ["507", "007", 1000]
    assert stacked.classifier is None


def test_digits_are_drawn_independently_and_equally_often(folder):
    """Five standard deviations of a binomial number; and the three colours are not the same."""
    some = data.load("stacked_mnist", folder).pixels[:20_000].reshape(20_000, -1, 3)
    digits = data.load("mnist", folder).pixels.reshape(300, -1)
    places = {each.tobytes(): place for place, each in enumerate(digits)}
    parts = np.array([[places[np.ascontiguousarray(each[:, c]).tobytes()] for c in range(3)] for each in some])
    for colour in range(3):
        counts = np.bincount(parts[:, colour], minlength=300)
        assert np.abs(counts - 20_000 / 300).max() < 5 * (20_000 / 300) ** 0.5
        same = (parts[:, colour] == parts[:, colour - 1]).sum()
        assert abs(same - 20_000 / 300) < 5 * (20_000 / 300) ** 0.5


def test_an_index_is_one_of_numpys(folder):
    pixels = data.load("stacked_mnist", folder).pixels
    first = pixels[:9]
    assert first.shape == (9, 28, 28, 3) and first.flags.c_contiguous
    np.testing.assert_array_equal(pixels[np.array([7, 2, 7])], first[[7, 2, 7]])
    np.testing.assert_array_equal(pixels[4], first[4])
    np.testing.assert_array_equal(pixels[1:9:3], first[1::3])
    part = type(pixels)(np.zeros([3, 28, 28, 1], np.uint8), np.zeros([5, 3], int))
    assert np.asarray(part).shape == (5, 28, 28, 3) and np.asarray(part).dtype == np.uint8
    assert np.asarray(part, np.float32).dtype == np.float32


def test_always_the_same_and_other_digits_are_another_set(folder, tmp_path):
    one, two = data.load("stacked_mnist", folder), data.load("stacked_mnist", folder)
    np.testing.assert_array_equal(one.pixels[-50:], two.pixels[-50:])
    assert one.digest == two.digest and len(one.digest) == 64
    write_idx_folder(tmp_path, train=300, test=40)
    assert data.load("stacked_mnist", tmp_path).digest != one.digest
    assert data.load("stacked_mnist", folder, "test").digest != one.digest
    assert one.name == "custom"
    empty = data.load("stacked_mnist", folder, "validation")
    assert empty.pixels.shape == (0, 28, 28, 3) and np.asarray(empty.pixels).shape == (0, 28, 28, 3)


def test_mnists_own(mnist_dir):
    """The pictures that everybody has, whatever the version of NumPy."""
    stacked = data.load("stacked_mnist", mnist_dir, "test")
    assert stacked.name == "stacked_mnist"
    digest = "7fbd4210e07bdf0b18249a90151bbadb7ff4d222b0040c2f8c32337050dbd03e"
    assert hashlib.sha256(stacked.pixels[:1000]).hexdigest() == digest
    assert stacked.labels[:5].tolist() == [629, 202, 619, 492, 9]


@pytest.mark.parametrize("what", ["labels", "size"])
def test_other_pictures_are_refused(what, tmp_path):
    size, random = 32 if what == "size" else 28, np.random.default_rng(0)
    for part in ("train", "t10k"):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", random.integers(0, 256, [20, size, size], np.uint8))
        if what == "size":
            write_idx(tmp_path / f"{part}-labels-idx1-ubyte", np.arange(20, dtype=np.uint8) % 10)
    with pytest.raises(data.DataError, match="--dataset=stacked_mnist needs digits of ten classes"):
        data.load("stacked_mnist", tmp_path)
