"""What an expert does in a game: to balance a pole on a cart. The game is CartPole-v1 of gymnasium (extra zoo)."""

import importlib.util

import numpy as np

from gan_tf.data.dataset import DataError

STEPS = 500  # of a game at most. Each step that the pole stands earns 1
EVERY = 20  # of a game, every 20th step is kept
KEPT = STEPS // EVERY
SEED = 1_000_000  # the first game's


def expert(states):
    """The expert's actions, int [n], in states float [n, 4]: 1 pushes the cart to the right, 0 to the left.

    It pushes to the side to which the pole falls, and leans the pole towards the middle of the track.
    """
    place, speed, angle, turning = np.asarray(states, np.float64).T
    return (0.05 * place + 0.1 * speed + angle + 0.3 * turning > 0).astype(int)


def play(act, seeds):
    """Plays one game for each of `seeds`, all at the same time.

    `act(states)` returns an action int [n] for states float32 [n, 4]. Returns (states float32 [500, n, 4], actions int
    [500, n], alive bool [500, n], last states float32 [n, 4], fell bool [n]): `alive` marks the steps of a game until
    the pole falls or the cart leaves the track, which also counts as fallen. A game that lasts 500 steps has not
    fallen, unless it falls in the last. Raises DataError without gymnasium.
    """
    if not importlib.util.find_spec("gymnasium"):
        raise DataError("this needs gymnasium; install it with: pip install -e '.[zoo]'")
    import gymnasium

    n = len(seeds)
    games = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * n)
    states, actions = np.zeros([STEPS, n, 4], np.float32), np.zeros([STEPS, n], int)
    alive, last = np.zeros([STEPS, n], bool), np.zeros([n, 4], np.float32)
    now, playing, fell = games.reset(seed=[int(seed) for seed in seeds])[0], np.ones(n, bool), np.zeros(n, bool)
    for step in range(STEPS):
        states[step], alive[step] = now, playing
        actions[step] = act(now)
        now, _, terminated, truncated, _ = games.step(actions[step])
        ended = playing & (terminated | truncated)
        last[ended], fell[ended] = now[ended], terminated[ended]
        playing &= ~ended
        if not playing.any():
            break
    games.close()
    return states, actions, alive, last, fell


def draw(first, count):
    """Returns `count` pairs of the expert, from number `first` on: (pairs float32 [count, 5], actions int [count]).

    A pair is a state (4 numbers) and the action that the expert took. Each game gives 25 pairs, one in 20 steps.
    `first` and `count` are multiples of 25.
    """
    seeds = SEED + np.arange(first // KEPT, (first + count) // KEPT)
    states, actions, alive, *_ = play(expert, seeds)
    if not alive.all():
        raise AssertionError("the expert never lets the pole fall")
    pairs = np.concatenate([states, actions[:, :, None]], axis=2, dtype=np.float32)[::EVERY]
    pairs = pairs.transpose(1, 0, 2).reshape(-1, 5)  # game by game
    return pairs, pairs[:, 4].astype(int)
