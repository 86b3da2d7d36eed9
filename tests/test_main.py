"""python -m gan_tf lists the commands."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gan_tf
from gan_tf import __main__ as listing


def run(*flags):
    return subprocess.run([sys.executable, "-m", "gan_tf", *flags], capture_output=True, text=True)


@pytest.mark.parametrize("flags", [(), ("--help",), ("-h",)])
def test_the_commands_are_listed(flags):
    result = run(*flags)
    assert result.returncode == 0 and result.stderr == ""
    found = re.findall(r"^  (python -m [\w.]+)  +\w", result.stdout, re.MULTILINE)
    assert found[0] == "python -m gan_tf.train" and result.stdout.endswith(f"\n  {listing.FIRST}\n")
    for command in found:
        assert importlib.util.find_spec(command.split()[-1])


def test_no_command_is_left_out():
    """What is run as a program at the top of the package."""
    files = [path for path in Path(gan_tf.__file__).parent.glob("*.py") if path.name != "__main__.py"]
    programs = {path.stem for path in files if "__main__" in ast.dump(ast.parse(path.read_text()))}
    assert {f"python -m gan_tf.{name}" for name in programs} <= set(listing.commands()) and "sample" in programs


def test_the_first_command_is_that_of_the_readme():
    for name in ("README.md", "README.zh-CN.md"):
        assert listing.FIRST in (Path(__file__).parents[1] / name).read_text(encoding="utf-8")


def test_a_command_without_its_dot():
    result = run("train", "--iters=5")
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith("error: write a dot") and len(result.stderr.splitlines()) == 1


def test_tensorflow_is_not_imported():
    code = "import runpy, sys; sys.argv[1:] = []; sys.modules['tensorflow'] = None; sys.modules['keras'] = None;"
    code += "runpy.run_module('gan_tf', run_name='__main__')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0 and "gan_tf.train" in result.stdout, result.stderr
