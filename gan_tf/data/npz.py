"""Images from an .npz file, as NumPy writes it."""

import math
import zipfile

import numpy as np

from gan_tf import limits, messages
from gan_tf.data.mnist import DataError

FEWEST = 100  # images that can be measured


def read_images(path, most):
    """Returns the array `images` of an .npz file, numbers in [0, 1], as float32 [n, 784].

    The array is [n, 784] or [n, 28, 28], with at least `FEWEST` and at most `most` images. Its header is read first;
    nothing else is read if shape or type do not fit. Raises DataError if they do not, or if the file is damaged.
    """
    problem = limits.problem(path)
    if problem:
        raise DataError(f"{path} {problem}; name an .npz file with an array images.")
    try:
        with zipfile.ZipFile(path) as archive:
            if "images.npy" not in archive.namelist():
                raise DataError(f"{path} has no array images; write one with numpy.savez(path, images=...).")
            with archive.open("images.npy") as file:
                _check_header(file, archive.getinfo("images.npy").file_size, path, most)
            with archive.open("images.npy") as file:
                images = np.lib.format.read_array(file, allow_pickle=False)
    except DataError:
        raise
    except Exception as error:  # each kind of damage has an exception of its own
        reason = messages.short(messages.reason(error))
        raise DataError(f"{path} is not an .npz file with an array images, or it is damaged: {reason}.") from error
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN, too
        raise DataError(f"{path}: its values are {images.min()} to {images.max()}, not in [0, 1]; divide bytes by 255.")
    return images.reshape(-1, 784).astype(np.float32)


def _check_header(file, size, path, most):
    """Raises DataError if an .npy file of `size` bytes does not hold `FEWEST` to `most` images.

    Raises ValueError if its header is damaged.
    """
    if np.lib.format.read_magic(file) != (1, 0):  # NumPy's for arrays of numbers; it has at most 64 KB
        raise ValueError("its header is not that of an array of numbers")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if len(shape) not in (2, 3) or math.prod(shape[1:]) != 784 or min(shape) < 0 or dtype.kind not in "fiu":
        words = messages.short(f"{dtype} {list(shape)}")
        raise DataError(f"{path}: its array is {words}, not numbers [n, 784] or [n, 28, 28].")
    if shape[0] < FEWEST:
        raise DataError(f"{path}: {shape[0]} images are too few, it takes at least {FEWEST}.")
    if shape[0] > most:
        raise DataError(f"{path}: {shape[0]:,} images are too many; {most:,} fit into this machine's memory.")
    if file.tell() + math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"it has {size:,} bytes, not as many as its header says")
