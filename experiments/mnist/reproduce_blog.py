"""Claim: with the blog's settings the script never draws a digit; with Adam for D it draws all ten, then loses them.

python -m experiments.mnist.reproduce_blog [--data_dir=…] [--only=adadelta-0,adam-0] [--out_dir=…]

Trains three runs of 1,000,000 iterations: the reference, the same with Adam for D, and the same with learning rate 1.0
for D. Then it trains shorter runs of 50,000 iterations with these settings and with the learning rates 0.01 and 0.1, so
that there are three seeds of each. It measures the long runs at many stages and the short ones at the end, writes one
JSON file for each run and the figures to --out_dir, and prints the tables of experiments/README.md. Training alone took
3.3 hours on two cores. If this is stopped, the same command resumes it.

The claim holds if two things are true; otherwise the exit status is 1. First: with the reference, at every stage from
iteration 10,000 on, the spread of the samples is below a twentieth of the real images' spread. Second: with Adam for D,
the samples have all ten classes at some stage, and at most three at the end.
"""

import json
import sys
from pathlib import Path

import numpy as np
from absl import flags

from experiments import figures
from experiments.mnist import measured
from experiments.mnist.measured import COLUMNS, plus_minus, score
from experiments.record import RESULTS, check, write_json
from gan_tf import reference
from gan_tf.data import DataError
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

ITERS = 1_000_000
STAGES = [1000, 2000, 5000, 10_000, 20_000, *range(50_000, ITERS + 1, 50_000)]
STUDY = 50_000  # iterations of each of the shorter runs
SEEDS = range(3)
SHOWN = ("spread", "frechet_distance", "classes_covered")  # the scores in table_of_runs; the JSON files have all
RATES = {"adadelta": (None, 0.01, 0.1, 1.0), "adam": (None,)}  # of D; None is the default, 0.001


def name_of(optimizer, rate, seed):
    """Returns the name of a run, such as adadelta-0 or adadelta_0.1-2."""
    return f"{optimizer}{'' if rate is None else f'_{rate}'}-{seed}"


def options_of(optimizer, rate, seed):
    """Returns a run's flags without --iters. The reference has none."""
    options = [] if optimizer == "adadelta" else [f"--d_optimizer={optimizer}"]
    options += [] if rate is None else [f"--d_lr={rate}"]
    return options + ([f"--seed={seed}"] if seed else [])


SETTINGS = [(optimizer, rate, seed) for seed in SEEDS for optimizer, rates in RATES.items() for rate in rates]
RUNS = {name_of(*setting): setting for setting in SETTINGS}
# The runs of a million iterations, with their names in the figures.
LONG = {"adadelta-0": "the script", "adadelta_1.0-0": "--d_lr=1.0", "adam-0": "Adam for D"}

# The panels of draw_curves: title, label, level of the dotted line, top of the axis. The spread depends on the number
# of images. So the spread of 16 samples is compared with that of 16 real images of MNIST, 0.170 (± 0.010 from one set
# of 16 to another). 1,000 real images have 0.192.
CURVES = [
    ("D's loss (dotted: a blind D)", "loss", 2 * np.log(2), 10),
    ("G's loss (dotted: a blind D)", "loss", np.log(2), 14),
    ("Spread (dotted: 16 real images)", "spread of 16 samples", 0.170, 0.2),
    ("Inception score (dotted: MNIST)", "score, 1 to 10", 9.785, 10.5),
    ("FID (dotted: MNIST)", "distance to MNIST", 0.99, None),
    ("Classes covered (dotted: MNIST)", "classes, of 10", 10, 10.5),
]


def stages_of(name):
    """Returns the stages of a run: the iterations after which it is measured."""
    return STAGES if name in LONG else [STUDY]


def load_results(folder=RESULTS / "reproduce_blog"):
    """Reads the results in `folder`, by default the committed ones, by run."""
    return {name: json.loads(path.read_text()) for name in RUNS if (path := folder / f"{name}.json").exists()}


def last_loss(result, name, until):
    """Returns the mean of the loss `name` over the last tenth of the iterations before `until`."""
    points = zip(result["losses"]["iteration"], result["losses"][name], strict=True)
    return float(np.mean([value for iteration, value in points if 0.9 * until <= iteration < until]))


def table_of_runs(results):
    """Returns the tables of the runs of a million iterations, one row for each stage, as Markdown."""
    lines = []
    for name in filter(results.get, LONG):
        result = results[name]
        lines += [
            f"`{result['command']}`, seed {result['seed']}: {result['minutes']:.0f} minutes on {result['machine']}; "
            f"{result['date']}.",
            "",
            f"| iterations | D loss | G loss | {' | '.join(COLUMNS[column] for column in SHOWN)} | D has moved |",
            "|---" * (len(SHOWN) + 4) + "|",
        ]
        for stage in (1000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000):
            cells = [f"{stage:,}", *(f"{last_loss(result, loss, stage):.3g}" for loss in ("d_loss", "g_loss"))]
            cells += [f"{score(result, stage, column):.3g}" for column in SHOWN]
            lines.append(f"| {' | '.join(cells)} | {score(result, stage, 'd_moved'):.2g} |")
        lines.append("")
    return "\n".join(lines)


def table_of_study(results):
    """Returns the table of D's optimizers and learning rates, as Markdown.

    Each cell is the mean ± the standard deviation over the seeds.
    """
    columns = {name: title for name, title in COLUMNS.items() if name != "classifier_score"}
    lines = [f"| D's optimizer | {' | '.join(columns.values())} | D has moved |"]
    lines.append("|---" * (len(columns) + 2) + "|")
    for optimizer, rates in RATES.items():
        for rate in rates:
            runs = [results[name] for seed in SEEDS if (name := name_of(optimizer, rate, seed)) in results]
            if runs:
                cells = [f"`{' '.join(options_of(optimizer, rate, 0)) or 'the reference: Adadelta, 0.001'}`"]
                for column in [*columns, "d_moved"]:
                    cells.append(plus_minus([score(result, STUDY, column) for result in runs]))
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw_curves(results, path):
    """Draws the losses and scores of the runs of a million iterations, and writes the figure to the PNG file `path`."""
    import matplotlib.figure

    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(8.5, 7.5))
        figure.suptitle("A million iterations: the script, and the same with a faster D")
        panels = figure.subplots(3, 2, sharex=True).ravel()
        for (name, title), color in zip(LONG.items(), ("C1", "C2", "C0"), strict=True):
            losses = results[name]["losses"]
            points = [i for i, spread in enumerate(losses["spread"]) if spread is not None and losses["iteration"][i]]
            curves = [(losses["iteration"], losses["d_loss"]), (losses["iteration"], losses["g_loss"])]
            curves.append(tuple([losses[key][i] for i in points] for key in ("iteration", "spread")))
            stages = [int(stage) for stage in results[name]["stages"]]
            for column in ("classifier_score", "frechet_distance", "classes_covered"):
                curves.append((stages, [score(results[name], stage, column) for stage in stages]))
            for axes, curve in zip(panels, curves, strict=True):
                axes.plot(*curve, color=color, label=title, lw=1.5)
        for axes, (title, label, level, top) in zip(panels, CURVES, strict=True):
            axes.axhline(level, color="0.4", ls=":", lw=1.5)
            axes.set(xscale="log", xlim=(100, ITERS), title=title, ylabel=label, ylim=(0, top))
        for axes in panels[4:]:
            axes.set_xlabel("iteration")
        figures.legend_below(figure, panels[0])
        figure.savefig(path)


def verdict(results):
    """Returns True if the claim holds for these results."""
    reference, adam = results["adadelta-0"], results["adam-0"]
    spread = [score(reference, stage, "spread") for stage in STAGES if stage >= 10_000]
    classes = [score(adam, stage, "classes_covered") for stage in STAGES]
    return max(spread) < 0.05 * 0.192 and max(classes) == 10 and classes[-1] <= 3


def main():
    """Trains and measures the runs, then draws the figures and prints the tables. Exits with 1 if the claim fails."""
    check(FLAGS.out_dir)
    yardstick, out_dir = measured.load_yardstick(FLAGS.data_dir), Path(FLAGS.out_dir)
    runs = {name: (options_of(*RUNS[name]), stages_of(name)) for name in FLAGS.only}
    measured.train(runs, FLAGS.data_dir, FLAGS.work_dir)
    for name, (options, stages) in runs.items():
        initial = reference.make_networks(RUNS[name][-1])[1]
        found = measured.measure(name, options, stages, FLAGS.work_dir, yardstick, initial)
        write_json(out_dir / f"{name}.json", found)
    results = load_results(out_dir)
    stages = ("1000", "10000", "100000", str(ITERS))
    folders = [[measured.stage_folder(Path(FLAGS.work_dir) / name, stage) for stage in stages] for name in LONG]
    if all(folder.exists() for folder in sum(folders, [])):
        titles = list(LONG.values()), ("1,000", "10,000", "100,000", "1,000,000 iterations")
        measured.picture(folders, titles, out_dir / "samples.png")
        draw_curves(results, out_dir / "curves.png")
    print(table_of_runs(results))
    print(table_of_study(results))
    if set(results) >= set(LONG):
        sys.exit(0 if verdict(results) else 1)


if __name__ == "__main__":
    names = [*LONG, *(name for name in RUNS if name not in LONG)]
    command_line.run(main, measured.define_flags("reproduce_blog", names), (DataError, OSError))
