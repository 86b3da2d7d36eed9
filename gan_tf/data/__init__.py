"""Pictures to train on: `load` returns them as a `Dataset`, `batch_indices` says which of them each iteration uses."""

from gan_tf.data.batches import batch_indices
from gan_tf.data.dataset import SPLITS, DataError, Dataset
from gan_tf.data.loading import DATASETS, DIGIT, DIGITS, IMAGES, known, load, load_as

__all__ = [
    "DATASETS",
    "DIGIT",
    "DIGITS",
    "IMAGES",
    "SPLITS",
    "DataError",
    "Dataset",
    "batch_indices",
    "known",
    "load",
    "load_as",
]
