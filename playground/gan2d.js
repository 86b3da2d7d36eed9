"use strict";
/* GANs in two dimensions: all the mathematics of the room "train a GAN", and nothing of the page.

A batch of n points with m numbers each is one Float64Array, row after row: [n, m]. A network is a list of dense layers
with ReLU between them. All its numbers are in one array, so that an optimizer sees a single long vector.
tests/playground/test_gan2d.py compares every loss and optimizer with TensorFlow.
*/
const gan2d = (() => {
  // ---- Random numbers: the same seed gives the same numbers in every browser ----

  // Uniform in [0, 1), by the generator "mulberry32", which is in the public domain.
  function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  // From N(0, 1), by Box and Muller.
  function normal(random) {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }

  function fill(length, draw) {
    const found = new Float64Array(length);
    for (let i = 0; i < length; i++) found[i] = draw();
    return found;
  }

  // ---- Data ----

  const MODES = 8, SIGMA = 0.1; // of the ring, as in experiments/theory/mode_collapse.py
  const CENTRES = Array.from({ length: MODES }, (_, k) => [Math.cos((2 * Math.PI * k) / MODES), Math.sin((2 * Math.PI * k) / MODES)]);

  // name → one point [x, y]. Everything lies about in the square from -1.5 to 1.5.
  const DATA = {
    ring(random) {
      const [x, y] = CENTRES[Math.floor(MODES * random())];
      return [x + SIGMA * normal(random), y + SIGMA * normal(random)];
    },
    moons(random) {
      const upper = random() < 0.5, angle = Math.PI * random();
      const x = Math.cos(angle) + (upper ? -0.5 : 0.5), y = upper ? Math.sin(angle) - 0.25 : 0.25 - Math.sin(angle);
      return [0.8 * x + 0.06 * normal(random), 0.8 * y + 0.06 * normal(random)];
    },
    spot(random) {
      return [0.9 + SIGMA * normal(random), 0.9 + SIGMA * normal(random)];
    },
    dots(random, dots) {
      const [x, y] = dots[Math.floor(dots.length * random())];
      return [x + 0.05 * normal(random), y + 0.05 * normal(random)];
    },
  };

  function dataOf(name, n, random, dots) {
    const found = new Float64Array(2 * n);
    for (let row = 0; row < n; row++) found.set(DATA[name](random, dots), 2 * row);
    return found;
  }

  // How many of the ring's modes have at least 1% of the points, and the share of points within 2 SIGMA of a centre.
  function coverage(points) {
    const counts = new Array(MODES).fill(0), n = points.length / 2;
    for (let row = 0; row < n; row++) {
      const distances = CENTRES.map(([x, y]) => Math.hypot(points[2 * row] - x, points[2 * row + 1] - y));
      const nearest = Math.min(...distances);
      if (nearest < 2 * SIGMA) counts[distances.indexOf(nearest)]++;
    }
    return { modes: counts.filter(count => count >= 0.01 * n).length, good: counts.reduce((a, b) => a + b) / n };
  }

  // ---- Three products of matrices; four rows at a time, which is several times as fast ----

  // out [n, q] += a [n, p] · w [p, q]
  function product(out, a, w, n, p, q) {
    for (let row = 0; row < n; row++) {
      const to = row * q, from = row * p;
      let i = 0;
      for (; i + 4 <= p; i += 4) {
        const a0 = a[from + i], a1 = a[from + i + 1], a2 = a[from + i + 2], a3 = a[from + i + 3];
        if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue;
        const w0 = i * q, w1 = w0 + q, w2 = w1 + q, w3 = w2 + q;
        for (let j = 0; j < q; j++) out[to + j] += a0 * w[w0 + j] + a1 * w[w1 + j] + a2 * w[w2 + j] + a3 * w[w3 + j];
      }
      for (; i < p; i++) for (let j = 0; j < q; j++) out[to + j] += a[from + i] * w[i * q + j];
    }
  }

  // out [n, p] = b [n, q] · wᵀ, with w [p, q]; 0 where `mask` [n, p] is 0, if there is one
  function productTransposed(out, b, w, n, p, q, mask) {
    for (let row = 0; row < n; row++) {
      const from = row * q, to = row * p;
      for (let i = 0; i < p; i++) {
        if (mask && mask[to + i] === 0) { out[to + i] = 0; continue; }
        let sum = 0, rest = 0;
        const at = i * q, even = q - (q % 2);
        for (let j = 0; j < even; j += 2) { sum += b[from + j] * w[at + j]; rest += b[from + j + 1] * w[at + j + 1]; }
        if (even < q) sum += b[from + even] * w[at + even];
        out[to + i] = sum + rest;
      }
    }
  }

  // out [p, q] += aᵀ · b, with a [n, p], b [n, q]
  function transposedProduct(out, a, b, n, p, q) {
    let row = 0;
    for (; row + 4 <= n; row += 4) {
      const b0 = row * q, b1 = b0 + q, b2 = b1 + q, b3 = b2 + q;
      for (let i = 0; i < p; i++) {
        const at = row * p + i, a0 = a[at], a1 = a[at + p], a2 = a[at + 2 * p], a3 = a[at + 3 * p], to = i * q;
        if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue;
        for (let j = 0; j < q; j++) out[to + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
      }
    }
    for (; row < n; row++) for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) out[i * q + j] += a[row * p + i] * b[row * q + j];
  }

  // ---- Networks ----

  // Views of one long vector as layers: [{weights [inputs, outputs], bias [outputs], inputs, outputs}]
  function layersOf(sizes, vector) {
    let at = 0;
    const take = length => vector.subarray(at, (at += length));
    return sizes.slice(1).map((outputs, k) => ({ inputs: sizes[k], outputs, weights: take(sizes[k] * outputs), bias: take(outputs) }));
  }

  // A network with first weights from N(0, 2 / inputs), as the script's, and biases of 0.
  function makeNetwork(sizes, random) {
    const values = new Float64Array(sizes.slice(1).reduce((sum, outputs, k) => sum + (sizes[k] + 1) * outputs, 0));
    const layers = layersOf(sizes, values);
    for (const each of layers) each.weights.set(fill(each.weights.length, () => Math.sqrt(2 / each.inputs) * normal(random)));
    return { sizes, values, layers };
  }

  // The outputs of the network for x [n, inputs], and what went into each layer on the way.
  function forward(network, x) {
    const n = x.length / network.sizes[0], inputs = [];
    for (const layer of network.layers) {
      inputs.push(x);
      const y = new Float64Array(n * layer.outputs);
      for (let row = 0; row < n; row++) y.set(layer.bias, row * layer.outputs);
      product(y, x, layer.weights, n, layer.inputs, layer.outputs);
      if (layer !== network.layers.at(-1)) for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] = 0;
      x = y;
    }
    return { n, inputs, output: x };
  }

  // From the loss's gradient by the outputs to its gradient by x, layer after layer. `each(k, slopes)` sees the gradient
  // by what layer k gives before its ReLU, [n, outputs].
  function backward(network, pass, slopes, each = () => {}) {
    for (let k = network.layers.length - 1; k >= 0; k--) {
      const { inputs, outputs, weights } = network.layers[k];
      each(k, slopes);
      const before = new Float64Array(pass.n * inputs);
      // A ReLU gave 0: no slope goes through it. The first layer's inputs are x itself, without a ReLU.
      productTransposed(before, slopes, weights, pass.n, inputs, outputs, k > 0 ? pass.inputs[k] : null);
      slopes = before;
    }
    return slopes;
  }

  // Adds the loss's gradient by all weights and biases to `gradient`, a vector like network.values.
  function addGradient(gradient, network, pass, slopes) {
    const layers = layersOf(network.sizes, gradient);
    return backward(network, pass, slopes, (k, at) => {
      const { inputs, outputs, weights, bias } = layers[k];
      transposedProduct(weights, pass.inputs[k], at, pass.n, inputs, outputs);
      for (let row = 0; row < pass.n; row++) for (let j = 0; j < outputs; j++) bias[j] += at[row * outputs + j];
    });
  }

  /* A penalty of D's slopes. ∇D(x) is the gradient of D's output by x. The penalty is mean f(‖∇D(x)‖²) over the rows of x,
  and `f(square)` returns [f, f']. Adds its gradient by D's weights to `gradient`, returns its value.

  How: each row's ∇D is W1 (m1 ∘ W2 (m2 ∘ W3)), where the masks m are 1 where a ReLU is on. Almost everywhere a small change
  of the weights switches no ReLU, so ∇D is a product of weights, and a product's derivative by one factor is the product of
  the others: on the one side the slopes s that come from the output, on the other side the direction t = 2 f' ∇D / n, sent
  through the network from the input: t1 = m1 ∘ (t W1), t2 = m2 ∘ (t1 W2). Layer k's gradient is tᵀ s. Biases have none.
  */
  function addPenalty(gradient, network, x, f) {
    const pass = forward(network, x), n = pass.n, slopes = [], layers = layersOf(network.sizes, gradient);
    const nabla = backward(network, pass, new Float64Array(n).fill(1), (k, at) => { slopes[k] = at; });
    const width = network.sizes[0];
    let value = 0, direction = new Float64Array(nabla.length);
    for (let row = 0; row < n; row++) {
      let square = 0;
      for (let i = row * width; i < (row + 1) * width; i++) square += nabla[i] ** 2;
      const [here, slope] = f(square);
      value += here / n;
      for (let i = row * width; i < (row + 1) * width; i++) direction[i] = (2 * slope * nabla[i]) / n;
    }
    network.layers.forEach(({ inputs, outputs, weights }, k) => {
      transposedProduct(layers[k].weights, direction, slopes[k], n, inputs, outputs);
      if (k + 1 === network.layers.length) return;
      const next = new Float64Array(n * outputs), mask = pass.inputs[k + 1];
      product(next, direction, weights, n, inputs, outputs);
      for (let i = 0; i < next.length; i++) if (mask[i] === 0) next[i] = 0;
      direction = next;
    });
    return value;
  }

  // ---- Losses: gan_tf/losses.py and gan_tf/objectives/losses.py say where they come from ----

  const sigmoid = t => 1 / (1 + Math.exp(-t));
  const softplus = t => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));

  // Each entry maps one logit to [its part of the loss, the derivative]; the loss is the mean over the batch.
  const CROSS_ENTROPY = { real: t => [softplus(-t), -sigmoid(-t)], fake: t => [softplus(t), sigmoid(t)] };
  const NON_SATURATING = { ...CROSS_ENTROPY, g: t => [softplus(-t), -sigmoid(-t)] };
  const LOSSES = {
    non_saturating: NON_SATURATING,
    minimax: { ...CROSS_ENTROPY, g: t => [-softplus(t), -sigmoid(t)] },
    least_squares: {
      real: t => [0.5 * (t - 1) ** 2, t - 1],
      fake: t => [0.5 * t ** 2, t],
      g: t => [0.5 * (t - 1) ** 2, t - 1],
    },
    wgan_gp: { real: t => [-t, -1], fake: t => [t, 1], g: t => [-t, -1], penalty: "between" },
    r1: { ...NON_SATURATING, penalty: "real" },
  };

  const TINY = 1e-30; // as in gan_tf/objectives/critics.py: the root of 0 has no slope
  const PENALTIES = {
    // weight · (‖∇D‖ - 1)², at points between real and fake ones (Gulrajani et al. 2017, algorithm 1)
    between: weight => square => {
      const length = Math.sqrt(square + TINY);
      return [weight * (length - 1) ** 2, (weight * (length - 1)) / length];
    },
    // weight / 2 · ‖∇D‖², at real points (Mescheder et al. 2018, equation 9)
    real: weight => square => [(weight / 2) * square, weight / 2],
  };

  // [mean of the losses of logits, its gradient by each logit]
  function mean(loss, logits) {
    const slopes = new Float64Array(logits.length);
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const [value, slope] = loss(logits[i]);
      sum += value;
      slopes[i] = slope / logits.length;
    }
    return [sum / logits.length, slopes];
  }

  // ---- Optimizers, with TensorFlow 1's formulas and constants (gan_tf/optimizers.py) ----

  const OPTIMIZERS = {
    // v and u are averages of squares, of gradients and of updates.
    adadelta(size) {
      const v = new Float64Array(size), u = new Float64Array(size), rho = 0.95, epsilon = 1e-8;
      return (values, gradient, rate) => {
        for (let i = 0; i < size; i++) {
          v[i] = rho * v[i] + (1 - rho) * gradient[i] ** 2;
          const update = (Math.sqrt(u[i] + epsilon) / Math.sqrt(v[i] + epsilon)) * gradient[i];
          u[i] = rho * u[i] + (1 - rho) * update ** 2;
          values[i] -= rate * update;
        }
      };
    },
    adam(size) {
      const m = new Float64Array(size), v = new Float64Array(size), b1 = 0.9, b2 = 0.999, epsilon = 1e-8;
      let t = 0;
      return (values, gradient, rate) => {
        t++;
        const corrected = (rate * Math.sqrt(1 - b2 ** t)) / (1 - b1 ** t);
        for (let i = 0; i < size; i++) {
          m[i] = b1 * m[i] + (1 - b1) * gradient[i];
          v[i] = b2 * v[i] + (1 - b2) * gradient[i] ** 2;
          values[i] -= (corrected * m[i]) / (Math.sqrt(v[i]) + epsilon);
        }
      };
    },
    // Plain gradient descent: the size of a step is that of the gradient.
    sgd(size) {
      return (values, gradient, rate) => {
        for (let i = 0; i < size; i++) values[i] -= rate * gradient[i];
      };
    },
  };

  // ---- The GAN ----

  const NOISE = 2, WIDTH = 32, BATCH = 64;
  const SETTINGS = {
    seed: 1, data: "ring", loss: "non_saturating", penalty: 0.1, dSteps: 1,
    alone: 0, // so many iterations at the beginning train D alone
    dOptimizer: "adadelta", dRate: 0.001, gOptimizer: "adam", gRate: 0.001, // the script's
  };

  // A new GAN. `settings` are those of SETTINGS, and `dots` for data "dots". Rates, loss and steps may be changed while it trains.
  function make(settings = {}) {
    settings = { ...SETTINGS, ...settings };
    const random = randomOf(settings.seed);
    const gan = {
      settings, random, iteration: 0,
      generator: makeNetwork([NOISE, WIDTH, WIDTH, 2], random),
      discriminator: makeNetwork([2, WIDTH, WIDTH, 1], random),
    };
    if (settings.data === "spot") { // G begins as a small cloud, far from the data
      const last = gan.generator.layers.at(-1);
      last.weights.forEach((weight, i) => { last.weights[i] = 0.1 * weight; });
      last.bias.fill(-0.9);
    }
    setOptimizer(gan, "d");
    setOptimizer(gan, "g");
    return gan;
  }

  // A fresh optimizer for network "d" or "g", after its setting has changed.
  function setOptimizer(gan, which) {
    const network = which === "d" ? gan.discriminator : gan.generator;
    gan[which] = OPTIMIZERS[gan.settings[`${which}Optimizer`]](network.values.length);
  }

  // Noise [n, NOISE], uniform in [-1, 1), as the script's.
  function noise(n, random) {
    return fill(n * NOISE, () => 2 * random() - 1);
  }

  // What one step is random in: batches of data and noise for each update of D, the noise of G's update.
  function draw(gan) {
    const { data, dots, dSteps } = gan.settings, random = gan.random;
    const d = Array.from({ length: dSteps }, () => ({
      real: dataOf(data, BATCH, random, dots), noise: noise(BATCH, random), mixed: fill(BATCH, random),
    }));
    return { d, g: noise(BATCH, random) };
  }

  // D's loss and its gradient. `mixed` [n] says where the points of WGAN-GP lie: 1 is real, 0 is fake.
  function dGradient(gan, real, fake, mixed) {
    const { discriminator, settings } = gan, loss = LOSSES[settings.loss];
    const gradient = new Float64Array(discriminator.values.length);
    let total = 0;
    for (const [points, part] of [[real, loss.real], [fake, loss.fake]]) {
      const pass = forward(discriminator, points), [value, slopes] = mean(part, pass.output);
      addGradient(gradient, discriminator, pass, slopes);
      total += value;
    }
    if (loss.penalty) {
      const where = loss.penalty === "real" ? real : real.map((x, i) => mixed[i >> 1] * x + (1 - mixed[i >> 1]) * fake[i]);
      total += addPenalty(gradient, discriminator, where, PENALTIES[loss.penalty](settings.penalty));
    }
    return [total, gradient];
  }

  // G's loss and its gradient.
  function gGradient(gan, z) {
    const { generator, discriminator, settings } = gan, gradient = new Float64Array(generator.values.length);
    const drawn = forward(generator, z), judged = forward(discriminator, drawn.output);
    const [value, slopes] = mean(LOSSES[settings.loss].g, judged.output);
    addGradient(gradient, generator, drawn, backward(discriminator, judged, slopes));
    return [value, gradient];
  }

  // One iteration: `dSteps` updates of D, then one of G through the new D, unless D still trains alone. Each loss is from before its network's update.
  function step(gan, { d, g } = draw(gan)) {
    const { settings, generator, discriminator } = gan;
    let dLoss;
    for (const { real, noise, mixed } of d) {
      const [value, gradient] = dGradient(gan, real, forward(generator, noise).output, mixed);
      gan.d(discriminator.values, gradient, settings.dRate);
      dLoss = value;
    }
    const [gLoss, gradient] = gGradient(gan, g);
    if (gan.iteration >= settings.alone) gan.g(generator.values, gradient, settings.gRate);
    gan.iteration++;
    return { dLoss, gLoss, gSlope: Math.sqrt(gradient.reduce((sum, each) => sum + each ** 2, 0)) };
  }

  // G's points for noise z [n, NOISE]; D's outputs for points [n, 2].
  const generate = (gan, z) => forward(gan.generator, z).output;
  const judge = (gan, points) => forward(gan.discriminator, points).output;

  // Where G's loss would move each point, [n, 2]: minus the gradient of this point's own loss.
  function pull(gan, points) {
    const pass = forward(gan.discriminator, points), [, slopes] = mean(LOSSES[gan.settings.loss].g, pass.output);
    return backward(gan.discriminator, pass, slopes).map(each => -each * pass.n);
  }

  /* ---- The smallest GAN (experiments/theory/one_point.py) ----

  All data are the number 0. G has one weight, theta, and draws the number theta. D(x) = psi x has one weight, too, so its
  slope is psi everywhere, and D(0) = 0. Both take steps of plain gradient descent: D first, then G by the new D.
  */
  function onePoint({ theta, psi }, { loss, penalty, dRate, gRate }) {
    const { fake, g, penalty: where } = LOSSES[loss];
    const pressed = where ? 2 * psi * PENALTIES[where](penalty)(psi ** 2)[1] : 0;
    psi -= dRate * (theta * fake(psi * theta)[1] + pressed);
    return { theta: theta - gRate * psi * g(psi * theta)[1], psi };
  }

  return {
    randomOf, normal, dataOf, coverage, makeNetwork, layersOf, forward, make, setOptimizer, noise, draw, dGradient, gGradient, step,
    generate, judge, pull, onePoint, sigmoid, LOSSES, OPTIMIZERS, SETTINGS, CENTRES, SIGMA, MODES, NOISE, WIDTH, BATCH,
  };
})();

if (typeof module !== "undefined") module.exports = gan2d; // for tests in Node
