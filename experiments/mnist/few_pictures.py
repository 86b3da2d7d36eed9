"""No claim: what differentiable augmentation does for GANs with 100, 500 and 5,000 digits, and with 200 heads.

python -m experiments.mnist.few_pictures [--data_dir=…] [--only=100,100_augmented] [--out_dir=…]

Each run is trained on the first pictures of a training set, with and without --augment: `gan_tf.zoo.r3gan` on digits of
MNIST, `gan_tf.zoo.dcgan` with the flags for own pictures on heads. It is measured twice by gan_tf.evaluate: next to the
whole data set (FID, KID and so on), and next to its own training pictures (the share of copies). For each run this
writes a JSON file and a picture to --out_dir. Then it prints the tables. If this is stopped, the same command resumes
it: finished runs are kept.
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
from gan_tf.metrics.table import TITLES_OF, rounded
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

DIGITS = ["--iters=8000"]
HEADS = ["--width=16", "--batch_size=16", "--learning_rate=0.002", "--r1=1", "--r1_every=8", "--ema=0.999"]
# Without augmentation: run → (data set, training pictures, member of the zoo, flags).
PLAIN = {f"{count}": ("mnist", count, "r3gan", DIGITS) for count in (100, 500, 5000)}
PLAIN["heads_200"] = ("heads", 200, "dcgan", [*HEADS, "--iters=8000"])
AUGMENT = {"mnist": "translation,cutout", "heads": "colour,translation,cutout"}  # of digits all colours are grey
RUNS = PLAIN | {
    f"{run}_augmented": (dataset, count, member, [*options, f"--augment={AUGMENT[dataset]}"])
    for run, (dataset, count, member, options) in PLAIN.items()
}
SCORES = ("frechet_distance", "kernel_inception_distance", "precision", "recall")  # next to the whole data set


def train(dataset, count, member, options, folder):
    """Trains a run on `count` pictures and measures it, where this is not done yet. Returns its result, a dict."""
    folder.mkdir(parents=True, exist_ok=True)
    run, pictures, whole = folder / "run", folder / "pictures.npz", [f"--dataset={dataset}"]
    mnist = FLAGS.data_dir if dataset == "mnist" else None  # heads are drawn, not read
    if not (folder / "begun.json").exists():
        some, test = (data.load(dataset, mnist, split).pixels for split in ("train", "test"))
        np.savez(pictures, x_train=some[:count].squeeze(), x_test=test[:].squeeze())
        write_json(folder / "begun.json", facts("tensorflow", "keras", "numpy"))
    zoo.run_module(folder, f"gan_tf.zoo.{member}", *options, f"--data_dir={pictures}", f"--out_dir={run}")
    whole += [f"--data_dir={mnist}"] if mnist else []
    for name, where in {"own": [], "whole": whole}.items():
        if not (folder / name / "metrics.json").exists():
            zoo.run_module(folder, "gan_tf.evaluate", f"--run_dir={run}", *where, f"--out_dir={folder / name}")
    own, all_of_it = (json.loads((folder / name / "metrics.json").read_text()) for name in ("own", "whole"))
    return json.loads((folder / "begun.json").read_text()) | {
        "command": " ".join([f"python -m gan_tf.zoo.{member}", *options]),
        "dataset": dataset,
        "pictures": count,
        "iterations": own["iterations"],
        "minutes": round(measured.training_seconds((folder / "stderr").read_text(), own["iterations"]) / 60, 1),
        "metrics": {
            column: {name: all_of_it["metrics"][column][name] for name in SCORES}
            | {"copies": own["metrics"][column]["copies"]}
            for column in ("samples", "real")
        },
    }


def table(results, dataset):
    """Returns the table of a data set's runs as Markdown. `results` is {run: its result}."""
    chosen = [result for result in results.values() if result["dataset"] == dataset]
    titles = TITLES_OF[dataset] | {"copies": sliced.TITLES["copies"]}
    columns = [*SCORES, "copies"]
    lines = [f"| pictures | `--augment={AUGMENT[dataset]}` | {' | '.join(titles[name] for name in columns)} |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for result in sorted(chosen, key=lambda each: (each["pictures"], "--augment" in each["command"])):
        cells = [rounded(*result["metrics"]["samples"][name].values()) for name in columns]
        augmented = "yes" if "--augment" in result["command"] else "no"
        lines.append(f"| {result['pictures']:,} | {augmented} | {' | '.join(cells)} |")
    cells = [rounded(*chosen[0]["metrics"]["real"][name].values()) for name in columns]
    lines.append(f"| *held-out real pictures* | | {' | '.join(cells)} |")
    return "\n".join([*lines, "", zoo.source("`python -m experiments.mnist.few_pictures`", chosen)])


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
    results = load_results(out_dir)
    for dataset in dict.fromkeys(result["dataset"] for result in results.values()):
        print(table(results, dataset))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("few_pictures", RUNS), (data.DataError, OSError))
