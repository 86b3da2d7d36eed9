"""gan_tf.metrics.translated: which images, digits and networks each score is of."""

import numpy as np
import pytest

from gan_tf.data import dataset, glyphs
from gan_tf.metrics import translated
from gan_tf.metrics.pairs import read_nearest


def test_reading_printed_digits(know_few):
    """By the nearest of those that are known."""
    know_few(glyphs.draw)
    pixels, labels = glyphs.draw(60_000, 300)
    found = read_nearest(dataset.scaled(pixels), "glyphs")
    assert 0.9 < (found == labels).mean() < 1.0001


def test_which_digits_are_measured(monkeypatch):
    """Each row of the scores has the images, the digits and the real images that its name says."""
    random = np.random.default_rng(6)
    printed, known = random.random([7, 28, 28, 1], np.float32), random.random([3, 28, 28, 1], np.float32)
    digits = np.array([3, 1, 4, 1, 5, 9, 2])
    pixels, labels = random.integers(0, 256, [5, 28, 28, 1], np.uint8), np.array([6, 5, 3, 5, 8])
    monkeypatch.setattr(translated, "held_out", lambda: (printed, digits))
    monkeypatch.setattr(translated, "known", lambda name: {"glyphs": (known, None)}[name])

    def sums(images):
        return tuple(np.asarray(images, np.float64).sum(axis=(1, 2, 3)).round(2))

    monkeypatch.setattr(translated, "read_right", lambda images, asked: (sums(images), tuple(asked)))
    monkeypatch.setattr(translated, "distance", lambda made, real: (sums(made), sums(real)))
    monkeypatch.setattr(translated, "compare", lambda made, test, what: {what: (sums(made), sums(test.images))})

    def read_nearest(images, name):  # as many are right as images are bright, so each set has its own share
        assert name == "glyphs"
        asked = digits if len(images) == 7 else labels
        return np.where(np.asarray(images).mean(axis=(1, 2, 3)) > 0.5, asked, -1)

    monkeypatch.setattr(translated, "read_nearest", read_nearest)

    def to_written(images):
        return 0.5 * images

    def to_printed(images):
        return 1 - 0.25 * images

    test = dataset.make("mnist", "", pixels, labels, classifier="mnist")
    found, written = translated.scores_of_digits(to_written, to_printed, test), test.images
    right, near, fid = ": read as the right digit", ": nearest printed digit is right", ": FID to"
    handwritten, made = to_written(printed), to_printed(written)
    expected = {}
    for what, images, asked in (
        ("handwritten", handwritten, digits),
        ("not handwritten", printed, digits),
        ("real handwritten", written, labels),
    ):
        expected[what + right] = sums(images), tuple(asked)
        if what != "real handwritten":
            expected[f"{what}{fid} handwritten digits"] = sums(images), sums(written)
    for what, images, asked in (
        ("printed", made, labels),
        ("not printed", written, labels),
        ("real printed", printed, digits),
    ):
        expected[what + right] = sums(images), tuple(asked)
        share = (images.mean(axis=(1, 2, 3)) > 0.5).mean()
        expected[what + near] = pytest.approx((share, (share * (1 - share) / len(images)) ** 0.5))
        expected[f"{what}{fid} printed digits"] = sums(images), sums(known)
    expected["printed and back"] = sums(to_written(made)), sums(written)
    assert found == expected and list(found) == list(expected)
    assert len({found[f"{what}{near}"][0] for what in ("printed", "not printed", "real printed")}) > 1
