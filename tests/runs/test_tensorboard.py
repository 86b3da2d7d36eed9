"""gan_tf.runs.tensorboard: what TensorBoard reads."""

import csv
import io

import numpy as np
import pytest
from command_line import forked, last_line_of_failure, run
from PIL import Image

from gan_tf import grids
from gan_tf.runs import tensorboard


def points(run_dir):
    """{tag: [(step, value)]} of all event files; images as None."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    found = {}
    for path in (run_dir / "tensorboard").iterdir():
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                content = make_ndarray(value.tensor)
                found.setdefault(value.tag, []).append((event.step, content if content.ndim == 0 else None))
    return found


def test_a_run_gone_on_with_shows_each_point_once(idx_dir, tmp_path):
    pytest.importorskip("tensorboard")
    flags = ("--nojit", "--batch_size=16", "--sample_every=40", f"--data_dir={idx_dir}", "--tensorboard")
    for iters in (70, 130):
        assert forked("gan_tf.train", *flags, f"--iters={iters}", cwd=tmp_path).returncode == 0
    found = points(tmp_path / "out")
    assert sorted(found) == ["d_loss", "g_loss", "samples", "spread"]
    assert [step for step, _ in found["samples"]] == [0, 40, 80, 120]
    with open(tmp_path / "out" / "losses.csv") as file:
        rows = list(csv.DictReader(file))
    for name in ("d_loss", "g_loss", "spread"):
        expected = [(int(row["iteration"]), np.float32(row[name])) for row in rows if row[name]]
        assert found[name] == expected


def test_grids_in_colour(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    grids.save_grid(np.random.default_rng(0).random([4, 16, 16, 3]), tmp_path / "001.png")
    (tmp_path / "losses.csv").write_text("iteration,d_loss\n10,1.5\n")
    tensorboard.Summaries(tmp_path, 10, (16, 16, 3)).update()
    (path,) = (tmp_path / "tensorboard").iterdir()
    values = {value.tag: value for event in EventFileLoader(str(path)).Load() for value in event.summary.value}
    *_, png = make_ndarray(values["samples"].tensor)
    found = np.asarray(Image.open(io.BytesIO(png)))
    np.testing.assert_array_equal(found, grids.read_grid(tmp_path / "001.png", (16, 16, 3)))


def test_without_the_package_one_line_says_so(tmp_path, monkeypatch):
    """A package that cannot be found stands for one that is not installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u; f = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'tensorboard' else f(name, *rest)\n"
    )
    line = last_line_of_failure(run("--tensorboard", cwd=tmp_path, PYTHONPATH=str(tmp_path)))
    assert line == f"error: {tensorboard.MISSING}"
