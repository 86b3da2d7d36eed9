"""The READMEs: every link leads to a file or heading that exists, and the Python in them runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
READMES = sorted(path for path in TOP.rglob("*.md") if not {".venv", "node_modules", "out"} & set(path.parts))


def anchors(path):
    """The headings of a file as its links name them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(TOP)))
def test_links(readme):
    for link in re.findall(r"\]\(([^)\s]+)\)", readme.read_text()):
        if not re.match(r"\w+:", link):
            name, _, heading = link.partition("#")
            path = (readme.parent / name).resolve() if name else readme
            assert path.exists(), f"{readme}: {link}"
            assert not heading or heading in anchors(path), f"{readme}: {link}"


def test_commands_are_modules():
    """Each `python -m …` in a README is a file."""
    commands = {
        name for path in READMES for name in re.findall(r"python -m ((?:gan_tf|experiments)[\w.]*\w)", path.read_text())
    }
    assert len(commands) > 10
    for name in commands - {"experiments.theory", "gan_tf"}:
        assert (TOP / name.replace(".", "/")).with_suffix(".py").exists(), name


@pytest.mark.parametrize("readme", ["README.md", "gan_tf/README.md"])
def test_the_five_lines(readme, tmp_path):
    """On fewer iterations."""
    (code,) = re.findall(r"```python\n(.*?)```", (TOP / readme).read_text(), re.DOTALL)
    assert "gan.train(10_000)" in code
    code = code.replace("gan.train(10_000)", "gan.train(2)")
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
