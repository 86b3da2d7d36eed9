"""Images to train on: `load` returns them as a `Dataset`, `batch_indices` says which of them each iteration uses."""

from gan_tf.data.batches import batch_indices
from gan_tf.data.dataset import DATASETS, IMAGES, SPLITS, Dataset, load
from gan_tf.data.mnist import DataError

__all__ = ["DATASETS", "IMAGES", "SPLITS", "DataError", "Dataset", "batch_indices", "load"]
