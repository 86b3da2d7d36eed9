"""Measures how many iterations per second the script, this project and alternatives do on this machine.

python -m experiments.speed.benchmark [--rounds=5] [--only=script,command] [--out_dir=out/experiments/speed]

A contender is one of the programs that are compared. In each round all contenders run, one after another, each in a
process of its own. So other work on the machine slows all of them alike. The median of the rounds counts. All train the
same networks on the same images, with batches of 128, the script's optimizers, and new noise in each iteration. The
first iterations of each, which are slower, do not count. `command` is `python -m gan_tf.train` as a user runs it, with
its data, noise, losses and grids. The alternatives draw no grids. Writes benchmark.json, and prints the table.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import util
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
from absl import flags

from experiments import record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

BATCH = 128
BIG = 2 * BATCH * 128 * 784  # operations in a matrix product of a batch: between 128 units and 784 pixels
SMALL = 2 * BATCH * 128 * 100  # between 128 units and 100 numbers of noise
UNIT = 2 * BATCH * 128  # between 128 units and the one logit
# D's step: G forward; then for the real and for the fake images D forward, and the gradient of D's weights.
# G's step: G forward, D forward, and the gradients of D's input and of G's output weights, hidden units and input
# weights.
FLOP = (1 + 2 * 2) * BIG + SMALL + 2 * 3 * UNIT + (2 + 3) * BIG + 2 * SMALL + 2 * UNIT


def timed(run, steps):
    """Returns the steps per second of `run`: `run(n)` does n steps and returns when they are done.

    Before the time is taken, a quarter of `steps` is done: the first steps are slower.
    """
    run(steps // 4)
    start = time.perf_counter()
    run(steps)
    return steps / (time.perf_counter() - start)


def script(images):
    """Times the script's graph in a TF1 session. Python gives it a batch at each step."""
    from experiments.tf1_graph import NextBatch, ReferenceGraph
    from gan_tf import models

    graph = ReferenceGraph(models.make_generator(1).get_weights() + models.make_discriminator(2).get_weights())
    batches = NextBatch(images, BATCH)
    return timed(lambda n: [graph.step(*batches.images_and_noise()) for _ in range(n)], 600)


def per_step(images):
    """Times one step of this project as a tf.function with XLA. Python calls it and gives it a batch at each step."""
    from experiments.tf1_graph import NextBatch
    from gan_tf import models, optimizers, training

    networks = models.make_generator(1), models.make_discriminator(2)
    step = training.make_train_step(*networks, optimizers.make_optimizer("adam"), optimizers.make_optimizer("adadelta"))
    batches = NextBatch(images, BATCH)

    def run(n):
        for _ in range(n):
            losses = step(*(array.astype(np.float32) for array in batches.images_and_noise()))
        return losses[0].numpy()

    return timed(run, 600)


def run_commands(count, *options):
    """Runs `count` of this project's commands side by side, and returns the sum of their speeds.

    The speed comes from the times at which a command prints its lines.
    """
    iters = 4000 * count
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gan_tf.train", "--dataset=glyphs", f"--iters={iters + 1}", *options]
        processes = [
            subprocess.Popen([*command, f"--out_dir={folder}/{i}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for i in range(count)
        ]
        with ThreadPool(count) as pool:
            times = pool.map(
                lambda p: [time.perf_counter() for line in p.stdout if line.startswith(b"Iter")], processes
            )
        if any(process.wait() for process in processes):
            raise RuntimeError("python -m gan_tf.train failed")
    # From the first line to the last but one: in the last thousand iterations the other command may have ended.
    return sum((iters - 1000) / (each[-2] - each[0]) for each in times)


def command(images):
    """Times the command of this project."""
    del images  # the command makes the same glyphs
    return run_commands(1)


def one_thread(images):
    """Times the command with --threads=1."""
    del images
    return run_commands(1, "--threads=1")


def two_at_once(images):
    """Times two commands with --threads=1, side by side."""
    del images
    return run_commands(2, "--threads=1")


def torch_step(images, compiled):
    """Times the same training in PyTorch. `compiled` says whether to use torch.compile."""
    import torch
    from torch import nn

    def network(n_in, n_out):
        layers = nn.Linear(n_in, 128), nn.Linear(128, n_out)
        for layer in layers:
            nn.init.normal_(layer.weight, std=(layer.in_features / 2) ** -0.5)
            nn.init.zeros_(layer.bias)
        return nn.Sequential(layers[0], nn.ReLU(), layers[1])

    g, d = nn.Sequential(network(100, 784), nn.Sigmoid()), network(784, 1)
    g_optimizer = torch.optim.Adam(g.parameters(), lr=0.001, eps=1e-8)
    d_optimizer = torch.optim.Adadelta(d.parameters(), lr=0.001, rho=0.95, eps=1e-8)
    cross_entropy, one, zero = nn.BCEWithLogitsLoss(), torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    images = torch.from_numpy(images)

    def gradients(real, d_noise, g_noise, which):
        if which == "d":
            with torch.no_grad():
                fake = g(d_noise)
            return cross_entropy(d(real), one) + cross_entropy(d(fake), zero)
        return cross_entropy(d(g(g_noise)), one)

    if compiled:
        gradients = torch.compile(gradients)

    def run(n):
        order, at = torch.randperm(len(images)), 0
        for _ in range(n):
            if at + BATCH > len(order):
                order, at = torch.randperm(len(images)), 0
            real, at = images[order[at : at + BATCH]], at + BATCH
            d_noise, g_noise = torch.rand(2, BATCH, 100) * 2 - 1
            for which, optimizer in (("d", d_optimizer), ("g", g_optimizer)):
                optimizer.zero_grad()
                d.requires_grad_(which == "d")  # so that G's step computes no gradients of D's weights
                loss = gradients(real, d_noise, g_noise, which)
                loss.backward()
                optimizer.step()
        return loss.item()

    return timed(run, 600)


def torch_eager(images):
    """Times PyTorch without compiling."""
    return torch_step(images, compiled=False)


def torch_compiled(images):
    """Times PyTorch with losses and gradients compiled by torch.compile."""
    return torch_step(images, compiled=True)


def jax_scan(images):
    """Times the same training in JAX: 250 steps in one compiled lax.scan. JAX draws the noise, NumPy the batches."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    def network(key, n_in, n_out):
        keys = jax.random.split(key)
        w1 = jax.random.normal(keys[0], [n_in, 128]) * (n_in / 2) ** -0.5
        w2 = jax.random.normal(keys[1], [128, n_out]) * 64**-0.5
        return [w1, jnp.zeros(128), w2, jnp.zeros(n_out)]

    def apply(weights, x):
        return jax.nn.relu(x @ weights[0] + weights[1]) @ weights[2] + weights[3]

    def d_loss(d, real, fake):
        return jnp.mean(jax.nn.softplus(-apply(d, real))) + jnp.mean(jax.nn.softplus(apply(d, fake)))

    def g_loss(g, d, noise):
        return jnp.mean(jax.nn.softplus(-apply(d, jax.nn.sigmoid(apply(g, noise)))))

    def adadelta(w, a, u, grad):
        a = 0.95 * a + 0.05 * grad**2
        update = jnp.sqrt(u + 1e-8) * lax.rsqrt(a + 1e-8) * grad
        return w - 0.001 * update, a, 0.95 * u + 0.05 * update**2

    def adam(w, m, v, grad, alpha):
        m, v = m + 0.1 * (grad - m), v + 0.001 * (grad**2 - v)
        return w - alpha * m / (jnp.sqrt(v) + 1e-8), m, v

    def step(state, inputs):
        g, d, (a, u), (m, v), t = state
        index, d_noise, g_noise = inputs
        loss, grads = jax.value_and_grad(d_loss)(d, images[index], jax.nn.sigmoid(apply(g, d_noise)))
        d, a, u = zip(*map(adadelta, d, a, u, grads), strict=True)
        loss_g, grads = jax.value_and_grad(g_loss)(g, d, g_noise)
        t = t + 1
        alpha = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        g, m, v = zip(*(adam(*each, alpha) for each in zip(g, m, v, grads, strict=True)), strict=True)
        return (list(g), list(d), (list(a), list(u)), (list(m), list(v)), t), (loss, loss_g)

    @jax.jit
    def block(state, key, index):
        noise = jax.random.uniform(key, [2, 250, BATCH, 100], minval=-1.0)
        return lax.scan(step, state, (index, *noise))

    images = jnp.asarray(images)
    g, d = network(jax.random.key(1), 100, 784), network(jax.random.key(2), 784, 1)
    zeros = [[jnp.zeros_like(w) for w in weights] for weights in (d, d, g, g)]
    state = g, d, tuple(zeros[:2]), tuple(zeros[2:]), jnp.float32(0)

    def run(n):
        nonlocal state
        for number in range(n // 250):
            order = np.random.permutation(len(images))[: 250 * BATCH].reshape(250, BATCH)
            state, losses = block(state, jax.random.key(number), order)
            np.asarray(losses[0])

    return timed(run, 1000)


def matmul(images):
    """Returns the speed of NumPy's float32 product of two 2048x2048 matrices, in GFLOP/s. It is not a contender."""
    del images
    a = np.random.default_rng(0).random([2048, 2048], np.float32)
    return timed(lambda n: [a @ a for _ in range(n)], 12) * 2 * 2048**3 / 1e9


# The names of the contenders in the table. `matmul` has no row.
LABELS = {
    "script": "the script (`tf.compat.v1`, fed at each step)",
    "per_step": "one `tf.function` step, fed at each step",
    "command": "**`python -m gan_tf.train`**",
    "one_thread": "the same with `--threads=1`",
    "two_at_once": "two of these side by side, added up",
    "torch_eager": "PyTorch, eager",
    "torch_compiled": "PyTorch, compiled",
    "jax_scan": "JAX, `lax.scan`",
}
CONTENDERS = {name: globals()[name] for name in ("matmul", *LABELS)}


def table(result):
    """Returns the table of a result as Markdown. result["speeds"] has each contender's iterations per second."""
    speeds = result["speeds"]
    median = {name: statistics.median(values) for name, values in speeds.items()}
    peak = median.get("matmul")
    lines = ["| | iterations/s | lowest to highest | times the script | GFLOP/s | of NumPy's matmul |"]
    lines.append("|---|---|---|---|---|---|")
    for name in filter(median.get, LABELS):
        value = median[name]
        ratio = f"{value / median['script']:.2f}" if "script" in median else ""
        share = f"{value * FLOP / 1e9 / peak:.2f}" if peak else ""
        extremes = f"{min(speeds[name]):.0f} to {max(speeds[name]):.0f}"
        lines.append(f"| {LABELS[name]} | {value:.0f} | {extremes} | {ratio} | {value * FLOP / 1e9:.0f} | {share} |")
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    rounds = len(next(iter(speeds.values())))
    lines += ["", f"{result['machine']}; {versions}; {result['date']}, commit {result['commit']}; {rounds} rounds."]
    if peak:
        lines.append(f"NumPy's float32 matrix product of 2048x2048: {peak:.0f} GFLOP/s.")
    return "\n".join(lines)


def main():
    """Times all contenders, writes benchmark.json and prints the table. With --contender, times one in this process."""
    if FLAGS.contender:
        images = np.load(os.environ["GAN_TF_BENCHMARK_IMAGES"])
        print(json.dumps(CONTENDERS[FLAGS.contender](images)))
        return

    record.check(FLAGS.out_dir)
    needs = {"torch_eager": "torch", "torch_compiled": "torch", "jax_scan": "jax"}
    names = [name for name in FLAGS.only if util.find_spec(needs.get(name, "numpy"))]
    for name in set(FLAGS.only) - set(names):
        print(f"{name}: left out, {needs[name]} is not installed (pip install -e '.[bench]')", file=sys.stderr)
    from gan_tf import data

    speeds = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "images.npy")
        np.save(path, data.load("glyphs").images.reshape(-1, 784))
        environment = {**os.environ, "GAN_TF_BENCHMARK_IMAGES": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
        for number in range(FLAGS.rounds):
            for name in names:
                output = subprocess.run(
                    [sys.executable, "-m", "experiments.speed.benchmark", f"--contender={name}"],
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    check=True,
                ).stdout
                speeds[name].append(round(json.loads(output.splitlines()[-1]), 1))
                print(f"round {number + 1}: {name} {speeds[name][-1]:.0f}", file=sys.stderr, flush=True)
    result = record.facts("tensorflow", "keras", "torch", "jax", "numpy") | {"speeds": speeds}
    record.write_json(Path(FLAGS.out_dir) / "benchmark.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 5, "How often each contender is timed; the median counts.", lower_bound=1)
    record.define_names("only", CONTENDERS, "The contenders to time.")
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for benchmark.json.")
    flags.DEFINE_enum("contender", None, list(CONTENDERS), "Time it in this process; the benchmark itself uses this.")
    command_line.run(main, {"Flags": ["rounds", "only", "out_dir"]}, (OSError,))
