"""Stacked MNIST: three random digits are the red, green and blue of one picture, so that there are 1,000 classes.

It measures mode collapse: of 1,000 classes, how many does a GAN draw? See `gan_tf.metrics.modes`.
"""

import hashlib

import numpy as np

from gan_tf.data import mnist
from gan_tf.data.dataset import DataError, Dataset

COUNTS = {"train": 128_000, "validation": 0, "test": 26_000}  # of the pictures; 128,000 as in PacGAN's experiments
SEEDS = {"train": 0, "validation": 1, "test": 2}  # of the data set, not of a run: everyone gets the same pictures
CLASSES = tuple(f"{number:03}" for number in range(1000))


class Stacked:
    """An array uint8 [n, 28, 28, 3] that is not stored: each picture is made when it is asked for.

    `digits` are uint8 [m, 28, 28, 1], and `parts` int [n, 3] says which three of them make each picture. An index is
    what NumPy takes for the first axis: a number, a slice or an array.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, digits, parts):
        self._digits, self._parts = digits[..., 0], parts
        self.shape = (len(parts), *digits.shape[1:3], 3)
        self.nbytes = int(np.prod(self.shape))

    def __len__(self):
        return len(self._parts)

    def __getitem__(self, index):
        return np.ascontiguousarray(np.moveaxis(self._digits[self._parts[index]], -3, -1))

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(dtype or self.dtype, copy=False)


def load(split, data_dir=None):
    """Loads one split of stacked MNIST as a `Dataset`, whose pixels are a `Stacked` array.

    The digits of "train" are MNIST's training images without the first 5,000, those of "test" its test images;
    `data_dir` is where they are, as for MNIST. "validation" has no pictures. Picture i is always the same. Its class is
    the number with the digits red, green, blue: class 507 has a red 5, a green 0 and a blue 7.
    Source: Srivastava et al. 2017 (arXiv:1705.07761), section 4.2, after Metz et al. 2017. There the colours are the
    same; how many pictures there are differs from paper to paper.
    Raises DataError if the pictures are missing or damaged, or are no labelled digits.
    """
    digits = mnist.load("test" if split == "test" else "train", data_dir)
    if digits.shape != (28, 28, 1) or len(digits.classes) != 10:
        raise DataError(f"--dataset=stacked_mnist needs digits of ten classes, not those of {digits.source}.")
    random = np.random.Generator(np.random.Philox(key=SEEDS[split]))
    parts = random.integers(0, len(digits.pixels), [COUNTS[split], 3])
    return Dataset(
        pixels=Stacked(digits.pixels, parts),
        labels=digits.labels[parts] @ [100, 10, 1],
        name="stacked_mnist" if digits.name == "mnist" else "custom",
        digest=hashlib.sha256(digits.digest.encode() + np.ascontiguousarray(parts, "<i8").tobytes()).hexdigest(),
        source=f"three digits each, from {digits.source}",
        classes=CLASSES,
    )
