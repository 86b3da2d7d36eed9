"""Keeps pictures that take long to make in the user's cache folder: one file of pixels, and facts about them."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from absl import logging

from gan_tf import locks

PIXELS, FACTS = "pixels", "facts.json"


def folder():
    """Returns the cache folder: $GAN_TF_CACHE_DIR, or gan_tf in the folder that the system has for this."""
    if os.environ.get("GAN_TF_CACHE_DIR"):
        return Path(os.environ["GAN_TF_CACHE_DIR"]).expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Caches/gan_tf").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gan_tf"


def key_of(*parts):
    """Returns a name for what depends on `parts`, all of which JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def cached(key, shape, make, keep=True):
    """Returns (pixels uint8 [n, *shape], facts) that `make` makes, or that it made for the same `key` before.

    `make()` is a generator: it yields the pictures, uint8 `shape`, one after another, and returns the facts, a dict
    that JSON can hold. The array is mapped from a file in the cache folder, and takes memory only where it is read.

    The file is written whole or not at all: a process that is killed leaves nothing that counts, and the next one
    starts again. Two processes at once are safe: the second waits for the first. Without `keep`, or if the cache
    folder cannot be written (then the log says so), the array is made in memory. Errors of `make` are raised.
    """
    if keep:
        try:
            with _locked(folder() / key) as place:
                return _read(place, shape) or _write(place, shape, make)
        except _CacheError as error:
            logging.warning("the pictures are not kept for the next start, because the cache cannot be used: %s", error)
    pixels = []
    facts = _drain(make(), pixels.append)
    return np.array(pixels, np.uint8).reshape(-1, *shape), facts


class _CacheError(Exception):
    """The cache folder cannot be used."""


@contextlib.contextmanager
def _cache_errors():
    try:
        yield
    except OSError as error:
        raise _CacheError(error) from error


@contextlib.contextmanager
def _locked(place):
    """A context in which no other process uses a folder of the cache. The lock ends with the process that has it."""
    with _cache_errors():
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{place}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _cache_errors():
            if not locks.flock(lock):
                words = f"the disk of {place.parent} cannot lock files; name a folder on another with GAN_TF_CACHE_DIR"
                raise _CacheError(words)
        yield place
    finally:
        os.close(lock)


def _read(place, shape):
    """Returns what is in a folder of the cache, or None if it is not whole."""
    try:
        facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
        full = (int(facts["count"]), *shape)
        if (place / PIXELS).stat().st_size == math.prod(full):
            # No bytes cannot be mapped.
            pixels = np.memmap(place / PIXELS, np.uint8, "r", shape=full) if full[0] else np.empty(full, np.uint8)
            return pixels, facts
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _write(place, shape, make):
    """Writes a folder of the cache, and returns what is in it. FACTS comes last: without it the folder is not whole."""
    with _cache_errors():
        if place.exists():  # what a killed process, or a damaged disk, has left
            shutil.rmtree(place)
        place.mkdir()
        file = open(place / PIXELS, "wb")
    try:
        count = 0

        def add(picture):
            nonlocal count
            with _cache_errors():
                file.write(picture.tobytes())
            count += 1

        facts = _drain(make(), add) | {"count": None}
        facts["count"] = count
        with _cache_errors(), file:
            file.flush()
            os.fsync(file.fileno())
        with _cache_errors(), open(place / f"new-{FACTS}", "w", encoding="utf-8") as facts_file:
            json.dump(facts, facts_file)
            facts_file.flush()
            os.fsync(facts_file.fileno())
        with _cache_errors():
            os.replace(place / f"new-{FACTS}", place / FACTS)
    except BaseException:
        file.close()
        shutil.rmtree(place, ignore_errors=True)
        raise
    found = _read(place, shape)
    if found is None:
        raise _CacheError(f"{place} cannot be read again")
    return found


def _drain(generator, take):
    """Calls `take` with all that a generator yields, and returns what it returns."""
    while True:
        try:
            take(next(generator))
        except StopIteration as end:
            return end.value
