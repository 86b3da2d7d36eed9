"""Writes what a run leaves for use elsewhere: networks as Keras files, losses as a plot, grids as a GIF, a page."""

import csv
import re

from gan_tf import grids
from gan_tf.runs import report
from gan_tf.runs.folder import read_config, replacing

FRAMES = 100  # an animation has at most so many, evenly spread over the run
CAPTION = 18  # pixels above each of its frames, for the iteration


def export(run_dir, gan):
    """Writes the files of the end into a run's folder: NAME.keras for each model, samples, losses, animation, page.

    The networks load in plain Keras, without this package. samples.png has 16 samples of the GAN as it is now. The plot
    is made from losses.csv, the animation from the grids; the page is that of `report.write`. Raises OSError if
    something cannot be written, RunError if a file of the run is damaged.
    """
    sample_every = read_config(run_dir)["flags"]["sample_every"]
    for name, model in gan.models.items():
        with replacing(run_dir / f"{name}.keras") as path:
            model.save(path)
    if gan.generate:
        with replacing(run_dir / "samples.png") as path:
            grids.save_grid(gan.sample(16), path)
    with replacing(run_dir / "losses.png") as path:
        plot_losses(run_dir / "losses.csv", path, gan)
    drawn = {int(path.stem) * sample_every: path for path in run_dir.glob("*.png") if re.fullmatch(r"\d+", path.stem)}
    if drawn:
        with replacing(run_dir / "training.gif") as path:
            animate(drawn, path)
    report.write(run_dir, gan)


def plot_losses(losses_csv, path, gan):
    """Plots the columns of a losses.csv over the iterations, the losses on top, each measure below; writes a PNG.

    If the GAN has a `blind_d_loss`, the plot has a line there.
    """
    import matplotlib.figure
    import numpy as np

    with open(losses_csv) as file:
        rows = list(csv.DictReader(file))
    figure = matplotlib.figure.Figure(figsize=(8, 4 + 2 * len(gan.measures)), layout="constrained")
    heights = [2] + len(gan.measures) * [1]
    upper, *lower = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    losses = np.array([[float(row[name]) for name in gan.loss_names] for row in rows])
    for name, values in zip(gan.loss_names, losses.T, strict=True):
        label = {"d_loss": "D loss", "g_loss": "G loss"}.get(name, name)
        upper.plot([int(row["iteration"]) for row in rows], values, label=label, lw=0.8)
    if gan.blind_d_loss is not None:
        label = "D loss when D cannot tell real from fake"
        upper.axhline(gan.blind_d_loss, color="gray", ls=":", label=f"{label}: {gan.blind_d_loss:.3f}")
    upper.set(ylabel="loss", yscale="log" if losses.min() > 0 else "linear")
    upper.legend()
    for name, axes in zip(gan.measures, lower, strict=True):
        points = [(int(row["iteration"]), float(row[name])) for row in rows if row[name]]
        axes.plot(*zip(*points, strict=True), color="black")
        axes.set(ylabel="spread of the samples" if name == "spread" else name, ylim=(0, None))
    figure.axes[-1].set_xlabel("iteration")
    figure.savefig(path, dpi=100)


def animate(drawn, path):
    """Writes grids as a GIF of ten seconds, with at most `FRAMES` of them, first and last included.

    `drawn` maps iterations to PNG files. The iteration is written above each grid.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    iterations = sorted(drawn)
    chosen = np.unique(np.linspace(0, len(iterations) - 1, FRAMES).round().astype(int))
    pictures = []
    for iteration in (iterations[index] for index in chosen):
        grid = Image.open(drawn[iteration]).convert("L")
        picture = Image.new("L", (grid.width, grid.height + CAPTION), 255)
        picture.paste(grid, (0, CAPTION))
        ImageDraw.Draw(picture).text((10, 4), f"iteration {iteration:,}", fill=0, font_size=14)
        pictures.append(picture)
    pause = min(500, 10_000 // len(pictures))  # milliseconds
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=pause, loop=0)
