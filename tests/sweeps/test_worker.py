"""gan_tf.sweeps.worker: what it says of a run's stages, without training one."""

import os

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
