"""No claim: the table and the pictures of each member of gan_tf/zoo, next to its controls.

python -m experiments.mnist.zoo [--data_dir=…] [--only=dcgan,dcgan_no_batch_norm] [--out_dir=out/experiments/zoo]

A control is the same GAN without its idea. Each run is trained with `python -m gan_tf.zoo.NAME` and measured with
`python -m gan_tf.evaluate`. For each run this writes a JSON file and a picture to --out_dir. Then it prints the tables.
If this is stopped, the same command resumes it: finished runs are kept. You can run several commands with different
--only at the same time.
"""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from absl import flags

from experiments.mnist import measured
from experiments.record import RESULTS, check, facts, write_json
from gan_tf.metrics.table import TITLES, rounded
from gan_tf.runs import command_line
from gan_tf.runs.config import read_config

FLAGS = flags.FLAGS

# Run → (member of the zoo, its flags, seeds). The first run of a member is the one with its idea, with all defaults.
RUNS = {
    "dcgan": ("dcgan", [], [0]),
    "dcgan_ema": ("dcgan", ["--ema=0.999"], [0]),
    "dcgan_no_batch_norm": ("dcgan", ["--nobatch_norm"], [0]),
    "dcgan_pooling": ("dcgan", ["--pooling"], [0]),
    "conditional": ("conditional", [], [0]),
    "conditional_no_wrong_digits": ("conditional", ["--nowrong_digits"], [0]),
    "semi_supervised": ("semi_supervised", [], [0, 1, 2]),
    "semi_supervised_labels_only": ("semi_supervised", ["--labels_only"], [0, 1, 2]),
    "semi_supervised_1000": ("semi_supervised", ["--labelled=1000"], [0, 1, 2]),
    "semi_supervised_1000_labels_only": ("semi_supervised", ["--labelled=1000", "--labels_only"], [0, 1, 2]),
    "infogan": ("infogan", [], [0]),
    "infogan_no_information": ("infogan", ["--information_weight=0"], [0]),
    "loss_sensitive": ("loss_sensitive", [], [0, 1, 2]),
    "loss_sensitive_no_margin": ("loss_sensitive", ["--margin=0"], [0, 1, 2]),
    "loss_sensitive_dcgan": ("loss_sensitive", ["--networks=dcgan"], [0]),
}
# Columns of each member's table: (column of metrics.json, name of the score).
QUALITY = [("samples", name) for name in ("classifier_score", "frechet_distance", "precision", "recall")]
COLUMNS = {
    "dcgan": QUALITY,
    "conditional": [("samples", "read_as_asked"), *QUALITY],
    "semi_supervised": [("real", "accuracy of the classifier"), *QUALITY],
    "infogan": [("real", "digits found without labels"), *QUALITY],
    "loss_sensitive": QUALITY,
}


def train(run, seed):
    """Trains a run and measures it, where this is not done yet. Returns its result as a dict that JSON can hold."""
    member, options, _ = RUNS[run]
    options = [*options, *([f"--seed={seed}"] if seed else [])]
    folder = Path(FLAGS.work_dir) / f"{run}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "begun.json").exists():
        write_json(folder / "begun.json", facts("tensorflow", "keras", "numpy"))
    where = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else []
    _run(folder, f"gan_tf.zoo.{member}", *options, *where, f"--out_dir={folder / 'run'}")
    if not (folder / "run" / "metrics.json").exists():
        _run(folder, "gan_tf.evaluate", f"--run_dir={folder / 'run'}")
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    config = read_config(folder / "run")
    with open(folder / "run" / "losses.csv") as file:
        rows = list(csv.DictReader(file))
        curve = rows[:: max(1, len(rows) // 200)]
    return json.loads((folder / "begun.json").read_text()) | {
        "command": " ".join([f"python -m gan_tf.zoo.{member}", *options]),
        "iterations": metrics["iterations"],
        "minutes": round(measured.training_seconds((folder / "stderr").read_text()) / 60, 1),
        "device": config["device"],
        "metrics": metrics["metrics"],
        "class_histogram": metrics["class_histogram_samples"],
        "losses": {name: [float(row[name]) for row in curve] for name in rows[0] if name != "spread"},
    }


def _run(folder, module, *options):
    print(f"{folder.name}: {module}", file=sys.stderr, flush=True)
    with open(folder / "stdout", "a") as stdout, open(folder / "stderr", "a") as stderr:
        status = subprocess.run([sys.executable, "-m", module, *options], stdout=stdout, stderr=stderr).returncode
    if status:
        sys.exit(f"error: {folder.name} stopped with status {status}; {folder / 'stderr'} says why.")


def picture(run_dir):
    """Returns the picture of a run: the last grid if its columns mean something, otherwise samples.png."""
    grids = sorted(run_dir.glob("[0-9]*.png"), key=lambda path: int(path.stem))
    return grids[-1] if read_config(run_dir)["gan"]["name"] in ("conditional", "infogan") else run_dir / "samples.png"


def table(member, results):
    """Returns the table of one member as Markdown, one row for each run. `results` is {run: [result of each seed]}.

    With several seeds, cells are the mean ± standard deviation over them. With one, they are a score ± its standard
    error. The last row has the scores of real images that no GAN was trained on.
    """
    columns = COLUMNS[member]
    lines = [f"| flags | {' | '.join(TITLES.get(name, name) for _, name in columns)} | seeds | minutes |"]
    lines.append("|---" * (len(columns) + 3) + "|")
    for run, found in results.items():
        if RUNS[run][0] != member:
            continue
        cells = [f"`{' '.join(RUNS[run][1])}`" if RUNS[run][1] else "none: the idea"]
        for column, name in columns:
            scores = [result["metrics"][column][name] for result in found]
            several = len(scores) > 1
            error = np.std([score["value"] for score in scores], ddof=1) if several else scores[0]["error"]
            cells.append(rounded(np.mean([score["value"] for score in scores]), error))
        cells += [str(len(found)), measured.plus_minus([result["minutes"] for result in found])]
        lines.append(f"| {' | '.join(cells)} |")
        real = found[0]["metrics"]["real"]
    scores = [rounded(*real[name].values()) if column == "samples" else "" for column, name in columns]
    lines.append(f"| *MNIST's test images* | {' | '.join(scores)} | | |")
    return "\n".join(lines)


def load_results(folder=RESULTS / "zoo"):
    """Reads the results in `folder`, by default the committed ones: {run: [result of each seed]}."""
    found = {run: [json.loads(path.read_text()) for path in sorted(folder.glob(f"{run}-?.json"))] for run in RUNS}
    return {run: results for run, results in found.items() if results}


def main():
    """Trains and measures the runs, then prints the tables."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    for run in FLAGS.only:
        for seed in RUNS[run][2]:
            write_json(out_dir / f"{run}-{seed}.json", train(run, seed))
            if seed == 0:
                shutil.copy(picture(Path(FLAGS.work_dir) / f"{run}-0" / "run"), out_dir / f"{run}.png")
    results = load_results(out_dir)
    for member in COLUMNS:
        if any(RUNS[run][0] == member for run in results):
            print(f"{member}:\n\n{table(member, results)}\n")


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("zoo", RUNS), OSError)
