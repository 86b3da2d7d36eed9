"""What every result records besides its numbers: machine, versions, commit and date. Also where results are kept.

A result that is kept must name the commit of the code that made it. So an experiment that writes into
experiments/results refuses to start if this code has changes without a commit. Into other folders it writes always.
Then the commit in the result has a + after it.
"""

import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from absl import flags

RESULTS = Path(__file__).parent / "results"  # the results that are committed


def commit(folder=Path(__file__).parents[1]):
    """Returns the commit of the code in `folder`, or "unknown" without a repository.

    After it comes a + if a file was changed, added or deleted since then. Results are no code: changed results count no
    more than the files that git ignores.
    """

    def git(*words):
        result = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
        return "" if result.returncode else result.stdout.strip()

    if not (Path(folder) / ".git").exists():  # an archive that was unpacked, perhaps within another repository
        return "unknown"
    changed = git("status", "--porcelain", "--untracked-files=all", "--", ".", ":!experiments/results")
    return (git("rev-parse", "--short=7", "HEAD") or "unknown") + ("+" if changed else "")


def load_runs(folder, runs):
    """Reads the results of `runs` in a folder, RUN.json each: {run: its result}, without those that are not there."""
    paths = {run: Path(folder) / f"{run}.json" for run in runs}
    return {run: json.loads(path.read_text()) for run, path in paths.items() if path.exists()}


def load_seeds(folder, runs):
    """Reads the results of `runs` in a folder, RUN-SEED.json each: {run: [result of each seed]}."""
    found = {run: [json.loads(path.read_text()) for path in sorted(Path(folder).glob(f"{run}-?.json"))] for run in runs}
    return {run: results for run, results in found.items() if results}


def check(out_dir):
    """Exits if results are to be written into experiments/results, and this code has changes without a commit."""
    if Path(out_dir).resolve().is_relative_to(RESULTS) and commit().endswith("+"):
        sys.exit(
            "error: results that are kept name the commit of their code, but git status shows files that have none; "
            "commit them, or name another --out_dir."
        )


def define_names(flag, names, help_text):
    """Defines a flag that lists some of `names`, with commas between them. Without it, all."""
    flags.DEFINE_list(flag, list(names), help_text)

    def check_names(given):
        for name in given:
            if name not in names:
                raise flags.ValidationError(f"there is no {name!r}, only {', '.join(names)}")
        return True

    flags.register_validator(flag, check_names)


def machine():
    """Returns this machine in words: its processor, and the number of cores that this process may use."""
    name = platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        info = Path("/proc/cpuinfo").read_text()
        models = re.findall(r"model name\s*: (.*)", info)
        name = (models[0] if models else name) + (" with AVX-512" if "avx512f" in info else "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} core{'s' if cores > 1 else ''}"


def facts(*packages):
    """Returns a dict: machine, versions, commit and date.

    The versions are those of Python and of each of `packages` that is installed.
    """
    installed = [name for name in packages if importlib.util.find_spec(name)]
    return {
        "machine": machine(),
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in installed},
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
    }


def write_json(path, content):
    """Writes `content` as JSON to the file `path`, with each list of numbers on one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(text + "\n", encoding="utf-8")  # never half a file, if this is stopped
    path.with_suffix(".part").replace(path)
