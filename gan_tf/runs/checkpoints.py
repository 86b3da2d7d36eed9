"""Saves and restores the training state of a run."""

import os
import re
from pathlib import Path

import numpy as np
from absl import logging

KEEP = 3


def iterations(folder):
    """Returns the iterations of the checkpoints in `folder`, newest first."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted((int(name[:-6]) for name in names if re.fullmatch(r"\d+\.index", name)), reverse=True)


class Checkpoints:
    """Keeps the last `KEEP` states of `objects` in `folder`. `objects` are Keras models and optimizers, by name.

    The state after iteration n - 1 is n.data-00000-of-00001 and n.index. Both are written under other names and
    renamed, the index last, so a kill at any moment leaves only whole checkpoints. Checkpoints are found by their
    names: the list that tf.train.CheckpointManager keeps is one more file that can be damaged.
    """

    def __init__(self, folder, **objects):
        import tensorflow as tf

        self._folder, self._objects = Path(folder), objects
        self._checkpoint = tf.train.Checkpoint(**objects)

    def iterations(self):
        """Returns the iterations of the saved states, newest first."""
        return iterations(self._folder)

    def save(self, iteration):
        """Writes the state before `iteration`, then removes all but the last `KEEP`.

        Raises OSError if it cannot be written, FloatingPointError if a weight or slot is not finite.
        """
        import tensorflow as tf

        for name, each in self._objects.items():
            if not all(np.isfinite(variable).all() for variable in each.variables):
                raise FloatingPointError(f"{name} has weights that are not finite")
        self._folder.mkdir(exist_ok=True)  # not its parents: a deleted run must not come back
        try:
            self._checkpoint.write(str(self._folder / "new"))
        except tf.errors.OpError as error:
            raise OSError(error.message) from error
        for suffix in ("data-00000-of-00001", "index"):
            with open(self._folder / f"new.{suffix}", "rb") as file:
                os.fsync(file.fileno())
            os.replace(self._folder / f"new.{suffix}", self._folder / f"{iteration}.{suffix}")
        for old in self.iterations()[KEEP:]:
            for suffix in ("index", "data-00000-of-00001"):
                (self._folder / f"{old}.{suffix}").unlink(missing_ok=True)

    def restorable(self):
        """Restores one state after another, newest first, and yields the iteration of each.

        Damaged checkpoints are skipped, and logged. The objects may be fewer than were saved.
        """
        for iteration in self.iterations():
            try:
                status = self._checkpoint.read(str(self._folder / str(iteration)))
                status.assert_existing_objects_matched().expect_partial()
            except Exception as error:  # each kind of damage has an exception of its own
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                logging.warning("the checkpoint at iteration %d is damaged (%s)", iteration, reason)
            else:
                yield iteration
