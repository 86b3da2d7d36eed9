"""losses.csv: the losses of a run, and the measures of its grids."""

import contextlib
import re

from absl import logging

from gan_tf.runs import files

LOSS_EVERY = 100  # iterations from one line to the next
NUMBER = r"(-?\d+(\.\d+)?(e[-+]\d+)?|nan|-?inf)"


def in_use(losses, gan):
    """Returns which of the values `losses` of one column belong in a curve, as a list of bools.

    A loss is 0 in a phase that does not use it, or always if it is never used. Such values are left out.
    """
    zeros_count = not gan.first_phase and any(losses)
    return [zeros_count or loss != 0 for loss in losses]


class LossesCsv:
    """The file `path`, with a line for every 100th iteration and for each grid.

    The columns are the iteration, the losses `loss_names`, and the `measures` of the grid, which are empty where there
    is none. `cut` opens the file.
    """

    def __init__(self, path, loss_names, measures, sample_every):
        self.path, self._sample_every, self._file = path, sample_every, None
        self._measures, self.last_measured = measures, {}  # the measures of the last grid, by name
        self._header = ",".join(["iteration", *loss_names, *measures]) + "\n"
        self._line = re.compile(rf"\d+(,{NUMBER}){{{len(loss_names)}}}(,{NUMBER}?){{{len(measures)}}}\n")

    def cut(self, stop):
        """Leaves only whole lines of iterations below `stop`, and opens the file; logs how many of them are missing."""
        lines = {}
        with contextlib.suppress(OSError):
            for line in files.read_text(self.path).splitlines(keepends=True):
                if self._line.fullmatch(line):
                    lines[int(line.split(",")[0])] = line
        wanted = [iteration for iteration in range(stop) if self.has(iteration)]
        if missing := [iteration for iteration in wanted if iteration not in lines]:
            words = "losses.csv was damaged: it lacks %d of %d lines from before iteration %d, the first is that of %d"
            logging.warning(words, len(missing), len(wanted), stop, missing[0])
        for line in (lines[it] for it in wanted if it in lines and it % self._sample_every == 0):
            cells = line.strip().split(",")[-len(self._measures) :] if self._measures else []
            self.last_measured = {name: float(cell) for name, cell in zip(self._measures, cells, strict=True) if cell}
        with files.replacing(self.path) as temporary:
            temporary.write_text(self._header + "".join(lines[it] for it in wanted if it in lines))
        self._file = open(self.path, "a", buffering=1)

    def has(self, iteration):
        """True if there is a line for `iteration`."""
        return iteration % LOSS_EVERY == 0 or iteration % self._sample_every == 0

    def write(self, iteration, losses, measured):
        """Adds the line of an iteration, with nine digits for each number: a float32 needs so many."""
        is_grid = iteration % self._sample_every == 0
        cells = [f"{value:.9g}" for value in losses] + [f"{value:.9g}" if is_grid else "" for value in measured]
        self._file.write(f"{iteration},{','.join(cells)}\n")

    def close(self):
        """Closes the file."""
        if self._file:
            self._file.close()
