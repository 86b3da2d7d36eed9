"""gan_tf.zoo.projection: what the network that guesses z learns, by hand and on a G that one can invert."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_tf.zoo import projection

SHAPE = (8, 8, 1)


def make_generator():
    """z, two numbers, to an image: the left half has the grey value of the first, the right half of the second."""
    halves = np.kron(np.eye(2), np.ones([1, 4])).astype(np.float32)  # [2, 8]
    return lambda z: tf.repeat(tf.reshape((z + 1) / 2 @ halves, [-1, 1, 8, 1]), 8, axis=1)


def images(count, seed=0):
    z = np.random.default_rng(seed).uniform(-1, 1, [count, 2]).astype(np.float32)
    return z, np.array(make_generator()(z))


def test_the_network():
    """z in [-1, 1], whatever the image; three convolutions with stride 2; the seed decides, and no two layers agree."""
    encoder = projection.make_encoder((28, 28, 3), 100, 0)
    z = np.asarray(encoder(100 * np.random.default_rng(0).normal(size=[5, 28, 28, 3]).astype(np.float32)))
    assert z.shape == (5, 100) and 0.9 < np.abs(z).max() <= 1
    convolutions = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(each.filters, each.strides, each.output.shape[1]) for each in convolutions] == [
        (32, (2, 2), 14),
        (64, (2, 2), 7),
        (128, (2, 2), 4),
    ]
    same, other = (projection.make_encoder((28, 28, 3), 100, seed).get_weights() for seed in (0, 1))
    for a, b, c in zip(encoder.get_weights(), same, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or (a != c).mean() > 0.99
    grey = projection.make_encoder((16, 16, 1), 5, 0)
    z = np.asarray(grey(np.full([1, 16, 16, 1], 0.5, np.float32)))
    np.testing.assert_allclose(z, 0, atol=1e-6)  # the layers get 0, and have no biases yet


def test_it_learns_to_guess_z():
    """Of a G that one can invert, to a hundredth; and what it does not see it guesses from the rest."""
    z, real = images(640)
    encoder = projection.make_encoder(SHAPE, 2, 0)
    losses = projection.train_encoder(encoder, make_generator(), real, np.ones([8, 8, 1]), 200)
    assert losses.shape == (200,) and losses[-20:].mean() < 0.03 < 0.1 < losses[0]
    z, new = images(100, 1)
    assert np.abs(np.asarray(encoder(new)) - z).mean() < 0.06

    real[:, :, 4:] = 1 - real[:, :, :4]  # the right half follows from the left one
    seen = np.ones([8, 8, 1])
    seen[:, 4:] = 0
    losses = projection.train_encoder(projection.make_encoder(SHAPE, 2, 0), make_generator(), real, seen, 200)
    assert losses[-20:].mean() < 0.03


def test_a_step_by_hand(monkeypatch):
    """Plain descent instead of Adam: the gradient of mean |G(P(w x)) - x| over the whole image, on the seed's batch."""
    monkeypatch.setattr(projection, "BATCH", 8)
    monkeypatch.setattr(keras.optimizers, "Adam", lambda rate, **_: keras.optimizers.SGD(rate))
    monkeypatch.setattr(projection, "LEARNING_RATE", 0.5)
    generator, seen = make_generator(), np.ones([8, 8, 1], np.float32)
    seen[2:5, 3:7] = 0
    real = (255 * images(8)[1]).astype(np.uint8)  # one batch, in any order
    encoder, mirror = projection.make_encoder(SHAPE, 2, 3), projection.make_encoder(SHAPE, 2, 3)
    with tf.GradientTape() as tape:
        x = tf.constant(real / np.float32(255))
        loss = tf.reduce_mean(tf.abs(generator(mirror(x * seen)) - x))
    gradients = tape.gradient(loss, mirror.trainable_variables)
    losses = projection.train_encoder(encoder, generator, real, seen, 1, seed=4)
    assert losses == pytest.approx([float(loss)], rel=1e-5)
    for ours, weight, gradient in zip(encoder.get_weights(), mirror.get_weights(), gradients, strict=True):
        np.testing.assert_allclose(ours, weight - 0.5 * gradient, rtol=1e-4, atol=1e-6)


def test_batches_and_rates(monkeypatch):
    """Batches are those of the seed, a new one each time; the rate falls by half three times."""
    batches, rates = [], []
    monkeypatch.setattr(projection, "batch_indices", lambda *given: batches.append(given) or np.arange(32)[None])
    real_adam = keras.optimizers.Adam

    class Noting(real_adam):
        def apply(self, *given):
            rates.append(float(self.learning_rate))
            return super().apply(*given)

    monkeypatch.setattr(keras.optimizers, "Adam", Noting)
    tf.config.run_functions_eagerly(True)
    try:
        encoder = projection.make_encoder(SHAPE, 2, 0)
        projection.train_encoder(encoder, make_generator(), images(64)[1], np.ones([8, 8, 1]), 6, seed=9)
    finally:
        tf.config.run_functions_eagerly(False)
    assert batches == [(64, 32, 9, i, 1) for i in range(6)]
    np.testing.assert_allclose(rates, 0.001 * 0.5 ** (np.arange(6) / 2), rtol=1e-5)
