"""A run's folder: config.json, losses.csv and the grids."""

import json
import os
import platform
import re
from importlib import metadata
from pathlib import Path

# What a run writes: grids are 000.png to 999.png, then 1000.png and so on.
FILES = re.compile(r"(\d{3}|[1-9]\d{3,})\.png|losses\.csv|config\.json")
LOSS_EVERY = 100  # iterations from one line of losses.csv to the next


class RunError(Exception):
    """The folder cannot be used; the message says why in one line, and what to do."""


def check(out_dir, overwrite):
    """Raises RunError if `out_dir` cannot take a new run. Writes nothing.

    It must be a folder that can be written to, or one that can be made. A folder with a run in it, or
    with any file that a run would write, is refused unless `overwrite` is true.
    """
    path = os.path.abspath(out_dir)
    nearest = path
    while not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    if not os.path.isdir(nearest):
        raise RunError(f"--out_dir={out_dir}: {nearest} is not a folder; name another.")
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise RunError(f"--out_dir={out_dir}: {nearest} cannot be written to; name another.")
    files = sorted(filter(FILES.fullmatch, os.listdir(path))) if nearest == path else []
    if files and not overwrite:
        raise RunError(
            f"--out_dir={out_dir} holds a run already, or files of the same names ({files[0]}); "
            "name another, or replace them with --overwrite."
        )


def versions():
    """The versions that a result depends on, by name."""
    packages = ["gan_tf", "tensorflow", "keras", "numpy", "tensorflow-datasets", "matplotlib"]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


class Run:
    """An empty run in `out_dir`, made if need be; what an earlier run left there is removed.

    Writes `config`, a dict that JSON can hold, to config.json, and opens losses.csv; `check` comes before.
    Raises RunError if the folder does not take them.
    """

    def __init__(self, out_dir, config):
        self.path = Path(out_dir)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for file in self.path.iterdir():
                if FILES.fullmatch(file.name):
                    file.unlink()
            (self.path / "config.json").write_text(json.dumps(config, indent=2) + "\n")
            self._losses = open(self.path / "losses.csv", "w", buffering=1)
        except OSError as error:
            raise RunError(f"--out_dir={out_dir} cannot be used, name another: {error}.") from error
        self._losses.write("iteration,d_loss,g_loss\n")

    def grid_path(self, index):
        """The reference's name of grid `index`: 000.png, 001.png, …, 1000.png."""
        return self.path / f"{index:03}.png"

    def write_losses(self, iteration, d_loss, g_loss):
        """Adds a line to losses.csv, nine digits each, which a float32 needs."""
        self._losses.write(f"{iteration},{d_loss:.9g},{g_loss:.9g}\n")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._losses.close()
