"""gan_tf.optimizers against TF1's own kernels, and against its constants."""

import pathlib
import platform

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_tf import optimizers


@pytest.mark.parametrize("name", ["adadelta", "adam"])
def test_constants_are_tf1s_in_float32(name):
    tf1 = {
        "adadelta": {"rho": 0.95, "epsilon": 1e-8},
        "adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
    }[name]
    optimizer = optimizers.make_optimizer(name)
    for constant, value in tf1.items():
        assert getattr(optimizer, constant) == float(np.float32(value))
    assert float(optimizer.learning_rate) == float(np.float32(0.001))
    assert float(optimizers.make_optimizer(name, 0.02).learning_rate) == float(np.float32(0.02))


def test_rates_where_none_is_given():
    expected = {"adadelta": 0.001, "adadelta_2017": 0.001, "adam": 0.001, "adam_gp": 1e-4, "rmsprop": 5e-5}
    assert optimizers.RATES == expected
    for name, rate in expected.items():
        assert float(optimizers.make_optimizer(name).learning_rate) == np.float32(rate)


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_apply_has_kerass_keywords(name):
    optimizer, variable = optimizers.make_optimizer(name), keras.Variable([1.0])
    optimizer.build([variable])
    optimizer.apply(grads=[tf.constant([1.0])], trainable_variables=[variable])
    assert variable.numpy()[0] < 1


def test_constants_of_the_wasserstein_gans():
    """Adam of WGAN-GP's paper; PyTorch's RMSProp, whose epsilon outside the root is squared inside it."""
    adam, rmsprop = optimizers.make_optimizer("adam_gp"), optimizers.make_optimizer("rmsprop")
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0, float(np.float32(0.9)), float(np.float32(1e-8)))
    assert float(adam.learning_rate) == np.float32(1e-4) and float(rmsprop.learning_rate) == np.float32(5e-5)
    assert (rmsprop.rho, rmsprop.epsilon, rmsprop.momentum, rmsprop.centered) == (0.99, 1e-16, 0, False)
    bug = optimizers.make_optimizer("adadelta_2017")
    assert (bug.rho, bug.epsilon) == (float(np.float32(0.95)), float(np.float32(1e-8)))
    assert float(bug.learning_rate) == np.float32(0.001)


def apply_keras(optimizer, start, gradients, jit=False):
    """The variable after each gradient."""
    variable = keras.Variable(start)
    optimizer.build([variable])

    @tf.function(jit_compile=jit)
    def apply(gradient):
        optimizer.apply([gradient], [variable])

    for gradient in gradients:
        apply(gradient)
        yield variable.numpy()


def apply_adadelta_kernel(start, gradients):
    """TF1's `ResourceApplyAdadelta`."""
    var, accum, accum_update = tf.Variable(start), tf.Variable(0 * start), tf.Variable(0 * start)
    handles = {"var": var.handle, "accum": accum.handle, "accum_update": accum_update.handle}
    for gradient in gradients:
        tf.raw_ops.ResourceApplyAdadelta(**handles, lr=0.001, rho=0.95, epsilon=1e-8, grad=gradient)
        yield var.numpy()


def apply_adam_kernel(start, gradients):
    """TF1's `ResourceApplyAdam`, with the stored powers of beta that `AdamOptimizer` multiplies up in float32."""
    var, m, v = tf.Variable(start), tf.Variable(0 * start), tf.Variable(0 * start)
    beta_1, beta_2 = np.float32(0.9), np.float32(0.999)
    power_1, power_2 = beta_1, beta_2
    for gradient in gradients:
        tf.raw_ops.ResourceApplyAdam(
            var=var.handle,
            m=m.handle,
            v=v.handle,
            beta1_power=power_1,
            beta2_power=power_2,
            lr=0.001,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=1e-8,
            grad=gradient,
        )
        power_1, power_2 = power_1 * beta_1, power_2 * beta_2
        yield var.numpy()


KERNELS = {"adadelta": apply_adadelta_kernel, "adam": apply_adam_kernel}


# Bit for bit on x86-64; elsewhere, and with XLA, multiplications and additions may be fused, which rounds otherwise.
EXACT = platform.machine() == "x86_64"


SCALES = {1e-12: True, 1e-9: False, 1e-6: True, 1e-3: False, 1.0: True, 1e3: False}  # at which XLA is slow
OF_UPDATES = [
    pytest.param(scale, jit, 1e-6 if jit or not EXACT else 0, marks=pytest.mark.slow if jit and slow else ())
    for scale, slow in SCALES.items()
    for jit in (False, True)
]


@pytest.mark.parametrize("name", ["adadelta", "adam"])
@pytest.mark.parametrize(("scale", "jit", "tolerance"), OF_UPDATES)
def test_updates_are_the_kernels(name, scale, jit, tolerance):
    """The path of variables over 300 random gradients; the distance is relative to the way they have gone."""
    random = np.random.default_rng(0)
    start = np.zeros(1000, np.float32)
    gradients = (scale * random.normal(0.3, 1, [300, 1000])).astype(np.float32)
    ours = np.array(list(apply_keras(optimizers.make_optimizer(name), start, gradients, jit)))
    theirs = np.array(list(KERNELS[name](start, gradients)))
    length = np.abs(np.diff(theirs, axis=0, prepend=0)).cumsum(0)
    assert (length > 0).all()
    assert (np.abs(ours - theirs) / length).max() <= tolerance


def test_adadelta_first_step_by_hand():
    """u = sqrt(eps) / sqrt(0.05 g² + eps) g, which is sqrt(eps / 0.05) = 4.47e-4 for g = 1, times 0.001."""
    step = next(apply_keras(optimizers.make_optimizer("adadelta"), np.zeros(1, np.float32), [np.ones(1, np.float32)]))
    np.testing.assert_allclose(step, -0.001 * np.sqrt(1e-8) / np.sqrt(0.05 + 1e-8), rtol=1e-6)


def test_the_readmes_line_of_arithmetic():
    """The first update of Keras's own Adadelta and of ours, for gradients of 0.01 to 1000, is the README's 4.5e-7."""
    gradients = np.array([0.01, -0.3, 1, -20, 1000], np.float32)
    readme = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
    assert "0.001 · √(1e-8) / √(0.05 g² + 1e-8) · g  ≈  0.001 · √(1e-8 / 0.05)  =  4.5e-7\n" in readme
    kerass = keras.optimizers.Adadelta(0.001, rho=0.95, epsilon=1e-8)
    for optimizer in (optimizers.make_optimizer("adadelta"), kerass):
        (step,) = apply_keras(optimizer, np.zeros(5, np.float32), [gradients])
        assert [f"{-each:.1e}" for each in step * np.sign(gradients)] == 5 * ["4.5e-07"]
    (faster,) = apply_keras(optimizers.make_optimizer("adadelta", 1.0), np.zeros(5, np.float32), [gradients])
    np.testing.assert_allclose(faster, 1000 * step, rtol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_adadelta_2017_by_hand(jit):
    """Three gradients of 1: E[g²] is 0.05, 0.0975, 0.142625; the step takes E[u²] after u has gone into it."""
    eps, accum, accum_update, expected = 1e-8, 0.0, 0.0, [0.0]
    for _ in range(3):
        accum = 0.95 * accum + 0.05
        u = np.sqrt(accum_update + eps) / np.sqrt(accum + eps)
        accum_update = 0.95 * accum_update + 0.05 * u**2
        expected.append(expected[-1] - 0.001 * np.sqrt(accum_update + eps) / np.sqrt(accum + eps))
    optimizer = optimizers.make_optimizer("adadelta_2017")
    steps = np.concatenate(list(apply_keras(optimizer, np.zeros(1, np.float32), 3 * [np.ones(1, np.float32)], jit)))
    np.testing.assert_allclose(steps, expected[1:], rtol=1e-6)
    # The first, in closed form: E[u²] = eps, so sqrt(2) times as long as without the bug.
    np.testing.assert_allclose(steps[0], -0.001 * np.sqrt(2e-8) / np.sqrt(0.05), rtol=1e-6)


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf"), 1e-60, 1e60])
def test_bad_learning_rates(rate):
    with pytest.raises(ValueError, match="must be a positive number"):
        optimizers.make_optimizer("adam", rate)


def test_unknown_name():
    with pytest.raises(ValueError, match="unknown optimizer 'sgd'; known: adadelta, adadelta_2017, adam"):
        optimizers.make_optimizer("sgd")
