"""Runs the playground's JavaScript in Node, without a browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "playground"


def run(code, given=None, timeout=60):
    """Runs `code` in Node, as the body of a function of `folder` and `given`. Returns what it returns, through JSON.

    `folder` is the path of the playground. Skips the test without Node. Fails if the code does.
    """
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        pytest.skip("needs Node: apt-get install nodejs")
    call = f"const answer = ((folder, given) => {{{code}}})({json.dumps(str(FOLDER))}, {json.dumps(given)});"
    text = f'"use strict";\n{call}\nconsole.log(JSON.stringify(answer));'
    done = subprocess.run([node, "-"], input=text, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
