"""gan_tf.zoo.imitation: the expert's games, D's update by hand, what is shown, and that cloning needs no game."""

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import cart_pole, dataset
from gan_tf.zoo import imitation

RANDOM = np.random.default_rng(0)
PAIRS = RANDOM.normal(size=[40, 5]).astype(np.float32)


def test_the_experts_pairs():
    """Pair k of a game is step 20 k; the actions are the expert's; games do not depend on each other."""
    pairs, actions = cart_pole.draw(50, 75)
    np.testing.assert_array_equal(pairs[:, 4], actions)
    np.testing.assert_array_equal(cart_pole.expert(pairs[:, :4]), actions)
    states, *_ = cart_pole.play(cart_pole.expert, [cart_pole.SEED + 3])
    np.testing.assert_array_equal(pairs[25:50, :4], states[::20, 0])
    assert 0.2 < actions.mean() < 0.8


def test_a_game_ends_when_the_pole_falls():
    states, actions, alive, last, fell = cart_pole.play(lambda states: np.ones(len(states), int), [1, 2])
    lengths = alive.sum(axis=0)
    assert (
        fell.all() and (lengths < 15).all() and (alive[: lengths.min()]).all() and (actions[: lengths.max()] == 1).all()
    )
    assert (np.abs(last[:, 2]) > 0.209).all() and (np.abs(states[0]) < 0.05).all()


def test_without_gymnasium_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(data.DataError, match=r"pip install -e '\.\[zoo\]'"):
        data.load("cart_pole")


def test_ds_loss_by_hand():
    gan = imitation.make()
    discriminator = gan.objects["discriminator"]
    d_step = imitation.make_d_step(discriminator, gan.objects["d_optimizer"])
    experts, players = RANDOM.normal(size=[2, 6, 6]).astype(np.float32)
    weights = np.float32([0.5, 0.25, 0.25, 0, 0, 0])
    real, fake = (np.asarray(discriminator(each), np.float64)[:, 0] for each in (experts, players))
    expected = np.log1p(np.exp(-real)).mean() + (weights * np.log1p(np.exp(fake))).sum()
    np.testing.assert_allclose(d_step(experts, players, weights), expected, rtol=1e-5)
    again = float(d_step(experts, players, weights))
    assert again < expected


def test_the_player_is_rewarded_for_what_d_takes_for_the_experts():
    """-log(1 - p): it grows with D's logit. A D that likes one action makes the player choose it."""
    gan = imitation.make(PAIRS, batch_size=2, d_learns=False)

    before = np.asarray(gan.objects["player"](np.zeros([1, 4])))[0]
    weights = [0 * weight for weight in gan.objects["discriminator"].get_weights()]
    for kernel, row in ((weights[0], 4), (weights[2], 0), (weights[4], 0)):
        kernel[row, 0] = 5  # only the action counts
    gan.objects["discriminator"].set_weights(weights)
    gan.train(3)
    after = np.asarray(gan.objects["player"](np.zeros([1, 4])))[0]
    assert after[1] - after[0] > before[1] - before[0] + 0.05


def test_cloning_learns_the_actions_and_nothing_else():
    gan = imitation.make(PAIRS, pairs=10, adversarial=False, batch_size=4)
    before = {name: gan.objects[name].get_weights() for name in ("value", "discriminator")}
    losses = gan.train(30)
    assert losses.shape == (30, 1) and losses[-1] < 0.5 * losses[0]
    for name, weights in before.items():
        for old, new in zip(weights, gan.objects[name].get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)
    shown = PAIRS[np.random.default_rng(0).choice(40, 10, replace=False)]
    chosen = np.asarray(gan.objects["player"](shown[:, :4] / imitation.SCALE)).argmax(axis=1)
    assert (chosen == (shown[:, 4] > 0.5)).mean() >= 0.9


def test_a_fallen_pole_is_a_state_of_its_own():
    found = imitation.pairs_of(PAIRS[:2, :4], np.array([0, 1]), np.array([True, False]))
    np.testing.assert_allclose(found[0], [*PAIRS[0, :4] / imitation.SCALE, -1, 0], rtol=1e-6)
    np.testing.assert_array_equal(found[1], [0, 0, 0, 0, 0, 1])


def test_d_may_not_see_actions():
    """Then 0 stands in their place, the mean of -1 and 1."""
    found = imitation.pairs_of(PAIRS[:2, :4], np.array([0, 1]), np.array([True, False]), hidden=True)
    np.testing.assert_allclose(found[0], [*PAIRS[0, :4] / imitation.SCALE, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(found[1], [0, 0, 0, 0, 0, 1])


def test_a_player_that_falls_is_imitated_too():
    gan = imitation.make(PAIRS, pairs=20, shown="random", batch_size=8, seed=1)
    lengths = gan.train(18)[:, gan.loss_names.index("score")]
    assert lengths[0] > 18 and 8 <= lengths[-5:].mean() < 13


def test_what_is_shown_of_random_actions(monkeypatch):
    """From whole games nearly only fallen poles; from before the fall none."""
    seen = {}
    monkeypatch.setattr(imitation, "make_cloning_step", lambda *_: None)
    for shown in ("upright", "random"):
        monkeypatch.setattr(imitation.tf, "constant", lambda pairs, shown=shown: seen.setdefault(shown, pairs))
        imitation.make(PAIRS, pairs=20, shown=shown, batch_size=8)
    fallen = {shown: (pairs == imitation.FALLEN).all(axis=1).mean() for shown, pairs in seen.items()}
    assert fallen["upright"] == 0 and 0.8 < fallen["random"] <= 1


def test_scores():
    """The expert's own rule as the player: it always acts like the expert and is where the expert is."""
    gan = imitation.make()
    pairs, actions = cart_pole.draw(0, 50)
    test = dataset.make("cart_pole", "", pairs, actions)
    found = gan.scores(test)
    gan.objects["player"].set_weights([0 * each for each in gan.objects["player"].get_weights()])
    always_left = gan.scores(test)
    assert always_left["acts like the expert"][0] == pytest.approx((actions == 0).mean())
    assert always_left["score of the player"][0] < 12 < found["control: of random actions"][0] < 40
    assert found["control: of the expert"][0] == 500 and always_left["distance of places"][0] > 0.1


@pytest.mark.parametrize("shown", ["states", "upright", "random"])
def test_cloning_is_shown_the_experts_pairs(shown):
    with pytest.raises(ValueError, match=f"shown must be 'pairs', not '{shown}'"):
        imitation.make(PAIRS, pairs=4, shown=shown, adversarial=False, batch_size=4)


@pytest.mark.parametrize("fallen", [True, False])
def test_only_the_papers_reward_pays_for_standing(fallen):
    """A D that always says 1/2 gives the paper's reward log 2 = 0.69 for each step, and ours 0."""
    gan = imitation.make(PAIRS, batch_size=2, d_learns=False, fallen=fallen)
    gan.objects["discriminator"].set_weights([0 * each for each in gan.objects["discriminator"].get_weights()])
    assert gan.loss_names == ("player_loss", "score") and gan.train(5).shape == (5, 2)
    values = np.asarray(gan.objects["value"](PAIRS[:, :4] / [10, 10, 100, 10]))
    assert (values > 1).all() if not fallen else (np.abs(values) < 0.2).all()
