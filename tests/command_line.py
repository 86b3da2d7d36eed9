"""Running python -m gan_tf.train as a user does, in a process of its own, for the tests of the command line."""

import atexit
import csv
import ctypes
import functools
import os
import signal
import subprocess
import sys
import tempfile

import pytest

from tests.attack.server import Server


def as_from_a_terminal():
    """For a process, before it becomes another program: Ctrl-C reaches it, and what folders forbid is forbidden to it.

    In the background a shell lets its programs ignore Ctrl-C, and root may write anywhere.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.geteuid() == 0:
        drop_from_bounding_set, dac_override = 24, 1  # linux/prctl.h, linux/capability.h
        assert ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0) == 0


def start(*flags, cwd, **env):
    """Starts the command; with no network, and no data that a user of this machine may have."""
    nowhere = {"HOME": f"{cwd}-home", "TFDS_DATA_DIR": f"{cwd}-tfds", "https_proxy": "http://127.0.0.1:9"}
    return subprocess.Popen(
        [sys.executable, "-m", "gan_tf.train", *flags],
        cwd=cwd,
        env={**os.environ, **nowhere, **env},
        preexec_fn=as_from_a_terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*flags, cwd, timeout=300, **env):
    """Starts the command and waits for its end."""
    with start(*flags, cwd=cwd, **env) as process:
        try:
            output = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, *output)


def command(module, *flags, cwd):
    """Runs another of the project's commands, and waits for its end."""
    return subprocess.run([sys.executable, "-m", module, *flags], cwd=cwd, capture_output=True, text=True)


@functools.cache
def server():
    """The fork server of these tests, started at first use."""
    home = tempfile.TemporaryDirectory()
    made = Server(home.name)
    atexit.register(home.cleanup)
    atexit.register(made.__exit__)
    return made


def forked(module, *flags, cwd, **options):
    """As `command`, in the child of a process that has imported TensorFlow already, which saves seconds.

    For tests of what a command does. How it starts is tested with `run` and `command`. `module` may be a file, and
    `options` are those of `Server.run`: with `on_line`, and elsewhere than on Linux, the test is skipped.
    """
    if sys.platform != "linux":
        if options.get("on_line"):
            pytest.skip("needs the fork server, which is for Linux")
        return command(module, *flags, cwd=cwd)
    result = server().run(module, *flags, cwd=cwd, timeout=600, **options)
    assert result.status is not None, f"{module} took more than ten minutes"
    return subprocess.CompletedProcess([module, *flags], result.status, result.stdout, result.stderr)


def losses_of(out_dir):
    """losses.csv as {iteration: (d_loss, g_loss)}."""
    with open(out_dir / "losses.csv") as file:
        return {int(r["iteration"]): (float(r["d_loss"]), float(r["g_loss"])) for r in csv.DictReader(file)}


def written(folder):
    """When everything in `folder` was last changed."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def last_line_of_failure(result):
    """The one line that says what is wrong; nothing on stdout, no stack trace."""
    assert result.returncode not in (0, None)
    assert result.stdout == "" and "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]
