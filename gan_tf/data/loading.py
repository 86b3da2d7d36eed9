"""`load`: data sets by name."""

import functools

import numpy as np
from absl import logging

from gan_tf.data import dataset as sets
from gan_tf.data.dataset import SPLITS, DataError

VALIDATION_SIZE = 5000  # training pictures that MNIST, and what replaces it, set aside, as in the script
SIZES = (16, 1024)  # the smallest and the largest --size
DIGITS = tuple(map(str, range(10)))
DIGIT = (28, 28, 1)  # the shape of a picture of MNIST, and so of what the script's networks take


def load(dataset="mnist", data_dir=None, split="train", size=None, channels=None, cache=True):
    """Loads `dataset`, a key of `DATASETS` or "tfds:NAME", and returns one split of it as a `Dataset`.

    There are three splits. "train" is what GANs train on, "test" is for scores. "validation" is only for MNIST and the
    data sets that a program makes: as in the script, these set the first 5,000 training pictures aside (so "train" has
    55,000 of MNIST's 60,000). Of other data sets "validation" has no pictures.

    "folder" reads the pictures in the folder `data_dir` and brings them to `size` x `size` pixels (None: 64) with
    `channels` 3 (None: colour) or 1. With `cache` they are kept in the user's cache folder. "mnist" reads the folder
    `data_dir` (None: MNIST_data), which may hold MNIST or other pictures in its format: see `gan_tf.data.mnist`.
    "stacked_mnist" makes pictures of three of MNIST's digits each, from the same `data_dir`.
    "tfds:NAME" is a data set of tensorflow-datasets, in `data_dir` or in its own folder; `size` and `channels` change
    its pictures. Data sets that a program makes take none of these.

    Raises DataError if the pictures are missing or damaged, ValueError for an unknown data set or split.
    """
    if not known(dataset):
        raise ValueError(f"unknown data set {dataset!r}; known: {', '.join(DATASETS)}, tfds:NAME")
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; known: {', '.join(SPLITS)}")
    if size is not None and not (type(size) is int and SIZES[0] <= size <= SIZES[1]):
        raise DataError(f"--size={size} is not a whole number from {SIZES[0]} to {SIZES[1]}.")
    if channels not in (None, 1, 3):
        raise DataError(f"--channels={channels} is neither 1 (grey) nor 3 (colour).")
    if (size or channels) and dataset != "folder" and not dataset.startswith("tfds:"):
        own = " Your own pictures: --dataset=folder --data_dir=FOLDER." if dataset == "mnist" else ""
        raise DataError(f"--dataset={dataset} has pictures of one size: remove --size and --channels.{own}")
    if dataset == "folder":
        from gan_tf.data import folder

        return folder.load(split, data_dir, size or 64, channels or 3, cache)
    if dataset.startswith("tfds:"):
        from gan_tf.data import tfds

        return tfds.load(dataset.removeprefix("tfds:"), split, data_dir, size, channels)
    if dataset == "mnist":
        from gan_tf.data import mnist

        return mnist.load(split, data_dir)
    if dataset == "stacked_mnist":
        from gan_tf.data import stacked

        return stacked.load(split, data_dir)
    if data_dir:
        raise DataError(f"--dataset={dataset} is made, not read: remove --data_dir.")
    if dataset == "heads":
        from gan_tf.data import heads

        return heads.load(split, cache)
    return DATASETS[dataset](split)


def load_as(flags, split="train"):
    """Loads what a run's flags describe, a dict as in its config.json; see `load`."""
    return load(
        flags["dataset"],
        flags.get("data_dir"),
        split,
        flags.get("size"),
        flags.get("channels"),
        flags.get("cache", True),
    )


def known(dataset):
    """True if `load` knows a data set of this name. What tensorflow-datasets knows is found out only when it loads."""
    return dataset in DATASETS or (dataset.startswith("tfds:") and len(dataset) > len("tfds:"))


def _made(name, source, draw, train, test, split, classes=(), **facts):
    """One split of a data set that a program makes: `draw(first, count)` returns (pixels, labels)."""
    count, first = {"test": (test, train)}.get(split, (train, 0))
    pixels, labels = draw(first, count)
    keep = {"train": slice(VALIDATION_SIZE, None), "validation": slice(VALIDATION_SIZE), "test": slice(None)}[split]
    return sets.make(name, source, pixels[keep], labels[keep], classes, **facts)


def _load_glyphs(split):
    from gan_tf.data import glyphs

    source = "digits drawn from the fonts that matplotlib ships"
    return _made("glyphs", source, glyphs.draw, 60_000, 10_000, split, DIGITS, classifier="mnist")


def _load_captions(split):
    from gan_tf.data import captions

    source = "digits drawn from fonts, with captions"
    return _made("captions", source, captions.draw, 60_000, 10_000, split, captions.CAPTIONS, classifier="mnist")


def _load_furniture(split):
    from gan_tf.data import furniture

    def draw(first, count):
        solids, kinds = furniture.draw(first, count)
        return solids.reshape(count, -1), kinds

    return _made("furniture", "furniture made by a program", draw, 15_000, 2000, split, furniture.KINDS)


def _load_sequences(name, train, split):
    from gan_tf.data.oracle import LANGUAGES, Oracle

    words = LANGUAGES[name]
    if split != "test" and train > 10_000:
        logging.info("the oracle writes %d sequences, which may take a minute", train)
    source = f"written by a random language model that knows {words:,} words"
    return _made(name, source, lambda f, n: (Oracle(words).draw(f, n), np.zeros(n)), train, 2000, split)


def _load_cart_pole(split):
    from gan_tf.data import cart_pole

    source = "games of an expert who balances a pole on a cart"
    return _made("cart_pole", source, cart_pole.draw, 15_000, 2000, split)


# What can be loaded, by name; besides, tfds:NAME. None: `load` loads it itself.
DATASETS = {
    "mnist": None,
    "glyphs": _load_glyphs,
    "heads": None,
    "stacked_mnist": None,
    "folder": None,
    "captions": _load_captions,
    "furniture": _load_furniture,
    "small_oracle": functools.partial(_load_sequences, "small_oracle", 105_000),
    "oracle": functools.partial(_load_sequences, "oracle", 15_000),
    "cart_pole": _load_cart_pole,
}
IMAGES = ["mnist", "glyphs", "heads", "stacked_mnist", "folder"]  # those that GANs of pictures take, besides tfds:NAME
