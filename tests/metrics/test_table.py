"""gan_tf.metrics.table: which images each score compares, and its standard errors, by hand."""

import numpy as np
import pytest
import scipy.spatial

from gan_tf.metrics import scores, table


class Model:
    """Stands for the classifier: features and logits are pixels."""

    def predict_on_batch(self, images):
        """(features [n, 3], logits [n, 10])."""
        numbers = table.flat(images)
        return numbers[:, :3], 20 * numbers[:, 3:13]


@pytest.fixture(scope="module")
def images():
    """Images for each purpose, of different kinds and numbers, so that each mix-up gives other scores."""
    random = np.random.default_rng(0)
    kinds = {"train": (60, 0, 0.5), "validation": (50, 0, 0.2), "test": (40, 0, 0.9), "samples": (30, 0.2, 0.8)}
    kinds["other"] = (20, 0, 0.4)
    return {
        name: random.uniform(low, high, [n, 28, 28, 1]).astype(np.float32) for name, (n, low, high) in kinds.items()
    }


@pytest.fixture(scope="module")
def yardstick(images):
    """Compares with the first 45 of the training images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "REFERENCE", 45)
        return table.Yardstick(images["train"], images["validation"], images["test"], Model())


def softmax(logits):
    exponentials = np.exp(logits.astype(np.float64))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_quick_scores(yardstick, images):
    """They compare the samples with the first training images; the errors are those of the docstrings."""
    found, histogram = yardstick.quick_scores(images["samples"])
    real, fake = table.flat(images["train"])[:45, :3], table.flat(images["samples"])[:, :3]
    distance = scores.frechet_distance(real, fake)
    assert distance > 0.1 and found["frechet_distance"][0] == pytest.approx(distance, rel=1e-6)
    without = [scores.frechet_distance(real, fake[np.arange(30) % 10 != group]) for group in range(10)]
    assert found["frechet_distance"][1] == pytest.approx(np.std(without) * 9**0.5, rel=1e-6)

    precision, recall = scores.precision_recall(real, fake)
    assert 0 < precision < recall < 1, "they would be mistaken for each other"
    assert found["precision"] == (precision, pytest.approx((precision * (1 - precision) / 30) ** 0.5))
    assert found["recall"] == (recall, pytest.approx((recall * (1 - recall) / 45) ** 0.5))

    dense, covered = scores.density_coverage(real, fake)
    assert 0 < dense.mean() and 0.1 < covered.mean() < 1
    assert found["density"] == pytest.approx((dense.mean(), dense.std(ddof=1) / 30**0.5), rel=1e-5)
    share = covered.mean()
    assert found["coverage"] == pytest.approx((share, (share * (1 - share) / 45) ** 0.5))
    assert found["kernel_inception_distance"] == pytest.approx(scores.kernel_inception_distance(real, fake), rel=1e-4)

    probabilities = softmax(20 * table.flat(images["samples"])[:, 3:13])
    score = scores.classifier_score(probabilities)
    assert found["classifier_score"] == pytest.approx(score, rel=1e-5)
    np.testing.assert_allclose(histogram, np.bincount(probabilities.argmax(axis=1), minlength=10) / 30)
    assert found["classes_covered"] == (int((histogram > 0).sum()), None)
    assert found["spread"][0] == pytest.approx(images["samples"].astype(np.float64).std(axis=0).mean(), rel=1e-6)


def test_other_scores(yardstick, images):
    """The nearest of all training images; sigma from the validation images, the likelihood of the test images."""
    found = yardstick.other_scores(images["samples"], images["other"])
    nearest = scipy.spatial.distance.cdist(table.flat(images["samples"]), table.flat(images["train"])).min(axis=1)
    assert found["nearest_train_distance"] == pytest.approx((nearest.mean(), nearest.std(ddof=1) / 30**0.5), rel=1e-5)
    validation, test = (
        scores.parzen_log_likelihood(table.flat(images[name]), table.flat(images["other"]), table.SIGMAS).mean(axis=0)
        for name in ("validation", "test")
    )
    best = validation.argmax()
    assert best != test.argmax(), "the images would be mistaken for each other"
    assert found["parzen_sigma"] == (pytest.approx(table.SIGMAS[best]), None)
    assert found["parzen_log_likelihood"][0] == pytest.approx(test[best], rel=1e-9)


def test_neighbours():
    """Each image, then the training images from the nearest on. They are bytes, and more than one part of 1,000."""
    random = np.random.default_rng(1)
    samples = random.random([4, 5, 4, 3], np.float32)
    training = random.integers(0, 256, [2100, 5, 4, 3], np.uint8)
    training[2050] = np.rint(255 * samples[0])
    found = table.neighbours(samples, training, count=3).reshape(4, 4, 5, 4, 3)
    np.testing.assert_array_equal(found[:, 0], samples)
    order = scipy.spatial.distance.cdist(table.flat(samples), table.flat(training / 255)).argsort(axis=1)
    assert {int(each) // 1000 for each in order[:, :3].ravel()} == {0, 1, 2}, "the nearest lie in all parts"
    np.testing.assert_allclose(found[:, 1:], training[order[:, :3]] / 255, atol=1e-6)


def test_how_many_images():
    assert (table.REFERENCE, table.NEIGHBOURS) == (10_000, 1000)
    np.testing.assert_allclose(table.SIGMAS, [10 ** (i / 9 - 1) for i in range(10)])
