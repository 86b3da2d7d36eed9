"""Runs networks.js in Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gan_tf.runs import browser

NETWORKS = Path(browser.__file__).with_name("networks.js")


def run_in_node(cases, tmp_path):
    """Returns the outputs of each network: `cases` are pairs of a description and a list of inputs, arrays of one row.

    Each network first runs with other inputs: nothing of them may stay. Skips the test without Node.
    """
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        pytest.skip("needs Node: apt-get install nodejs")
    (tmp_path / "cases.json").write_text(json.dumps([[d, [each.ravel().tolist() for each in x]] for d, x in cases]))
    code = NETWORKS.read_text() + (
        'const cases = JSON.parse(require("fs").readFileSync(process.argv[2]));'
        "console.log(JSON.stringify(cases.map(([d, x]) => {"
        "  const network = Networks.load(d);"
        "  network.run(x.map(each => each.map(value => 1 - value)));"
        "  return network.run(x).map(y => Array.from(y));"
        "})));"
    )
    (tmp_path / "run.js").write_text(code)
    done = subprocess.run([node, tmp_path / "run.js", tmp_path / "cases.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
