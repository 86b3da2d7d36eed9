"""Trains runs in stages and measures each stage. The tables in experiments/README.md come from this.

A run is `python -m gan_tf.train` with some flags. The runs are trained at once, as gan_tf.sweep does. A stage is a
number of iterations after which the networks are kept and measured with the scores of gan_tf.evaluate. The results of a
run go into one JSON file. If this is stopped, the same command resumes it.
"""

import csv
import datetime
import os
import platform
import re
import statistics
import sys
from pathlib import Path

import numpy as np
from absl import flags

from experiments import figures, record
from gan_tf import data, grids
from gan_tf.gan import in_batches
from gan_tf.keras_file import load_generator
from gan_tf.metrics import classifier, table
from gan_tf.noise import EVALUATION_NOISE
from gan_tf.objectives.losses import BOUNDARIES
from gan_tf.runs.config import read_config
from gan_tf.sweeps import engine, grid, worker
from gan_tf.sweeps.worker import stage_folder

COLUMNS = {
    "spread": "spread",
    "classifier_score": "Inception score",
    "frechet_distance": "FID",
    "classes_covered": "classes",
    "precision": "precision",
    "recall": "recall",
}
COUNT = 10_000  # how many samples are measured
BINS = 200  # points of a loss curve; each is a mean over the iterations since the point before


def train(runs, data_dir, work_dir):
    """Trains `runs` at once, one on each core, as gan_tf.sweep does. Stages that are there are not trained again.

    `runs` is {name: (flags of gan_tf.train, stages)}. A run is in work_dir/name, its log next to it, and its networks
    after N iterations are in `stage_folder`. If a run fails, this exits and says why.
    """
    where = [f"--data_dir={os.path.abspath(data_dir)}"] if data_dir else []
    left = [
        grid.Run(name, name, "reference", (*options, *where), tuple(stages))
        for name, (options, stages) in runs.items()
        if not worker.finished(Path(work_dir) / name, stages)
    ]
    if not left:
        return
    for run in left:
        (Path(work_dir) / run.name).mkdir(parents=True, exist_ok=True)
        written = Path(work_dir) / f"{run.name}.commit"
        if not written.exists():
            written.write_text(record.commit() + "\n")
    try:
        with engine.cluster(None, cpus_per_run=1, gpus_per_run=0):
            problems = engine.run(left, work_dir, features=None)
    except grid.SweepError as error:
        sys.exit(f"error: {error}")
    for name, problem in problems.items():
        if problem:
            sys.exit(f"error: {name}: {problem}.")


def define_flags(experiment, names):
    """Defines the flags of an experiment called `experiment`, with the runs `names`. Returns their names by heading."""
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train.")
    flags.DEFINE_string("work_dir", f"out/experiments/{experiment}/runs", "Folder for the runs.")
    flags.DEFINE_string(
        "out_dir",
        f"out/experiments/{experiment}",
        f"Folder for results and figures; the committed ones are in experiments/results/{experiment}.",
    )
    record.define_names("only", names, "The runs to make, in this order.")
    return {"Flags": ["data_dir", "work_dir", "out_dir", "only"]}


def load_yardstick(data_dir):
    """Returns a `table.Yardstick` of MNIST and the classifier, with which images can be measured."""
    images = [data.load("mnist", data_dir, split).images for split in data.SPLITS]
    return table.Yardstick(*images, classifier.load_classifier()[0])


def measure(name, options, stages, work_dir, yardstick, initial=None):
    """Measures the run `name` at each of `stages`, and returns the results as a dict that JSON can hold.

    At each stage these are measured:

    - the quick scores of `table.Yardstick`
    - d_right_fake and d_right_real: the share of samples, and of real test images, that D is right about; a critic has
      neither
    - pixel_slope: the mean of p (1 - p) over the pixels p of the samples. This is the slope of G's last sigmoids. Every
      gradient that reaches G is multiplied by such a slope
    - d_moved: how far the weights of D's first layer are from those of `initial`, the discriminator at the start of the
      run (root mean square)

    A run with several stages also has the other scores of the Yardstick after its last stage. Every run has its loss
    curves.
    """
    import keras

    run_dir = Path(work_dir) / name
    config = read_config(run_dir)
    boundary = BOUNDARIES[config["flags"]["loss"]]
    measured = {}
    for stage in stages:
        kept = stage_folder(run_dir, stage)
        images = draw_samples(kept, COUNT)
        scores, histogram = yardstick.quick_scores(images)
        scores["pixel_slope"] = (float(np.mean(images.astype(np.float64) * (1 - images))), None)
        if stage == stages[-1] and len(stages) > 1:
            scores |= yardstick.other_scores(images, images)
        discriminator = keras.saving.load_model(kept / "discriminator.keras", compile=False)
        for kind, pixels in (("fake", images), ("real", yardstick.test)):
            logits = discriminator.predict(table.flat(pixels), batch_size=1000, verbose=0)
            for score in table.discriminator_accuracy(logits, kind == "real", boundary).values():
                scores[f"d_right_{kind}"] = score
        if initial is not None:
            move = discriminator.get_weights()[0] - initial.get_weights()[0]
            scores["d_moved"] = (float(np.sqrt(np.mean(move.astype(np.float64) ** 2))), None)
        measured[str(stage)] = {"scores": scores, "class_histogram": histogram.tolist()}
        print(f"{name}, {stage}: {scores['classifier_score'][0]:.3f}", file=sys.stderr, flush=True)
    ended = (stage_folder(run_dir, stages[-1]) / "generator.keras").stat().st_mtime
    return {
        "command": " ".join(["python -m gan_tf.train", f"--iters={stages[-1]}", *options]),
        "seed": config["flags"]["seed"],
        "machine": f"{platform.machine()}, {config['device']}",
        "minutes": round(training_seconds(Path(f"{run_dir}.log").read_text(), stages[-1]) / 60, 1),
        "date": datetime.date.fromtimestamp(ended).isoformat(),
        "commit": Path(f"{run_dir}.commit").read_text().strip(),
        "versions": config["versions"],
        "stages": measured,
        "losses": losses(run_dir / "losses.csv", stages[-1]),
    }


def draw_samples(folder, count):
    """Returns `count` samples of the generator that is kept in `folder`, always from the same noise."""
    gan = load_generator(folder / "generator.keras", "generator")
    return in_batches(gan.generate, gan.make_noise(0, EVALUATION_NOISE, count))


def training_seconds(log, iterations):
    """Returns the seconds that training for `iterations` took, from the text of its log.

    A process that was killed logged no time. Its iterations count as much as the others did on average.
    """
    starts = re.findall(r"(\d+) iterations in ([\d.]+) s, ", log)
    return iterations * sum(float(seconds) for _, seconds in starts) / sum(int(done) for done, _ in starts)


def losses(losses_csv, iters):
    """Returns the curves in a run's losses.csv: {"iteration", "d_loss", "g_loss", "spread"}, each a list.

    From point to point, the iterations grow by a constant factor. Each value is a mean over the iterations since the
    point before. It is None if they have no value.
    """
    with open(losses_csv) as file:
        rows = [row for row in csv.DictReader(file) if int(row["iteration"]) < iters]
    iteration = np.array([int(row["iteration"]) for row in rows])
    bins = np.digitize(iteration, np.geomspace(100, iters, BINS))
    curves = {"iteration": [float(iteration[bins == each].mean()) for each in np.unique(bins)]}
    for name in ("d_loss", "g_loss", "spread"):
        values = np.array([float(row[name] or "nan") for row in rows])
        with_values = [values[(bins == each) & ~np.isnan(values)] for each in np.unique(bins)]
        curves[name] = [float(f"{v.mean():.5g}") if len(v) else None for v in with_values]
    return curves


def score(result, stage, name):
    """Returns the score `name` after `stage` iterations."""
    return result["stages"][str(stage)]["scores"][name][0]


def plus_minus(values):
    """Returns the mean ± the standard deviation of some runs, as text."""
    # statistics.stdev of equal numbers is exactly 0; that of NumPy may be a rounding error.
    return table.rounded(np.mean(values), statistics.stdev(values) if len(values) > 1 else None)


def picture(folders, titles, path):
    """Draws a figure with a grid of 16 samples of the generator in each folder, always from the same noise.

    `folders` is a list of rows of folders. `titles` is (titles of the rows, titles of the columns).
    """
    import matplotlib.figure

    rows, columns = len(folders), len(folders[0])
    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(2 * columns + 0.5, 2 * rows + 0.3))
        all_axes = figure.subplots(rows, columns, squeeze=False)
        for axes, folder in zip(all_axes.flat, sum(folders, []), strict=True):
            axes.imshow(grids.grid(draw_samples(folder, 16)), vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[], frame_on=False)
            axes.grid(False)
        for axes, title in zip(all_axes[:, 0], titles[0], strict=True):
            axes.set_ylabel(title)
        for axes, title in zip(all_axes[0], titles[1], strict=True):
            axes.set_title(title)
        figure.savefig(path)
