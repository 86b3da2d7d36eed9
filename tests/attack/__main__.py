"""Attacks the project's commands and looks for a lost run, a wrong result, a hang or a traceback.

python -m tests.attack --kind=kills --count=1000 --seed=0

Run it from the root of the repository, on Linux. It works in a temporary folder. The last line counts what was done:
attacks, failures, seconds. The exit status is 1 if anything failed. Each failure is one line with a number, and its
folder and the messages of its commands stay. To repeat this one alone, add --only=NUMBER to the same kind and seed.

The commands are small runs, each in a child of one process that has imported TensorFlow already, so most take about a
second. The kernel stops a command before each call that changes its folder. So it can be killed, or refused space, at
every one of these calls, whether Python or TensorFlow's C++ makes it.

A run must end with the same bytes as a run that nothing has disturbed, and leave nothing else behind. Weights are
compared array by array. A command that cannot do its work must end with status 1 or 2 and one line.

Kinds:
"""

import argparse
import importlib
import json
import shutil
import signal
import sys
import time
from pathlib import Path

KINDS = {
    "kills": "Kills and interrupts commands; then the same command must finish, with the right bytes.",
    "full": "Lets each call that needs space fail once; then one line, and with space again the right bytes.",
    "power": "Cuts the power: keeps only what was synced, and some of the rest. Then as with kills.",
    "disk": "The same with a real file system, ext4 on a loop device, whose cache is lost. Needs root.",
    "damage": "Damages a file of a run; then each command must give the right result, or one line.",
    "flags": "Wrong command lines from a small grammar; each must end with one line.",
    "inputs": "Mutated IDX, .npz, JSON, CSV and Keras files, given to the functions that read them.",
}


def attack(bench, kind, count, only=None):
    """Attacks `count` times, or once with the number `only`; prints each failure. Returns (how often, the failures).

    Returns a string, the reason, if this machine cannot do it.
    """
    from tests.attack import syscalls
    from tests.attack.bench import Failure

    module = importlib.import_module(f"tests.attack.{kind}")
    reason = module.available() if hasattr(module, "available") else syscalls.available()
    if reason:
        return reason
    bench.kind, done, failures, number = kind, 0, [], only or 0
    count = count or module.count_all(bench)
    while done < count and (only is None or not done):
        failed = None
        try:
            done += module.attempt(bench, number)
        except Failure as failure:
            done, failed = done + failure.count, failure
            failures.append(f"{kind} {number} failed (--seed={bench.seed} --only={number}): {failure}")
            print(failures[-1], flush=True)
        folder = bench.path / f"{kind}-{number}"
        if failed or only is not None:
            bench.keep(folder, failed)
        elif folder.exists():
            shutil.rmtree(folder)
        bench.log.clear()
        number += 1
    return done, failures


def main():
    text = __doc__ + "\n".join(f"  {name:8}{words}" for name, words in KINDS.items())
    parser = argparse.ArgumentParser("python -m tests.attack", None, text)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kind", choices=list(KINDS), required=True, help="what to attack with")
    parser.add_argument("--count", type=int, default=100, help="how many attacks; 0, with full: each call once")
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random")
    parser.add_argument("--out", type=Path, help="a JSON file to add the last line's numbers to")
    parser.add_argument("--only", type=int, help="repeat this attempt alone, and keep its folder")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # so that the temporary folder is removed

    from tests.attack.bench import Bench

    start = time.monotonic()
    with Bench(options.seed) as bench:
        result = attack(bench, options.kind, options.count, options.only)
        kept = f"; see {bench.kept}" if bench.kept.exists() else ""
    if isinstance(result, str):
        print(f"{options.kind}: skipped: {result}")
        return 0
    (done, failures), seconds = result, time.monotonic() - start
    print(f"{options.kind}: {done} done, {len(failures)} failures, {seconds:.0f} seconds, seed {options.seed}{kept}")
    if options.out:
        from experiments import record

        found = json.loads(options.out.read_text()) if options.out.exists() else {}
        found[options.kind] = {"done": done, "failures": len(failures), "seconds": round(seconds), "seed": options.seed}
        found[options.kind] |= record.facts("tensorflow", "keras", "numpy")
        record.write_json(options.out, found)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
