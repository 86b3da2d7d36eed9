"""Tries a random sample of cosmic-ray's changes on the modules that compute: python -m tests.mutations.sampled.

cosmic-ray (pip install -e '.[mutations]') changes one operator, number or condition at a time. Some of its changes make
no difference that anybody could see, and survive even the best tests. The command prints all that survive. Run it in
the root of a checkout, which stays as it is.
"""

import argparse
import collections
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

from tests.mutations.__main__ import PYTEST, copy_checkout, run_tests

# Each with the tests of its own.
MODULES = {
    "losses.py": ["test_losses.py"],
    "objectives/losses.py": ["objectives/test_objectives.py"],
    "objectives/critics.py": ["objectives/test_critics.py"],
    "training.py": ["test_training.py"],
    "metrics/scores.py": ["metrics/test_scores.py"],
    "data/batches.py": ["data/test_data.py"],
    "grids.py": ["test_grids.py"],
}
CONFIG = """
[cosmic-ray]
module-path = "gan_tf/{module}"
timeout = 200.0
excluded-modules = []
test-command = "{command}"

[cosmic-ray.distributor]
name = "local"
"""


def cosmic_ray(copy, env, *arguments):
    """Runs the tool in the folder `copy`."""
    subprocess.run(["cosmic-ray", *arguments], cwd=copy, env=env, check=True)


def main():
    """Tries the sample, and prints what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="python -m tests.mutations.sampled")
    parser.add_argument("--each", type=int, default=6, help="how many changes of each module")
    parser.add_argument("--seed", type=int, default=0, help="another seed tries others")
    options = parser.parse_args()
    fates = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder)
        env = copy_checkout(copy)
        status, output = run_tests(copy, env, sum(MODULES.values(), []))
        if status:
            sys.exit(f"error: these tests must pass on the unchanged code.\n{output}")
        for module, tests in MODULES.items():
            command = " ".join([sys.executable, "-m", *PYTEST, *(f"tests/{test}" for test in tests)])
            (copy / "config.toml").write_text(CONFIG.format(module=module, command=command))
            cosmic_ray(copy, env, "init", "--force", "config.toml", "session.sqlite")
            with use_db(copy / "session.sqlite", WorkDB.Mode.open) as database:
                # Their order is fixed: where in the file, then what becomes of it.
                jobs = sorted((str(item.mutations), item.job_id) for item in database.work_items)
                random.Random(f"{options.seed} {module}").shuffle(jobs)
                skipped = [job for _, job in jobs[options.each :]]
                database.set_multiple_results(skipped, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
            cosmic_ray(copy, env, "exec", "config.toml", "session.sqlite")
            with use_db(copy / "session.sqlite", WorkDB.Mode.open) as database:
                for _, result in database.results:
                    if result.worker_outcome == WorkerOutcome.SKIPPED:
                        continue
                    fate = "killed" if result.is_killed else "survived"
                    fates[module][fate] += 1
                    if fate == "survived":
                        print(result.diff, flush=True)
            print(f"{module:24} {dict(fates[module])} of a possible {len(jobs)}", flush=True)
    total = sum(fates.values(), collections.Counter())
    print(f"killed {total['killed']} of {sum(total.values())}")


if __name__ == "__main__":
    main()
