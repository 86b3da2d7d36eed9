"""gan_tf.metrics.captioned: each part of a caption is read for itself."""

import numpy as np
import pytest

from gan_tf.data import captions, dataset
from gan_tf.metrics import captioned


def test_reading(know_few):
    """The nearest printed digit has its digit, weight and slant nearly always, also of held-out images."""
    know_few(captions.draw)
    pixels, numbers = captions.draw(60_000, 300)
    images = dataset.scaled(pixels)
    found = captioned.rights(images, numbers, "real")
    assert all(value > 0.9 for value, _ in found.values())
    wrong = captioned.rights(images, (numbers + 33) % 40, "real")
    assert wrong["real: digit as said"][0] < 0.1


def test_digit_weight_and_slant_are_read_each_for_itself(monkeypatch):
    """A caption's number is digit + 10 · bold + 20 · slanted. Four digits are right, three weights, two slants."""
    captions = np.array([7, 17, 27, 37, 4])
    read = np.array([27, 7, 27, 18, 34])
    images, seen = np.random.default_rng(0).random([5, 28, 28, 1]), []
    monkeypatch.setattr(captioned, "read_nearest", lambda *given: seen.append(given) or read)
    found = captioned.rights(images, captions, "those")
    assert found == {
        f"those: {name} as said": pytest.approx((right / 5, (right / 5 * (1 - right / 5) / 5) ** 0.5))
        for name, right in (("digit", 4), ("weight", 3), ("slant", 2))
    }
    ((given, name),) = seen
    np.testing.assert_array_equal(given, images)
    assert name == "captions"
