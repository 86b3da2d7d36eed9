"""Draws samples from a trained generator: python -m gan_tf.sample --run_dir=out --count=64."""

import os
from pathlib import Path

from absl import flags, logging

from gan_tf import restore
from gan_tf.runs import command_line
from gan_tf.runs.folder import RunError

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Folder of a run; its newest checkpoint is used.")
flags.DEFINE_string("model", None, "A generator as a Keras file, instead of --run_dir.")
flags.DEFINE_string(
    "out", "samples.png", "What to write: a grid if it ends in .png, arrays if in .npz, else a folder of single PNGs."
)
flags.DEFINE_integer("count", 16, "How many samples.", lower_bound=1)
flags.DEFINE_integer("columns", 4, "Columns of the grid.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Seed of the noise.", lower_bound=0, upper_bound=2**63 - 1)
flags.DEFINE_bool("interpolate", False, "Interpolate in even steps between two noise vectors.")
flags.DEFINE_bool("overwrite", False, "Replace what --out names.")


class SampleError(Exception):
    """The samples cannot be drawn; the message says why in one line, and what to do."""


def sample():
    """Draws what the flags describe."""
    if bool(FLAGS.run_dir) == bool(FLAGS.model):
        raise SampleError("name either a run with --run_dir, or a Keras file with --model.")
    out = Path(os.path.expanduser(FLAGS.out))
    if out.suffix == ".png" and FLAGS.count % FLAGS.columns:
        raise SampleError(f"--count={FLAGS.count} does not fill rows of --columns={FLAGS.columns}; change either.")
    if os.path.lexists(out) and not FLAGS.overwrite:
        raise SampleError(f"--out={FLAGS.out} exists; name another, or replace it with --overwrite.")

    command_line.import_tensorflow()
    import numpy as np

    from gan_tf import grids
    from gan_tf.gan import in_batches
    from gan_tf.noise import USER_NOISE

    if FLAGS.run_dir:
        gan, iterations = restore.load_run(os.path.expanduser(FLAGS.run_dir))
        logging.info("the generator of %s after %d iterations", FLAGS.run_dir, iterations)
    else:
        gan = restore.load_generator(os.path.expanduser(FLAGS.model), "model")
    noise = np.asarray(gan.make_noise(FLAGS.seed, USER_NOISE, 2 if FLAGS.interpolate else FLAGS.count))
    if FLAGS.interpolate:
        share = np.linspace(0, 1, FLAGS.count, dtype=np.float32)[:, None]
        noise = (1 - share) * noise[:1] + share * noise[1:]
    images = in_batches(gan.generate, noise)

    if out.suffix == ".png":
        grids.save_grid(images, out, FLAGS.columns)
    elif out.suffix == ".npz":
        np.savez_compressed(out, images=images, noise=noise)
    else:
        out.mkdir(parents=True, exist_ok=True)
        for index, image in enumerate(images):
            grids.save_image(image, out / f"{index:05}.png")
    logging.info("%d samples in %s", len(images), out)


if __name__ == "__main__":
    groups = {"From": ["run_dir", "model"], "Samples": ["count", "seed", "interpolate"]}
    groups["To"] = ["out", "columns", "overwrite"]
    command_line.run(sample, groups, (SampleError, restore.LoadError, RunError, OSError))
