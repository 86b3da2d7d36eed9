"""gan_tf.data.idx: IDX files, sound and damaged, and arrays as pictures and labels."""

import bz2
import gzip
import lzma
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import relatives
from conftest import write_idx

from gan_tf import data, limits
from gan_tf.data import idx


def zipped(**files):
    """A zip archive whose files are not compressed."""
    return relatives.zipped(zipfile.ZIP_STORED, **files)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_round_trip(tmp_path, suffix):
    array = np.random.default_rng(0).integers(0, 256, [3, 28, 28], np.uint8)
    write_idx(tmp_path / f"images{suffix}", array)
    read = idx.read(tmp_path / f"images{suffix}")
    np.testing.assert_array_equal(read, array)
    assert read.dtype == np.uint8


IMAGES = struct.pack(">4I", 0x803, 2, 28, 28) + bytes(2 * 784)
RANDOM = IMAGES[:16] + np.random.default_rng(0).integers(0, 256, 2 * 784, np.uint8).tobytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images", b"", "is an empty file, not a file in MNIST's format"),
        ("images", IMAGES[:3], "is truncated: it ends inside its header"),
        ("images", IMAGES[:10], "is truncated: it ends inside its header"),
        ("images", IMAGES[:-1], "is truncated: it holds fewer than the 1568 bytes"),
        ("images", IMAGES + b"\0", "is damaged: it holds more than the 1568 bytes"),
        ("images", b"\0\0\x0a\3" + IMAGES[4:], "is not a file in MNIST's format"),
        ("images", b"\0\0\x08\x09" + IMAGES[4:], "is not a file in MNIST's format"),
        ("images", b"\0\0\x08\0" + IMAGES[4:], "is not a file in MNIST's format"),
        ("images", b"\0\0\x08\5" + IMAGES[4:], "is IDX with 5 dimensions; pictures have 3 or 4, labels 1 or 2"),
        ("images", b"\0\0\x0c\3" + IMAGES[4:], "is truncated: it holds fewer than the 6272 bytes"),
        ("images", b"<html>" + bytes(99), "is a web page, not a file in MNIST's format; download it again"),
        (
            "images",
            gzip.compress(b"<!DOCTYPE HTML>", mtime=0),
            "is a web page, not a file in MNIST's format; download it again",
        ),
        (
            "images",
            struct.pack(">4I", 0x803, 0, 2**32 - 1, 2**32 - 1),
            r"is damaged: its header announces \[0, 4",
        ),
        ("images", gzip.compress(IMAGES, mtime=0)[:-12], "is truncated: the gzip stream breaks off"),
        ("images.gz", gzip.compress(IMAGES, mtime=0)[:-8] + bytes(8), "is not a sound gzip file .CRC check failed"),
        ("images.gz", gzip.compress(IMAGES, mtime=0)[:10] + b"\xff" * 50, "is not a sound gzip file"),
        ("images.gz", gzip.compress(IMAGES[:-1], mtime=0), "is truncated: it holds fewer"),
        ("images.gz", b"\x1f\x8b" + IMAGES, "is not a sound gzip file .Unknown compression method"),
        ("images", bz2.compress(RANDOM)[:-9], "is truncated: the bzip2 stream breaks off"),
        ("images", b"BZh9" + IMAGES, "is not a sound bzip2 file .Invalid data stream"),
        ("images", lzma.compress(RANDOM)[:-9], "is truncated: the xz stream breaks off"),
        ("images", lzma.compress(RANDOM)[:-600] + bytes(600), "is not a sound xz file"),
        ("images", zipped(a=IMAGES, b=b""), "is a zip archive of 2 files; unpack it"),
        ("images", zipped(a=RANDOM)[:-9], "is not a sound zip file .File is not a zip file"),
        ("images", zipped(a=RANDOM).replace(RANDOM[400:440], bytes(40)), "is not a sound zip file .Bad CRC-32"),
    ],
)
def test_damaged_idx(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(data.DataError, match=message) as caught:
        idx.read(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_idx_that_is_no_file(tmp_path):
    for suffix in ("", ".gz"):  # whoever opens a named pipe waits for a writer
        os.mkfifo(tmp_path / f"train-images-idx3-ubyte{suffix}")
        with pytest.raises(data.DataError, match="is not an ordinary file"):
            idx.read(tmp_path / f"train-images-idx3-ubyte{suffix}")
    with pytest.raises(data.DataError, match="is a folder, not a file"):
        idx.read(tmp_path)
    with pytest.raises(data.DataError, match="cannot be read: No such file"):
        idx.read(tmp_path / "nothing")


@pytest.fixture
def peak_memory():
    """A function that says how many bytes Python had allocated at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_header_cannot_make_it_allocate(tmp_path, suffix, peak_memory):
    """A header that claims 3.4 terabytes before 100 bytes."""
    path = tmp_path / f"images{suffix}"
    content = struct.pack(">4I", 0x803, 2**32 - 1, 28, 28) + bytes(100)
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(data.DataError, match=f"it holds fewer than the {(2**32 - 1) * 784} bytes"):
        idx.read(path)
    assert peak_memory() < 4 * 2**20


def test_idx_beyond_its_header_is_not_read(tmp_path, peak_memory):
    """Two images, and behind them in the same gzip stream 100 MB of zeros."""
    path = tmp_path / "images.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(IMAGES)
        for _ in range(100):
            file.write(bytes(10**6))
    with pytest.raises(data.DataError, match="holds more"):
        idx.read(path)
    assert peak_memory() < 4 * 2**20


def test_a_gzip_stream_that_cannot_hold_so_much_is_not_unpacked(tmp_path, monkeypatch):
    """Its header announces more than gzip can make of the file's bytes."""
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, 10**6, 28, 28) + bytes(10**5)))
    unpacked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda file, size: unpacked.append(size) or read(file, size))
    with pytest.raises(data.DataError, match="it holds fewer than the 784000000 bytes"):
        idx.read(path)
    assert unpacked == [4, 12], "only the header"


def test_a_type_counts_for_the_size(tmp_path, monkeypatch):
    path = tmp_path / "images"
    path.write_bytes(relatives.idx(np.ones([5, 28, 28]), "f8"))
    monkeypatch.setattr(limits, "memory", lambda: 4 * 8 * 5 * 784 - 1)
    with pytest.raises(data.DataError, match="holds 31,360 bytes, too many for this machine's memory"):
        idx.read(path)


def test_more_than_memory_holds(tmp_path, monkeypatch):
    path = tmp_path / "images"
    write_idx(path, np.zeros([5, 28, 28]))
    monkeypatch.setattr(limits, "memory", lambda: 4 * 5 * 784)
    assert idx.read(path).shape == (5, 28, 28)
    monkeypatch.setattr(limits, "memory", lambda: 4 * 5 * 784 - 1)
    with pytest.raises(data.DataError, match="holds 3,920 bytes, too many for this machine's memory"):
        idx.read(path)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("order", "<>")
def test_types_and_byte_orders(tmp_path, dtype, order):
    """The magic number, the sizes and the numbers may have either order: two of three are clear from the content."""
    array = (np.arange(2 * 3 * 5) * 4 - 7).reshape(2, 3, 5).astype(dtype)
    for sizes in "<>":
        (tmp_path / "a").write_bytes(relatives.idx(array, dtype, order, sizes, order))
        read = idx.read(tmp_path / "a")
        assert read.shape == (2, 3, 5) and read.dtype == np.dtype(order + dtype)
        np.testing.assert_array_equal(read, array)


def test_sizes_that_both_byte_orders_could_mean(tmp_path):
    """65,536 is 256 in the other order. The content decides."""
    for count, order in ((65_536, ">"), (256, ">"), (256, "<"), (60_000, "<")):
        write_idx(tmp_path / "a", np.zeros([count]))
        content = (tmp_path / "a").read_bytes()
        (tmp_path / "a").write_bytes(content[:4] + struct.pack(f"{order}I", count) + content[8:])
        assert idx.read(tmp_path / "a").shape == (count,)


def test_the_other_byte_order_takes_no_memory(tmp_path, peak_memory):
    """Neither of its sizes is true."""
    path = tmp_path / "images"
    for pack in (">4I", "<4I"):
        path.write_bytes(struct.pack(pack, 0x803, 2**30 + 2**29, 28, 28) + bytes(10**5))
        with pytest.raises(data.DataError, match="it holds fewer than the"):
            idx.read(path)
    assert peak_memory() < 4 * 2**20


def test_what_is_beyond_a_packed_file(tmp_path, peak_memory):
    """20 MB of zeros behind two images, in few bytes of bzip2, xz and zip."""
    content = IMAGES + bytes(20 * 10**6)
    packed = [bz2.compress(content), lzma.compress(content), relatives.zipped(zipfile.ZIP_DEFLATED, a=content)]
    tracemalloc.reset_peak()
    del content
    before = peak_memory()
    for each in packed:
        (tmp_path / "images").write_bytes(each)
        tracemalloc.reset_peak()
        with pytest.raises(data.DataError, match="holds more than the 1568 bytes"):
            idx.read(tmp_path / "images")
        # The dictionary of xz has 8 MB; bzip2 unpacks blocks of 900 kB, each from many bytes of zeros.
        assert peak_memory() - before < 12 * 2**20


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty file"),
        (b"\xef\xbb\xbf  <!-- saved --> <HTML lang=en>", "web page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "web page"),
        (b"<5 apples", "text file"),
        ("größe".encode()[:3], "text file"),  # it ends inside a character
        (b"gr\xf6\xdfe", "other file"),
        (b"text\0", "other file"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
        (b"BMW", "text file"),
        (relatives.picture("BMP"), "BMP picture"),
        (relatives.picture("PNG"), "PNG picture"),
        (relatives.picture("WEBP"), "WebP picture"),
        (relatives.picture("GIF"), "GIF picture"),
        (relatives.picture("JPEG"), "JPEG picture"),
        (b"RIFF\0\0\0\0WAVE", "other file"),
        (relatives.tar(), "tar archive"),
        (b"\x80\4\x95", "pickle"),
        (b"\x80\6\x95", "other file"),
    ],
)
def test_sort(content, name):
    assert idx.sort(content[:512]) == name


def test_the_smallest_fractions():
    """1/255 is the darkest grey. What is darker is of the other byte order."""
    array = np.array([[[0, 1 / 255]], [[0, 0]]])
    assert idx.pictures(array, "a")[0, 0, :, 0].tolist() == [0, 1]
    with pytest.raises(data.DataError, match="is IDX of fractions .64 bits. from 0 to 0.0038: which one is white"):
        idx.pictures(array * 0.969, "a")
    assert not idx.pictures(array * 0, "a").any()


def test_sixteen_bits_are_rounded():
    """257 is 1, and half of it is rounded to even; below the upper half nothing is clear."""
    array = np.array([[[0, 128, 129, 257, 386, 32768, 65535]]] * 2, np.uint16)
    assert idx.pictures(array, "a")[1, 0, :, 0].tolist() == [0, 0, 1, 1, 2, 128, 255]
    with pytest.raises(data.DataError, match="of 16-bit numbers from 0 to 32767"):
        idx.pictures((array // 2).clip(0, 32767).astype(np.uint16), "a")
    with pytest.raises(data.DataError, match="of 32-bit numbers from 0 to 65536"):
        idx.pictures(np.array([[[0, 65536]]] * 2, np.uint32), "a")


def test_bytes_are_not_copied():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert np.shares_memory(idx.pictures(array, "a"), array)


@pytest.mark.parametrize(
    ("shape", "named", "labels"),
    [
        ((7,), False, True),
        ((7, 8), False, True),
        ((7, 784), False, False),
        ((7, 784), True, True),
        ((7, 64), False, False),
        ((7, 49), False, True),
        ((7, 65), False, True),
        ((7, 5, 5), True, False),
        ((7, 5, 5, 3), False, False),
    ],
)
def test_labels_or_pictures(shape, named, labels):
    assert idx.is_labels(shape, named) == labels


def test_labels_of_eight_numbers():
    """QMNIST's; rows that hold a single 1 are something else."""
    array = np.arange(16).reshape(2, 8)
    assert idx.labels(array, "a").tolist() == [0, 8]
    assert idx.labels(np.eye(8)[[3, 5]], "a").tolist() == [3, 5]
    assert idx.labels(array[:, :1].astype(">i2"), "a").tolist() == [0, 8]
    for bad in (
        array[:, :7],
        np.array([[1, 1, 0], [0, 1, 0]]),
        np.zeros([0], int),
        np.zeros([2, 2, 2]),
        np.array([0.5]),
        np.array([np.nan, 1.0]),
    ):
        with pytest.raises(data.DataError, match="^a holds "):
            idx.labels(bad, "a")
    assert idx.labels(np.array([-1, 3]), "a").tolist() == [-1, 3]


@pytest.mark.parametrize(
    ("values", "name", "codes", "classes"),
    [
        ([3, 1], "a", range(10), "0123456789"),
        ([3, 11], "a", [3, 11], ["3", "11"]),
        ([10, 9, 2], "a", [2, 9, 10], ["2", "9", "10"]),
        ([-1, 3], "a", [-1, 3], ["-1", "3"]),
        ([3, 1], "emnist-letters-train", range(1, 27), "abcdefghijklmnopqrstuvwxyz"),
        ([26, 1], "Letters", range(1, 27), "abcdefghijklmnopqrstuvwxyz"),
        ([0, 26], "letters", [0, 26], ["0", "26"]),
        ([1, 27], "letters", [1, 27], ["1", "27"]),
        (["b", "a", "b"], "a", ["a", "b"], "ab"),
    ],
)
def test_classes(values, name, codes, classes):
    found, names = idx.classes(np.array(values), name)
    assert found.tolist() == list(codes) and names == tuple(classes)


def test_enough():
    array = np.zeros([3, 2, 2, 1], np.uint8)
    with pytest.raises(data.DataError, match="^a: all 3 training pictures are the same"):
        idx.enough(array, "a")
    array[2, 1, 0] = 1
    idx.enough(array, "a")
    with pytest.raises(data.DataError, match="^a: a GAN needs at least 2 training pictures, here are 1"):
        idx.enough(array[2:], "a")
