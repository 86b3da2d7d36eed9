"""gan_tf.data.oracle: its LSTM is Keras's, its sequences are drawn with its own probabilities."""

import numpy as np

from gan_tf.data.oracle import START, Oracle

ORACLE = Oracle(5000)


def test_the_oracle_is_an_lstm():
    """Keras's LSTM with these weights gives each word the same log-probability."""
    import keras
    import tensorflow as tf

    own, sequences = ORACLE.weights, np.random.default_rng(0).integers(0, 5000, [3, 20])
    cell = keras.layers.LSTMCell(32)
    cell.build([None, 32])
    cell.set_weights([own["input"], own["state"], own["bias"]])
    before = np.concatenate([np.full([3, 1], START), sequences[:, :-1]], axis=1)
    hidden = keras.layers.RNN(cell, return_sequences=True)(own["words"][before])
    logits = hidden @ own["output"] + own["output_bias"]
    expected = -tf.nn.sparse_softmax_cross_entropy_with_logits(sequences, logits)
    np.testing.assert_allclose(ORACLE.log_probabilities(sequences), expected, rtol=1e-4, atol=1e-4)


def test_sequences_are_the_oracles():
    """A sequence does not depend on the others. The share of the most probable first words is their probability."""
    whole = ORACLE.draw(0, 600)
    np.testing.assert_array_equal(ORACLE.draw(300, 20), whole[300:320])
    assert whole.shape == (600, 20) and whole.min() >= 0 and whole.max() < 5000
    logits, *_ = ORACLE.step(np.zeros(1, int), *np.zeros([2, 1, 32], np.float32))
    p = np.exp(logits[0] - logits.max())
    p /= p.sum()
    likely = np.argsort(p)[-20:]
    expected = p[likely].sum()
    found = np.isin(whole[:, 0], likely).mean()
    assert abs(found - expected) < 4 * (expected * (1 - expected) / 600) ** 0.5
    # The mean of -log p is the entropy, within four standard errors.
    word, hidden, cell = np.full(600, START), *np.zeros([2, 600, 32], np.float32)
    entropy = np.zeros(600)
    for place in range(20):
        logits, hidden, cell = ORACLE.step(word, hidden, cell)
        logs = logits - logits.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        entropy -= (np.exp(logs) * logs).sum(axis=1) / 20
        word = whole[:, place]
    found = ORACLE.log_probabilities(whole)
    difference = -found.mean(axis=1) - entropy
    assert abs(difference.mean()) < 4 * difference.std() / 600**0.5 < 0.1
    random = np.random.default_rng(0).integers(0, 5000, [100, 20])
    assert -found.mean() < 7 < 10 < -ORACLE.log_probabilities(random).mean()
