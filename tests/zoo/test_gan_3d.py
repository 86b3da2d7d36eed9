"""gan_tf.zoo.gan_3d: its steps by hand, and when D learns in the paper's."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.objectives.critics import make_penalised_update
from gan_tf.objectives.losses import wasserstein_d_loss
from gan_tf.zoo import gan_3d

RANDOM = np.random.default_rng(0)
REAL = RANDOM.integers(0, 2, [8, 4096]).astype(np.float32)
D_NOISE, G_NOISE = RANDOM.uniform(-1, 1, [2, 8, 100]).astype(np.float32)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(logits) * label, logits))


def penalty(discriminator, between):
    with tf.GradientTape() as tape:
        tape.watch(between)
        logits = discriminator(between)
    slopes = tf.sqrt(tf.reduce_sum(tape.gradient(logits, between) ** 2, axis=1))
    return tf.reduce_mean((slopes - 1) ** 2)


@pytest.mark.parametrize("convolutions", [True, False])
def test_a_step(convolutions):
    """D's second update, and G's. The penalty's random points are drawn as critics.make_penalised_update says."""
    gan = gan_3d.make(width=2, convolutions=convolutions)
    generator, discriminator, *optimizers = gan.objects.values()
    twin = gan_3d.make(width=2, convolutions=convolutions)  # as it is before D's second update
    make_penalised_update(twin.objects["discriminator"], twin.objects["d_optimizer"], wasserstein_d_loss)(
        REAL[:4], generator(D_NOISE[:4], training=True)
    )
    critic, fake = twin.objects["discriminator"], generator(D_NOISE[4:], training=True)
    epsilon = tf.random.stateless_uniform([4, 1], tf.constant([0, 1], tf.int64))
    between = epsilon * REAL[4:] + (1 - epsilon) * fake

    def d_loss_by_hand(critic):
        return tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(REAL[4:])) + 10 * penalty(critic, between)

    expected = d_loss_by_hand(critic)
    g_weights = generator.trainable_variables
    before = [w.numpy() for w in g_weights]
    _, d_gradients = steps.gradients_of(lambda: d_loss_by_hand(critic), critic.trainable_variables)
    with steps.recorded() as updates:
        d_loss, g_loss = gan_3d.make_train_step(generator, discriminator, *optimizers)(REAL, D_NOISE, G_NOISE)
    _, d_update, g_update = updates
    steps.require_gradients(d_update, discriminator.trainable_variables, d_gradients)
    after = [w.numpy() for w in g_weights]
    for weight, value in zip(g_weights, before, strict=True):
        weight.assign(value)
    g_expected, gradients = steps.gradients_of(
        lambda: -tf.reduce_mean(discriminator(generator(G_NOISE[:4], training=True))), g_weights
    )
    np.testing.assert_allclose([d_loss, g_loss], [expected, g_expected], rtol=1e-4)
    steps.require_gradients(g_update, g_weights, gradients)
    steps.require_adams_first_step(before, after, gradients, 0.0005, beta_2=0.9)


def test_the_papers_step():
    gan = gan_3d.make(width=2, wasserstein=False)
    generator, discriminator, *optimizers = gan.objects.values()
    step = gan_3d.make_papers_step(generator, discriminator, *optimizers)
    real, fake = discriminator(REAL), discriminator(generator(D_NOISE, training=True))
    right = np.concatenate([np.asarray(real) > 0, np.asarray(fake) <= 0]).mean()
    assert right < 0.8
    (d_loss, g_loss, d_right), d_expected, g_expected = steps.check(
        (generator, discriminator),
        (0.0025, 0.00001),
        lambda: step(REAL, D_NOISE, G_NOISE),
        lambda: (
            cross_entropy(discriminator(REAL), 1) + cross_entropy(discriminator(generator(D_NOISE, training=True)), 0)
        ),
        lambda: cross_entropy(discriminator(generator(G_NOISE, training=True)), 1),
    )
    np.testing.assert_allclose([d_loss, g_loss, d_right], [d_expected, g_expected, right], rtol=1e-4)


@pytest.mark.parametrize("bias, learns", [(0.0, True), (None, False)])
def test_d_waits_while_it_is_right(bias, learns):
    """A D that says the same of all solids is right about half of them. One that knows all of them does not learn."""
    gan = gan_3d.make(width=2, convolutions=False, wasserstein=False)
    generator, discriminator, *optimizers = gan.objects.values()
    if bias is None:  # real solids have about half of their cubes filled; these fakes have none
        for weight in generator.trainable_variables[-2:]:
            weight.assign(tf.zeros_like(weight) - (10.0 if len(weight.shape) == 1 else 0))
        first, b1, last, b2 = discriminator.trainable_variables
        first.assign(tf.ones_like(first) / 4096)  # the mean of a solid in [-1, 1]; of these fakes -1
        b1.assign(tf.ones_like(b1))
        last.assign(tf.ones_like(last))
        b2.assign([-0.5 * last.shape[0]])  # the hidden units are about 1 for real solids and 0 for fakes
    step = gan_3d.make_papers_step(generator, discriminator, *optimizers)
    before = [w.numpy() for w in discriminator.trainable_variables]
    *_, right = step(REAL, D_NOISE, G_NOISE)
    moved = any((w.numpy() != old).any() for w, old in zip(discriminator.trainable_variables, before, strict=True))
    assert moved == learns == (float(right) < 0.8)
