"""Pictures from tensorflow-datasets (TFDS): --dataset=tfds:fashion_mnist.

Its data sets are listed at https://www.tensorflow.org/datasets/catalog/overview.
"""

import contextlib
import difflib
import http.client
import json
import math
import os
import re
import threading
import urllib.request
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import logging
from PIL import Image

from gan_tf import limits, messages
from gan_tf.data import dataset, idx
from gan_tf.data.dataset import DataError
from gan_tf.data.fitting import fit

NAME = re.compile(r"(\w+(?:/[\w.+=-]+)?)(?::(\d+\.\d+\.\d+))?", re.ASCII)
CATALOG = "https://www.tensorflow.org/datasets/catalog/overview"


def load(name, split, data_dir, size, channels):
    """Loads one split of the data set `name` of tensorflow-datasets, as in "fashion_mnist" or "emnist/letters:3.1.0".

    It must be prepared in the folder `data_dir`. With None it is in TFDS's own folder, or it is downloaded. Pictures
    are the feature "image", or the first that is a picture. Labels are the first feature that is a class. "test" is the
    data set's own; if there is none, a tenth of its pictures is held out. "validation" is empty. With `size` or
    `channels` each picture goes through `gan_tf.data.fitting.fit`. The order is that of TFDS's files. "mnist" without
    size and channels is MNIST itself, as `gan_tf.data.mnist` loads it. Returns a `Dataset`, raises DataError.
    """
    if name == "mnist" and not (size or channels):
        from gan_tf.data import mnist  # which imports this module

        return mnist.load_prepared(split, find(name, data_dir))
    folder = find(name, data_dir, size, channels)
    builder = _builder(folder)
    plan = _plan(builder, name, size, channels)
    splits = builder.info.splits
    if "train" not in splits:
        raise DataError(f"tfds:{name} has no training pictures; its splits: {', '.join(splits) or 'none'}.")
    part = "test" if split == "test" and "test" in splits else "train"
    pixels, labels = _read(builder, plan, part, name)
    if part == "train":
        idx.enough(pixels, f"tfds:{name}")
    if split == "validation":
        pixels, labels = pixels[:0], labels[:0]
    elif "test" not in splits:
        chosen = dataset.held_out(map(str, range(len(pixels)))) == (split == "test")
        pixels, labels = pixels[chosen], labels[chosen]
    classes = plan.classes
    if len(labels) and labels.min() < 0:  # so TFDS marks pictures without a label
        labels, classes = None, ()
    source = f"{name}, prepared by tensorflow-datasets in {folder}"
    if "test" not in splits:
        source += ", a tenth held out for tests"
    return dataset.make(f"tfds:{name}", source, idx.upright(pixels, name), labels, classes)


class _Plan(NamedTuple):
    """How examples become pictures: names of features, the shape of a picture, whether it must be fitted."""

    image: str
    label: str | None
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    fitted: bool


def find(name, data_dir, size=None, channels=None):
    """Returns the folder that holds the data set, prepared. It is downloaded if `data_dir` is None. Raises DataError.

    Before a download, `size` and `channels` are checked.
    """
    if not NAME.fullmatch(name):
        raise DataError(f"--dataset=tfds:{messages.short(name)}: this is no name of a data set; see {CATALOG}.")
    if data_dir is None:
        import tensorflow_datasets as tfds

        return prepared(tfds.core.constants.DATA_DIR, name) or download(name, size, channels)
    folder = Path(os.path.expanduser(data_dir))
    if not folder.is_dir():
        raise DataError(f"--data_dir={data_dir} is not a folder; remove --data_dir to download {name}.")
    place = prepared(folder, name)
    if not place:
        others = "".join(f" It holds {each}: use --dataset=tfds:{each} --data_dir={at}." for each, at in found(folder))
        raise DataError(
            f"--data_dir={data_dir} holds no {name} that tensorflow-datasets has prepared.{others}"
            f" To download {name}, remove --data_dir."
        )
    return place


def prepared(folder, name):
    """Returns the newest folder NAME/VERSION that tensorflow-datasets has prepared in `folder`, or None.

    A version is three numbers: 3.0.10 is newer than 3.0.9. Folders with other names count only if there is no version.
    `name` may end in :VERSION. If the data set has variants, as emnist/letters, but `name` has none, it must be the
    only one here. Otherwise DataError names them.
    """
    name, wanted = NAME.fullmatch(name).groups()
    place = Path(folder) / name
    folders = [path.parent for path in place.glob("*/dataset_info.json") if path.is_file()]
    if not folders and "/" not in name:
        folders = [path.parent for path in place.glob("*/*/dataset_info.json") if path.is_file()]
        variants = sorted({path.parent.name for path in folders})
        if len(variants) > 1:
            known = ", ".join(f"tfds:{name}/{each}" for each in variants)
            raise DataError(f"{place} holds {len(variants)} variants; name one with --dataset: {known}.")

    def version(path):
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", path.name, re.ASCII)
        return tuple(map(int, match.groups())) if match else (), path.name

    return max((each for each in folders if wanted in (None, each.name)), key=version, default=None)


def found(folder):
    """Returns [(name, folder for --data_dir)] of what TFDS has prepared in `folder`, or of what this folder is."""
    known = {}
    for depth in range(4):
        for path in Path(folder).absolute().glob("*/" * depth + "dataset_info.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):  # not by TFDS
                name = json.loads(path.read_text())["name"] if path.is_file() else None
                root = next((each.parent for each in path.parents if each.name == name), None)
                if root:
                    known["/".join(path.relative_to(root).parts[:-2])] = root
    return sorted(known.items())


def _builder(folder):
    for path in Path(folder).iterdir():
        if not path.is_file():  # a named pipe would wait for ever
            raise DataError(f"{folder} is damaged, delete it or name another: {path.name} is no ordinary file.")
    import tensorflow_datasets as tfds

    with damaged(folder):
        return tfds.builder_from_directory(folder)


@contextlib.contextmanager
def damaged(folder):
    """A context in which TFDS reads `folder`. Whatever goes wrong, DataError says that the folder is damaged."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # each kind of damage has an exception of its own
        raise DataError(f"{folder} is damaged, delete it or name another: {messages.reason(error)}") from error


def read_all(folder, part):
    """Returns (pixels, labels) of a folder of MNIST, in TFDS's order. Raises DataError."""
    builder = _builder(folder)
    with damaged(folder):
        examples = builder.as_dataset(split=part, batch_size=-1)
        return examples["image"].numpy(), examples["label"].numpy()


def _plan(builder, name, size, channels):
    """Returns the `_Plan`, or raises DataError if these are no pictures, or pictures that need --size."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    features = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    images = [key for key, each in features.items() if isinstance(each, tfds.features.Image)]
    if not images:
        raise DataError(f"tfds:{name} has no pictures; its features: {', '.join(features) or 'none'}.")
    image = "image" if "image" in images else images[0]
    label = next((key for key, each in features.items() if isinstance(each, tfds.features.ClassLabel)), None)
    height, width, depth = features[image].shape
    bits = np.dtype(features[image].np_dtype)
    if bits not in (np.uint8, np.uint16):
        raise DataError(f"tfds:{name} has pictures of {bits}, not of bytes.")
    fitted = bool(size) or depth not in (1, 3) or channels not in (None, depth) or bits != np.uint8
    if not size and None in (height, width):
        raise DataError(f"tfds:{name} has pictures of different sizes: add --size=64, for example.")
    if not size and fitted and height != width:
        raise DataError(f"tfds:{name} has pictures of {width}x{height}, which must become squares: add --size=64.")
    depth = channels or (1 if depth == 1 else 3)
    shape = (size or height, size or width, depth)
    return _Plan(image, label, tuple(features[label].names) if label else (), shape, fitted)


def _read(builder, plan, part, name):
    """Returns (pixels, labels) of a split of the data set, in the order of its files."""
    import tensorflow_datasets as tfds

    count = builder.info.splits[part].num_examples
    if 4 * count * math.prod(plan.shape) > limits.memory():
        words = "x".join(map(str, plan.shape))
        raise DataError(f"tfds:{name}: {count:,} pictures of {words} are too many for this machine's memory.")
    if count > 10_000:
        logging.info("tensorflow-datasets reads %d pictures, which may take a minute", count)
    pixels, labels = np.empty((count, *plan.shape), np.uint8), np.zeros(count, np.int64)
    with damaged(builder.data_dir):
        # One file after the other. Otherwise the order would depend on how many are read at once.
        config = tfds.ReadConfig(interleave_cycle_length=1)
        examples = builder.as_dataset(split=part, read_config=config, shuffle_files=False)
        wanted = [plan.image, plan.label or plan.image]
        chosen = tfds.as_numpy(examples.map(lambda example: tuple(example[key] for key in wanted)))
        for i, (image, label) in enumerate(chosen):  # TFDS raises an error if these are not `count`
            pixels[i] = _fit(image, plan.shape) if plan.fitted else image
            labels[i] = label if plan.label else 0
    return pixels, labels


def _fit(image, shape):
    if image.dtype == np.uint16:
        image = np.rint(image / 257).astype(np.uint8)
    return fit(Image.fromarray(image[..., 0] if image.shape[2] == 1 else image), shape[0], shape[2])


def download(name, size=None, channels=None):
    """Downloads a data set into tensorflow-datasets' own folder, and returns its folder there. Raises DataError.

    It is not downloaded if it has no pictures, or pictures that need another `size`.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name)
    except tfds.core.registered.DatasetNotFoundError as error:
        near = difflib.get_close_matches(name, tfds.list_builders(), 1)
        hint = f"do you mean tfds:{near[0]}?" if near else f"see {CATALOG}."
        raise DataError(f"tensorflow-datasets knows no data set {messages.short(name)}; {hint}") from error
    except Exception as error:  # a wrong variant or version, or a package that is missing
        reason = messages.short(messages.reason(error))
        raise DataError(f"tensorflow-datasets cannot load {messages.short(name)}: {reason}") from error
    _plan(builder, name, size, channels)
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        raise DataError(f"{name} must be downloaded by hand: see https://www.tensorflow.org/datasets/catalog/{name}.")
    urls = list(builder.url_infos or ())
    # Without a network, TFDS retries for minutes. One small request shows in seconds whether the server answers.
    if urls and not answers(urls[0]):
        raise DataError(f"{name} is not on this machine, and the server that has it cannot be reached ({urls[0]}).")
    try:
        builder.download_and_prepare()
    except Exception as error:  # of the network, of the disk, or one of TFDS's many
        reason = messages.short(messages.reason(error))
        raise DataError(f"tensorflow-datasets could not download {name}: {reason}") from error
    return Path(builder.data_dir)


def answers(url, seconds=8):
    """True if `url` answers a HEAD request in time. It asks in a thread, because a name look-up has no time-out."""
    answered = []

    def ask():
        request = urllib.request.Request(url, method="HEAD")
        with contextlib.suppress(OSError, http.client.HTTPException):
            answered.append(urllib.request.urlopen(request, timeout=seconds).close())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answered)
