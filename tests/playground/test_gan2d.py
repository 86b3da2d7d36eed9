"""playground/gan2d.js: its steps next to TensorFlow's, and what the stories of the room "train a GAN" say."""

import concurrent.futures
import functools
import re

import keras
import node
import numpy as np
import pytest
import tensorflow as tf

from experiments.theory import mode_collapse, one_point
from gan_tf import optimizers
from gan_tf.objectives.losses import LOSSES

GAN2D = "const gan2d = require(folder + '/gan2d.js');"
THEIRS = {"least_squares": "lsgan", "r1": "non_saturating"}  # names of LOSSES, where they differ
PENALTY, RATES, STEPS = 0.7, {"d": 0.03, "g": 0.008}, 4

# Some steps from given weights; the batches are the room's own. Weights are those after each step.
RUN = (
    GAN2D
    + """
const gan = gan2d.make(given.settings), found = { batches: [], losses: [], weights: [] };
found.first = [[...gan.generator.values], [...gan.discriminator.values]];
for (let i = 0; i < given.steps; i++) {
  const batch = gan2d.draw(gan), { dLoss, gLoss, gSlope } = gan2d.step(gan, batch);
  found.batches.push({ d: batch.d.map(each => [[...each.real], [...each.noise], [...each.mixed]]), g: [...batch.g] });
  found.losses.push([dLoss, gLoss, gSlope]);
  found.weights.push([[...gan.generator.values], [...gan.discriminator.values]]);
}
return found;
"""
)


def network(sizes, values):
    """A Keras model of float64 with these weights, a vector as that of gan2d.js."""
    layers = [keras.Input([sizes[0]], dtype="float64")]
    for width in sizes[1:]:
        activation = "relu" if len(layers) < len(sizes) - 1 else None
        layers.append(keras.layers.Dense(width, activation, dtype="float64"))
    model = keras.Sequential(layers)
    fill(model, values)
    return model


def fill(model, values):
    """Sets the weights of a model to those of a vector."""
    at, weights = 0, []
    for each in model.get_weights():
        weights.append(np.reshape(values[at : at + each.size], each.shape))
        at += each.size
    assert at == len(values)
    model.set_weights(weights)


def vector(weights):
    return np.concatenate([np.ravel(each) for each in weights])


class Optimizer:
    """The formulas of gan_tf/optimizers.py in float64. (Keras rounds its constants to float32.)"""

    def __init__(self, name, rate):
        self.name, self.rate, self.t, self.first, self.second = name, rate, 0, 0.0, 0.0

    def step(self, model, gradients):
        g, self.t = vector(gradients), self.t + 1
        if self.name == "adam":
            self.first = 0.9 * self.first + 0.1 * g
            self.second = 0.999 * self.second + 0.001 * g**2
            update = self.first * (1 - 0.999**self.t) ** 0.5 / (1 - 0.9**self.t) / (self.second**0.5 + 1e-8)
        elif self.name == "adadelta":
            self.first = 0.95 * self.first + 0.05 * g**2
            update = np.sqrt(self.second + 1e-8) / np.sqrt(self.first + 1e-8) * g
            self.second = 0.95 * self.second + 0.05 * update**2
        else:
            update = g
        fill(model, vector(model.get_weights()) - self.rate * update)


def penalty(loss, discriminator, real, fake, mixed):
    """R1 or WGAN-GP's gradient penalty, by TensorFlow's own derivatives."""
    if loss not in ("r1", "wgan_gp"):
        return tf.zeros([], tf.float64)
    points = real if loss == "r1" else mixed * real + (1 - mixed) * fake
    with tf.GradientTape() as tape:
        tape.watch(points)
        outputs = discriminator(points)
    squares = tf.reduce_sum(tape.gradient(outputs, points) ** 2, axis=1)
    if loss == "r1":
        return PENALTY / 2 * tf.reduce_mean(squares)
    return PENALTY * tf.reduce_mean((tf.sqrt(squares) - 1) ** 2)


# Each loss with one pair of optimizers; all other pairs are slow.
PAIRS = {"non_saturating": "adadelta, adam", "minimax": "adam, sgd", "least_squares": "sgd, adadelta"}
PAIRS |= {"wgan_gp": "adam, sgd", "r1": "adadelta, adam"}
STEPS_OF = [
    pytest.param(loss, which, marks=() if which == quick else pytest.mark.slow)
    for loss, quick in PAIRS.items()
    for which in ("adadelta, adam", "adam, sgd", "sgd, adadelta")
]


@pytest.mark.parametrize(("loss", "which"), STEPS_OF)
def test_steps_are_tensorflows(loss, which):
    """From the same weights, data and noise: losses, G's gradient and all weights, in float64."""
    d_name, g_name = which.split(", ")
    settings = {"seed": 3, "loss": loss, "penalty": PENALTY, "dSteps": 2, "dOptimizer": d_name, "gOptimizer": g_name}
    settings |= {"dRate": RATES["d"], "gRate": RATES["g"]}
    found = node.run(RUN, {"settings": settings, "steps": STEPS})
    generator, discriminator = network([2, 32, 32, 2], found["first"][0]), network([2, 32, 32, 1], found["first"][1])
    d_optimizer, g_optimizer = Optimizer(d_name, RATES["d"]), Optimizer(g_name, RATES["g"])
    d_loss_fn, g_loss_fn = LOSSES[THEIRS.get(loss, loss)]

    def two(numbers):
        return tf.reshape(tf.constant(numbers, tf.float64), [-1, 2])

    for batch, losses, (g_weights, d_weights) in zip(found["batches"], found["losses"], found["weights"], strict=True):
        assert len(batch["d"]) == 2
        for real, noise, mixed in batch["d"]:
            real, fake, mixed = two(real), generator(two(noise)), tf.constant(mixed, tf.float64)[:, None]
            assert real.shape == (64, 2) and mixed.shape == (64, 1)
            with tf.GradientTape() as tape:
                d_loss = d_loss_fn(discriminator(real), discriminator(fake))
                d_loss += penalty(loss, discriminator, real, fake, mixed)
            gradients = tape.gradient(d_loss, discriminator.trainable_variables, unconnected_gradients="zero")
            d_optimizer.step(discriminator, gradients)
        with tf.GradientTape() as tape:
            g_loss = g_loss_fn(discriminator(generator(two(batch["g"]))))
        gradients = tape.gradient(g_loss, generator.trainable_variables)
        g_optimizer.step(generator, gradients)
        expected = [float(d_loss), float(g_loss), np.linalg.norm(vector(gradients))]
        np.testing.assert_allclose(losses, expected, rtol=1e-10)
        # Adam divides by roots of squares: it makes a gradient of rounding errors as long as any other.
        np.testing.assert_allclose(g_weights, vector(generator.get_weights()), rtol=0, atol=1e-9)
        np.testing.assert_allclose(d_weights, vector(discriminator.get_weights()), rtol=0, atol=1e-9)
    moved = np.abs(np.subtract(found["weights"][-1][1], found["first"][1])).max()
    assert moved > 1e-6, "the steps are far longer than the tolerance"


@pytest.mark.parametrize("name", ["adadelta", "adam"])
def test_optimizers_are_the_reference_s(name):
    """Ten steps next to gan_tf.optimizers, which has TensorFlow 1's kernels, in float32; the gradients change."""
    random = np.random.default_rng(4)
    first, gradients = random.normal(size=7), random.normal(size=[10, 7]) * [1e-4, 1e-2, 0.1, 1, 1, 10, 0]
    code = """
const values = Float64Array.from(given.first), update = gan2d.OPTIMIZERS[given.name](values.length);
for (const each of given.gradients) update(values, Float64Array.from(each), given.rate);
return [...values];
"""
    rate = 0.001 if name == "adam" else 1.0
    given = {"first": first.tolist(), "gradients": gradients.tolist(), "name": name, "rate": rate}
    found = np.array(node.run(GAN2D + code, given))
    variable = tf.Variable(first, dtype=tf.float32)
    theirs = optimizers.make_optimizer(name, rate)
    theirs.build([variable])
    for each in gradients:
        theirs.apply([tf.constant(each, tf.float32)], [variable])
    np.testing.assert_allclose(found - first, variable.numpy() - first, rtol=2e-3, atol=3e-7)
    assert np.abs(found - first)[:6].min() > 1e-5 and found[6] == first[6]


def test_the_script_s_settings_are_those_of_the_page():
    settings = node.run(GAN2D + "return gan2d.SETTINGS;")
    assert settings["loss"] == "non_saturating" and settings["dSteps"] == 1
    assert (settings["dOptimizer"], settings["dRate"]) == ("adadelta", optimizers.RATES["adadelta"])
    assert (settings["gOptimizer"], settings["gRate"]) == ("adam", optimizers.RATES["adam"])


def test_data_noise_and_first_weights():
    code = """
const random = gan2d.randomOf(5), all = {};
for (const name of ["ring", "moons", "spot", "dots"]) {
  all[name] = [...gan2d.dataOf(name, 20000, random, [[1, 0], [-0.5, 0.5]])];
}
const { values, layers } = gan2d.makeNetwork([100, 80, 60], random);
const found = layers.map(each => [[...each.weights], [...each.bias]]);
return { ...all, noise: [...gan2d.noise(20000, random)], layers: found, size: values.length };
"""
    found = node.run(GAN2D + code)
    ring, moons, spot, dots = (np.reshape(found[name], [-1, 2]) for name in ("ring", "moons", "spot", "dots"))
    modes, good = mode_collapse.coverage(ring)
    assert modes == 8 and good == pytest.approx(1 - np.exp(-2), abs=0.01)
    nearest = np.linalg.norm(ring[:, None] - mode_collapse.CENTRES, axis=-1).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 20000, 1 / 8, atol=0.01)
    assert np.abs(moons).max() < 1.5 and np.corrcoef(moons.T)[0, 1] == pytest.approx(-0.5, abs=0.15)
    np.testing.assert_allclose([spot.mean(axis=0), spot.std(axis=0)], [[0.9, 0.9], [0.1, 0.1]], atol=0.01)
    left = dots[:, 0] < 0
    np.testing.assert_allclose(dots[left].mean(axis=0), [-0.5, 0.5], atol=0.005)
    np.testing.assert_allclose(dots[~left].std(axis=0), 0.05, atol=0.005)
    noise = np.array(found["noise"])
    assert -1 <= noise.min() < -0.99 and 0.99 < noise.max() < 1 and abs(noise.mean()) < 0.01 and len(noise) == 40000
    (w1, b1), (w2, b2) = found["layers"]
    assert [len(w1), len(b1), len(w2), len(b2)] == [8000, 80, 4800, 60] and found["size"] == 12940
    assert np.std(w1) == pytest.approx((2 / 100) ** 0.5, rel=0.03) and np.std(w2) == pytest.approx(0.025**0.5, rel=0.03)
    assert not any(b1 + b2)


def test_coverage_is_that_of_the_lesson():
    points = np.concatenate([mode_collapse.ring(300, modes=[0, 1, 5]), np.random.default_rng(1).normal(size=[100, 2])])
    code = "return gan2d.coverage(Float64Array.from(given));"
    found = node.run(GAN2D + code, points.ravel().tolist())
    modes, good = mode_collapse.coverage(points)
    assert found == {"modes": modes, "good": pytest.approx(good)} and 3 <= modes < 8


def test_the_same_seed_gives_the_same_gan():
    code = """
return [1, 1, 2].map(seed => {
  const gan = gan2d.make({ seed });
  gan2d.step(gan);
  return [...gan.generator.values];
});
"""
    first, again, other = node.run(GAN2D + code)
    assert first == again != other


def test_pull_goes_down_each_point_s_loss():
    """Compared with differences of the loss; a point's pull does not depend on the other points."""
    code = """
const gan = gan2d.make({ seed: 6, loss: given }), points = Float64Array.from([0.3, -0.7, 1.1, 0.2, -0.4, 0.9]);
const loss = at => gan2d.LOSSES[given].g(gan2d.judge(gan, Float64Array.from(at))[0])[0], found = [], h = 1e-6;
for (let i = 0; i < 6; i += 2) {
  const [x, y] = [points[i], points[i + 1]];
  found.push((loss([x - h, y]) - loss([x + h, y])) / (2 * h), (loss([x, y - h]) - loss([x, y + h])) / (2 * h));
}
return [[...gan2d.pull(gan, points)], found];
"""
    for loss in ("minimax", "non_saturating", "least_squares"):
        pulls, differences = node.run(GAN2D + code, loss)
        np.testing.assert_allclose(pulls, differences, rtol=1e-6, atol=1e-8)
        assert np.abs(pulls).min() > 1e-3


# ---- The stories: the room's own settings, read from its file ----


def stories():
    """The settings of each story in rooms/train.js."""
    text = (node.FOLDER / "rooms/train.js").read_text()
    parts = re.search(r"const SPOT = .*?\n  };", text, re.DOTALL)[0]
    return node.run(parts + " return STORIES;")


@functools.cache
def told(name, iterations, seeds=(1, 2, 3)):
    """Trains with the settings of a story. Returns for each seed what `code` below finds."""
    code = """
const gan = gan2d.make(given.settings), noise = gan2d.noise(1000, gan2d.randomOf(9)), found = { slopes: [] };
const sum = (points, c) => points.reduce((all, each, i) => all + (i % 2 === c ? each : 0), 0);
const centre = points => [0, 1].map(c => sum(points, c) / (points.length / 2));
found.first = centre(gan2d.generate(gan, noise));
for (let i = 0; i < given.iterations; i++) {
  const { gSlope } = gan2d.step(gan);
  if (i % 50 === 49) found.slopes.push(gSlope);
}
const points = gan2d.generate(gan, noise), pulls = gan2d.pull(gan, points);
const last = centre(points), squares = points.map((each, i) => (each - last[i % 2]) ** 2);
const spread = Math.sqrt(squares.reduce((a, b) => a + b) / 1000);
return { ...found, ...gan2d.coverage(points), last, spread, pull: Math.hypot(...centre(pulls)) };
"""
    settings = [stories()[name] | {"seed": seed} for seed in seeds]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [*pool.map(lambda s: node.run(GAN2D + code, {"settings": s, "iterations": iterations}, 300), settings)]


SEEDS = [(1,), pytest.param((1, 2, 3), marks=pytest.mark.slow)]


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_script_collapses_and_one_number_changed_covers_the_ring(seeds):
    assert stories()["script"] == {} and stories()["faster"] == {"dRate": 1}
    for slow, fast in zip(told("script", 500, seeds), told("faster", 1500, seeds), strict=True):
        assert slow["modes"] <= 1 and slow["good"] < 0.05 and np.abs(slow["last"]).max() > 1.75, (
            "outside of the picture"
        )
        assert fast["modes"] >= 7 and fast["good"] > 0.15 and np.abs(fast["last"]).max() < 0.5


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_minimax_gradient_vanishes_and_the_other_does_not(seeds):
    """G begins far from the data; D trains alone for 200 iterations. The control has the same D."""
    ours, control = told("vanishing", 600, seeds), told("rescued", 600, seeds)
    assert stories()["vanishing"] | {"loss": "non_saturating"} == stories()["rescued"]
    for stuck, free in zip(ours, control, strict=True):
        # Number 3 is at iteration 200, the end of D's time alone.
        assert stuck["slopes"][3] < 0.02 and stuck["slopes"][-1] < 0.01
        assert free["slopes"][3] > 5
        assert np.linalg.norm(np.subtract(stuck["last"], stuck["first"])) < 0.1
        assert np.linalg.norm(np.subtract(free["last"], [0.9, 0.9])) < 0.45
        assert stuck["pull"] < 0.01


def test_g_follows_dots_of_one_s_own():
    """Three dots: G's points end near them, near each of them; those of an untrained G do not."""
    dots = [[0.9, 0.3], [-0.8, 0.6], [0.1, -0.9]]
    assert stories()["own"] == {"data": "dots", "dRate": 1}
    code = """
const gan = gan2d.make(given), noise = gan2d.noise(500, gan2d.randomOf(9)), first = [...gan2d.generate(gan, noise)];
for (let i = 0; i < 1000; i++) gan2d.step(gan);
return [first, [...gan2d.generate(gan, noise)]];
"""
    shares = []
    for points in node.run(GAN2D + code, stories()["own"] | {"dots": dots, "seed": 1}, 300):
        distances = np.linalg.norm(np.reshape(points, [-1, 1, 2]) - dots, axis=-1)
        shares.append((distances < 0.25).mean(axis=0))
    assert shares[0].sum() < 0.25 and shares[1].sum() > 0.6 and shares[1].min() > 0.1, shares


@pytest.mark.slow
def test_the_first_two_stories_go_on_like_that():
    """The sentences say 3,000 iterations."""
    for slow, fast in zip(told("script", 3000), told("faster", 3000), strict=True):
        assert slow["modes"] <= 1 and slow["spread"] < 0.15 and np.abs(slow["last"]).max() < 0.5, "all on one place"
        assert fast["modes"] >= 7 and fast["good"] > 0.25 and fast["spread"] > 0.7


def walk(settings, steps):
    code = """
let point = { theta: 1, psi: 1 };
const path = [[1, 1]];
for (let i = 0; i < given.steps; i++) {
  point = gan2d.onePoint(point, given.settings);
  path.push([point.theta, point.psi]);
}
return path;
"""
    return np.array(node.run(GAN2D + code, {"settings": settings, "steps": steps}))


@pytest.mark.parametrize(
    "zero_sum, loss, gamma", [(True, "minimax", 0), (False, "non_saturating", 0), (False, "r1", 0.3)]
)
def test_the_one_point_gan_is_that_of_the_lesson(zero_sum, loss, gamma):
    """The lesson's R1 and R2 add gamma psi² together, the room's R1 penalty / 2 psi²."""
    settings = {"loss": loss, "penalty": 2 * gamma, "dRate": 0.05, "gRate": 0.05}
    np.testing.assert_allclose(walk(settings, 500), one_point.play(500, zero_sum, gamma, rate=0.05), atol=1e-12)
    other = walk(settings | {"gRate": 0.02}, 1)
    assert other[1, 1] == walk(settings, 1)[1, 1] and abs(other[1, 0] - 1) < abs(walk(settings, 1)[1, 0] - 1)


def test_the_one_point_gan_circles_and_with_the_penalty_arrives():
    circle, arrives = (np.sum(walk(stories()[name], 4000) ** 2, axis=1) for name in ("circle", "arrives"))
    assert 1.8 < circle.min() and circle.max() < 2.2
    assert arrives[-1] < 1e-10
    # Control: without its penalty, the loss of the last story does not arrive.
    assert np.sum(walk(stories()["arrives"] | {"loss": "non_saturating"}, 4000)[-1] ** 2) > 0.02
