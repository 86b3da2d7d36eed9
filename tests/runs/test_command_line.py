"""gan_tf.runs.command_line: what a user sees of closed streams and an early Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import pytest
from command_line import as_from_a_terminal

from gan_tf.runs.command_line import plain


@pytest.mark.parametrize(
    ("redirection", "status", "words"),
    [
        ("> /dev/full", 1, "error: [Errno 28] No space left on device.\n"),
        ("| true", 1, "error: standard output was closed; to keep only files, send it to /dev/null.\n"),
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
    ],
)
def test_standard_streams(redirection, status, words):
    """Where help cannot be written, one line says so; nothing is said where nobody listens."""
    code = f"{sys.executable} -m gan_tf.train --help {redirection}; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (status, words)
    assert redirection == "2>&-" or result.stdout == ""


@pytest.mark.slow
def test_a_closed_standard_error_does_not_take_a_files_place(tmp_path):
    """Else the first file that is opened becomes standard error, and the log is written into it."""
    flags = "--dataset=glyphs --iters=2 --nojit --batch_size=4 --sample_every=1"
    code = f"{sys.executable} -m gan_tf.train {flags} 2>&-"
    result = subprocess.run(["bash", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0 and result.stderr == ""
    assert (tmp_path / "out" / "losses.csv").read_text().startswith("iteration,d_loss,g_loss,spread\n0,")


# As `python -m`, which sets argv so. Python's own start shows a Ctrl-C with a traceback; the test begins after it.
STARTS = """
import runpy, sys
module, sys.argv[0] = sys.argv.pop(1), "-m"
import gan_tf
print("started", flush=True)
runpy.run_module(module, None, "__main__", True)
"""


@pytest.mark.parametrize("command", [["gan_tf.train", "--dataset=glyphs"], ["gan_tf.minimal"]])
def test_ctrl_c_while_it_starts(command, tmp_path):
    """At whatever moment of the imports: it ends without a traceback."""
    for moment in [0.0, 0.3, 0.9]:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTS, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            preexec_fn=as_from_a_terminal,
        )
        assert process.stdout.readline() == "started\n"
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode in (-signal.SIGINT, 130), (moment, stderr)
        assert "Traceback" not in stderr, (moment, stderr)


def test_home_is_understood_in_every_command(tmp_path):
    """A shell leaves the ~ of --out_dir=~/run as it is. No other text changes."""
    code = """
from absl import flags

from gan_tf.runs import command_line

for name in ("run_dir", "title", "loss"):
    flags.DEFINE_string(name, "~/run", "A folder.")
flags.DEFINE_integer("count", 1, "A number.")
names = ["run_dir", "title", "loss", "count"]
command_line.run(lambda: print(*(flags.FLAGS[name].value for name in names)), {"Flags": names}, ())
"""
    command = [sys.executable, "-c", code, "--title=a ~/run", "--loss=~/other"]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"HOME": str(tmp_path)})
    assert result.stdout == f"{tmp_path}/run a ~/run {tmp_path}/other 1\n", result.stderr


def test_keras_trains_with_tensorflow():
    """Whatever backend the environment names."""
    code = "import gan_tf, os; print(os.environ['KERAS_BACKEND'])"
    env = os.environ | {"KERAS_BACKEND": "jax"}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert found.stdout == "tensorflow\n"


def test_importing_the_package_leaves_ctrl_c_alone():
    code = "import gan_tf, signal; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", code], check=True, preexec_fn=as_from_a_terminal)


@pytest.mark.parametrize(
    ("values", "words"), [("furniture", "furniture"), ("mnist|glyphs", "mnist or glyphs"), ("a|b|c", "a, b or c")]
)
def test_what_a_flag_may_be(values, words):
    found = plain(f"flag --dataset=nonsense: value should be one of <{values}>")
    assert found == f"--dataset=nonsense is not {words}."
