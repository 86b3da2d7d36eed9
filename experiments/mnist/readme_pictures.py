"""Makes the pictures of the README: an animation of the grids of two runs, and samples next to real images.

python -m experiments.mnist.readme_pictures [--script=out] [--changed=out/digits] [--glyphs=out/glyphs] [--out_dir=…]

It needs three runs: `python -m gan_tf.train --iters=50001`, the same with `--d_lr=1.0 --out_dir=out/digits`, both on
MNIST, and the README's run in out/glyphs. Writes two_runs.gif and glyphs.png.
"""

from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image, ImageDraw

from experiments import record
from gan_tf import data
from gan_tf.grids import grid, grid_name
from gan_tf.runs import command_line
from gan_tf.runs.config import RunError, read_config

FLAGS = flags.FLAGS

# The frames are closer in the first thousands of iterations, where the pictures change fastest.
ITERATIONS = [*range(0, 10_001, 1000), *range(12_000, 20_001, 2000), *range(25_000, 50_001, 5000)]
TITLES = "as published: D's learning rate 0.001", "one number changed: 1.0"
SIDE, GAP, TOP = 264, 16, 26


def frame(paths, iteration):
    """Returns one frame: the grids in the two PNG files `paths` side by side, with their titles and the iteration."""
    picture = Image.new("L", (2 * SIDE + GAP, SIDE + TOP + 24), 255)
    text = ImageDraw.Draw(picture)
    for column, (path, title) in enumerate(zip(paths, TITLES, strict=True)):
        left = column * (SIDE + GAP)
        picture.paste(Image.open(path).convert("L").resize((SIDE, SIDE), Image.Resampling.NEAREST), (left, TOP))
        text.text((left + SIDE / 2, 6), title, fill=0, font_size=14, anchor="mt")
    text.text((SIDE + GAP / 2, SIDE + TOP + 4), f"iteration {iteration:,}", fill=0, font_size=16, anchor="mt")
    return picture.quantize(8)


def next_to_real(run_dir):
    """Returns a picture: the samples of a run, and next to them 16 of its training images."""
    picture = Image.new("L", (2 * 328 + GAP, 328), 255)
    picture.paste(Image.open(Path(run_dir) / "samples.png").convert("L"), (0, 0))
    real = 255 * grid(data.load("glyphs").images[:16])[:, :, 0]
    picture.paste(Image.fromarray(real.astype(np.uint8)), (328 + GAP, 0))
    return picture


def main():
    """Makes both pictures."""
    record.check(FLAGS.out_dir)
    frames = []
    for iteration in ITERATIONS:
        paths = []
        for run_dir in (FLAGS.script, FLAGS.changed):
            every = read_config(run_dir)["flags"]["sample_every"]
            paths.append(Path(run_dir) / grid_name(iteration // every))
            if iteration % every or not paths[-1].exists():
                raise data.DataError(f"{run_dir} has no grid of iteration {iteration}; train it with --iters=50001.")
        frames.append(frame(paths, iteration))
    path = Path(FLAGS.out_dir) / "two_runs.gif"
    path.parent.mkdir(parents=True, exist_ok=True)
    pauses = [500] * (len(frames) - 1) + [3000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=pauses, loop=0, optimize=True)
    next_to_real(FLAGS.glyphs).save(path.with_name("glyphs.png"), optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} KB")


if __name__ == "__main__":
    flags.DEFINE_string("script", "out", "Folder of the run with the script's settings.")
    flags.DEFINE_string("changed", "out/digits", "Folder of the run with --d_lr=1.0.")
    flags.DEFINE_string("glyphs", "out/glyphs", "Folder of the run on glyphs.")
    flags.DEFINE_string(
        "out_dir", "out/experiments", "Folder for the pictures; those of the README: experiments/results."
    )
    groups = {"Flags": ["script", "changed", "glyphs", "out_dir"]}
    command_line.run(main, groups, (data.DataError, RunError, OSError))
