"""How the player of imitation.py learns from rewards: proximal policy optimisation (PPO).

Schulman et al. 2017 (arXiv:1707.06347), equation 7, with generalised advantages (Schulman et al. 2016,
arXiv:1506.02438). A value network learns what each state is worth: the sum of the rewards that follow, later ones
weighted less. The advantage of an action is how much larger the rewards after it were than the value network expected.
The player makes actions with a positive advantage more probable. Beyond a change of 20%, more change earns nothing.
"""

import numpy as np
import tensorflow as tf

GAMMA, LAMBDA = 0.99, 0.95  # discount of rewards; of later advantages
CLIP = 0.2  # the paper's epsilon
STEPS = 10  # updates for each batch of games


def advantages_of(rewards, values, last_values, alive):
    """Generalised advantages of each step: float32 [steps, n].

    With delta_t = r_t + GAMMA V(s_t+1) - V(s_t), the advantage is delta_t + GAMMA LAMBDA delta_t+1 + … until the game
    ends. `rewards`, `values` and `alive` are [steps, n], `last_values` [n] is V after the last step, 0 if it was lost.
    """
    advantages, following, next_values = np.zeros_like(values), np.zeros_like(last_values), last_values
    for step in reversed(range(len(values))):
        delta = rewards[step] + GAMMA * next_values - values[step]
        following = np.where(alive[step], delta + GAMMA * LAMBDA * following, 0)
        next_values = np.where(alive[step], values[step], last_values)
        advantages[step] = following
    return advantages


def log_probabilities(player, states, actions):
    """The logarithm of the probability of each action: float32 [m], from states [m, k] and actions int [m]."""
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(actions, player(states))


def make_step(player, value, p_optimizer, v_optimizer):
    """Makes `step(states, actions, old, advantages, returns, weights) -> loss`: one update of both networks.

    `states` is float32 [m, k], `actions` int32 [m], the others are float32 [m]. `old` are log-probabilities of the
    player that played. `weights` have the sum 1. The loss is the player's, before its update.
    """
    p_weights, v_weights = player.trainable_variables, value.trainable_variables
    p_optimizer.build(p_weights)
    v_optimizer.build(v_weights)

    @tf.function
    def step(states, actions, old, advantages, returns, weights):
        with tf.GradientTape() as tape:
            error = tf.reduce_sum(weights * (value(states)[:, 0] - returns) ** 2)
        v_optimizer.apply(tape.gradient(error, v_weights), v_weights)
        with tf.GradientTape() as tape:
            ratio = tf.exp(log_probabilities(player, states, actions) - old)
            gain = tf.minimum(ratio * advantages, tf.clip_by_value(ratio, 1 - CLIP, 1 + CLIP) * advantages)
            loss = -tf.reduce_sum(weights * gain)
        p_optimizer.apply(tape.gradient(loss, p_weights), p_weights)
        return loss

    return step


def make_learn(player, value, p_optimizer, v_optimizer):
    """Makes `learn(states, actions, rewards, alive, last_states, lost) -> loss`: the updates after n games.

    `states` is float32 [steps, n, k], `actions` int, `rewards` float and `alive` bool [steps, n]: what comes after a
    game's end does not count. `last_states` is float32 [n, k], `lost` bool [n]: nothing comes after it.
    """
    step = make_step(player, value, p_optimizer, v_optimizer)

    def learn(states, actions, rewards, alive, last_states, lost):
        flat, actions = states.reshape(-1, states.shape[-1]), actions.ravel().astype(np.int32)
        weights = (alive / alive.sum()).ravel().astype(np.float32)
        values = np.asarray(value(flat))[:, 0].reshape(alive.shape)
        last_values = np.where(lost, 0, np.asarray(value(last_states))[:, 0])
        advantages = advantages_of(rewards, values, last_values, alive)
        returns = (advantages + values).ravel().astype(np.float32)
        played = advantages[alive]
        advantages = ((advantages - played.mean()) / (played.std() + 1e-8)).ravel().astype(np.float32)
        old = log_probabilities(player, flat, actions)
        for _ in range(STEPS):
            loss = step(flat, actions, old, advantages, returns, weights)
        return float(loss)

    return learn
