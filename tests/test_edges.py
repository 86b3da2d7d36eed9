"""Edges that users found: what a command says and does at each. A message is one line and says what to do."""

import errno
import fcntl
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from command_line import forked, last_line_of_failure
from PIL import Image

from gan_tf import data, keras_file, locks, messages, restore
from gan_tf.data import cache, furniture, npz
from gan_tf.messages import SettingError
from gan_tf.metrics import solids, table
from gan_tf.noise import USER_NOISE, stream_noise
from gan_tf.runs import command_line, files, folder, report, training_command
from gan_tf.runs.checkpoints import Checkpoints
from gan_tf.runs.config import REFERENCE, RunError
from gan_tf.runs.exported import exporting
from gan_tf.sweeps import worker
from gan_tf.zoo import __main__ as zoo
from gan_tf.zoo import gan_3d, semi_supervised
from tests.runs.page import answers

FLAGS = {"seed": None, "sample_every": 250, "iters": 3}
CONFIG = {"gan": REFERENCE, "flags": FLAGS, "data": {"digest": "abc"}}


def error_of(result):
    """The one line that says what is wrong."""
    line = last_line_of_failure(result)
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


# ---- A disk without flock ----


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def no_flock(request, monkeypatch):
    """A file system that refuses flock."""

    def flock(*given):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)


def test_a_run_on_a_disk_without_flock(no_flock, tmp_path):
    """It has its folder alone, writes as everywhere, and leaves no lock behind."""
    path = tmp_path / "out"
    folder.check(path, FLAGS, overwrite=False)
    with folder.Run(path, CONFIG) as run:
        for use in (lambda: folder.check(path, FLAGS, overwrite=True), lambda: folder.Run(path, CONFIG)):
            with pytest.raises(RunError, match="in use by another run; wait for it, or name another folder"):
                use()
        with run.writing_grid("000.png") as picture:
            picture.touch()
        with exporting(path):
            run.check_folder()
        assert sorted(os.listdir(path)) == ["000.png", "checkpoints", "config.json", locks.NAME]
    assert sorted(os.listdir(path)) == ["000.png", "checkpoints", "config.json"]
    with files.temporary_folder(tmp_path, "x", re.compile("")) as new:
        assert new.is_dir()


def note_of(process, begun, machine=None):
    """What a lock says of a process of this machine, or of another one."""
    return json.dumps(locks._me() | {"process": process, "begun": begun, "token": "0"} | (machine or {}))


def test_a_lock_of_a_process_that_has_ended(no_flock, tmp_path):
    """The next run on the same machine takes over; also when the number has been given to another process."""
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    begun = locks._process(os.getpid())["begun"]
    for note in (note_of(ended.pid, begun), note_of(os.getpid(), "1")):
        (tmp_path / locks.NAME).write_text(note)
        lock = locks.FolderLock(tmp_path)
        assert json.loads((tmp_path / locks.NAME).read_text())["process"] == os.getpid()
        lock.release()
        assert os.listdir(tmp_path) == []


def test_a_killed_process_that_nobody_waits_for_has_ended(tmp_path):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it has ended, and stays in the list of processes
    assert Path(f"/proc/{child}/stat").exists() and locks._process(child) == {"process": None}
    os.waitpid(child, 0)


def test_a_lock_of_another_machine_or_a_damaged_one(no_flock, tmp_path):
    """Only the user knows whether that run lives. The message names the file."""
    for note, whose in (
        (note_of(1, "1", {"machine": "node17 pid:[4026531836]"}), "a run on node17"),
        ("", "another run"),
        ('{"machine": 3}', "another run"),
    ):
        (tmp_path / locks.NAME).write_text(note)
        with pytest.raises(RunError) as caught:
            folder.check(tmp_path, FLAGS, overwrite=True)
        words = f"is in use by {whose}; if that run has ended, delete {tmp_path / locks.NAME}."
        assert str(caught.value) == f"--out_dir={tmp_path} {words}"
        assert (tmp_path / locks.NAME).read_text() == note


def test_who_loses_its_lock_stops(no_flock, tmp_path):
    """As when a user deletes the lock of a run that lives."""
    with folder.Run(tmp_path, CONFIG) as run:
        (tmp_path / locks.NAME).unlink()
        folder.check(tmp_path, FLAGS, overwrite=False)
        other = folder.Run(tmp_path, CONFIG)
        with pytest.raises(RunError, match="was taken by another run while this run used it; the run has ended"):
            run.check_folder()
        other.check_folder()
    other.check_folder()
    other.close()
    assert not (tmp_path / locks.NAME).exists()


@pytest.mark.parametrize(("number", "function"), [(errno.ENOSYS, "write_text"), (errno.EIO, None)])
def test_no_empty_folder_stays_behind(number, function, tmp_path, monkeypatch):
    """Neither when the lock fails, nor when config.json cannot be written."""

    def fail(*given, **named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    if function:
        monkeypatch.setattr(Path, function, fail)
    with pytest.raises(RunError, match=f"{os.strerror(number)}") as caught:
        folder.Run(tmp_path / "a" / "out", CONFIG)
    assert f"--out_dir={tmp_path}/a/out cannot be " in str(caught.value) and "name another" in str(caught.value)
    assert os.listdir(tmp_path) == []
    (tmp_path / "mine").mkdir()
    with pytest.raises(RunError):
        folder.Run(tmp_path / "mine", CONFIG)
    assert os.listdir(tmp_path) == ["mine"] and not os.listdir(tmp_path / "mine")


def test_a_sweep_waits_on_a_disk_without_flock(no_flock, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "WAIT", 0)
    worker.wait_for_lock(tmp_path)
    assert os.listdir(tmp_path) == []
    monkeypatch.setattr(worker, "WAIT", 60)
    naps, lock = [], locks.FolderLock(tmp_path)
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: (naps.append(seconds), lock.release()))
    worker.wait_for_lock(tmp_path)
    assert len(naps) == 1


def test_the_cache_on_a_disk_without_flock(no_flock, tmp_path, monkeypatch, caplog):
    """Two processes could spoil it, so it is not used. The log says what to do."""
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path))

    def make():
        yield np.ones([2, 2, 1], np.uint8)
        return {}

    pixels, _ = cache.cached("key", (2, 2, 1), make)
    assert pixels.sum() == 4
    assert f"the disk of {tmp_path} cannot lock files; name a folder on another with GAN_TF_CACHE_DIR" in caplog.text


# ---- Checkpoints that are named ----


def test_divergence_before_the_first_checkpoint(tmp_path):
    """No checkpoint is named, because there is none. Later the last one is."""
    states = Checkpoints(tmp_path / "checkpoints")
    with folder.Run(tmp_path, CONFIG) as run:
        assert run.resume(states) == 0
        for saved, words in (
            (0, f"{tmp_path} has no checkpoint yet, so add --overwrite to start again."),
            (2, f"The last good checkpoint of {tmp_path} is the one at 2."),
        ):
            if saved:
                run.save(states, saved)
            with pytest.raises(RunError) as caught:
                run.write_losses(2, np.float32([[np.nan, 1]]), [0.1])
            start = "d_loss nan, g_loss 1.0 at iteration 2: the training has diverged; try smaller learning rates."
            assert str(caught.value) == f"{start} {words}"
            assert not saved or (tmp_path / "checkpoints" / f"{saved}.index").exists()


DIVERGING = ("--data_dir=data", "--nojit", "--batch_size=8", "--iters=20", "--sample_every=1", "--log_every=1000")
DIVERGING += ("--d_optimizer=adam", "--g_optimizer=adam", "--d_lr=1e36", "--g_lr=1e30")


def test_the_command_that_diverges(tmp_path):
    write_idx(tmp_path / "data", np.arange(64) % 10)
    line = error_of_text(forked("gan_tf.train", *DIVERGING, "--out_dir=out", cwd=tmp_path))
    assert "the training has diverged" in line
    assert line.endswith("out has no checkpoint yet, so add --overwrite to start again.")
    assert os.listdir(tmp_path / "out" / "checkpoints") == []
    for module in ("gan_tf.sample", "gan_tf.evaluate", "gan_tf.report", "gan_tf.export"):
        line = error_of(forked(module, "--run_dir=out", cwd=tmp_path))
        assert line == "--run_dir=out has no checkpoint yet; wait for its first, or train it further."


def error_of_text(result):
    """As `error_of`, of a command that has printed losses."""
    assert result.returncode == 1 and "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1].removeprefix("error: ")


def test_what_to_do_after_an_error_of_the_disk(tmp_path):
    """Only a run that has a checkpoint is said to resume from one."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError), training_command._saying_how_to_resume(tmp_path, False):
        raise full
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "10.index").touch()
    for overwrite, command_of_it in ((False, "the same command"), (True, "the same command without --overwrite")):
        with pytest.raises(RunError) as caught, training_command._saying_how_to_resume(tmp_path, overwrite):
            raise full
        words = f"Fix this, then run {command_of_it} to resume from the last checkpoint."
        assert str(caught.value) == f"[Errno 28] No space left on device. {words}"


# ---- Classes that the data do not have ----


def write_idx(folder, labels, part="train"):
    """Pictures with `labels` in MNIST's format."""
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, [len(labels), 28, 28])
    name = {"train": "train", "test": "t10k"}[part]
    for kind, array in (("images-idx3", pixels), ("labels-idx1", np.asarray(labels))):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / f"{name}-{kind}-ubyte").write_bytes(header + array.astype(np.uint8).tobytes())


def test_a_class_that_a_conditional_gan_never_saw(tmp_path):
    """It is refused before TensorFlow is imported, and said in the log where all classes are drawn."""
    write_idx(tmp_path / "data", np.arange(64) % 3)
    flags = ("--width=1", "--batch_size=4", "--nojit", "--iters=1", "--sample_every=1", "--data_dir=data")
    trained = forked("gan_tf.zoo.conditional", *flags, "--out_dir=out", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    words = "the training data have no 3, 4, 5, 6, 7, 8, 9: what this GAN draws when asked for that means nothing"
    assert f"WARNING {words}" in trained.stderr
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["data"]["occurred"] == ["0", "1", "2"] and config["data"]["classes"] == list("0123456789")

    (tmp_path / "samples.png").touch()
    result = forked("gan_tf.sample", "--run_dir=out", "--condition=7", cwd=tmp_path)
    assert error_of(result) == "--condition=7: the training data have no 7; ask for one of 0, 1, 2."
    assert "importing" not in result.stderr
    assert error_of(forked("gan_tf.sample", "--run_dir=out", "--caption=x", cwd=tmp_path)).startswith(
        "--caption=x: this"
    )
    sampled = forked("gan_tf.sample", "--run_dir=out", "--condition=1", "--count=4", "--out=1.png", cwd=tmp_path)
    assert sampled.returncode == 0 and "WARNING" not in sampled.stderr
    sampled = forked("gan_tf.sample", "--run_dir=out", "--count=1", "--columns=1", "--out=all.png", cwd=tmp_path)
    assert "the training data had no 3, 4, 5, 6, 7, 8, 9: what is drawn there means nothing" in sampled.stderr
    assert sampled.stderr.endswith("1 sample in all.png\n") and "after 1 iteration\n" in sampled.stderr

    del config["data"]["occurred"]  # as in a run of an older version
    (tmp_path / "out" / "config.json").write_text(json.dumps(config))
    sampled = forked("gan_tf.sample", "--run_dir=out", "--condition=7", "--count=4", "--out=7.png", cwd=tmp_path)
    assert sampled.returncode == 0 and (tmp_path / "7.png").exists() and "WARNING" not in sampled.stderr


def config_of(**about):
    """What config.json of a conditional GAN says."""
    return {"gan": {"name": "conditional"}, "data": {"classes": ["a", "b", "c"]} | about}


def test_which_conditions_are_known():
    assert restore.check_condition(config_of(occurred=["a", "c"]), "c") and restore.check_condition(config_of(), "b")
    for config, condition, words in (
        (config_of(occurred=["a", "c"]), "b", "the training data have no b; ask for one of a, c"),
        (config_of(occurred=["a", "c"]), "d", "this GAN can be asked for a, b, c; not for 'd'"),
    ):
        with pytest.raises(ValueError) as caught:
            restore.check_condition(config, condition)
        assert str(caught.value) == words
    assert not restore.check_condition(config_of() | {"gan": {"name": "dcgan"}}, "x")
    assert not restore.check_condition(config_of(classes=[]), "x")
    assert restore.never_seen(config_of(occurred=["a", "c"])) == ["b"] and not restore.never_seen(config_of())
    assert not restore.never_seen(config_of(occurred=[]) | {"gan": {"name": "dcgan"}})


def test_a_damaged_note_of_the_classes(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "10.index").touch()
    config = {"flags": {"dataset": "glyphs"}, "data": {"occurred": [7]}, "gan": REFERENCE}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(restore.LoadError, match=r"it says \[7\] where the names of the classes belongs; put the file"):
        restore.check_run(tmp_path)


def test_which_labels_would_do():
    labels = np.repeat(np.arange(10), [9, 5, 9, 9, 9, 9, 9, 9, 9, 9])
    for missing, count, words in (
        (None, 15, "--labelled must be a multiple of 10, not 15: use --labelled=20."),
        (None, 60, "there are only 5 images of the digit 1, not 6: use --labelled=50."),
        (7, 10, "there are no images of the digit 7, not 1: add some, or use data with all ten digits."),
    ):
        with pytest.raises(ValueError) as caught:
            semi_supervised.choose_labelled(labels[labels != missing], count, 0)
        assert str(caught.value) == words
    assert len(semi_supervised.choose_labelled(labels, 50, 0)) == 50


@pytest.mark.parametrize("label", [26, 255])
def test_labels_are_refused_before_tensorflow_is_imported(label, tmp_path):
    """A stray label is a class of its own, with too few images, or one that the training pictures lack."""
    labels = np.where(np.arange(200) % 10 == 9, 0, np.arange(200) % 10)
    write_idx(tmp_path / "data", np.where(np.arange(200) == 9, label, labels))
    result = forked("gan_tf.zoo.semi_supervised", "--data_dir=data", "--labelled=50", cwd=tmp_path)
    assert error_of(result).startswith("there are ") and "importing" not in result.stderr
    assert re.search(r"(only \d|no) images of the digit 9, not 5: (use --labelled=10|add some)", result.stderr)

    write_idx(tmp_path / "data", np.arange(200) % 10)
    write_idx(tmp_path / "data", np.full(100, label), "test")
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "10.index").touch()
    config = CONFIG | {"flags": {"dataset": "mnist", "data_dir": "data"}, "gan": REFERENCE | {"name": "dcgan"}}
    config["data"] = {"shape": [28, 28, 1]}
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    for module in ("gan_tf.zoo.completion", "gan_tf.zoo.editing", "gan_tf.evaluate"):
        result = forked(module, "--run_dir=run", cwd=tmp_path)
        words = f"data/t10k-labels-idx1-ubyte has a label {label}, but no training picture has it."
        assert error_of(result) == words and "importing" not in result.stderr


def test_a_refusal_says_what_to_change():
    """A GAN says it itself. Any other ValueError is a mistake in the code, whose place a user wants to see."""
    with pytest.raises(RunError, match="^9 pairs are more than the 4 there are; change --pairs.$"):
        with training_command._refusals():
            raise SettingError("9 pairs are more than the 4 there are; change --pairs.")
    with pytest.raises(ValueError, match="^a layer of Keras says that a batch_size must be$") as caught:
        with training_command._refusals():
            raise ValueError("a layer of Keras says that a batch_size must be")
    assert not isinstance(caught.value, SettingError)


@pytest.mark.parametrize(
    ("member", "examples", "flags", "words"),
    [
        ("cyclegan", np.zeros([4, 28, 28, 1], np.uint8), {"batch_size": 101}, "; use --batch_size=100 at most."),
        ("gan_3d", np.zeros([5, 4096], np.uint8), {"batch_size": 4}, "; change --batch_size."),
        ("imitation", np.zeros([4, 5], np.float32), {"batch_size": 5}, "; change --batch_size."),
        ("imitation", np.zeros([4, 5], np.float32), {"batch_size": 2, "pairs": 9}, "; change --pairs."),
        ("seqgan", np.zeros([4, 20], np.int32), {"batch_size": 5}, "; change --batch_size."),
        ("sngan", None, {"clip": 0.5}, ": add --nospectral_norm."),
    ],
)
def test_members_name_the_flag(member, examples, flags, words):
    labels = None if examples is None else np.zeros(len(examples), np.int64)
    with pytest.raises(SettingError, match=re.escape(words) + "$"):
        importlib.import_module(f"gan_tf.zoo.{member}").make(examples, labels, **flags)


# ---- Files of Keras ----


def test_the_old_format_of_keras(tmp_path):
    """Saved as Keras 2 saves: the whole network, or only its weights."""
    model = keras.Sequential([keras.Input([100]), keras.layers.Dense(784, "sigmoid")])
    model.save(tmp_path / "g.h5")
    model.save_weights(tmp_path / "g.weights.h5")
    result = forked("gan_tf.sample", "--generator=g.h5", cwd=tmp_path)
    convert = "keras.models.load_model('g.h5').save('g.keras')"
    assert error_of(result) == f"--generator=g.h5 is in the old HDF5 format; convert it in Python: {convert}."
    assert "importing" not in result.stderr
    code = convert.replace("'g.", f"'{tmp_path}/g.")
    exec(code, {"keras": keras})
    assert keras_file.load_generator(tmp_path / "g.keras", "generator").shape == (28, 28, 1)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").touch()
    for name, words in (
        (
            "g.weights.h5",
            "is HDF5 without a network, perhaps only weights; where the network is made, load them and save",
        ),
        ("saved", "is a folder, not a file; save the model itself as a Keras file, such as generator.keras."),
    ):
        with pytest.raises(restore.LoadError) as caught:
            keras_file.check_keras_file(tmp_path / name, "generator")
        assert str(caught.value).startswith(f"--generator={tmp_path / name} {words}")
    (tmp_path / "broken.h5").write_bytes((tmp_path / "g.h5").read_bytes()[:100])
    with pytest.raises(restore.LoadError, match="is no Keras file, or it is damaged"):
        keras_file.check_keras_file(tmp_path / "broken.h5", "generator")


def test_a_generator_of_solids_draws_no_pictures(tmp_path):
    """Its 4096 cubes would make a square of 64x64."""
    gan_3d.make(width=1).objects["generator"].save(tmp_path / "solids.keras")
    with pytest.raises(
        restore.LoadError, match=r"solids.keras makes solids, no pictures; name its run with --run_dir\.$"
    ):
        keras_file.load_generator(tmp_path / "solids.keras", "generator")


# ---- Numbers, words, pages ----


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-605.0190343125983645, 7.2e-15, "-605.019 ± 7.2e-15"),
        (0.0012345678, 1.2e-11, "0.00123457 ± 1.2e-11"),
        (0, 7.2e-15, "0 ± 7.2e-15"),
        (1e-20, 1e-22, "1e-20 ± 1e-22"),
        (1.0000005031, 6.2e-9, "1 ± 6.2e-09"),  # as in a table of the zoo
        (404.11532, 0.0002, "404.115 ± 0.0002"),
        (1.000043, 0.00002, "1.000043 ± 0.000020"),
        (-605.0190343, 0.072, "-605.019 ± 0.072"),
        (123456.7, 85, "123457 ± 85"),
        (0, 0.00025, "0.00000 ± 0.00025"),
        (9.7512, 0.0346, "9.751 ± 0.035"),
        (0.25, 0, "0.25"),
        (0.25, None, "0.25"),
        (float("nan"), 0.1, "nan ± 0.10"),
    ],
)
def test_a_value_has_no_endless_digits(value, error, text):
    """At most seven, and six where the error is tiny."""
    assert table.rounded(value, error) == text


def test_one_is_not_many(tmp_path, caplog):
    assert [messages.counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    (tmp_path / "a.txt").touch()
    with pytest.raises(data.DataError, match=r"holds no pictures .*, but 1 other file \(1 \.txt\)\.$"):
        data.load("folder", tmp_path, cache=False)
    for index in range(3):
        Image.new("L", (16, 16), 100 * index).save(tmp_path / f"{index}.png")
    (tmp_path / "bad.png").touch()
    with caplog.at_level("INFO"):
        data.load("folder", tmp_path, cache=False, size=16)
    assert {"1 file is skipped: bad.png (empty)", "1 other file is no picture: 1 .txt"} <= set(caplog.messages)
    np.savez(tmp_path / "one.npz", images=np.zeros([1, 28, 28, 1], np.float32))
    np.savez(tmp_path / "long.npz", images=np.full([100, 28, 28, 1], 1 / 3 + 1))
    for name, words in (("one", "1 image is too few, it takes"), ("long", "its values are 1.33333 to 1.33333, not in")):
        with pytest.raises(data.DataError, match=words):
            npz.read_images(tmp_path / f"{name}.npz", 1000, (28, 28, 1))


def page_of(trained, iters):
    """The page of a run without pictures."""
    content = {"gan": "reference", "trained": trained, "data": {"name": "mnist", "images": 1, "classifier": None}}
    content |= {"machine": {}, "settings": [["iters", iters, True], ["seed", 1, False]], "explained": {}, "grids": []}
    content |= {"colour": False, "within": False, "links": [None, None], "charts": [], "metrics": None}
    none = {"generator": None, "discriminator": None, "why": {}, "shape": [28, 28, 1]}
    none |= {"probability": False, "real": None}
    return report.page(content | {"networks": none}, "en")


@pytest.mark.parametrize(
    ("trained", "iters", "shown"),
    [(5000, 5000, "5,000"), (1, 20000, "20,000 (done: 1)"), (300, 200, "200 (done: 300)")],
)
def test_the_page_says_how_many_iterations_are_done(trained, iters, shown):
    rows, what = answers(page_of(trained, iters), "table('settings')", "words(made.what)")
    assert rows[0][:2] == ["Iterations", shown] and rows[1][:2] == ["Seed", "1"]
    plural = "1 iteration" if trained == 1 else f"{trained:,} iterations"
    assert f"trained for {plural} on 1 example of" in what


# ---- XLA's flags ----


XLA_SETTINGS = {  # what is set: what the line says in brackets
    "XLA_FLAGS=--xla_gpu_autotune_level=abc": "Couldn't interpret value abc for flag xla_gpu_autotune_level",
    "TF_XLA_FLAGS=--tf_xla_bad": "Unknown flag in TF_XLA_FLAGS: --tf_xla_bad",
}


def end_of_xla_check(monkeypatch, capsys, setting):
    """What `import_tensorflow` prints at its end with this environment, or None."""
    for name in ("XLA_FLAGS", "TF_XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(*setting.split("=", 1))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")  # as `import gan_tf` sets it: no errors of TensorFlow's
    try:
        command_line._check_xla_flags()
    except SystemExit as end:
        assert end.code == 1
        return capsys.readouterr().err
    return None


@pytest.mark.parametrize(
    ("setting", "what"),
    [pytest.param(*each, marks=pytest.mark.slow if each[0].startswith("TF_") else ()) for each in XLA_SETTINGS.items()],
)
def test_flags_that_xla_does_not_know(monkeypatch, capsys, setting, what):
    """One line instead of its abort, for both variables: with XLA itself."""
    line = end_of_xla_check(monkeypatch, capsys, setting)
    end = "; correct the environment variable, or unset it.\n"
    assert line == f"error: XLA does not understand {setting} ({what}){end}"


@pytest.mark.parametrize(
    "setting", [pytest.param("XLA_FLAGS=--xla_gpu_autotune_level=1", marks=pytest.mark.slow), "XLA_FLAGS= "]
)
def test_flags_that_xla_knows(monkeypatch, capsys, setting):
    assert end_of_xla_check(monkeypatch, capsys, setting) is None


@pytest.mark.parametrize(
    ("stderr", "what"),
    [
        ("F0000 x.cc:3] Unknown flag in XLA_FLAGS: --xla_bad=1\nusage", "Unknown flag in XLA_FLAGS: --xla_bad=1"),
        ('F0 a.cc:2] Could not open file "nowhere".\n', 'Could not open file "nowhere"'),
        ("Segmentation fault\n", "it ends the process"),
    ],
)
def test_other_ways_in_which_xla_ends(monkeypatch, capsys, stderr, what):
    """With what XLA printed when these were set."""
    done = SimpleNamespace(returncode=-6, stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    line = end_of_xla_check(monkeypatch, capsys, "XLA_FLAGS=abc")
    assert line.startswith(f"error: XLA does not understand XLA_FLAGS=abc ({what}); correct")


# ---- Solids ----


FEW_SOLIDS = """
import runpy
import numpy as np
from gan_tf.data import furniture

draw = furniture.draw
furniture.draw = lambda first, count: [np.resize(each, (count, *each.shape[1:])) for each in draw(first, 50)]
runpy.run_module("gan_tf.zoo.gan_3d", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def run_of_solids(tmp_path_factory):
    """A run of gan_3d with one iteration; its data are a few solids, again and again."""
    path = tmp_path_factory.mktemp("solids")
    flags = ("--width=1", "--batch_size=4", "--nojit", "--iters=1", "--out_dir=out")
    path.with_name("solids.py").write_text(FEW_SOLIDS)
    result = forked(str(path.with_name("solids.py")), *flags, cwd=path)
    assert result.returncode == 0, result.stderr
    return path


def test_samples_of_solids(run_of_solids):
    """Arrays hold the solids, pictures show them, and a seed gives the same ones."""
    cwd = run_of_solids
    for out in ("a.npz", "a.png", "a/"):
        result = forked("gan_tf.sample", "--run_dir=out", "--count=4", "--seed=5", f"--out={out}", cwd=cwd)
        assert result.returncode == 0, result.stderr
    a, side = np.load(cwd / "a.npz"), furniture.SIDE
    assert sorted(a) == ["noise", "solids"]
    np.testing.assert_array_equal(a["noise"], stream_noise(5, USER_NOISE, 4))
    assert a["solids"].shape == (4, side, side, side) and a["solids"].dtype == np.float32
    generator = keras.saving.load_model(cwd / "out" / "generator.keras")
    assert np.ptp(a["solids"], axis=0).max() > 1e-6, "an untrained G makes nearly the same solids"
    np.testing.assert_allclose(a["solids"].reshape(4, -1), generator(a["noise"]), rtol=1e-5)
    shown = solids.view(a["solids"])
    for index in range(4):
        picture = np.asarray(Image.open(cwd / "a" / f"{index:05}.png"))
        np.testing.assert_allclose(picture, 255 * shown[index, :, :, 0], atol=1)
    assert Image.open(cwd / "a.png").width > 4 * 28
    line = error_of(forked("gan_tf.sample", "--run_dir=out", "--condition=table", "--out=new.png", cwd=cwd))
    assert line == "--condition=table: this GAN cannot be asked for anything; leave this out."


def test_a_gan_of_solids_is_still_measured_by_its_own_scores():
    """It draws no pictures, so no score of pictures fits."""
    gan = gan_3d.make(width=1)
    assert gan.generate is None and gan.scores
    with pytest.raises(ValueError, match="draws no single images"):
        gan.sample(4)


# ---- What is checked first ----


def test_the_run_is_checked_before_the_output(run_of_solids, tmp_path):
    (tmp_path / "samples.png").touch()
    flags = ("--columns=4", "--count=4")
    for run, line in (
        ("nowhere", "--run_dir=nowhere does not exist; name the --out_dir of a run."),
        (run_of_solids / "out", "--out=samples.png exists; name another, or replace it with --overwrite."),
    ):
        result = forked("gan_tf.sample", f"--run_dir={run}", *flags, cwd=tmp_path)
        assert error_of(result) == line and "importing" not in result.stderr
    line = error_of(forked("gan_tf.sample", f"--run_dir={run_of_solids}/out", "--condition=7", *flags, cwd=tmp_path))
    assert line.startswith("--condition=7: this GAN cannot be asked")
    line = error_of(forked("gan_tf.sample", "--generator=nothing.keras", *flags, cwd=tmp_path))
    assert line.startswith("--generator=nothing.keras cannot be read")
    line = error_of(forked("gan_tf.sample", "--run_dir=nowhere", "--out=a.bmp", cwd=tmp_path))
    assert line.startswith("--out=a.bmp ends in .bmp")


# ---- The list of the zoo ----


def test_the_zoo_is_listed(tmp_path):
    """A line for each, at once, and without TensorFlow."""
    code = "import runpy, sys; sys.argv[1:] = []; sys.modules['tensorflow'] = None; sys.modules['keras'] = None;"
    code += "runpy.run_module('gan_tf.zoo', run_name='__main__', alter_sys=True)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == ""
    lines = re.findall(r"^  (\w+) +(\S.*\S)  +python -m gan_tf\.zoo\.(\w+)$", result.stdout, re.MULTILINE)
    assert {name for name, _, _ in lines} == {name for name in zoo.members()} > set(restore.GANS) - {"reference"}
    assert all(name == module for name, _, module in lines)
    assert ("dcgan", "DCGAN, a GAN of convolutions", "dcgan") in lines
    wrong = subprocess.run([sys.executable, "-m", "gan_tf.zoo", "dcgan"], capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stdout == "" and len(wrong.stderr.splitlines()) == 1
    assert wrong.stderr.startswith("error: write a dot before the name: python -m gan_tf.zoo.dcgan")
