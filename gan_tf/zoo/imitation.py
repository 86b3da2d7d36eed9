"""Learns a game from an expert: python -m gan_tf.zoo.imitation --out_dir=out/imitation

Ho and Ermon 2016, "Generative adversarial imitation learning" (arXiv:1606.03476), GAIL. The game is to balance a pole
on a cart (gymnasium's CartPole-v1). An expert played many games; the player sees only a few pairs of state and action
from them, chosen at random, and never the score. Behavioural cloning learns the expert's action in each state, as a
classifier would. It knows nothing about states that the expert never came to, and a small mistake leads to such states.
In GAIL, D tells the expert's pairs from those of the player, and the player (the G of this GAN) learns by reinforcement
to be rewarded by D. So it plays all the time, and learns to come back to where the expert is.

    D's loss = -E log p(expert's state, action) - E log(1 - p(player's state, action))       p = sigmoid(D)
    reward of the player = -log(1 - p(state, action)) + log(1 - p(fallen))

A fallen pole stays fallen until step 500 of the game. D sees these steps too, as a state of its own. The expert never
falls, so D soon learns that this state belongs to the player, and standing is rewarded again. Without this state every
reward is positive. Then each step that the pole stands pays, whatever D says, and the score does not tell whether D has
learned anything (Kostrikov et al. 2019, "Discriminator-actor-critic", arXiv:1809.02925). --nofallen shows that: it is
the paper's reward, the first term alone.

The score alone does not show imitation: a player that never falls gets the full score. So gan_tf.evaluate also says in
how many states of the expert the player acts like it, and how far the distribution of the cart's places is from the
expert's.

Controls: --noadversarial is behavioural cloning. With --nod_learns D is never trained. --nofallen --nod_learns shows
that the paper's reward needs no D for this game. The next ones ask what D must see. --shown=states: the expert's states
without the actions. --shown=upright: pairs of random actions, while the pole stands. --shown=random: pairs of whole
games of random actions. There the pole falls after about 20 of 500 steps, so nearly all pairs show the fallen pole, and
the player should learn to fall.

Departures from the paper:

1. The player learns by PPO (ppo.py) instead of TRPO (trust region policy optimisation). Both allow only small changes
   of the player; PPO takes fewer lines. There is no reward for entropy.
2. All networks have two layers of 64 tanh units instead of 100.
3. A fallen pole is a state that lasts, as in Kostrikov et al. The last term makes the reward of this state 0.
4. The expert is a rule (gan_tf/data/cart_pole.py), which always gets the highest score, instead of a trained player.
5. The paper shows every 20th step of whole games, 25 pairs for each game. Here such steps of many games are put
   together, and `pairs` of them are shown.
6. States are divided by their deviations in the expert's games, so that the networks see its small movements. The
   authors' code has this as an option (obsnorm_mode=expertdata).
7. Cloning has a fixed number of updates. The paper stops when the loss on held-out pairs rises.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

SHOWN = ["pairs", "states", "upright", "random"]
OPTIONS = {
    "pairs": (4, "How many pairs are shown.", (1, 10_000)),
    "shown": (
        "pairs",
        "What is shown: the expert's pairs or states; pairs of random actions while upright, or of whole games.",
        SHOWN,
    ),
    "adversarial": (True, "--noadversarial is the control: behavioural cloning."),
    "d_learns": (True, "--nod_learns is another control: D is never trained."),
    "fallen": (True, "D sees that the pole has fallen. --nofallen is the paper's reward."),
}

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=200,
        pixel_bytes=2000,
        batch_size=8,
        sample_every=10,
        log_every=10,
        checkpoint_every=25,
        datasets=["cart_pole"],
    )

import keras
import numpy as np
import scipy.stats
import tensorflow as tf
from keras import layers

from gan_tf.data import cart_pole
from gan_tf.data.cart_pole import STEPS
from gan_tf.gan import Gan
from gan_tf.metrics.table import mean, share
from gan_tf.zoo.ppo import log_probabilities, make_learn

BLOCK = 1
D_STEPS, CLONING_STEPS = 3, 10  # updates in each iteration
SCALE = np.float32([0.17, 0.14, 0.006, 0.2])  # deviations of place, speed, angle and turning in the expert's games
FALLEN = np.float32([[0, 0, 0, 0, 0, 1]])  # what D sees after a fall: `pairs_of`
GAMES, FIRST_GAME = 100, 2_000_000  # how many games are measured, and the seed of the first


def make_network(inputs, outputs, seed, name):
    """A network with two layers of 64 tanh units: float32 [n, inputs] → [n, outputs]."""
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    first = [keras.initializers.Orthogonal(gain, seed=each) for gain, each in zip((1.4, 1.4, 0.1), seeds, strict=True)]
    hidden = [layers.Dense(64, "tanh", kernel_initializer=each) for each in first[:2]]
    return keras.Sequential(
        [keras.Input([inputs]), *hidden, layers.Dense(outputs, kernel_initializer=first[2])], name=name
    )


def make_d_step(discriminator, d_optimizer):
    """Makes `d_step(expert's pairs, player's pairs, weights of these) -> loss`.

    Pairs are float32 [m, 6], as of `pairs_of`. Weights are float32 [m] with the sum 1.
    """
    d_weights = discriminator.trainable_variables
    d_optimizer.build(d_weights)

    @tf.function
    def d_step(experts, players, weights):
        with tf.GradientTape() as tape:
            of_players = tf.reduce_sum(weights * tf.nn.softplus(discriminator(players)[:, 0]))
            loss = tf.reduce_mean(tf.nn.softplus(-discriminator(experts))) + of_players
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)
        return loss

    return d_step


def make_cloning_step(player, p_optimizer):
    """Makes `cloning_step(expert's pairs) -> loss`, -E log p(action given the state); pairs as of `pairs_of`."""
    weights = player.trainable_variables
    p_optimizer.build(weights)

    @tf.function
    def cloning_step(experts):
        states, actions = experts[:, :4], tf.cast(experts[:, 4] > 0, tf.int32)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_probabilities(player, states, actions))
        p_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    return cloning_step


def pairs_of(states, actions, alive=True, hidden=False):
    """Returns what D sees, float32 [m, 6]: scaled states, actions as -1 or 1, and 0; `FALLEN` where not `alive`.

    With `hidden`, 0 stands in the place of each action.
    """
    actions = np.where(hidden, 0, 2 * actions[:, None] - 1)
    pairs = np.concatenate([states / SCALE, actions, np.zeros([len(states), 1])], axis=1)
    return np.where(np.reshape(alive, [-1, 1]), pairs, FALLEN).astype(np.float32)


def choose(player, random=None):
    """Returns `act(states)` for `cart_pole.play`: the most probable action, or with `random` a random one.

    `player` is the network, or a `tf.function` of it.
    """

    def act(states):
        logits = player(tf.constant(states / SCALE)).numpy()
        if random is None:
            return logits.argmax(axis=1)
        return (random.random(len(states)) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).astype(int)

    return act


def make(
    images=None,
    labels=None,
    *,
    pairs=4,
    shown="pairs",
    adversarial=True,
    d_learns=True,
    fallen=True,
    batch_size=8,
    seed=0,
    jit=False,
    block=BLOCK,
):
    """Makes a player that imitates, untrained, as a `Gan`. It makes no pictures.

    `images` are pairs of an expert, float32 [n, 5]: states and actions. Without them it can be measured, but not train.
    `batch_size` is how many games each iteration plays. `labels` and `jit` are not used. The other arguments are the
    flags. Raises ValueError if there are fewer pairs than `batch_size`, or than `pairs`, or if cloning is shown
    anything but the expert's pairs.
    """
    p_seed, v_seed, d_seed = np.random.SeedSequence(seed).generate_state(3).tolist()
    player = make_network(4, 2, p_seed, "player")
    fast_player = tf.function(player)
    objects = {
        "player": player,
        "value": make_network(4, 1, v_seed, "value"),
        "discriminator": make_network(6, 1, d_seed, "discriminator"),
        "p_optimizer": keras.optimizers.Adam(0.003, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
        "v_optimizer": keras.optimizers.Adam(0.003, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
        "d_optimizer": keras.optimizers.Adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
    }
    names = (*(["d_loss"] if d_learns else []), "player_loss", "score") if adversarial else ("loss",)
    train_block = None
    if images is not None:
        if batch_size > len(images):
            raise SettingError(
                f"a batch of {batch_size} is more than the {len(images)} pairs there are; change --batch_size."
            )
        if pairs > len(images):
            raise SettingError(f"{pairs} pairs are more than the {len(images)} there are; change --pairs.")
        if shown != "pairs" and not adversarial:
            raise SettingError(f"cloning needs the expert's pairs, not --shown={shown}: use --shown=pairs.")
        random, hidden = np.random.default_rng(seed), shown == "states"
        chosen = random.choice(len(images), pairs, replace=False)
        if shown in ("upright", "random"):
            played = cart_pole.play(lambda states: random.integers(0, 2, len(states)), range(pairs))
            steps = random.integers(0, STEPS if shown == "random" else played[2].sum(axis=0), pairs)
            experts = tf.constant(pairs_of(*(each[steps, range(pairs)] for each in played[:3])))
        else:
            chosen = np.asarray(images[chosen], np.float32)
            experts = tf.constant(pairs_of(chosen[:, :4], chosen[:, 4], hidden=hidden))
        d_step = make_d_step(objects["discriminator"], objects["d_optimizer"])
        cloning_step = make_cloning_step(player, objects["p_optimizer"])
        learn = make_learn(*(objects[name] for name in ("player", "value", "p_optimizer", "v_optimizer")))

        def reward_of(pairs):
            """-log(1 - p) of each pair, [m]."""
            return np.logaddexp(0, np.asarray(objects["discriminator"](pairs))[:, 0])

        def clone():
            for _ in range(CLONING_STEPS):
                loss = cloning_step(experts)
            return (float(loss),)

        def imitate(i):
            seeds = np.random.SeedSequence([seed, i]).generate_state(batch_size + 1) // 4
            random = np.random.Generator(np.random.Philox(key=int(seeds[-1])))
            states, actions, alive, last, fell = cart_pole.play(choose(fast_player, random), seeds[:-1].tolist())
            played = pairs_of(states.reshape(-1, 4), actions.ravel(), alive, hidden)
            seen = np.ones_like(alive) if fallen else alive
            weights = (seen / seen.sum()).ravel().astype(np.float32)
            d_losses = [d_step(experts, played, weights) for _ in range(D_STEPS if d_learns else 0)]
            rewards = reward_of(played).reshape(alive.shape) - (reward_of(FALLEN) if fallen else 0)
            loss = learn(states / SCALE, actions, rewards, alive, last / SCALE, fell)
            return *map(float, d_losses[-1:]), loss, alive.sum() / batch_size

        def train_block(first, steps):
            rows = [imitate(i) if adversarial else clone() for i in range(first, first + steps)]
            return np.array(rows, np.float32).reshape(steps, len(names))

    def scores(test):
        random = np.random.default_rng(0)
        players = {
            "score of the player": choose(fast_player),
            "control: of the expert": cart_pole.expert,
            "control: of random actions": lambda states: random.integers(0, 2, len(states)),
        }
        games = {title: cart_pole.play(act, FIRST_GAME + np.arange(GAMES)) for title, act in players.items()}
        found = {title: mean(alive.sum(axis=0)) for title, (_, _, alive, _, _) in games.items()}
        ours, experts = (
            states[alive][:, 0]
            for states, _, alive, _, _ in (games["score of the player"], games["control: of the expert"])
        )
        right = choose(fast_player)(test.pixels[:, :4]) == test.labels
        return found | {
            "acts like the expert": share(right.mean(), len(right)),
            "distance of places": (scipy.stats.wasserstein_distance(ours, experts) / experts.std(), None),
        }

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, BLOCK),
        loss_names=names,
        scores=scores,
    )
