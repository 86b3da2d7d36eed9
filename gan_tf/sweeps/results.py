"""The results of a sweep: sweep.csv, sweep.md, sweep.png and samples.png."""

import csv
import json
from pathlib import Path

import numpy as np

from gan_tf.metrics import sliced
from gan_tf.metrics.table import TITLES_OF, rounded
from gan_tf.runs import files
from gan_tf.sweeps.worker import stage_folder

# Scores in the order of the table. Data without a classifier lack the first five, the others lack the next three.
COLUMNS = ("classifier_score", "frechet_distance", "precision", "recall", "classes_covered")
COLUMNS += ("sliced_wasserstein", "nearest_training", "copies", "spread")
BEST = ("frechet_distance", "sliced_wasserstein")  # the score of the figures is the first that there is; low is good
LINES = 10  # settings in the figures: those that are best


def read(runs, out_dir):
    """Returns {setting: {stage: {score: [value of each seed]}}} of the stages that have been measured."""
    found = {}
    for run in runs:
        for stage in run.stages:
            path = stage_folder(Path(out_dir) / run.name, stage) / "stage.json"
            scores = json.loads(path.read_text())["scores"] if path.exists() else {}
            for name, (value, _) in scores.items():
                stages = found.setdefault(run.setting, {})
                stages.setdefault(stage, {}).setdefault(name, []).append(value)
    return found


def mean_and_deviation(values):
    """Returns (mean, standard deviation over the seeds); the latter is None for one seed."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def columns_of(found):
    """Returns those of `COLUMNS` that some setting has at its last stage."""
    return [name for name in COLUMNS if any(name in stages[max(stages)] for stages in found.values())]


def titles_of(runs, out_dir):
    """Returns {score: title}, with the name of the first classifier that has read a run."""
    paths = (stage_folder(Path(out_dir) / run.name, stage) / "stage.json" for run in runs for stage in run.stages)
    readers = (json.loads(path.read_text()).get("classifier") for path in paths if path.exists())
    return sliced.TITLES | TITLES_OF[next(filter(None, readers), "mnist")]


def rows(found):
    """Returns one dict for each setting, at its last stage: "setting", "iterations", "seeds", and each of its scores.

    The scores are (mean, standard deviation); None where the setting lacks a score of `columns_of`.
    """
    table = []
    for setting, stages in found.items():
        last = stages[max(stages)]
        scores = {name: mean_and_deviation(last[name]) if name in last else None for name in columns_of(found)}
        table.append({"setting": setting, "iterations": max(stages), "seeds": max(map(len, last.values()))} | scores)
    return table


def write(runs, out_dir):
    """Writes all four files to `out_dir`, from the stages that are there, and returns their paths.

    Returns an empty list, and writes nothing, if no stage has been measured.
    """
    out_dir, found = Path(out_dir), read(runs, out_dir)
    if not found:
        return []
    titles, score = titles_of(runs, out_dir), next(name for name in BEST if name in columns_of(found))
    last = {setting: stages[max(stages)] for setting, stages in found.items()}
    best = sorted((each for each in last if score in last[each]), key=lambda each: np.mean(last[each][score]))[:LINES]
    writers = {
        "sweep.csv": lambda path: _write_csv(rows(found), path),
        "sweep.md": lambda path: path.write_text(as_markdown(rows(found), titles) + "\n"),
        "sweep.png": lambda path: _draw_curves({each: found[each] for each in best}, score, titles[score], path),
        "samples.png": lambda path: _draw_samples([run for run in runs if run.setting in best], out_dir, path),
    }
    for name, writer in writers.items():
        with files.replacing(out_dir / name) as path:
            writer(path)
    return [out_dir / name for name in writers]


def _write_csv(table, path):
    names = [name for name in table[0] if name in COLUMNS]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["setting", "iterations", "seeds", *(f"{name}_{what}" for name in names for what in ("mean", "std"))]
        )
        for row in table:
            scores = ["" if value is None else f"{value:.6g}" for name in names for value in row[name] or (None, None)]
            writer.writerow([row["setting"], row["iterations"], row["seeds"], *scores])


def as_markdown(table, titles):
    """Returns the table as Markdown: mean ± standard deviation over the seeds. `titles` maps scores to titles."""
    names = [name for name in table[0] if name in COLUMNS]
    lines = [f"| setting | iterations | {' | '.join(titles[name] for name in names)} | seeds |"]
    lines.append("|---" * (len(names) + 3) + "|")
    for row in table:
        cells = [rounded(*row[name]) if row[name] else "" for name in names]
        lines.append(f"| {row['setting']} | {row['iterations']:,} | {' | '.join(cells)} | {row['seeds']} |")
    return "\n".join(lines)


def _draw_curves(found, score, title, path):
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(8, 4.5 + 0.2 * len(found)), layout="constrained")
    axes = figure.subplots()
    for setting, stages in found.items():
        at = sorted(stages)
        mean, deviation = np.array([mean_and_deviation(stages[stage][score]) for stage in at], float).T
        (line,) = axes.plot(at, mean, "o-", label=setting)
        axes.fill_between(at, mean - deviation, mean + deviation, color=line.get_color(), alpha=0.2, lw=0)
    axes.set(xlabel="iteration", ylabel=title, ylim=(0, None), title="Mean over the seeds, ± standard deviation")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=1)
    figure.savefig(path, dpi=120, format="png")


def _draw_samples(runs, out_dir, path):
    """Draws samples.png of each run, one row for each setting, one column for each seed."""
    import matplotlib.figure
    import matplotlib.image

    settings = list(dict.fromkeys(run.setting for run in runs))
    rows = [[run for run in runs if run.setting == setting] for setting in settings]
    columns = max(map(len, rows))
    figure = matplotlib.figure.Figure(figsize=(2 * columns + 1, 2.2 * len(rows)), layout="constrained")
    for row, axes_of_row in zip(rows, figure.subplots(len(rows), columns, squeeze=False), strict=True):
        for axes in axes_of_row:
            axes.set_axis_off()
        for run, axes in zip(row, axes_of_row, strict=False):
            picture = Path(out_dir) / run.name / "samples.png"
            if picture.exists():
                axes.imshow(matplotlib.image.imread(picture), cmap="gray")
            axes.set_title(run.name.replace(",", "\n"), fontsize=7)
    figure.savefig(path, dpi=120, format="png")
