"""The READMEs: every link leads to a file or heading that exists, and the Python in them runs."""

import re
from pathlib import Path

import pytest
from command_line import forked
from PIL import Image

TOP = Path(__file__).parents[1]
READMES = sorted(path for path in TOP.rglob("*.md") if not {".venv", "node_modules", "out"} & set(path.parts))


def anchors(path):
    """The headings of a file as its links name them, and its anchors: `<a id="…">`."""
    text = path.read_text()
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(TOP)))
def test_links(readme):
    for link in re.findall(r"\]\(([^)\s]+)\)", readme.read_text()):
        if not re.match(r"\w+:", link):
            name, _, heading = link.partition("#")
            path = (readme.parent / name).resolve() if name else readme
            assert path.exists(), f"{readme}: {link}"
            assert not heading or heading in anchors(path), f"{readme}: {link}"


def test_every_term_of_the_glossary_has_its_anchor():
    """One or more for each term, above it, each once, in the order of the alphabet."""
    title, _, *entries = (TOP / "GLOSSARY.md").read_text().strip().split("\n\n")
    assert title == "# Glossary" and len(entries) > 60
    term = re.compile(r'((?:<a id="[a-z0-9-]+"></a>)+)\n\*\*([^*]+)\*\*(.*)', re.DOTALL)
    found = [term.fullmatch(entry) for entry in entries]
    assert all(found), [entry for entry, match in zip(entries, found, strict=True) if not match]
    terms = [match[2].lower() for match in found]
    assert terms == sorted(terms)
    ids = [name for match in found for name in re.findall(r'id="([^"]+)"', match[1])]
    assert len(ids) == len(set(ids)) > len(entries)
    for match in found:  # an anchor has the words of its term, so that a reader who follows a link sees that term
        words = re.sub(r"[^a-z0-9]+", "-", f"{match[2]} ".lower())
        for name in re.findall(r'id="([^"]+)"', match[1]):
            assert set(name.split("-")) <= set(words.split("-")), name


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(TOP)))
def test_a_link_to_the_glossary_goes_to_a_term(readme):
    """Only the word "glossary" links to the page as a whole."""
    for words, heading in re.findall(r"\[([^\]]+)\]\([^)\s]*GLOSSARY[\w.-]*\.md(#[^)\s]+)?\)", readme.read_text()):
        whole = " ".join(words.split()).lower() in ("glossary", "the glossary", "中文", "english") or "术语表" in words
        assert whole or heading, f"{readme}: {words}"


def test_commands_are_modules():
    """Each `python -m …` in a README is a file."""
    commands = {
        name for path in READMES for name in re.findall(r"python -m ((?:gan_tf|experiments)[\w.]*\w)", path.read_text())
    }
    assert len(commands) > 10
    for name in commands - {"experiments.theory", "gan_tf"}:
        path = TOP / name.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


def test_the_five_lines(tmp_path):
    """Fewer iterations and glyphs, without XLA, as a script without a display. The map has the same lines."""
    texts = [(TOP / name).read_text() for name in ("README.md", "gan_tf/README.md")]
    codes = [re.findall(r"```python\n(.*?)```", text, re.DOTALL) for text in texts]
    calls = [[line.split("  #")[0].rstrip() for line in code.splitlines()[:4]] for code, *_ in codes]
    assert calls[0] == calls[1] and "gan.train(10_000)" in codes[0][0]
    code = codes[0][0].replace("gan.train(10_000)", "gan.train(2)") + "gan.show()\nprint(losses.shape)\n"
    few = "from gan_tf.data import glyphs\ndraw = glyphs.draw\nglyphs.draw = lambda first, _: draw(first, 5500)\n"
    few += "from gan_tf import reference\nmake = reference.make\n"
    few += "reference.make = lambda *images, **options: make(*images, jit=False, **options)\n"
    (tmp_path / "code.py").write_text(few + code)
    result = forked("code.py", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout == "(2, 2)\n", result.stderr
    assert "2/2" in result.stderr, "a progress bar"
    assert Image.open(tmp_path / "grid.png").size == (328, 328)
