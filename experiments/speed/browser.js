// Runs in the browser, for browser.py: times one contender, and sends what it found back. `?contender` is its name.
"use strict";

// The description of networks.js as TensorFlow.js's operations, for the kinds that DCGAN's generator has.
function translated({ nodes, inputs, outputs, weights, bits }) {
  const all = Networks.floats(weights, bits);
  const take = ([place, count], shape) => tf.tensor(all.slice(place, place + count), shape);
  const steps = nodes.map(node => {
    if (node.kind === "dense") {
      const kernel = take(node.kernel, [node.inputs, node.outputs]), bias = take(node.bias);
      return x => tf.add(tf.matMul(x, kernel), bias);
    }
    if (node.kind === "batch_norm") {
      const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map(name => take(node[name]));
      return x => tf.batchNorm(x.reshape([x.size / node.channels, node.channels]), mean, variance, beta, gamma, node.epsilon);
    }
    if (node.kind === "transposed") {
      const [, high, wide, n] = node.from, [, height, width, m] = node.to, [, rows, columns] = node.window;
      const kernel = tf.transpose(take(node.kernel, [rows, columns, n, m]), [0, 1, 3, 2]), bias = take(node.bias);
      return x => {
        const picture = x.reshape([-1, high, wide, n]), shape = [picture.shape[0], height, width, m];
        return tf.add(tf.conv2dTranspose(picture, kernel, shape, node.stride.slice(1), "same"), bias);
      };
    }
    if (node.kind === "activation") return { relu: tf.relu, tanh: tf.tanh }[node.function];
    if (node.kind === "rescale") return x => tf.add(tf.mul(x, node.times), node.plus);
    if (node.kind === "input") return x => x;
    throw new Error(node.kind);
  });
  // Each node takes the one before it.
  return noises => tf.tidy(() => steps.reduce((x, step) => step(x), tf.tensor2d(noises)).dataSync());
}

// The seconds that all processes of this browser have computed so far.
async function clock() { return (await fetch("/clock")).json(); }
// Milliseconds for one picture, from as many as take `seconds`.
async function timed(run, noises, seconds) {
  for (let rounds = 1; ; rounds *= 2) {
    const begun = await clock();
    for (let i = 0; i < rounds; i++) run(noises);
    const taken = await clock() - begun;
    if (taken > seconds) return 1000 * taken / rounds / noises.length;
  }
}

async function contend() {
  const contender = location.search.slice(1), ask = await (await fetch("/ask")).json(), result = {};
  let made;
  if (contender === "networks.js") {
    made = description => {
      const network = Networks.load(description);
      return noises => {
        const all = new Float32Array(noises.length * network.outputs[0]);
        noises.forEach((noise, i) => all.set(network.run([noise])[0], i * network.outputs[0]));
        return all;
      };
    };
  } else {
    if (contender === "wasm") tf.wasm.setWasmPaths("/");
    if (!await tf.setBackend(contender)) throw new Error(`no ${contender}`);
    await tf.ready();
    made = translated;
  }
  for (const [name, { description, noises, keras }] of Object.entries(ask.networks)) {
    const begun = await clock(), run = made(description), drawn = run(noises), first = 1000 * (await clock() - begun);
    const difference = keras.reduce((most, value, i) => Math.max(most, Math.abs(value - drawn[i])), 0);
    for (const end = await clock() + ask.seconds; await clock() < end;) run(noises.slice(0, 1));  // until it is compiled
    const one = await timed(run, noises.slice(0, 1), ask.seconds), sixteen = await timed(run, noises, ask.seconds);
    result[name] = { first, one, sixteen, difference };
  }
  return result;
}
contend().catch(error => String(error)).then(found => fetch("/found", { method: "POST", body: JSON.stringify(found) }));
