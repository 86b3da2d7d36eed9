"""Stopping a run by Ctrl-C or SIGTERM."""

import contextlib
import os
import signal
import time

TOGETHER = 1.0  # seconds: signals that come closer than this are one wish to stop, as from a shell and its scheduler


class StopSignals:
    """Within this context SIGINT and SIGTERM only set `number`; a second one, later, ends the process at once."""

    def __init__(self):
        self.number = None

    def __enter__(self):
        # A signal that is ignored already, as under nohup, stays ignored.
        wanted = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._handle) for number in wanted}
        return self

    def __exit__(self, *exception):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number, frame):
        if self.number is None:
            self.number, self._first = number, time.monotonic()
            with contextlib.suppress(OSError):  # nobody may be reading
                os.write(2, b"\nsaving; press Ctrl-C again to quit without saving\n")
        elif time.monotonic() - self._first > TOGETHER:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
