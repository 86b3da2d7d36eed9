"""Images as float32 [n, 784] in [0, 1], and the order in which training walks over them."""

import dataclasses
import functools
import hashlib

import numpy as np

from gan_tf import mnist
from gan_tf.mnist import DataError

VALIDATION_SIZE = 5000  # the reference's read_data_sets sets these first training images aside
SPLITS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Dataset:
    """One split of a data set.

    images: float32 [n, 784], each pixel k / 255, 0 = background; labels: int64 [n]; name: "mnist" (only for
    the original, told by its digest), "glyphs" or "custom"; digest: SHA-256 of the pixel bytes, hexadecimal;
    source: where the images come from, for the log.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    digest: str
    source: str


def load(dataset="mnist", data_dir=None, split="train"):
    """Loads `dataset`, "mnist" or "glyphs", and returns one split of it as a `Dataset`.

    Splits: "train" is what the reference trains on, the training images without the first 5,000 (55,000 of
    MNIST); "validation" is those 5,000; "test" the test images (10,000). "mnist" comes from four IDX files
    in `data_dir` (None: MNIST_data), else from tensorflow-datasets, where `data_dir` is a folder that it has
    prepared (None: its own folder, downloading if need be). Both give the same images in the same order. IDX
    files may hold any 28x28 images.

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
    pixels = pixels.reshape(-1, 784)
    digest = hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()
    if digest == mnist.DIGESTS[split]:
        name = "mnist"
    elif name == "mnist":
        raise DataError(
            f"{source}: these are not MNIST's {split} images in the order of the IDX files (SHA-256 {digest}); "
            f"the files are damaged, or this version of tensorflow-datasets orders them otherwise. {mnist.WAYS_OUT}"
        )
    # Times 1/255, not divided by 255: as TF1's input_data does it, which differs in the last bit.
    images = pixels.astype(np.float32) * np.float32(1 / 255)
    return Dataset(images, labels.astype(np.int64), name, digest, source)


def batch_indices(n, batch_size, seed, first, steps):
    """The images that iterations `first` … `first + steps - 1` train on, as int32 [steps, batch_size].

    The walk of TF1's `next_batch`: shuffled epochs without replacement, end to end; a batch that crosses the
    end of an epoch is filled up from the head of the next, so that each epoch has every one of the `n`
    images exactly once. The result depends on `seed` and the iteration alone: epoch e's shuffle is the
    order of n Philox numbers with key `seed` and counter (0, e).
    """
    start, stop = first * batch_size, (first + steps) * batch_size
    epochs = range(start // n, (stop - 1) // n + 1)
    walk = np.concatenate([_shuffle(n, seed, epoch) for epoch in epochs])
    offset = epochs[0] * n
    return walk[start - offset : stop - offset].reshape(steps, batch_size)


@functools.lru_cache(maxsize=4)  # a block of iterations starts in the epoch where the last one ended
def _shuffle(n, seed, epoch):
    philox = np.random.Philox(key=seed, counter=[0, 0, epoch, 0])
    return np.argsort(philox.random_raw(n), kind="stable").astype(np.int32)


def _load_glyphs(data_dir, part):
    if data_dir:
        raise DataError("--dataset=glyphs is made, not read: leave --data_dir away.")
    from gan_tf import glyphs

    count, first = {"train": (60000, 0), "test": (10000, 60000)}[part]
    pixels, labels = glyphs.draw(first, count)
    return "glyphs", "digits drawn from the fonts that matplotlib ships", pixels, labels


DATASETS = {"mnist": mnist.load, "glyphs": _load_glyphs}
