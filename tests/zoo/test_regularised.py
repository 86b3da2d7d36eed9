"""gan_tf.zoo.regularised: without its flags it is the reference; each flag by hand."""

import numpy as np
import pytest
import tensorflow as tf

from gan_tf.noise import USER_NOISE
from gan_tf.objectives import variant
from gan_tf.zoo import regularised

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
REAL = RANDOM.random([8, 784], np.float32)
D_NOISE, G_NOISE = RANDOM.uniform(-1, 1, [2, 8, 100]).astype(np.float32)


def weights_of(gan, name="discriminator"):
    return [np.asarray(weight, np.float64) for weight in gan.objects[name].weights]


def make(**options):
    """An untrained GAN with some flags, and its step."""
    gan = regularised.make(**{"r1": 0.0} | options)
    ema = {"average": gan.objects.get("generator_average"), "ema": options.get("ema", 0.0)}
    networks = {name: gan.objects[name] for name in ("generator", "discriminator", "g_optimizer", "d_optimizer")}
    return gan, regularised.make_train_step(**networks, **options | ema, jit=False)


def moved(**options):
    """How far D's weights move in the first step, in a straight line along minus the gradient of its loss."""
    gan, _ = make(**{name: value for name, value in options.items() if name == "deviation"})
    options = {name: value for name, value in options.items() if name != "deviation"}
    networks = {name: gan.objects[name] for name in ("generator", "discriminator", "g_optimizer")}
    plain = tf.keras.optimizers.SGD(1.0)
    before = weights_of(gan)
    regularised.make_train_step(**networks, d_optimizer=plain, **options, jit=False)(REAL, D_NOISE, G_NOISE)
    return [new - old for new, old in zip(weights_of(gan), before, strict=True)]


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_without_flags_it_is_the_reference_bit_for_bit(jit):
    theirs = variant.make(IMAGES, d_optimizer="adam", batch_size=8, jit=jit)
    ours = regularised.make(IMAGES, r1=0.0, batch_size=8, jit=jit)
    np.testing.assert_array_equal(ours.train(20), theirs.train(20))
    for name in ("generator", "discriminator"):
        for a, b in zip(weights_of(ours, name), weights_of(theirs, name), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_every_flag_changes_what_is_learned():
    plain = weights_of_after({})
    for options in (
        {"r1": 1.0},
        {"real_label": 0.9},
        {"deviation": True},
        {"weight_decay": 1.0},
        {"halve_every": 2},
        {"d_lr": 0.002},
        {"g_lr": 0.002},
    ):
        other = weights_of_after(options)
        assert max(np.abs(a[: len(b)] - b).max() for a, b in zip(other, plain, strict=True)) > 1e-6, options


def weights_of_after(options):
    gan = regularised.make(IMAGES, **{"r1": 0.0, "batch_size": 8, "jit": False} | options)
    gan.train(3)
    return weights_of(gan, "generator") + weights_of(gan)[:2]


def test_the_penalty_by_hand():
    """For D(x) = w2' relu(W1' x + b1) + b2 the gradient is W1 (w2 where the unit is on, else 0)."""
    gan, _ = make()
    w1, b1, w2, _ = weights_of(gan)
    on = REAL @ w1 + b1 > 0
    slopes = (on * w2[:, 0]) @ w1.T
    found = regularised.r1_penalty(gan.objects["discriminator"], tf.constant(REAL))
    np.testing.assert_allclose(found, (slopes**2).sum(axis=1).mean(), rtol=1e-4)


def test_what_r1_adds_to_a_step():
    """r1/2 times the penalty's gradient. By hand: only the slopes depend on w2, by which the penalty is quadratic."""
    gan, _ = make()
    w1, b1, w2, _ = weights_of(gan)
    on = REAL @ w1 + b1 > 0
    gradient = 2 * (on * ((on * w2[:, 0]) @ w1.T @ w1)).mean(axis=0)
    difference = [a - b for a, b in zip(moved(r1=0.3), moved(r1=0.0), strict=True)]
    np.testing.assert_allclose(difference[2][:, 0], -0.15 * gradient, rtol=1e-3, atol=1e-5)
    assert np.abs(difference[0]).max() > 1e-4
    np.testing.assert_allclose(difference[3], 0, atol=1e-6)  # the penalty does not know D's last bias


def test_what_a_label_of_less_than_1_adds_to_a_step():
    """a softplus(-v) + (1 - a) softplus(v): the gradient by v is sigmoid(v) - a, so that of b2 has 1 - a more."""
    difference = [a - b for a, b in zip(moved(real_label=0.9), moved(), strict=True)]
    np.testing.assert_allclose(difference[3], -0.1, rtol=1e-5)


def test_weight_decay_shrinks_the_kernels_alone():
    plain, step = make()
    step(REAL, D_NOISE, G_NOISE)
    decayed, step = make(weight_decay=5.0, d_lr=0.001)
    step(REAL, D_NOISE, G_NOISE)
    for a, b in zip(weights_of(decayed), weights_of(plain), strict=True):
        np.testing.assert_allclose(a, b * (0.995 if a.ndim > 1 else 1), rtol=1e-5)


def test_the_rates_halve():
    gan, step = make(halve_every=2, d_lr=0.004, g_lr=0.001)
    for _ in range(5):
        step(REAL, D_NOISE, G_NOISE)
    found = [float(gan.objects[name].learning_rate) for name in ("d_optimizer", "g_optimizer")]
    np.testing.assert_allclose(found, [0.001, 0.00025], rtol=1e-6)  # the rates of the fifth step


def test_the_average_is_what_is_drawn():
    gan, step = make(ema=0.75)
    before = weights_of(gan, "generator")
    np.testing.assert_array_equal(weights_of(gan, "generator_average")[0], before[0])
    step(REAL, D_NOISE, G_NOISE)
    for a, old, new in zip(weights_of(gan, "generator_average"), before, weights_of(gan, "generator"), strict=True):
        np.testing.assert_allclose(a, 0.75 * old + 0.25 * new, rtol=1e-5, atol=1e-8)
    noise = gan.make_noise(0, USER_NOISE, 4)
    drawn = np.asarray(gan.generate(noise)).reshape(4, 784)
    np.testing.assert_array_equal(drawn, gan.objects["generator_average"](noise))
    assert (drawn != np.asarray(gan.objects["generator"](noise))).any()


@pytest.mark.parametrize("rows", [1, 8])
def test_the_deviation(rows):
    x = RANDOM.normal(size=[rows, 5]).astype(np.float32)
    found = np.asarray(regularised.Deviation()(x))
    np.testing.assert_array_equal(found[:, :5], x)
    np.testing.assert_allclose(found[:, 5], np.sqrt(x.var(axis=0) + 1e-8).mean(), rtol=1e-5)


def test_d_with_the_deviation_begins_like_d():
    gan, plain = regularised.make(deviation=True), regularised.make()
    np.testing.assert_array_equal(weights_of(gan)[0], weights_of(plain)[0])
    assert weights_of(gan)[2].shape == (129, 1)
