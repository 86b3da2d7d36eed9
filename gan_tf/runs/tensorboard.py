"""Losses, measures and grids for TensorBoard."""

import csv
import importlib.util
import shutil

import numpy as np

from gan_tf.grids import grid_name

MISSING = "--tensorboard needs a package that TensorFlow no longer brings: pip install -e '.[tensorboard]'"


def available():
    """True if the package tensorboard is installed: `tf.summary` writes with it."""
    return importlib.util.find_spec("tensorboard") is not None


class Summaries:
    """Copies losses.csv and the grids of a run's folder into its folder tensorboard.

    That folder is made again at each start. So a resumed run shows each point once, whatever it had written before.
    """

    def __init__(self, run_dir, sample_every):
        import tensorflow as tf

        self._run_dir, self._sample_every = run_dir, sample_every
        shutil.rmtree(run_dir / "tensorboard", ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(run_dir / "tensorboard"))
        self._losses = open(run_dir / "losses.csv")
        self._rows = csv.DictReader(self._losses)

    def update(self):
        """Copies what has been added since the last call."""
        import tensorflow as tf
        from PIL import Image

        with self._writer.as_default():
            for row in self._rows:
                step = int(row.pop("iteration"))
                for name, value in row.items():
                    if value:
                        tf.summary.scalar(name, float(value), step)
                grid = self._run_dir / grid_name(step // self._sample_every)
                if step % self._sample_every == 0 and grid.exists():
                    pixels = np.asarray(Image.open(grid).convert("L"))
                    tf.summary.image("samples", pixels[None, :, :, None], step)
        self._writer.flush()
