"""The list of changes fits the code. Whether the tests notice them: python -m tests.mutations."""

import ast
from pathlib import Path

import pytest
from changes import CHANGES, Change

from tests.mutations import sampled

ROOT = Path(__file__).parents[2]


def test_each_old_text_is_there_once():
    """And what a change makes of a file is still Python."""
    for change in CHANGES:
        changed = change.apply((ROOT / "gan_tf" / change.file).read_text(encoding="utf-8"))
        ast.parse(changed, change.name)


def test_each_test_is_there():
    for name in {test for change in CHANGES for test in change.tests}:
        file, _, function = name.partition("::")
        assert f"\ndef {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), name


def test_each_module_has_tests_for_random_changes():
    for module in sampled.modules():
        for name in sampled.tests_of(module):
            file, _, function = name.partition("::")
            assert f"\ndef {function.partition('[')[0]}(" in (ROOT / "tests" / file).read_text() or not function


def test_names_differ():
    assert len({(change.file, change.name) for change in CHANGES}) == len(CHANGES) > 60


@pytest.mark.parametrize("text", ["b", "a a"])
def test_a_list_that_no_longer_fits_is_refused(text):
    with pytest.raises(ValueError, match="the old text must be there exactly once"):
        Change("x.py", "a name", "a", "b", ("test_x.py::test",)).apply(text)
