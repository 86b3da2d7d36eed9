"""gan_tf.zoo.r3gan: its networks, its losses and penalties by hand, and each control."""

import math

import keras
import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import DIGIT
from gan_tf.noise import sample_noise
from gan_tf.zoo import r3gan, residual
from gan_tf.zoo.augment import unchanged

SMALL = dict(width=8, batch_size=8, block=2)
IMAGES = np.random.default_rng(0).integers(0, 256, [20, 16, 12, 3], np.uint8)


def layers_of(model, kind):
    return [layer for layer in model.layers if type(layer).__name__ == kind]


def test_networks():
    """Of MNIST: blocks at 14x14, 7x7 and 4x4, with 32, 64 and 128 channels; nothing normalises."""
    generator, discriminator = residual.make_generator(0, DIGIT), residual.make_discriminator(0, DIGIT)
    inner = {(14, 14, 32): 16, (7, 7, 64): 32, (4, 4, 128): 64}
    for model in (generator, discriminator):
        added = layers_of(model, "Add")
        assert {layer.output.shape[1:] for layer in added} == set(inner) and len(added) == 3
        assert not layers_of(model, "BatchNormalization")
        assert all(layer.negative_slope == 0.2 for layer in layers_of(model, "LeakyReLU"))
        for kernel, width in ((1, 3), (3, 3)):
            found = [layer for layer in layers_of(model, "Conv2D") if layer.kernel_size == (kernel, kernel)]
            assert len([layer for layer in found if layer.filters in inner.values()]) >= width
    assert len(layers_of(generator, "UpSampling2D")) == len(layers_of(discriminator, "AveragePooling2D")) == 2
    assert all(layer.interpolation == "bilinear" for layer in layers_of(generator, "UpSampling2D"))
    assert generator.output_shape == (None, *DIGIT) and discriminator.output_shape == (None, 1)
    assert len(layers_of(residual.make_generator(0, DIGIT, blocks=2), "Add")) == 6


def test_widths_and_sizes():
    assert residual.sizes_of((64, 48, 3)) == [(32, 24), (16, 12), (8, 6), (4, 3)]
    assert residual.widths_of((64, 48, 3), 10) == [10, 20, 40, 40]


def test_a_block_changes_nothing_at_first():
    """Its output is its input, because its last convolution is zero; the others have the first weights of the paper."""
    image = keras.Input([6, 6, 32])
    block = keras.Model(image, residual.residual_block(image, iter([1, 2]), depth=16))
    x = np.random.default_rng(1).normal(size=[2, 6, 6, 32]).astype(np.float32)
    np.testing.assert_array_equal(block(x), x)
    one, three, last = (layer.kernel.numpy() for layer in layers_of(block, "Conv2D"))
    assert (one.shape, three.shape, last.shape) == ((1, 1, 32, 16), (3, 3, 16, 16), (1, 1, 16, 32))
    assert not last.any()
    gain = math.sqrt(2 / 1.04) / 2  # 16^(1/4) = 2
    for kernel, fan_in in ((one, 32), (three, 144)):
        expected = gain / math.sqrt(fan_in)
        assert abs(kernel.std() - expected) < 4 * expected / (2 * kernel.size) ** 0.5
        assert abs(kernel.mean()) < 4 * expected / kernel.size**0.5
    for layer in layers_of(block, "Conv2D"):
        layer.kernel.assign(tf.ones_like(layer.kernel))
    assert np.abs(block(x) - x).max() > 1, "the block adds something"


def test_logits_and_pixels_begin_at_a_usual_size():
    """The first weights keep the variance from layer to layer: pixels before the tanh, and logits, are about 1."""
    generator, discriminator = residual.make_generator(0, (32, 32, 3)), residual.make_discriminator(0, (32, 32, 3))
    noise = np.random.default_rng(2).uniform(-1, 1, [64, 100]).astype(np.float32)
    pixels = np.arctanh(np.clip(2 * np.asarray(generator(noise)) - 1, -1 + 1e-6, 1 - 1e-6))
    assert 0.2 < pixels.std() < 2
    images = np.random.default_rng(3).random([64, 32, 32, 3], np.float32)
    assert 0.02 < np.std(discriminator(images)) < 2


def test_losses_by_hand():
    real, fake = np.float32([[1], [2]]), np.float32([[0], [4]])
    assert float(r3gan.relativistic_d_loss(real, fake)) == pytest.approx(np.log1p(np.exp([-1, 2])).mean(), rel=1e-6)
    assert float(r3gan.relativistic_g_loss(real, fake)) == pytest.approx(np.log1p(np.exp([1, -2])).mean(), rel=1e-6)


def changed(images, iteration, place):
    """A stand-in for augmentation: turned upside down, and another brightness for each of the three calls."""
    return images[:, ::-1] * (0.4 + 0.2 * place)


@pytest.mark.parametrize(
    ("pairing", "r1", "r2", "augment"),
    [
        (True, True, True, changed),
        (False, False, False, changed),
        pytest.param(True, True, True, unchanged, marks=pytest.mark.slow),
        pytest.param(True, True, False, unchanged, marks=pytest.mark.slow),
        pytest.param(True, False, True, unchanged, marks=pytest.mark.slow),
    ],
)
def test_a_step(pairing, r1, r2, augment, eagerly):
    """Losses and penalties by hand. With plain gradient descent, each weight moves by -0.01 of its gradient."""
    options = {"pairing": pairing, "gamma": 3.0, "r1": r1, "r2": r2}
    gan, random = r3gan.make(shape=(16, 12, 3), ema=0.0, **options, **SMALL), np.random.default_rng(2)
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    for weight in [*generator.trainable_variables, *discriminator.trainable_variables]:  # also those that begin with 0
        weight.assign(2 * weight + random.normal(0, 0.1, weight.shape))
    images = tf.constant(random.random([8, 16, 12, 3], np.float32) ** 4)
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 100]).astype(np.float32)
    real, fake = augment(images, 0, 0), augment(tf.constant(generator(d_noise)), 0, 1)

    def softplus(t):
        return tf.reduce_mean(tf.nn.softplus(t))

    def penalty(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = discriminator(images)
        return 3.0 / 2 * tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, images) ** 2, axis=[1, 2, 3]))

    def d_loss():
        if pairing:
            return softplus(discriminator(fake) - discriminator(real))
        return softplus(-discriminator(real)) + softplus(discriminator(fake))

    def g_loss():
        logits = discriminator(augment(generator(g_noise), 0, 2))
        return softplus(discriminator(real) - logits) if pairing else softplus(-logits)

    assert min(penalty(real), penalty(fake)) > 0.02 and abs(penalty(real) / penalty(fake) - 1) > 0.05
    optimizers = [keras.optimizers.SGD(0.01) for _ in range(2)]
    step = r3gan.make_train_step(generator, discriminator, *optimizers, **options, augment=augment)
    before = float(d_loss())
    start, g_start = ([w.numpy() for w in each.trainable_variables] for each in (discriminator, generator))
    _, gradients = steps.gradients_of(
        lambda: d_loss() + (penalty(real) if r1 else 0) + (penalty(fake) if r2 else 0),
        discriminator.trainable_variables,
    )
    found = step(images, d_noise, g_noise)
    require_descent(start, discriminator.trainable_variables, gradients)
    g_after = [weight.numpy() for weight in generator.trainable_variables]
    for weight, value in zip(generator.trainable_variables, g_start, strict=True):
        weight.assign(value)
    expected, gradients = steps.gradients_of(g_loss, generator.trainable_variables)  # by the updated D
    require_descent(g_start, g_after, gradients)
    np.testing.assert_allclose(found, [before, expected], rtol=1e-4)


def require_descent(start, after, gradients):
    """Each weight has moved by -0.01 of its gradient, to 1% of the layer's largest move."""
    moves = [np.asarray(new) - old for old, new in zip(start, after, strict=True)]
    for old, move, gradient in zip(start, moves, gradients, strict=True):
        rounding = np.abs(old).max() * 2**-23
        np.testing.assert_allclose(move, -0.01 * gradient, atol=rounding + 1e-4 * np.abs(gradient).max())
    assert np.median([np.abs(move).max() for move in moves]) > 1e-5


def test_what_is_cut_off_is_at_the_end():
    x = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1)
    np.testing.assert_array_equal(residual.cropped(keras.ops.convert_to_tensor(x), (3, 5)), x[:, :3, :5])


def test_samples_come_from_the_average(eagerly):
    gan = r3gan.make(IMAGES, ema=0.5, **SMALL)
    start = gan.objects["generator"].get_weights()
    gan.train(1)
    networks = gan.objects["generator_average"], gan.objects["generator"]
    for a, old, new in zip(networks[0].get_weights(), start, networks[1].get_weights(), strict=True):
        np.testing.assert_allclose(a, (old + new) / 2, atol=1e-7)
    noise = np.random.default_rng(1).uniform(-1, 1, [4, 100]).astype(np.float32)
    average, newest = (np.asarray(each(noise)) for each in networks)
    np.testing.assert_array_equal(gan.generate(noise), average)
    assert np.abs(average - newest).max() > 1e-6
    np.testing.assert_array_equal(gan.draw(0), networks[0](sample_noise(0, 0)))


def test_penalties_in_every_fourth_iteration():
    """Without penalties nothing differs in iterations 1 to 3; in iteration 4 there are some, as in iteration 0."""
    assert r3gan.OPTIONS["penalty_every"][0] == 8

    def after(gan, iteration):
        gan.objects["discriminator"].set_weights(start)
        optimizer = gan.objects["d_optimizer"]
        for variable in optimizer.variables[2:]:
            variable.assign(tf.zeros_like(variable))
        optimizer.iterations.assign(iteration)
        gan.train_block(iteration, 1)
        return np.concatenate([w.numpy().ravel() for w in gan.objects["discriminator"].trainable_variables])

    with_them, without = (r3gan.make(IMAGES, gamma=gamma, penalty_every=4, **SMALL) for gamma in (50.0, 0.0))
    start = [3 * weight for weight in with_them.objects["discriminator"].get_weights()]
    first = residual.make_generator(0, (16, 12, 3), 8).get_weights()
    for iteration, differs in enumerate([True, False, False, False, True]):
        for gan in (with_them, without):
            gan.objects["generator"].set_weights(first)
        moved = np.abs(after(with_them, iteration) - after(without, iteration)).max()
        assert (moved > 1e-4) == differs, iteration


def test_rate_and_gamma_fall_by_half(eagerly):
    """After `halve_every` iterations a step, and the penalty in it, are half as large."""

    def move(halve_every, iteration, gamma):
        gan = r3gan.make(shape=(16, 12, 3), ema=0.0, **SMALL)
        generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
        for weight in discriminator.trainable_variables:
            weight.assign(3 * weight)
        start = [weight.numpy() for weight in discriminator.trainable_variables]
        optimizers = [keras.optimizers.SGD(7.0) for _ in range(2)]
        step = r3gan.make_train_step(
            generator, discriminator, *optimizers, gamma=gamma, learning_rate=0.01, halve_every=halve_every
        )
        optimizers[1].iterations.assign(iteration)
        optimizers[0].learning_rate.assign(0.01)
        if not halve_every:
            optimizers[1].learning_rate.assign(0.01)
        step(tf.constant(IMAGES[:8] / 255, tf.float32), *np.random.default_rng(4).uniform(-1, 1, [2, 8, 100]))
        rates = [float(optimizer.learning_rate) for optimizer in optimizers]
        after = discriminator.trainable_variables
        return rates, np.concatenate([(new.numpy() - old).ravel() for old, new in zip(start, after, strict=True)])

    (same, whole), (_, free) = move(0, 100, 20.0), move(0, 100, 0.0)
    rates, half = move(100, 100, 20.0)
    np.testing.assert_allclose(same + rates, [0.01, 0.01, 0.005, 0.005], rtol=1e-6)
    penalty = whole - free
    assert np.abs(penalty).max() > 0.1 * np.abs(free).max() > 0
    np.testing.assert_allclose(half, (free + penalty / 2) / 2, atol=1e-3 * np.abs(half).max())
    np.testing.assert_allclose(move(100, 0, 20.0)[1], whole, atol=1e-3 * np.abs(whole).max())
    assert r3gan.OPTIONS["halve_every"][0] == 12_000


def test_optimizers_and_defaults():
    gan = r3gan.make(learning_rate=0.003, **SMALL)
    for name in ("g_optimizer", "d_optimizer"):
        config = gan.objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [0.003, 0, 0.99, 1e-8], rtol=1e-6)
    assert gan.blind_d_loss == pytest.approx(math.log(2))
    assert r3gan.make(pairing=False, **SMALL).blind_d_loss == pytest.approx(2 * math.log(2))


def test_dcgans_networks():
    objects = r3gan.make(networks="dcgan", **SMALL).objects
    assert layers_of(objects["generator"], "BatchNormalization")
    assert not layers_of(objects["discriminator"], "BatchNormalization")
    assert not layers_of(objects["generator"], "Add")
    with pytest.raises(ValueError, match="networks must be residual or dcgan"):
        r3gan.make(networks="dense", **SMALL)


@pytest.mark.parametrize("ema", [-0.1, 1.0])
def test_bad_averages_are_refused(ema):
    with pytest.raises(ValueError, match="ema must be"):
        r3gan.make(ema=ema, **SMALL)


def test_each_layer_begins_differently():
    for model in (residual.make_generator(0, (64, 64, 3), 8), residual.make_discriminator(0, (64, 64, 3), 8)):
        first = [w.numpy().ravel()[:40] for w in model.trainable_variables if len(w.shape) > 1 and w.numpy().any()]
        first = [each for each in first if len(each) == 40]
        correlations = np.corrcoef(first)[~np.eye(len(first), dtype=bool)]
        assert len(first) > 8 and np.abs(correlations).max() < 0.65
