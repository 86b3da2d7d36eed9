"""Writes what a run leaves for use elsewhere: networks as Keras files, losses as a plot, grids as a GIF, a page."""

import contextlib
import csv
import io

from absl import logging

from gan_tf import grids
from gan_tf.runs import files, report
from gan_tf.runs.config import RunError, read_config
from gan_tf.runs.exported import exporting, write_exported
from gan_tf.runs.losses_csv import in_use

FRAMES = 100  # an animation has at most so many, evenly spread over the run
CAPTION = 18  # pixels above each of its frames, for the iteration


def export(run_dir, gan, iteration):
    """Writes the files of the end into a run's folder: NAME.keras for each model, samples, losses, animation, page.

    `gan` is in its state after `iteration` iterations. The networks load in plain Keras, without this package.
    samples.png has 16 samples of the GAN as it is now, or its sheet of other pictures. The plot is made from
    losses.csv, the animation from the grids; the page is that of `report.write`. Returns the names of the files. Raises
    OSError if something cannot be written, RunError if a file of the run is damaged.
    """
    with exporting(run_dir):
        written = []

        @contextlib.contextmanager
        def writing(name):
            with files.replacing(run_dir / name) as path:
                yield path
            written.append(name)

        for name, model in gan.models.items():
            with writing(f"{name}.keras") as path:
                model.save(path)
        if gan.generate:
            with writing("samples.png") as path:
                gan.show(path)
        elif gan.draw:
            with writing("samples.png") as path:
                grids.save_grid(gan.draw(0), path, gan.columns)
        with writing("losses.png") as path:
            plot_losses(run_dir / "losses.csv", path, gan)
        drawn = grids_of(run_dir, iteration) if gan.draw else {}
        if pictures := frames(drawn, gan.shape):
            pause = min(500, 10_000 // len(pictures))  # milliseconds: at most ten seconds in all
            with writing("training.gif") as path:
                pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=pause, loop=0)
        report.write(run_dir, gan, iteration)
        written.append("report.html")
        write_exported(run_dir, iteration, ["losses.csv", *written, *(path.name for path in drawn.values())])
    return written


def grids_of(run_dir, iteration):
    """Returns the grids that a run drew before `iteration`: {iteration: file}. Those that are missing are logged.

    Raises RunError if config.json does not say how far the grids are apart.
    """
    sample_every = read_config(run_dir)["flags"].get("sample_every")
    if type(sample_every) is not int or sample_every < 1:
        raise RunError(f"{run_dir}/config.json lacks the flag sample_every; put the file back.")
    every = {it: run_dir / grids.grid_name(it // sample_every) for it in range(0, iteration, sample_every)}
    found = {it: path for it, path in every.items() if path.is_file() and path.stat().st_size}
    if len(found) < len(every):
        first = next(path for it, path in every.items() if it not in found)
        words = "training.gif and report.html lack %d of %d grids; the first that is missing or empty is %s"
        logging.warning(words, len(every) - len(found), len(every), first)
    return found


def frames(drawn, shape):
    """Returns the frames of an animation: at most `FRAMES` grids, first and last included, as PIL images.

    `drawn` maps iterations to files with grids of pictures of `shape`. The iteration is written above each grid.
    Damaged grids are left out, and the log names them.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    found, iterations = [], sorted(drawn)
    for index in np.unique(np.linspace(0, len(drawn) - 1, FRAMES).round().astype(int)) if drawn else []:
        grid = grids.read_grid(drawn[iterations[index]], shape)
        if grid is None:
            logging.warning("%s is damaged and left out of the animation", drawn[iterations[index]])
            continue
        picture = Image.fromarray(grid.squeeze())
        frame = Image.new(picture.mode, (picture.width, picture.height + CAPTION), "white")
        frame.paste(picture, (0, CAPTION))
        ImageDraw.Draw(frame).text((10, 4), f"iteration {iterations[index]:,}", fill="black", font_size=14)
        found.append(frame)
    return found


def plot_losses(losses_csv, path, gan):
    """Plots the columns of a losses.csv over the iterations, the losses on top, each measure below; writes a PNG.

    If the GAN has a `blind_d_loss`, the plot has a line there. Raises RunError if the file is damaged.
    """
    import matplotlib.figure
    import numpy as np

    try:
        rows = list(csv.DictReader(io.StringIO(files.read_text(losses_csv))))
        iterations = [int(row["iteration"]) for row in rows]
        losses = np.array([[float(row[name]) for name in gan.loss_names] for row in rows]).reshape(len(rows), -1)
        measured = {
            name: [(it, float(row[name])) for it, row in zip(iterations, rows, strict=True) if row[name]]
            for name in gan.measures
        }
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise RunError(f"{losses_csv} is damaged ({error}); run the training command again.") from error
    figure = matplotlib.figure.Figure(figsize=(8, 4 + 2 * len(gan.measures)), layout="constrained")
    heights = [2] + len(gan.measures) * [1]
    upper, *lower = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for column, name in enumerate(gan.loss_names if rows else []):
        label = {"d_loss": "D loss", "g_loss": "G loss"}.get(name, name)
        shown = in_use(losses[:, column], gan)
        if any(shown):
            upper.plot(np.array(iterations)[shown], losses[shown, column], label=label, lw=0.8)
    if gan.blind_d_loss is not None:
        label = "D loss when D cannot tell real from fake"
        upper.axhline(gan.blind_d_loss, color="gray", ls=":", label=f"{label}: {gan.blind_d_loss:.3f}")
    upper.set(ylabel="loss", yscale="log" if rows and losses.min() > 0 else "linear")
    if upper.lines:
        upper.legend()
    for name, axes in zip(gan.measures, lower, strict=True):
        axes.plot(*(zip(*measured[name], strict=True) if measured[name] else ([], [])), color="black")
        axes.set(ylabel="spread of the samples" if name == "spread" else name, ylim=(0, None))
    figure.axes[-1].set_xlabel("iteration")
    figure.savefig(path, dpi=100)
