"""Shows progress: a bar if standard error is a terminal, otherwise one line a minute."""

import contextlib
import sys
import time

from absl import logging

from gan_tf import messages

LINE_EVERY = 60  # seconds


class Progress:
    """Reports iterations `first` to `total`."""

    def __init__(self, first, total):
        self._first, self._done, self._total = first, first, total
        self._start = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            import tqdm

            self._bar = tqdm.tqdm(initial=first, total=total, unit="it", unit_scale=True, dynamic_ncols=True)

    def update(self, steps):
        """Counts `steps` more iterations."""
        self._done += steps
        if self._bar is not None:
            self._bar.update(steps)
        elif time.monotonic() - self._last >= LINE_EVERY:
            self._last = time.monotonic()
            rate = (self._done - self._first) / (self._last - self._start)
            left = (self._total - self._done) / rate
            time_left = f"{left / 60:.0f} min" if left >= 120 else f"{left:.0f} s"
            logging.info("%d of %d, %s, %s left", self._done, self._total, messages.speed(rate), time_left)

    def aside(self):
        """A context in which lines can be printed without damage to the bar."""
        return self._bar.external_write_mode() if self._bar is not None else contextlib.nullcontext()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._bar is not None:
            self._bar.close()
