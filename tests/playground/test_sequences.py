"""playground/sequences.js next to Keras's SeqGAN and NumPy's oracle."""

import node
import numpy as np
import pytest

from gan_tf.data.oracle import LENGTH, START, Oracle
from gan_tf.zoo import seqgan

SEQUENCES = "const Sequences = require(folder + '/sequences.js');"
NAMES = ("words", "input", "state", "bias", "output", "output_bias")


def weights_of(generator):
    """Those of Keras's G, by the names of the oracle."""
    cell, logits = generator.get_layer("reader").cell, generator.get_layer("logits")
    found = [generator.get_layer("words").embeddings, cell.kernel, cell.recurrent_kernel, cell.bias]
    return dict(zip(NAMES, [np.asarray(each) for each in (*found, logits.kernel, logits.bias)], strict=True))


@pytest.fixture(scope="module")
def generator():
    """An untrained G with weights so large that every one matters, biases too."""
    found = seqgan.make_generator(30, 8, seed=3)
    random = np.random.default_rng(0)
    found.set_weights([random.normal(size=each.shape) for each in found.get_weights()])
    return found


def surprises(weights, sequences):
    units = weights["state"].shape[0]
    given = {name: each.ravel().tolist() for name, each in weights.items()} | {"units": units}
    code = "return given.sequences.map(each => Sequences.surprises(given.model, each));"
    return np.array(node.run(SEQUENCES + code, {"model": given, "sequences": sequences.tolist()}))


def test_surprises_are_keras_s_and_the_oracle_s(generator):
    sequences = np.random.default_rng(1).integers(0, 30, [5, LENGTH]).astype(np.int32)
    ours = surprises(weights_of(generator), sequences)
    np.testing.assert_allclose(ours, -seqgan.log_likelihood(generator, sequences), atol=1e-4)
    oracle = Oracle(30)
    np.testing.assert_allclose(surprises(oracle.weights, sequences), -oracle.log_probabilities(sequences), atol=1e-4)
    assert ours.std() > 1


def test_what_is_written_has_the_model_s_probabilities():
    """The first two words of 1,000 sequences by the oracle: how often each occurs; and all words occur in range."""
    oracle = Oracle(30)
    given = {name: each.ravel().tolist() for name, each in oracle.weights.items()} | {"units": 32}
    code = """
const random = require(folder + "/gan2d.js").randomOf(5);
return Array.from({ length: 1000 }, () => Sequences.write(given, random));
"""
    written = np.array(node.run(SEQUENCES + code, given))
    assert written.shape == (1000, LENGTH) and written.min() >= 0 and written.max() < 30
    logits, *_ = oracle.step([START], *np.zeros([2, 1, 32], np.float32))
    first = np.exp(logits[0] - logits.max())
    np.testing.assert_allclose(np.bincount(written[:, 0], minlength=30) / 1000, first / first.sum(), atol=0.06)
    # NLL of what the oracle itself writes, as in the gallery's table.
    assert -oracle.log_probabilities(written).mean() == pytest.approx(1.877, abs=0.08)


@pytest.mark.skipif(not (node.FOLDER / "data/seqgan.js").exists(), reason="the room seqgan is not built")
def test_the_committed_models_are_keras_s():
    """After some words, each model's logits are those that Keras and NumPy gave when the room was built."""
    code = """
let content;
global.Playground = { data: (_, found) => { content = found; } };
require(folder + "/data/seqgan.js");
const floats = text => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
return Object.values(content).map(each => {
  const parts = Object.entries(each).map(([key, value]) => [key, typeof value === "string" ? floats(value) : value]);
  const model = Object.fromEntries(parts), [words, logits] = each.check;
  const last = words.reduce((state, word) => Sequences.read(model, word, state), Sequences.begin(model));
  return [[...last.logits], [...floats(logits)]];
});
"""
    found = node.run(SEQUENCES + code)
    assert len(found) == 3
    for ours, theirs in found:
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
        assert np.std(theirs) > 0.5
