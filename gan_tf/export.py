"""Writes what a run leaves for use elsewhere: python -m gan_tf.export --run_dir=out.

The networks as Keras files, the losses as a plot, the grids as an animation. Training does so at its end.
"""

import csv
import os
import re
from pathlib import Path

from absl import flags

from gan_tf import command, trained
from gan_tf.runs import RunError, read_config, replacing

FRAMES = 100  # an animation has at most so many, evenly spread over the run


def export(run_dir, generator, discriminator):
    """Writes generator.keras, discriminator.keras, losses.png and training.gif into a run's folder.

    The networks load in plain Keras, without this package. The plot is made from losses.csv, the animation
    from the grids. Raises OSError if something cannot be written, RunError if config.json cannot be read.
    """
    for network in (generator, discriminator):
        with replacing(run_dir / f"{network.name}.keras") as path:
            network.save(path)
    loss = read_config(run_dir)["flags"].get("loss")
    with replacing(run_dir / "losses.png") as path:
        plot_losses(run_dir / "losses.csv", path, loss in ("non_saturating", "minimax"))
    grids = [path for path in run_dir.glob("*.png") if re.fullmatch(r"\d+", path.stem)]
    with replacing(run_dir / "training.gif") as path:
        animate(sorted(grids, key=lambda grid: int(grid.stem)), path)


def plot_losses(losses_csv, path, entropy=True):
    """Draws both losses, and the samples' spread below, over the iterations of a losses.csv; writes a PNG.

    With `entropy` D's loss is a cross-entropy: the plot has a line where it is when D cannot tell, 2 log 2.
    """
    import matplotlib.figure
    import numpy as np

    with open(losses_csv) as file:
        rows = list(csv.DictReader(file))
    figure = matplotlib.figure.Figure(figsize=(8, 6), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=(2, 1))
    losses = np.array([[float(row["d_loss"]), float(row["g_loss"])] for row in rows])
    for values, label in zip(losses.T, ("D loss", "G loss"), strict=True):
        upper.plot([int(row["iteration"]) for row in rows], values, label=label, lw=0.8)
    if entropy:
        upper.axhline(2 * np.log(2), color="gray", ls=":", label="D loss of a D that cannot tell: 2 log 2")
    upper.set(ylabel="loss", yscale="log" if losses.min() > 0 else "linear")
    upper.legend()
    grids = [row for row in rows if row["spread"]]
    lower.plot([int(row["iteration"]) for row in grids], [float(row["spread"]) for row in grids], color="black")
    lower.set(ylabel="spread of the samples", xlabel="iteration", ylim=(0, None))
    figure.savefig(path, dpi=100)


def animate(grids, path):
    """Writes the PNG files `grids` as a GIF of ten seconds, at most `FRAMES` of them, the first and last included."""
    import numpy as np
    from PIL import Image

    chosen = np.unique(np.linspace(0, len(grids) - 1, FRAMES).round().astype(int))
    pictures = [Image.open(grids[index]).convert("L") for index in chosen]
    pause = min(500, 10_000 // len(pictures))  # milliseconds
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=pause, loop=0)


def main():
    """Exports the newest state of the run in --run_dir."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run_dir = Path(os.path.expanduser(flags.FLAGS.run_dir))
    generator, discriminator, _ = trained.load_run(run_dir)
    export(run_dir, generator, discriminator)


if __name__ == "__main__":
    flags.DEFINE_string("run_dir", "out", "Folder of a run; its newest checkpoint is exported.")
    command.run(main, {"Flags": ["run_dir"]}, (trained.LoadError, RunError, OSError))
