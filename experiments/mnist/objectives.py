"""No claim: a table of what the same networks learn on MNIST with every --loss.

python -m experiments.mnist.objectives [--data_dir=…] [--only=lsgan,wgan] [--out_dir=out/experiments/objectives]

Each loss is trained with its own recipe (gan_tf/objectives/recipes.py: the optimizers, and how many updates D gets for
one of G), three seeds each, for 20,000 iterations of G. The reference's loss is also trained with Adam for D, and with
Adam and five updates of D for one of G. One further run, wgan_long, shows that WGAN needs more time: 100,000 iterations
of G, one seed. A second table has each loss with the gradient penalty R1, for 50,000 iterations. All runs are measured
with the scores of gan_tf.evaluate. Writes one JSON file for each run and samples.png to --out_dir, and prints the
tables. If this is stopped, the same command resumes it.
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
# Loss: its flags with R1. The script's Adadelta and WGAN's RMSProp learn too slowly to compare, so both have Adam.
WITH_R1 = {loss: [f"--loss={loss}", "--r1=0.1"] for loss in RECIPES} | {
    "non_saturating": ["--loss=non_saturating", "--d_optimizer=adam", "--r1=0.1"],
    "lsgan": ["--loss=lsgan", "--r1=0.01"],  # its outputs are about a tenth as far apart as logits
    "wgan": ["--loss=wgan", "--d_optimizer=adam", "--g_optimizer=adam", "--r1=0.1"],
}
WITHOUT = {loss: loss for loss in RECIPES} | {"non_saturating": "non_saturating_adam"}  # the run to compare with
STAGES_OF_R1 = (ITERS, 50_000)


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


def table_of_r1(results, without):
    """Returns the table of the losses with R1 as Markdown, next to the runs `without` it, which `table` shows, too.

    `results` is {loss: [result of each seed]}, `without` what `load_results` returns.
    """
    lines = [
        "| flags | FID without R1, 20,000 | FID, 20,000 | FID, 50,000 | classes without R1, 20,000 | classes, 50,000 |",
        "|---|---|---|---|---|---|",
    ]
    for loss, runs in results.items():
        others = without[WITHOUT[loss]]
        columns = [
            [(run, ITERS, "frechet_distance") for run in others],
            *([(run, stage, "frechet_distance") for run in runs] for stage in STAGES_OF_R1),
            [(run, ITERS, "classes_covered") for run in others],
            [(run, STAGES_OF_R1[-1], "classes_covered") for run in runs],
        ]
        cells = [plus_minus([score(*each) for each in column]) for column in columns]
        lines.append(f"| `{' '.join(WITH_R1[loss])}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def load_results(folder=RESULTS / "objectives", ending=""):
    """Reads the results in `folder`, by default the committed ones: {objective: [result, …]}.

    With `ending` "_r1", those with R1: {loss: [result, …]}.
    """
    names = WITH_R1 if ending else OPTIONS
    found = {
        name: [json.loads(path.read_text()) for path in sorted(folder.glob(f"{name}{ending}-?.json"))] for name in names
    }
    return {name: runs for name, runs in found.items() if runs}


def runs_of(names):
    """Returns the runs of some names: {run: (flags, stages)}."""
    # The longest run begins first: as the last one it would leave the other cores idle.
    runs = {f"{LONG}-0": ([*OPTIONS["wgan"], "--seed=0"], [LONG_ITERS])} if LONG in names else {}
    for seed in SEEDS:
        for name in names:
            loss = name.removesuffix("_r1")
            if name in OPTIONS:
                runs[f"{name}-{seed}"] = [*OPTIONS[name], f"--seed={seed}"], [ITERS]
            elif name != LONG:
                runs[f"{name}-{seed}"] = [*WITH_R1[loss], f"--seed={seed}"], list(STAGES_OF_R1)
    return runs


def main():
    """Trains and measures all runs, then prints the table."""
    check(FLAGS.out_dir)
    yardstick, out_dir = measured.load_yardstick(FLAGS.data_dir), Path(FLAGS.out_dir)
    runs = runs_of(FLAGS.only)
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
    if with_r1 := load_results(out_dir, "_r1"):
        print(f"\n{table_of_r1(with_r1, load_results())}")


if __name__ == "__main__":
    names = [*OPTIONS, LONG, *(f"{loss}_r1" for loss in WITH_R1)]
    command_line.run(main, measured.define_flags("objectives", names), (DataError, OSError))
