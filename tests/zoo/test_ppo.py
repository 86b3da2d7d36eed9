"""gan_tf.zoo.ppo: advantages and an update by hand, and that it learns what is rewarded."""

import numpy as np

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
    loss = step(states, actions, old, advantages, np.zeros(4, np.float32), weights)
    np.testing.assert_allclose(loss, -(weights * gains).sum(), rtol=1e-5)


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
