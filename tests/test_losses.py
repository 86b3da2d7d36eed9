"""gan_tf.losses against double precision in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from gan_tf import losses
from gan_tf.objectives.losses import LOSSES


def cross_entropy(logits, label):
    """-mean log P(label), by log(1 + e^x), which NumPy has."""
    return np.logaddexp(0, -logits if label else logits).mean()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_non_saturating_is_the_formula(scale):
    random = np.random.default_rng(0)
    real, fake = (random.normal(0, scale, [128, 1]).astype(np.float32) for _ in range(2))
    d_loss = losses.non_saturating_d_loss(tf.constant(real), tf.constant(fake))
    g_loss = losses.non_saturating_g_loss(tf.constant(fake))
    assert d_loss.shape == () and g_loss.shape == ()
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    np.testing.assert_allclose(d_loss, cross_entropy(real, 1) + cross_entropy(fake, 0), rtol=1e-6)
    np.testing.assert_allclose(g_loss, cross_entropy(fake, 1), rtol=1e-6)


def test_by_hand():
    """Where D is undecided; and where it gives real images 3/4 and fake ones 1/5."""
    zero = tf.zeros([4, 1])
    np.testing.assert_allclose(losses.non_saturating_d_loss(zero, zero), 2 * np.log(2), rtol=1e-7)
    np.testing.assert_allclose(losses.non_saturating_g_loss(zero), np.log(2), rtol=1e-7)
    real, fake = tf.fill([4, 1], float(np.log(3))), tf.fill([4, 1], float(-np.log(4)))
    np.testing.assert_allclose(losses.non_saturating_d_loss(real, fake), -np.log(3 / 4) - np.log(4 / 5), rtol=1e-6)
    np.testing.assert_allclose(losses.non_saturating_g_loss(fake), -np.log(1 / 5), rtol=1e-6)


def test_gradients_by_hand():
    """Per logit: D(x) - 1 for real, D(G(z)) for fake, and D(G(z)) - 1 for G, each divided by n."""
    real, fake = tf.Variable([[0.3], [-2.0]]), tf.Variable([[1.5], [40.0]])
    with tf.GradientTape(persistent=True) as tape:
        d_loss = losses.non_saturating_d_loss(real, fake)
        g_loss = losses.non_saturating_g_loss(fake)
    sigmoid_real, sigmoid_fake = (1 / (1 + np.exp(-v.numpy().astype(np.float64))) for v in (real, fake))
    np.testing.assert_allclose(tape.gradient(d_loss, real), (sigmoid_real - 1) / 2, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(d_loss, fake), sigmoid_fake / 2, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(g_loss, fake), (sigmoid_fake - 1) / 2, rtol=1e-6, atol=1e-8)


def test_dict_of_pairs():
    pair = losses.non_saturating_d_loss, losses.non_saturating_g_loss
    assert next(iter(LOSSES.items())) == ("non_saturating", pair)
