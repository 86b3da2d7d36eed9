"""gan_tf.runs.signals: what the first signal does, and the second, and one that is ignored."""

import signal
import subprocess
import sys

import pytest

CODE = """
import os, signal, sys, time
from gan_tf.runs import signals
signals.TOGETHER = 0.1
if sys.argv[2] == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
else:
    signal.signal(signal.SIGINT, signal.default_int_handler)
with signals.StopSignals() as stop:
    for pause in map(float, sys.argv[3:]):
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(pause)
    print(stop.number)
print(signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.default_int_handler))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("pauses", "ends_at_once"),
    [(["0"], False), (["0", "0"], False), (["0.2", "0"], True)],
    ids=["one", "two together", "a second one, later"],
)
def test_the_second_signal_ends_the_process(number, pauses, ends_at_once):
    """As that signal does; until then nothing happens but a note, and afterwards Ctrl-C is what it was."""
    command = [sys.executable, "-c", CODE, str(int(number)), "caught", *pauses]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == (-number if ends_at_once else 0)
    assert result.stdout == ("" if ends_at_once else f"{int(number)}\nTrue\n")
    assert result.stderr == "\nsaving; press Ctrl-C again to quit without saving\n"


def test_what_is_ignored_stays_ignored():
    """As under nohup, or in the background of a script."""
    command = [sys.executable, "-c", CODE, str(int(signal.SIGINT)), "ignored", "0", "0.2", "0"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "None\nTrue\n", "")
