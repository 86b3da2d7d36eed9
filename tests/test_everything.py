"""The record of the last run of all tests."""

import json
import subprocess
import sys

import everything


def test_contributing_says_what_the_record_says():
    result = json.loads(everything.FILE.read_text()) if everything.FILE.exists() else None
    assert everything.line(result) in (everything.TOP / "CONTRIBUTING.md").read_text().splitlines()


def test_counts(tmp_path):
    """Of each kind, and errors count as failures."""
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_a(): pass\n"
        "def test_b(): pass\n"
        "def test_c(): assert False\n"
        "def test_d(): pytest.skip('no')\n"
        "@pytest.fixture\n"
        "def broken(): assert False\n"
        "def test_e(broken): pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml", "test_some.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1
    counts = everything.count(tmp_path / "report.xml")
    assert counts == {"passed": 2, "failed": 2, "skipped": 1}
    result = {"commit": "abc1234", "date": "2026-11-22", "minutes": 25, "machine": "m", "python": "3.11.7"}
    line = everything.line(result | {"counts": counts})
    assert line == (
        "Last run: 2026-11-22, commit abc1234, 25 minutes on m, Python 3.11.7: 2 passed, 2 failed, 1 skipped."
    )
