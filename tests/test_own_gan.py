"""The very text of "A GAN of your own" in gan_tf/README.md, as a file in some folder: training, and all commands."""

import errno
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import forked
from PIL import Image

from gan_tf.sweeps import grid
from tests.attack import syscalls
from tests.attack.server import send_signal

PAGE = (Path(__file__).parents[1] / "gan_tf" / "README.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A GAN of your own\n")[2].partition("\n## ")[0]
(CODE,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
SMALL = ("--width=8", "--batch_size=8", "--iters=9", "--sample_every=4", "--checkpoint_every=3", "--device=cpu")


@pytest.fixture(scope="module")
def folder(idx_dir, tmp_path_factory):
    """A folder with the file of the page and an undisturbed run in `whole`."""
    path = tmp_path_factory.mktemp("anywhere")
    (path / "my_gan.py").write_text(CODE)
    train(path, idx_dir, "--out_dir=whole")
    return path


def train(cwd, idx_dir, *flags, status=0, file="my_gan.py", **options):
    result = forked(file, f"--data_dir={idx_dir}", *SMALL, *flags, cwd=cwd, **options)
    assert result.returncode == status and "Traceback" not in result.stderr, result.stderr
    return result


def files(out_dir):
    """What a run computes: losses, pictures, and the states at its end."""
    names = [*out_dir.glob("*.png"), out_dir / "losses.csv", *(out_dir / "checkpoints").glob("9.*")]
    return {path.name: path.read_bytes() for path in names if path.name not in ("losses.png", "neighbours.png")}


def kill(call):
    """For `forked`: kills the command when the checkpoint of iteration 6 is whole and about to count."""
    if call.name.startswith("rename") and os.path.basename(call.paths[-1]) == "6.index":
        send_signal(call.pid, signal.SIGKILL)
        return errno.EINTR  # or else it would still do it
    return None


def test_the_code_is_short():
    assert len(CODE.splitlines()) <= 70


def test_a_run_that_is_killed_is_the_same_run(folder, idx_dir):
    if problem := syscalls.available():
        pytest.skip(problem)
    train(folder, idx_dir, "--out_dir=out", status=-signal.SIGKILL, on_call=kill, watch=folder / "out")
    result = train(folder, idx_dir, "--out_dir=out")
    assert "resumed at 3" in result.stderr
    expected = files(folder / "whole")
    assert {"000.png", "001.png", "002.png", "samples.png", "losses.csv", "9.index"} < set(expected)
    assert files(folder / "out") == expected


def test_other_commands(folder, idx_dir):
    """Those of the page, on fewer samples."""
    commands = re.findall(r"python -m (gan_tf\.\w+)(.*)", SECTION)
    assert [command for command, _ in commands] == [
        f"gan_tf.{name}" for name in ("sample", "evaluate", "report", "sweep")
    ]
    (_, flags), *others = [(command, flags.replace("out/mine", "whole").split()) for command, flags in commands[:3]]
    before = files(folder / "whole")
    assert forked("gan_tf.sample", *flags, cwd=folder).returncode == 0
    assert Image.open(folder / "many.png").size == (640, 640)
    for command, flags in [*others, ("gan_tf.export", others[1][1])]:
        more = ["--count=100"] if command == "gan_tf.evaluate" else []
        result = forked(command, *flags, *more, cwd=folder)
        assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
        if command == "gan_tf.evaluate":
            advice = "to show them in the page: python -m gan_tf.report --run_dir=whole --gan=my_gan"
            assert result.stderr.splitlines()[-1].endswith(advice)
    assert files(folder / "whole") == before
    metrics = json.loads((folder / "whole" / "metrics.json").read_text())
    assert metrics["iterations"] == 9 and metrics["count"] == 100
    page = (folder / "whole" / "report.html").read_text(encoding="utf-8")
    assert '"why": {}' in page or '"why":{}' in page, "both networks are live"


def test_the_runs_of_a_sweep(folder, monkeypatch):
    """A sweep finds the file and its flags in the folder where it runs."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    lists = grid.parse_lists(["--width=8,9", "--iters=9"])
    first, *_ = runs = grid.expand(["my_gan"], lists, [0, 3], 2)
    assert [run.name for run in runs] == [f"width={width},seed={seed}" for width in (8, 9) for seed in (0, 3)]
    assert (first.module, first.stages) == ("my_gan", (4, 9))
    assert first.command == "python -m my_gan --iters=9 --width=8 --seed=0"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_a_sweep(folder, idx_dir):
    """A run of it is that of the file, and its scores are measured."""
    flags = ["--gan=my_gan", "--seeds=0-1", "--stages=1", "--out_dir=sweep", f"--data_dir={idx_dir}", *SMALL[:-1]]
    command = [sys.executable, "-m", "gan_tf.sweep", *flags]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    train(folder, idx_dir, "--out_dir=plain", "--threads=1")
    assert files(folder / "sweep" / "seed=0") == files(folder / "plain")
    scores = json.loads((folder / "sweep" / "seed=1" / "stages" / "9" / "stage.json").read_text())["scores"]
    assert scores["spread"][0] > 0
