"""Puts the files of a run into one picture, for the README: its last grid, its losses, the first frames of its GIF.

python -m experiments.mnist.tour --run_dir=out/digits [--out_dir=out/experiments]
"""

import sys
from pathlib import Path

from absl import app, flags
from PIL import Image, ImageSequence

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", "out/digits", "Folder of a finished run.")
flags.DEFINE_string("out_dir", "out/experiments", "Folder for tour.png; the committed one is in experiments/results.")

FRAMES, WIDTH, GAP = 6, 960, 8


def tour(run_dir):
    """The picture of a finished run: losses.png beside its last grid, and below the first frames of training.gif."""
    grids = sorted(run_dir.glob("[0-9]*.png"), key=lambda path: int(path.stem))
    losses, grid = (Image.open(path).convert("RGB") for path in (run_dir / "losses.png", grids[-1]))
    height = 380
    losses, grid = losses.resize((height * losses.width // losses.height, height)), grid.resize((height, height))
    animation = Image.open(run_dir / "training.gif")
    frames = [frame.convert("RGB") for frame, _ in zip(ImageSequence.Iterator(animation), range(FRAMES), strict=False)]
    side = (WIDTH - (FRAMES - 1) * GAP) // FRAMES
    picture = Image.new("RGB", (WIDTH, height + GAP + side), "white")
    picture.paste(losses, (0, 0))
    picture.paste(grid, (WIDTH - grid.width, 0))
    for number, frame in enumerate(frames):
        picture.paste(frame.resize((side, side)), (number * (side + GAP), height + GAP))
    return picture


def main(argv):
    """Writes tour.png."""
    run_dir = Path(FLAGS.run_dir)
    if len(argv) > 1 or not (run_dir / "training.gif").exists():
        sys.exit(f"error: --run_dir={FLAGS.run_dir} holds no training.gif; name the --out_dir of a run that has ended.")
    out_dir = Path(FLAGS.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    tour(run_dir).quantize(256).save(out_dir / "tour.png", optimize=True)


if __name__ == "__main__":
    app.run(main)
