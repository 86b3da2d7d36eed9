"""Saves and restores the training state of a run."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
from absl import logging

from gan_tf import messages
from gan_tf.runs import files

KEEP = 3
SUFFIXES = ("data-00000-of-00001", "index")


def iterations(folder):
    """Returns the iterations of the checkpoints in `folder`, newest first."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted((int(name[:-6]) for name in names if re.fullmatch(r"\d+\.index", name)), reverse=True)


def checkpoint_of(objects):
    """Returns a `tf.train.Checkpoint` of `objects`, Keras models and optimizers by name.

    By itself it would lack the state of layers that draw random numbers in training, such as Dropout, because Keras
    does not show it to TensorFlow as one of the weights. Here it is NAME_seeds.
    """
    import keras
    import tensorflow as tf

    seeds = {}
    for name, each in objects.items():
        if isinstance(each, keras.Layer):
            weights = {id(weight) for weight in each.weights}
            seeds[f"{name}_seeds"] = [variable.value for variable in each.variables if id(variable) not in weights]
    return tf.train.Checkpoint(**objects, **{name: found for name, found in seeds.items() if found})


class Checkpoints:
    """Keeps the last `KEEP` states of `objects` in `folder`. `objects` are Keras models and optimizers, by name.

    The state after iteration n - 1 is n.data-00000-of-00001 and n.index. Both are written under other names, brought to
    the disk, and renamed, the index last. So a kill or a power cut at any moment leaves only whole checkpoints.
    Checkpoints are found by their names: the list that tf.train.CheckpointManager keeps is one more file that can be
    damaged.
    """

    def __init__(self, folder, seeds=True, /, **objects):
        """Without `seeds`, layers keep the random numbers that they have: enough to draw, not to resume."""
        import tensorflow as tf

        self._folder, self._objects = Path(folder), objects
        self._checkpoint = checkpoint_of(objects) if seeds else tf.train.Checkpoint(**objects)

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
            self._checkpoint.write(f"{files.for_tensorflow(self._folder)}/new")
            for suffix in SUFFIXES:
                files.sync(self._folder / f"new.{suffix}")
            for suffix in SUFFIXES:
                os.replace(self._folder / f"new.{suffix}", self._folder / f"{iteration}.{suffix}")
        except BaseException as error:
            self._remove_unfinished()
            if isinstance(error, tf.errors.OpError):
                raise OSError(messages.reason(error)) from error
            raise
        files.sync(self._folder)  # only then are the older ones not needed
        self.remove_older(iteration)

    def remove_older(self, iteration):
        """Removes the states from before `iteration` but for the last `KEEP`, that of `iteration` among them."""
        for old in [each for each in self.iterations() if each <= iteration][KEEP:]:
            for suffix in reversed(SUFFIXES):
                (self._folder / f"{old}.{suffix}").unlink(missing_ok=True)

    def clean(self):
        """Removes what killed processes left behind. No other process may be saving."""
        self._remove_unfinished()
        whole = {f"{iteration}.{SUFFIXES[0]}" for iteration in self.iterations()}
        for path in self._folder.glob(f"*.{SUFFIXES[0]}"):
            if re.fullmatch(r"\d+", path.name.split(".")[0]) and path.name not in whole:
                path.unlink()

    def _remove_unfinished(self):
        shutil.rmtree(self._folder / "new_temp", ignore_errors=True)  # TensorFlow's
        for suffix in SUFFIXES:
            (self._folder / f"new.{suffix}").unlink(missing_ok=True)

    def restorable(self):
        """Restores one state after another, newest first, and yields the iteration of each.

        Damaged checkpoints are skipped, and logged. The objects may be fewer than were saved.
        """
        for iteration in self.iterations():
            try:
                for suffix in SUFFIXES:
                    files.open_file(self._folder / f"{iteration}.{suffix}").close()
                status = self._checkpoint.read(f"{files.for_tensorflow(self._folder)}/{iteration}")
                status.assert_existing_objects_matched().expect_partial()
            except Exception as error:  # each kind of damage has an exception of its own
                logging.warning("the checkpoint at iteration %d is damaged (%s)", iteration, messages.reason(error))
            else:
                yield iteration
