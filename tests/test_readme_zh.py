"""README.zh-CN.md is README.md in Chinese: the same commands, pictures and links."""

import re

from test_readme import TOP

ENGLISH, CHINESE = (TOP / "README.md").read_text(), (TOP / "README.zh-CN.md").read_text()


def commands(text):
    """All lines of code, indented or fenced."""
    return re.findall(r"^    .*$", text, re.MULTILINE) + re.findall(r"```.*?```", text, re.DOTALL)


def test_same_commands():
    assert len(commands(ENGLISH)) > 8
    assert commands(CHINESE) == commands(ENGLISH)


def test_same_links_in_the_same_order():
    english, chinese = (re.findall(r"\]\(([^)]+)\)", text) for text in (ENGLISH, CHINESE))
    english.remove("README.zh-CN.md")
    chinese.remove("README.md")
    assert chinese == english and len(english) > 15


def test_it_is_short():
    """At most 900 words; and a translation is neither half as long nor twice."""
    words = len(ENGLISH.split())
    assert words <= 900
    characters = len(re.findall(r"[\u4e00-\u9fff]", CHINESE))
    assert words < characters < 3 * words
