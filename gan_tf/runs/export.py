"""Writes what a run leaves for use elsewhere: networks as Keras files, the losses as a plot, the grids as a GIF."""

import csv
import re

from gan_tf.runs.folder import replacing

FRAMES = 100  # an animation has at most so many, evenly spread over the run


def export(run_dir, gan):
    """Writes NAME.keras for each of the GAN's models, losses.png and training.gif into a run's folder.

    The networks load in plain Keras, without this package. The plot is made from losses.csv, the animation from the
    grids. Raises OSError if something cannot be written.
    """
    for name, model in gan.models.items():
        with replacing(run_dir / f"{name}.keras") as path:
            model.save(path)
    with replacing(run_dir / "losses.png") as path:
        plot_losses(run_dir / "losses.csv", path, gan)
    grids = [path for path in run_dir.glob("*.png") if re.fullmatch(r"\d+", path.stem)]
    if grids:
        with replacing(run_dir / "training.gif") as path:
            animate(sorted(grids, key=lambda grid: int(grid.stem)), path)


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


def animate(grids, path):
    """Writes the PNG files `grids` as a GIF of ten seconds, with at most `FRAMES` of them, first and last included."""
    import numpy as np
    from PIL import Image

    chosen = np.unique(np.linspace(0, len(grids) - 1, FRAMES).round().astype(int))
    pictures = [Image.open(grids[index]).convert("L") for index in chosen]
    pause = min(500, 10_000 // len(pictures))  # milliseconds
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=pause, loop=0)
