"""gan_tf.zoo.ppo: advantages and an update by hand, and that it learns what is rewarded."""

import numpy as np
import steps
import tensorflow as tf

from gan_tf.data.cart_pole import STEPS
from gan_tf.zoo import imitation, ppo

RANDOM = np.random.default_rng(0)


def test_advantages_by_hand():
    """Two games: one of three steps, where the pole falls, and one that lasts to the end."""
    rewards, values = RANDOM.random([2, STEPS, 2])
    alive = np.ones([STEPS, 2], bool)
    alive[3:, 0] = False
    last = np.array([0.0, 0.7])
    found = ppo.advantages_of(rewards, values, last, alive)
    for game, length in ((0, 3), (1, STEPS)):
        following = np.append(values[1:length, game], last[game])
        delta = rewards[:length, game] + 0.99 * following - values[:length, game]
        expected = [sum((0.99 * 0.95) ** (k - t) * delta[k] for k in range(t, length)) for t in range(length)]
        np.testing.assert_allclose(found[:length, game], expected, rtol=1e-5, atol=1e-8)
    assert not found[3:, 0].any()


def test_ppo_by_hand():
    """The loss for ratios that are within 1 ± 0.2, above and below, with good and bad actions."""
    objects = imitation.make().objects
    player, value = objects["player"], objects["value"]
    step = ppo.make_step(player, value, objects["p_optimizer"], objects["v_optimizer"])
    states, actions = RANDOM.normal(size=[4, 4]).astype(np.float32), np.int32([0, 1, 0, 1])
    logits = np.asarray(player(states), np.float64)
    now = logits[np.arange(4), actions] - np.log(np.exp(logits).sum(axis=1))
    ratios, advantages = np.array([1.1, 1.5, 1.5, 0.5]), np.float32([1, 1, -1, -1])
    gains = [1.1, 1.2, -1.5, -0.8]
    old = (now - np.log(ratios)).astype(np.float32)
    weights = np.float32([0.1, 0.2, 0.3, 0.4])
    returns = np.float32([2, -1, 0.5, 3])

    def error_of():  # of the value network, which learns the returns
        return tf.reduce_sum(weights * (value(states)[:, 0] - returns) ** 2)

    def loss_of():
        logs = tf.gather(tf.nn.log_softmax(player(states)), actions, batch_dims=1)
        ratio = tf.exp(logs - old)
        clipped = tf.minimum(tf.maximum(ratio, 0.8), 1.2)  # the paper's epsilon is 0.2
        return -tf.reduce_sum(weights * tf.minimum(ratio * advantages, clipped * advantages))

    _, v_gradients = steps.gradients_of(error_of, value.trainable_variables)
    expected, p_gradients = steps.gradients_of(loss_of, player.trainable_variables)
    with steps.recorded() as updates:
        loss = step(states, actions, old, advantages, returns, weights)
    np.testing.assert_allclose([loss, expected], -(weights * gains).sum(), rtol=1e-5)
    v_update, p_update = updates
    steps.require_gradients(v_update, value.trainable_variables, v_gradients)
    steps.require_gradients(p_update, player.trainable_variables, p_gradients)


def test_what_is_learned_from_games(monkeypatch):
    """Three games of up to six steps: lost after two, lost after four, and not lost. Ten updates, all with the same."""
    steps_of, alive = [2, 4, 6], np.arange(6)[:, None] < [2, 4, 6]
    states = RANDOM.normal(size=[6, 3, 4]).astype(np.float32)
    last, lost = RANDOM.normal(size=[3, 4]).astype(np.float32), np.array([True, True, False])
    actions, rewards = RANDOM.integers(0, 2, [6, 3]), RANDOM.random([6, 3])
    rewards[~alive] = 100  # after a game's end: it must not count
    calls = []

    def value(states):
        return tf.constant(states @ np.float32([[1], [2], [-1], [0.5]]))

    def player(states):
        return tf.constant(states @ np.float32([[1, 0], [0, 1], [2, 1], [1, -1]]))

    def make_step(*networks):
        calls.append(networks)
        return lambda *given: calls.append(given) or len(calls)

    monkeypatch.setattr(ppo, "make_step", make_step)
    loss = ppo.make_learn(player, value, "p_optimizer", "v_optimizer")(states, actions, rewards, alive, last, lost)
    assert calls[0] == (player, value, "p_optimizer", "v_optimizer")
    assert len(calls) == 1 + 10 and loss == 11.0, "ten updates, and the loss of the last one"

    worth, last_worth = (np.asarray(value(each))[..., 0].astype(np.float64) for each in (states, last))
    expected, returns = np.zeros([2, 6, 3])
    for game, length in enumerate(steps_of):
        following = 0.0 if game < 2 else last_worth[2]  # V after the last step; nothing comes after a lost game
        advantage = 0.0
        for t in reversed(range(length)):
            delta = rewards[t, game] + 0.99 * following - worth[t, game]
            advantage = delta + 0.99 * 0.95 * advantage
            expected[t, game], returns[t, game] = advantage, advantage + worth[t, game]
            following = worth[t, game]
    played = expected[alive]
    normalised = (expected - played.mean()) / played.std()
    logits = np.asarray(player(states.reshape(-1, 4)), np.float64)
    logs = logits[np.arange(18), actions.ravel()] - np.log(np.exp(logits).sum(axis=1))
    counts = alive.ravel()
    for given in calls[1:]:
        found_states, found_actions, old, advantages, found_returns, weights = map(np.asarray, given)
        np.testing.assert_array_equal(found_states, states.reshape(18, 4))
        np.testing.assert_array_equal(found_actions, actions.ravel())
        np.testing.assert_allclose(old, logs, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(advantages[counts], normalised[alive], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found_returns[counts], returns[alive], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(weights, counts / 12)


def test_it_learns_what_is_rewarded():
    """Action 1 is rewarded in states with a positive first number, action 0 in the others."""
    objects = imitation.make().objects
    player, value = objects["player"], objects["value"]
    learn = ppo.make_learn(player, value, objects["p_optimizer"], objects["v_optimizer"])
    alive = np.ones([20, 16], bool)
    alive[10:, 8:] = False
    for _ in range(10):
        states = RANDOM.normal(size=[20, 16, 4]).astype(np.float32)
        actions = RANDOM.integers(0, 2, [20, 16])
        rewards = (actions == (states[:, :, 0] > 0)).astype(np.float32)
        learn(states, actions, rewards, alive, states[-1], ~alive[-1])
    chosen = np.asarray(player(states.reshape(-1, 4))).argmax(axis=1)
    assert (chosen == (states.reshape(-1, 4)[:, 0] > 0)).mean() > 0.8
