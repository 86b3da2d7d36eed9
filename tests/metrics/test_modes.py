"""gan_tf.metrics.modes: classes of three digits, how many there are, and how evenly."""

import math

import numpy as np
import pytest

from gan_tf import data
from gan_tf.metrics import classifier, modes


def test_real_pictures_are_read(mnist_dir):
    """The classifier reads 99.5% of digits, so about 98.5% of three; red is the first digit of the class."""
    test, (model, _) = data.load("stacked_mnist", mnist_dir, "test"), classifier.load_classifier()
    read = modes.read(model, test.pixels[:2000] / np.float32(255))
    assert read.dtype == np.int64 and (read == test.labels[:2000]).mean() > 0.97


def test_counts_and_divergence_by_hand():
    found = modes.measure(np.array([0, 0, 0, 999]))
    assert found["modes"] == (2, None)
    expected = 0.75 * math.log(0.75 * 1000) + 0.25 * math.log(0.25 * 1000)
    assert found["modes_divergence"] == (pytest.approx(expected, rel=1e-12), None)
    assert modes.measure(np.arange(1000)) == {"modes": (1000, None), "modes_divergence": (pytest.approx(0), None)}


def test_as_many_samples_as_in_the_papers():
    assert [modes.usual_count(name) for name in ("stacked_mnist", "mnist", "custom")] == [26_000, 10_000, 10_000]


def test_by_chance_alone():
    """A perfect generator has 999 / (2 · 26,000), with a standard deviation of √(999 / 2) / 26,000."""
    read = np.random.default_rng(0).integers(0, 1000, 26_000)
    found = modes.measure(read)
    assert found["modes"][0] == 1000
    assert abs(found["modes_divergence"][0] - 999 / 52_000) < 4 * math.sqrt(999 / 2) / 26_000
