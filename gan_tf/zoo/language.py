"""A language model: an LSTM that predicts each word of a sequence from the words before. SeqGAN's G is one.

Hochreiter and Schmidhuber 1997, "Long short-term memory". The LSTM's state is what the model remembers of the words so
far; from it come the logits of the next word. So the model writes word by word, and can go on from any place.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf.data.oracle import LENGTH, START


def make_generator(words, units, seed):
    """G maps the words before each word, int32 [n, 20], to the logits of that word, float32 [n, 20, words]."""
    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    first = [keras.initializers.RandomNormal(0.0, 0.1, seed=each) for each in seeds]
    before = keras.Input([LENGTH], dtype="int32")
    x = layers.Embedding(words, units, first[0], name="words")(before)
    cell = layers.LSTMCell(units, kernel_initializer=first[1], recurrent_initializer=first[2], seed=seeds[1])
    x = layers.RNN(cell, return_sequences=True, name="reader")(x)
    logits = layers.Dense(words, kernel_initializer=first[3], name="logits")(x)
    return keras.Model(before, logits, name="generator")


def words_before(sequences):
    """What G reads to predict sequences, int32 [n, 20]: the start, then all words but the last."""
    return tf.concat([tf.fill([tf.shape(sequences)[0], 1], START), sequences[:, :-1]], axis=1)


def log_likelihood(generator, sequences, temperature=1.0):
    """log G(y_t | y_1 … y_t-1) of each word of sequences, int32 [n, 20]: float32 [n, 20].

    The logits are divided by `temperature`.
    """
    logits = generator(words_before(sequences)) / temperature
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(sequences, logits)


def read(generator, word, state):
    """Reads one word of each sequence, int32 [n]. Returns (logits of the next word, float32 [n, words], new state)."""
    hidden, state = generator.get_layer("reader").cell(generator.get_layer("words")(word), state)
    return generator.get_layer("logits")(hidden), state


def finish(generator, words, logits, state, seed, temperature=1.0):
    """Finishes sequences at random. Returns (sequences int32 [n, 20], [(logits, state) before each new word]).

    `words` is a list of int32 [n], the words so far. `logits` and `state` are what `read` returned for the last of
    them. The logits are divided by `temperature`. The random words depend on `seed`, int [2], alone.
    """
    words, steps = list(words), []
    while len(words) < LENGTH:
        steps.append((logits, state))
        own = tf.random.experimental.stateless_fold_in(seed, len(words))
        chosen = tf.random.stateless_categorical(logits / temperature, 1, own)
        words.append(tf.cast(chosen[:, 0], tf.int32))
        if len(words) < LENGTH:
            logits, state = read(generator, words[-1], state)
    return tf.stack(words, axis=1), steps


def write(generator, count, seed, temperature=1.0):
    """Lets G write `count` sequences. Returns what `finish` returns."""
    zeros = tf.zeros([count, generator.get_layer("reader").cell.units])
    return finish(generator, [], *read(generator, tf.fill([count], START), [zeros, zeros]), seed, temperature)
