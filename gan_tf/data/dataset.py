"""`Dataset`: pictures to train on, and what belongs to them. The sources of data in this folder make them."""

import dataclasses
import functools
import hashlib

import numpy as np

SPLITS = ("train", "validation", "test")

# TF1's input_data multiplies by 1/255. Dividing by 255 would differ in the last bit.
SCALE = np.float32(1 / 255)

HELD_OUT = 10  # one picture in so many is held out for tests, where a source has no test pictures of its own


class DataError(Exception):
    """The pictures cannot be loaded; the message says why in one line, and what to do."""


@dataclasses.dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    pixels: uint8 [n, height, width, channels], 0 = black. It may be an array mapped from a file (np.memmap), or
        an object that makes its rows when asked for them (`gan_tf.data.stacked`).
        (Of furniture: uint8 [n, 4096], the cubes of a solid. Of oracles: int32 [n, 20], the words of a sequence.
        Of cart_pole: float32 [n, 5], a state and an action.)
    labels: int64 [n], places in `classes`
    name: the name of the data set; "mnist" only if these are the original images (`digest` shows it)
    digest: SHA-256 of the pixel bytes, hexadecimal. It is a checksum: other pixels have another digest
    source: where the pictures come from, for the log
    classes: the names of the classes, such as ("0", …, "9"). Empty if the pictures have no labels; then all are 0
    classifier: which classifier of `gan_tf.metrics` can read the pictures, "mnist" or "heads"; None if there is none
    """

    pixels: np.ndarray
    labels: np.ndarray
    name: str
    digest: str
    source: str
    classes: tuple[str, ...] = ()
    classifier: str | None = None

    @property
    def shape(self):
        """The shape of one picture: (height, width, channels)."""
        return self.pixels.shape[1:]

    @functools.cached_property
    def images(self):
        """The pixels as float32 in [0, 1]. They take four times the memory, so they are made at first use."""
        return scaled(self.pixels)


def make(name, source, pixels, labels=None, classes=(), classifier=None):
    """Makes a `Dataset`, and computes its digest. Without `labels` all are 0."""
    pixels = np.ascontiguousarray(pixels)
    labels = np.zeros(len(pixels), np.int64) if labels is None else np.asarray(labels).astype(np.int64)
    return Dataset(pixels, labels, name, hashlib.sha256(pixels).hexdigest(), source, tuple(classes), classifier)


def scaled(images):
    """Returns images, uint8 or float32 in [0, 1], as float32 in [0, 1]."""
    images = np.asarray(images)
    return images.astype(np.float32) * SCALE if images.dtype == np.uint8 else images


def held_out(names):
    """Returns which pictures are held out for tests, bool [n]: about a tenth, by a hash of the picture's name.

    So a picture keeps its place when others come or go.
    """
    hashes = (hashlib.sha256(str(name).encode(errors="surrogateescape")).digest() for name in names)
    return np.array([int.from_bytes(each[:8], "big") % HELD_OUT == 0 for each in hashes], bool)
