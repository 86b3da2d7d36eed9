"""gan_tf.zoo.infogan: its inputs, its information and its score by hand; one step."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import dataset
from gan_tf.noise import uniform_noise
from gan_tf.zoo import infogan

RANDOM = np.random.default_rng(0)


def test_inputs():
    """z and the two numbers are the random numbers themselves; the categories are equally frequent."""
    uniform = RANDOM.uniform(-1, 1, [10_000, 66]).astype(np.float32)
    uniform[:, 62] = np.linspace(-1, 1, 10_000, endpoint=False)
    inputs = infogan.inputs_of(uniform).numpy()
    np.testing.assert_array_equal(inputs[:, :62], uniform[:, :62])
    np.testing.assert_array_equal(inputs[:, 72:], uniform[:, 63:65])
    assert (inputs[:, 62:72].sum(axis=1) == 1).all() and np.abs(inputs[:, 62:72].sum(axis=0) - 1000).max() <= 1


def test_information():
    """log 10 if Q is always right and sure, 0 if it does not know, and below 0 if it is wrong and sure."""
    inputs = np.zeros([2, 74], np.float32)
    inputs[:, 62 + 3] = 1
    inputs[:, 72:] = [[0.5, -1], [1, 0]]
    for logit, expected in ((100.0, math.log(10)), (0.0, 0.0), (-100.0, math.log(10) - 100 - math.log(9))):
        logits = np.zeros([2, 10], np.float32)
        logits[:, 3] = logit
        information, error = infogan.information_fn(inputs, logits, np.zeros([2, 2], np.float32))
        np.testing.assert_allclose(information, expected, atol=1e-5)
        np.testing.assert_allclose(error, (0.25 + 1 + 1 + 0) / 4, rtol=1e-6)


def test_the_error_is_a_gaussians_information():
    """Up to a constant, -log N(c; mean, 1) of the two numbers is (c - mean)² / 2 each: what a step minimises."""
    numbers, means = RANDOM.normal(size=[2, 50, 2])
    minus_log = ((numbers - means) ** 2 / 2 + 0.5 * math.log(2 * math.pi)).sum(axis=1).mean()
    _, error = infogan.information_fn(np.concatenate([np.zeros([50, 72]), numbers], 1), np.zeros([50, 10]), means)
    assert minus_log - math.log(2 * math.pi) == pytest.approx(float(error) * 2 / 2, rel=1e-9)


def test_the_score_is_the_best_matching():
    """Compared with all matchings of four categories; independent of how the categories are numbered."""
    found, labels = RANDOM.integers(0, 4, [2, 200])
    best = max(
        np.mean([order[f] == label for f, label in zip(found, labels, strict=True)])
        for order in itertools.permutations(range(4))
    )
    assert infogan.matched_accuracy(found, labels)[0] == pytest.approx(best)
    assert infogan.matched_accuracy((labels + 7) % 10, labels)[0] == 1
    noise = infogan.matched_accuracy(RANDOM.integers(0, 10, 10_000), RANDOM.integers(0, 10, 10_000))[0]
    assert 0.1 <= noise < 0.13, "chance"


def test_a_grid_varies_one_code_a_row():
    uniform = uniform_noise(0, 1, 0, [4, 66])[:3].numpy()
    rows = infogan.one_code_a_row(uniform).reshape(5, 10, 74)
    for row in rows[:3]:
        np.testing.assert_array_equal(row[:, 62:72], np.eye(10))
        assert (row[:, :62] == row[0, :62]).all() and (row[:, 72:] == 0).all()
    for number, row in enumerate(rows[3:]):
        np.testing.assert_allclose(row[:, 72 + number], np.linspace(-2, 2, 10), atol=1e-6)
        assert (row[:, :72] == row[0, :72]).all() and (row[:, 73 - number] == 0).all()


@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_a_step(weight):
    """Without its weight G does not learn to show the code, while Q still learns to read it."""
    random = np.random.default_rng(1)
    gan = infogan.make(width=2, information_weight=weight, batch_size=8)
    generator, discriminator, *optimizers = gan.objects.values()
    real = random.random([8, 28, 28, 1], np.float32)
    d_random, g_random = random.uniform(-1, 1, [2, 8, 66]).astype(np.float32)
    measured, plain = [], []

    def parts(uniform):
        inputs = infogan.inputs_of(uniform)
        logit, *read = discriminator(generator(inputs, training=True), training=True)
        measured[:] = infogan.information_fn(inputs, *read)
        return logit, 0.1 * measured[1] - measured[0]

    def d_loss_of():
        logit, minus_information = parts(d_random)
        real_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(real, training=True)[0]))
        plain[:] = [real_loss + tf.reduce_mean(tf.nn.softplus(logit))]
        return plain[0] + minus_information

    def g_loss_of():
        logit, minus_information = parts(g_random)
        return tf.reduce_mean(tf.nn.softplus(-logit)) + weight * minus_information

    step = infogan.make_train_step(generator, discriminator, *optimizers, weight)
    found, _, g_loss = steps.check(
        (generator, discriminator), (1e-3, 2e-4), lambda: step(real, d_random, g_random), d_loss_of, g_loss_of
    )
    np.testing.assert_allclose(found[2:], measured, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1] + weight * (0.1 * measured[1] - measured[0]), g_loss, rtol=1e-4)
    np.testing.assert_allclose(found[0], plain[0], rtol=1e-5)  # without the information


def test_more_classes_than_categories_have_no_score():
    gan = infogan.make(width=2, batch_size=8)
    test = dataset.make("", "", RANDOM.integers(0, 256, [4, 28, 28, 1], np.uint8), [1, 2, 9, 3], map(str, range(10)))
    assert list(gan.scores(test)) == ["classes found without labels"]
    for classes in ((), ("one",), tuple(map(str, range(11)))):
        assert gan.scores(dataclasses.replace(test, classes=classes)) == {}


def test_the_score_reads_the_categories():
    """Q's categories of ten images, of which three belong to another class than the matching says."""
    gan, random = infogan.make(width=2), np.random.default_rng(4)
    discriminator = gan.objects["discriminator"]
    for weight in discriminator.trainable_variables:
        weight.assign(10 * weight if len(weight.shape) > 1 else weight)
    pixels = random.integers(0, 256, [60, 28, 28, 1], np.uint8)
    found = np.asarray(discriminator(pixels / np.float32(255))[1]).argmax(axis=1)
    chosen = np.concatenate([np.flatnonzero(found == category)[:5] for category in np.bincount(found).argsort()[-2:]])
    assert len(chosen) == 10 and len(set(found[chosen])) == 2
    labels = (found[chosen] + 3) % 10
    labels[[0, 1, 9]] = labels[[9, 9, 0]]  # two of five here, one of five there
    test = dataset.make("", "", pixels[chosen], labels, map(str, range(10)))
    score, error = gan.scores(test)["classes found without labels"]
    assert (score, error) == pytest.approx((0.7, (0.7 * 0.3 / 10) ** 0.5))


def test_each_grid_has_its_own_noise():
    gan = infogan.make(width=2, seed=3)
    uniform = uniform_noise(3, 1, 2 * 4 * 66, [3, 66]).numpy()
    np.testing.assert_allclose(gan.draw(2), gan.objects["generator"](infogan.one_code_a_row(uniform)), atol=1e-6)
    inputs = infogan.make_noise(3, 2, 5)
    np.testing.assert_array_equal(inputs, infogan.inputs_of(uniform_noise(3, 2, 0, [5, 66])))
    np.testing.assert_allclose(gan.generate(inputs), gan.objects["generator"](inputs), atol=1e-6)


def test_rates_are_the_papers(monkeypatch):
    """And the step gets the weight that is asked for."""
    seen = []
    monkeypatch.setattr(infogan, "make_train_step", lambda *given: seen.append(given))
    objects = infogan.make(width=2, information_weight=0.25).objects
    ((*those, weight, jit),) = seen
    assert all(a is b for a, b in zip(those, objects.values(), strict=True)) and (weight, jit) == (0.25, False)
    for name, rate in (("g_optimizer", 0.001), ("d_optimizer", 0.0002)):
        config = objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [rate, 0.5, 0.999, 1e-8], rtol=1e-6)
