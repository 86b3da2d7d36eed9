"""Measures sequences of words that a GAN wrote, next to those of the oracle that it learned from."""

import numpy as np

from gan_tf.data.oracle import LENGTH, Oracle
from gan_tf.metrics.table import discriminator_accuracy, mean

COUNT = 2000  # sequences that are measured
SHARPER = 0.9  # a temperature: G's logits are divided by it
OTHERS = (0.7, 0.8, 1.1, 1.2)  # temperatures; with 0.9 and 1 they give a curve


def scores_of_sequences(write, log_likelihood, judge, real, words):
    """Returns {title: (value, standard error or None)} for a G that writes sequences of `words` words.

    NLL is the mean of -log p over the words of a sequence, in nats. By the oracle, it says whether G's sequences are
    likely ones; by G, whether G can write all of the oracle's. Both again for a G that is sharper, and at other
    temperatures, since a lower one improves the first and worsens the second. So one G is better than another if its
    curve of both is lower (Caccia et al. 2018, arXiv:1811.02549).
    `write(count, temperature)` returns sequences, int32 [count, 20]; `log_likelihood(sequences, temperature)` the log
    of G's probability of each word, [n, 20]; `judge(sequences)` D's logits, [n, 1]. `real` are the oracle's sequences.
    Random words are the control.
    """
    oracle = Oracle(words)

    def by_oracle(sequences):
        return mean(-oracle.log_probabilities(sequences).mean(axis=1))

    def by_g(temperature):
        return mean(-log_likelihood(real, temperature).mean(axis=1))

    def triples(sequences):
        windows = np.lib.stride_tricks.sliding_window_view(sequences[:COUNT], 3, axis=1).reshape(-1, 3)
        return (len(np.unique(windows, axis=0)) / len(windows), None)

    ours, random = write(COUNT, 1.0), np.random.default_rng(0).integers(0, words, [COUNT, LENGTH])
    right = {
        whose: discriminator_accuracy(judge(each), is_real, 0.0)
        for whose, each, is_real in (("G's sequences", ours, False), ("the oracle's", real, True))
    }
    return {
        "NLL of G's sequences by the oracle": by_oracle(ours),
        "NLL of the oracle's sequences by G": by_g(1.0),
        "sharper: NLL of G's sequences by the oracle": by_oracle(write(COUNT, SHARPER)),
        "sharper: NLL of the oracle's sequences by G": by_g(SHARPER),
        **{
            f"temperature {each}: NLL of {whose}": value
            for each in OTHERS
            for whose, value in (
                ("G's sequences by the oracle", by_oracle(write(COUNT, each))),
                ("the oracle's sequences by G", by_g(each)),
            )
        },
        "share of different triples": triples(ours),
        **{f"D is right about {whose}": found["discriminator_accuracy"] for whose, found in right.items()},
        "random words: NLL by the oracle": by_oracle(random),
        "random words: share of different triples": triples(random),
        "oracle's own: NLL by the oracle": by_oracle(real),
        "oracle's own: share of different triples": triples(real),
    }
