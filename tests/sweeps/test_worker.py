"""gan_tf.sweeps.worker: what it says of a run's stages, without training one."""

import os

import numpy as np
import pytest

from gan_tf import data, restore
from gan_tf.gan import Gan
from gan_tf.metrics import classifier, table
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


def test_features_are_kept_by_the_digest_of_the_images(idx_dir, tmp_path, monkeypatch):
    """Those of the first images. Runs on the same images share them; other images have others."""
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
    monkeypatch.setattr(restore, "load_run", lambda run_dir: (made, 5))
    monkeypatch.setattr(worker, "read_config", lambda run_dir: {"data": {"classifier": None}})
    assert worker.scores_of(tmp_path, None) == {"classifier": None, "scores": {}}
