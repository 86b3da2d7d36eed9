"""Data sets, divided into training, validation and test images as in the script. Most are of 28x28 images."""

import dataclasses
import functools
import hashlib

import numpy as np
from absl import logging

from gan_tf.data import mnist
from gan_tf.data.mnist import DataError

VALIDATION_SIZE = 5000  # read_data_sets, which the script calls, sets the first 5,000 training images aside
SPLITS = ("train", "validation", "test")

# TF1's input_data multiplies by 1/255. Dividing by 255 would differ in the last bit.
SCALE = np.float32(1 / 255)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    pixels: uint8 [n, 784], 0 = background. (Of furniture: uint8 [n, 4096], the cubes of a solid.
        Of oracles: int32 [n, 20], the words of a sequence. Of cart_pole: float32 [n, 5], a state and an action.)
    labels: int64 [n]
    name: "mnist" if these are the original images (`digest` shows it), otherwise "custom", or the name of the data set
    digest: SHA-256 of the pixel bytes, hexadecimal. It is a checksum: other pixels have another digest
    source: where the images come from, for the log
    """

    pixels: np.ndarray
    labels: np.ndarray
    name: str
    digest: str
    source: str

    @functools.cached_property
    def images(self):
        """The pixels as float32 [n, 784] in [0, 1]. They take four times the memory, so they are made at first use."""
        return scaled(self.pixels)


def scaled(images):
    """Returns images, uint8 or float32 in [0, 1], as float32 in [0, 1]."""
    return images.astype(np.float32) * SCALE if images.dtype == np.uint8 else images


def load(dataset="mnist", data_dir=None, split="train"):
    """Loads `dataset`, a key of `DATASETS`, and returns one split of it as a `Dataset`.

    There are three splits. "train" is what the script trains on: the training images without the first 5,000 (for
    MNIST, 55,000 images). "validation" is these first 5,000. "test" is the test images (10,000).

    "mnist" reads four IDX files, the format in which MNIST is published, in the folder `data_dir` (None: MNIST_data).
    They may hold any 28x28 images. If there are no IDX files, tensorflow-datasets is used. Then `data_dir` may be a
    folder that tensorflow-datasets has prepared. With None it uses its own folder, and downloads MNIST if it is not
    there. Both ways give the same images in the same order.

    Raises DataError if the images are missing or damaged, ValueError for an unknown data set or split.
    """
    if dataset not in DATASETS:
        raise ValueError(f"unknown data set {dataset!r}; known: {', '.join(DATASETS)}")
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; known: {', '.join(SPLITS)}")
    name, source, pixels, labels = DATASETS[dataset](data_dir, "test" if split == "test" else "train")
    if split != "test":
        if len(pixels) <= VALIDATION_SIZE:
            raise DataError(
                f"{source}: {len(pixels)} training images are too few, since the first {VALIDATION_SIZE} are set "
                "aside for validation, as in the reference."
            )
        keep = slice(VALIDATION_SIZE) if split == "validation" else slice(VALIDATION_SIZE, None)
        pixels, labels = pixels[keep], labels[keep]
    pixels = np.ascontiguousarray(pixels.reshape(len(pixels), -1))
    digest = hashlib.sha256(pixels).hexdigest()
    if digest == mnist.DIGESTS[split]:
        name = "mnist"
    elif name == "mnist":
        raise DataError(
            f"{source}: these are not MNIST's {split} images in the order of the IDX files (SHA-256 {digest}); "
            f"the files are damaged, or this version of tensorflow-datasets orders them otherwise. {mnist.WAYS_OUT}"
        )
    return Dataset(pixels, labels.astype(np.int64), name, digest, source)


def _load_glyphs(data_dir, part):
    _refuse("glyphs", data_dir)
    from gan_tf.data import glyphs

    count, first = {"train": (60000, 0), "test": (10000, 60000)}[part]
    pixels, labels = glyphs.draw(first, count)
    return "glyphs", "digits drawn from the fonts that matplotlib ships", pixels, labels


def _load_captions(data_dir, part):
    _refuse("captions", data_dir)
    from gan_tf.data import captions

    count, first = {"train": (60000, 0), "test": (10000, 60000)}[part]
    return "captions", "digits drawn from fonts, with captions", *captions.draw(first, count)


def _load_furniture(data_dir, part):
    _refuse("furniture", data_dir)
    from gan_tf.data import furniture

    count, first = {"train": (15000, 0), "test": (2000, 15000)}[part]
    solids, kinds = furniture.draw(first, count)
    return "furniture", "furniture made by a program", solids, kinds


def _load_sequences(name, words, train, data_dir, part):
    _refuse(name, data_dir)
    from gan_tf.data.oracle import Oracle

    count, first = {"train": (train, 0), "test": (2000, train)}[part]
    if count > 10_000:
        logging.info("the oracle writes %d sequences, which may take a minute", count)
    source = f"written by a random language model that knows {words:,} words"
    return name, source, Oracle(words).draw(first, count), np.zeros(count)


def _load_cart_pole(data_dir, part):
    _refuse("cart_pole", data_dir)
    from gan_tf.data import cart_pole

    count, first = {"train": (15000, 0), "test": (2000, 15000)}[part]
    return "cart_pole", "games of an expert who balances a pole on a cart", *cart_pole.draw(first, count)


def _refuse(dataset, data_dir):
    if data_dir:
        raise DataError(f"--dataset={dataset} is made, not read: remove --data_dir.")


# What can be loaded, by name. IMAGES are those of 28x28 pixels, which most GANs take.
DATASETS = {
    "mnist": mnist.load,
    "glyphs": _load_glyphs,
    "captions": _load_captions,
    "furniture": _load_furniture,
    "small_oracle": functools.partial(_load_sequences, "small_oracle", 30, 105_000),
    "oracle": functools.partial(_load_sequences, "oracle", 5000, 15_000),
    "cart_pole": _load_cart_pole,
}
IMAGES = ["mnist", "glyphs"]
