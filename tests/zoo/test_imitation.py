"""gan_tf.zoo.imitation: the expert's games, D's update by hand, what is shown, and that cloning needs no game."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

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


@pytest.mark.slow
def test_a_player_that_falls_is_imitated_too():
    gan = imitation.make(PAIRS, pairs=20, shown="random", batch_size=8, seed=1)
    lengths = gan.train(18)[:, gan.loss_names.index("score")]
    assert lengths[0] > 18 and 8 <= lengths[-5:].mean() < 13


class Spies:
    """Notes what one iteration plays, and what it teaches D and the player, who do not learn here."""

    def __init__(self, monkeypatch):
        self.played, self.of_d, self.of_player, play = [], [], [], cart_pole.play

        def spy(act, seeds):
            self.played.append((list(seeds), play(act, seeds)))
            return self.played[-1][1]

        monkeypatch.setattr(cart_pole, "play", spy)
        monkeypatch.setattr(imitation, "make_d_step", lambda *_: self.d_step)
        monkeypatch.setattr(imitation, "make_learn", self.make_learn)

    def make_learn(self, *networks):
        self.learners = networks
        return lambda *given: self.of_player.append(given) or 0.5

    def d_step(self, *given):
        self.of_d.append(given)
        return len(self.of_d)


def test_what_is_shown_of_random_actions(monkeypatch):
    """From whole games nearly only fallen poles; from before the fall none."""
    fallen = {}
    for shown in ("upright", "random"):
        spies = Spies(monkeypatch)
        imitation.make(PAIRS, pairs=20, shown=shown, batch_size=2).train(1)
        experts = np.asarray(spies.of_d[0][0])
        assert experts.shape == (20, 6)
        fallen[shown] = (experts == [0, 0, 0, 0, 0, 1]).all(axis=1).mean()
    assert fallen["upright"] == 0 and 0.8 < fallen["random"] <= 1


SCALE = [0.17, 0.14, 0.006, 0.2]  # deviations in the expert's games, as departure 6 says


@pytest.mark.parametrize(("shown", "fallen"), [("pairs", True), ("states", False)])
def test_an_iteration(monkeypatch, shown, fallen):
    """Three updates of D, then the player learns from scaled states and from rewards by hand; games end with a fall."""
    spies = Spies(monkeypatch)
    gan = imitation.make(PAIRS, pairs=5, shown=shown, fallen=fallen, batch_size=3, seed=6)
    discriminator = gan.objects["discriminator"]
    discriminator.set_weights([3 * each for each in discriminator.get_weights()])  # so that rewards differ clearly
    rows = gan.train(2)
    names = ("player", "value", "p_optimizer", "v_optimizer")
    assert all(a is gan.objects[b] for a, b in zip(spies.learners, names, strict=True))
    (first, _), (seeds, (states, actions, alive, last, fell)) = spies.played
    assert len(set(first) | set(seeds)) == 6, "each iteration plays other games"
    assert seeds == (np.random.SeedSequence([6, 1]).generate_state(4) // 4)[:3].tolist()
    assert fell.all() and len(spies.of_player) == 2
    assert len(spies.of_d) == 2 * 3 and rows[1].tolist() == [6.0, 0.5, pytest.approx(alive.sum() / 3, rel=1e-6)]

    def seen(states, actions):  # by D
        actions = np.zeros([len(states), 1]) if shown == "states" else 2 * actions[:, None] - 1
        return np.concatenate([states / SCALE, actions, np.zeros([len(states), 1])], axis=1)

    chosen = PAIRS[np.random.default_rng(6).choice(40, 5, replace=False)]
    played = seen(states.reshape(-1, 4), actions.ravel())
    played[~alive.ravel()] = [0, 0, 0, 0, 0, 1]
    counts = np.ones(1500) / 1500 if fallen else alive.ravel() / alive.sum()
    for experts, players, weights in spies.of_d[3:]:
        np.testing.assert_allclose(experts, seen(chosen[:, :4], chosen[:, 4]), rtol=1e-5)
        np.testing.assert_allclose(players, played, rtol=1e-5)
        np.testing.assert_allclose(weights, counts, rtol=1e-5)
    rewards = np.log1p(np.exp(np.asarray(discriminator(played.astype(np.float32)), np.float64)))[:, 0]
    of_fallen = np.log1p(np.exp(float(discriminator(np.float32([[0, 0, 0, 0, 0, 1]]))[0, 0])))
    rewards = rewards.reshape(500, 3) - (of_fallen if fallen else 0)
    assert rewards[alive].std() > 0.01
    expected = (states / SCALE, actions, rewards, alive, last / SCALE, fell)
    for found, value in zip(spies.of_player[1], expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-5)


def test_whose_games_are_measured(monkeypatch):
    """100 games each of the player, the expert and random actions, all from the same seeds; scores by hand."""
    gan, games = imitation.make(), []
    pairs = RANDOM.normal(size=[30, 5]).astype(np.float32) * [*SCALE, 1]
    lengths = [[20, 30, 10], [5, 6, 10], [40, 41, 42]]  # of the player's games, the expert's, the random ones

    def play(act, seeds):
        number = len(games)
        games.append((act, np.asarray(seeds)))
        states = np.random.default_rng(number).normal(size=[500, 3, 4]) * (1 + number)
        return states, None, np.arange(500)[:, None] < lengths[number], None, None

    monkeypatch.setattr(cart_pole, "play", play)
    test = dataset.make("cart_pole", "", pairs, np.arange(30) % 2)
    found = gan.scores(test)
    for _, seeds in games:
        np.testing.assert_array_equal(seeds, 2_000_000 + np.arange(100))
    player, expert, random = (act for act, _ in games)
    chosen = np.asarray(gan.objects["player"](pairs[:, :4] / SCALE)).argmax(axis=1)
    assert 0.1 < chosen.mean() < 0.9, "both actions"
    np.testing.assert_array_equal(player(pairs[:, :4]), chosen)
    assert expert is cart_pole.expert
    assert set(random(pairs[:, :4])) == {0, 1} and (random(pairs[:, :4]) != random(pairs[:, :4])).any()
    titles = ("score of the player", "control: of the expert", "control: of random actions")
    for title, each in zip(titles, lengths, strict=True):
        assert found[title] == pytest.approx((np.mean(each), np.std(each, ddof=1) / 3**0.5))
    share = (chosen == test.labels).mean()
    assert found["acts like the expert"] == pytest.approx((share, (share * (1 - share) / 30) ** 0.5))
    ours, experts = (
        np.concatenate([np.random.default_rng(n).normal(size=[500, 3, 4])[: lengths[n][k], k, 0] for k in range(3)])
        * (1 + n)
        for n in (0, 1)
    )
    expected = scipy.stats.wasserstein_distance(ours, experts) / experts.std()
    assert found["distance of places"] == (pytest.approx(expected), None)


def test_the_expert_by_hand():
    """It pushes to the right if 0.05 place + 0.1 speed + angle + 0.3 turning is positive: one unit of each decides."""
    signs = np.float32([20, 10, 1, 1 / 0.3])
    for number in range(4):
        for other in set(range(4)) - {number}:
            for more, expected in ((1.1, 1), (0.9, 0)):
                state = np.zeros([1, 4], np.float32)
                state[0, number], state[0, other] = more * signs[number], -signs[other]
                assert cart_pole.expert(state) == [expected]
                assert cart_pole.expert(-state) == [1 - expected]


def test_how_a_player_chooses():
    """The most probable action, or a random one with the player's probabilities."""
    logits = np.log(np.float32([[0.8, 0.2], [0.3, 0.7]]))
    seen = []

    def player(states):
        seen.append(np.asarray(states))
        return tf.constant(logits.repeat(2000, axis=0) if len(states) == 4000 else logits)

    states = RANDOM.normal(size=[2, 4]).astype(np.float32)
    np.testing.assert_array_equal(imitation.choose(player)(states), [0, 1])
    np.testing.assert_allclose(seen[0], states / np.float32(SCALE), rtol=1e-6)
    found = imitation.choose(player, np.random.default_rng(1))(states.repeat(2000, axis=0)).reshape(2, 2000)
    np.testing.assert_allclose(found.mean(axis=1), [0.2, 0.7], atol=4 * 0.5 / 2000**0.5)


def test_optimizers():
    """The player and the value network learn three times as fast as D."""
    objects = imitation.make().objects
    for name, rate in (("p_optimizer", 0.003), ("v_optimizer", 0.003), ("d_optimizer", 0.001)):
        config = objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [rate, 0.9, 0.999, 1e-8], rtol=1e-6)


def test_cloning_has_ten_updates_in_an_iteration(monkeypatch):
    seen = []
    monkeypatch.setattr(imitation, "make_cloning_step", lambda *_: lambda experts: seen.append(experts) or len(seen))
    losses = imitation.make(PAIRS, pairs=3, adversarial=False, batch_size=2).train(2)
    np.testing.assert_array_equal(losses, [[10], [20]])


def test_games_that_end_without_a_fall():
    """An expert survives all 500 steps. One that drives to the right leaves the track, with the pole upright."""

    def drives(states):
        return cart_pole.expert(states - np.float32([3, 0, 0, 0]))

    _, _, alive, last, fell = cart_pole.play(cart_pole.expert, [1, 2])
    assert alive.all() and not fell.any() and (np.abs(last[:, 2]) < 0.1).all() and last[:, 0].any()
    _, _, alive, last, fell = cart_pole.play(drives, [1, 2])
    assert fell.all() and (last[:, 0] > 2.4).all() and (np.abs(last[:, 2]) < 0.209).all()
    assert (alive.sum(axis=0) > 30).all() and not alive[-1].any()


def test_scores(monkeypatch):
    """The expert's own rule as the player: it always acts like the expert and is where the expert is."""
    monkeypatch.setattr(imitation, "GAMES", 10)
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
    with pytest.raises(ValueError, match=f"not --shown={shown}: use --shown=pairs.$"):
        imitation.make(PAIRS, pairs=4, shown=shown, adversarial=False, batch_size=4)


@pytest.mark.parametrize("fallen", [True, False])
def test_only_the_papers_reward_pays_for_standing(fallen):
    """A D that always says 1/2 gives the paper's reward log 2 = 0.69 for each step, and ours 0."""
    gan = imitation.make(PAIRS, batch_size=2, d_learns=False, fallen=fallen)
    gan.objects["discriminator"].set_weights([0 * each for each in gan.objects["discriminator"].get_weights()])
    assert gan.loss_names == ("player_loss", "score") and gan.train(5).shape == (5, 2)
    values = np.asarray(gan.objects["value"](PAIRS[:, :4] / [10, 10, 100, 10]))
    assert (values > 1).all() if not fallen else (np.abs(values) < 0.2).all()
