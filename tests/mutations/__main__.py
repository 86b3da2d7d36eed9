"""Changes one thing at a time in a copy of gan_tf, and reports which changes the tests notice.

python -m tests.mutations [--only=WORD]

Run it in the root of a checkout, which stays as it is. The changes are listed in changes.py. A change that no named
test notices has survived: then a test is missing.
"""

import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.changes import CHANGES

ROOT = Path(__file__).parents[2]
SECONDS = 300  # a change can make a test run for ever


PYTEST = ["pytest", *"-x -q -n 0 -p no:cacheprovider".split(), "-m", "slow or not slow"]


def copy_checkout(copy):
    """Copies what the tests need into the folder `copy`; returns the environment in which they take it from there."""
    for name in ("gan_tf", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", copy)
    # Python would take the compiled file of the unchanged source if both have the same size and second of change.
    return os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def run_tests(copy, env, tests, seconds=None):
    """Runs `tests`, pytest's names below tests/, in the folder `copy`. Returns (status, output)."""
    command = [sys.executable, "-m", *PYTEST, *(f"tests/{test}" for test in tests)]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    result = subprocess.run(command, cwd=copy, env=env, timeout=seconds, **output)
    return result.returncode, result.stdout


def try_change(copy, env, change):
    """Returns "killed", "survived" or "timeout", the fate of `change` in the folder `copy`, which it leaves as it was.

    Exits if the tests cannot even be collected: that says nothing about them.
    """
    path = copy / "gan_tf" / change.file
    before = path.read_text(encoding="utf-8")
    path.write_text(change.apply(before), encoding="utf-8")
    try:
        status, output = run_tests(copy, env, change.tests, SECONDS)
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        path.write_text(before, encoding="utf-8")
    if status not in (0, 1):
        sys.exit(f"error: {change.name}: pytest ended with status {status}.\n{output}")
    return "killed" if status else "survived"


def main():
    """Tries the changes, and returns the exit status: 1 if one survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="python -m tests.mutations")
    parser.add_argument("--only", default="", metavar="WORD", help="only changes with this in their file or name")
    wanted = parser.parse_args().only
    changes = [change for change in CHANGES if wanted in f"{change.file} {change.name}"]
    if not changes:
        sys.exit(f"error: no change has {wanted!r} in its file or name; see tests/mutations/changes.py.")
    for change in changes:
        change.apply((ROOT / "gan_tf" / change.file).read_text(encoding="utf-8"))
    begun, fates = time.monotonic(), collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder)
        env = copy_checkout(copy)
        tests = sorted({test for change in changes for test in change.tests})
        status, output = run_tests(copy, env, tests)
        if status:
            sys.exit(f"error: these tests must pass on the unchanged code.\n{output}")
        print(f"unchanged: passed, after {time.monotonic() - begun:.0f} s", flush=True)
        for change in changes:
            start = time.monotonic()
            fate = try_change(copy, env, change)
            fates[change.file][fate] += 1
            print(f"{fate:8}  {change.file}: {change.name} ({time.monotonic() - start:.0f} s)", flush=True)
    print()
    for file, counts in fates.items():
        print(f"{file:28} {', '.join(f'{count} {fate}' for fate, count in sorted(counts.items()))}")
    total = sum(fates.values(), collections.Counter())
    minutes = (time.monotonic() - begun) / 60
    print(f"killed {len(changes) - total['survived']} of {len(changes)}, in {minutes:.0f} minutes")
    return int(total["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
