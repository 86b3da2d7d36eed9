"""MNIST, and images in its format, from IDX files or from tensorflow-datasets (TFDS)."""

import contextlib
import gzip
import hashlib
import http.client
import math
import os
import re
import struct
import threading
import urllib.request
import zlib
from pathlib import Path

import numpy as np

from gan_tf import limits

# SHA-256 of the pixels of each split of the original MNIST, in the order of its IDX files.
DIGESTS = {
    "train": "9442eeaf75ef172c7c0415c4a521e424d28d39e39f522fea115c213c2755f101",
    "validation": "a853ca5da5c224d531837eaa3fe56ac036778bb2fdfad445143b5b7d4ec1c739",
    "test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
}

WAYS_OUT = (
    "Either put the four IDX files of MNIST (train-images-idx3-ubyte.gz and so on) into a folder and name it with "
    "--data_dir, or name a folder where tensorflow-datasets has prepared mnist, or use --dataset=glyphs."
)


GZIP_EXPANSION = 1032  # gzip's Deflate makes at most so many bytes of one: https://www.zlib.net/zlib_tech.html


class DataError(Exception):
    """The images cannot be loaded; the message says why in one line, and what to do."""


def load(data_dir, part):
    """Loads the training or the test images of MNIST, or of any data set in its format.

    `part` is "train" or "test". `data_dir` is described in `gan_tf.data.load`. Returns (name, source, pixels, labels).
    `name` is "mnist" if the images must be MNIST's, in the order of its IDX files, or "custom" if they may be any
    images. `source` says where they come from. `pixels` is uint8 [n, 28, 28], or [n, 28, 28, 1] from TFDS; `labels`
    is [n]. Raises DataError if the images are missing or damaged.
    """
    folder = Path(os.path.expanduser(data_dir or "MNIST_data"))  # not all callers are commands
    if data_dir and not folder.is_dir():
        raise DataError(f"--data_dir={data_dir} is not a folder. {WAYS_OUT}")
    files = _idx_files(folder)
    if any(files.values()):
        return _load_idx(folder, files, part)
    prepared = _prepared(folder)
    if not prepared and data_dir:
        raise DataError(f"--data_dir={data_dir} holds neither IDX files nor a prepared mnist. {WAYS_OUT}")
    return _load_tfds(prepared or _download(), part)


def read_idx(path, ndim):
    """Reads one IDX file of bytes, and returns them as uint8 with `ndim` dimensions.

    The file begins with a header: the magic number 0x800 + ndim, then the size of each dimension. These are big-endian
    numbers of 32 bits. The bytes follow. There must be exactly as many as the sizes say. If the name ends in .gz, the
    file is compressed with gzip. A header that is wrong makes this function take no more memory than the real content
    of the file needs. Raises DataError if the file is missing or damaged, or does not fit into memory.
    Format: http://yann.lecun.com/exdb/mnist/.
    """
    path = Path(path)
    opener = gzip.open if path.suffix == ".gz" else open
    problem = limits.problem(path)
    if problem:
        raise DataError(f"{path} {problem}.")
    try:
        with opener(path, "rb") as file:
            header = file.read(4 + 4 * ndim)
            if len(header) < 4 + 4 * ndim:
                raise DataError(f"{path} is truncated: it ends inside its header; download it again.")
            magic, *shape = struct.unpack(f">{1 + ndim}I", header)
            if magic != 0x800 + ndim:
                raise DataError(
                    f"{path} is not an IDX file of the right kind: its magic number is 0x{magic:08x}, "
                    f"not 0x{0x800 + ndim:08x}."
                )
            size, body = math.prod(shape), bytearray()
            if size <= path.stat().st_size * (GZIP_EXPANSION if path.suffix == ".gz" else 1):
                if 4 * size > limits.memory():  # they are copied to the device, or as float32
                    raise DataError(f"{path} holds {size:,} bytes, too many for this machine's memory.")
                while len(body) <= size and (chunk := file.read(min(2**20, size + 1 - len(body)))):
                    body += chunk
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is not a sound gzip file ({error}); download it again.") from error
    except EOFError as error:
        raise DataError(f"{path} is truncated: the gzip stream breaks off; download it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(body) != size:
        what = "is truncated: it holds fewer" if len(body) < size else "is damaged: it holds more"
        raise DataError(f"{path} {what} than the {size} bytes that its header announces; download it again.")
    try:
        return np.frombuffer(body, np.uint8).reshape(shape)
    except ValueError as error:  # one size is 0, so there are no bytes, but the others are too large for NumPy
        raise DataError(f"{path} is damaged: its header announces {shape}; download it again.") from error


def _idx_files(folder):
    """Returns {name: path} of the four files in `folder`, plain or gzipped; the path is None if there is no file."""
    names = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    found = {name: [p for p in (folder / name, folder / f"{name}.gz") if p.exists()] for name in names}
    return {name: paths[0] if paths else None for name, paths in found.items()}


def _load_idx(folder, files, part):
    missing = [name for name, path in files.items() if path is None]
    if missing:
        raise DataError(f"{folder} lacks {', '.join(missing)} (plain, or gzipped as .gz); all four files are needed.")
    prefix = {"train": "train", "test": "t10k"}[part]
    images_path, labels_path = files[f"{prefix}-images-idx3-ubyte"], files[f"{prefix}-labels-idx1-ubyte"]
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28):
        raise DataError(f"{images_path} holds images of {images.shape[1]}x{images.shape[2]} pixels, not 28x28.")
    if len(images) != len(labels):
        raise DataError(f"{images_path} holds {len(images)} images, {labels_path.name} {len(labels)} labels.")
    return "custom", f"IDX files in {folder}", images, labels


def _prepared(folder):
    """Returns the newest folder mnist/VERSION that tensorflow-datasets has prepared in `folder`, or None.

    A version is three numbers: 3.0.10 is newer than 3.0.9. Folders with other names count only if there is no version.
    """
    folders = [path.parent for path in Path(folder).glob("mnist/*/dataset_info.json") if path.is_file()]

    def version(path):
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", path.name, re.ASCII)
        return tuple(map(int, match.groups())) if match else (), path.name

    return max(folders, key=version, default=None)


def _load_tfds(folder, part):
    for path in Path(folder).iterdir():
        if not path.is_file():  # a named pipe would wait for ever
            raise DataError(f"{folder} is damaged, delete it or name another: {path.name} is no ordinary file.")
    import tensorflow_datasets as tfds

    try:
        examples = tfds.builder_from_directory(folder).as_dataset(split=part, batch_size=-1)
        pixels, labels = examples["image"].numpy(), examples["label"].numpy()
    except Exception as error:  # each kind of damage has an exception of its own
        reason = str(error).strip().split("\n")[0]
        raise DataError(f"{folder} is damaged, delete it or name another: {reason}") from error
    # TFDS sorts the examples by a hash of the split's name and the example's number. This restores the order.
    order = sorted(range(len(pixels)), key=lambda i: hashlib.md5(f"{part}{i}".encode()).digest())
    pixels[order], labels[order] = pixels.copy(), labels.copy()
    return "mnist", f"tensorflow-datasets in {folder}", pixels, labels


def _download():
    """Returns mnist/VERSION in tensorflow-datasets' own folder. Downloads MNIST if it is not there."""
    import tensorflow_datasets as tfds

    prepared = _prepared(tfds.core.constants.DATA_DIR)
    if prepared:
        return prepared
    # Without a network, TFDS retries for minutes. One small request shows in seconds whether the server answers.
    if not _answers(f"{tfds.image_classification.MNIST.URL}train-labels-idx1-ubyte.gz"):
        raise DataError(f"MNIST is not on this machine, and the server that has it cannot be reached. {WAYS_OUT}")
    try:
        builder = tfds.builder("mnist")
        builder.download_and_prepare()
    except Exception as error:  # of the network, of the disk, or one of TFDS's many
        reason = str(error).strip().split("\n")[0]
        raise DataError(f"tensorflow-datasets could not download MNIST: {reason} {WAYS_OUT}") from error
    return Path(builder.data_dir)


def _answers(url, seconds=8):
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
