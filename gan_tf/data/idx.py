"""IDX files, the format in which MNIST is published, and arrays of numbers as pictures and labels.

Format: http://yann.lecun.com/exdb/mnist/.
"""

import bz2
import codecs
import contextlib
import gzip
import lzma
import math
import os
import re
import string
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import logging

from gan_tf import limits, messages
from gan_tf.data.dataset import DataError

# The third byte of a file says what its numbers are.
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}

GZIP_EXPANSION = 1032  # gzip's Deflate makes at most so many bytes of one: https://www.zlib.net/zlib_tech.html

# How compressed files begin: (name, function that unpacks a file, how many bytes it makes of one at most).
COMPRESSIONS = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file), GZIP_EXPANSION),
    b"BZh": ("bzip2", bz2.BZ2File, math.inf),
    b"\xfd7zXZ\0": ("xz", lzma.LZMAFile, math.inf),
    b"PK\3\4": ("zip", lambda file: _only_member(zipfile.ZipFile(file)), math.inf),
}

FLAT = 8  # Numbers in a row are a picture if it is a square with sides of at least so many pixels.


class Header(NamedTuple):
    """What an IDX file says of itself.

    dtype: NumPy's type of its numbers, with their byte order
    shapes: the sizes of its dimensions, in this byte order and in the other one. Only the content shows which is right
    """

    dtype: np.dtype
    shapes: tuple[tuple[int, ...], tuple[int, ...]]


def read(path):
    """Reads one IDX file, and returns its array, uint8, int8, int16, int32, float32 or float64.

    The file begins with a header: two zeros, a byte for the type, one for the number of dimensions, then the size of
    each dimension as a number of 32 bits. The content follows. There must be exactly as much as the sizes say. Numbers
    are big-endian. If the first four bytes come in the reverse order, they are little-endian. Sizes of the other byte
    order are taken if only these fit the content. A file may be compressed, see `opened`. A header that is wrong makes
    this function take no more memory than the real content of the file needs. Raises DataError if the file is missing,
    damaged or of another kind, or does not fit into memory.
    """
    path, body, too_large = Path(path), bytearray(), 0
    with opened(path) as (file, most):
        head = _read_header(path, file)
        sizes = [math.prod(shape) * head.dtype.itemsize for shape in head.shapes]
        for size in sizes:
            if size > most:
                continue
            if 4 * size > limits.memory():  # they are copied to the device, or as float32
                too_large = too_large or size
                continue
            while len(body) <= size and (chunk := file.read(min(2**20, size + 1 - len(body)))):
                body += chunk
            if len(body) >= size:
                break
    if len(body) not in sizes:
        if too_large:
            raise DataError(f"{path} holds {too_large:,} bytes, too many for this machine's memory.")
        what = "is truncated: it holds fewer" if len(body) < sizes[0] else "is damaged: it holds more"
        raise DataError(f"{path} {what} than the {sizes[0]} bytes that its header announces; download it again.")
    shape = head.shapes[sizes.index(len(body))]
    try:
        return np.frombuffer(body, head.dtype).reshape(shape)
    except ValueError as error:  # one size is 0, so there are no bytes, but the others are too large for NumPy
        raise DataError(f"{path} is damaged: its header announces {list(shape)}; download it again.") from error


def header(path):
    """Returns the `Header` of an IDX file, and reads nothing else. Raises DataError as `read` does."""
    with opened(path) as (file, _):
        return _read_header(path, file)


def first_bytes(path, zips=True):
    """Returns the first bytes of a file's content; see `opened`. Raises DataError."""
    with opened(path, zips) as (file, _):
        return file.read(512)


def is_idx(content):
    """True if `content`, the first bytes of a file, are those of an IDX file."""
    return _order(content) is not None


@contextlib.contextmanager
def opened(path, zips=True):
    """A context with (the content of a file, to read its bytes; how many they can be at most).

    If its first bytes show gzip, bzip2, xz or a zip archive of one file, the content is unpacked. The file's name says
    nothing of this: browsers unpack files and keep the name. Without `zips` a zip archive stays as it is. Raises
    DataError, also for errors in the context.
    """
    problem = limits.problem(path)
    if problem:
        raise DataError(f"{path} {problem}.")
    compression = None
    try:
        with open(path, "rb") as file:
            begin = file.read(6)
            file.seek(0)
            compression = next((each for magic, each in COMPRESSIONS.items() if begin.startswith(magic)), None)
            if compression and compression[0] == "zip" and not zips:
                compression = None
            size = os.fstat(file.fileno()).st_size
            if compression is None:
                yield file, size
            else:
                _, unpack, expansion = compression
                with unpack(file) as content:
                    yield content, size * expansion
    except _SeveralError as error:
        raise DataError(f"{path} {error}") from error
    except EOFError as error:
        raise DataError(f"{path} is truncated: the {compression[0]} stream breaks off; download it again.") from error
    except (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError) as error:
        if compression is None or getattr(error, "errno", None):
            raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
        reason = messages.short(messages.reason(error))
        raise DataError(f"{path} is not a sound {compression[0]} file ({reason}); download it again.") from error


class _SeveralError(Exception):
    """A zip archive does not hold one file."""


def _only_member(archive):
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        raise _SeveralError(f"is a zip archive of {len(names)} files; unpack it.")
    return archive.open(names[0])


def _order(content):
    """The byte order of an IDX file, ">" or "<", or None if these are not the first bytes of one."""
    if len(content) >= 4 and content[:2] == b"\0\0" and content[2] in TYPES and content[3] in range(1, 9):
        return ">"
    if len(content) >= 4 and content[2:4] == b"\0\0" and content[1] in TYPES and content[0] in range(1, 9):
        return "<"
    return None


def _read_header(path, file):
    content = file.read(4)
    order = _order(content)
    if order is None:
        if 0 < len(content) < 4:
            raise DataError(f"{path} is truncated: it ends inside its header; download it again.")
        raise DataError(f"{path} {no_idx(sort(content + file.read(508)))}.")
    kind, dimensions = content[2:] if order == ">" else content[1::-1]
    if dimensions > 4:
        raise DataError(f"{path} is IDX with {dimensions} dimensions; pictures have 3 or 4, labels 1 or 2.")
    content = file.read(4 * dimensions)
    if len(content) < 4 * dimensions:
        raise DataError(f"{path} is truncated: it ends inside its header; download it again.")
    shapes = (struct.unpack(f"{each}{dimensions}I", content) for each in (order, "<" if order == ">" else ">"))
    return Header(np.dtype(order + TYPES[kind]), tuple(shapes))


# What begins like this; the first that fits.
SORTS = {
    rb"version https://git-lfs": "Git LFS pointer",
    rb"(?i)(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body|\?xml)": "web page",
    rb"\x89PNG": "PNG picture",
    rb"\xff\xd8\xff": "JPEG picture",
    rb"GIF8": "GIF picture",
    rb"RIFF....WEBP": "WebP picture",
    rb"BM.{12}(\x28|\x0c|\x6c|\x7c)\0\0\0": "BMP picture",
    rb"PK\x03\x04": "zip archive",
    rb".{257}ustar": "tar archive",
    rb"\x80[\x02-\x05]": "pickle",
}


def sort(content):
    """Says in two words what a file is, from its first bytes (unpacked): "text file", "web page", "other file"."""
    if not content:
        return "empty file"
    for pattern, name in SORTS.items():
        if re.match(pattern, content, re.DOTALL):
            return name
    with contextlib.suppress(UnicodeDecodeError):
        text = codecs.getincrementaldecoder("utf-8")().decode(content)  # it may end inside a character
        if not re.search(r"[\0-\x08\x0e-\x1a\x1c-\x1f]", text):
            return "text file"
    return "other file"


def no_idx(name):
    """Says that a file should be IDX and is not, as in "is a web page, not …". `name` is what `sort` returns."""
    if name == "other file":
        return "is not a file in MNIST's format; download it again"
    return f"is a{'n' * (name[0] in 'aeiou')} {name}, not a file in MNIST's format; download it again"


def is_labels(shape, named=False):
    """True if an array of this shape holds labels, False if it holds pictures.

    Rows of numbers, [n, k], are pictures if k is a square as 784 is, unless the array's name says labels (`named`).
    """
    return len(shape) == 1 or (len(shape) == 2 and (named or not _side(shape[1])))


def _side(count):
    """The side of a square picture of `count` pixels, or None."""
    side = math.isqrt(count)
    return side if side * side == count and side >= FLAT else None


def pictures(array, where, what="IDX"):
    """Returns an array of pictures as uint8 [n, height, width, channels], 0 = black.

    Shapes: [n, height, width], [n, height, width, channels], or [n, channels, height, width] where only this gives 1 or
    3 channels; squares may be flat, [n, height * width]. Numbers: bytes as they are. Other whole numbers of 0 to 255
    become bytes. Only 0 and 1: 1 is white. Fractions in [0, 1] are multiplied by 255. If one of these is true only in
    the other byte order, this order is taken. Numbers of 16 bits are divided by 257 if their upper half is used, in the
    other byte order if neighbours differ half as much in it. Raises DataError in all other cases: `where` is the file
    and `what` its kind, for the message.
    """
    if array.dtype.kind not in "biuf":
        raise DataError(f"{where} is {what} of {messages.short(str(array.dtype))}, not of numbers.")
    shape = array.shape
    if len(shape) == 2 and _side(shape[1]):
        array = array.reshape(-1, _side(shape[1]), _side(shape[1]))
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):
        array = array.transpose(0, 2, 3, 1)
    if array.ndim != 4 or array.shape[3] not in (1, 3):
        words = messages.short(str(list(shape)))
        raise DataError(f"{where} is {what} {words}; grey pictures are [n, height, width], colour has 3 channels.")
    if 0 in array.shape[1:]:
        raise DataError(f"{where} is {what} {list(shape)}: its pictures have no pixels.")
    return _bytes(array, where, what)


def _bytes(array, where, what):
    if array.dtype == bool:
        array = array.view(np.uint8)
    if array.size == 0:
        return array.astype(np.uint8)
    if array.dtype.kind == "i" and array.dtype.itemsize == 2:  # IDX has no type of its own for 0 to 65535
        array = array.view(array.dtype.str.replace("i", "u"))
    orders = [array] if array.dtype.itemsize == 1 else [array, array.view(array.dtype.newbyteorder())]
    for each in orders:
        factor = _factor(each)
        if factor == 1 and each.dtype == np.uint8:
            return each
        if factor:
            logging.info("%s: %s of %s becomes bytes, times %g", where, what, _type(array.dtype), factor)
            return _times(each, factor)
    low, high = array.min(), array.max()
    if array.dtype.kind != "f" and low >= 0 and 32767 < high <= 65535:
        logging.info("%s: %s of %s becomes bytes, divided by 257", where, what, _type(array.dtype))
        if len(orders) == 2 and 2 * _roughness(orders[1]) < _roughness(array):
            array = orders[1]
        return _times(array, 1 / 257)
    raise DataError(
        f"{where} is {what} of {_type(array.dtype)} from {low:g} to {high:g}: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white)."
    )


def _factor(array):
    """What numbers are multiplied by to get 0 to 255: 255 or 1. None: neither is clear."""
    low, high = array.min(), array.max()
    if not low >= 0 or not high <= 255:  # also for NaN
        return None
    if array.dtype.kind != "f":
        return 255 if high <= 1 else 1
    if high <= 1:
        return 255 if high == 0 or high >= 1 / 255 else None  # tiny numbers are those of the other byte order
    return 1 if all(np.array_equal(each, np.rint(each)) for each in array) else None


def _roughness(array):
    """How much neighbours differ in the first pictures. In the wrong byte order pictures are noise."""
    return np.abs(np.diff(array[:100].astype(float).reshape(min(len(array), 100), -1))).sum()


def _times(array, factor):
    result = np.empty(array.shape, np.uint8)
    for first in range(0, len(array), 1000):  # in pieces, because each takes eight times the memory
        result[first : first + 1000] = np.rint(array[first : first + 1000] * factor)
    return result


def _type(dtype):
    bits = 8 * dtype.itemsize
    return {"f": f"fractions ({bits} bits)", "i": f"{bits}-bit numbers", "u": f"{bits}-bit numbers"}[dtype.kind]


def labels(array, where):
    """Returns an array of labels as int64 [n], or as text [n] if they are text.

    Shapes: [n] or [n, 1]; [n, k] with a single 1 in each row, at the label's place; QMNIST's [n, 8], the first column
    is the class. Of two byte orders the one with smaller numbers is taken. Raises DataError in all other cases;
    `where` is the file, for the message.
    """
    shape, kind = array.shape, array.dtype.kind
    if kind not in "biufU" or array.ndim not in (1, 2) or array.size == 0:
        raise DataError(f"{where} holds {messages.short(str(array.dtype))} {list(shape)}, which are no labels.")
    if kind == "U":
        return array.reshape(len(array), -1)[:, 0]
    if array.dtype.itemsize > 1:
        swapped = array.view(array.dtype.newbyteorder())
        with np.errstate(invalid="ignore"):
            if np.abs(swapped.astype(float)).max() < np.abs(array.astype(float)).max() and _whole(swapped):
                array = swapped
    if not _whole(array):
        raise DataError(f"{where} holds fractions, which are no labels.")
    if array.ndim == 2 and shape[1] > 1 and np.isin(array, (0, 1)).all() and (array.sum(1) == 1).all():
        array = array.argmax(1)
    elif array.ndim == 2 and shape[1] not in (1, 8):
        raise DataError(f"{where} holds {shape[1]} numbers for each picture; a label is one number.")
    return array.reshape(len(array), -1)[:, 0].astype(np.int64)


def _whole(array):
    return array.dtype.kind != "f" or bool((np.isfinite(array) & (array == np.rint(array))).all())


def upright(array, name):
    """Returns pictures [n, height, width, channels]; those of EMNIST lie on their side and are turned.

    `name` is that of the file or data set, which says whether they are EMNIST's. Source: Cohen et al. 2017,
    arXiv:1702.05373; its files hold each picture transposed.
    """
    if not re.search(r"(?<![a-z])emnist", name.lower()):
        return array
    logging.info("EMNIST's pictures lie on their side: those of %s are turned", name)
    return array.swapaxes(1, 2)


def classes(values, name=""):
    """Returns the classes of labels: (the label of each class, the names of the classes).

    Digits are always ten classes. EMNIST's letters 1 to 26 are "a" to "z" if `name` says letters.
    """
    known = np.unique(values)
    if known.dtype.kind != "U":
        if "letters" in name.lower() and known[0] >= 1 and known[-1] <= 26:
            return np.arange(1, 27), tuple(string.ascii_lowercase)
        if known[0] >= 0 and known[-1] <= 9:
            known = np.arange(10)
    return known, tuple(map(str, known))


def enough(array, where):
    """Raises DataError if these are fewer than two pictures, or all are the same."""
    if len(array) < 2:
        raise DataError(f"{where}: a GAN needs at least 2 training pictures, here are {len(array)}.")
    if all(np.array_equal(each, array[0]) for each in array[1:]):
        raise DataError(f"{where}: all {len(array):,} training pictures are the same.")
