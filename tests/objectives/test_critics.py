"""gan_tf.objectives.critics: several updates of D, clipping, the gradient penalty, by hand and in a run."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import forked, losses_of
from graphs import optimised, unordered_reads
from test_training import make_networks, some_images

from gan_tf import optimizers, training
from gan_tf.noise import iteration_noise
from gan_tf.objectives import critics, variant
from gan_tf.objectives.losses import LOSSES
from gan_tf.objectives.recipes import RECIPES
from gan_tf.zoo import regularised


def inputs(d_steps, n=32):
    """(real images, D's noise, G's noise) of one step."""
    noise = iteration_noise(0, 0, 1, n, d_steps).numpy()[0]
    return some_images(n * d_steps), noise[:-1].reshape(-1, 100), noise[-1]


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_one_step_of_d_is_the_references(jit):
    """With d_steps = 1 and the reference's loss it is training.make_train_step."""
    found = []
    for make in (training.make_train_step, critics.make_critic_step):
        generator, discriminator, *rest = make_networks()
        more = {"loss": "non_saturating", "d_steps": 1} if make is critics.make_critic_step else {}
        step = make(generator, discriminator, *rest, jit=jit, **more)
        losses = [step(*inputs(1)) for _ in range(3)]
        found.append((np.array(losses), generator.get_weights() + discriminator.get_weights()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-6)
    for ours, theirs in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_k_steps_of_d_take_their_own_batches(eagerly):
    """Three updates of D are three steps of plain gradient descent, each on its third of what the step is given."""
    generator, discriminator, g_optimizer, _ = make_networks()
    real, d_noise, g_noise = inputs(3)
    mirror = keras.models.clone_model(discriminator)
    mirror.set_weights(discriminator.get_weights())
    for part in range(3):
        rows = slice(32 * part, 32 * (part + 1))
        with tf.GradientTape() as tape:
            d_loss = LOSSES["lsgan"][0](mirror(real[rows]), mirror(generator(d_noise[rows])))
        for weight, gradient in zip(mirror.weights, tape.gradient(d_loss, mirror.trainable_weights), strict=True):
            weight.assign_sub(0.01 * gradient)
    g_loss = LOSSES["lsgan"][1](mirror(generator(g_noise)))
    sgd = keras.optimizers.SGD(0.01)
    step = critics.make_critic_step(generator, discriminator, g_optimizer, sgd, "lsgan", d_steps=3, jit=False)
    losses = step(real, d_noise, g_noise)
    np.testing.assert_allclose(losses, [d_loss, g_loss], rtol=1e-5)
    for ours, theirs in zip(discriminator.get_weights(), mirror.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    assert g_optimizer.iterations == 1 and sgd.iterations == 3


def test_weights_are_clipped(eagerly):
    generator, discriminator, g_optimizer, _ = make_networks()
    rmsprop = optimizers.make_optimizer("rmsprop")
    step = critics.make_critic_step(generator, discriminator, g_optimizer, rmsprop, "wgan", d_steps=5, jit=False)
    before = [weight.copy() for weight in discriminator.get_weights()]
    step(*inputs(5))
    weights = discriminator.get_weights()
    assert max(np.abs(weight).max() for weight in weights) == pytest.approx(0.01, rel=1e-6)
    within = np.abs(before[0]) < 0.0075  # RMSProp's steps are at most 5e-5 / sqrt(0.01) each: not yet at the bounds
    assert 1e-4 < np.abs(weights[0] - before[0])[within].max() <= 0.0025 * (1 + 1e-6)
    assert max(np.abs(weight).max() for weight in generator.get_weights()) > 0.1, "G is not clipped"


def test_constants_replace_those_of_the_papers(eagerly):
    """`clip` bounds the weights; the loss of D is a straight line over the `weight` of the penalty; no other fits."""
    generator, discriminator, g_optimizer, d_optimizer = make_networks()
    networks = generator, discriminator, g_optimizer, d_optimizer
    critics.make_critic_step(*networks, "wgan", 1, jit=False, clip=0.02)(*inputs(1))
    largest = [abs(weight).max() for weight in discriminator.get_weights()]
    assert max(largest) == np.float32(0.02)
    d_losses = []
    for weight in (0.0, 1.0, 10.0, None):
        more = {} if weight is None else {"weight": weight}
        step = critics.make_critic_step(*make_networks(), "wgan_gp", 1, jit=False, **more)
        d_losses.append(float(step(*inputs(1))[0]))
    assert d_losses[1] - d_losses[0] > 0.01
    assert d_losses[2] - d_losses[0] == pytest.approx(10 * (d_losses[1] - d_losses[0]), rel=1e-4)
    assert d_losses[3] == d_losses[2], "the paper's is 10"
    with pytest.raises(TypeError):
        critics.make_critic_step(*make_networks(), "lsgan", 1, clip=0.02)


def test_gradient_penalty_by_hand():
    """For a D whose ReLUs are all on, so that its slope is |W1 W2| everywhere: 10 (|W1 W2| - 1)²."""
    generator, discriminator, *_ = make_networks()
    w1, b1, w2, b2 = discriminator.get_weights()
    discriminator.set_weights([np.abs(w1), b1 + 1, w2, b2])
    slope = np.linalg.norm(np.abs(w1).astype(np.float64) @ w2)
    real, fake = some_images(64)[:32], some_images(64)[32:]
    plain = LOSSES["wgan_gp"][0](discriminator(real), discriminator(fake))
    sgd = keras.optimizers.SGD(0.0)
    sgd.build(discriminator.trainable_variables)
    update = critics.make_penalised_update(discriminator, sgd, LOSSES["wgan_gp"][0], seed=1)
    assert float(update(real, fake) - plain) == pytest.approx(10 * (slope - 1) ** 2, rel=1e-4)


@pytest.mark.parametrize("jit", [pytest.param(True, marks=pytest.mark.slow), False])
def test_gradient_penalty_where_d_is_flat(jit):
    """With all ReLUs off the slope is 0. The penalty is 10, and no gradient follows from it: every weight stays."""
    _, discriminator, *_ = make_networks()
    w1, b1, w2, b2 = discriminator.get_weights()
    before = [-np.abs(w1), b1 - 1, w2, b2]
    discriminator.set_weights(before)
    sgd = keras.optimizers.SGD(1.0)
    sgd.build(discriminator.trainable_variables)
    update = critics.make_penalised_update(discriminator, sgd, LOSSES["wgan_gp"][0])
    real, fake = some_images(64)[:32], some_images(64)[32:]
    assert tf.function(update, jit_compile=jit)(real, fake) == 10
    for old, new in zip(before, discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_gradient_penalty_bends_the_slope_to_one():
    """Trained on the penalty alone, D's slope between real and fake images goes to 1 from where it was."""
    _, discriminator, *_ = make_networks()
    adam = optimizers.make_optimizer("adam", 0.01)
    adam.build(discriminator.trainable_variables)
    update = critics.make_penalised_update(discriminator, adam, lambda real, fake: 0.0, seed=0)
    update = tf.function(update)
    real, fake = some_images(128)[:64], some_images(128)[64:]
    first = float(update(real, fake))
    for _ in range(60):
        last = float(update(real, fake))
    assert last < 0.02 < 0.2 < first


@pytest.mark.parametrize("loss", ["lsgan", "wgan", "wgan_gp"])
def test_r1_is_added_to_what_d_minimises_and_not_to_its_loss(loss, eagerly):
    """One update by plain descent. For a D whose ReLUs are all on, ∇D(x) is W1 W2, and R1 is |W1 W2|².

    They are on at the real images. At the fake ones, which are black, all are off.
    """
    moved, losses = [], []
    for r1 in (0.0, 0.4):
        _, discriminator, *_ = make_networks()
        w1, b1, w2, b2 = discriminator.get_weights()
        before = [np.abs(w1), b1 - 0.01, w2, b2]
        discriminator.set_weights(before)
        sgd = keras.optimizers.SGD(1.0)
        sgd.build(discriminator.trainable_variables)
        constants = {"clip": 1e6} if loss == "wgan" else {}
        update = critics.UPDATES.get(loss, critics.make_update)
        update = update(discriminator, sgd, LOSSES[loss][0], r1=r1, **constants)
        losses.append(float(update(tf.constant(some_images(32)), tf.zeros([32, 784]))))
        moved.append([old - new for old, new in zip(before, discriminator.get_weights(), strict=True)])
    assert losses[0] == losses[1]
    slope = before[0].astype(np.float64) @ before[2]  # [784, 1]
    expected = [0.4 * slope @ before[2].T, 0, 0.4 * before[0].T @ slope, 0]  # of 0.4 / 2 · |W1 W2|²
    for without, with_r1, gradient in zip(*moved, expected, strict=True):
        np.testing.assert_allclose(with_r1 - without, gradient + np.zeros_like(without), rtol=2e-3, atol=2e-5)


def test_r1_of_the_references_loss_is_that_of_the_zoo(eagerly):
    """`--d_optimizer=adam --r1=0.1` trains as gan_tf.zoo.regularised does, and otherwise than without R1."""
    images = (255 * some_images(300)).astype(np.uint8).reshape(-1, 28, 28, 1)
    found = {
        name: make(images, jit=False, **options).train(6)
        for name, make, options in (
            ("with", variant.make, {"d_optimizer": "adam", "r1": 0.1}),
            ("zoo", regularised.make, {"r1": 0.1}),
            ("without", variant.make, {"d_optimizer": "adam"}),
            ("zero", variant.make, {"d_optimizer": "adam", "r1": 0.0}),
        )
    }
    np.testing.assert_allclose(found["with"], found["zoo"], rtol=2e-5)
    assert np.abs(found["with"] - found["without"])[3:].max(axis=0).min() > 1e-3
    np.testing.assert_array_equal(found["zero"], found["without"])


class Linear:
    """A critic of one weight, which keeps what it is shown."""

    def __init__(self):
        self.trainable_variables = [keras.Variable([[1.0]])]
        self.seen = []

    def __call__(self, images):
        self.seen.append(np.array(images[:, 0]))
        return tf.convert_to_tensor(images) @ self.trainable_variables[0]


def test_interpolation_is_uniform_and_new_each_time():
    """Between real zeros and fake ones lies 1 - ε: uniform, other numbers at each update and for each seed."""
    between = []
    for seed in (0, 1):
        critic, sgd = Linear(), keras.optimizers.SGD(0.0)
        sgd.build(critic.trainable_variables)
        update = critics.make_penalised_update(critic, sgd, LOSSES["wgan_gp"][0], seed)
        for _ in range(2):
            assert float(update(np.zeros([4000, 1], np.float32), np.ones([4000, 1], np.float32))) == pytest.approx(1.0)
        between += critic.seen[::3]
    for values in between:
        assert 0 <= values.min() and values.max() <= 1
        assert abs(values.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 4000)
        assert abs(values.var() - 1 / 12) < 0.005
    correlations = np.corrcoef(between)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)


def test_the_penalty_is_that_of_pairs_and_has_two_sides():
    """A pair has one ε for all its pixels; a slope below 1 costs as much as one above it."""
    for slope in (0.25, 1.75):
        critic, sgd = Linear(), keras.optimizers.SGD(0.0)
        critic.trainable_variables[0].assign([[slope]])
        sgd.build(critic.trainable_variables)
        update = critics.make_penalised_update(critic, sgd, lambda real, fake: 0.0)
        assert float(update(np.zeros([8, 1], np.float32), np.ones([8, 1], np.float32))) == pytest.approx(10 * 0.75**2)

    seen = []

    def keeping(images):
        seen.append(np.array(images))
        return tf.reduce_sum(images, axis=1, keepdims=True)

    keeping.trainable_variables = critic.trainable_variables
    update = critics.make_penalised_update(keeping, sgd, lambda real, fake: critic.trainable_variables[0][0, 0])
    update(np.full([50, 3], 0.25, np.float32), np.full([50, 3], 0.75, np.float32))
    assert (np.ptp(seen[0], axis=1) == 0).all() and np.ptp(seen[0][:, 0]) > 0.25
    assert 0.25 <= seen[0].min() and seen[0].max() <= 0.75, "they lie between the two images"


@pytest.mark.parametrize("loss", RECIPES)
def test_one_step_of_each_objective(loss, eagerly):
    """Both networks move, and both losses are numbers."""
    recipe = RECIPES[loss]
    generator, discriminator, *rest = make_networks(recipe.g_optimizer, recipe.d_optimizer)
    before = generator.get_weights() + discriminator.get_weights()
    if recipe.d_steps > 1:
        step = critics.make_critic_step(generator, discriminator, *rest, loss, recipe.d_steps, jit=False)
    else:
        step = training.make_train_step(generator, discriminator, *rest, *LOSSES[loss], jit=False)
    losses = step(*inputs(recipe.d_steps))
    assert np.isfinite(losses).all()
    after = generator.get_weights() + discriminator.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    moved = [bool((old != new).any()) for old, new in zip(before, after, strict=True)]
    # A critic's last bias cancels in the difference of its means.
    assert moved == 7 * [True] + [not loss.startswith("wgan")]


# One with the reference's own step, one with each kind of update; two of them do not need the logits for a gradient.
ORDERED = [("non_saturating", 1), ("fgan_kl", 1), ("fgan_kl", 2), ("wgan_gp", 1)]
OTHERS = [pytest.param(loss, 1, marks=pytest.mark.slow) for loss in RECIPES if (loss, 1) not in ORDERED]


@pytest.mark.parametrize(("loss", "d_steps"), ORDERED + OTHERS)
def test_weights_are_read_before_they_change(loss, d_steps):
    """Without XLA, in the graph that TensorFlow runs after its optimisations.

    Where a gradient does not need the logits, as with an identity for an activation, they lost their place in it: in
    one run of ten or so the logits of real images came from a D whose last layer was updated already.
    """
    recipe = RECIPES[loss]
    networks = make_networks(recipe.g_optimizer, recipe.d_optimizer)
    if d_steps == 1 and loss not in critics.UPDATES:
        step = training.make_train_step(*networks, *LOSSES[loss], jit=False)
    else:
        step = critics.make_critic_step(*networks, loss, d_steps, jit=False)
    with optimised() as graphs:
        step(*inputs(d_steps))
    writers, pairs = max(unordered_reads(graph) for graph in graphs)  # wgan_gp has smaller ones besides
    assert writers > 16 and pairs == []


RUNS = [("wgan_gp", 2)]
SLOW_RUNS = [(loss, recipe.d_steps) for loss, recipe in RECIPES.items() if loss != "non_saturating"]
SLOW_RUNS.append(("lsgan", 2))


@pytest.mark.parametrize(
    ("loss", "d_steps"), RUNS + [pytest.param(*each, marks=pytest.mark.slow) for each in SLOW_RUNS]
)
def test_a_run_of_each_objective_goes_on_exactly(loss, d_steps, idx_dir, tmp_path):
    """As a user runs it; stopped half-way and resumed it is bit for bit the run that was not."""
    flags = ("--nojit", "--batch_size=16", f"--data_dir={idx_dir}", f"--loss={loss}", "--sample_every=6")
    flags += (f"--d_steps={d_steps}",) if d_steps != RECIPES[loss].d_steps else ()
    for name, totals in (("whole", (12,)), ("parts", (5, 12))):
        for iters in totals:
            result = forked("gan_tf.train", *flags, f"--iters={iters}", f"--out_dir={name}", cwd=tmp_path)
            assert result.returncode == 0, result.stderr
    for name in ("losses.csv", "000.png", "001.png"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert all(np.isfinite(value).all() for value in losses_of(tmp_path / "whole").values())
