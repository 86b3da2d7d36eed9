"""Shows the progress of a sweep: one line for each run that is training, and a bar over all of them."""

import contextlib
import sys
import time
from pathlib import Path

import tqdm
from absl import logging

from gan_tf.sweeps.worker import finished

LINE_EVERY = 60  # seconds, if standard error is no terminal
TAIL = 4096  # bytes at the end of losses.csv


def iteration_of(run_dir):
    """Returns the iteration of the last line of a run's losses.csv, or 0."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(Path(run_dir) / "losses.csv", "rb") as file:
        file.seek(max(0, file.seek(0, 2) - TAIL))
        return int(file.read().splitlines()[-1].split(b",")[0])
    return 0


class Progress:
    """Follows `runs` (grid.Run) by their losses.csv."""

    def __init__(self, runs, out_dir):
        self._runs = {run.name: run for run in runs}
        self._out_dir, self._ended = Path(out_dir), set()
        self._last = time.monotonic()
        self._seen = {name: iteration_of(self._out_dir / name) for name in self._runs}
        self._start, self._first = time.monotonic(), self._done()
        self._bars, self._bar = {}, None
        if sys.stderr.isatty():
            self._bar = tqdm.tqdm(total=self._total(), initial=self._first, unit="it", unit_scale=True, desc="all runs")

    def _total(self):
        return sum(run.stages[-1] for run in self._runs.values())

    def _done(self):
        ended = sum(self._runs[name].stages[-1] for name in self._ended)
        return ended + sum(found for name, found in self._seen.items() if name not in self._ended)

    def ended(self, name, problem):
        """Reports that a run has ended, with None or what went wrong."""
        self._ended.add(name)
        if name in self._bars:
            self._bars.pop(name).close()
        words = "finished" if problem is None else problem if problem == "stopped" else f"failed: {problem}"
        if problem != "stopped":
            words += f"; {len(self._ended)} of {len(self._runs)} runs have ended"
        with tqdm.tqdm.external_write_mode() if self._bar is not None else contextlib.nullcontext():
            log = logging.info if problem in (None, "stopped") else logging.error
            log("%s: %s", name, words)

    def update(self):
        """Looks at the runs, and shows what has changed."""
        now = time.monotonic()
        for name in self._seen:
            if name in self._ended:
                continue
            found = iteration_of(self._out_dir / name)
            if found != self._seen[name]:
                self._first -= max(0, self._seen[name] - found)  # it resumed, from a checkpoint before its last line
                self._seen[name] = found
                self._show(name)
        if self._bar is not None:
            self._bar.n = self._done()
            self._bar.refresh()
        elif now - self._last >= LINE_EVERY:
            self._last = now
            rate = (self._done() - self._first) / (now - self._start)
            left = f"{(self._total() - self._done()) / rate / 60:.0f} min left" if rate else "no speed yet"
            parts = [(run, stage) for run in self._runs.values() for stage in run.stages]
            words = "%d of %d runs have ended, %d of %d stages; %.0f iterations a second, %s"
            stages = sum(finished(self._out_dir / run.name, [stage]) for run, stage in parts)
            logging.info(words, len(self._ended), len(self._runs), stages, len(parts), rate, left)

    def _show(self, name):
        if self._bar is None:
            return
        if name not in self._bars:
            total, done = self._runs[name].stages[-1], self._seen[name]
            self._bars[name] = tqdm.tqdm(total=total, initial=done, unit="it", unit_scale=True, desc=name, leave=False)
        self._bars[name].n = self._seen[name]
        self._bars[name].refresh()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for bar in [*self._bars.values(), *([self._bar] if self._bar is not None else [])]:
            bar.close()
