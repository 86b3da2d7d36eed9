"""Attacks the project's commands and looks for a lost run, a wrong result, a hang or a traceback.

python -m tests.attack --kind=kills --count=1000 --seed=0

Run it from the root of the repository. It works in a temporary folder, and leaves there what a failure needs to be
understood. The last line counts what was done. The exit status is 1 if anything failed. Each failure is one line with
a number; --only=NUMBER repeats this one, with the same kind and seed.

Kinds:
"""

import argparse
import importlib
import shutil
import sys
import time

KINDS = {
    "kills": "Kills and interrupts commands; then the same command must finish, with the right bytes.",
    "full": "Lets each call that needs space fail once; then one line, and with space again the right bytes.",
    "power": "Cuts the power: keeps only what was synced, and some of the rest. Then as with kills.",
    "disk": "The same with a real file system, ext4 on a loop device, whose cache is lost. Needs root.",
    "damage": "Damages a file of a run; then each command must give the right result, or one line.",
    "flags": "Wrong command lines from a small grammar; each must end with one line.",
    "inputs": "Mutated IDX, .npz, JSON, CSV and Keras files, given to the functions that read them.",
}


def main():
    text = __doc__ + "\n".join(f"  {name:8}{words}" for name, words in KINDS.items())
    parser = argparse.ArgumentParser("python -m tests.attack", None, text)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kind", choices=list(KINDS), required=True, help="what to attack with")
    parser.add_argument("--count", type=int, default=100, help="how many attacks; 0: each one there is (full)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random")
    parser.add_argument("--only", type=int, help="repeat this attempt alone, and keep its folder")
    options = parser.parse_args()

    from tests.attack import syscalls
    from tests.attack.bench import Bench, Failure

    kind = importlib.import_module(f"tests.attack.{options.kind}")
    reason = kind.available() if hasattr(kind, "available") else syscalls.available()
    if reason:
        print(f"{options.kind}: skipped: {reason}")
        return 0
    done, failures, start = 0, [], time.monotonic()
    with Bench(options.kind, options.seed) as bench:
        number = options.only or 0
        count = options.count or kind.count_all(bench)
        while done < count and (options.only is None or not done):
            try:
                done += kind.attempt(bench, number)
                failed = None
            except Failure as failure:
                done += 1
                failed = failure
                failures.append(number)
                print(f"{options.kind} {number} failed (--seed={options.seed} --only={number}): {failure}", flush=True)
            folder = bench.path / f"{options.kind}-{number}"
            if folder.exists():
                if failed or options.only is not None:
                    bench.kept.mkdir(exist_ok=True)
                    folder.rename(bench.kept / folder.name)
                    with open(bench.kept / f"{folder.name}.log", "w", errors="backslashreplace") as log:
                        log.writelines([*bench.log, f"{failed or 'no failure'}\n"])
                else:
                    shutil.rmtree(folder)
            bench.log.clear()
            number += 1
        kept = f"; see {bench.kept}" if bench.kept.exists() else ""
    seconds = time.monotonic() - start
    print(f"{options.kind}: {done} done, {len(failures)} failures, {seconds:.0f} seconds, seed {options.seed}{kept}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
