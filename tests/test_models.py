"""gan_tf.models against the reference's formulas in NumPy."""

import keras
import numpy as np
import pytest

from gan_tf import models


def dense(x, weights, bias):
    """One layer, in double precision."""
    return x.astype(np.float64) @ weights.astype(np.float64) + bias


def test_shapes_and_order_of_weights():
    generator, discriminator = models.make_generator(), models.make_discriminator()
    assert [tuple(w.shape) for w in generator.weights] == [(100, 128), (128,), (128, 784), (784,)]
    assert [tuple(w.shape) for w in discriminator.weights] == [(784, 128), (128,), (128, 1), (1,)]
    assert all(w.dtype == "float32" for w in generator.weights + discriminator.weights)


def test_generator_is_the_formula():
    generator = models.make_generator(0)
    w1, b1, w2, b2 = generator.get_weights()
    noise = np.random.default_rng(0).uniform(-1, 1, [16, 100]).astype(np.float32)
    expected = 1 / (1 + np.exp(-dense(np.maximum(dense(noise, w1, b1), 0), w2, b2)))
    images = generator(noise).numpy()
    assert images.shape == (16, 784) and images.dtype == np.float32
    np.testing.assert_allclose(images, expected, rtol=2e-5, atol=0)


def test_discriminator_is_the_formula():
    discriminator = models.make_discriminator(0)
    w1, b1, w2, b2 = discriminator.get_weights()
    images = np.random.default_rng(0).uniform(0, 1, [16, 784]).astype(np.float32)
    expected = dense(np.maximum(dense(images, w1, b1), 0), w2, b2)
    logits = discriminator(images).numpy()
    assert logits.shape == (16, 1) and logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("fan_in", "shape"), [(784, (784, 128)), (100, (100, 128)), (128, (128, 784))])
def test_initial_weights_are_an_untruncated_normal(fan_in, shape):
    weights = models.xavier_init(5)(shape).numpy() * np.sqrt(fan_in / 2)
    n = weights.size
    assert abs(weights.mean()) < 4 / np.sqrt(n)
    assert abs(weights.std() - 1) < 4 / np.sqrt(2 * n)
    # P(|x| > 2) = 0.0455 and P(|x| > 3) = 0.0027; a normal truncated at two stddev has neither.
    for limit, probability in [(2, 0.0455), (3, 0.0027)]:
        share = (np.abs(weights) > limit).mean()
        assert abs(share - probability) < 4 * np.sqrt(probability / n)


def test_biases_are_zero():
    for model in (models.make_generator(), models.make_discriminator()):
        assert not any(w.any() for w in model.get_weights() if w.ndim == 1)


def test_seed_fixes_the_weights_and_layers_differ():
    first, again, other = (models.make_generator(seed).get_weights() for seed in (7, 7, 8))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any()
    unit = first[0].ravel()[:1000] * np.sqrt(50), first[2].ravel()[:1000] * np.sqrt(64)
    assert abs(np.corrcoef(unit)[0, 1]) < 0.15, "both layers are drawn from the same numbers"
    weights = models.make_discriminator(7).get_weights()
    unit = weights[0].ravel()[:128] * np.sqrt(392), weights[2].ravel() * np.sqrt(64)
    assert abs(np.corrcoef(unit)[0, 1]) < 0.4, "both layers of D are drawn from the same numbers"
    assert (models.make_generator().get_weights()[0] != models.make_generator().get_weights()[0]).any()


def test_models_load_in_plain_keras(tmp_path):
    generator = models.make_generator(0)
    generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras")
    noise = np.zeros([2, 100], np.float32) + 0.5
    np.testing.assert_array_equal(loaded(noise), generator(noise))
