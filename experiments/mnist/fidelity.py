"""Claim: long runs of the script and of this port cannot match exactly, but they have the same statistics.

python -m experiments.mnist.fidelity [--data_dir=…] [--seeds=20] [--processes=…] [--out_dir=out/experiments/fidelity]

A GAN is chaotic: a difference in the last bit grows, and after some hundred iterations the run is a different one. So
this compares 20 runs of the script's graph in a TF1 session ("script") with 20 runs of this port ("port"), each of
10,000 iterations. The script's runs have random weights, batches and noise drawn in the script's way, so no run of one
kind belongs to a run of the other. From each run come the numbers in `QUANTITIES`.

The test was chosen before the runs. For each quantity it is the two-sided Mann-Whitney U test, with exact p values. It
compares only the order of the values, so it needs no Gaussians. All quantities together have the level 0.05: the port
fails if one p value is below 0.05 / the number of quantities (Bonferroni). So a correct port fails in at most 5 of 100
repetitions of all this. The table also says what the test would have noticed: the shift of a Gaussian, in standard
deviations, that this test finds with a probability of 90%, by simulation.

The control is 20 runs of this port with the Adadelta of TF1's CPU kernel of 2017 ("port_2017"). It is a slightly
different algorithm: its first step is √2 times as long. The test must reject it in D's move in the first iterations.

The claim fails (exit status 1) if the port is rejected in any quantity, or if the control is not rejected in this one.
The results of all runs go to fidelity.json in --out_dir. If this is stopped, the same command resumes it.
"""

import concurrent.futures
import functools
import json
import multiprocessing
import os
import signal
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
from absl import flags

from experiments import record
from gan_tf import data
from gan_tf.metrics.table import flat
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

EARLY = 5  # iterations: later the two Adadeltas make no difference that 20 runs could show
FIRST, LAST = 500, 1000  # iterations over which losses are averaged
QUANTITIES = {
    "d_moved_early": f"D has moved, {EARLY} iterations",
    "d_loss_first": f"D loss, first {FIRST}",
    "g_loss_first": f"G loss, first {FIRST}",
    "d_loss": f"D loss, last {LAST}",
    "g_loss": f"G loss, last {LAST}",
    "spread": "spread of 64 samples",
    "d_moved": "D has moved, at the end",
}
CONTROL = "d_moved_early"  # the quantity in which the control must be rejected
LEVEL, POWER = 0.05, 0.9
RUNS = {"script": "script", "port": "port", "port_2017": "port, Adadelta of 2017"}


def summary(losses, samples, d_weights):
    """Returns the `QUANTITIES` of a run, as a dict.

    `losses` is [n, 2], `samples` [64, 784]. `d_weights` are the weights of D's first layer, [784, 128], three times:
    the first ones, those after `EARLY` iterations, and the last ones. How far D has moved is the root mean square of
    the difference. The spread is the standard deviation of each pixel over the samples, averaged over the pixels.
    """

    def moved(weights):
        return np.sqrt(np.mean((weights.astype(np.float64) - d_weights[0]) ** 2))

    first, last = np.mean(losses[:FIRST], axis=0), np.mean(losses[-LAST:], axis=0)
    spread = samples.astype(np.float64).std(axis=0).mean()
    values = (moved(d_weights[1]), *first, *last, spread, moved(d_weights[2]))
    return {name: float(f"{value:.6g}") for name, value in zip(QUANTITIES, values, strict=True)}


def run_script(images, seed, iters):
    """Does one run of the script's graph, and returns its summary. Weights, batches and noise come from NumPy."""
    from experiments.tf1_graph import NextBatch, ReferenceGraph

    batches = NextBatch(images, seed=seed)
    shapes = [(100, 128), 128, (128, 784), 784, (784, 128), 128, (128, 1), 1]
    weights = [
        np.zeros(shape) if np.ndim(shape) == 0 else batches.random.normal(0, (shape[0] / 2) ** -0.5, shape)
        for shape in shapes
    ]
    graph = ReferenceGraph([w.astype(np.float32) for w in weights], "adam", "adadelta")
    losses, d_weights = [], [graph.weights()[4]]
    for steps in (EARLY, iters - EARLY):
        losses += [graph.step(*batches.images_and_noise()) for _ in range(steps)]
        d_weights.append(graph.weights()[4])
    noise = batches.random.uniform(-1.0, 1.0, [64, 100])
    samples = graph.session.run(graph.samples, {graph.z: noise})
    graph.session.close()
    return summary(np.array(losses, np.float64), samples, d_weights)


def run_port(images, seed, iters, d_optimizer):
    """Does one run of this port, and returns its summary."""
    from gan_tf import gan, models, optimizers, training
    from gan_tf.noise import sample_noise

    generator, discriminator = models.make_generator(2 * seed), models.make_discriminator(2 * seed + 1)
    g_optimizer, d_optimizer = optimizers.make_optimizer("adam"), optimizers.make_optimizer(d_optimizer)
    step = training.make_train_step(generator, discriminator, g_optimizer, d_optimizer)
    train_block = training.make_train_block(step, images, 128, seed)
    losses, d_weights = [], [discriminator.get_weights()[0]]
    for first, stop in ((0, EARLY), (EARLY, iters)):
        losses += [train_block(*block) for block in gan.pieces(first, stop, (), training.BLOCK)]
        d_weights.append(discriminator.get_weights()[0])
    samples = generator(sample_noise(seed, 0, count=64)).numpy()
    return summary(np.concatenate(losses).astype(np.float64), samples, d_weights)


DO = {
    "script": run_script,
    "port": functools.partial(run_port, d_optimizer="adadelta"),
    "port_2017": functools.partial(run_port, d_optimizer="adadelta_2017"),
}


def start_process():
    """Prepares a process for runs: it uses one core, without a GPU, and Ctrl-C ends it without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    command_line.import_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices([], "GPU")


@functools.cache
def images_of(dataset, data_dir):
    """The training images, loaded once in each process."""
    return flat(data.load(dataset, data_dir).images)


def do(name, seed, iters, dataset, data_dir):
    """Does run `name` in one of the processes, and returns its summary."""
    return DO[name](images_of(dataset, data_dir), seed, iters)


def p_value(a, b):
    """Returns the two-sided p value that `a` and `b` come from the same distribution (Mann-Whitney U)."""
    from scipy import stats

    return float(stats.mannwhitneyu(a, b, method="exact").pvalue)


def power(shift, n, level, repetitions=4000):
    """Returns how often the test with `level` tells n numbers of N(0, 1) from n of N(shift, 1), by simulation."""
    from scipy import stats

    a, b = np.random.default_rng(0).normal(size=[2, repetitions, n])
    return float(np.mean(stats.mannwhitneyu(a, b + shift, axis=1, method="exact").pvalue < level))


def noticeable(n, level):
    """Returns the least shift, in standard deviations, that the test with n runs of each finds with `POWER`.

    It is found by bisection, to 0.01. It is infinite if no shift is found, because n is too small for this level.
    """
    low, high = 0.0, 10.0
    if power(high, n, level) < POWER:
        return float("inf")
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle, n, level) >= POWER else (middle, high)
    return high


def values(result, name, quantity):
    """The values of one quantity in all runs `name`, in the order of their seeds."""
    runs = result["runs"].get(name, {})
    return np.array([runs[seed][quantity] for seed in sorted(runs, key=int)])


def p_values(result, name):
    """Returns {quantity: p value of the runs `name` against the script's}."""
    return {each: p_value(values(result, "script", each), values(result, name, each)) for each in QUANTITIES}


def verdict(result):
    """True if the port is rejected in no quantity, and the control is rejected where it must be."""
    level = LEVEL / len(QUANTITIES)
    return min(p_values(result, "port").values()) >= level > p_values(result, "port_2017")[CONTROL]


def table(result):
    """Returns the table as Markdown: mean ± standard deviation (lowest to highest) of the runs, and the p values."""
    n = min(len(result["runs"].get(name, {})) for name in RUNS)
    level = LEVEL / len(QUANTITIES)
    shift = noticeable(n, level)
    lines = [f"| {n} runs of each | {' | '.join(RUNS.values())} | p: port | p: 2017 | noticeable |", "|---" * 7 + "|"]
    of_port, of_control = p_values(result, "port"), p_values(result, "port_2017")
    for quantity, title in QUANTITIES.items():
        cells = [title]
        for name in RUNS:
            v = values(result, name, quantity)
            cells.append(f"{v.mean():.4g} ± {v.std(ddof=1):.2g} ({v.min():.4g} to {v.max():.4g})")
        cells += [f"{each:.2g}" + ("*" if each < level else "") for each in (of_port[quantity], of_control[quantity])]
        cells.append(f"{shift * values(result, 'script', quantity).std(ddof=1):.2g}")
        lines.append(f"| {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    commits = sorted({run["commit"] for runs in result["runs"].values() for run in runs.values()})
    lines += [
        "",
        f"{result['dataset']}, {result['iters']:,} iterations; {result['machine']}; {versions}; {result['date']}, "
        f"commit {', '.join(commits)}. A star: below {level:.2g}, which is {LEVEL} / {len(QUANTITIES)}. Noticeable: a "
        f"shift of {shift:.2f} standard deviations of the script, which the test finds in {POWER:.0%} of cases.",
    ]
    return "\n".join(lines)


def load_results(path, facts):
    """Returns the results so far in the file `path`, or new ones with `facts`.

    Exits with 1 if the file has other facts: results of other machines or settings must not mix.
    """
    if not path.exists():
        return facts | {"runs": {}}
    result = json.loads(path.read_text())
    for fact in ("machine", "versions", "dataset", "iters"):
        if result[fact] != facts[fact]:
            sys.exit(f"error: {path} has results with {fact} {result[fact]}, now it is {facts[fact]}. Use --out_dir.")
    return result | {"date": facts["date"]}


def main():
    """Does the runs that are missing, prints the table, and exits with 1 if the claim fails."""
    record.check(FLAGS.out_dir)
    path = Path(FLAGS.out_dir) / "fidelity.json"
    facts = record.facts("tensorflow", "keras", "numpy", "scipy")
    commit = facts.pop("commit")
    result = load_results(path, facts | {"dataset": FLAGS.dataset, "iters": FLAGS.iters})
    images_of(FLAGS.dataset, FLAGS.data_dir)  # here, so that an error is one line
    missing = [
        (name, seed) for seed in range(FLAGS.seeds) for name in RUNS if str(seed) not in result["runs"].get(name, {})
    ]
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    pool = concurrent.futures.ProcessPoolExecutor(FLAGS.processes or os.cpu_count(), context, start_process)
    futures = {pool.submit(do, *run, FLAGS.iters, FLAGS.dataset, FLAGS.data_dir): run for run in missing}
    try:
        for future in concurrent.futures.as_completed(futures):
            name, seed = futures[future]
            result["runs"].setdefault(name, {})[str(seed)] = future.result() | {"commit": commit}
            record.write_json(path, result)
            print(f"{name}, seed {seed}: {future.result()}", file=sys.stderr, flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    result["runs"] = {
        name: {str(seed): result["runs"][name][str(seed)] for seed in range(FLAGS.seeds)} for name in RUNS
    }
    print(table(result))
    holds = verdict(result)
    print(f"\nThe claim {'holds' if holds else 'FAILS'}.")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    flags.DEFINE_integer("seeds", 20, "Runs of each.", lower_bound=2)
    flags.DEFINE_integer("iters", 10_000, "Iterations of each run.", lower_bound=EARLY + 1)
    flags.DEFINE_integer("processes", None, "Runs at a time, each on one core. Unset: as many as there are cores.", 1)
    flags.DEFINE_enum("dataset", "mnist", list(data.DATASETS), "As in gan_tf.train.")
    flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")
    flags.DEFINE_string("out_dir", "out/experiments/fidelity", "Folder for fidelity.json, the results of all runs.")
    names = ["seeds", "iters", "processes", "dataset", "data_dir", "out_dir"]
    command_line.run(main, {"Flags": names}, (data.DataError, OSError, BrokenProcessPool))
