// Computes a neural network in plain JavaScript, from the description that gan_tf/runs/browser.py makes of a Keras model.
//
//     const network = Networks.load(description);
//     const [pixels] = network.run([noise]);
//
// `run` takes a list of arrays, one for each input of the model, and returns a list of Float32Arrays, one for each
// output. It computes one example at a time. An array holds the numbers of a picture row by row, the channels last.
"use strict";

const Networks = (() => {
  // ---- What the layers below are made of ----

  // y[to …] += x[at …] W for n numbers of x. W is an n by m matrix, whose rows lie in w one after another from k on.
  // Nearly all of the time goes into this function. Four rows at once, because then y is read and written less often.
  function product(x, at, n, w, k, y, to, m) {
    const end = at + n;
    for (; at + 4 <= end; at += 4, k += 4 * m) {
      const a = x[at], b = x[at + 1], c = x[at + 2], d = x[at + 3];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;  // many are, after a ReLU
      const second = k + m, third = second + m, fourth = third + m;
      for (let j = 0; j < m; j++) {
        y[to + j] += a * w[k + j] + b * w[second + j] + c * w[third + j] + d * w[fourth + j];
      }
    }
    for (; at < end; at++, k += m) {
      for (let j = 0; j < m; j++) y[to + j] += x[at] * w[k + j];
    }
  }

  // Fills y with the bias, again and again; without one, with zeros.
  function start(y, bias) {
    if (!bias) return y.fill(0);
    for (let i = 0; i < y.length; i += bias.length) y.set(bias, i);
  }

  // Calls visit(near, far, tap) for all places that a window joins. `far` is a place in the large volume, `near` is
  // the place of the window in the small one, `tap` is the place within the window. Places are counted in order.
  // A picture is a volume of depth 1.
  function windows(small, large, { window: size, stride, before, dilation }, visit) {
    let near = 0;
    for (let d = 0; d < small[0]; d++) for (let h = 0; h < small[1]; h++) for (let w = 0; w < small[2]; w++, near++) {
      let tap = 0;
      for (let i = 0; i < size[0]; i++) for (let j = 0; j < size[1]; j++) for (let k = 0; k < size[2]; k++, tap++) {
        const deep = d * stride[0] - before[0] + i * dilation[0];
        const down = h * stride[1] - before[1] + j * dilation[1];
        const right = w * stride[2] - before[2] + k * dilation[2];
        if (deep < 0 || deep >= large[0] || down < 0 || down >= large[1] || right < 0 || right >= large[2]) continue;
        visit(near, (deep * large[1] + down) * large[2] + right, tap);
      }
    }
  }

  // The inverse of the error function, for |x| < 1. Source: Giles 2010, "Approximating the erfinv function".
  function erfinv(x) {
    let w = -Math.log((1 - x) * (1 + x)), p;
    if (w < 5) {
      w -= 2.5;
      p = [2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
        -0.00417768164, 0.246640727, 1.50140941];
    } else {
      w = Math.sqrt(w) - 3;
      p = [-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
        1.00167406, 2.83297682];
    }
    return x * p.reduce((sum, each) => sum * w + each);
  }

  const FUNCTIONS = {
    relu: (x, { slope }) => x > 0 ? x : slope * x,
    leaky_relu: (x, { slope }) => x > 0 ? x : slope * x,
    elu: x => x > 0 ? x : Math.expm1(x),
    silu: x => x / (1 + Math.exp(-x)),
    sigmoid: x => 1 / (1 + Math.exp(-x)),
    softplus: x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    tanh: Math.tanh,
    exponential: Math.exp,
    clip: (x, { low, high }) => Math.min(high, Math.max(low, x)),
    erfinv,
  };

  // ---- The kinds of nodes ----

  // Each makes a function (y, x, more inputs …) that fills y, the node's numbers, with what it makes of its inputs.
  // `node` has the settings, and the weights by name. What depends on these alone is computed here, once.
  const KINDS = {
    dense: ({ kernel, bias, inputs: n, outputs: m }) => (y, x) => {
      start(y, bias);
      for (let at = 0, to = 0; at < x.length; at += n, to += m) product(x, at, n, kernel, 0, y, to, m);
    },

    convolution: node => (y, x) => {
      const { from, to, kernel, bias } = node, n = from[3], m = to[3];
      start(y, bias);
      windows(to, from, node, (near, far, tap) => product(x, far * n, n, kernel, tap * n * m, y, near * m, m));
    },

    // The way back of a convolution: each number of the small picture is spread over a window of the large one.
    transposed: node => (y, x) => {
      const { from, to, kernel, bias } = node, n = from[3], m = to[3];
      start(y, bias);
      windows(from, to, node, (near, far, tap) => product(x, near * n, n, kernel, tap * n * m, y, far * m, m));
    },

    // Each channel has its own convolution, or several.
    depthwise: node => (y, x) => {
      const { from, to, kernel, bias } = node, n = from[3], m = to[3], each = m / n;
      start(y, bias);
      windows(to, from, node, (near, far, tap) => {
        for (let c = 0; c < m; c++) y[near * m + c] += x[far * n + Math.floor(c / each)] * kernel[tap * m + c];
      });
    },

    pool: node => {
      const { from, to, what } = node, n = from[3], seen = new Float64Array(to[0] * to[1] * to[2]);
      windows(to, from, node, near => seen[near]++);  // what lies outside of the picture does not count
      return (y, x) => {
        y.fill(what === "max" ? -Infinity : 0);
        windows(to, from, node, (near, far) => {
          for (let c = 0; c < n; c++) {
            const value = x[far * n + c], at = near * n + c;
            if (what === "mean") y[at] += value / seen[near];
            else if (value > y[at]) y[at] = value;
          }
        });
      };
    },

    // γ (x - mean) / √(variance + ε) + β is x times one number plus another, for each channel.
    batch_norm: ({ gamma, beta, mean, variance, channels: n, epsilon }) => {
      const times = variance.map((each, c) => (gamma ? gamma[c] : 1) / Math.sqrt(each + epsilon));
      const plus = mean.map((each, c) => (beta ? beta[c] : 0) - each * times[c]);
      return (y, x) => {
        for (let i = 0; i < y.length; i += n) for (let c = 0; c < n; c++) y[i + c] = x[i + c] * times[c] + plus[c];
      };
    },

    // Mean and variance are those of a group of channels, over all places of this one example.
    group_norm: ({ gamma, beta, channels: n, groups, epsilon }) => (y, x) => {
      const part = n / groups, count = x.length / groups;
      for (let first = 0; first < n; first += part) {
        let mean = 0, variance = 0;
        for (let i = first; i < x.length; i += n) for (let c = i; c < i + part; c++) mean += x[c] / count;
        for (let i = first; i < x.length; i += n) for (let c = i; c < i + part; c++) variance += (x[c] - mean) ** 2 / count;
        const scale = 1 / Math.sqrt(variance + epsilon);
        for (let i = first; i < x.length; i += n) for (let c = 0; c < part; c++) {
          y[i + c] = (x[i + c] - mean) * scale * (gamma ? gamma[first + c] : 1) + (beta ? beta[first + c] : 0);
        }
      }
    },

    activation: node => {
      if (node.function === "softmax") return softmax(node.channels);
      const f = FUNCTIONS[node.function];
      return (y, x) => { for (let i = 0; i < y.length; i++) y[i] = f(x[i], node); };
    },

    prelu: ({ slopes }) => (y, x) => { for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : slopes[i] * x[i]; },

    rescale: ({ times, plus }) => (y, x) => { for (let i = 0; i < y.length; i++) y[i] = x[i] * times + plus; },

    elementwise: ({ what }) => (y, x, ...others) => {
      y.set(x);
      for (const other of others) {
        if (what === "add") for (let i = 0; i < y.length; i++) y[i] += other[i];
        else for (let i = 0; i < y.length; i++) y[i] *= other[i];
      }
    },

    // `parts` says how many numbers of each input lie next to each other, before those of the next input.
    concatenate: ({ parts }) => (y, ...inputs) => {
      for (let to = 0, round = 0; to < y.length; round++) parts.forEach((count, i) => {
        for (let j = 0; j < count; j++) y[to++] = inputs[i][round * count + j];
      });
    },

    part: ({ first, size }) => (y, x) => { for (let i = 0; i < size; i++) y[i] = x[first + i]; },

    embedding: ({ table, width, rows }) => (y, x) => {
      x.forEach((each, i) => { const row = Math.min(rows - 1, Math.max(0, Math.trunc(each))); y.set(table.subarray(row * width, (row + 1) * width), i * width); });
    },

    permute: ({ shape, axes }) => {
      const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      const places = axes.reduce(
        (found, axis) => found.flatMap(place => Array.from({ length: shape[axis] }, (_, i) => place + i * steps[axis])), [0]);
      return (y, x) => { for (let i = 0; i < y.length; i++) y[i] = x[places[i]]; };
    },

    // Cuts rows off, or adds rows of zeros where `first` is negative.
    crop: ({ from, to, first }) => (y, x) => {
      y.fill(0);
      const all = { window: [1, 1, 1], stride: [1, 1, 1], before: first.map(each => -each), dilation: [1, 1, 1] };
      windows(to, from, all, (near, far) => { for (let c = 0; c < to[3]; c++) y[near * to[3] + c] = x[far * to[3] + c]; });
    },

    upsample: ({ from, to, method }) => {
      // For each row of the large picture, the two rows of the small one that it lies between, and the second's share.
      const between = [0, 1, 2].map(axis => Array.from({ length: to[axis] }, (_, i) => {
        const times = from[axis] / to[axis], place = method === "nearest" ? Math.floor(i * times) : (i + 0.5) * times - 0.5;
        const low = Math.floor(place), inside = row => Math.min(from[axis] - 1, Math.max(0, row));
        return [inside(low), inside(low + 1), place - low];
      }));
      return (y, x) => {
        const n = to[3];
        let at = 0;
        for (const [d] of between[0]) for (const [up, down, v] of between[1]) for (const [left, right, h] of between[2]) {
          const place = (row, column) => ((d * from[1] + row) * from[2] + column) * n;
          const a = place(up, left), b = place(up, right), c = place(down, left), e = place(down, right);
          for (let i = 0; i < n; i++) {
            y[at++] = (1 - v) * ((1 - h) * x[a + i] + h * x[b + i]) + v * ((1 - h) * x[c + i] + h * x[e + i]);
          }
        }
      };
    },
  };

  function softmax(n) {
    return (y, x) => {
      for (let i = 0; i < x.length; i += n) {
        let most = -Infinity, sum = 0;
        for (let c = i; c < i + n; c++) most = Math.max(most, x[c]);
        for (let c = i; c < i + n; c++) sum += y[c] = Math.exp(x[c] - most);
        for (let c = i; c < i + n; c++) y[c] /= sum;
      }
    };
  }

  // ---- From text to a network ----

  // A float of 16 bits: sign, five bits of exponent, ten bits of fraction.
  function half(bits) {
    const sign = bits >> 15 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * fraction / 1024);
  }
  // The numbers in base64 text, as floats of 32 or 16 bits.
  function floats(text, bits = 32) {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer;
    return bits === 32 ? new Float32Array(bytes) : Float32Array.from(new Uint16Array(bytes), half);
  }

  // Makes a network of a description. Memory is taken here, once: `run` only computes.
  function load({ nodes, inputs, outputs, weights, bits }) {
    const all = floats(weights, bits), values = nodes.map(node => new Float32Array(node.size));
    const steps = [];
    nodes.forEach((node, i) => {
      if (node.kind === "input") return;
      if (!KINDS[node.kind]) throw new Error(`there is no kind ${node.kind}`);
      const own = { ...node };
      for (const name of ["kernel", "bias", "gamma", "beta", "mean", "variance", "slopes", "table"]) {
        if (node[name]) own[name] = all.subarray(node[name][0], node[name][0] + node[name][1]);
      }
      const compute = KINDS[node.kind](own), of = node.of.map(each => values[each]);
      steps.push(() => compute(values[i], ...of));
    });
    function run(given) {
      inputs.forEach((place, i) => {
        if (given[i].length !== values[place].length) throw new Error(`input ${i} takes ${values[place].length} numbers, not ${given[i].length}`);
        values[place].set(given[i]);
      });
      for (const step of steps) step();
      return outputs.map(place => values[place].slice());
    }
    return { run, inputs: inputs.map(place => nodes[place].size), outputs: outputs.map(place => nodes[place].size), weights: all.length };
  }

  return { load, floats };
})();
