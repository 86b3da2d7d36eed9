"""A run's folder: its files, the lock on it, and the state from which a run resumes."""

import contextlib
import fcntl
import json
import math
import os
import platform
import re
import shutil
import signal
from importlib import metadata
from pathlib import Path

from absl import logging

# What a run writes: grids are 000.png to 999.png, then 1000.png and so on.
FILES = re.compile(
    r"(\d{3}|[1-9]\d{3,})\.png|losses\.csv|config\.json|checkpoints|tensorboard"
    r"|\w+\.keras|(losses|neighbours|samples)\.png|training\.gif|metrics\.json|report\.html|new-.*"
)
LOSS_EVERY = 100  # iterations from one line of losses.csv to the next

# The flags that may differ when a run resumes. All others decide what it computes and draws.
FREE = "iters log_every checkpoint_every data_dir out_dir overwrite tensorboard dry_run device threads".split()

# What config.json says of its GAN as "gan"; runs from before that was written are of the reference.
REFERENCE = {
    "name": "reference",
    "losses": ["d_loss", "g_loss"],
    "measures": ["spread"],
    "models": ["generator", "discriminator"],
}


class RunError(Exception):
    """The folder cannot be used, or a run cannot resume; the message says why in one line, and what to do."""


def check(out_dir, flags, overwrite):
    """Raises RunError if no run with `flags`, a dict, can start or resume in `out_dir`. Writes nothing.

    It must be a folder that can be written to, or one that can be made, and no other run may use it. An existing
    run must have the same flags but for those in `FREE`. Otherwise the folder must contain no run files. With
    `overwrite` neither matters.
    """
    path = Path(os.path.abspath(out_dir))
    nearest = path
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        raise RunError(f"--out_dir={out_dir}: {nearest} is not a folder; name another.")
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise RunError(f"--out_dir={out_dir}: {nearest} cannot be written to; name another.")
    if nearest != path:
        return
    os.close(_lock(path))
    files = sorted(filter(FILES.fullmatch, os.listdir(path)))
    if overwrite or not files:
        return
    if "config.json" not in files:
        raise RunError(
            f"--out_dir={out_dir} holds files that a run would write ({files[0]}), but no config.json, so no run "
            "to resume; name another folder, or delete them with --overwrite."
        )
    before = read_config(out_dir)["flags"]
    other = [name for name in flags if name not in FREE and before.get(name) != flags[name]]
    other = [f"--{name} was {'left out' if before.get(name) is None else before[name]}" for name in other]
    if other:
        raise RunError(
            f"--out_dir={out_dir} holds a run with other flags ({', '.join(other)}); use the same flags to resume, "
            "name another folder, or delete it with --overwrite."
        )


def read_config(run_dir):
    """Returns what a run wrote to config.json, as a dict. Raises RunError if it cannot be read."""
    try:
        config = json.loads((Path(run_dir) / "config.json").read_text())
        if not isinstance(config["flags"], dict) or not isinstance(config["data"], dict):
            raise ValueError("it is not a run's")
        if not isinstance(config.setdefault("gan", REFERENCE), dict):
            raise ValueError("it does not name its GAN")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{run_dir}/config.json cannot be read ({error}), so the run cannot resume; put the file back, "
            "name another folder, or delete the run with --overwrite."
        ) from error
    return config


def versions():
    """Returns the versions that a result depends on, by name."""
    packages = ["gan_tf", "tensorflow", "keras", "numpy", "tensorflow-datasets", "matplotlib"]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


@contextlib.contextmanager
def replacing(path):
    """A context with a temporary path to write to. At its end the file replaces `path`, at once and whole."""
    temporary = path.with_name(f"new-{path.name}")
    yield temporary
    os.replace(temporary, path)


def _lock(path):
    """Locks a folder, until the file descriptor that it returns is closed or this process dies."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RunError(f"--out_dir={path} is in use by another run; wait for it, or name another folder.") from None
    return descriptor


class Run:
    """A run in `out_dir`. The folder is made where needed, and locked until `close` or the end of the process.

    With `overwrite`, or in a folder without a run, run files are removed and a new run starts. Otherwise the run in
    the folder resumes. `config` is written to config.json; it is a dict that JSON can hold, with "gan" as in
    `REFERENCE`, "flags" and "data". Call `check` before. Each file is written whole or not at all. Raises RunError
    if the folder cannot be used.
    """

    def __init__(self, out_dir, config, overwrite=False):
        self.path = Path(out_dir)
        self._sample_every = config["flags"]["sample_every"]
        self._loss_names, self._measures = config["gan"]["losses"], config["gan"]["measures"]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"--out_dir={out_dir} cannot be made, name another: {error}.") from error
        self._descriptor = _lock(self.path)
        try:
            self._take(config, overwrite)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _take(self, config, overwrite):
        try:
            if overwrite or not (self.path / "config.json").exists():
                for file in self.path.iterdir():
                    other = file.suffix == ".keras" and file.stem not in config["gan"]["models"]
                    if FILES.fullmatch(file.name) and not other:
                        shutil.rmtree(file) if file.is_dir() else file.unlink()
            before = read_config(self.path) if (self.path / "config.json").exists() else config
            if before["gan"] != config["gan"]:
                raise RunError(
                    f"--out_dir={self.path} holds a run of another GAN ({before['gan'].get('name')}); name another "
                    "folder, or delete the run with --overwrite."
                )
            if before["data"].get("digest") != config["data"]["digest"]:
                raise RunError(
                    f"--out_dir={self.path} holds a run on other images (SHA-256 {before['data'].get('digest')}); "
                    "name their folder with --data_dir, name another --out_dir, or delete the run with --overwrite."
                )
            for what in ("device", "versions"):
                if before.get(what) != config.get(what):
                    words = "this run was started with %s %s: the results may differ in the last bits"
                    logging.warning(words, what, before.get(what))
            with replacing(self.path / "config.json") as temporary:
                temporary.write_text(json.dumps(config, indent=2) + "\n")
        except OSError as error:
            raise RunError(f"--out_dir={self.path} cannot be used, name another: {error}.") from error

    def resume(self, checkpoints):
        """Restores the newest state in `checkpoints` from which the run can resume exactly; returns its iteration.

        That is one that can be read, and up to which losses.csv is complete. Later lines of losses.csv are removed;
        the run writes them again. Other states are named in the log. Returns 0 in a run without checkpoints.
        Raises RunError if there are some, but the run can resume from none of them.
        """
        for iteration in checkpoints.restorable():
            if self._cut_losses(iteration):
                self.saved = iteration
                return iteration
            logging.warning("losses.csv is damaged: it lacks iterations before the checkpoint at %d", iteration)
        if checkpoints.iterations():
            raise RunError(f"--out_dir={self.path} has no intact checkpoint; start again with --overwrite.")
        self._cut_losses(0)
        self.saved = 0
        return 0

    def save(self, checkpoints, iteration):
        """Saves the state before `iteration`. Raises RunError if it is not finite, OSError if it cannot be written."""
        try:
            checkpoints.save(iteration)
        except FloatingPointError as error:
            raise self._diverged(f"{error} after {iteration} iterations") from error
        self.saved = iteration

    def _diverged(self, what):
        return RunError(
            f"{what}: the training has diverged; try smaller learning rates. The last good checkpoint "
            f"of {self.path} is the one at {self.saved}."
        )

    def _cut_losses(self, stop):
        """Leaves the lines of iterations below `stop` in losses.csv, and opens it; False if some are missing."""
        file, lines = self.path / "losses.csv", {}
        whole = re.compile(rf"\d+{len(self._loss_names) * ',[^,]+'}{len(self._measures) * ',[^,]*'}\n")
        for line in file.read_text(errors="replace").splitlines(keepends=True) if file.exists() else []:
            if whole.fullmatch(line) and int(line.split(",")[0]) < stop:
                lines[int(line.split(",")[0])] = line
        if list(lines) != [it for it in range(stop) if self._is_written(it)]:
            return False
        with replacing(file) as temporary:
            header = ",".join(["iteration", *self._loss_names, *self._measures])
            temporary.write_text(f"{header}\n{''.join(lines.values())}")
        self._losses = open(file, "a", buffering=1)
        return True

    def _is_written(self, iteration):
        return iteration % LOSS_EVERY == 0 or iteration % self._sample_every == 0

    def write_losses(self, first, losses, measured):
        """Adds lines to losses.csv, with nine digits for each number: a float32 needs so many.

        `losses` is [n, number of losses], those of the iterations from `first` on. `measured` holds the measures of
        the last grid; they go into the line of its iteration. Raises RunError at the first loss that is not finite.
        """
        for iteration, values in enumerate(losses, first):
            if not all(map(math.isfinite, values)):
                what = (f"{name} {value:.4}" for name, value in zip(self._loss_names, values, strict=True))
                raise self._diverged(f"{', '.join(what)} at iteration {iteration}")
            if self._is_written(iteration):
                is_grid = iteration % self._sample_every == 0
                cells = [f"{value:.9g}" for value in values]
                cells += [f"{value:.9g}" if is_grid else "" for value in measured]
                self._losses.write(f"{iteration},{','.join(cells)}\n")

    def close(self):
        """Releases the folder."""
        if hasattr(self, "_losses"):
            self._losses.close()
        os.close(self._descriptor)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class StopSignals:
    """Within this context SIGINT and SIGTERM only set `number`; a second one ends the process at once."""

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
        self.number = number
        for each in self._before:
            signal.signal(each, signal.SIG_DFL)
        os.write(2, b"\nsaving; press Ctrl-C again to quit without saving\n")
