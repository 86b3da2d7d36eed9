"""What every measurement writes down besides its numbers: machine, versions, commit and date; and where it is kept."""

import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
from pathlib import Path

RESULTS = Path(__file__).parent / "results"  # the committed ones


def commit():
    """The commit of this code, with a + if the code has changed since; "unknown" outside of a repository."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    result = subprocess.run(git, capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def machine():
    """This machine in words: its processor and how many cores of it."""
    name = platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        info = Path("/proc/cpuinfo").read_text()
        models = re.findall(r"model name\s*: (.*)", info)
        name = (models[0] if models else name) + (" with AVX-512" if "avx512f" in info else "")
    return f"{name}, {os.cpu_count()} cores"


def facts(*packages):
    """Machine, Python, the versions of those `packages` that are installed, commit and date, as a dict."""
    installed = [name for name in packages if importlib.util.find_spec(name)]
    return {
        "machine": machine(),
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in installed},
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
    }


def write_json(path, content):
    """Writes `content` as JSON, a score or a curve to a line."""
    text = json.dumps(content, indent=1)
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
