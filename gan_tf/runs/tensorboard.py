"""Losses, measures and grids for TensorBoard."""

import csv
import importlib.util

from gan_tf import grids, messages
from gan_tf.runs import files, folder

MISSING = "--tensorboard needs a package that TensorFlow no longer brings: pip install -e '.[tensorboard]'"


def available():
    """True if the package tensorboard is installed: `tf.summary` writes with it."""
    return importlib.util.find_spec("tensorboard") is not None


class Summaries:
    """Copies losses.csv and the grids of a run's folder into its folder tensorboard.

    The files there are written again at each start. So a resumed run shows each point once.
    """

    def __init__(self, run_dir, sample_every, shape):
        import tensorflow as tf

        self._run_dir, self._sample_every, self._shape = run_dir, sample_every, shape
        (run_dir / "tensorboard").mkdir(exist_ok=True)
        for path in (run_dir / "tensorboard").iterdir():
            if folder.FOLDERS["tensorboard"].fullmatch(path.name):
                path.unlink()
        self._writer = tf.summary.create_file_writer(files.for_tensorflow(run_dir / "tensorboard"))
        self._losses = open(run_dir / "losses.csv")
        self._rows = csv.DictReader(self._losses)

    def update(self):
        """Copies what has been added since the last call. Raises OSError."""
        import tensorflow as tf

        try:
            self._copy()
        except tf.errors.OpError as error:
            raise OSError(messages.reason(error)) from error

    def _copy(self):
        import tensorflow as tf

        with self._writer.as_default():
            for row in self._rows:
                step = int(row.pop("iteration"))
                for name, value in row.items():
                    if value:
                        tf.summary.scalar(name, float(value), step)
                if step % self._sample_every == 0:
                    pixels = grids.read_grid(self._run_dir / grids.grid_name(step // self._sample_every), self._shape)
                    if pixels is not None:
                        tf.summary.image("samples", pixels[None], step)
        self._writer.flush()
