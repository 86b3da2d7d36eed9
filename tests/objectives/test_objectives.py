"""gan_tf.objectives: each loss and its gradient against NumPy, and the divergences that f-GANs bound."""

import numpy as np
import pytest
import tensorflow as tf

from gan_tf.objectives import variant
from gan_tf.objectives.losses import BOUNDARIES, LOSSES
from gan_tf.objectives.recipes import RECIPES

REAL = np.array([[-2.0], [-0.3], [0.1], [1.5], [4.0]])
FAKE = np.array([[-3.0], [-1.1], [0.2], [0.9], [2.5]])


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


# name: (D's loss, its derivatives by each real and fake logit, G's loss, its derivative), but for the 1/n of the means;
# derived by hand.
BY_HAND = {
    "minimax": (
        lambda r, f: -np.log(sigmoid(r)) - np.log(1 - sigmoid(f)),
        lambda r: sigmoid(r) - 1,
        lambda f: sigmoid(f),
        lambda f: np.log(1 - sigmoid(f)),
        lambda f: -sigmoid(f),
    ),
    "lsgan": (
        lambda r, f: ((r - 1) ** 2 + f**2) / 2,
        lambda r: r - 1,
        lambda f: f,
        lambda f: (f - 1) ** 2 / 2,
        lambda f: f - 1,
    ),
    "wgan": (lambda r, f: f - r, lambda r: -1 + 0 * r, lambda f: 1 + 0 * f, lambda f: -f, lambda f: -1 + 0 * f),
    "fgan_kl": (
        lambda r, f: np.exp(f - 1) - r,
        lambda r: -1 + 0 * r,
        lambda f: np.exp(f - 1),
        lambda f: -np.exp(f - 1),
        lambda f: -np.exp(f - 1),
    ),
    "fgan_reverse_kl": (
        lambda r, f: -1 - np.log(np.exp(-f)) + np.exp(-r),
        lambda r: -np.exp(-r),
        lambda f: 1 + 0 * f,
        lambda f: 1 - f,
        lambda f: -1 + 0 * f,
    ),
    "fgan_js": (
        lambda r, f: -np.log(2 - 2 * sigmoid(f)) - np.log(2 * sigmoid(r)),
        lambda r: sigmoid(r) - 1,
        lambda f: sigmoid(f),
        lambda f: np.log(2 - 2 * sigmoid(f)),
        lambda f: -sigmoid(f),
    ),
    "fgan_pearson": (
        lambda r, f: f**2 / 4 + f - r,
        lambda r: -1 + 0 * r,
        lambda f: f / 2 + 1,
        lambda f: -(f**2) / 4 - f,
        lambda f: -f / 2 - 1,
    ),
}
BY_HAND["wgan_gp"] = BY_HAND["wgan"]


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_losses_and_gradients_by_hand(name):
    d_loss, by_real, by_fake, g_loss, g_by_fake = BY_HAND[name]
    real, fake = (tf.constant(v, tf.float32) for v in (REAL, FAKE))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        of_d, of_g = LOSSES[name][0](real, fake), LOSSES[name][1](fake)
    np.testing.assert_allclose(of_d, d_loss(REAL, FAKE).mean(), rtol=2e-6, atol=2e-7)
    np.testing.assert_allclose(of_g, g_loss(FAKE).mean(), rtol=2e-6, atol=2e-7)
    for value, by, expected in (
        (of_d, real, by_real(REAL)),
        (of_d, fake, by_fake(FAKE)),
        (of_g, fake, g_by_fake(FAKE)),
    ):
        np.testing.assert_allclose(tape.gradient(value, by), expected / 5, rtol=2e-6, atol=2e-7)


def test_every_loss_is_tested_and_has_a_recipe():
    assert set(BY_HAND) | {"non_saturating"} == set(LOSSES) == set(RECIPES)


def test_the_scripts_commented_formulas_give_nan_where_the_logits_do_not():
    """-mean(log D(x) + log(1 - D(G(z)))) from probabilities, as the script has it in a comment; and from logits."""
    real, fake = tf.constant([[120.0], [-120.0]]), tf.constant([[20.0], [3.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_real, d_fake = tf.sigmoid(real), tf.sigmoid(fake)
        commented = -tf.reduce_mean(tf.math.log(d_real) + tf.math.log(1.0 - d_fake))
        ours = {name: LOSSES[name][0](real, fake) for name in ("non_saturating", "minimax")}
    assert np.isinf(commented) and np.isnan(tape.gradient(commented, real)).any()
    assert np.isnan(tape.gradient(commented, fake)).any()
    for loss in ours.values():
        np.testing.assert_allclose(loss, 60 + (20 + np.logaddexp(0, 3)) / 2, rtol=1e-6)
        np.testing.assert_allclose(tape.gradient(loss, real), [[0], [-0.5]], atol=1e-6)
        np.testing.assert_allclose(tape.gradient(loss, fake), [[0.5], [sigmoid(3) / 2]], rtol=1e-6)


def test_minimax_is_safe_for_any_logit():
    for logit in (-1e4, 1e4):
        for loss in LOSSES["minimax"][1](tf.constant([[logit]])), LOSSES["minimax"][0](*2 * [tf.constant([[logit]])]):
            assert np.isfinite(loss)


@pytest.mark.parametrize("name", LOSSES)
def test_boundary_of_d(name):
    """Of an image that is as often real as fake, D's loss is least at the boundary. A critic's is the same anywhere."""

    def d_loss(logit):
        logit = tf.constant([[logit]], tf.float32)
        return float(LOSSES[name][0](logit, logit))

    boundary = BOUNDARIES[name]
    if boundary is None:
        assert d_loss(-3.0) == d_loss(0.0) == d_loss(3.0)
    else:
        assert d_loss(boundary) < min(d_loss(boundary + shift) for shift in (-1, -0.1, 0.1, 1)) - 1e-4
    assert variant.make(loss=name).boundary == boundary


# name: (f of the ratio p / q, the logit of the best T = f'(p / q)); D_f(p ‖ q) = Σ q f(p / q).
DIVERGENCES = {
    "fgan_kl": (lambda u: u * np.log(u), lambda u: 1 + np.log(u)),
    "fgan_reverse_kl": (lambda u: -np.log(u), lambda u: np.log(u)),
    "fgan_js": (lambda u: u * np.log(u) - (1 + u) * np.log((1 + u) / 2), lambda u: np.log(u)),
    "fgan_pearson": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1)),
}


@pytest.mark.parametrize("name", sorted(DIVERGENCES))
def test_at_its_best_d_measures_the_divergence(name):
    """Two distributions on four points, as 1000 samples each: minus D's least loss is D_f(p ‖ q), else it is more."""
    p, q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
    f, best = DIVERGENCES[name]
    divergence = np.sum(q * f(p / q))
    real, fake = (np.repeat(np.arange(4), (1000 * weights).round().astype(int)) for weights in (p, q))

    def bound(logits):
        logits = tf.constant(logits, tf.float32)
        return -LOSSES[name][0](tf.gather(logits, real)[:, None], tf.gather(logits, fake)[:, None]).numpy()

    assert bound(best(p / q)) == pytest.approx(divergence, rel=1e-5)
    for shift in (np.array([0.1, 0, 0, 0]), np.array([0, -0.1, 0.2, 0])):
        assert bound(best(p / q) + shift) < divergence - 1e-4


def test_recipes():
    """The script's, the two papers', and Adam for all others."""
    of_others = ("adam", "adam", 1)
    papers = {"non_saturating": ("adadelta", "adam", 1), "wgan": ("rmsprop", "rmsprop", 5)}
    papers["wgan_gp"] = ("adam_gp", "adam_gp", 5)
    assert list(RECIPES) == list(LOSSES)
    for loss, recipe in RECIPES.items():
        assert (recipe.d_optimizer, recipe.g_optimizer, recipe.d_steps) == papers.get(loss, of_others), loss


def test_only_the_cross_entropies_have_a_loss_of_a_blind_d():
    found = {loss: variant.make(loss=loss).blind_d_loss for loss in RECIPES}
    assert {loss for loss, value in found.items() if value is not None} == {"non_saturating", "minimax"}
    assert found["minimax"] == found["non_saturating"] == pytest.approx(2 * np.log(2), rel=1e-12)
