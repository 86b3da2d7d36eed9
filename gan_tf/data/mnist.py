"""MNIST, and pictures in its format: IDX files, NumPy's arrays, or what tensorflow-datasets (TFDS) has prepared.

A folder is read by content. Compression, shape and type stand in the files. Names say only which files are for training
and which for tests, and which labels belong to which pictures.
"""

import collections
import dataclasses
import functools
import hashlib
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from absl import logging

from gan_tf import messages
from gan_tf.data import dataset, idx, npz, tfds
from gan_tf.data.dataset import DataError

# SHA-256 of the pixels of each split of the original MNIST, in the order of its IDX files.
DIGESTS = {
    "train": "9442eeaf75ef172c7c0415c4a521e424d28d39e39f522fea115c213c2755f101",
    "validation": "a853ca5da5c224d531837eaa3fe56ac036778bb2fdfad445143b5b7d4ec1c739",
    "test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
}
VALIDATION_SIZE = 5000  # read_data_sets, which the script calls, sets the first 5,000 of MNIST's pictures aside

WAYS_OUT = (
    "Either put the four IDX files of MNIST (train-images-idx3-ubyte.gz and so on) into a folder and name it with "
    "--data_dir, or name a folder where tensorflow-datasets has prepared mnist, or use --dataset=glyphs."
)

MOST = 1000  # files of a folder that are looked into


def load(split, data_dir):
    """Loads one split of MNIST, or of pictures in its format, as a `Dataset`.

    `data_dir` is a folder with files of pictures, or an .npz file, or a folder where TFDS has prepared mnist. With None
    it is MNIST_data if this folder holds files. Otherwise TFDS's own folder is used, and MNIST is downloaded if it is
    not there. Files are IDX, plain or compressed, or arrays of NumPy (.npz, .npy); see `gan_tf.data.idx` for shapes and
    types. They may lie in subfolders, as torchvision's do in MNIST/raw.

    Files of labels may be missing: then `classes` is empty. Test pictures may be missing: then a tenth is held out.
    MNIST's own pictures are recognised by their digest, wherever they come from. They are called "mnist", and the first
    5,000 of the training pictures are "validation". All others are "custom", and "validation" has none of them.
    Raises DataError if the pictures are missing or damaged, or if there are several sets of them.
    """
    place = Path(os.path.expanduser(data_dir or "MNIST_data"))  # not all callers are commands
    if data_dir and place.is_file() and place.suffix.lower() in (".npz", ".npy"):
        folder, (arrays, others) = place.parent, _arrays([place], place.parent)
    elif data_dir and place.is_file():
        raise DataError(f"--data_dir={data_dir} is a file; name its folder: --data_dir={place.parent}")
    elif data_dir and not place.is_dir():
        raise DataError(f"--data_dir={data_dir} is not a folder. {WAYS_OUT}")
    else:
        folder, (arrays, others) = place, _arrays(_files(place, [""]), place)
        if not _pictures(arrays):
            if prepared := tfds.prepared(place, "mnist"):
                return load_prepared(split, prepared)
            below = _arrays(_files(place, ["*/", "*/*/"]), place)
            arrays, others = arrays + below[0], others + below[1]
    if _pictures(arrays):
        return _from_arrays(split, _only_set(arrays, folder), folder)
    if data_dir or arrays or others:
        raise DataError(_what_is_there(place, arrays, others))
    try:
        return load_prepared(split, tfds.find("mnist", None))
    except DataError as error:
        raise error if WAYS_OUT in str(error) else DataError(f"{error} {WAYS_OUT}") from error


def load_prepared(split, folder):
    """Loads one split of MNIST from a folder mnist/VERSION that TFDS has prepared. Raises DataError."""
    part = "test" if split == "test" else "train"
    pixels, labels = tfds.read_all(folder, part)
    # TFDS sorts the examples by a hash of the split's name and the example's number. This restores the order.
    order = sorted(range(len(pixels)), key=lambda i: hashlib.md5(f"{part}{i}".encode()).digest())
    pixels[order], labels[order] = pixels.copy(), labels.copy()
    if split != "test":
        keep = slice(VALIDATION_SIZE) if split == "validation" else slice(VALIDATION_SIZE, None)
        pixels, labels = pixels[keep], labels[keep]
    source = f"tensorflow-datasets in {folder}"
    made = dataset.make("mnist", source, pixels, labels, tuple(map(str, range(10))), "mnist")
    if made.digest != DIGESTS[split]:
        raise DataError(
            f"{source}: these are not MNIST's {split} images in the order of the IDX files (SHA-256 {made.digest}); "
            f"the files are damaged, or this version of tensorflow-datasets orders them otherwise. {WAYS_OUT}"
        )
    return made


class _Array(NamedTuple):
    """An array in a file.

    path: the file
    name: what it is called, in small letters: the path in the folder, without the ending of compressed files. In an
        .npz file of several arrays the array's name is added, as in "mnist.npz/x_train"
    where: the same for messages, with the whole path
    what: "IDX" or "an array", for messages
    shape: its shape, as its header says
    read: a function that returns it
    """

    path: Path
    name: str
    where: str
    what: str
    shape: tuple[int, ...]
    read: Callable

    @property
    def is_labels(self):
        return idx.is_labels(self.shape, bool(re.search(r"label|lbl|target|(?<![a-z0-9])y(?![a-z0-9])", self.name)))

    @property
    def split(self):
        """Which pictures these are: "train", "test" or "validation"; without a word in the name, "train"."""
        if "train" in self.name:
            return "train"
        if re.search(r"(?<![a-z])(val|valid|validation)(?![a-z])", self.name):
            return "validation"
        return "test" if re.search("test|t10k", self.name) else "train"

    @property
    def set(self):
        """What the names of all files of a set have in common, as "emnist-letters"; often nothing."""
        return re.sub(r"[^a-z0-9]+", "-", WORDS.sub("", self.name)).strip("-")


# Words in names of files and arrays that say which part of a set they are, or how it is written.
WORDS = re.compile(
    r"train(ing)?|test(ing)?|t10k|(?<![a-z])val(id(ation)?)?(?![a-z])|images?|imgs?|pictures?|pixels|labels?|lbls?|"
    r"targets?|idx\d?|ubyte|(?<![a-z])(byte|u?int|short|float|double|data|raw|arr_0|x|y)(?![a-z])|\.np[yz]"
)
COMPRESSED = re.compile(r"\.(gz|bz2|xz|zip)$")
ARRAY_NAME = re.compile(r"(idx\d(-\w+)?|ubyte|\.np[yz])$")  # names of files that are arrays, or damaged
INSTEAD = ("web page", "empty file", "Git LFS pointer")  # what a failed download leaves


def _files(folder, levels):
    """Returns the files of a folder at some levels below it. Those that should be arrays come first."""
    paths = [path for level in levels for path in folder.glob(f"{level}*") if not path.is_dir()]
    shown = [path for path in paths if not re.search(r"(^|/)(\.|__MACOSX)", path.relative_to(folder).as_posix())]
    return sorted(shown, key=lambda path: (not _is_array_name(path.name), len(path.name), path))


def _is_array_name(name):
    return bool(ARRAY_NAME.search(COMPRESSED.sub("", name.lower())))


def _arrays(paths, folder):
    """Looks into files of a folder. Returns ([_Array], [what each other file is, as "JPEG picture"]).

    Raises DataError for a file that should be an array, by its name, and is none.
    """
    arrays, others, known = [], [], set()
    for path in paths[:MOST]:
        name = COMPRESSED.sub("", path.relative_to(folder).as_posix().lower())
        plain = re.sub("[^a-z0-9/]", "-", name)
        if plain in known:  # There is the same file without compression. Its shorter name came first.
            continue
        promised = (
            bool(COMPRESSED.search(path.name.lower())) or not path.suffix and bool(re.search("image|label", name))
        )
        try:
            inside = _look(path, name)
            if isinstance(inside, list):
                known.add(plain)
                arrays += inside
                continue
            if _is_array_name(name) and not inside.startswith("npz") or promised and inside in INSTEAD:
                raise DataError(f"{path} {idx.no_idx(inside)}.")
        except DataError:
            if promised or _is_array_name(name):
                raise
            inside = "file that cannot be read"
        others.append(inside)
    return arrays, others + ["file not looked into"] * len(paths[MOST:])


def _look(path, name):
    """Returns [_Array], the arrays in a file, or a text: what else the file is. Raises DataError for damage."""
    begin = idx.first_bytes(path, zips=False)
    if begin.startswith(b"\x93NUMPY"):
        return [_Array(path, name, str(path), "an array", npz.npy_shape(path), functools.partial(npz.read_npy, path))]
    if begin.startswith(b"PK\3\4"):
        members = npz.members(path)
        if any(member.endswith(".npy") for member in members):
            return _look_into_npz(path, name)
        if len(members) != 1:
            return "zip archive"
        begin = idx.first_bytes(path)
    if not idx.is_idx(begin):
        return idx.sort(begin)
    # Which of two byte orders the sizes have is known only when the content is read. The smaller size is likely.
    shape = min(idx.header(path).shapes, key=math.prod)
    return [_Array(path, name, str(path), "IDX", shape, functools.partial(idx.read, path))]


def _look_into_npz(path, name):
    shapes = npz.shapes(path)
    known = {key: f"{name}/{key.lower()}" for key in shapes if re.fullmatch(r"[\W_]*", WORDS.sub("", key.lower()))}
    if len(shapes) == 1:
        known = dict.fromkeys(shapes, name)
    if not known:
        return f"npz file with the arrays {messages.short(', '.join(shapes))}"
    return [
        _Array(path, each, f"{path}/{key}", "an array", shapes[key], functools.partial(npz.read, path, key))
        for key, each in known.items()
    ]


def _pictures(arrays):
    return [array for array in arrays if not array.is_labels]


def _only_set(arrays, folder):
    """Returns {split: (pictures, labels or None)} of the only set of pictures among the arrays.

    Raises DataError if there are several sets, or if there are no training pictures.
    """
    pictures = [array for array in _pictures(arrays) if array.split != "validation"]
    counts = collections.Counter(array.split for array in pictures)
    if len({array.set for array in pictures}) > 1 or max(counts.values(), default=0) > 1:
        raise DataError(f"{folder} holds several sets of pictures: {_list_sets(pictures, folder)}.")
    chosen = {array.split: (array, _labels_of(array, arrays)) for array in pictures}
    if "train" not in chosen:
        names = messages.short(", ".join(array.path.name for array in _pictures(arrays)))
        raise DataError(f"{folder} holds test pictures only ({names}); put the training pictures there, too.")
    train, test = (chosen.get(split, chosen["train"])[0] for split in ("train", "test"))
    if train.shape[1:] != test.shape[1:]:
        sizes = [" x ".join(map(str, array.shape[1:])) for array in (train, test)]
        raise DataError(f"{folder}: training pictures are {sizes[0]}, test pictures {sizes[1]}; they must be the same.")
    for array in arrays:
        if not any(array is each for pair in chosen.values() for each in pair):
            logging.info("%s is not used", array.where)
    return chosen


def _list_sets(pictures, folder):
    """Names several sets of pictures, and says what to do."""
    places = sorted({array.path.parent.relative_to(folder).as_posix() for array in pictures})
    if len(places) > 1:
        return f"{messages.short(', '.join(places))}; name one of these folders with --data_dir"
    names = sorted({array.set or array.name for array in pictures})
    if len(names) == 1:
        names = sorted(array.name for array in pictures)
    return f"{messages.short(', '.join(names))}; leave one there and move the others away"


def _labels_of(pictures, arrays):
    """Returns the labels that belong to an array of pictures: by name, then by count. None if there are none."""
    labels = [array for array in arrays if array.is_labels and array.split == pictures.split]
    same_set = [array for array in labels if array.set == pictures.set] or labels
    same_count = [array for array in same_set if array.shape[0] == pictures.shape[0]] or same_set
    found = same_set if len(same_set) == 1 else same_count
    if len(found) > 1:
        names = messages.short(", ".join(Path(array.name).name for array in found))
        raise DataError(f"{pictures.where}: there are several files of labels, {names}; leave one there.")
    return found[0] if found else None


def _from_arrays(split, chosen, folder):
    """Returns one split of a set of pictures as a `Dataset`; `chosen` is what `_only_set` returns."""
    part = "test" if split == "test" and "test" in chosen else "train"
    file, labels_file = chosen[part]
    pixels = idx.upright(idx.pictures(file.read(), file.where, file.what), file.name)
    labels, classes = None, ()
    if labels_file:
        values = idx.labels(labels_file.read(), labels_file.where)
        if len(values) != len(pixels):
            name = Path(labels_file.where).name
            pictures, labels = messages.counted(len(pixels), "picture"), messages.counted(len(values), "label")
            raise DataError(f"{file.where} holds {pictures}, {name} {labels}.")
        labels, classes = _classified(values, labels_file, chosen["train"][1])
    source = f"IDX files in {folder}" if file.what == "IDX" else str(file.path)
    keep = slice(None)
    if part == "train":
        idx.enough(pixels, file.where)
        if _is_mnist(pixels):
            keep = {"train": slice(VALIDATION_SIZE, None), "validation": slice(VALIDATION_SIZE)}.get(split)
            if not keep:
                raise DataError(f"{folder} holds MNIST's training pictures only; put t10k-images there, too.")
        elif split == "validation":
            keep = slice(0)
        elif "test" not in chosen:
            keep = dataset.held_out(map(str, range(len(pixels)))) == (split == "test")
            source += ", a tenth held out for tests"
    made = dataset.make("custom", source, pixels[keep], None if labels is None else labels[keep], classes)
    return dataclasses.replace(made, name="mnist", classifier="mnist") if made.digest == DIGESTS[split] else made


def _is_mnist(pixels):
    parts = {"validation": pixels[:VALIDATION_SIZE], "train": pixels[VALIDATION_SIZE:]}
    return pixels.shape == (60_000, 28, 28, 1) and all(
        hashlib.sha256(np.ascontiguousarray(part)).hexdigest() == DIGESTS[split] for split, part in parts.items()
    )


def _classified(values, file, train):
    """Returns labels as places in the classes, and the names of the classes: those of the training labels, if any."""
    known = values if train in (None, file) else idx.labels(train.read(), train.where)
    codes, classes = idx.classes(known, (train or file).name)
    places = {str(code): place for place, code in enumerate(codes)}
    distinct, inverse = np.unique(values, return_inverse=True)
    for value in distinct:
        if str(value) not in places:
            raise DataError(f"{file.where} has a label {messages.short(str(value))}, but no training picture has it.")
    return np.array([places[str(value)] for value in distinct])[inverse], classes


def _what_is_there(place, arrays, others):
    """Says in one line what a folder or file without pictures in MNIST's format holds, and what to do."""
    for name, folder in tfds.found(place):
        return f"{place} holds {name}, prepared by tensorflow-datasets: use --dataset=tfds:{name} --data_dir={folder}"
    counts = collections.Counter(["label file"] * len(arrays) + others)
    if not counts:
        return f"{place} is empty. {WAYS_OUT}"
    words = [
        f"{count:,} {name if count == 1 else _plural(name)}"
        for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
    words = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    hint = f". {WAYS_OUT}"
    if any(name.endswith("picture") for name in counts):
        hint = f"; for a folder of pictures use --dataset=folder --data_dir={place}"
    elif "zip archive" in counts or "tar archive" in counts:
        hint = "; unpack the archive first"
    return f"{place} holds {words}, no pictures in MNIST's format{hint}"


def _plural(name):
    return name.replace("file", "files", 1) if "file" in name else f"{name}s"
