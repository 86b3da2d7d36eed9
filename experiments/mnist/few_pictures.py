"""No claim: what differentiable augmentation does for GANs with 100, 500 and 5,000 training pictures.

python -m experiments.mnist.few_pictures [--data_dir=…] [--only=100,100_augmented] [--out_dir=…]

Each run is `python -m gan_tf.zoo.r3gan` on the first pictures of MNIST's training set, with and without
--augment=translation,cutout. It is measured twice by gan_tf.evaluate: next to all of MNIST (FID, KID and so on), and
next to its own training pictures (the share of copies). For each run this writes a JSON file and a picture to
--out_dir. Then it prints the table. If this is stopped, the same command resumes it: finished runs are kept.
"""

import json
import shutil
from pathlib import Path

import numpy as np
from absl import flags

from experiments.mnist import measured, zoo
from experiments.record import RESULTS, check, facts, load_runs, write_json
from gan_tf import data
from gan_tf.metrics import sliced
from gan_tf.metrics.table import TITLES, rounded
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

COUNTS = (100, 500, 5000)
AUGMENT = "--augment=translation,cutout"
# Run → (training pictures, flags).
RUNS = {f"{count}": (count, ["--iters=8000"]) for count in COUNTS}
RUNS |= {f"{run}_augmented": (count, [*options, AUGMENT]) for run, (count, options) in list(RUNS.items())}
SCORES = ("frechet_distance", "kernel_inception_distance", "precision", "recall")  # next to all of MNIST


def train(count, options, folder):
    """Trains a run on `count` pictures and measures it, where this is not done yet. Returns its result, a dict."""
    folder.mkdir(parents=True, exist_ok=True)
    run, pictures, mnist = folder / "run", folder / "pictures.npz", ["--dataset=mnist"]
    if not (folder / "begun.json").exists():
        some, test = (data.load("mnist", FLAGS.data_dir, split) for split in ("train", "test"))
        np.savez(pictures, x_train=some.pixels[:count, ..., 0], x_test=test.pixels[..., 0])
        write_json(folder / "begun.json", facts("tensorflow", "keras", "numpy"))
    zoo.run_module(folder, "gan_tf.zoo.r3gan", *options, f"--data_dir={pictures}", f"--out_dir={run}")
    if FLAGS.data_dir:
        mnist += [f"--data_dir={FLAGS.data_dir}"]
    for name, where in {"own": [], "mnist": mnist}.items():
        if not (folder / name / "metrics.json").exists():
            zoo.run_module(folder, "gan_tf.evaluate", f"--run_dir={run}", *where, f"--out_dir={folder / name}")
    own, whole = (json.loads((folder / name / "metrics.json").read_text()) for name in ("own", "mnist"))
    return json.loads((folder / "begun.json").read_text()) | {
        "command": " ".join(["python -m gan_tf.zoo.r3gan", *options]),
        "pictures": count,
        "iterations": own["iterations"],
        "minutes": round(measured.training_seconds((folder / "stderr").read_text(), own["iterations"]) / 60, 1),
        "metrics": {
            column: {name: whole["metrics"][column][name] for name in SCORES}
            | {"copies": own["metrics"][column]["copies"]}
            for column in ("samples", "real")
        },
    }


def table(results):
    """Returns the table as Markdown. `results` is {run: its result}."""
    titles = TITLES | {"copies": sliced.TITLES["copies"]}
    columns = [*SCORES, "copies"]
    lines = [f"| pictures | `{AUGMENT}` | {' | '.join(titles[name] for name in columns)} |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for result in sorted(results.values(), key=lambda each: (each["pictures"], AUGMENT in each["command"])):
        cells = [rounded(*result["metrics"]["samples"][name].values()) for name in columns]
        augmented = "yes" if AUGMENT in result["command"] else "no"
        lines.append(f"| {result['pictures']:,} | {augmented} | {' | '.join(cells)} |")
    real = next(iter(results.values()))["metrics"]["real"]
    cells = [rounded(*real[name].values()) for name in columns]
    lines.append(f"| *MNIST's test images* | | {' | '.join(cells)} |")
    return "\n".join([*lines, "", zoo.source("`python -m experiments.mnist.few_pictures`", list(results.values()))])


def load_results(folder=RESULTS / "few_pictures"):
    """Reads the results in `folder`, by default the committed ones: {run: its result}."""
    return load_runs(folder, RUNS)


def main():
    """Trains and measures the runs, then prints the table."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    for run in FLAGS.only:
        folder = Path(FLAGS.work_dir) / run
        write_json(out_dir / f"{run}.json", train(*RUNS[run], folder))
        shutil.copy(zoo.picture(folder / "run"), out_dir / f"{run}.png")
    print(table(load_results(out_dir)))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("few_pictures", RUNS), (data.DataError, OSError))
