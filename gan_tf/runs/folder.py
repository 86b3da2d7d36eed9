"""A run's folder: its files, the lock on it, and the state from which a run resumes."""

import contextlib
import json
import math
import os
import re
import tempfile
from pathlib import Path

from absl import logging

from gan_tf import limits, locks, members, messages
from gan_tf.runs import files
from gan_tf.runs.config import RunError, compare_flags, read_config, require_gan
from gan_tf.runs.exported import exporting
from gan_tf.runs.losses_csv import LossesCsv

# What a run writes: grids are 000.png to 999.png, then 1000.png and so on.
_NAMES = (
    r"(\d{3}|[1-9]\d{3,})\.png|losses\.csv|config\.json"
    r"|\w+\.keras|(losses|neighbours|samples)\.png|training\.gif|metrics\.json|report\.html"
)
FILES = re.compile(_NAMES)
FOLDERS = {  # with the files that a run writes into each
    "checkpoints": re.compile(r"\d+\.(index|data-00000-of-00001)|exported\.json"),
    "tensorboard": re.compile(r"events\.out\.tfevents\..*"),
}
TEMPORARY = re.compile(rf"new-([0-9a-f]{{8}}-)?({_NAMES})")  # what a killed process leaves behind


def check(out_dir, flags, overwrite, name="reference"):
    """Raises RunError if no run with `flags`, a dict, can start or resume in `out_dir`. Leaves nothing behind.

    It must be a folder that can be written to, or one that can be made, and no other run may use it. An existing
    run must be of the GAN `name`, with the same flags but for those in `config.FREE`. Otherwise the folder must contain
    no run files. With `overwrite` neither matters. Without the flag dry_run, this makes a folder next to a new
    `out_dir`, and removes it.
    """
    path = Path(os.path.abspath(out_dir))
    if problem := limits.unwritable(path):
        raise RunError(f"--out_dir={out_dir}: {problem}; name another.")
    if not path.exists():
        if not flags.get("dry_run"):
            _try_to_make(path)
        return
    _lock(path).release()
    found = _files_of_a_run(path)
    for each in [path / name for name in FOLDERS if os.path.lexists(path / name)] + found:
        if each.is_dir() != (each.name in FOLDERS):
            raise RunError(f"--out_dir={out_dir}: no run wrote {each.name}; move it away, or name another folder.")
    if overwrite or not found:
        return
    if path / "config.json" not in found:
        raise RunError(
            f"--out_dir={out_dir} holds files that a run would write ({found[0].relative_to(path)}), but no "
            "config.json, so no run to resume; name another folder, or delete them with --overwrite."
        )
    before = read_config(out_dir)
    require_gan(out_dir, before["gan"].get("name"), name)
    if members.too_old(before):
        raise RunError(
            f"--out_dir={out_dir} holds a run of an older gan_tf, whose networks were others; name another folder, or "
            "delete the run with --overwrite."
        )
    compare_flags(out_dir, before["flags"], flags)


def _try_to_make(out_dir):
    """Raises RunError where no folder can be made although it looks so, as in /proc. Leaves nothing behind."""
    nearest = next(parent for parent in out_dir.parents if parent.exists())
    try:
        os.rmdir(tempfile.mkdtemp(prefix="new-", dir=nearest))
    except OSError as error:
        words = f"no folder can be made in {nearest} ({error.strerror})"
        raise RunError(f"--out_dir={out_dir}: {words}; name another.") from error


def _files_of_a_run(path):
    """The files in the folder `path` whose names are those of a run's, config.json last."""
    found = [each for each in path.iterdir() if FILES.fullmatch(each.name)]
    for name, inside in FOLDERS.items():
        if (path / name).is_dir():
            found += [each for each in (path / name).iterdir() if inside.fullmatch(each.name)]
    return sorted(found, key=lambda each: (each == path / "config.json", each))


def _lock(path):
    """Returns the lock on a folder. Raises RunError if another run has it."""
    try:
        return locks.FolderLock(path)
    except locks.InUseError as error:
        raise RunError(f"--out_dir={path} {error}") from None


def _remove_empty(path):
    with contextlib.suppress(OSError):
        os.rmdir(path)


class Run:
    """A run in `out_dir`. The folder is made where needed, and locked until `close` or the end of the process.

    With `overwrite`, or in a folder without a run, run files are removed and a new run starts. Otherwise the run in
    the folder resumes. `config` is written to config.json; it is a dict that JSON can hold, with "gan" as in
    `config.REFERENCE`, "flags" and "data". Call `check` before. Raises RunError if the folder cannot be used; then
    folders that were made for it are removed.

    Each file is written whole or not at all. Before a checkpoint counts, everything that was written before it is on
    the disk: after a power cut the run resumes from there and lacks nothing.
    """

    def __init__(self, out_dir, config, overwrite=False):
        self.path = Path(out_dir)
        self._loss_names, self._not_on_disk, self._changed = config["gan"]["losses"], set(), ""
        every = config["flags"]["sample_every"]
        self._losses = LossesCsv(self.path / "losses.csv", self._loss_names, config["gan"]["measures"], every)
        with contextlib.ExitStack() as undo:
            try:
                for made in files.make_folder(self.path):
                    undo.callback(_remove_empty, made)
                self._lock = _lock(self.path)
            except OSError as error:
                raise RunError(f"--out_dir={out_dir} cannot be made, name another: {error}.") from error
            if not os.path.lexists(self.path / "checkpoints"):
                undo.callback(_remove_empty, self.path / "checkpoints")
            undo.callback(self._lock.release)
            self._take(config, overwrite)
            undo.pop_all()

    def _take(self, config, overwrite):
        try:
            files.make_folder(self.path / "checkpoints")
            with exporting(self.path):
                self._clear(config["gan"]["models"] if overwrite else None)
            before = read_config(self.path) if (self.path / "config.json").exists() else config
            require_gan(self.path, before["gan"], config["gan"])  # again: `check` did not keep the lock
            compare_flags(self.path, before["flags"], config["flags"])
            if before["data"].get("digest") != config["data"]["digest"]:
                there, now = (
                    f"{each['data'].get('images', 0):,}, SHA-256 {str(each['data'].get('digest'))[:8]}"
                    for each in (before, config)
                )
                raise RunError(
                    f"--out_dir={self.path} holds a run on other images ({there} there; {now} now); name those of "
                    "the run with --data_dir, name another --out_dir, or delete the run with --overwrite."
                )
            if before.get("code") != config.get("code"):
                self._changed = f"{config['gan']['name']}.py"
                changed = "%s has changed since this run was started, and the run resumes with it as it is now"
                logging.warning(changed, self._changed)
                config = config | {"code": before.get("code")}  # so that the next start warns, too
            for name, digest in config["data"].get("also", {}).items():
                there = before["data"].get("also", {}).get(name, digest)  # older runs do not say it
                if there != digest:
                    raise RunError(
                        f"--out_dir={self.path} holds a run on another version of {name} (SHA-256 {there[:8]} there; "
                        f"{digest[:8]} now); name another --out_dir, or delete the run with --overwrite."
                    )
            words = "this run was started with %s %s: the results may differ in the last bits"
            for what in ("device", "versions"):
                if before.get(what) != config.get(what):
                    logging.warning(words, what, before.get(what))
            threads, now = (each["flags"].get("threads") for each in (before, config))
            same_cpu = str(config.get("device")).startswith("CPU") and before.get("device") == config["device"]
            if threads != now and same_cpu and not limits.avx512():
                logging.warning(words, "threads:", threads or "all")
            with files.replacing(self.path / "config.json") as temporary:
                temporary.write_text(json.dumps(config, indent=2) + "\n")
        except OSError as error:
            raise RunError(f"--out_dir={self.path} cannot be used, name another: {error}.") from error

    def _clear(self, overwritten):
        """Removes what killed processes left behind. With the names of models, also the run that they overwrite.

        Whatever an interruption leaves, --overwrite removes it. Other Keras files than the run's may be anybody's.
        """
        for path in self.path.iterdir():
            if TEMPORARY.fullmatch(path.name) and not path.is_dir():
                path.unlink()
        if overwritten is None:
            return
        with contextlib.suppress(RunError):
            overwritten = overwritten + read_config(self.path)["gan"]["models"]
        for path in _files_of_a_run(self.path):
            if path.suffix != ".keras" or path.stem in overwritten:
                path.unlink()
        # Without this, a power cut could bring back checkpoints of the old run next to the config.json of the new one.
        for path in (self.path / "checkpoints", self.path):
            files.sync(path)

    def resume(self, checkpoints):
        """Restores the newest state in `checkpoints` that can be read; returns its iteration.

        Later lines of losses.csv are removed; the run writes them again. If earlier ones are missing, the log says so:
        only another run could write them. Damaged states are named in the log, too. Returns 0 in a run without
        checkpoints. Raises RunError if there are some, but none that can be read.
        """
        checkpoints.clean()
        self.saved = next(checkpoints.restorable(), 0)
        if not self.saved and checkpoints.iterations():
            if self._changed:
                words = f"no checkpoint that fits {self._changed} as it is now; name another folder, or change it back"
                raise RunError(f"--out_dir={self.path} has {words}.")
            raise RunError(f"--out_dir={self.path} has no intact checkpoint; start again with --overwrite.")
        checkpoints.remove_older(self.saved)  # a power cut may have brought some back
        self._losses.cut(self.saved)
        return self.saved

    def last_measured(self):
        """Returns the measures of the last grid before the state that was restored: name → value. Empty if unknown."""
        return self._losses.last_measured

    def save(self, checkpoints, iteration):
        """Saves the state before `iteration`. Raises RunError if it is not finite, OSError if it cannot be written."""
        self.check_folder()
        for path in (*self._not_on_disk, self._losses.path, self.path):
            files.sync(path)
        self._not_on_disk.clear()
        try:
            checkpoints.save(iteration)
        except FloatingPointError as error:
            raise self._diverged(f"{error} after {messages.counted(iteration, 'iteration')}") from error
        self.saved = iteration

    @contextlib.contextmanager
    def writing_grid(self, name):
        """A context with the path to write a grid to. With the next checkpoint it is safe from power cuts."""
        self.check_folder()
        with files.replacing(self.path / name, durable=False) as path:
            yield path
        self._not_on_disk.add(self.path / name)

    def check_folder(self):
        """Raises RunError if the folder is not the one that this run took: another run may have it now."""
        if lost := self._lock.lost():
            raise RunError(f"{self.path} {lost} while this run used it; the run has ended.")

    def _diverged(self, what):
        checkpoint = f"The last good checkpoint of {self.path} is the one at {self.saved}."
        if not self.saved:
            checkpoint = f"{self.path} has no checkpoint yet, so add --overwrite to start again."
        return RunError(f"{what}: the training has diverged; try smaller learning rates. {checkpoint}")

    def write_losses(self, first, losses, measured):
        """Adds lines to losses.csv.

        `losses` is [n, number of losses], those of the iterations from `first` on. `measured` holds the measures of
        the last grid; they go into the line of its iteration. Raises RunError at the first loss that is not finite.
        """
        for iteration, values in enumerate(losses, first):
            if not all(map(math.isfinite, values)):
                what = (f"{name} {value:.4}" for name, value in zip(self._loss_names, values, strict=True))
                raise self._diverged(f"{', '.join(what)} at iteration {iteration}")
            if self._losses.has(iteration):
                self._losses.write(iteration, values, measured)

    def close(self):
        """Releases the folder."""
        self._losses.close()
        self._lock.release()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
