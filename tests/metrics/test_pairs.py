"""gan_tf.metrics.pairs: images next to those that they were made of, or next to others."""

import dataclasses

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import dataset, glyphs, heads
from gan_tf.metrics import classifier, pairs, scores

RANDOM = np.random.default_rng(0)


def test_by_hand():
    pixels = RANDOM.integers(0, 256, [200, 28, 28, 1], np.uint8)
    originals = dataset.scaled(pixels)
    noise = np.where(np.arange(200) % 2, 0.1, 0.01)[:, None, None, None]  # PSNR 20 and 40
    made = (originals + noise * RANDOM.choice([-1, 1], originals.shape)).astype(np.float32)
    model, _ = classifier.load_classifier()
    read = classifier.activations(model, made)[1].argmax(axis=1)
    labels = np.where(np.arange(200) < 150, read, (read + 1) % 10)
    test = dataset.make("noise", "", pixels, labels, map(str, range(10)), "mnist")
    found = pairs.compare(made, test, "copies")
    error = 0.5 / 199**0.5  # the standard error of 200 numbers, half of them 0, half of them 1
    assert found["copies: PSNR"] == pytest.approx((30, 20 * error), rel=1e-4)
    assert found["copies: difference of a pixel"] == pytest.approx((0.055, 0.09 * error), rel=1e-5)
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
    pixels, labels = glyphs.draw(60_000, 500)
    images = dataset.scaled(pixels)
    assert pairs.distance(images, images)[0] == pytest.approx(0, abs=1e-3)
    noise = np.random.default_rng(0).random(images.shape).astype(np.float32)
    half, whole = (pairs.distance((1 - part) * images + part * noise, images)[0] for part in (0.5, 1))
    assert 1 < half < whole
    share, error = pairs.read_right(images, labels)
    assert share > 0.9 and error == pytest.approx((share * (1 - share) / 500) ** 0.5)
    assert pairs.read_right(images, (labels + 1) % 10)[0] < 0.1


def test_errors_of_fid_leave_out_a_tenth(monkeypatch):
    """The jackknife in ten groups. Next to originals it leaves out both of a pair, otherwise only what was made."""
    made, real = RANDOM.normal(size=[2, 47, 3]) * [1, 2, 3] + [[[0, 1, 2]], [[2, 2, 2]]]
    made_images, pixels = RANDOM.random([47, 4, 4, 1], np.float32), RANDOM.integers(0, 256, [47, 4, 4, 1], np.uint8)
    test = dataset.make("noise", "", pixels, classifier="mnist")

    def activations(model, images):
        return (made if images is made_images else real), np.eye(10)[np.zeros(47, int)]

    monkeypatch.setattr(classifier, "load_classifier", lambda name="mnist": (name, {}))
    monkeypatch.setattr(classifier, "activations", activations)
    groups, errors = [np.arange(47) % 10 != group for group in range(10)], []
    for scores_of_groups in (
        [scores.frechet_distance(real[those], made[those]) for those in groups],
        [scores.frechet_distance(real, made[those]) for those in groups],
    ):
        errors.append((0.9 * ((scores_of_groups - np.mean(scores_of_groups)) ** 2).sum()) ** 0.5)
    assert errors[0] != pytest.approx(errors[1], rel=0.05)
    value = scores.frechet_distance(real, made)
    assert pairs.compare(made_images, test)["made: FID to the originals"] == pytest.approx((value, errors[0]))
    assert pairs.distance(made_images, test.images) == pytest.approx((value, errors[1]))


def test_nearest_images_are_of_the_training_set(monkeypatch):
    """The label of the nearest of the first 10,000 training images, of the data set that is named."""
    pixels = RANDOM.integers(0, 256, [6, 2, 3, 1], np.uint8)
    training = dataset.make("own", "", np.repeat(pixels, [1, 1, 1, 1, 9997, 1], axis=0), np.arange(10_002) % 7 + 2)
    asked = []
    monkeypatch.setattr(data, "load", lambda *given: asked.append(given) or training)
    pairs.known.cache_clear()
    images, labels = pairs.known("own")
    assert len(images) == len(labels) == 10_000 and images.max() <= 1 and asked == [("own",)]
    queries = dataset.scaled(pixels[[3, 0, 2, 1]]) + np.float32(0.01)
    np.testing.assert_array_equal(pairs.read_nearest(queries, "own"), [5, 2, 4, 3])
    pairs.known.cache_clear()


def test_enlarge():
    """A slope stays a slope within the image, and the mean of a smooth image stays."""
    slope = np.tile(np.linspace(0.2, 0.8, 7, dtype=np.float32), [7, 1])
    found = pairs.enlarge(slope[None, :, :, None], 4)[0, :, :, 0]
    np.testing.assert_allclose(np.diff(found[12:16, 10:18], axis=1), 0.1 / 4, atol=2e-3)
    assert found.min() >= 0 and found.max() <= 1 and found.dtype == np.float32


def test_enlarge_is_smoother_than_straight_lines():
    """A wave of 14 pixels, enlarged to twice the size: cubic splines are 0.002 off, straight lines would be 0.01."""
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * (np.arange(42) + 0.5) / 14)
    large = 0.5 + 0.4 * np.sin(2 * np.pi * (np.arange(84) + 0.5) / 28)
    found = pairs.enlarge(np.tile(wave, [4, 1])[None, :, :, None].astype(np.float32), 2)[0, 4, :, 0]
    assert np.abs(found - large)[20:64].max() < 0.002


def test_enlarge_keeps_images_and_channels_apart():
    """Height, width and channels differ. Each channel of each image is enlarged as if it were alone."""
    small = RANDOM.random([2, 4, 6, 3], np.float32)
    found = pairs.enlarge(small, 3)
    assert found.shape == (2, 12, 18, 3)
    for i, channel in np.ndindex(2, 3):
        alone = pairs.enlarge(small[i : i + 1, :, :, channel : channel + 1], 3)
        np.testing.assert_allclose(found[i, :, :, channel], alone[0, :, :, 0], atol=1e-6)
