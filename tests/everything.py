"""Runs all tests, the slow ones too, and records it: `python -m tests.everything [pytest's own flags]`.

Writes tests/last_run.json and the line in CONTRIBUTING.md that says the same. Name the folders with MNIST in the
environment, as CONTRIBUTING.md says; otherwise tests are skipped, and the record says how many. Nothing is written if
pytest could not run. The exit status is pytest's.
"""

import datetime
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

from experiments import record

TOP = Path(__file__).parents[1]
FILE = TOP / "tests" / "last_run.json"


def line(result):
    """Returns what CONTRIBUTING.md says of a run; `result` is None before the first."""
    if result is None:
        return "Last run: not recorded yet."
    counts = ", ".join(f"{count} {what}" for what, count in result["counts"].items())
    return (
        f"Last run: {result['date']}, commit {result['commit']}, {result['minutes']} minutes on {result['machine']}, "
        f"Python {result['python']}: {counts}."
    )


def count(report):
    """Returns how many tests passed, failed and were skipped, from the JUnit file `report`."""
    suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    tests, failed, skipped = int(suite.get("tests")), int(suite.get("failures")), int(suite.get("skipped"))
    failed += int(suite.get("errors"))
    return {"passed": tests - failed - skipped, "failed": failed, "skipped": skipped}


def main():
    """Runs pytest, writes both files, prints the line, and exits with pytest's status."""
    commit, start = record.commit(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-m", "slow or not slow", f"--junitxml={report}", *sys.argv[1:]]
        status = subprocess.run(command, cwd=TOP).returncode
        if status > 1:  # 0: all passed, 1: some failed, more: pytest did not run them all
            sys.exit(status)
        result = {
            "commit": commit,
            "date": datetime.date.today().isoformat(),
            "minutes": round((time.monotonic() - start) / 60),
            "machine": record.machine(),
            "python": platform.python_version(),
            "counts": count(report),
        }
    FILE.write_text(json.dumps(result, indent=1) + "\n")
    contributing = TOP / "CONTRIBUTING.md"
    contributing.write_text(re.sub("^Last run: .*$", line(result), contributing.read_text(), flags=re.MULTILINE))
    print(line(result))
    sys.exit(status)


if __name__ == "__main__":
    main()
