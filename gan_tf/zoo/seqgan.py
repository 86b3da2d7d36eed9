"""A GAN that writes sequences of words: python -m gan_tf.zoo.seqgan --out_dir=out/seqgan

Yu, Zhang, Wang and Yu 2017, "SeqGAN: sequence generative adversarial nets with policy gradient" (arXiv:1609.05473). A
GAN learns by the gradient that goes from D through the generated image to G. Words have no such gradient: there is no
word a little different from "cat". So G learns by reinforcement. Its action is the next word, and its reward is what D
says of the whole sequence. For a sequence that is not finished, G finishes it at random several times (a rollout), and
the reward is the mean of what D says of the results.

    reward of word t: Q_t = mean over rollouts of p(y_1 … y_t and a random rest)         p = sigmoid(D)
    G's loss = -mean over sequences of sum over t of log G(y_t | y_1 … y_t-1) · Q_t
    D's loss = -E log p(x) - E log(1 - p(y))

Training has three phases: G learns from the sequences by maximum likelihood, then D learns alone, then both learn.
--noadversarial is the control: maximum likelihood to the end. With --nod_learns D is never trained: this shows what the
updates by rewards do by themselves.

The experiment is the paper's, made smaller. An oracle, a language model with random weights (gan_tf/data/oracle.py),
writes sequences of 20 words. Its own log-probabilities measure what G writes: NLL (negative log-likelihood) is the mean
of -log p_oracle of a word, given the words before. Lower is called better, as in the paper. But a G that only writes
what is very probable has a lower NLL than the oracle itself. So there is also the NLL of the oracle's sequences by G,
which is high if G never writes what the oracle writes. Both are also measured with G's probabilities made sharper or
flatter, which needs no D (Caccia et al. 2018, "Language GANs falling short", arXiv:1811.02549).

Departures from the paper:

1. The language has 30 words instead of 5,000, and there are 100,000 sequences instead of 10,000. G is an LSTM with 8
   units instead of 32, so that it cannot learn all that the oracle does. `--dataset=oracle --words=5000 --units=32` has
   the paper's sizes. The oracle's random weights are others, so NLL does not compare with the paper's.
2. D takes the mean of its filters over all places instead of the maximum: a wrong sequence is slightly wrong in many
   places. It has 64 filters for each of four widths instead of 100 to 200 for twelve, and no highway layer.
3. D has `d_steps` updates for one of G. The authors train D for many epochs before each update of G.
4. Rollouts are by G itself, 8 for each place. The authors' code has 16, by a policy that follows G with a delay.
5. A baseline, the mean reward of each place in the batch, is subtracted from the rewards. It lowers their variance.
6. Other learning rates and fewer iterations. In the first phase the rate halves four times. D's weights are not pulled
   to 0.
"""

from gan_tf.data.oracle import LANGUAGES
from gan_tf.messages import SettingError
from gan_tf.runs import training_command

OPTIONS = {
    "adversarial": (True, "--noadversarial is the control: maximum likelihood to the end."),
    "d_learns": (True, "--nod_learns is a control: the rewards come from a D that was never trained."),
    "words": (30, "Words of the language: 30 for --dataset=small_oracle, 5000 for --dataset=oracle.", (1, 10**6)),
    "units": (8, "Size of G: numbers of its LSTM's state. The oracle has 32.", (1, 10**4)),
    "likelihood": (
        4000,
        "Iterations of maximum likelihood at the beginning. A larger number needs more --iters.",
        (1, 10**9),
    ),
    "alone": (1000, "Iterations after that, in which D learns alone.", (0, 10**9)),
    "d_steps": (5, "Updates of D for one of G.", (1, 1000)),
    "rollouts": (8, "How many random ends each unfinished sequence gets.", (1, 1000)),
}


def require_words(language, words):
    """Raises SettingError if a data set of this name is of a language with another number of words."""
    if LANGUAGES[language] != words:
        raise SettingError(f"--dataset={language} needs --words={LANGUAGES[language]}, not {words}.")


if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=5300,
        pixel_bytes=250_000,
        check=lambda dataset, flags: require_words(dataset.name, flags["words"]),
        batch_size=256,
        log_every=100,
        sample_every=100,
        checkpoint_every=200,
        datasets=["small_oracle", "oracle"],
    )

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf.data import batch_indices
from gan_tf.data.oracle import LENGTH
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.sequences import scores_of_sequences
from gan_tf.zoo.language import finish, log_likelihood, make_generator, write

WIDTHS, FILTERS = (1, 2, 3, 4), 64
BLOCK = 5


def make_discriminator(words, seed):
    """D maps sequences, int32 [n, 20], to (features, float32 [n, 256], logits [n, 1])."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(WIDTHS) + 2).tolist())
    sequence = keras.Input([LENGTH], dtype="int32")
    x = layers.Embedding(words, 32, keras.initializers.RandomNormal(0.0, 0.5, seed=next(seeds)))(sequence)
    found = []
    for width in WIDTHS:
        # An operation that changes nothing: so no gradient is a sum of more than two parts. TensorFlow does not always
        # add those in the same order.
        x = layers.Rescaling(1.0)(x)
        first = keras.initializers.GlorotUniform(seed=next(seeds))
        conv = layers.Conv1D(FILTERS, width, activation="relu", kernel_initializer=first)
        found.append(layers.GlobalAveragePooling1D()(conv(x)))
    features = layers.Concatenate()(found)
    first = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.Model(
        sequence, [features, layers.Dense(1, kernel_initializer=first, name="logits")(features)], name="discriminator"
    )


def rewards_of(generator, discriminator, sequences, steps, rollouts, seed):
    """Q, float32 [n, 20]: for each place, what D says of the sequence up to there with `rollouts` random ends.

    `sequences` and `steps` are what `write` returned. `steps[t]` is the state before word t.
    """
    found = []
    for place in range(1, LENGTH):
        words = [tf.repeat(sequences[:, t], rollouts) for t in range(place)]
        logits, state = steps[place]
        again = [tf.repeat(each, rollouts, axis=0) for each in (logits, *state)]
        own = tf.random.experimental.stateless_fold_in(seed, LENGTH + place)
        finished, _ = finish(generator, words, again[0], again[1:], own)
        reals = tf.sigmoid(discriminator(finished)[1])
        found.append(tf.reduce_mean(tf.reshape(reals, [-1, rollouts]), axis=1))
    found.append(tf.sigmoid(discriminator(sequences)[1])[:, 0])
    return tf.stack(found, axis=1)


def make_steps(objects, batch_size, rollouts):
    """Makes the three updates, each a `tf.function`:

    - `likelihood_step(sequences) -> loss`: G by maximum likelihood, on sequences int32 [n, 20]
    - `d_step(sequences, seed) -> loss`: D on these, and on as many that G writes
    - `g_step(seed) -> mean reward`: G by its rewards
    """
    generator, discriminator = objects["generator"], objects["discriminator"]
    g_weights, d_weights = generator.trainable_variables, discriminator.trainable_variables
    objects["g_optimizer"].build(g_weights)
    objects["d_optimizer"].build(d_weights)
    objects["likelihood_optimizer"].build(g_weights)

    def clipped(gradients):
        return tf.clip_by_global_norm(gradients, 5.0)[0]  # as in the authors' code

    @tf.function
    def likelihood_step(sequences):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_likelihood(generator, sequences))
        objects["likelihood_optimizer"].apply(clipped(tape.gradient(loss, g_weights)), g_weights)
        return loss

    @tf.function
    def d_step(sequences, seed):
        fake, _ = write(generator, batch_size, seed)
        both = tf.concat([sequences, fake], axis=0)
        labels = tf.concat([tf.ones([batch_size, 1]), tf.zeros([batch_size, 1])], axis=0)
        with tf.GradientTape() as tape:
            features, _ = discriminator(both)
            # Dropout of a quarter, as in the paper; this one depends on the seed alone.
            features = tf.nn.experimental.stateless_dropout(features, 0.25, seed)
            logits = discriminator.get_layer("logits")(features)
            loss = 2 * tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
        objects["d_optimizer"].apply(tape.gradient(loss, d_weights), d_weights)
        return loss

    @tf.function
    def g_step(seed):
        sequences, steps = write(generator, batch_size, seed)
        rewards = rewards_of(generator, discriminator, sequences, steps, rollouts, seed)
        advantages = rewards - tf.reduce_mean(rewards, axis=0)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(tf.reduce_sum(log_likelihood(generator, sequences) * advantages, axis=1))
        objects["g_optimizer"].apply(clipped(tape.gradient(loss, g_weights)), g_weights)
        return tf.reduce_mean(rewards)

    return likelihood_step, d_step, g_step


def make(
    images=None,
    labels=None,
    *,
    adversarial=True,
    d_learns=True,
    words=30,
    units=8,
    likelihood=4000,
    alone=1000,
    d_steps=5,
    rollouts=8,
    batch_size=256,
    seed=0,
    jit=False,
    block=BLOCK,
):
    """Makes a SeqGAN, untrained, as a `Gan`. It makes no pictures. A loss is 0 in a phase that does not use it.

    `images` are sequences, int32 [n, 20] in 0 … words - 1. Without them the GAN can be measured, but not train.
    `labels` and `jit` are not used. The other arguments are the flags. Raises ValueError if there are fewer sequences
    than `batch_size`, or words beyond these.
    """
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator, discriminator = make_generator(words, units, g_seed), make_discriminator(words, d_seed)
    falling = keras.optimizers.schedules.ExponentialDecay(0.01, max(1, likelihood // 4), 0.5)
    objects = {"generator": generator, "discriminator": discriminator} | {
        name: keras.optimizers.Adam(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
        for name, rate in (("likelihood_optimizer", falling), ("g_optimizer", 0.002), ("d_optimizer", 0.005))
    }
    train_block = None
    if images is not None:
        if batch_size > len(images):
            raise SettingError(
                f"a batch of {batch_size} is more than the {len(images)} sequences there are; change --batch_size."
            )
        if images.max() >= words:
            raise ValueError(f"there is a word {images.max()}, but words={words} means 0 to {words - 1}")
        likelihood_step, d_step, g_step = make_steps(objects, batch_size, rollouts)

        def one(i):
            numbers = tf.constant([seed % 2**62, i], tf.int64)
            learns_likelihood, alone_now = i < likelihood or not adversarial, i < likelihood + alone
            count = 1 if learns_likelihood or alone_now else d_steps
            batches = batch_indices(len(images), batch_size * count, seed, i, 1).reshape(count, batch_size)
            if learns_likelihood:
                return float(likelihood_step(tf.constant(images[batches[0]]))), 0.0, 0.0
            reward = 0.0 if alone_now else float(g_step(tf.random.experimental.stateless_fold_in(numbers, 0)))
            d_loss = 0.0
            for turn, batch in enumerate(batches if d_learns else (), 1):
                own = tf.random.experimental.stateless_fold_in(numbers, turn)
                d_loss = float(d_step(tf.constant(images[batch]), own))
            return 0.0, d_loss, reward

        def train_block(first, steps):
            return np.array([one(i) for i in range(first, first + steps)], np.float32).reshape(steps, 3)

    def scores(test):
        def writes(count, temperature):
            seeds = (tf.constant([i, 1], tf.int64) for i in range(count // 100))
            return np.concatenate([np.asarray(write(generator, 100, each, temperature)[0]) for each in seeds])

        def logs(sequences, temperature):
            return in_batches(lambda each: log_likelihood(generator, each, temperature), sequences, 100)

        def judge(sequences):
            return in_batches(lambda each: discriminator(each)[1], sequences, 100)

        return scores_of_sequences(writes, logs, judge, test.pixels, words)

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, BLOCK),
        loss_names=("likelihood_loss", "d_loss", "reward"),
        first_phase=likelihood if adversarial else 0,
        scores=scores,
    )
