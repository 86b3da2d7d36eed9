"""gan_tf.zoo.loss_sensitive: its losses against the formulas, and one step."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.zoo import loss_sensitive

RANDOM = np.random.default_rng(0)


def test_losses_by_hand():
    """Each pair has its own margin and its own losses; the margin is missing, nearly missing, kept, and kept with room.

    Real images lie above and below fake ones. A margin that met the losses of another pair would give another mean.
    """
    real_images, fake_images = np.zeros([4, 2, 4, 3], np.float32), np.full([4, 2, 4, 3], 0.5, np.float32)
    fake_images[1, 0, 0, 0], fake_images[0], fake_images[3] = -11.5, 0.1, -0.7
    distances = [0.1, (23 * 0.5 + 11.5) / 24, 0.5, 0.7]  # the mean of |x - y|
    real_losses, fake_losses = np.float32([[1], [0.25], [3], [-2]]), np.float32([[0.5], [2], [9], [-1.5]])
    found = loss_sensitive.d_loss_fn(real_losses, fake_losses, real_images, fake_images, margin=2.0)
    expected = [2 * distances[0] + 1 - 0.5, 2 * distances[1] + 0.25 - 2, 0, 2 * distances[3] - 2 + 1.5]
    assert min(expected) == 0 and len({round(each, 3) for each in expected}) == 4
    np.testing.assert_allclose(found, sum(expected) / 4, rtol=1e-6)
    np.testing.assert_allclose(loss_sensitive.g_loss_fn(fake_losses), 10 / 4, rtol=1e-6)


def test_the_margin_is_the_one_asked_for(monkeypatch):
    """`make` tells its step the margin, the author's or another."""
    seen = []
    monkeypatch.setattr(loss_sensitive, "make_train_step", lambda *given: seen.append(given))
    g_optimizer, d_optimizer = list(loss_sensitive.make().objects.values())[2:]
    loss_sensitive.make(margin=0.5)
    assert [given[4] for given in seen] == [pytest.approx(4.9152), 0.5]  # 0.0002 * 64 * 64 * 3 * 2
    assert seen[0][2] is g_optimizer and seen[0][3] is d_optimizer and g_optimizer is not d_optimizer


def test_marginis_the_authors():
    """For one image of 64x64x3 pixels in [-1, 1] the authors' margin is 0.0002 times the sum of |x - y|."""
    x, y = RANDOM.uniform(-1, 1, [2, 64 * 64 * 3])
    theirs = 0.0002 * np.abs(x - y).sum()
    ours = loss_sensitive.OPTIONS["margin"][0] * np.abs((x + 1) / 2 - (y + 1) / 2).mean()
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("networks", ["dense", "dcgan"])
def test_a_step(networks):
    """The losses by hand; each network moves against the gradient of its own loss."""
    random = np.random.default_rng(1)
    gan = loss_sensitive.make(networks=networks, batch_size=8)
    generator, discriminator, *optimizers = gan.objects.values()
    real = random.random([8, 28, 28, 1], np.float32)
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 100]).astype(np.float32)

    def d_loss_of():
        fake = generator(d_noise, training=True)
        margins = 4.9152 * tf.reshape(tf.reduce_mean(tf.abs(real - fake), axis=[1, 2, 3]), [-1, 1])
        return tf.reduce_mean(
            tf.maximum(margins + discriminator(real, training=True) - discriminator(fake, training=True), 0)
        )

    step = loss_sensitive.make_train_step(generator, discriminator, *optimizers, 4.9152)
    found, *expected = steps.check(
        (generator, discriminator),
        (1e-4, 1e-4),
        lambda: step(real, d_noise, g_noise),
        d_loss_of,
        lambda: tf.reduce_mean(discriminator(generator(g_noise, training=True), training=True)),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_adam_has_the_authors_constants():
    objects = loss_sensitive.make(batch_size=8).objects
    for name in ("g_optimizer", "d_optimizer"):
        config = objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [1e-4, 0.5, 0.999, 1e-8], rtol=1e-6)
