"""gan_tf.data.cache: written whole or not at all, by one process at a time, and never in the way."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from gan_tf.data import cache

SHAPE = (4, 5, 3)
PICTURES = np.random.default_rng(0).integers(0, 256, [30, *SHAPE], np.uint8)

SLOW = """
import sys, time
import numpy as np
from gan_tf.data import cache

def make():
    print("making", flush=True)
    for number in range(30):
        yield np.full((4, 5, 3), number, np.uint8)
        time.sleep(float(sys.argv[1]))
    return {"by": sys.argv[2]}

pixels, facts = cache.cached("key", (4, 5, 3), make)
print(len(pixels), int(pixels[7, 0, 0, 0]), facts["by"], flush=True)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The cache folder. Neither it nor the folder around it is there at first."""
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "home" / "cache"))
    return tmp_path / "home" / "cache"


def maker(calls, pictures=PICTURES):
    def make():
        calls.append(len(pictures))
        yield from pictures
        return {"names": ["ä", "b"]}

    return make


def test_it_is_made_once(place):
    calls = []
    for _ in range(2):
        pixels, facts = cache.cached("key", SHAPE, maker(calls))
        np.testing.assert_array_equal(pixels, PICTURES)
        assert facts == {"names": ["ä", "b"], "count": 30} and isinstance(pixels, np.memmap)
    assert calls == [30]
    cache.cached("another", SHAPE, maker(calls, PICTURES[:3]))
    cache.cached("none", SHAPE, maker(calls, PICTURES[:0]))
    pixels, _ = cache.cached("none", SHAPE, maker(calls, PICTURES[:0]))
    assert calls == [30, 3, 0] and pixels.shape == (0, *SHAPE)


def test_without_keeping_nothing_is_written(place):
    pixels, facts = cache.cached("key", SHAPE, maker([]), keep=False)
    np.testing.assert_array_equal(pixels, PICTURES)
    assert facts == {"names": ["ä", "b"]} and not place.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / cache.PIXELS).write_bytes(b"short"),
        lambda folder: (folder / cache.PIXELS).unlink(),
        lambda folder: (folder / cache.FACTS).write_text("{"),
        lambda folder: (folder / cache.FACTS).write_text("{}"),
        lambda folder: (folder / cache.FACTS).unlink(),
    ],
)
def test_damage_is_made_again(place, damage):
    calls = []
    cache.cached("key", SHAPE, maker(calls))
    damage(place / "key")
    pixels, _ = cache.cached("key", SHAPE, maker(calls))
    np.testing.assert_array_equal(pixels, PICTURES)
    assert calls == [30, 30]


def test_an_error_while_making_leaves_nothing(place):
    def make():
        yield from PICTURES[:5]
        raise ValueError("a bad picture")

    with pytest.raises(ValueError, match="a bad picture"):
        cache.cached("key", SHAPE, make)
    assert not (place / "key").exists()
    pixels, _ = cache.cached("key", SHAPE, maker([]))
    np.testing.assert_array_equal(pixels, PICTURES)


def test_a_full_disk_is_no_obstacle(place, monkeypatch, caplog):
    """The pictures are made in memory, the log says so in one line, and no half file stays."""
    calls = []

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", full)
    pixels, _ = cache.cached("key", SHAPE, maker(calls))
    np.testing.assert_array_equal(pixels, PICTURES)
    assert calls == [30, 30] and not (place / "key").exists()
    assert caplog.messages == [
        "the pictures are not kept for the next start, because the cache cannot be used: "
        "[Errno 28] No space left on device"
    ]


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "file" / "cache"))
    pixels, _ = cache.cached("key", SHAPE, maker([]))
    assert len(pixels) == 30 and "the cache cannot be used" in caplog.messages[0]


def start(place, seconds, name):
    environment = os.environ | {"GAN_TF_CACHE_DIR": str(place)}
    command = [sys.executable, "-c", SLOW, str(seconds), name]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once(place):
    """The second waits for the first, and reads what it has written."""
    first = start(place, 0.03, "first")
    assert first.stdout.readline() == "making\n"
    second = start(place, 0, "second")
    assert first.communicate()[0] == second.communicate()[0] == "30 7 first\n"


def test_a_killed_process_leaves_nothing_that_counts(place):
    """The next one starts again, at once."""
    killed = start(place, 0.5, "killed")
    assert killed.stdout.readline() == "making\n"
    time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (place / "key" / cache.PIXELS).exists()
    assert start(place, 0, "next").communicate()[0] == "making\n30 7 next\n"


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.delenv("GAN_TF_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache.sys, "platform", "linux")
    assert cache.folder() == tmp_path / "gan_tf"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "gan_tf"
    monkeypatch.setattr(cache.sys, "platform", "darwin")
    assert cache.folder() == tmp_path / "Library" / "Caches" / "gan_tf"


def test_a_key_depends_on_all_its_parts():
    keys = {cache.key_of(*parts) for parts in ((1, "a"), (1, "b"), (2, "a"), ("1", "a"), (1, ["a"]))}
    assert len(keys) == 5 and cache.key_of(1, "a") in keys
