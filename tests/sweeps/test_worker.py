"""gan_tf.sweeps.worker: what it says of a run's stages, without training one."""

import fcntl
import json
import os
import sys

import numpy as np
import pytest

from gan_tf import data, restore
from gan_tf.gan import Gan
from gan_tf.metrics import classifier, sliced, table
from gan_tf.sweeps import worker


def test_a_run_is_finished_when_all_its_stages_are_there(tmp_path):
    assert worker.finished(tmp_path, []) and not worker.finished(tmp_path, [5, 10])
    for stage, finished in ((5, False), (10, True)):
        folder = worker.stage_folder(tmp_path, stage)
        folder.mkdir(parents=True)
        (folder / "stage.json").write_text("{}")
        assert worker.finished(tmp_path, [5, 10]) == finished


def test_after_a_failure_nothing_is_measured(tmp_path):
    assert worker.measure("it failed", str(tmp_path), 5, None) == "it failed"
    assert worker.train("it failed", str(tmp_path), "gan_tf.train", []) == "it failed"
    assert os.listdir(tmp_path) == []
    assert "has no files of iteration 5" in worker.measure(None, str(tmp_path), 5, None)


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (None, None),
        (SystemExit(0), None),
        (SystemExit(None), None),
        (SystemExit(130), "stopped"),  # 128 + SIGINT
        (SystemExit(143), "stopped"),  # 128 + SIGTERM
        (KeyboardInterrupt(), "stopped"),
        (SystemExit(137), "the last one"),
        (SystemExit(1), "the last one"),
        (ValueError("no such thing"), "ValueError: no such thing"),
    ],
)
def test_how_a_command_ends(ends, outcome, tmp_path, monkeypatch):
    """It takes its own arguments, and its log is what says why it failed: the last error of this start."""
    run_dir, seen = tmp_path / "seed=3", []
    log = tmp_path / "seed=3.log"
    log.write_text("error: of an earlier start\n")

    def command(module, run_name, alter_sys):
        seen.append((module, run_name, alter_sys, sys.argv))
        if outcome == "the last one":
            with open(log, "a") as file:
                file.write("error: one\n2026-01-01 error: no line of this kind\nerror: the last one\nsome words\n")
        if ends is not None:
            raise ends

    with monkeypatch.context() as patch:  # it must end here: pytest itself needs dup2
        patch.setattr(worker.runpy, "run_module", command)
        patch.setattr(sys, "argv", ["pytest"])
        patch.setattr(os, "dup2", lambda ours, standard: seen.append((os.readlink(f"/proc/self/fd/{ours}"), standard)))
        if isinstance(ends, ValueError):  # the traceback goes to standard error, which would be the log
            patch.setattr(worker.traceback, "print_exc", lambda: log.write_text(f"{log.read_text()}{outcome}\n"))
        assert worker.train(None, str(run_dir), "gan_tf.train", ["--seed=3"]) == outcome
    assert seen == [(str(log), 1), (str(log), 2), ("gan_tf.train", "__main__", True, ["gan_tf.train", "--seed=3"])]
    assert log.read_text().startswith("error: of an earlier start\n")


def test_a_command_that_fails_without_a_word(tmp_path, monkeypatch):
    """Errors of earlier starts are not its own. Then the status is what is known."""
    (tmp_path / "a.log").write_text("error: of an earlier start\n")
    with monkeypatch.context() as patch:
        patch.setattr(worker.runpy, "run_module", lambda *given, **options: sys.exit(7))
        patch.setattr(sys, "argv", ["pytest"])
        patch.setattr(os, "dup2", lambda ours, standard: None)
        assert worker.train(None, str(tmp_path / "a"), "gan_tf.train", []) == f"status 7; {tmp_path}/a.log says why"


def test_it_waits_until_the_run_is_free(tmp_path, monkeypatch):
    """A process that is about to die still has the lock, here for two looks at it. After a minute it waits no more."""
    taken, looks, clock = os.open(tmp_path, os.O_RDONLY), [], [0.0]
    fcntl.flock(taken, fcntl.LOCK_EX)

    def sleep(seconds):
        looks.append(seconds)
        clock[0] += seconds
        if len(looks) == free_after:
            os.close(taken)

    monkeypatch.setattr(worker.time, "sleep", sleep)
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])
    free_after = None
    worker.wait_for_lock(tmp_path)
    assert 59 < clock[0] < 62
    looks.clear()
    free_after = 2
    worker.wait_for_lock(tmp_path)
    worker.wait_for_lock(tmp_path / "nothing yet")
    assert len(looks) == 2


def test_what_a_stage_leaves(tmp_path, monkeypatch):
    """The networks of that iteration, and a note in stage.json. Without features nothing is measured."""
    monkeypatch.setattr(worker, "exported", lambda run_dir: 10)
    monkeypatch.setattr(worker, "scores_of", lambda *given: {"scores": {"spread": [0.5, None]}, "given": str(given)})
    for name in ("generator.keras", "discriminator.keras", "samples.png"):
        (tmp_path / name).write_text(name)
    for features, facts in ((None, {"scores": {}}), ("f", worker.scores_of(tmp_path, "f", "my_gan"))):
        assert worker.measure(None, str(tmp_path), 10, features, "my_gan") is None
        folder = tmp_path / "stages" / "10"
        assert json.loads((folder / "stage.json").read_text()) == {"iterations": 10} | facts
    assert sorted(os.listdir(folder)) == ["discriminator.keras", "generator.keras", "stage.json"]
    assert (folder / "generator.keras").read_text() == "generator.keras"
    for stage in (9, 11):
        assert f"has no files of iteration {stage}" in worker.measure(None, str(tmp_path), stage, None)


def test_features_are_kept_by_the_digest_of_the_images(idx_dir, tmp_path, monkeypatch):
    """Those of the first training images. Runs on the same images share them; other images have others."""
    calls = []

    def activations(model, images):
        calls.append(len(images))
        return model * images.reshape(len(images), -1)[:, :5], None

    monkeypatch.setattr(classifier, "activations", activations)
    monkeypatch.setattr(table, "REFERENCE", 50)
    real = data.load("mnist", idx_dir)
    config = {"flags": {"dataset": "mnist", "data_dir": str(idx_dir)}, "data": {"digest": real.digest}}
    expected = 3 * real.images[:50].reshape(50, -1)[:, :5]
    for _ in range(2):
        np.testing.assert_array_equal(worker.real_features(tmp_path, config, 3), expected)
    assert calls == [50] and real.digest[:16] in os.listdir(tmp_path)[0]
    worker.real_features(tmp_path, config | {"data": {"digest": "other"}}, 3)
    assert calls == [50, 50] and len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(("shape", "generate"), [((8, 20, 3), lambda noise: noise), ((16, 16, 3), None)])
def test_what_has_no_scores(monkeypatch, tmp_path, shape, generate):
    """Small pictures without a classifier, and a GAN that draws nothing from noise: the stage counts all the same."""
    made = Gan({}, None, 0, shape=shape, generate=generate)
    monkeypatch.setattr(restore, "load_run", lambda *given: (made, 5))
    monkeypatch.setattr(worker, "read_config", lambda run_dir: {"data": {"classifier": None}})
    assert worker.scores_of(tmp_path, None) == {"classifier": None, "scores": {}}


def measured(monkeypatch, reader, shape):
    """A GAN of pictures of `shape`, for `worker.scores_of`, and the calls of its noise."""
    calls = []

    def make_noise(seed, stream, count):
        calls.append((seed, stream, count))
        return np.full([count, 1], stream / 10)

    def generate(noise):
        return np.broadcast_to(noise[:, :, None, None], [len(noise), *shape])

    made = Gan({}, None, 0, shape=shape, make_noise=make_noise, generate=generate)
    monkeypatch.setattr(restore, "load_run", lambda *given: (made, 5))
    config = {"flags": {"dataset": "it"}, "data": {} if reader is None else {"classifier": reader}}
    monkeypatch.setattr(worker, "read_config", lambda run_dir: config)
    return config, calls


@pytest.mark.parametrize("reader", ["heads", "mnist", None])
def test_10_000_samples_are_read_by_the_classifier(reader, monkeypatch):
    """Their noise is that of the measurements, stream 3 of seed 0. Older runs do not name MNIST's classifier."""
    config, calls = measured(monkeypatch, reader, (4, 4, 1))
    monkeypatch.setattr(classifier, "load_classifier", lambda name: (f"model of {name}", {}))
    monkeypatch.setattr(worker, "real_features", lambda *given: given)

    def quick_scores(model, features, images):
        assert model == f"model of {reader or 'mnist'}" and features == ("folder", config, model)
        assert images.shape == (10_000, 4, 4, 1) and np.allclose(images, 0.3)
        return {"precision": (0.5, 0.1), "classes_covered": (3, None)}, np.array([0.25, 0.75])

    monkeypatch.setattr(table, "quick_scores", quick_scores)
    assert worker.scores_of("run", "folder") == {
        "classifier": reader or "mnist",
        "class_histogram": [0.25, 0.75],
        "scores": {"precision": [0.5, 0.1], "classes_covered": [3, None]},
    }
    assert calls == [(0, 3, 10_000)]


def test_2_000_samples_are_compared_by_pixels(monkeypatch):
    """With the test images as real ones, and with the training images. The noise is the same as above."""
    config, calls = measured(monkeypatch, None, (16, 20, 3))
    config["data"]["classifier"] = None
    monkeypatch.setattr(data, "load_as", lambda flags, split="train": type("D", (), {"pixels": (flags, split)}))
    given = []
    monkeypatch.setattr(sliced, "table", lambda *those: given.extend(those) or {"samples": {"copies": (2, 1)}})
    assert worker.scores_of("run", "folder") == {"classifier": None, "scores": {"copies": [2, 1]}}
    assert calls == [(0, 3, 2000)]
    images, test, train = given
    assert images.shape == (2000, 16, 20, 3) and np.allclose(images, 0.3)
    assert (test, train) == ((config["flags"], "test"), (config["flags"], "train"))
