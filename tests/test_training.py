"""gan_tf.training: one step by hand, and the compiled loop."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from gan_tf import data, gan, models, optimizers, training
from gan_tf.noise import iteration_noise
from gan_tf.objectives import variant


def make_networks(g_optimizer="adam", d_optimizer="adadelta"):
    """Generator, discriminator and their optimizers, always the same."""
    networks = models.make_generator(1), models.make_discriminator(2)
    return *networks, optimizers.make_optimizer(g_optimizer), optimizers.make_optimizer(d_optimizer)


def some_images(n=300):
    """Random images, always the same."""
    return np.random.default_rng(0).uniform(0, 1, [n, 784]).astype(np.float32)


def sigmoid(x):
    """1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def numpy_step(g, d, real, d_noise, g_noise):
    """One iteration of the reference in double precision, gradients by hand: (d_loss, g_loss, new G, new D).

    D by Adadelta and G by Adam, both with fresh accumulators.
    """
    n = len(real)

    def forward(weights, x):
        w1, b1, w2, b2 = weights
        hidden = np.maximum(x @ w1 + b1, 0)
        return hidden, hidden @ w2 + b2

    def backward(weights, x, hidden, delta):
        delta_hidden = delta @ weights[2].T * (hidden > 0)
        return [x.T @ delta_hidden, delta_hidden.sum(0), hidden.T @ delta, delta.sum(0)], delta_hidden @ weights[0].T

    fake = sigmoid(forward(g, d_noise)[1])
    (real_hidden, real_logits), (fake_hidden, fake_logits) = forward(d, real), forward(d, fake)
    d_loss = np.logaddexp(0, -real_logits).mean() + np.logaddexp(0, fake_logits).mean()
    real_grads, _ = backward(d, real, real_hidden, (sigmoid(real_logits) - 1) / n)
    fake_grads, _ = backward(d, fake, fake_hidden, sigmoid(fake_logits) / n)
    grads = [a + b for a, b in zip(real_grads, fake_grads, strict=True)]
    d = [w - 0.001 * np.sqrt(1e-8) / np.sqrt(0.05 * q**2 + 1e-8) * q for w, q in zip(d, grads, strict=True)]

    g_hidden, pixel_logits = forward(g, g_noise)
    fake = sigmoid(pixel_logits)
    fake_hidden, fake_logits = forward(d, fake)
    g_loss = np.logaddexp(0, -fake_logits).mean()
    _, fake_delta = backward(d, fake, fake_hidden, (sigmoid(fake_logits) - 1) / n)
    grads, _ = backward(g, g_noise, g_hidden, fake_delta * fake * (1 - fake))
    alpha = 0.001 * np.sqrt(1 - 0.999) / (1 - 0.9)
    g = [w - alpha * 0.1 * q / (np.sqrt(0.001 * q**2) + 1e-8) for w, q in zip(g, grads, strict=True)]
    return d_loss, g_loss, g, d


@pytest.mark.parametrize("jit", [pytest.param(True, marks=pytest.mark.slow), False])
def test_one_step_by_hand(jit):
    generator, discriminator, g_optimizer, d_optimizer = make_networks()
    before = [[w.astype(np.float64) for w in m.get_weights()] for m in (generator, discriminator)]
    step = training.make_train_step(generator, discriminator, g_optimizer, d_optimizer, jit=jit)
    real = some_images(128)
    d_noise, g_noise = iteration_noise(0, 0, 1, 128).numpy()[0]
    d_loss, g_loss = step(real, d_noise, g_noise)
    expected = numpy_step(*before, real.astype(np.float64), d_noise.astype(np.float64), g_noise.astype(np.float64))
    np.testing.assert_allclose(d_loss, expected[0], rtol=1e-6)
    np.testing.assert_allclose(g_loss, expected[1], rtol=1e-6)
    # Adam's first step is 0.001 whichever way the gradient points: where that is all but zero, float32 may err.
    for w, e in zip(generator.get_weights(), expected[2], strict=True):
        assert (np.abs(w - e) < 1e-6).mean() > 0.999
    for w, e, b in zip(discriminator.get_weights(), expected[3], before[1], strict=True):
        np.testing.assert_allclose(w, e, rtol=0, atol=3e-8)
        assert np.abs(e - b).max() > 1e-7, "the tolerance would pass a D that stands still"


@functools.cache
def train(blocks, block, jit=True, batch_size=32):
    """Trains new networks on `blocks` of (first, steps); returns losses and weights. What is asked again is kept."""
    generator, discriminator, *rest = make_networks()
    step = training.make_train_step(generator, discriminator, *rest, jit=jit)
    train_block = training.make_train_block(step, some_images(), batch_size, seed=5, block=block, jit=jit)
    losses = np.concatenate([train_block(first, steps) for first, steps in blocks])
    return losses, generator.get_weights() + discriminator.get_weights()


@pytest.mark.parametrize("jit", [True, False])
def test_grouping_changes_nothing(jit):
    """Bit for bit the same losses and weights, however the iterations are grouped into calls."""
    whole, weights = train(((0, 12),), block=12, jit=jit)
    pieces, weights_of_pieces = train(((0, 5), (5, 1), (6, 5), (11, 1)), block=5, jit=jit)
    assert whole.shape == (12, 2) and whole.dtype == np.float32
    np.testing.assert_array_equal(whole, pieces)
    for a, b in zip(weights, weights_of_pieces, strict=True):
        np.testing.assert_array_equal(a, b)


def test_loop_is_the_single_step():
    """The loop's iterations are `step` on `batch_indices` and `iteration_noise`; XLA on and off agree."""
    generator, discriminator, *rest = make_networks()
    step = training.make_train_step(generator, discriminator, *rest, jit=False)
    images, losses = some_images(), []
    for it in range(12):
        real_images = images[data.batch_indices(len(images), 32, seed=5, first=it, steps=1)[0]]
        d_noise, g_noise = iteration_noise(5, it, 1, 32)[0]
        losses.append([loss.numpy() for loss in step(real_images, d_noise, g_noise)])
    for jit in (True, False):
        # Measured: 5e-7; the sums of a matrix product come in another order.
        np.testing.assert_allclose(train(((0, 12),), block=12, jit=jit)[0], losses, rtol=5e-6)


def test_d_steps_before_g():
    """G's loss is taken through the updated D: with a D that moves a lot, it is not the loss before."""
    generator, discriminator, g_optimizer, _ = make_networks()
    d_optimizer = optimizers.make_optimizer("adam", 0.01)
    step = training.make_train_step(generator, discriminator, g_optimizer, d_optimizer, jit=False)
    d_noise, g_noise = iteration_noise(0, 0, 1, 128)[0]
    logits = discriminator(generator(g_noise)).numpy().astype(np.float64)
    _, g_loss = step(some_images(128), d_noise, g_noise)
    assert abs(g_loss - np.logaddexp(0, -logits).mean()) > 0.1


def test_unknown_loss():
    with pytest.raises(KeyError):
        variant.make(loss="hinge")


@pytest.mark.parametrize(
    ("first", "iters", "every", "block", "expected"),
    [
        (0, 1, [1000], 250, [(0, 1)]),
        (0, 600, [1000], 250, [(0, 250), (250, 250), (500, 100)]),
        (0, 7, [3], 250, [(0, 3), (3, 3), (6, 1)]),
        (0, 9, [4], 3, [(0, 3), (3, 1), (4, 3), (7, 1), (8, 1)]),
        (5, 12, [4, 10], 250, [(5, 3), (8, 2), (10, 2)]),
        (9, 9, [4], 250, []),
    ],
)
def test_blocks(first, iters, every, block, expected):
    assert list(gan.pieces(first, iters, every, block)) == expected


def test_bytes_are_floats_bit_for_bit():
    """Also where a step uses an image in sums of products, into which XLA would like to fuse the scaling of bytes."""

    @tf.function(jit_compile=True)
    def step(real_images, d_noise, g_noise):
        share = d_noise[:, :1]
        between = share * real_images + (1 - share) * tf.reverse(real_images, [1]) * 0.37
        return tf.reduce_sum(between), tf.reduce_max(tf.abs(between @ tf.ones([784, 3])))

    pixels = np.random.default_rng(0).integers(0, 256, [300, 784], np.uint8)
    images = np.multiply(pixels, np.float32(1 / 255), dtype=np.float32)
    losses = [training.make_train_block(step, each, 32, 0, block=20)(0, 20) for each in (pixels, images)]
    assert losses[0][:, 0].min() > 1000
    np.testing.assert_array_equal(*losses)
