"""The numbers that come out of the exercises in experiments/README.md, for their solutions.

python -m experiments.exercises [--only=nash,one_point] [--data_dir=…] [--out_dir=out/experiments/exercises]

Most exercises say which line of a file in experiments/theory to change. This changes the same line in a copy of the
file, and runs it. The verdict of such a run may be "FAILS": the printed predictions belong to the original line. Two
others train the reference on glyphs, and a WGAN-GP on the ring of mode_collapse.py. Writes one JSON file for each
exercise. An exercise whose file is there is not run again. All together take about ten minutes on two cores. Kept are
the results whose numbers stand in a solution. Those of the others follow from formulas.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from absl import flags

from experiments import record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS
TOP = Path(__file__).parents[1]

# File in experiments/theory: (the line to change begins with, the new line).
CHANGES = {
    "optimal_discriminator": ("DATA, FAKE = ", "DATA = FAKE = (-1.0, 1.0)"),
    "old_discriminator": ("START = ", "START = 4.0"),
    "vanishing_gradient": ("DISTANCES = ", "DISTANCES = (2, 3, 4, 6, 8, 10)"),
    "divergences": ("DISTANCES = ", "DISTANCES = (0.0, 0.03125)"),
    "maximum_likelihood": ("MODES, SIGMA, SHARES = ", "MODES, SIGMA, SHARES = (-1.0, 1.0), 0.7, (0.4, 0.6)"),
    "nash": ("RATE = ", "RATE = 0.01"),
    "one_point": ("GAMMA = ", "GAMMA = 0.6"),
    "few_images": ("SIZES = ", "SIZES = (50, 100, 200, 500, 1000, 2000, 5000, COUNT)"),
    "fractional_strides": ("IMAGE = ", "IMAGE = np.ones([3, 3], int)"),
    "mixed_batches": ("REAL, FAKE = ", "REAL, FAKE = 250, 6"),
}


def change(text, begin, line):
    """Returns `text` with the one line that begins with `begin` replaced by `line`."""
    changed, count = re.subn(rf"^{re.escape(begin)}.*$", lambda _: line, text, flags=re.MULTILINE)
    assert count == 1, f"{count} lines begin with {begin!r}"
    return changed


def run_changed(name):
    """Runs the file `name` of experiments/theory with its line changed. Returns what its JSON file holds."""
    begin, line = CHANGES[name]
    options = [f"--data_dir={FLAGS.data_dir}"] if name == "few_images" and FLAGS.data_dir else []
    text = (TOP / "experiments" / "theory" / f"{name}.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(change(text, begin, line), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, path, f"--out_dir={folder}", *options],
            env=os.environ | {"PYTHONPATH": str(TOP)},
            stdout=subprocess.DEVNULL,
        )
        if not path.with_suffix(".json").exists():
            sys.exit(f"error: {name} stopped with status {done.returncode}; its message is above.")
        return json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) | {"changed": line}


def collapse():
    """Trains the reference on glyphs for 5,000 iterations, and returns when its log warns of mode collapse."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gan_tf.train", "--iters=5000", "--dataset=glyphs", f"--out_dir={folder}/run"]
        log = subprocess.run(command, cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        with open(f"{folder}/run/losses.csv") as file:
            spreads = {row["iteration"]: float(row["spread"]) for row in csv.DictReader(file) if row["spread"]}
    words = r"(\d+)\.png: spread of the samples \S+ of real images (\S+)\n[^\n]*mode collapse:"
    grid, real = re.search(words, log).groups()
    rows = {"iteration of the warning": 1000 * int(grid), "spread of real images": float(real), "spreads": spreads}
    return record.facts("tensorflow", "keras", "numpy") | {"command": "python " + " ".join(command[1:5]), "rows": rows}


def mode_collapse():
    """Trains WGAN-GP on the ring with λ = 10 for 5,000 iterations, and counts modes and good samples."""
    from experiments.theory import mode_collapse as ring
    from gan_tf.objectives.recipes import RECIPES

    samples = ring.train("wgan_gp", RECIPES["wgan_gp"], ring.ring(50_000), 5000, lr=0.001, weight=10)
    modes, good = ring.coverage(samples)
    rows = {"modes of 8": modes, "share of good samples": good}
    return record.facts("tensorflow", "keras", "numpy") | {"changed": '"weight": 10, "iters": 5000', "rows": rows}


OTHERS = {"collapse": collapse, "mode_collapse": mode_collapse}
NAMES = [*CHANGES, *OTHERS]


def load_results(folder=record.RESULTS / "exercises"):
    """Reads the results in `folder`, by default the committed ones: {exercise: result}."""
    return record.load_runs(folder, NAMES)


def main():
    """Runs the exercises, and prints what came out."""
    record.check(FLAGS.out_dir)
    for name in FLAGS.only:
        path = Path(FLAGS.out_dir) / f"{name}.json"
        if not path.exists():
            print(name, file=sys.stderr, flush=True)
            if name in OTHERS:
                command_line.import_tensorflow()
            record.write_json(path, OTHERS[name]() if name in OTHERS else run_changed(name))
        print(json.dumps(json.loads(path.read_text())["rows"], ensure_ascii=False, indent=1), flush=True)


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train; only few_images needs it.")
    flags.DEFINE_string("out_dir", "out/experiments/exercises", "Folder for the numbers.")
    record.define_names("only", NAMES, "The exercises to run.")
    command_line.run(main, {"Flags": ["only", "data_dir", "out_dir"]}, OSError)
