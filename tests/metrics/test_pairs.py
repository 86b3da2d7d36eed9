"""gan_tf.metrics.pairs: images next to those that they were made of, or next to others."""

import dataclasses

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import dataset, heads
from gan_tf.metrics import classifier, pairs, scores

RANDOM = np.random.default_rng(0)


def test_by_hand():
    pixels = RANDOM.integers(0, 256, [200, 28, 28, 1], np.uint8)
    originals = dataset.scaled(pixels)
    noise = np.where(np.arange(200) % 2, 0.1, 0.01)[:, None, None, None]  # PSNR 20 and 40
    made = (originals + noise).astype(np.float32)
    model, _ = classifier.load_classifier()
    read = classifier.activations(model, made)[1].argmax(axis=1)
    labels = np.where(np.arange(200) < 150, read, (read + 1) % 10)
    test = dataset.make("noise", "", pixels, labels, map(str, range(10)), "mnist")
    found = pairs.compare(made, test, "copies")
    assert found["copies: PSNR"][0] == pytest.approx(30, abs=1e-3)
    assert found["copies: difference of a pixel"][0] == pytest.approx(0.055, abs=1e-6)
    assert found["copies: read as the right digit"] == pytest.approx((0.75, (0.75 * 0.25 / 200) ** 0.5))
    without = pairs.compare(made, dataclasses.replace(test, classifier=None), "copies")
    assert without == {name: found[name] for name in ("copies: difference of a pixel", "copies: PSNR")}


def test_heads_are_read_by_their_own_reader():
    """The words and the features are the reader's, also of mirrored heads. A quarter of the labels is wrong."""
    pixels, attributes = heads.draw(20_000, 40)
    labels = np.where(np.arange(40) < 10, (attributes["hair"] + 1) % 8, attributes["hair"])
    some = dataset.make("heads", "", pixels, labels, heads.ATTRIBUTES["hair"], "heads")
    found = pairs.compare(some.images[:, :, ::-1], some, "mirrored")
    assert found["mirrored: read as the right hair colour"][0] == pytest.approx(0.75, abs=0.06)
    model, _ = classifier.load_classifier("heads")
    ours, theirs = (classifier.activations(model, each)[0] for each in (some.images[:, :, ::-1], some.images))
    expected = scores.frechet_distance(theirs, ours)
    assert expected > 0.1 and found["mirrored: FID to the originals"][0] == pytest.approx(expected, rel=1e-6)
    assert pairs.distance(some.images[:, :, ::-1], some.images, "heads")[0] == pytest.approx(expected, rel=1e-6)


def test_originals_are_perfect():
    """FID 0, and PSNR as high as it can be; other images are far away."""
    pixels = RANDOM.integers(0, 256, [2, 300, 28, 28, 1], np.uint8)
    test = dataset.make("noise", "", pixels[0], classifier="mnist")
    same, other = (pairs.compare(dataset.scaled(each), test, "x") for each in pixels)
    assert same["x: FID to the originals"][0] == pytest.approx(0, abs=1e-6) and same["x: PSNR"][0] == 100
    assert other["x: FID to the originals"][0] > 1e-3 and other["x: PSNR"][0] == pytest.approx(7.8, abs=0.2)


def test_distance_and_reading():
    """FID is 0 to the same images and grows with noise; readings are those of the classifier's own accuracy."""
    test = data.load("glyphs", split="test")
    images, labels = test.images[:500], test.labels[:500]
    assert pairs.distance(images, images)[0] == pytest.approx(0, abs=1e-3)
    noise = np.random.default_rng(0).random(images.shape).astype(np.float32)
    half, whole = (pairs.distance((1 - part) * images + part * noise, images)[0] for part in (0.5, 1))
    assert 1 < half < whole
    share, error = pairs.read_right(images, labels)
    assert share > 0.9 and error == pytest.approx((share * (1 - share) / 500) ** 0.5)
    assert pairs.read_right(images, (labels + 1) % 10)[0] < 0.1


def test_enlarge():
    """A slope stays a slope within the image, and the mean of a smooth image stays."""
    slope = np.tile(np.linspace(0.2, 0.8, 7, dtype=np.float32), [7, 1])
    found = pairs.enlarge(slope[None, :, :, None], 4)[0, :, :, 0]
    np.testing.assert_allclose(np.diff(found[12:16, 10:18], axis=1), 0.1 / 4, atol=2e-3)
    assert found.min() >= 0 and found.max() <= 1 and found.dtype == np.float32


def test_enlarge_keeps_images_and_channels_apart():
    """Height, width and channels differ. Each channel of each image is enlarged as if it were alone."""
    small = RANDOM.random([2, 4, 6, 3], np.float32)
    found = pairs.enlarge(small, 3)
    assert found.shape == (2, 12, 18, 3)
    for i, channel in np.ndindex(2, 3):
        alone = pairs.enlarge(small[i : i + 1, :, :, channel : channel + 1], 3)
        np.testing.assert_allclose(found[i, :, :, channel], alone[0, :, :, 0], atol=1e-6)
