"""gan_tf.zoo.gan_3d: its steps by hand, and when D learns in the paper's."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import dataset, furniture
from gan_tf.noise import uniform_noise
from gan_tf.objectives.critics import make_penalised_update
from gan_tf.objectives.losses import wasserstein_d_loss
from gan_tf.zoo import gan_3d

RANDOM = np.random.default_rng(0)
REAL = (RANDOM.random([8, 4096]) < np.linspace(0.1, 0.9, 8)[:, None]).astype(np.float32)  # each filled differently
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
    """D's two updates, and G's. The penalty's random points are drawn as critics.make_penalised_update says."""
    gan, twin = (gan_3d.make(width=2, convolutions=convolutions) for _ in range(2))
    for each in (gan, twin):  # else all solids of an untrained G are nearly the same, and D says the same of all
        for model in each.models.values():
            for weight in model.trainable_variables:
                weight.assign(10 * weight if len(weight.shape) > 1 else weight)
    generator, discriminator, *optimizers = gan.objects.values()
    critic = twin.objects["discriminator"]

    def d_loss_of(rows, number):
        fake = generator(D_NOISE[rows], training=True)
        epsilon = tf.random.stateless_uniform([4, 1], tf.constant([0, number], tf.int64))
        between = epsilon * REAL[rows] + (1 - epsilon) * fake
        return tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(REAL[rows])) + 10 * penalty(critic, between)

    first, second = slice(0, 4), slice(4, 8)
    _, first_gradients = steps.gradients_of(lambda: d_loss_of(first, 0), critic.trainable_variables)
    make_penalised_update(critic, twin.objects["d_optimizer"], wasserstein_d_loss)(
        REAL[first], generator(D_NOISE[first], training=True)
    )  # now `critic` is as D is before its second update
    g_weights = generator.trainable_variables
    before = [w.numpy() for w in g_weights]
    expected, d_gradients = steps.gradients_of(lambda: d_loss_of(second, 1), critic.trainable_variables)
    with steps.recorded() as updates:
        d_loss, g_loss = gan_3d.make_train_step(generator, discriminator, *optimizers)(REAL, D_NOISE, G_NOISE)
    first_update, d_update, g_update = updates
    steps.require_gradients(first_update, discriminator.trainable_variables, first_gradients)
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


@pytest.mark.parametrize(
    ("limit", "right", "learns"), [(None, 8, True), (0.1, 16, False), (0.5, 14, False), (0.9, 12, True)]
)
def test_d_waits_while_it_is_right(limit, right, learns):
    """A D that says the same of all 16 solids is right about half. One that is right about 80% or more does not learn.

    Here D calls solids real that are filled more than half of `limit`. Real ones are filled from 0.1 to 0.9, and fakes
    not at all.
    """
    gan = gan_3d.make(width=2, convolutions=False, wasserstein=False)
    generator, discriminator, *optimizers = gan.objects.values()
    if limit is None:
        discriminator.trainable_variables[2].assign(tf.zeros([8, 1]))
    else:
        for weight in generator.trainable_variables[-2:]:
            weight.assign(tf.zeros_like(weight) - (10.0 if len(weight.shape) == 1 else 0))
        first, b1, last, b2 = discriminator.trainable_variables
        first.assign(tf.ones_like(first) / 4096)  # the mean of a solid in [-1, 1]; of these fakes -1
        b1.assign(tf.ones_like(b1))
        last.assign(tf.ones_like(last))
        b2.assign([-limit * last.shape[0]])  # the hidden units are twice the filled share
    step = gan_3d.make_papers_step(generator, discriminator, *optimizers)
    before = [w.numpy() for w in discriminator.trainable_variables]
    with steps.recorded() as updates:
        *_, d_right = step(REAL, D_NOISE, G_NOISE)
    moved = any((w.numpy() != old).any() for w, old in zip(discriminator.trainable_variables, before, strict=True))
    assert moved == learns and len(updates) == 1 + learns and float(d_right) * 16 == right


def test_optimizers():
    """Rates and betas, with Wasserstein's loss and as in the paper."""
    for wasserstein, rates, beta_2 in ((True, (0.0005, 0.0005), 0.9), (False, (0.0025, 0.00001), 0.999)):
        objects = gan_3d.make(width=2, convolutions=False, wasserstein=wasserstein).objects
        for name, rate in zip(("g_optimizer", "d_optimizer"), rates, strict=True):
            config = objects[name].get_config()
            found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
            np.testing.assert_allclose(found, [rate, 0.5, beta_2, 1e-8], rtol=1e-6)


def test_which_solids_are_measured(monkeypatch):
    """1,000 of G, of the noise for evaluation. Controls: one half of the furniture next to the other, and noise."""
    assert gan_3d.COUNT == 1000
    seen = {}

    def spy(made, real, what):
        seen[what] = made, real
        return {what: (len(made), None)}

    monkeypatch.setattr(gan_3d, "compare", spy)
    monkeypatch.setattr(gan_3d, "COUNT", 6)
    gan = gan_3d.make(width=2, convolutions=False, seed=3)
    gan.objects["generator"].trainable_variables[0].assign(RANDOM.normal(size=[100, 8]))
    filled = np.array([0.02, 0.05, 0.1, 0.2, 0.13])[:, None] > RANDOM.random([5, 4096])
    test = dataset.make("furniture", "", 255 * filled.astype(np.uint8))
    found = gan.scores(test)
    assert found == {"made": (6, None), "control, real": (2, None), "control, noise": (6, None)}
    for what, real in (("made", test.images), ("control, real", test.images[2:]), ("control, noise", test.images)):
        np.testing.assert_array_equal(seen[what][1], real)
    expected = gan.objects["generator"](uniform_noise(3, 3, 0, [6, 100]))
    np.testing.assert_allclose(seen["made"][0], expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(seen["control, real"][0], test.images[:2])
    noise = seen["control, noise"][0]
    assert noise.shape == (6, 4096) and set(np.unique(noise)) == {0, 1}
    assert noise.mean() == pytest.approx(filled.mean(), abs=0.01) and (noise[0] != noise[1]).any()


def test_the_last_row_of_a_grid_turns_one_solid_into_another(monkeypatch):
    monkeypatch.setattr(gan_3d, "view", lambda solids: solids)
    gan = gan_3d.make(width=2, convolutions=False, seed=3)
    noise = uniform_noise(3, 1, 2 * 16 * 100, [16, 100]).numpy()
    noise[13], noise[14] = (2 * noise[12] + noise[15]) / 3, (noise[12] + 2 * noise[15]) / 3
    np.testing.assert_allclose(gan.draw(2), gan.objects["generator"](noise), rtol=1e-4, atol=1e-7)


def test_make_tells_its_steps_the_seed_and_the_batch(monkeypatch):
    """With Wasserstein's loss a batch has twice as many solids, and the penalty has the run's seed."""
    steps_made, blocks = [], []
    for name in ("make_train_step", "make_papers_step"):
        monkeypatch.setattr(gan_3d, name, lambda name=name, **given: steps_made.append((name, given)) or name)
    monkeypatch.setattr(gan_3d, "make_train_block", lambda *given: blocks.append(given))
    for wasserstein in (True, False):
        gan = gan_3d.make(REAL, width=2, convolutions=False, wasserstein=wasserstein, batch_size=4, seed=7)
        name, given = steps_made[-1]
        assert name == ("make_train_step" if wasserstein else "make_papers_step")
        assert given == gan.objects | ({"seed": 7} if wasserstein else {}) | {"jit": False}
        step, (solids,), *others = blocks[-1]
        assert step == name and solids is REAL and others == ([8, 7] if wasserstein else [4, 7])


def test_g_begins_as_full_as_the_furniture():
    solids, _ = furniture.draw(0, 2000)
    assert (solids > 0).mean() == pytest.approx(0.063, abs=0.003)
    for convolutions in (True, False):
        made = gan_3d.make(width=2, convolutions=convolutions).objects["generator"](G_NOISE)
        assert np.mean(made) == pytest.approx(0.063, abs=0.002)
