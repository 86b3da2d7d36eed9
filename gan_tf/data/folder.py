"""Anybody's own pictures: a folder with PNG, JPEG, WebP, BMP and GIF files, in subfolders too."""

import collections
import concurrent.futures
import hashlib
import itertools
import os
import stat
import sys
import warnings
from pathlib import Path

import numpy as np
from absl import logging
from PIL import Image

from gan_tf import limits, messages
from gan_tf.data import cache
from gan_tf.data.dataset import DataError, Dataset, held_out
from gan_tf.data.fitting import fit

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # Pillow tells them by content
ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif")  # of the files that are opened
MOST_PIXELS = 2**27  # of a picture that is decoded; its decoded pixels take 0.5 GB
FEW = 1000  # pictures, below which the log says what to expect
NAMED = 3  # of the files that are skipped
AHEAD = 64  # pictures for each core that are decoded before they are needed
VERSION = 1  # raise it when this file or fitting.py reads pictures differently: then cached ones are read again


def load(split, data_dir, size, channels, keep=True):
    """Loads one split of the pictures in a folder, as a `Dataset` of pictures of `size` x `size` pixels.

    `gan_tf.data.fitting.fit` brings each picture to `size` and `channels`. If all pictures lie in subfolders, the
    subfolders of the first level are the classes. Otherwise there are no classes. A tenth of the pictures, by a hash of
    their names, is "test"; all others are "train", and "validation" has none. Names are relative to `data_dir`, so that
    a folder can move. Hidden files and folders are ignored, links are followed.

    Pictures are read once, on all cores, and kept in the cache folder (`keep`). They are read again if a name, a size
    or a time of a file has changed. Files that are no pictures, or damaged, are skipped; the log says how many, and
    names the first three. Raises DataError if there are less than two pictures, or if all are the same.
    """
    if not data_dir:
        raise DataError("--dataset=folder needs the folder of your pictures: name it with --data_dir.")
    root = Path(os.path.expanduser(data_dir))
    if not root.is_dir():
        raise DataError(f"--data_dir={data_dir} is {'a file' if root.exists() else 'not there'}; name a folder.")
    found, others, unreadable = _files(root)
    if not found:
        raise DataError(f"--data_dir={data_dir} holds no pictures{_what_else(root, others)}.")
    names = sorted(found)
    test = held_out(names)
    order = [*itertools.compress(names, ~test), *itertools.compress(names, test)]  # so that a split is one piece
    key = cache.key_of(
        VERSION, size, channels, [[name.encode(errors="surrogateescape").hex(), *found[name]] for name in order]
    )
    training = int((~test).sum())
    pixels, facts = cache.cached(
        key, (size, size, channels), lambda: _read_all(root, order, training, size, channels), keep
    )
    skipped = unreadable + [tuple(each) for each in facts["skipped"]]
    if split == "train":
        _log_skipped(skipped, others)
    if facts["kinds"] == 1 and len(pixels) > 1:
        raise DataError(f"--data_dir={data_dir}: all {len(pixels)} pictures are the same.")
    if len(pixels) < 2:
        words = f"{messages.counted(len(pixels), 'picture')} that can be read"
        raise DataError(f"--data_dir={data_dir} holds {words}, and a GAN needs at least 2.")
    first = facts["training"]
    if not 1 < first:  # a hash can hold out nearly all of two or three pictures
        first = len(pixels)
    if split == "train" and first < FEW:
        words = (
            "only %d pictures to train on: expect blurred or repeated ones, and copies of yours; %s or more are better"
        )
        logging.warning(words, first, f"{FEW:,}")
    classes = tuple(facts["classes"])
    keep_rows = {"train": slice(first), "validation": slice(0), "test": slice(first, None)}[split]
    labels = np.array(facts["labels"], np.int64)[keep_rows]
    digest = facts["digests"][split] if first == facts["training"] else hashlib.sha256(pixels[keep_rows]).hexdigest()
    return Dataset(pixels[keep_rows], labels, "folder", digest, f"{len(pixels):,} pictures in {data_dir}", classes)


def _files(root):
    """Returns ({name of a picture: [bytes, time]}, {ending of other files: count}, [(name, what is wrong)]).

    Names are relative to `root`, with / between folders.
    """
    found, others, wrong, seen = {}, collections.Counter(), [], set()

    def failed(error):
        wrong.append((os.path.relpath(error.filename, root), error.strerror))

    for place, folders, files in os.walk(root, onerror=failed, followlinks=True):
        here = os.stat(place)
        if (here.st_dev, here.st_ino) in seen:  # links can lead in a circle
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for file in files:
            path = os.path.join(place, file)
            name = os.path.relpath(path, root).replace(os.sep, "/")
            if file.startswith("."):
                continue
            if not file.lower().endswith(ENDINGS):
                others[os.path.splitext(file)[1].lower() or "no ending"] += 1
                continue
            try:
                about = os.stat(path)
            except OSError as error:
                wrong.append((name, "a link to nothing" if os.path.islink(path) else error.strerror))
                continue
            if not stat.S_ISREG(about.st_mode):  # to open a named pipe may take for ever
                wrong.append((name, "not an ordinary file"))
            else:
                found[name] = [about.st_size, about.st_mtime_ns]
    return found, others, wrong


def _read_all(root, names, training, size, channels):
    """Yields the pictures `names`, of which the first `training` are to train on; returns facts for `load`."""
    import tqdm

    nested = all("/" in name for name in names)
    classes = sorted({name.split("/")[0] for name in names}) if nested else []
    places = {name: place for place, name in enumerate(classes)}
    facts = {"classes": [_shown(each) for each in classes], "labels": [], "skipped": [], "training": 0}
    digests = {split: hashlib.sha256() for split in ("train", "validation", "test")}
    kinds = set()
    logging.info("reading %s, only the first time", messages.counted(len(names), "picture"))
    bar = tqdm.tqdm(total=len(names), unit="pictures", leave=False, disable=not sys.stderr.isatty())
    with concurrent.futures.ThreadPoolExecutor(limits.cores()) as threads, bar:
        waiting, coming = collections.deque(), iter(names)
        for place in range(len(names)):
            for name in itertools.islice(coming, AHEAD * limits.cores() - len(waiting)):
                waiting.append((name, threads.submit(_read, root / name, size, channels)))
            name, result = waiting.popleft()
            picture = result.result()
            bar.update()
            if isinstance(picture, str):
                facts["skipped"].append((_shown(name), picture))
                continue
            split = "train" if place < training else "test"
            facts["training"] += split == "train"
            facts["labels"].append(places[name.split("/")[0]] if nested else 0)
            digests[split].update(picture)
            if len(kinds) < 2:
                kinds.add(hashlib.sha256(picture).digest())
            yield picture
    return facts | {"kinds": len(kinds), "digests": {split: each.hexdigest() for split, each in digests.items()}}


def _read(path, size, channels):
    """Returns a picture as uint8 [size, size, channels], or in words what is wrong with the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures, and of damage that does not matter
            with Image.open(path, formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return f"{picture.width}x{picture.height} pixels are too many"
                picture.draft("RGB", (2 * size, 2 * size))  # JPEG only: decodes fewer pixels, at least so many
                return np.ascontiguousarray(fit(picture, size, channels))
    except Image.UnidentifiedImageError:
        return "empty" if not os.path.getsize(path) else "no picture that can be read"
    except Image.DecompressionBombError:
        return "too many pixels"
    except Exception as error:  # Pillow has one of its own for each kind of damage
        return getattr(error, "strerror", None) or messages.short(messages.reason(error))


def _shown(name):
    """A file's name as text: bytes that are no text are shown as \\xb1."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _log_skipped(skipped, others):
    if skipped:
        named = "; ".join(f"{_shown(name)} ({problem})" for name, problem in skipped[:NAMED])
        more = ", …" if len(skipped) > NAMED else ""
        are = "is" if len(skipped) == 1 else "are"
        logging.warning("%s %s skipped: %s%s", messages.counted(len(skipped), "file"), are, named, more)
    if others:
        count = sum(others.values())
        are = "is no picture" if count == 1 else "are no pictures"
        logging.info("%s %s: %s", messages.counted(count, "other file"), are, _kinds(others))


def _kinds(others):
    return ", ".join(f"{count} {ending}" for ending, count in others.most_common(3)) + ", …" * (len(others) > 3)


def _what_else(root, others):
    """What a folder without pictures holds, and what to do, for the end of a message."""
    if not others:
        return " (PNG, JPEG, WebP, BMP or GIF): it has no files at all"
    count = messages.counted(sum(others.values()), "other file")
    words = f" (PNG, JPEG, WebP, BMP or GIF), but {count} ({_kinds(others)})"
    arrays = any(ending in (".gz", ".npz", ".npy") or "ubyte" in ending for ending in others)
    return words + ("; files in MNIST's format need --dataset=mnist" if arrays else "")
