"""The plan of the lectures, and the command that runs before one what takes too long during it."""

import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import prepare_lecture, record
from experiments.mnist import reproduce_blog
from experiments.prepare_lecture import LECTURES, Run, Show
from experiments.theory import table as theory

SECONDS = {name: result["seconds"] for name, result in theory.load_results().items()}


def test_the_plan():
    """It is in the page. Each lecture has 45 minutes, and no part of it waits for five."""
    assert prepare_lecture.table() in (Path(record.__file__).parent / "README.md").read_text()
    for _, shows in LECTURES.values():
        assert sum(show.minutes for show in shows) == prepare_lecture.MINUTES == 45
        assert all(show.wait <= 2 and show.wait < show.minutes for show in shows)


def test_its_minutes():
    """What waits for a run of the theory waits as long as that took; a prepared run takes what it took, rounded up."""
    for _, shows in LECTURES.values():
        for show in shows:
            name = re.search(r"experiments\.theory\.(\w+)", show.how)
            if name:
                assert show.wait == math.ceil(SECONDS[name[1]] / 60), name
    assert prepare_lecture.RING.minutes == math.ceil(SECONDS["mode_collapse"] / 60) == 5
    fast = [run for name, run in reproduce_blog.load_results().items() if name.startswith("adadelta_1.0")]
    each = max(run["minutes"] / max(map(int, run["stages"])) for run in fast)
    start = 10 / 60  # about five seconds, and the pages at the end
    for run in (prepare_lecture.GLYPHS, prepare_lecture.DIGITS[0]):
        iters = int(re.search(r"--iters=(\d+)", run.words)[1])
        assert run.minutes == math.ceil(iters * each + start), run.words


RUNS = [run for lecture in LECTURES for run in prepare_lecture.runs_of(lecture)]


@pytest.mark.parametrize(
    "run", [pytest.param(run, marks=pytest.mark.slow if run.words.startswith("gan_tf.train") else ()) for run in RUNS]
)
def test_the_runs_exist(run):
    """Each command knows its flags, and what it makes lies in the folder that it names."""
    module, *options = run.words.split()
    folder = next((each.partition("=")[2] for each in options if "_dir=" in each), "out/experiments/theory")
    assert run.makes.startswith(f"{folder}/")
    if module == "gan_tf.train":
        command = [sys.executable, "-m", module, *options, "--dry_run"]
        command += ["--dataset=glyphs"] if run.mnist else []
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr


@pytest.fixture
def lecture(tmp_path, monkeypatch):
    """A lecture with two short runs, in an empty folder: the first is a run of the theory, the second fails once."""
    monkeypatch.syspath_prepend(tmp_path)
    top = Path(record.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{top}")
    (tmp_path / "short.py").write_text(
        "import pathlib, sys\n"
        "tried = pathlib.Path('tried')\n"
        "if not tried.exists():\n    tried.touch()\n    sys.exit('no: this is the first time')\n"
        "pathlib.Path('made').write_text(' '.join(sys.argv[1:]))\n"
    )
    monkeypatch.chdir(tmp_path)
    runs = Run("experiments.theory.nash --out_dir=theory", 3, "theory/nash.json"), Run("short 'a b'", 4, "made", True)
    monkeypatch.setitem(LECTURES, "2", ("two", [Show("this", "so", 40, runs=runs), Show("that", "so", 5)]))
    return tmp_path


def test_preparing_and_resuming(lecture, capfd):
    """It says the minutes first, ends at a failure, resumes with what is left, and then has nothing to do."""
    assert prepare_lecture.prepare("2", "some/where") == 1
    out, error = capfd.readouterr()
    assert out.startswith("Lecture 2: 2 of 2 runs are left, about 7 minutes on two cores.\n")
    first, second = (
        out.index("3 minutes: python -m experiments.theory.nash --out_dir=theory\n"),
        out.index("4 minutes:"),
    )
    assert first < out.index("The claim holds.") < second and "is prepared" not in out
    assert "no: this is the first time" in error
    assert "error: this ended with status 1 and without made. Its messages are above." in error
    written = (lecture / "theory" / "nash.json").stat().st_mtime_ns

    assert prepare_lecture.prepare("2", "some/where") == 0
    out, error = capfd.readouterr()
    assert out.startswith("Lecture 2: 1 of 2 runs are left, about 4 minutes on two cores.\n") and not error
    assert "python -m short 'a b' --data_dir=some/where\n" in out
    assert out.endswith("\nLecture 2 is prepared:\n  theory/nash.json\n  made\n")
    assert (lecture / "made").read_text() == "a b --data_dir=some/where"
    assert (lecture / "theory" / "nash.json").stat().st_mtime_ns == written

    assert prepare_lecture.prepare("2", None) == 0
    assert "0 of 2 runs are left, about 0 minutes" in capfd.readouterr().out


def test_an_interrupt_lets_the_run_save(tmp_path):
    """Ctrl-C goes to both processes, as in a terminal. The run takes a second to save, and is not killed."""
    (tmp_path / "slow.py").write_text(
        "import pathlib, time\n"
        "try:\n    pathlib.Path('started').touch(); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    time.sleep(1); pathlib.Path('saved').touch()\n"
    )
    code = (
        "import signal, subprocess, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from experiments import prepare_lecture\n"
        "try:\n    prepare_lecture.wait(subprocess.Popen([sys.executable, 'slow.py']))\n"
        "except KeyboardInterrupt:\n    sys.exit(130)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(record.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment, start_new_session=True)
    end = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130 and (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["1"], 0, "Lecture 1 needs no preparation.\n"),
        ([], 2, "error: name a lecture: 1, 2, 3. See --help.\n"),
        (["4"], 2, "error: name a lecture: 1, 2, 3. See --help.\n"),
        (["2", "3"], 2, "error: '3' is not understood: options begin with --, see --help.\n"),
        (["2", "--data=a"], 2, "error: Unknown command line flag 'data'."),
        (["--help"], 0, "Runs before a lecture what takes too long during it"),
    ],
)
def test_the_command(words, status, text):
    command = [sys.executable, "-X", "importtime", "-m", "experiments.prepare_lecture", *words]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == status and text in result.stdout + result.stderr
    assert "| tensorflow" not in result.stderr
