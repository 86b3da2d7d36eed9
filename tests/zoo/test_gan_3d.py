"""gan_tf.zoo.gan_3d: one step by hand, when D learns, its measures and its pictures."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.zoo import gan_3d

RANDOM = np.random.default_rng(0)
REAL = RANDOM.integers(0, 2, [8, 4096]).astype(np.float32)
D_NOISE, G_NOISE = RANDOM.uniform(-1, 1, [2, 8, 100]).astype(np.float32)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(logits) * label, logits))


@pytest.mark.parametrize("convolutions", [True, False])
def test_a_step(convolutions):
    gan = gan_3d.make(width=2, convolutions=convolutions)
    generator, discriminator, *optimizers = gan.objects.values()
    step = gan_3d.make_train_step(generator, discriminator, *optimizers, limit=1)
    real, fake = discriminator(REAL, training=True), discriminator(generator(D_NOISE, training=True), training=True)
    right = np.concatenate([np.asarray(real) > 0, np.asarray(fake) <= 0]).mean()
    (d_loss, g_loss, d_right), d_expected, g_expected = steps.check(
        (generator, discriminator),
        (0.0005, 0.00005),
        lambda: step(REAL, D_NOISE, G_NOISE),
        lambda: (
            cross_entropy(discriminator(REAL, training=True), 1)
            + cross_entropy(discriminator(generator(D_NOISE, training=True), training=True), 0)
        ),
        lambda: cross_entropy(discriminator(generator(G_NOISE, training=True), training=True), 1),
    )
    np.testing.assert_allclose([d_loss, g_loss, d_right], [d_expected, g_expected, right], rtol=1e-4)


@pytest.mark.parametrize("bias, learns", [(0.0, True), (None, False)])
def test_d_waits_while_it_is_right(bias, learns):
    """A D that says the same of all solids is right about half of them. One that knows all of them does not learn."""
    gan = gan_3d.make(width=2, convolutions=False)
    generator, discriminator, *optimizers = gan.objects.values()
    if bias is None:  # real solids have about half of their cubes filled; these fakes have none
        for weight in generator.trainable_variables[-2:]:
            weight.assign(tf.zeros_like(weight) - (10.0 if len(weight.shape) == 1 else 0))
        first, b1, last, b2 = discriminator.trainable_variables
        first.assign(tf.ones_like(first) / 4096)  # the mean of a solid in [-1, 1]; of these fakes -1
        b1.assign(tf.ones_like(b1))
        last.assign(tf.ones_like(last))
        b2.assign([-0.5 * last.shape[0]])  # the hidden units are about 1 for real solids and 0 for fakes
    step = gan_3d.make_train_step(generator, discriminator, *optimizers, limit=0.8)
    before = [w.numpy() for w in discriminator.trainable_variables]
    *_, right = step(REAL, D_NOISE, G_NOISE)
    moved = any((w.numpy() != old).any() for w, old in zip(discriminator.trainable_variables, before, strict=True))
    assert moved == learns == (float(right) < 0.8)
