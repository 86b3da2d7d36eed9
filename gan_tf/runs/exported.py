"""The note of what a run has exported: a finished run is recognised by it, without TensorFlow."""

import contextlib
import json
import os
from pathlib import Path

from gan_tf import locks
from gan_tf.runs import files


@contextlib.contextmanager
def exporting(run_dir):
    """A context in which no other process replaces what a run exports; it waits for its turn. Raises OSError.

    This is another lock than that of the run itself, so that a run can be exported while it goes on. It is on a
    folder that stays the same when a run is overwritten. In a folder without a run there is nothing to wait for. A disk
    that refuses locks goes without: each file is still whole, and a finished run with a file of another state is
    exported again by the same command.
    """
    if not (run_dir / "checkpoints").is_dir():
        yield
        return
    descriptor = os.open(run_dir / "checkpoints", os.O_RDONLY)
    try:
        locks.flock(descriptor)
        yield
    finally:
        os.close(descriptor)


def write_exported(run_dir, iteration, names):
    """Notes that the files `names`, as they are now, are those of the state after `iteration` iterations."""
    names = [*names, f"checkpoints/{iteration}.index", f"checkpoints/{iteration}.data-00000-of-00001"]
    sizes = {name: (run_dir / name).stat().st_size for name in names}
    with files.replacing(run_dir / "checkpoints" / "exported.json") as path:
        path.write_text(json.dumps({"iteration": iteration, "sizes": sizes}))


def exported(run_dir):
    """Returns the iterations of a run that has its last checkpoint and all it exported; 0 if anything is missing.

    A file is there if it has the size that was noted. The page may have another: gan_tf.report writes it again.
    """
    try:
        noted = json.loads(files.read_text(Path(run_dir) / "checkpoints" / "exported.json"))
        for name, size in noted["sizes"].items():
            path = Path(run_dir) / name
            found = path.stat().st_size if path.is_file() else 0
            if found != size and (name != "report.html" or not found):
                return 0
        return int(noted["iteration"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0
