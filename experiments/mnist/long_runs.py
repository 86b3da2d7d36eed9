"""No claim: what keeps the digits in long runs? A table of what papers propose, one change at a time.

python -m experiments.mnist.long_runs [--data_dir=…] [--only=adam-0,r1_0.1-0] [--out_dir=out/experiments/long_runs]

The reference with Adam for D draws digits after 20,000 iterations, and has lost some of them after 300,000. Here each
run is that (`adam`), or the same with one proposal of gan_tf/zoo/regularised.py. The runs are trained at once, one on
each core, as gan_tf.sweep does, and measured at several stages. Writes one JSON file for each run that is finished, and
prints the tables. Draws curves.png from all of them, and samples.png. If this is stopped, the same command resumes it.
20 to 50 minutes a run on one core, and 90 for the run to a million iterations.
"""

import json
import os
import sys
from pathlib import Path

from absl import flags

from experiments import figures, record
from experiments.mnist import measured, reproduce_blog
from gan_tf import data
from gan_tf.metrics.table import TITLES
from gan_tf.runs import command_line
from gan_tf.sweeps import engine, grid, worker

FLAGS = flags.FLAGS

OPTIONS = {
    "adam": ["--r1=0"],
    "r1_0.1": ["--r1=0.1"],
    "r1_1": ["--r1=1"],
    "smoothing": ["--r1=0", "--real_label=0.9"],
    "deviation": ["--r1=0", "--deviation"],
    "decay": ["--r1=0", "--weight_decay=0.1"],
    "falling": ["--r1=0", "--halve_every=30000"],
    "average": ["--r1=0", "--ema=0.999"],
}
STAGES = (20_000, 50_000, 100_000, 200_000, 300_000)
LONGEST, LONGER = "r1_0.1-0", (500_000, 1_000_000)  # one run is trained for longer, and measured at these stages, too
SEEDS = range(3)
RUNS = {f"{name}-{seed}": (name, seed) for seed in SEEDS for name in OPTIONS}
# In the tables; the JSON files have all stages and scores.
SHOWN_STAGES, AT_END = (20_000, 100_000, 300_000), ("classes_covered", "recall", "d_slope")
AT_END_OF_LONGER = ("classes_covered", "precision", "recall")
OF_D = {"d_weights": "D's weights", "d_slope": "D's slope"}


def stages_of(name):
    """Returns the stages of a run: the iterations after which it is measured."""
    return STAGES + LONGER * (name == LONGEST)


def train(names, data_dir, work_dir):
    """Trains and measures the runs `names`, as far as that is not done. Returns the names that are finished."""
    where = [f"--data_dir={os.path.abspath(data_dir)}"] if data_dir else []
    runs = [
        grid.Run(
            name,
            RUNS[name][0],
            "regularised",
            (*OPTIONS[RUNS[name][0]], f"--seed={RUNS[name][1]}", *where),
            stages_of(name),
        )
        for name in names
    ]
    left = [run for run in runs if not worker.finished(Path(work_dir) / run.name, run.stages)]
    for run in left:
        (Path(work_dir) / run.name).mkdir(parents=True, exist_ok=True)
        begun = Path(work_dir) / f"{run.name}.json"
        if not begun.exists():
            record.write_json(begun, record.facts("tensorflow", "keras", "numpy", "ray"))
    if left:
        with engine.cluster(None, cpus_per_run=1, gpus_per_run=0):
            outcomes = engine.run(left, work_dir, work_dir)
        for name, problem in outcomes.items():
            if problem:
                print(f"{name}: {problem}", file=sys.stderr)
    return [run.name for run in runs if worker.finished(Path(work_dir) / run.name, run.stages)]


def result(name, work_dir, data_dir):
    """Returns what a finished run's JSON file holds.

    Each stage also has `d_weights`, the root mean square of the elements of D's first kernel, and `d_slope`, the
    `slope` of D at the first 1,000 training images.
    """
    import keras

    from gan_tf.data.dataset import scaled
    from gan_tf.metrics.table import flat
    from gan_tf.zoo import regularised  # noqa: F401  Keras finds its layer by name

    real_images = keras.ops.convert_to_tensor(flat(scaled(data.load("mnist", data_dir).pixels[:1000])))
    run_dir, stages = Path(work_dir) / name, {}
    for stage in stages_of(name):
        folder = worker.stage_folder(run_dir, stage)
        found = json.loads((folder / "stage.json").read_text())
        discriminator = keras.saving.load_model(folder / "discriminator.keras", compile=False)
        kernel = discriminator.get_weights()[0].astype("float64")
        found["scores"]["d_weights"] = [float((kernel**2).mean() ** 0.5), None]
        found["scores"]["d_slope"] = [slope(discriminator, real_images), None]
        stages[str(stage)] = {"scores": found["scores"], "class_histogram": found["class_histogram"]}
    option, seed = RUNS[name]
    return json.loads(Path(f"{run_dir}.json").read_text()) | {
        "command": " ".join(["python -m gan_tf.zoo.regularised", *OPTIONS[option], f"--seed={seed}"]),
        "measured_with": record.commit(),
        "minutes": round(measured.training_seconds(Path(f"{run_dir}.log").read_text(), stages_of(name)[-1]) / 60, 1),
        "stages": stages,
        "losses": measured.losses(run_dir / "losses.csv", stages_of(name)[-1]),
    }


def slope(discriminator, images):
    """Returns the root mean square of ‖∇D(x)‖ over the images x, float32 [n, 784]. D(x) is a logit.

    What --deviation tells D about the batch is held constant: ∇D(x) says what x itself does to D(x).
    """
    import tensorflow as tf

    hidden, *_, last = discriminator.layers
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = hidden(images) @ last.kernel[: hidden.units]
    return float(tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, images) ** 2, axis=1))) ** 0.5


def table(results):
    """Returns the table as Markdown, one row for each proposal: FID at three stages, other scores after 300,000.

    `results` is {name: [result of each seed]}. With several seeds, cells are the mean ± standard deviation.
    """
    rows = {" ".join(OPTIONS[name]): runs for name, runs in results.items()}
    return _table(rows, SHOWN_STAGES, AT_END)


def table_of_longer(results):
    """Returns the table of the runs to a million iterations, next to the one without R1 of reproduce_blog."""
    rows = {
        " ".join(OPTIONS["adam"]): [reproduce_blog.load_results()["adam-0"]],
        " ".join(OPTIONS[RUNS[LONGEST][0]]): long_enough(results),
    }
    return _table(rows, (*STAGES[-1:], *LONGER), AT_END_OF_LONGER)


def long_enough(results):
    """Returns the results that have reached a million iterations: none or one."""
    return [run for runs in results.values() for run in runs if str(LONGER[-1]) in run["stages"]]


def _table(rows, stages, at_end):
    head = [f"FID, {stage:,}" for stage in stages] + [(TITLES | OF_D)[name] for name in at_end]
    lines = [f"| flags | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
    for title, runs in rows.items():
        scores = [(stage, "frechet_distance") for stage in stages] + [(stages[-1], score) for score in at_end]
        cells = [measured.plus_minus([measured.score(run, *score) for run in runs]) for score in scores]
        seeds = f", {len(runs)} seeds" if len(runs) > 1 else ""
        lines.append(f"| `{title}`{seeds} | {' | '.join(cells)} |")
    return "\n".join(lines)


def source(results):
    """Returns a sentence that says what made `results`: command, machines, dates and commits."""
    every = [run for runs in results.values() for run in runs]
    machines, dates, begun, measured_with = (
        ", ".join(sorted({run[name] for run in every})) for name in ("machine", "date", "commit", "measured_with")
    )
    return (
        f"Made by `python -m experiments.mnist.long_runs` ({machines} for each run; begun {dates} with commits "
        f"{begun}, measured with {measured_with})."
    )


def draw_curves(results, path):
    """Draws FID, classes covered and D's scores of every run over its stages. A proposal's seeds have one color."""
    import matplotlib.figure

    panels = {"frechet_distance": "FID", "classes_covered": "classes covered (of 10)"} | OF_D
    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(9.6, 6.8))
        all_axes = figure.subplots(2, 2).ravel()
        for (name, runs), color in zip(results.items(), matplotlib.colormaps["tab10"].colors, strict=False):
            line = ".:" if name == "average" else ".-"  # its D is that of `adam`, whose lines it would hide
            for i, run in enumerate(runs):
                stages = [int(stage) for stage in run["stages"]]
                for axes, score in zip(all_axes, panels, strict=True):
                    values = [measured.score(run, stage, score) for stage in stages]
                    axes.plot(stages, values, line, color=color, label=None if i else " ".join(OPTIONS[name]))
        for axes, (score, label) in zip(all_axes, panels.items(), strict=True):
            axes.set(xlabel="iteration", ylabel=label, xscale="log")
            axes.set_xticks([20_000, 100_000, 500_000], ["20,000", "100,000", "500,000"])
            if score == "d_slope":  # from 0.2 to over 500
                axes.set_yscale("log")
            else:
                axes.set_ylim(0, None)
            axes.minorticks_off()
        figures.legend_below(figure, all_axes[0], columns=4)
        figure.savefig(path)


def draw_samples(names, work_dir, path):
    """Draws sixteen samples of the run with seed 0 of each of the proposals `names`, at three stages.

    If one of these runs is not in `work_dir`, nothing is drawn.
    """
    runs = [Path(work_dir) / f"{name}-0" for name in names]
    if not all(worker.finished(run_dir, STAGES) for run_dir in runs):
        return
    at = (STAGES[0], STAGES[len(STAGES) // 2], STAGES[-1])
    folders = [[worker.stage_folder(run_dir, stage) for run_dir in runs] for stage in at]
    titles = [f"{stage:,} iterations" for stage in at], ["\n".join(OPTIONS[name]) for name in names]
    measured.picture(folders, titles, path)


def load_results(folder=record.RESULTS / "long_runs"):
    """Reads the results in `folder`, by default the committed ones: {name: [result of each seed]}."""
    found = {name: [json.loads(path.read_text()) for path in sorted(folder.glob(f"{name}-?.json"))] for name in OPTIONS}
    return {name: runs for name, runs in found.items() if runs}


def main():
    """Trains and measures the runs, then prints the table. Returns the exit status."""
    out_dir = Path(FLAGS.out_dir)
    record.check(out_dir)
    finished = train(FLAGS.only, FLAGS.data_dir, FLAGS.work_dir)
    for name in finished:
        record.write_json(out_dir / f"{name}.json", result(name, FLAGS.work_dir, FLAGS.data_dir))
    results = load_results(out_dir)
    print(table(results))
    if long_enough(results):
        print(f"\n{table_of_longer(results)}")
    if results:
        draw_curves(results, out_dir / "curves.png")
        draw_samples(list(results), FLAGS.work_dir, out_dir / "samples.png")
    return int(len(finished) < len(FLAGS.only))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("long_runs", RUNS), (data.DataError, grid.SweepError, OSError))
