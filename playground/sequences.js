"use strict";
/* Language models that write sequences of words: SeqGAN's generator and the oracle (gan_tf/zoo/seqgan.py, data/oracle.py).

A model has `words` [count, n], `input` [n, 4 units], `state` [units, 4 units], `bias`, `output` [units, count] and
`output_bias`: the weights of an LSTM, whose gates are in Keras's order (input, forget, cell, output).
*/
const Sequences = (() => {
  const LENGTH = 20, START = 0; // words of a sequence; the word before the first
  const sigmoid = x => 1 / (1 + Math.exp(-x));

  function begin({ units }) {
    return { hidden: new Float64Array(units), cell: new Float64Array(units) };
  }

  // Reads a word. Returns { logits of the next word, the new hidden and cell }.
  function read(model, word, { hidden, cell }) {
    const { units } = model, inputs = model.input.length / (4 * units), gates = Float64Array.from(model.bias);
    const add = (value, weights, row) => { for (let j = 0; j < 4 * units; j++) gates[j] += value * weights[row * 4 * units + j]; };
    for (let i = 0; i < inputs; i++) add(model.words[word * inputs + i], model.input, i);
    for (let i = 0; i < units; i++) add(hidden[i], model.state, i);
    const next = { hidden: new Float64Array(units), cell: new Float64Array(units), logits: Float64Array.from(model.output_bias) };
    for (let i = 0; i < units; i++) {
      const [input, forget, candidate, output] = [0, 1, 2, 3].map(gate => gates[gate * units + i]);
      next.cell[i] = sigmoid(forget) * cell[i] + sigmoid(input) * Math.tanh(candidate);
      next.hidden[i] = sigmoid(output) * Math.tanh(next.cell[i]);
    }
    const count = next.logits.length;
    for (let i = 0; i < units; i++) for (let j = 0; j < count; j++) next.logits[j] += next.hidden[i] * model.output[i * count + j];
    return next;
  }

  function probabilities(logits) {
    const most = Math.max(...logits), parts = logits.map(each => Math.exp(each - most)), sum = parts.reduce((a, b) => a + b);
    return parts.map(each => each / sum);
  }

  // A new sequence by the model; `random` gives numbers in [0, 1).
  function write(model, random) {
    const found = [];
    let state = begin(model), word = START;
    while (found.length < LENGTH) {
      state = read(model, word, state);
      let left = random();
      const shares = probabilities(state.logits);
      word = shares.findIndex(share => (left -= share) < 0);
      if (word < 0) word = shares.length - 1; // the shares' sum is 1 but for rounding
      found.push(word);
    }
    return found;
  }

  // -log p(word), given the words before, for each word of a sequence.
  function surprises(model, sequence) {
    let state = begin(model), before = START;
    return sequence.map(word => {
      state = read(model, before, state);
      before = word;
      return -Math.log(probabilities(state.logits)[word]);
    });
  }

  return { read, begin, write, surprises, LENGTH, START };
})();

if (typeof module !== "undefined") module.exports = Sequences; // for tests in Node
