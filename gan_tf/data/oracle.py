"""Sequences of words written by an oracle: a language model with random weights, whose probabilities are known."""

import dataclasses
import functools

import numpy as np
import scipy.special

LENGTH, UNITS = 20, 32  # words of a sequence, numbers of a word and of the state
SEED = 0  # of the data set, not of a run: everyone gets the same oracle and the same sequences
START = 0  # the word before the first
LANGUAGES = {"small_oracle": 30, "oracle": 5000}  # data set → words of its language; the paper's has 5,000


@dataclasses.dataclass(frozen=True)
class Oracle:
    """An oracle that knows `words` words. It is an LSTM with 32 units.

    Source: Yu et al. 2017 (arXiv:1609.05473), section "Synthetic data experiments", where `words` is 5,000.
    """

    words: int

    @functools.cached_property
    def weights(self):
        """The weights, float32, all from N(0, 1): {"words" [words, 32], "input", "state", "bias", "output", …}.

        The gates are in Keras's order: input, forget, cell, output.
        """
        random = np.random.Generator(np.random.Philox(key=SEED))
        shapes = {
            "words": [self.words, UNITS],
            "input": [UNITS, 4 * UNITS],
            "state": [UNITS, 4 * UNITS],
            "bias": [4 * UNITS],
            "output": [UNITS, self.words],
            "output_bias": [self.words],
        }
        return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}

    def step(self, word, hidden, cell):
        """Reads one word of each sequence, int [n]. Returns (logits of the next [n, words], hidden, cell [n, 32])."""
        own = self.weights
        gates = own["words"][word] @ own["input"] + hidden @ own["state"] + own["bias"]
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        hidden = _sigmoid(o) * np.tanh(cell)
        return hidden @ own["output"] + own["output_bias"], hidden, cell

    def log_probabilities(self, sequences):
        """The log-probability that the oracle gives each word of sequences, int [n, 20]: float64 [n, 20]."""
        parts = range(0, len(sequences), 1000)
        return np.concatenate([self._log_probabilities(sequences[i : i + 1000]) for i in parts])

    def _log_probabilities(self, sequences):
        n = len(sequences)
        word, hidden, cell = np.full(n, START), *np.zeros([2, n, UNITS], np.float32)
        found = np.zeros([n, LENGTH])
        for place in range(LENGTH):
            logits, hidden, cell = self.step(word, hidden, cell)
            word = sequences[:, place]
            found[:, place] = scipy.special.log_softmax(logits.astype(np.float64), axis=1)[np.arange(n), word]
        return found

    def draw(self, first, count):
        """Writes sequences number `first` … `first + count - 1`: int32 [count, 20], words are 0 … words - 1.

        Sequence i is always the same with the same version of NumPy, but for what rounding decides on other machines.
        """
        random = np.random.Generator(np.random.Philox(key=SEED + 1))
        numbers = random.random([first + count, LENGTH], np.float32)[first:]
        return np.concatenate([self._draw(numbers[i : i + 1000]) for i in range(0, count, 1000)])

    def _draw(self, numbers):
        n = len(numbers)
        word, hidden, cell = np.full(n, START), *np.zeros([2, n, UNITS], np.float32)
        found = np.zeros([n, LENGTH], np.int32)
        for place in range(LENGTH):
            logits, hidden, cell = self.step(word, hidden, cell)
            cumulative = np.exp(logits - logits.max(axis=1, keepdims=True)).cumsum(axis=1)
            wanted = numbers[:, place] * cumulative[:, -1]
            found[:, place] = word = (cumulative <= wanted[:, None]).sum(axis=1).clip(max=self.words - 1)
        return found


def _sigmoid(x):
    """Not `scipy.special.expit`, whose last bits are others: they would change the words of the data set."""
    return 1 / (1 + np.exp(-x))
