"""playground/cart_pole.js next to gymnasium's CartPole-v1 and gan_tf/data/cart_pole.py."""

import node
import numpy as np
import pytest

from gan_tf.data import cart_pole
from gan_tf.zoo.imitation import SCALE

CART_POLE = "const CartPole = require(folder + '/cart_pole.js');"


def test_steps_are_gymnasium_s():
    """From states all over the track, with both actions, and until after the fall."""
    gymnasium = pytest.importorskip("gymnasium", reason="needs gymnasium: pip install -e '.[zoo]'")
    game = gymnasium.make("CartPole-v1").unwrapped
    random = np.random.default_rng(0)
    states = random.uniform(-1, 1, [40, 4]) * [2.4, 2, 0.22, 2]
    actions = random.integers(0, 2, 40)
    game.reset(seed=0)
    expected, fell = [], []
    for state, action in zip(states, actions, strict=True):
        game.state, game.steps_beyond_terminated = state.copy(), None
        _, _, terminated, *_ = game.step(int(action))
        expected.append(np.array(game.state))
        fell.append(terminated)
    code = """
return given.map(([state, action]) => CartPole.step(state, action)).map(next => [next, CartPole.fallen(next)]);
"""
    found = node.run(CART_POLE + code, [[s.tolist(), int(a)] for s, a in zip(states, actions, strict=True)])
    np.testing.assert_allclose([state for state, _ in found], expected, atol=1e-12)
    assert [lost for _, lost in found] == fell and 3 < sum(fell) < 37


def test_the_expert_and_the_scale():
    states = np.random.default_rng(1).normal(size=[200, 4]) * [1, 1, 0.1, 1]
    found = node.run(CART_POLE + "return given.map(CartPole.expert);", states.tolist())
    assert found == cart_pole.expert(states).tolist() and 50 < sum(found) < 150
    code = """
const seen = [];
const player = CartPole.player({ run([input]) { seen.push(input); return [[input[0], input[1]]]; } });
return [given.map(player), seen];
"""
    actions, seen = node.run(CART_POLE + code, states.tolist())
    np.testing.assert_allclose(seen, states / SCALE, rtol=1e-6)
    assert actions == (states[:, 1] / SCALE[1] > states[:, 0] / SCALE[0]).astype(int).tolist()
