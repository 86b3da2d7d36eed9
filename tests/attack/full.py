"""A full disk: each call that needs space fails once, and all such calls after it; then there is room again.

Besides "no space left" there are two other errors of the same kind: a quota, and a disk that fails once.
"""

import errno
import os
import random
import shutil

from tests.attack import bench as _bench
from tests.attack.bench import FOREIGN, require, require_messages

COMMANDS = ("train", "overwrite", "export", "report", "sample", "sample_npz", "sample_folder", "evaluate")
ERRORS = {  # error: (words that the message must have one of, whether all later calls fail, too)
    errno.ENOSPC: (("no space left", "disk is full", "disk full"), True),
    errno.EDQUOT: (("quota",), True),
    errno.EIO: (("input/output error",), False),
}


def places(bench):
    """All (command, number of the call) in a random order: those of the full disk first, then the other errors."""
    if not hasattr(bench, "places"):
        counts = {name: _calls(bench, name) for name in COMMANDS}
        bench.places = []
        for error in ERRORS:
            places = [(name, call, error) for name, count in counts.items() for call in range(count)]
            random.Random(bench.seed).shuffle(places)
            bench.places += places
    return bench.places


def count_all(bench):
    """How many there are."""
    return len(places(bench))


def attempt(bench, number):
    """Fails one call, then runs the same command again."""
    name, at, error = places(bench)[number % count_all(bench)]
    words, sticky = ERRORS[error]
    cwd, seen, failed = bench.folder(number), -1, []

    def on_call(call):
        nonlocal seen
        seen += call.needs_space
        if call.needs_space and (seen == at or (sticky and seen > at)):
            failed.append(f"{call.name} {os.path.basename(call.paths[-1])}")
            return error

    what = f"{name}, call {at} fails with {errno.errorcode[error]}"
    command = _prepared(bench, name, cwd)
    result = command(on_call=on_call, watch=cwd)
    what += f" ({failed[0] if failed else 'which did not come'})"
    try:
        require_messages(result, {0, 1})
        if result.status == 1:
            line = result.lines()[-1].lower()
            require(any(each in line for each in words), "the line does not name the problem", result)
            require_messages(command(), {0})
        _require_finished(bench, name, cwd)
    except _bench.Failure as failure:
        raise _bench.Failure(f"{what}: {failure}") from None
    return 1


def _prepared(bench, name, cwd):
    """Makes what the command `name` needs in `cwd`; returns the command as a function."""
    if name == "overwrite":
        shutil.copytree(bench.other_run(), cwd / "out")
        _bench.put_foreign(cwd / "out")
    elif name != "train":
        shutil.copytree(bench.reference() / "out", cwd / "out")
    if name in ("train", "overwrite"):
        return lambda **options: bench.train(*["--overwrite"] * (name == "overwrite"), cwd=cwd, **options)
    return lambda **options: bench.command(name, cwd, **options)


def _calls(bench, name):
    cwd, found = bench.path / f"calls-full-{name}", []
    cwd.mkdir()
    _prepared(bench, name, cwd)(on_call=lambda call: found.append(call.needs_space) and None, watch=cwd)
    return sum(found)


def _require_finished(bench, name, cwd):
    reference = bench.reference() if name in ("train", "overwrite") else bench.reference(name)
    bench.require_equal(cwd / "out", reference / "out", FOREIGN if name == "overwrite" else ())
    if name == "overwrite":
        _bench.require_foreign(cwd / "out")
    if name.startswith("sample"):
        ours, theirs = (sorted(p for p in each.rglob("drawn*/*") if p.is_file()) for each in (cwd, reference))
        ours += sorted(cwd.glob("*.*"))
        theirs += sorted(reference.glob("*.*"))
        require([p.name for p in ours] == [p.name for p in theirs], f"there are {[p.name for p in ours]}")
        for path, other in zip(ours, theirs, strict=True):
            require(_same(path, other), f"{path.name} differs")


def _same(path, other):
    if path.suffix != ".npz":
        return path.read_bytes() == other.read_bytes()
    import numpy as np

    with np.load(path) as ours, np.load(other) as theirs:
        return all((ours[name] == theirs[name]).all() for name in theirs)
