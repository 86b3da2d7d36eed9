"""gan_tf.runs.files: files that are written whole, and names that TensorFlow takes."""

import os
import re
from pathlib import Path

import pytest

from gan_tf.runs import files


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_whole_or_not_at_all(durable, tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(OSError, match="disk full"), files.replacing(target, durable) as path:
        path.write_text("half")
        raise OSError("disk full")
    assert os.listdir(tmp_path) == ["a.txt"] and target.read_text() == "old"
    with files.replacing(target, durable) as path, files.replacing(target, durable) as other:
        path.write_text("first")
        other.write_text("second")
        assert path != other and path.suffix == ".txt", "two processes may write the same file"
        assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"] and target.read_text() == "first"


@pytest.mark.parametrize("before", [[], ["a.txt"]])
def test_a_new_file_whose_name_is_not_on_the_disk_is_not_there(before, tmp_path, monkeypatch):
    """It failed, and the same command must be able to try again; what was there before is whole."""
    for name in before:
        (tmp_path / name).write_text("old")
    sync = files.sync

    def full(path):
        if path == tmp_path:
            raise OSError("disk full")
        sync(path)

    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(OSError, match="disk full"), files.replacing(tmp_path / "a.txt") as path:
        path.write_text("new")
    assert os.listdir(tmp_path) == before


def test_what_killed_processes_left_is_removed(tmp_path):
    """And nothing else: another process may be writing the same file."""
    for name in ("new-0123abcd-a.txt", "new-0123abcd-b.txt", "new-house-a.txt", "new-a.txt"):
        (tmp_path / name).touch()
    with files.replacing(tmp_path / "a.txt") as other, files.replacing(tmp_path / "a.txt") as path:
        assert other.exists() and path.exists()
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "new-0123abcd-b.txt", "new-a.txt", "new-house-a.txt"]


def test_folders_that_killed_processes_left_are_removed(tmp_path):
    """Not those that a process is writing, links, nor what somebody else may have put there."""
    pattern = re.compile(r"\d\.png")
    stale = ["new-00000000-x", "new-00000001-x"]  # the second was killed before it wrote anything
    others = ["new-00000002-x", "new-00000003-y", "new-house-x", "0.png", "new-0000000-x"]
    for name in stale + others:
        (tmp_path / name).mkdir()
    for name in ("new-00000000-x/1.png", "new-00000002-x/1.png", "new-00000002-x/photo.jpg", "new-00000003-y/1.png"):
        (tmp_path / name).touch()
    (tmp_path / "new-00000004-x").touch()
    (tmp_path / "new-00000005-x").symlink_to("0.png")
    others += ["new-00000004-x", "new-00000005-x"]
    with files.temporary_folder(tmp_path, "x", pattern) as first, files.temporary_folder(tmp_path, "x", pattern) as new:
        for path in (first, new):
            (path / "1.png").touch()
        assert sorted(os.listdir(tmp_path)) == sorted([*others, first.name, new.name])
        new.rename(tmp_path / "final")
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "final"])
    assert os.listdir(tmp_path / "final") == ["1.png"] and len(os.listdir(tmp_path / "new-00000002-x")) == 2


@pytest.mark.parametrize(("module", "function"), [(Path, "mkdir"), (files.fcntl, "flock")])
def test_a_folder_that_is_taken_for_a_stale_one_is_made_again(module, function, tmp_path, monkeypatch):
    """Until it is locked, another process may remove it: before it is opened, or after."""
    called, removed = getattr(module, function), []

    def lose(*given):
        called(*given)
        if not removed:
            removed.extend(tmp_path.iterdir())
            removed[0].rmdir()

    monkeypatch.setattr(module, function, lose)
    with files.temporary_folder(tmp_path, "x", re.compile("")) as path:
        assert path.is_dir() and path != removed[0]
    with pytest.raises(FileNotFoundError), files.temporary_folder(tmp_path, "x", re.compile("")):
        raise FileNotFoundError


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def name_of(descriptor):
        return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name

    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(name_of(fd)), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("renamed"), replace(*paths)))
    with files.replacing(tmp_path / "a.txt") as path:
        path.touch()
    assert done == [path.name, "renamed", tmp_path.name]


def test_folders_are_made_on_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(files, "sync", synced.append)
    files.make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"] and (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError):
            files.make_folder(path)


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(OSError):
            files.read_text(tmp_path / name)
    (tmp_path / "text").write_bytes(b"\xff\xc3\xa4")
    assert files.read_text(tmp_path / "text") == "\ufffdä"


@pytest.mark.parametrize("name", [b"plain", b"a[b]", b"a*?", b"a\\b", "ü".encode(), b"\xff"])
def test_names_that_tensorflow_takes(name, tmp_path):
    """It can write a file there and read it again, whatever the folder is called."""
    import tensorflow as tf

    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    for _ in range(2):
        usable = files.for_tensorflow(folder)
        tf.train.Checkpoint(a=tf.Variable(3.0)).write(f"{usable}/state")
        restored = tf.Variable(0.0)
        tf.train.Checkpoint(a=restored).read(f"{usable}/state").assert_consumed()
        assert restored.numpy() == 3 and sorted(os.listdir(folder)) == ["state.data-00000-of-00001", "state.index"]
    assert (usable == str(folder)) == (name == b"plain")
