"""No claim: a table of what the same networks learn on MNIST with every --loss.

python -m experiments.mnist.objectives [--data_dir=…] [--only=lsgan,wgan] [--out_dir=out/experiments/objectives]

Each loss is trained with its own recipe (gan_tf/objectives/recipes.py: the optimizers, and how many updates D gets for
one of G), three seeds each, for 20,000 iterations of G. The reference's loss is also trained with Adam for D, and with
Adam and five updates of D for one of G. One further run, wgan_long, shows that WGAN needs more time: 100,000 iterations
of G, one seed. All runs are measured with the scores of gan_tf.evaluate. Writes one JSON file for each run and
samples.png to --out_dir, and prints the table. If this is stopped, the same command resumes it.
"""

import json
from pathlib import Path

from absl import flags

from experiments.mnist import measured
from experiments.mnist.measured import COLUMNS, plus_minus, score
from experiments.record import RESULTS, check, write_json
from gan_tf.data import DataError
from gan_tf.objectives.recipes import RECIPES
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

ITERS = 20_000
SEEDS = range(3)
OPTIONS = {loss: [f"--loss={loss}"] for loss in RECIPES} | {
    "non_saturating_adam": ["--loss=non_saturating", "--d_optimizer=adam"],
    "non_saturating_adam_5": ["--loss=non_saturating", "--d_optimizer=adam", "--d_steps=5"],
}
LONG, LONG_ITERS = "wgan_long", 100_000  # not in the table


def table(results):
    """Returns the table as Markdown, one row for each objective. Cells are the mean ± standard deviation of the seeds.

    `results` is {objective: [result of each seed]}.
    """
    lines = [f"| flags | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, runs in results.items():
        cells = [f"`{' '.join(OPTIONS[name])}`"]
        for column in COLUMNS:
            cells.append(plus_minus([score(run, ITERS, column) for run in runs]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def load_results(folder=RESULTS / "objectives"):
    """Reads the results in `folder`, by default the committed ones: {objective: [result, …]}."""
    found = {name: [json.loads(path.read_text()) for path in sorted(folder.glob(f"{name}-?.json"))] for name in OPTIONS}
    return {name: runs for name, runs in found.items() if runs}


def main():
    """Trains and measures all runs, then prints the table."""
    check(FLAGS.out_dir)
    yardstick, out_dir = measured.load_yardstick(FLAGS.data_dir), Path(FLAGS.out_dir)
    # The longest run begins first: as the last one it would leave the other cores idle.
    runs = {f"{LONG}-0": ("wgan", 0, LONG_ITERS)} if LONG in FLAGS.only else {}
    runs |= {f"{name}-{seed}": (name, seed, ITERS) for seed in SEEDS for name in FLAGS.only if name != LONG}
    runs = {run: ([*OPTIONS[name], f"--seed={seed}"], [iters]) for run, (name, seed, iters) in runs.items()}
    measured.train(runs, FLAGS.data_dir, FLAGS.work_dir)
    for run, (options, stages) in runs.items():
        write_json(out_dir / f"{run}.json", measured.measure(run, options, stages, FLAGS.work_dir, yardstick))
    folders = [
        [measured.stage_folder(Path(FLAGS.work_dir) / f"{name}-{seed}", ITERS) for seed in SEEDS] for name in OPTIONS
    ]
    if all(folder.exists() for folder in sum(folders, [])):
        titles = (
            [name.replace("_adam_5", "_adam,\nd_steps=5").replace("ng_adam", "ng\nadam") for name in OPTIONS],
            [f"seed {seed}" for seed in SEEDS],
        )
        measured.picture(folders, titles, out_dir / "samples.png")
    print(table(load_results(out_dir)))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("objectives", [*OPTIONS, LONG]), (DataError, OSError))
