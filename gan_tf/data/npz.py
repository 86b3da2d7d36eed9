"""Arrays from .npz and .npy files, as NumPy writes them."""

import contextlib
import math
import os
import zipfile

import numpy as np

from gan_tf import limits, messages
from gan_tf.data.dataset import DataError

FEWEST = 100  # images that can be measured


def read_images(path, most, shape):
    """Returns the array `images` of an .npz file, numbers in [0, 1], as float32 [n, height, width, channels].

    `shape` is the (height, width, channels) that they must have. The array may have this shape, or be flat:
    [n, height * width * channels]. If there is one channel, [n, height, width] will do. It has at least `FEWEST` and at
    most `most` images. Its header is read first; nothing else is read if shape or type do not fit. Raises DataError if
    they do not, or if the file is damaged.
    """
    problem = limits.problem(path)
    if problem:
        raise DataError(f"{path} {problem}; name an .npz file with an array images.")
    with _archive(path, "an .npz file with an array images") as archive:
        if "images.npy" not in archive.namelist():
            raise DataError(f"{path} has no array images; write one with numpy.savez(path, images=...).")
        found, dtype, size = _header(archive, "images.npy")
        _check_images(found, dtype, path, most, shape)
        _check_size(found, dtype, size)
        images = _read(archive, "images.npy")
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN, too
        values = f"{images.min():.6g} to {images.max():.6g}"
        raise DataError(f"{path}: its values are {values}, not in [0, 1]; divide bytes by 255.")
    return images.reshape(-1, *shape).astype(np.float32)


def members(path):
    """Returns the names of the files in a zip archive, which every .npz file is. Raises DataError."""
    with _archive(path, "a zip archive") as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def shapes(path):
    """Returns {name: shape} of all arrays in an .npz file, and reads only their headers. Raises DataError."""
    with _archive(path, "an .npz file") as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        return {name.removesuffix(".npy"): _header(archive, name)[0] for name in names}


def read(path, name):
    """Returns an array of an .npz file. Raises DataError if it does not fit into memory, or if the file is damaged."""
    with _archive(path, "an .npz file") as archive:
        _check(*_header(archive, f"{name}.npy"), path)
        return _read(archive, f"{name}.npy")


def npy_shape(path):
    """Returns the shape of the array in an .npy file, and reads only its header. Raises DataError."""
    with _npy(path) as file:
        return _parse(file, os.path.getsize(path))[0]


def read_npy(path):
    """Returns the array of an .npy file. Raises DataError as `read` does."""
    with _npy(path) as file:
        _check(*_parse(file, os.path.getsize(path)), path)
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


@contextlib.contextmanager
def _archive(path, what):
    """A context with the archive. Whatever goes wrong in it, DataError says that the file is not `what`."""
    with _damage(path, what), zipfile.ZipFile(path) as archive:
        yield archive


@contextlib.contextmanager
def _npy(path):
    with _damage(path, "an .npy file"), open(path, "rb") as file:
        yield file


@contextlib.contextmanager
def _damage(path, what):
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # each kind of damage has an exception of its own
        reason = messages.short(messages.reason(error))
        raise DataError(f"{path} is not {what}, or it is damaged: {reason}.") from error


def _header(archive, name):
    with archive.open(name) as file:
        return _parse(file, archive.getinfo(name).file_size)


def _parse(file, size):
    """Returns (shape, dtype, bytes behind the header) of an array of `size` bytes. Raises ValueError for damage."""
    if np.lib.format.read_magic(file) != (1, 0):  # NumPy's for arrays of numbers; it has at most 64 KB
        raise ValueError("its header is not that of an array of numbers")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype, size - file.tell()


def _check(shape, dtype, size, path):
    """Raises DataError if an array is too large, or if it holds more than numbers; ValueError for damage."""
    if dtype.hasobject:
        raise DataError(f"{path} holds Python objects, which could run any code; save numbers with numpy.savez.")
    if 4 * math.prod(shape) * dtype.itemsize > limits.memory():  # they are copied to the device, or as float32
        raise DataError(f"{path} holds {size:,} bytes, too many for this machine's memory.")
    _check_size(shape, dtype, size)


def _check_size(shape, dtype, size):
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"it has {size:,} bytes of numbers, not as many as its header says")


def _read(archive, name):
    with archive.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _check_images(found, dtype, path, most, shape):
    """Raises DataError if an array of the shape `found` does not hold `FEWEST` to `most` images of `shape`."""
    forms = [shape, (math.prod(shape),)] + [shape[:2]] * (shape[2] == 1)
    if found[1:] not in forms or min(found) < 0 or dtype.kind not in "fiu":
        words = messages.short(f"{dtype} {list(found)}")
        fitting = " or ".join(f"[n, {', '.join(map(str, form))}]" for form in forms)
        raise DataError(f"{path}: its array is {words}, not numbers {fitting}.")
    if found[0] < FEWEST:
        are = "image is" if found[0] == 1 else "images are"
        raise DataError(f"{path}: {found[0]} {are} too few, it takes at least {FEWEST}.")
    if found[0] > most:
        raise DataError(f"{path}: {found[0]:,} images are too many; {most:,} fit into this machine's memory.")
