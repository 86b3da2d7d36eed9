"""gan_tf.runs: what a run's folder takes, refuses and holds."""

import json
import os

import numpy as np
import pytest

from gan_tf import runs


def test_files_of_a_run(tmp_path):
    out = tmp_path / "a" / "b"
    runs.check(out, overwrite=False)
    assert not out.parent.exists(), "the check writes nothing"
    losses = np.float32([1.5, 0.1])
    with runs.Run(out, {"flags": {"iters": 3}}) as run:
        run.write_losses(0, *losses)
        run.write_losses(100, 1e-8, 2.0)
        assert run.grid_path(0) == out / "000.png" and run.grid_path(1234) == out / "1234.png"
    assert json.loads((out / "config.json").read_text()) == {"flags": {"iters": 3}}
    lines = (out / "losses.csv").read_text().splitlines()
    assert lines == ["iteration,d_loss,g_loss", "0,1.5,0.100000001", "100,1e-08,2"]
    assert [np.float32(value) for value in lines[1].split(",")[1:]] == list(losses), "float32 reads back exactly"


def test_a_run_is_not_replaced_unasked(tmp_path):
    with runs.Run(tmp_path, {}) as run:
        run.grid_path(7).touch()
        (tmp_path / "notes.txt").touch()
    with pytest.raises(runs.RunError, match="holds a run already.*name another, or replace them with --overwrite"):
        runs.check(tmp_path, overwrite=False)
    runs.check(tmp_path, overwrite=True)
    with runs.Run(tmp_path, {}):
        assert sorted(os.listdir(tmp_path)) == ["config.json", "losses.csv", "notes.txt"]


@pytest.mark.parametrize(
    ("name", "refused"), [("005.png", True), ("1000.png", True), ("0123.png", False), ("a", False)]
)
def test_files_that_a_run_would_write_are_not_replaced_unasked(tmp_path, name, refused):
    (tmp_path / name).write_text("precious")
    if refused:
        with pytest.raises(runs.RunError, match=name):
            runs.check(tmp_path, overwrite=False)
    else:
        runs.check(tmp_path, overwrite=False)
        with runs.Run(tmp_path, {}):
            assert (tmp_path / name).read_text() == "precious"


def test_out_dir_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(runs.RunError, match="file is not a folder"):
            runs.check(path, overwrite=False)


def test_out_dir_that_cannot_be_written_to(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    path = tmp_path / "locked" / "out"

    def refused():
        with pytest.raises(runs.RunError, match="cannot be written to"):
            runs.check(path, overwrite=False)

    if os.geteuid() == 0:  # root may write anywhere: ask as somebody else, in a child process
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                refused()
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    else:
        refused()


def test_out_dir_that_fails_later(tmp_path):
    (tmp_path / "losses.csv").mkdir()
    with pytest.raises(runs.RunError, match="cannot be used, name another"):
        runs.Run(tmp_path, {})


def test_versions():
    versions = runs.versions()
    assert versions["tensorflow"].startswith("2.") and versions["python"].startswith("3.")
