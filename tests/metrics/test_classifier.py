"""gan_tf.metrics.classifier: the weights that ship are what classifier.json says of them."""

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import glyphs
from gan_tf.metrics import classifier


@pytest.fixture(scope="module")
def shipped():
    """The trained network and its facts."""
    return classifier.load_classifier()


def test_activations(shipped):
    """Features are the layer before the logits, probabilities their softmax; both in double precision."""
    model, _ = shipped
    images = np.random.default_rng(0).uniform(0, 1, [600, 28, 28, 1]).astype(np.float32)
    features, probabilities = classifier.activations(model, images)
    assert features.shape == (600, classifier.FEATURES) and features.dtype == np.float64 and features.min() == 0
    weights, bias = (w.astype(np.float64) for w in model.get_weights()[-2:])
    logits = features @ weights + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-3, atol=1e-9)  # the logits are a float32 product
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)


def test_accuracy_counts(shipped):
    model, _ = shipped
    images = np.random.default_rng(1).uniform(0, 1, [100, 28, 28, 1]).astype(np.float32)
    named = classifier.activations(model, images)[1].argmax(axis=1)
    wrong = np.where(np.arange(100) < 30, (named + 1) % 10, named)
    assert classifier.accuracy(model, images, wrong) == pytest.approx(0.7)


def test_files_are_small():
    assert (classifier.HERE / "classifier.npz").stat().st_size < 1_500_000


def test_accuracy_on_mnist(shipped, mnist_dir):
    """Measured again: one image in ten thousand may fall to the other side on another machine."""
    model, facts = shipped
    test = data.load("mnist", mnist_dir, "test")
    accuracy = classifier.accuracy(model, test.images, test.labels)
    assert accuracy == pytest.approx(facts["test_accuracy"], abs=1.5e-4) and accuracy >= 0.992


@pytest.mark.slow
def test_it_trains(tmp_path):
    """On some glyphs, for a moment: far better than the one in ten of chance; what is saved is what is loaded."""
    pixels, labels = glyphs.draw(0, 3000)
    images = pixels.astype(np.float32) / 255
    model = classifier.fit(images[:2500], labels[:2500], epochs=2)
    accuracy = classifier.accuracy(model, images[2500:], labels[2500:])
    assert accuracy > 0.6
    classifier.save(model, {"test_accuracy": accuracy}, tmp_path)
    again, facts = classifier.load_classifier("mnist", tmp_path)
    assert facts == {"test_accuracy": accuracy}
    assert classifier.accuracy(again, images[2500:], labels[2500:]) == accuracy
    with pytest.raises(ValueError, match="100 images are less than a batch of 128"):
        classifier.fit(images[:100], labels[:100], epochs=1)
