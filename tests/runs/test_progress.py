"""gan_tf.runs.progress: a bar on a terminal, lines elsewhere."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

from absl import logging

from gan_tf.runs import progress

CODE = """
import time
from gan_tf.runs import progress
with progress.Progress(100, 1100) as report:
    for _ in range(10):
        report.update(100)
        with report.aside():
            print("a line", flush=True)
        time.sleep(0.02)
"""


def test_a_bar_on_a_terminal():
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([sys.executable, "-c", CODE], stderr=slave, stdout=subprocess.PIPE, text=True)
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # the terminal's other end is closed
            break
        shown += part
    os.close(master)
    stdout, _ = process.communicate()
    assert stdout == 10 * "a line\n"
    assert b"100%" in shown and b"1.10k/1.10k" in shown and b"it/s" in shown


def test_lines_elsewhere(monkeypatch, caplog):
    """One in LINE_EVERY seconds, with rate and time left, counted from where the run resumed."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: False, raising=False)
    lines = []
    monkeypatch.setattr(logging, "info", lambda text, *values: lines.append(text % values))
    with progress.Progress(1000, 100_000) as report:
        for second in range(1, 131):
            now[0] = float(second)
            report.update(300)
    assert lines == ["19000 of 100000, 300 a second, 4 min left", "37000 of 100000, 300 a second, 4 min left"]
