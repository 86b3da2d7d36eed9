"""Folders as people have them, with MNIST's relatives: what is in them, and what `--dataset=mnist` should make of it.

`KINDS` is the table: {name: (files, result)}. `files` is {path: content}; `result` is `Gives` or the message, where
FOLDER stands for the folder. `python -m tests.data.relatives FOLDER` writes each kind into a folder of its own.
"""

import bz2
import dataclasses
import gzip
import io
import lzma
import string
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

TYPES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "u2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array, dtype="u1", magic=">", sizes=">", body=">"):
    """An IDX file. `magic`, `sizes` and `body` are the byte orders of its parts."""
    array = np.asarray(array)
    begin = struct.pack(f"{magic}I", TYPES[dtype] << 8 | array.ndim)
    return begin + struct.pack(f"{sizes}{array.ndim}I", *array.shape) + array.astype(body + dtype).tobytes()


def npy(array):
    """A file as numpy.save writes it."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(save=np.savez, **arrays):
    """A file as numpy.savez writes it."""
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def zipped(method=zipfile.ZIP_DEFLATED, **files):
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def picture(form):
    """A file with one picture, as Pillow writes it."""
    file = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(file, form)
    return file.getvalue()


def tar():
    """A tar archive with one file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("train-images"))
    return file.getvalue()


# No two sides are the same, and no pixel is its neighbour: what is turned or mixed up is another picture.
_random = np.random.default_rng(0)
GREY, GREY_TEST = (_random.integers(0, 256, [n, 9, 11], np.uint8) for n in (30, 12))
SQUARE, SQUARE_TEST = (_random.integers(0, 256, [n, 9, 9], np.uint8) for n in (30, 12))
COLOUR, COLOUR_TEST = (_random.integers(0, 256, [n, 9, 11, 3], np.uint8) for n in (30, 12))
BINARY = _random.integers(0, 2, [30, 9, 11], np.uint8)
LABELS, TEST_LABELS = _random.integers(0, 10, 30), _random.integers(0, 10, 12)
MANY, MANY_TEST = np.arange(30) * 7 % 26 + 1, np.array([26, 1, 2, 3, 5, 8, 13, 21, 4, 9, 16, 25])  # 1 to 26
DIGITS = tuple("0123456789")
HELD_OUT = [0, 7, 9, 10]  # of 30 pictures, those whose number has a SHA-256 that 10 divides, from its first 8 bytes


@dataclasses.dataclass
class Gives:
    """What is read. Without `test`, `HELD_OUT` of the training pictures are for tests.

    `labels` and `test_labels` are places in `classes`; None: there are none.
    """

    train: np.ndarray
    test: np.ndarray | None = None
    labels: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()


def four(images, labels, parts=("train", "t10k"), change=lambda content: content, suffix=""):
    """Four IDX files: names with {} for the part."""
    contents = [(images, GREY, GREY_TEST), (labels, LABELS, TEST_LABELS)]
    return {
        name.format(part) + suffix: change(idx(array))
        for name, *arrays in contents
        for part, array in zip(parts, arrays, strict=True)
    }


def images_only(content, name="train-images-idx3-ubyte"):
    """A folder with one file."""
    return {name: content}


ALL = Gives(GREY, GREY_TEST, LABELS, TEST_LABELS, DIGITS)
SAME = Gives(GREY)
USUAL = four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte")
TRAIN, TRAIN_LABELS, TEST = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
WAYS_OUT = (
    "Either put the four IDX files of MNIST (train-images-idx3-ubyte.gz and so on) into a folder and name it with "
    "--data_dir, or name a folder where tensorflow-datasets has prepared mnist, or use --dataset=glyphs."
)


def inside(folder, files):
    """The same files in a subfolder."""
    return {f"{folder}/{name}": content for name, content in files.items()}


def one_of(name, content):
    """The usual four files, but one has another content."""
    return USUAL | {name: content}


def qmnist(labels):
    """QMNIST's eight numbers of each digit; the first is its class."""
    return np.concatenate([labels[:, None], _random.integers(0, 60_000, [len(labels), 7])], 1)


def emnist(name, values, test_values):
    """The files of a split of EMNIST: each picture lies on its side."""
    turned, turned_test = GREY.transpose(0, 2, 1), GREY_TEST.transpose(0, 2, 1)
    return {
        f"emnist-{name}-train-images-idx3-ubyte.gz": gzip.compress(idx(turned)),
        f"emnist-{name}-test-images-idx3-ubyte.gz": gzip.compress(idx(turned_test)),
        f"emnist-{name}-train-labels-idx1-ubyte.gz": gzip.compress(idx(values)),
        f"emnist-{name}-test-labels-idx1-ubyte.gz": gzip.compress(idx(test_values)),
        f"emnist-{name}-mapping.txt": b"0 48\n1 49\n",
    }


KERAS = npz(x_train=GREY, y_train=LABELS, x_test=GREY_TEST, y_test=TEST_LABELS)
MEDMNIST = npz(
    train_images=COLOUR,
    train_labels=LABELS[:, None],
    val_images=COLOUR_TEST[:5],
    val_labels=TEST_LABELS[:5, None],
    test_images=COLOUR_TEST,
    test_labels=TEST_LABELS[:, None],
)
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>"
SIXTEEN = np.where(GREY > 200, GREY * 257.0, GREY * 100.0).astype(np.uint16)  # its upper half is used
SMOOTH = np.linspace(3, 65000, 30 * 9 * 11).reshape(30, 9, 11).astype(np.uint16)
FRACTIONS = _random.random([30, 9, 11])
MIXED = np.arange(30) * 5 % 12 + 3  # labels 3 to 14
TEXTS = np.array(["shoe", "bag", "coat"])[np.arange(30) % 3]

KINDS = {
    # Names and places
    "the usual names": (USUAL, ALL),
    "gzip": (four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", change=gzip.compress, suffix=".gz"), ALL),
    "names with dots": (four("{}-images.idx3-ubyte", "{}-labels.idx1-ubyte"), ALL),
    "names in capitals": (four("{}-IMAGES-IDX3-UBYTE", "{}-LABELS-IDX1-UBYTE", ("TRAIN", "T10K")), ALL),
    "short names": (four("{}_x.idx", "{}_y.idx", ("train", "test")), ALL),
    "names that say nothing": ({"a.idx3": idx(GREY), "b.idx1": idx(LABELS)}, Gives(GREY, None, LABELS, None, DIGITS)),
    "KMNIST's names": (four("kmnist-{}-imgs-idx3", "kmnist-{}-labels-idx1", ("train", "test")), ALL),
    "plain, called .gz": (four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", suffix=".gz"), ALL),
    "gzip without .gz": (four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", change=gzip.compress), ALL),
    "bzip2": (four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", change=bz2.compress, suffix=".bz2"), ALL),
    "xz": (four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", change=lzma.compress, suffix=".xz"), ALL),
    "a zip archive for each": (
        four("{}-images-idx3-ubyte", "{}-labels-idx1-ubyte", change=lambda each: zipped(file=each), suffix=".zip"),
        ALL,
    ),
    "plain and gzip": (USUAL | {f"{TRAIN}.gz": gzip.compress(idx(255 - GREY))}, ALL),
    "torchvision's folder": (inside("MNIST/raw", USUAL) | {"MNIST/processed/training.pt": zipped(a=b"", b=b"")}, ALL),
    "a folder for each file": ({f"{name}/{name}": content for name, content in USUAL.items()}, ALL),
    "folders train and test": (
        inside("train", {"images.idx3": idx(GREY), "labels.idx1": idx(LABELS)})
        | inside("test", {"images.idx3": idx(GREY_TEST), "labels.idx1": idx(TEST_LABELS)}),
        ALL,
    ),
    "the folder before its subfolders": (USUAL | inside("old", one_of(TRAIN, idx(255 - GREY))), ALL),
    "a folder whose name holds test and val": (inside("latest ovals", USUAL), ALL),
    "what a Mac leaves": (USUAL | {".DS_Store": b"\0\1", f"__MACOSX/._{TRAIN}": b"\0\5", f"._{TRAIN}": b"\0\5"}, ALL),
    "with other files": (USUAL | {"README": b"MNIST", "a.png": picture("PNG"), f"{TRAIN}.md5": b"d41d8cd9"}, ALL),
    "images and labels with their names exchanged": (
        {TRAIN: idx(LABELS), TRAIN_LABELS: idx(GREY)},
        Gives(GREY, None, LABELS, None, DIGITS),
    ),
    # Files that are not there
    "no labels": ({TRAIN: USUAL[TRAIN], TEST: USUAL[TEST]}, Gives(GREY, GREY_TEST)),
    "no tests": (
        {TRAIN: USUAL[TRAIN], TRAIN_LABELS: USUAL[TRAIN_LABELS]},
        Gives(GREY, None, LABELS, None, DIGITS),
    ),
    "pictures only": (images_only(idx(GREY)), SAME),
    "no labels of the tests": (
        {name: content for name, content in USUAL.items() if name != "t10k-labels-idx1-ubyte"},
        Gives(GREY, GREY_TEST, LABELS, None, DIGITS),
    ),
    "tests only": (
        {"t10k-images-idx3-ubyte": idx(GREY_TEST)},
        "FOLDER holds test pictures only (t10k-images-idx3-ubyte); put the training pictures there, too.",
    ),
    "labels only": (
        {TRAIN_LABELS: idx(LABELS), "t10k-labels-idx1-ubyte": idx(TEST_LABELS), "notes.txt": b"text"},
        f"FOLDER holds 2 label files and 1 text file, no pictures in MNIST's format. {WAYS_OUT}",
    ),
    # Labels
    "QMNIST": (
        {
            "qmnist-train-images-idx3-ubyte.gz": gzip.compress(idx(GREY)),
            "qmnist-train-labels-idx2-int.gz": gzip.compress(idx(qmnist(LABELS), "i4")),
            "qmnist-test-images-idx3-ubyte.gz": gzip.compress(idx(GREY_TEST)),
            "qmnist-test-labels-idx2-int.gz": gzip.compress(idx(qmnist(TEST_LABELS), "i4")),
        },
        ALL,
    ),
    "labels in a column": (one_of(TRAIN_LABELS, idx(LABELS[:, None])), ALL),
    "labels of 32 bits": (one_of(TRAIN_LABELS, idx(LABELS, "i4")), ALL),
    "labels of 32 bits, little-endian": (one_of(TRAIN_LABELS, idx(LABELS, "i4", "<", "<", "<")), ALL),
    "labels with a little-endian body": (one_of(TRAIN_LABELS, idx(LABELS, "i2", body="<")), ALL),
    "labels as fractions": (one_of(TRAIN_LABELS, idx(LABELS, "f4")), ALL),
    "labels as rows with a single 1": (one_of(TRAIN_LABELS, idx(np.eye(10)[LABELS])), ALL),
    "labels that are no digits": (
        {TRAIN: idx(GREY), TRAIN_LABELS: idx(MIXED)},
        Gives(GREY, None, MIXED - 3, None, tuple(map(str, range(3, 15)))),
    ),
    "labels of which some are missing": (
        {TRAIN: idx(GREY), TRAIN_LABELS: idx(LABELS * 20)},
        Gives(GREY, None, np.unique(LABELS, return_inverse=True)[1], None, tuple(map(str, np.unique(LABELS) * 20))),
    ),
    "a label that only a test has": (
        one_of("t10k-labels-idx1-ubyte", idx([10] + [3] * 11)),
        {"test": "FOLDER/t10k-labels-idx1-ubyte has a label 10, but no training picture has it."},
    ),
    "too few labels": (
        one_of(TRAIN_LABELS, idx(LABELS[:-1])),
        {"train": f"FOLDER/{TRAIN} holds 30 pictures, {TRAIN_LABELS} 29 labels."},
    ),
    "too many test labels": (
        one_of("t10k-labels-idx1-ubyte", idx(LABELS)),
        {"test": f"FOLDER/{TEST} holds 12 pictures, t10k-labels-idx1-ubyte 30 labels."},
    ),
    "labels that are fractions": (
        one_of(TRAIN_LABELS, idx(LABELS / 7, "f4")),
        {"train": f"FOLDER/{TRAIN_LABELS} holds fractions, which are no labels."},
    ),
    "five numbers as a label": (
        one_of(TRAIN_LABELS, idx(np.arange(150).reshape(30, 5))),
        {"train": f"FOLDER/{TRAIN_LABELS} holds 5 numbers for each picture; a label is one number."},
    ),
    "EMNIST's letters": (
        emnist("letters", MANY, MANY_TEST),
        Gives(GREY, GREY_TEST, MANY - 1, MANY_TEST - 1, tuple(string.ascii_lowercase)),
    ),
    "EMNIST's digits": (emnist("digits", LABELS, TEST_LABELS), ALL),
    "EMNIST, balanced": (
        emnist("balanced", MANY + 10, MANY_TEST + 10),
        Gives(GREY, GREY_TEST, MANY - 1, MANY_TEST - 1, tuple(map(str, range(11, 37)))),
    ),
    # Several sets
    "two splits of EMNIST": (
        emnist("letters", MANY, MANY_TEST) | emnist("digits", LABELS, TEST_LABELS),
        "FOLDER holds several sets of pictures: emnist-digits, emnist-letters; "
        "leave one there and move the others away.",
    ),
    "torchvision's folder with two": (
        inside("MNIST/raw", USUAL) | inside("FashionMNIST/raw", USUAL),
        "FOLDER holds several sets of pictures: FashionMNIST/raw, MNIST/raw; "
        "name one of these folders with --data_dir.",
    ),
    "two copies": (
        inside("raw", USUAL) | inside("data", USUAL),
        "FOLDER holds several sets of pictures: data, raw; name one of these folders with --data_dir.",
    ),
    "IDX and Keras's file": (
        USUAL | {"mnist.npz": KERAS},
        "FOLDER holds several sets of pictures: mnist, t10k-images-idx3-ubyte, train-images-idx3-ubyte; "
        "leave one there and move the others away.",
    ),
    "training pictures of one and tests of another": (
        {"kmnist-train-images-idx3": idx(GREY), "qmnist-test-images-idx3": idx(GREY_TEST)},
        "FOLDER holds several sets of pictures: kmnist, qmnist; leave one there and move the others away.",
    ),
    "two files of training pictures": (
        {TRAIN: idx(GREY), "train.idx3": idx(GREY)},
        "FOLDER holds several sets of pictures: train-images-idx3-ubyte, train.idx3; "
        "leave one there and move the others away.",
    ),
    "two files of labels": (
        {TRAIN: idx(GREY), TRAIN_LABELS: idx(LABELS), "train-labels-idx2-int": idx(qmnist(LABELS), "i4")},
        f"FOLDER/{TRAIN}: there are several files of labels, train-labels-idx2-int, {TRAIN_LABELS}; leave one there.",
    ),
    "labels of another set, too": (
        {TRAIN: idx(GREY), TRAIN_LABELS: idx(LABELS), "other-train-labels-idx1-ubyte": idx(9 - LABELS)},
        Gives(GREY, None, LABELS, None, DIGITS),
    ),
    # Shapes
    "colour": (
        {"train-images-idx4-ubyte": idx(COLOUR), "t10k-images-idx4-ubyte": idx(COLOUR_TEST)},
        Gives(COLOUR, COLOUR_TEST),
    ),
    "colour, channels first": (images_only(idx(COLOUR.transpose(0, 3, 1, 2))), Gives(COLOUR)),
    "grey with a dimension more": (images_only(idx(GREY[..., None])), SAME),
    "grey with a dimension more, first": (images_only(idx(GREY[:, None])), SAME),
    "flat squares": (images_only(idx(SQUARE.reshape(30, 81))), Gives(SQUARE)),
    "two pictures": (images_only(idx(GREY[:2])), {"train": GREY[1:2], "test": GREY[:1]}),
    "four channels": (
        images_only(idx(np.zeros([30, 9, 11, 4]))),
        f"FOLDER/{TRAIN} is IDX [30, 9, 11, 4]; grey pictures are [n, height, width], colour has 3 channels.",
    ),
    "tests of another size": (
        {TRAIN: idx(GREY), TEST: idx(SQUARE_TEST)},
        "FOLDER: training pictures are 9 x 11, test pictures 9 x 9; they must be the same.",
    ),
    "five dimensions": (
        images_only(idx(np.zeros([2, 2, 2, 2, 2]))),
        f"FOLDER/{TRAIN} is IDX with 5 dimensions; pictures have 3 or 4, labels 1 or 2.",
    ),
    "one picture": (
        images_only(idx(GREY[:1])),
        {"train": f"FOLDER/{TRAIN}: a GAN needs at least 2 training pictures, here are 1."},
    ),
    "no picture": (
        images_only(idx(GREY[:0])),
        {"train": f"FOLDER/{TRAIN}: a GAN needs at least 2 training pictures, here are 0."},
    ),
    "always the same": (
        images_only(idx(np.repeat(GREY[:1], 30, 0))),
        {"train": f"FOLDER/{TRAIN}: all 30 training pictures are the same."},
    ),
    "no pixels": (
        images_only(idx(np.zeros([30, 0, 11]))),
        f"FOLDER/{TRAIN} is IDX [30, 0, 11]: its pictures have no pixels.",
    ),
    # Types and byte orders
    "a little-endian header": (images_only(idx(GREY, "u1", "<", "<")), SAME),
    "little-endian sizes": (images_only(idx(GREY, "u1", ">", "<")), SAME),
    "only 0 and 1": (images_only(idx(BINARY)), Gives(BINARY * 255)),
    "signed bytes": (images_only(idx(GREY // 2, "i1")), Gives(GREY // 2)),
    "signed bytes below 0": (
        images_only(idx(np.array(GREY, int) - 128, "i1")),
        f"FOLDER/{TRAIN} is IDX of 8-bit numbers from -128 to 127: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white).",
    ),
    "bytes in 16 bits": (images_only(idx(GREY, "i2")), SAME),
    "bytes in 16 bits, little-endian body": (images_only(idx(GREY, "i2", body="<")), SAME),
    "bytes in 16 bits, little-endian": (images_only(idx(GREY, "i2", "<", "<", "<")), SAME),
    "16 bits": (images_only(idx(SIXTEEN, "u2")), Gives(np.rint(SIXTEEN / 257).astype(np.uint8))),
    "16 bits, little-endian": (
        images_only(idx(SIXTEEN, "u2", "<", "<", "<")),
        Gives(np.rint(SIXTEEN / 257).astype(np.uint8)),
    ),
    "16 bits, little-endian body": (
        images_only(idx(SMOOTH, "u2", body="<")),
        Gives(np.rint(SMOOTH / 257).astype("u1")),
    ),
    "12 bits": (
        images_only(idx(GREY.astype(int) * 16 + 1, "u2")),
        f"FOLDER/{TRAIN} is IDX of 16-bit numbers from 1 to 4081: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white).",
    ),
    "bytes in 32 bits": (images_only(idx(GREY, "i4")), SAME),
    "bytes in 32 bits, little-endian body": (images_only(idx(GREY, "i4", body="<")), SAME),
    "32 bits": (
        images_only(idx(GREY.astype(int) * 1000 - 7, "i4")),
        f"FOLDER/{TRAIN} is IDX of 32-bit numbers from -7 to 254993: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white).",
    ),
    "fractions up to 1": (images_only(idx(FRACTIONS, "f4")), Gives(np.rint(FRACTIONS * 255).astype(np.uint8))),
    "fractions up to 1, little-endian": (
        images_only(idx(FRACTIONS, "f8", body="<")),
        Gives(np.rint(FRACTIONS * 255).astype(np.uint8)),
    ),
    "0 and 1 as little-endian fractions": (images_only(idx(BINARY, "f4", body="<")), Gives(BINARY * 255)),
    "whole numbers as fractions": (images_only(idx(GREY, "f8")), SAME),
    "fractions from -1 to 1": (
        images_only(idx(np.where(FRACTIONS < 0.5, -1, FRACTIONS), "f4")),
        f"FOLDER/{TRAIN} is IDX of fractions (32 bits) from -1 to {FRACTIONS.max():g}: which one is white is "
        "not clear. Write bytes, from 0 (black) to 255 (white).",
    ),
    "fractions above 1": (
        images_only(idx(np.minimum(FRACTIONS * 300, 250.5), "f8")),
        f"FOLDER/{TRAIN} is IDX of fractions (64 bits) from {FRACTIONS.min() * 300:g} to 250.5: which one is white is "
        "not clear. Write bytes, from 0 (black) to 255 (white).",
    ),
    "no numbers": (
        images_only(idx(np.full(GREY.shape, np.nan), "f4")),
        f"FOLDER/{TRAIN} is IDX of fractions (32 bits) from nan to nan: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white).",
    ),
    # NumPy's arrays
    "Keras's file": ({"mnist.npz": KERAS}, ALL),
    "images in an npz file": ({"a.npz": npz(images=GREY, mean=np.zeros(9))}, SAME),
    "one array of any name in an npz file": ({"a.npz": npz(faces=GREY)}, SAME),
    "images and labels, compressed": (
        {"a.npz": npz(np.savez_compressed, images=COLOUR, labels=LABELS)},
        Gives(COLOUR, None, LABELS, None, DIGITS),
    ),
    "flat fractions in an npz file": (
        {"a.npz": npz(x_train=SQUARE.reshape(30, -1) / np.float32(255), y_train=np.eye(10, dtype="f4")[LABELS])},
        Gives(SQUARE, None, LABELS, None, DIGITS),
    ),
    "labels that are words": (
        {"a.npz": npz(x_train=GREY, y_train=TEXTS)},
        Gives(GREY, None, np.array([2, 0, 1] * 10), None, ("bag", "coat", "shoe")),
    ),
    "truths": ({"a.npz": npz(images=BINARY > 0)}, Gives(BINARY * 255)),
    "npz files for training and tests": (
        {"train.npz": npz(images=GREY, labels=LABELS), "test.npz": npz(images=GREY_TEST, labels=TEST_LABELS)},
        ALL,
    ),
    "KMNIST's npz files": (
        {
            "k49-train-imgs.npz": npz(arr_0=GREY),
            "k49-train-labels.npz": npz(arr_0=LABELS),
            "k49-test-imgs.npz": npz(arr_0=GREY_TEST),
            "k49-test-labels.npz": npz(arr_0=TEST_LABELS),
        },
        ALL,
    ),
    "MedMNIST": ({"pathmnist.npz": MEDMNIST}, Gives(COLOUR, COLOUR_TEST, LABELS, TEST_LABELS, DIGITS)),
    "npy files": (
        {
            "x_train.npy": npy(GREY),
            "y_train.npy": npy(LABELS),
            "x_test.npy": npy(GREY_TEST),
            "y_test.npy": npy(TEST_LABELS),
        },
        ALL,
    ),
    "an npz file of something else": (
        {"weights.npz": npz(kernel=np.zeros([3, 3]), bias=np.zeros(3))},
        f"FOLDER holds 1 npz file with the arrays kernel, bias, no pictures in MNIST's format. {WAYS_OUT}",
    ),
    "an npz file of 64-bit numbers": (
        {"a.npz": npz(images=GREY.astype(np.int64) * 9, labels=LABELS)},
        "FOLDER/a.npz/images is an array of 64-bit numbers from 0 to 2295: which one is white is not clear. "
        "Write bytes, from 0 (black) to 255 (white).",
    ),
    "an npz file of Python objects": (
        {"a.npz": npz(images=np.array([[[{}]], [[[]]]], dtype=object))},
        "FOLDER/a.npz holds Python objects, which could run any code; save numbers with numpy.savez.",
    ),
    "too few labels in an npz file": (
        {"a.npz": npz(images=GREY, labels=LABELS[:-1])},
        {"train": "FOLDER/a.npz/images holds 30 pictures, labels 29 labels."},
    ),
    "an npz file that is cut off": (
        {"mnist.npz": KERAS[:-500]},
        "FOLDER/mnist.npz is not a zip archive, or it is damaged: File is not a zip file.",
    ),
    # What is something else
    "a web page called .gz": (
        one_of(TRAIN, idx(GREY)) | {"t10k-images-idx3-ubyte.gz": PAGE, "t10k-images-idx3-ubyte": PAGE},
        f"FOLDER/{TEST} is a web page, not a file in MNIST's format; download it again.",
    ),
    "a web page as the labels, packed": (
        {TRAIN: idx(GREY), "train-labels.gz": gzip.compress(PAGE)},
        "FOLDER/train-labels.gz is a web page, not a file in MNIST's format; download it again.",
    ),
    "a web page called .npz": (
        {"mnist.npz": PAGE},
        "FOLDER/mnist.npz is a web page, not a file in MNIST's format; download it again.",
    ),
    "a saved page next to the files": (USUAL | {"images.html": PAGE}, ALL),
    "an empty file": (
        one_of(TRAIN_LABELS, b""),
        f"FOLDER/{TRAIN_LABELS} is an empty file, not a file in MNIST's format; download it again.",
    ),
    "a Git LFS pointer": (
        one_of(TRAIN, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        f"FOLDER/{TRAIN} is a Git LFS pointer, not a file in MNIST's format; download it again.",
    ),
    "an answer of a server": (
        one_of(TRAIN, b"404: Not Found"),
        f"FOLDER/{TRAIN} is a text file, not a file in MNIST's format; download it again.",
    ),
    "an unknown type": (
        one_of(TRAIN, b"\0\0\x0a\3" + idx(GREY)[4:]),
        f"FOLDER/{TRAIN} is not a file in MNIST's format; download it again.",
    ),
    "IDX that is cut off": (
        one_of(TRAIN, idx(GREY)[:-1]),
        {
            "train": f"FOLDER/{TRAIN} is truncated: it holds fewer than the 2970 bytes that its header announces; "
            "download it again."
        },
    ),
    "gzip that is cut off": (
        {f"{TRAIN}.gz": gzip.compress(idx(GREY))[:1500]},
        {"train": f"FOLDER/{TRAIN}.gz is truncated: the gzip stream breaks off; download it again."},
    ),
    "pictures": (
        {"a.jpg": picture("JPEG"), "b.jpeg": picture("JPEG"), "c/d.JPG": picture("JPEG"), "notes.txt": b"three"},
        "FOLDER holds 3 JPEG pictures and 1 text file, no pictures in MNIST's format; "
        "for a folder of pictures use --dataset=folder --data_dir=FOLDER",
    ),
    "all sorts of things": (
        {
            "a.png": picture("PNG"),
            "b.gif": picture("GIF"),
            "c.webp": picture("WEBP"),
            "d.bmp": picture("BMP"),
            "e.tar": tar(),
            "f.pkl": b"\x80\4\x95" + bytes(9),
            "g.html": PAGE,
            "h.csv": "größe,1\n".encode(),
            "i.bin": bytes(99),
            "j.bin": bytes(98),
            "k.txt": b"",
            "l.tgz": gzip.compress(tar())[:9],
            "idx3.html": PAGE,
        },
        "FOLDER holds 2 other files, 2 web pages, 1 BMP picture, 1 GIF picture, 1 PNG picture, 1 WebP picture, "
        "1 empty file, 1 file that cannot be read, 1 pickle, 1 tar archive and 1 text file, no pictures in MNIST's "
        "format; for a folder of pictures use --dataset=folder --data_dir=FOLDER",
    ),
    "an archive": (
        {"archive.zip": zipped(a=idx(GREY), b=idx(LABELS))},
        "FOLDER holds 1 zip archive, no pictures in MNIST's format; unpack the archive first",
    ),
    "nothing": ({}, f"FOLDER is empty. {WAYS_OUT}"),
}


def write(name, folder):
    """Writes the files of one kind into `folder`."""
    for path, content in KINDS[name][0].items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


if __name__ == "__main__":
    for each in KINDS:
        (Path(sys.argv[1]) / each).mkdir(parents=True, exist_ok=True)
        write(each, Path(sys.argv[1]) / each)
