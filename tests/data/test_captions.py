"""gan_tf.data.captions: the captions are true, and each image is always the same."""

import numpy as np

from gan_tf import data
from gan_tf.data import captions, glyphs


def test_captions():
    assert captions.CAPTIONS[7] == "a seven" and captions.CAPTIONS[12] == "a bold two"
    assert captions.CAPTIONS[20] == "a slanted zero" and captions.CAPTIONS[39] == "a bold slanted nine"
    assert captions.CAPTIONS[8] == "an eight" and captions.CAPTIONS[18] == "a bold eight"
    assert len(set(captions.CAPTIONS)) == 40
    assert captions.vector_of("a bold slanted two") == [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert set(captions.BOLD) | set(captions.SLANTED) < set(glyphs.FONTS)


def test_images():
    """Bold digits have more ink than others of the same slant, and all captions are there."""
    pixels, numbers = captions.draw(0, 4000)
    again, same = captions.draw(3000, 100)
    np.testing.assert_array_equal(again, pixels[3000:3100])
    np.testing.assert_array_equal(same, numbers[3000:3100])
    assert set(numbers) == set(range(40)) and pixels.shape == (4000, 28, 28, 1)
    ink = pixels.reshape(4000, -1).mean(axis=1)
    for slanted in (0, 1):
        plain, bold = (ink[numbers // 10 == 2 * slanted + weight].mean() for weight in (0, 1))
        assert bold > 1.15 * plain


def test_slanted_digits_lean():
    """A straight 1 and a slanted 1: the top is further to the right than the bottom."""
    pixels, numbers = captions.draw(0, 8000)
    pixels = pixels[..., 0]
    x = np.arange(28)

    def lean(images):
        rows = [images[:, part].astype(float).sum(axis=1) for part in (slice(5, 11), slice(17, 23))]
        top, bottom = ((row * x).sum(axis=1) / row.sum(axis=1) for row in rows)
        return (top - bottom).mean()

    assert lean(pixels[numbers == 21]) > lean(pixels[numbers == 1]) + 1


def test_it_can_be_loaded():
    test = data.load("captions", split="test")
    assert test.pixels.shape == (10_000, 28, 28, 1) and test.name == "captions" and test.labels.max() == 39
