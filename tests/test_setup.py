"""setup.cfg declares what the package imports."""

import ast
import configparser
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import gan_tf

FOLDER = Path(gan_tf.__file__).parent


# What each folder may not import. "" are the files at the top that are no commands.
COMMANDS = {"train", "sample", "evaluate", "export", "report", "sweep"}
ABOVE = {
    "data": {"reference", "restore", "training", "objectives", "zoo", "runs", "sweeps", "metrics", *COMMANDS},
    "metrics": {"reference", "restore", "training", "objectives", "zoo", "runs", "sweeps", *COMMANDS},
    "objectives": {"restore", "zoo", "runs", "sweeps", *COMMANDS},
    "runs": {"reference", "models", "losses", "training", "optimizers", "objectives", "zoo", "sweeps", *COMMANDS},
    "zoo": {"sweeps", *COMMANDS},
    "sweeps": COMMANDS,
    "": {"zoo", "sweeps", *COMMANDS},
}


@pytest.mark.parametrize("folder", ABOVE)
def test_imports_go_one_way(folder):
    """The imports at the top of each file. Inside a function, a command's own parts may import what it needs."""
    wrong = []
    for path in (FOLDER / folder).glob("*.py"):
        if not folder and path.stem in {*COMMANDS, "__main__"}:
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for first, *rest in (name.split(".") for name in names):
                if first == "experiments" or (first == "gan_tf" and rest and rest[0] in ABOVE[folder]):
                    wrong.append((path.name, ".".join([first, *rest])))
    assert wrong == []


def test_every_import_is_declared():
    """What another package happens to bring may be gone with its next version."""
    setup = configparser.ConfigParser()
    setup.read(FOLDER.parent / "setup.cfg")
    extras = setup["options.extras_require"]
    lines = (setup["options"]["install_requires"] + extras["sweep"] + extras["zoo"] + extras["fid"]).split("\n")
    declared = {re.match(r"[\w-]+", line)[0].lower() for line in lines if line}
    imported = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    packages = metadata.packages_distributions()
    others = {
        # What is not installed, such as torch, is taken to have the name of its package.
        name: {each.lower() for each in packages.get(name, [name.replace("_", "-")])}
        for name in imported - sys.stdlib_module_names - {"gan_tf"}
    }
    assert len(others) > 5
    assert [name for name, distributions in others.items() if not distributions & declared] == []


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("gan_tf.zoo.dcgan", None, "1"),
        pytest.param("gan_tf.zoo.dcgan", "0", "0", marks=pytest.mark.slow),
        ("gan_tf.train", None, "None"),
    ],
)
def test_onednn_is_for_the_zoo_alone(module, before, after):
    """The zoo has oneDNN's convolutions on every x86 CPU, unless the user wishes something else; the reference not."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {} if before is None else {"TF_ENABLE_ONEDNN_OPTS": before}
    code = f"""
import os, sys
sys.modules["tensorflow"] = sys.modules["keras"] = None  # it must be set before these are imported, which takes seconds
try:
    import {module}
except ImportError as error:
    assert error.name.partition(".")[0] in ("tensorflow", "keras"), error
print(os.environ.get("TF_ENABLE_ONEDNN_OPTS"))
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (after if platform.machine() in ("x86_64", "AMD64") else str(before))
