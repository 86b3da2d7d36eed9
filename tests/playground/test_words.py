"""The words of the playground: both languages have the same ones, and the pages use only these."""

import re

import node

WORDS = "global.Playground = { words: {} }; for (const each of ['en', 'zh']) require(`${folder}/words/${each}.js`);"
MADE = re.compile(r"\$\{.*?\}")  # what is put together while the page runs


def test_both_languages_have_the_same_words():
    words = node.run(WORDS + "return Playground.words;")
    assert list(words["en"]) == list(words["zh"]) and len(words["en"]) > 80
    for key, english in words["en"].items():
        chinese = words["zh"][key]
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), key
        assert english.strip() and chinese.strip()
        if len(english) > 12:
            assert re.search("[\u4e00-\u9fff]", chinese), key
        assert not re.search("[\u4e00-\u9fff]", english) or key == "language"


def test_every_word_that_is_asked_for_is_there():
    words = node.run(WORDS + "return Playground.words.en;")
    used = set()
    for path in [*node.FOLDER.glob("*.js"), *node.FOLDER.glob("rooms/*.js"), node.FOLDER / "index.html"]:
        text = path.read_text()
        for key in re.findall(r"""\bt\((?:[^()"'`]*\? )?["`]([^"`]+)["`]""", text):
            used.add(key)
        for key in re.findall(r"""\b(?:t|label|data-t)[:=] ?["`]([^"`]+)["`]""", text):
            used.add(key)
    assert len(used) > 50
    for key in used:
        pattern = re.compile(".+".join(map(re.escape, MADE.split(key))))
        assert any(pattern.fullmatch(each) for each in words), key


def test_nothing_comes_from_elsewhere():
    """No address in any file, but for that of SVG's language."""
    for path in node.FOLDER.rglob("*"):
        if path.suffix in (".js", ".html", ".css", ".svg"):
            found = set(re.findall(r"https?://[^\s\"')>]+", path.read_text()))
            assert found <= {"http://www.w3.org/2000/svg"}, path
