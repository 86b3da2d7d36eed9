"""Files of one's own that are wrong, run as a newcomer would run them: each ends in one line that says what to do."""

import re
from pathlib import Path

import pytest
from command_line import forked

from gan_tf.sweeps import grid

PAGE = 'see "A GAN of your own" in gan_tf/README.md.'
# Enough for what is refused before TensorFlow is imported, and for the call of `make`.
FILE = """
from gan_tf.runs import training_command

OPTIONS = {"width": (8, "Width.", (1, 100)), "kind": ("a", "Which.", ["a", "b"])}
FACTS = ("shape",)

if __name__ == "__main__":
    training_command.main(iters=5)


def make(images, labels, *, shape, width, kind, batch_size, seed, jit, block):
    return [images.shape, width, kind, batch_size, seed, jit, block]
"""
FORM = "must be (default, text for --help, (lowest, highest)); a string has the list of its values instead"


def run(text, idx_dir, cwd, *flags, name="wrong.py"):
    (cwd / name).write_text(text)
    result = forked(name, f"--data_dir={idx_dir}", *flags, cwd=cwd)
    assert result.stdout == "" and "Traceback" not in result.stderr
    return result.returncode, result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '"width": (8, "Width.", (1, 100))',
            '"seed": (8, "Width.")',
            "OPTIONS: every GAN has a flag --seed already; choose",
        ),
        (
            '"width": (8, "Width.", (1, 100))',
            '"block": (8, "Width.")',
            "OPTIONS: make gets block already; choose another",
        ),
        (
            '"width": (8, "Width.", (1, 100))',
            '"shape": (8, "Width.")',
            "OPTIONS: make gets shape already; choose another",
        ),
        ('"width": (8, "Width.", (1, 100))', '"width": 8', f"OPTIONS: width {FORM} ("),
        ('"width": (8, "Width.", (1, 100))', '"width": (8,)', f"OPTIONS: width {FORM} ("),
        ('"width": (8, "Width.", (1, 100))', '"width": (8, "Width.", (9, 10))', f"OPTIONS: width {FORM} ("),
        ('"kind": ("a", "Which.", ["a", "b"])', '"kind": ("a", "Which.")', f"OPTIONS: kind {FORM} ("),
        ("OPTIONS = {", "OPTIONS = []; MORE = {", "OPTIONS must be a dict, such as {"),
        ('FACTS = ("shape",)', 'FACTS = ("shape")', "FACTS must be a tuple of shape, classes, classifier, such as ("),
        (
            'FACTS = ("shape",)',
            'FACTS = ("shape", "colour")',
            "FACTS must be a tuple of shape, classes, classifier, such",
        ),
        ("iters=5", "iters=5, sampel_every=3", "main: Unknown command line flag 'sampel_every'."),
        ("iters=5", "iters='many'", "main: --iters=many is not a whole number."),
    ],
)
def test_before_tensorflow(old, new, words, idx_dir, tmp_path):
    status, line = run(FILE.replace(old, new), idx_dir, tmp_path)
    assert status == 1 and line.startswith(f"error: wrong.py: {words}")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '__name__ == "__main__"',
            "True",
            'error: wrong.py calls main when it is imported; write if __name__ == "__main__"',
        ),
        ("def make(", "def made(", f"error: wrong has no function make, which returns the GAN; {PAGE}"),
        ("    return [", "    [", f"error: wrong.py: make returned NoneType, not a gan_tf.gan.Gan; {PAGE}"),
        (
            "*, shape,",
            "*, colour,",
            "error: wrong.py: make() got an unexpected keyword argument 'shape'; the call is make(",
        ),
        (
            "*, shape,",
            "*, colour, shape,",
            "error: wrong.py: make() missing 1 required keyword-only argument: 'colour'",
        ),
    ],
)
def test_of_make(old, new, words, idx_dir, tmp_path):
    status, line = run(FILE.replace(old, new), idx_dir, tmp_path)
    assert status == 1 and line.startswith(words)


def test_options_below_main(idx_dir, tmp_path):
    below = FILE.replace('OPTIONS = {"', 'OPTIONS = {}\nMORE = {"') + "\n\nOPTIONS = MORE\n"
    assert run(below, idx_dir, tmp_path) == (1, "error: wrong.py: OPTIONS and FACTS must stand above the call of main.")


def test_names_of_files(idx_dir, tmp_path):
    for name, words in (
        ("dcgan.py", "dcgan is a GAN of gan_tf; give the file another name, such as my_dcgan.py."),
        ("my gan.py", "give the file a name of letters, digits and _, such as my_gan.py."),
    ):
        assert run(FILE, idx_dir, tmp_path, name=name) == (1, f"error: {name}: {words}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            FILE.replace("training_command.main(", "dict("),
            f"--gan=wrong: wrong does not call training_command.main, .*{PAGE}",
        ),
        (FILE.replace("def make(", "def make(("), "--gan=wrong: .*/wrong.py, line 11: invalid syntax.$"),
        (
            "import nonsense_9\n" + FILE,
            "--gan=wrong: .*/wrong.py, line 1: ModuleNotFoundError: No module named 'nonsense_9'.$",
        ),
        (FILE.replace('(8, "Width.", (1, 100))', "8"), "--gan=wrong: .*/wrong.py: OPTIONS: width must be "),
        ("print('hello')\n" + FILE, None),
    ],
)
def test_sweeps_of_files(text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("wrong.py").write_text(text)
    if not words:
        assert grid.parsed("wrong", [["--width=9"]])[0]["width"] == 9
        return
    with pytest.raises(grid.SweepError, match=words) as caught:
        grid.parsed("wrong", [[]])
    assert len(str(caught.value).splitlines()) == 1 and not re.search("Traceback", str(caught.value))
