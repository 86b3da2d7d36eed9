"""Claim: long runs of the script and of this port cannot match exactly, but they have the same statistics.

python -m experiments.mnist.fidelity [--data_dir=…] [--seeds=5] [--iters=10000]

A GAN is chaotic: a difference in the last bit grows, and after some hundred iterations the run is a different one. So
this compares statistics of several runs, each of 10,000 iterations. Some are runs of the script's graph in a TF1
session, with random weights, batches and noise drawn in the script's way. The table calls them "reference". As many
are runs of this port, and as many again of this port with the Adadelta of TF1's CPU kernel of 2017. For each run it
prints the two losses, averaged over the last 1000 iterations, and the spread: the standard deviation of each pixel over
64 samples of G, averaged over the pixels. For each of these three numbers, the ranges of the script's and the port's
runs must overlap. Otherwise the claim fails (exit status 1).
"""

import functools
import sys

import numpy as np
from absl import flags

from gan_tf import data
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

flags.DEFINE_integer("seeds", 5, "Runs of each.", lower_bound=2)
flags.DEFINE_integer("iters", 10_000, "Iterations of each run.", lower_bound=1000)
flags.DEFINE_enum("dataset", "mnist", list(data.DATASETS), "As in gan_tf.train.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")
flags.DEFINE_enum("d_optimizer", "adadelta", ["adadelta", "adam"], "Optimizer of D; the reference: adadelta.")

QUANTITIES = ("D loss", "G loss", "spread")


def summary(losses, samples):
    """Returns (D loss, G loss, spread) of a run, from its losses [n, 2] and samples [64, 784]."""
    return *np.mean(losses[-1000:], axis=0), samples.std(axis=0).mean()


def run_reference(images, seed):
    """Does one run of the script's graph, and returns its summary. Weights, batches and noise come from NumPy."""
    from experiments.tf1_graph import NextBatch, ReferenceGraph

    batches = NextBatch(images, seed=seed)
    shapes = [(100, 128), 128, (128, 784), 784, (784, 128), 128, (128, 1), 1]
    weights = [
        np.zeros(shape) if np.ndim(shape) == 0 else batches.random.normal(0, (shape[0] / 2) ** -0.5, shape)
        for shape in shapes
    ]
    graph = ReferenceGraph([w.astype(np.float32) for w in weights], d_optimizer=FLAGS.d_optimizer)
    losses = [graph.step(*batches.images_and_noise()) for _ in range(FLAGS.iters)]
    noise = batches.random.uniform(-1.0, 1.0, [64, 100])
    return summary(losses, graph.session.run(graph.samples, {graph.z: noise}))


def run_port(images, seed, d_optimizer):
    """Does one run of this port, and returns its summary."""
    from gan_tf import gan, models, optimizers, training
    from gan_tf.noise import sample_noise

    networks = models.make_generator(2 * seed), models.make_discriminator(2 * seed + 1)
    g_optimizer, d_optimizer = optimizers.make_optimizer("adam"), optimizers.make_optimizer(d_optimizer)
    step = training.make_train_step(*networks, g_optimizer, d_optimizer)
    train_block = training.make_train_block(step, images, 128, seed)
    blocks = gan.blocks(0, FLAGS.iters, (), training.BLOCK)
    losses = np.concatenate([train_block(first, steps) for first, steps in blocks])
    return summary(losses, networks[0](sample_noise(seed, 0, count=64)).numpy())


def main():
    """Does all runs and prints the table. Exits with 1 if the claim fails."""
    images = data.load(FLAGS.dataset, FLAGS.data_dir).images
    runs = {"reference": run_reference, "port": functools.partial(run_port, d_optimizer=FLAGS.d_optimizer)}
    if FLAGS.d_optimizer == "adadelta":
        runs["port, kernel of 2017"] = functools.partial(run_port, d_optimizer="adadelta_2017")
    results = {name: [] for name in runs}
    for seed in range(FLAGS.seeds):
        for name, run in runs.items():
            results[name].append(run(images, seed))
            print(f"seed {seed}, {name}: " + ", ".join(f"{v:.4g}" for v in results[name][-1]), file=sys.stderr)

    print(f"| {FLAGS.seeds} seeds, {FLAGS.iters} iterations | {' | '.join(runs)} | ranges overlap |")
    print("|---|" + len(runs) * "---|" + "---|")
    verdict = True
    for index, quantity in enumerate(QUANTITIES):
        values = {name: np.array(results[name])[:, index] for name in runs}
        reference, port = values["reference"], values["port"]
        overlap = max(reference.min(), port.min()) <= min(reference.max(), port.max())
        verdict &= overlap
        cells = (f"{v.mean():.4g} ± {v.std(ddof=1):.2g} ({v.min():.4g} to {v.max():.4g})" for v in values.values())
        print(f"| {quantity} | {' | '.join(cells)} | {'yes' if overlap else 'no'} |")
    sys.exit(0 if verdict else 1)


if __name__ == "__main__":
    command_line.run(
        main, {"Flags": ["seeds", "iters", "dataset", "data_dir", "d_optimizer"]}, (data.DataError, OSError)
    )
