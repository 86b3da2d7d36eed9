"""gan_tf.runs.folder: what a run's folder takes, refuses and holds."""

import json
import os

import numpy as np
import pytest

from gan_tf.runs import folder

FLAGS = {"seed": None, "d_lr": None, "sample_every": 250, "iters": 3}
CONFIG = {"gan": folder.REFERENCE, "flags": FLAGS, "data": {"digest": "abc"}}


class States:
    """Stands for gan_tf.checkpoints.Checkpoints; those in `damaged` cannot be restored."""

    def __init__(self, *iterations, damaged=()):
        self._iterations, self._damaged, self.restored = list(iterations), damaged, None

    def iterations(self):
        return self._iterations

    def restorable(self):
        for iteration in self._iterations:
            if iteration not in self._damaged:
                self.restored = iteration
                yield iteration


def write_run(path, iterations=301):
    """A run of `iterations` in `path`, with losses that are all 1.5 and 0.1."""
    with folder.Run(path, CONFIG) as run:
        assert run.resume(States()) == 0
        run.write_losses(0, np.float32([[1.5, 0.1]] * iterations), [0.125])


def test_files_of_a_run(tmp_path):
    out = tmp_path / "a" / "b"
    folder.check(out, FLAGS, overwrite=False)
    assert not out.parent.exists(), "the check writes nothing"
    write_run(out)
    assert json.loads((out / "config.json").read_text()) == CONFIG
    lines = (out / "losses.csv").read_text().splitlines()
    row = "1.5,0.100000001"
    assert lines == [
        "iteration,d_loss,g_loss,spread",
        f"0,{row},0.125",
        f"100,{row},",
        f"200,{row},",
        f"250,{row},0.125",
        f"300,{row},",
    ]
    assert np.float32(row.split(",")[1]) == np.float32(0.1), "float32 reads back exactly"
    assert sorted(os.listdir(out)) == ["config.json", "losses.csv"]


def test_a_run_goes_on_from_its_newest_whole_state(tmp_path):
    write_run(tmp_path)
    lines = (tmp_path / "losses.csv").read_text().splitlines(keepends=True)
    for states, resumed, kept in [
        (States(300, 200), 300, 5),
        (States(300, 200, damaged=[300]), 200, 3),
        (States(301, 200), 200, 3),  # by then, losses.csv ends before 301
    ]:
        with folder.Run(tmp_path, CONFIG) as run:
            assert run.resume(states) == states.restored == resumed
        assert (tmp_path / "losses.csv").read_text() == "".join(lines[:kept])


@pytest.mark.parametrize("states", [States(200, 100, damaged=[200, 100]), States(600, 500)])
def test_no_state_will_do(states, tmp_path):
    """An error, and nothing is lost."""
    write_run(tmp_path)
    before = (tmp_path / "losses.csv").read_text()
    with folder.Run(tmp_path, CONFIG) as run, pytest.raises(folder.RunError, match="has no intact checkpoint"):
        run.resume(states)
    assert (tmp_path / "losses.csv").read_text() == before


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite(bad, tmp_path):
    with folder.Run(tmp_path, CONFIG) as run:
        run.resume(States())
        with pytest.raises(
            folder.RunError, match="at iteration 2: the training has diverged.*checkpoint.* is the one at 0"
        ):
            run.write_losses(0, np.float32([[1, 2], [1, 2], [bad, 2], [1, 2]]), [0.1])
    assert (tmp_path / "losses.csv").read_text().splitlines()[1:] == ["0,1,2,0.1"]


def test_overwrite_removes_what_a_run_writes_and_nothing_else(tmp_path):
    write_run(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    for name in (
        "007.png",
        "1000.png",
        "checkpoints/10.index",
        "generator.keras",
        "new-005.png",
        "0123.png",
        "notes.txt",
    ):
        (tmp_path / name).touch()
    with folder.Run(tmp_path, CONFIG, overwrite=True):
        assert sorted(os.listdir(tmp_path)) == ["0123.png", "config.json", "notes.txt"]


def test_other_flags_and_images_are_refused(tmp_path):
    write_run(tmp_path)
    folder.check(tmp_path, FLAGS | {"iters": 5, "out_dir": "x"}, overwrite=False)
    with pytest.raises(
        folder.RunError, match=r"with other flags \(--seed was left out\); use the same flags to resume"
    ):
        folder.check(tmp_path, FLAGS | {"seed": 1}, overwrite=False)
    folder.check(tmp_path, FLAGS | {"seed": 1}, overwrite=True)
    with pytest.raises(folder.RunError, match=r"holds a run on other images \(SHA-256 abc\)"):
        folder.Run(tmp_path, CONFIG | {"data": {"digest": "def"}})


def test_another_device_is_reported(tmp_path, caplog):
    folder.Run(tmp_path, CONFIG | {"device": "CPU", "versions": {}}).close()
    for device, warnings in (("CPU", 0), ("GPU", 1)):
        caplog.clear()
        with caplog.at_level("WARNING"), folder.Run(tmp_path, CONFIG | {"device": device, "versions": {}}):
            assert caplog.text.count("this run was started with device CPU: the results may differ") == warnings


@pytest.mark.parametrize("text", ["", "{", "[]", '{"flags": 3}', '{"flags": {}}'])
def test_config_that_is_damaged(text, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(folder.RunError, match="config.json cannot be read"):
        folder.check(tmp_path, FLAGS, overwrite=False)
    folder.check(tmp_path, FLAGS, overwrite=True)


def test_one_run_at_a_time(tmp_path):
    with folder.Run(tmp_path, CONFIG):
        for use in (lambda: folder.check(tmp_path, FLAGS, overwrite=True), lambda: folder.Run(tmp_path, CONFIG)):
            with pytest.raises(folder.RunError, match="in use by another run"):
                use()
    folder.Run(tmp_path, CONFIG).close()


@pytest.mark.parametrize(
    ("name", "refused"), [("005.png", True), ("1000.png", True), ("0123.png", False), ("a", False)]
)
def test_files_that_a_run_would_write_are_not_replaced_unasked(tmp_path, name, refused):
    (tmp_path / name).write_text("precious")
    if refused:
        with pytest.raises(folder.RunError, match=name):
            folder.check(tmp_path, FLAGS, overwrite=False)
    else:
        folder.check(tmp_path, FLAGS, overwrite=False)
        with folder.Run(tmp_path, CONFIG):
            assert (tmp_path / name).read_text() == "precious"


def test_out_dir_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(folder.RunError, match="file is not a folder"):
            folder.check(path, FLAGS, overwrite=False)


def test_out_dir_that_cannot_be_written_to(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    path = tmp_path / "locked" / "out"

    def refused():
        with pytest.raises(folder.RunError, match="cannot be written to"):
            folder.check(path, FLAGS, overwrite=False)

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
    (tmp_path / "out").touch()
    with pytest.raises(folder.RunError, match="cannot be made, name another"):
        folder.Run(tmp_path / "out", CONFIG)


def test_versions():
    versions = folder.versions()
    assert versions["tensorflow"].startswith("2.") and versions["python"].startswith("3.")
