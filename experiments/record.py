"""What every result records besides its numbers: machine, versions, commit and date. Also where results are kept."""

import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
from pathlib import Path

RESULTS = Path(__file__).parent / "results"  # the results that are committed


def commit():
    """Returns the commit of this code, with a + if files have changed since then, or "unknown" without a repository."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    result = subprocess.run(git, capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def machine():
    """Returns this machine in words: its processor and the number of cores."""
    name = platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        info = Path("/proc/cpuinfo").read_text()
        models = re.findall(r"model name\s*: (.*)", info)
        name = (models[0] if models else name) + (" with AVX-512" if "avx512f" in info else "")
    return f"{name}, {os.cpu_count()} cores"


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
    text = json.dumps(content, indent=1)
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(text + "\n")  # never half a file, if this is stopped
    path.with_suffix(".part").replace(path)
