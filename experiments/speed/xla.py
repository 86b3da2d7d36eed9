"""Measures how fast the GANs of gan_tf/zoo train with XLA and without it, on this machine's CPU or GPU.

python -m experiments.speed.xla [--gans=dcgan,gan_3d] [--rounds=3] [--seconds=10] [--out_dir=out/experiments/speed]

Each GAN is made twice in one process, with and without XLA, with its default settings. Each round trains both in turn,
some seconds each; the median of the rounds counts. Compiling and the first iterations are not timed. Writes xla.json.
"""

import importlib
import statistics
import sys
import time
from pathlib import Path

from absl import flags

from experiments import record
from gan_tf import data
from gan_tf.members import GANS
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

# GANs with convolutions, and after them GANs of dense layers. The data sets of those that do not use images of digits.
MEASURED = ["dcgan", "infogan", "pix2pix", "gan_3d", "loss_sensitive", "semi_supervised", "adversarial_autoencoder"]
DATASETS = {"gan_3d": "furniture"}


def rate(gan, seconds):
    """Trains `gan` for `seconds` or a little more. Returns iterations per second."""
    start, begun, steps = gan.iteration, time.perf_counter(), 1
    while (passed := time.perf_counter() - begun) < seconds:
        gan.train_block(gan.iteration, steps)
        gan.iteration += steps
        steps = min(2 * steps, gan.block)  # whole blocks, as in a run, unless one iteration takes very long
    return (gan.iteration - start) / passed


def measure(name):
    """Returns {"with XLA": iterations per second, "without": …} of one GAN: [lowest, median, highest]."""
    dataset = data.load(DATASETS.get(name, "glyphs"))
    make = importlib.import_module(GANS[name]).make
    gans = {"with XLA": make(dataset.pixels, dataset.labels, jit=True)}
    gans["without"] = make(dataset.pixels, dataset.labels, jit=False)
    for gan in gans.values():
        rate(gan, 1)
    rates = {way: [] for way in gans}
    for _ in range(FLAGS.rounds):
        for way, gan in gans.items():
            rates[way].append(rate(gan, FLAGS.seconds))
            print(f"{name}, {way}: {rates[way][-1]:.2f} a second", file=sys.stderr, flush=True)
    return {way: [round(f(each), 3) for f in (min, statistics.median, max)] for way, each in rates.items()}


def table(result):
    """Returns the table of a result as Markdown."""
    lines = ["| iterations/s | with XLA | without | with : without |", "|---|---|---|---|"]
    for name, rates in result["rates"].items():
        cells = [f"{middle:.3g} ({low:.3g} to {high:.3g})" for low, middle, high in rates.values()]
        ratio = rates["with XLA"][1] / rates["without"][1]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {ratio:.2f} |")
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return "\n".join([*lines, "", f"{result['machine']}; {versions}; {result['date']}, commit {result['commit']}."])


def main():
    """Measures the GANs one by one, writes xla.json and prints the table."""
    record.check(FLAGS.out_dir)
    command_line.import_tensorflow()
    rates = {name: measure(name) for name in FLAGS.gans}
    result = record.facts("tensorflow", "keras", "numpy") | {"rounds": FLAGS.rounds, "rates": rates}
    record.write_json(Path(FLAGS.out_dir) / "xla.json", result)
    print(table(result))


if __name__ == "__main__":
    record.define_names("gans", MEASURED, "Which GANs to measure.")
    flags.DEFINE_integer("rounds", 3, "How often each is measured; the median counts.", lower_bound=1)
    flags.DEFINE_float("seconds", 10, "How long each is trained in a round.", lower_bound=0.1)
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for xla.json.")
    command_line.run(main, {"Flags": ["gans", "rounds", "seconds", "out_dir"]}, (data.DataError, OSError))
