"""No claim: what keeps the digits in long runs? A table of what papers propose, one change at a time.

python -m experiments.mnist.long_runs [--data_dir=…] [--only=adam-0,r1_0.1-0] [--out_dir=out/experiments/long_runs]

The reference with Adam for D draws digits after 20,000 iterations, and has lost some of them after 300,000. Here each
run is that (`adam`), or the same with one proposal of gan_tf/zoo/regularised.py. The runs are trained at once, one on
each core, as gan_tf.sweep does, and measured at several stages. Writes one JSON file for each run that is finished, and
prints the table. If this is stopped, the same command resumes it. About 20 minutes a run on one core.
"""

import datetime
import json
import os
import sys
from pathlib import Path

from absl import flags

from experiments import record
from experiments.mnist import measured
from gan_tf import data
from gan_tf.metrics.table import TITLES
from gan_tf.runs import command_line
from gan_tf.runs.config import read_config
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
SEEDS = range(3)
RUNS = {f"{name}-{seed}": (name, seed) for seed in SEEDS for name in OPTIONS}
AT_END = ("classifier_score", "classes_covered", "precision", "recall")


def train(names, data_dir, work_dir):
    """Trains and measures the runs `names`, as far as that is not done. Returns the names that are finished."""
    where = [f"--data_dir={os.path.abspath(data_dir)}"] if data_dir else []
    runs = [
        grid.Run(
            name, RUNS[name][0], "regularised", (*OPTIONS[RUNS[name][0]], f"--seed={RUNS[name][1]}", *where), STAGES
        )
        for name in names
    ]
    left = [run for run in runs if not worker.finished(Path(work_dir) / run.name, STAGES)]
    for run in left:
        (Path(work_dir) / run.name).mkdir(parents=True, exist_ok=True)
        begun = Path(work_dir) / f"{run.name}.json"
        if not begun.exists():
            record.write_json(begun, record.facts("tensorflow", "keras", "numpy", "ray"))
    if left:
        worker.write_features(work_dir, "mnist", data_dir)
        with engine.cluster(None, cpus_per_run=1, gpus_per_run=0):
            outcomes = engine.run(left, work_dir, work_dir)
        for name, problem in outcomes.items():
            if problem:
                print(f"{name}: {problem}", file=sys.stderr)
    return [run.name for run in runs if worker.finished(Path(work_dir) / run.name, STAGES)]


def result(name, work_dir):
    """Returns what a finished run's JSON file holds. Each stage also has `d_weights`, the RMS of D's first kernel."""
    import keras

    from gan_tf.zoo import regularised  # noqa: F401  Keras finds its layer by name

    run_dir, stages = Path(work_dir) / name, {}
    for stage in STAGES:
        folder = worker.stage_folder(run_dir, stage)
        found = json.loads((folder / "stage.json").read_text())
        kernel = keras.saving.load_model(folder / "discriminator.keras", compile=False).get_weights()[0]
        found["scores"]["d_weights"] = [float((kernel.astype("float64") ** 2).mean() ** 0.5), None]
        stages[str(stage)] = {"scores": found["scores"], "class_histogram": found["class_histogram"]}
    option, seed = RUNS[name]
    ended = (worker.stage_folder(run_dir, STAGES[-1]) / "stage.json").stat().st_mtime
    return json.loads(Path(f"{run_dir}.json").read_text()) | {
        "command": " ".join(["python -m gan_tf.zoo.regularised", *OPTIONS[option], f"--seed={seed}"]),
        "device": read_config(run_dir)["device"],
        "minutes": round(measured.training_seconds(Path(f"{run_dir}.log").read_text(), STAGES[-1]) / 60, 1),
        "ended": datetime.date.fromtimestamp(ended).isoformat(),
        "stages": stages,
        "losses": measured.losses(run_dir / "losses.csv", STAGES[-1]),
    }


def table(results):
    """Returns the table as Markdown, one row for each proposal: FID at each stage, other scores at the last.

    `results` is {name: [result of each seed]}. With several seeds, cells are the mean ± standard deviation.
    """
    head = [f"FID, {stage:,}" for stage in STAGES] + [TITLES[name] for name in AT_END]
    lines = [f"| flags | {' | '.join(head)} | D's weights | seeds | minutes |", "|---" * (len(head) + 4) + "|"]
    for name, runs in results.items():
        scores = [(stage, "frechet_distance") for stage in STAGES]
        scores += [(STAGES[-1], score) for score in (*AT_END, "d_weights")]
        cells = [measured.plus_minus([measured.score(run, *score) for run in runs]) for score in scores]
        cells += [str(len(runs)), measured.plus_minus([run["minutes"] for run in runs])]
        lines.append(f"| `{' '.join(OPTIONS[name])}` | {' | '.join(cells)} |")
    return "\n".join(lines)


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
        record.write_json(out_dir / f"{name}.json", result(name, FLAGS.work_dir))
    print(table(load_results(out_dir)))
    return int(len(finished) < len(FLAGS.only))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("long_runs", RUNS), (data.DataError, grid.SweepError, OSError))
