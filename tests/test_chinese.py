"""The Chinese pages say what the English ones say: the same code, numbers, links and pictures, paragraph by paragraph.

A Chinese page may leave out tables, but only those of the sections that are named here.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from test_readme import anchors

TOP = Path(__file__).parents[1]
NUMBER = r"(?<![0-9A-WY-Za-wy-z.])-?[0-9]+(?:[.,][0-9]+)*(?:e-?[0-9]+)?%?"
HAN = "\u4e00-\u9fff"


def chinese_of(page):
    """The path of an English page's Chinese counterpart, whether or not it is there."""
    return page.with_name(page.name.replace(".md", ".zh-CN.md"))


def blocks(text):
    """The text's blocks, which blank lines separate, without the link to the other language and lone anchors."""
    text = re.sub(r"^(?!- |  )(\S.*)\n(?=- )", r"\1\n\n", text, flags=re.MULTILINE)  # a list right below a paragraph
    whole = re.sub(r"```.*?```", lambda code: code[0].replace("\n\n", "\n\0\n"), text, flags=re.DOTALL)
    parts = [part.replace("\0", "").strip("\n") for part in re.split(r"\n\n+", whole)]
    return [each for each in parts if each and not re.fullmatch(r'\[(中文|English)\]\(\S+\)|<a id="[^"]+"></a>', each)]


def sections(path):
    """{anchor of the heading: blocks under it, the heading first}. In Chinese the anchor stands above its heading."""
    text = re.sub(r'^<a id="([^"]+)"></a>\n\n(#+ .*)$', r"\2 {\1}", path.read_text(), flags=re.MULTILINE)
    found, name = {}, ""
    for block in blocks(text):
        heading = re.fullmatch(r"#+ (.*?)(?: \{(\S+)\})?", block)
        if heading and not block.startswith("# "):
            name = heading[2] or re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            assert name not in found, f"{path}: {name} twice"
        found.setdefault(name, []).append(block)
    return found


LESSONS, ZOO = "experiments/README.md", "gan_tf/zoo/README.md"
PAGES = ["README.md", "gan_tf/data/README.md", "GLOSSARY.md", LESSONS, ZOO]
# Sections that have a link to the English page instead of their tables: all tables of results of the gallery.
TABLES_ONLY_ENGLISH = {
    LESSONS: {"all-commands", "the-theory-one-claim-a-file"},
    ZOO: set(sections(TOP / ZOO)) - {"", "any-picture", "the-members", "what-gans-get-wrong"},
}
# How a paragraph begins that only the Chinese page needs.
ONLY_CHINESE = "报告页的语言取自"
# What belongs to a table: what is said of all its rows.
OF_A_TABLE = "Made by |Each row has |At the paper's size:$|Difference of a pixel between "


def kind(block):
    if block.startswith(("    ", "```")):
        return "code"
    return next((start for start in ("###", "##", "#", "|", "![", "- ", "1. ") if block.startswith(start)), "text")


def links(block):
    return re.findall(r"\]\(([^)\s]+)\)", block)


def in_chinese(page, link):
    """The link that the Chinese page must have: to the Chinese counterpart, if that has the heading, too."""
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    other = chinese_of(target)
    if re.match(r"\w+:", link) or target.suffix != ".md" or not other.exists():
        return link
    if heading and heading not in anchors(other):
        return link if name else f"{page.name}{link}"
    return link.replace(target.name, other.name)


def facts(block):
    """Code and numbers as multisets, because words have another order; names with digits (R1, a commit); anchors."""
    plain = " ".join(re.sub(r'\]\([^)\s]+\)|<a id="[^"]+"></a>| \{\S+\}$', "]", block).split())
    words = re.sub(r"`[^`]+`", "`", plain)
    return {
        "code": Counter(re.findall(r"`[^`]+`", plain)),
        "numbers": Counter(re.findall(NUMBER, words)),
        "names": {*re.findall(r"[A-Za-z0-9]*(?:[A-Za-z][0-9]|[0-9](?!th\b)[A-Za-z])[A-Za-z0-9]*", words)},
        "anchors": re.findall(r'<a id="([^"]+)">', block),
    }


def parts(block):
    """The items of a list, the rows of a table, or the block itself."""
    if kind(block) == "|":
        return block.splitlines()
    return re.split(r"\n(?=- |\d\. )", block) if kind(block) in ("- ", "1. ") else [block]


def without_tables(page, section, found):
    """The blocks `found` of an English section, with the Chinese link to the English page in place of its tables."""
    link = f"[表格]({page.name}#{section})（英文）"
    kept = [link if block.startswith("|") else block for block in found if not re.match(OF_A_TABLE, block)]
    return [block for i, block in enumerate(kept) if block != link or kept[i - 1] != link]


def compare(page, english, chinese):
    """Fails unless the blocks of both languages have the same facts, in each item of a list and each row of a table."""
    assert [kind(block) for block in chinese] == [kind(block) for block in english], (page, english[0])
    for blocks_of_both in zip(english, chinese, strict=True):
        if kind(blocks_of_both[0]) == "code" or blocks_of_both[0].startswith("[表格]"):
            assert blocks_of_both[0] == blocks_of_both[1]
            continue
        for first, second in zip(*map(parts, blocks_of_both), strict=True):
            where = f"{page}\n{first}\n{second}"
            assert facts(second) == facts(first), where
            wanted = Counter(in_chinese(page, link) for link in links(first))
            there = Counter(link if link in wanted else link.partition("#")[0] for link in links(second))
            assert there == wanted, where
            assert kind(first) != "|" or second.count("|") == first.count("|"), where


def check(page, chinese_page):
    """Fails unless both pages have the same sections, and these the same facts, in the same order."""
    name = str(page.relative_to(TOP))
    english, chinese = sections(page), sections(chinese_page)
    chinese = {name: [each for each in found if not each.startswith(ONLY_CHINESE)] for name, found in chinese.items()}
    assert list(chinese) == list(english)
    for section, found in chinese.items():
        wanted = english[section]
        if section in TABLES_ONLY_ENGLISH.get(name, ()):
            wanted = without_tables(page, section, wanted)
        compare(page, wanted, found)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_say_the_same(name):
    check(TOP / name, chinese_of(TOP / name))
    assert anchors(chinese_of(TOP / name)) >= set(sections(chinese_of(TOP / name))) - {""}


@pytest.mark.parametrize("name", PAGES)
def test_each_links_to_the_other(name):
    english, chinese = ((path.name, path.read_text()[:1500]) for path in (TOP / name, chinese_of(TOP / name)))
    assert f"\n[中文]({chinese[0]})\n" in english[1] and f"\n[English]({english[0]})\n" in chinese[1]


@pytest.mark.parametrize("name", PAGES)
def test_how_chinese_is_written(name):
    text = chinese_of(TOP / name).read_text()
    for block in blocks(text):
        lines = re.sub(r'^(<a id="[^"]+"></a>)+\n', "", block).splitlines()
        assert kind(block) != "text" or len(lines) == 1, f"a line break becomes a space on the page: {block}"
        assert kind(block) not in ("- ", "1. ") or len(lines) == len(parts(block)), block
    prose = re.sub(r"```.*?```|^    .*?$|`[^`\n]+`|\]\([^)]+\)", "`", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(rf".*(?:[{HAN}][,;:!?]|[{HAN}]\.(?!\w)|\([{HAN}]|[{HAN}]\)).*", prose)
    assert not found, "punctuation of English"
    for before, bold, after in re.findall(r"(.?)\*\*([^*]+)\*\*(.?)", prose):
        for inside, outside in ((bold[0], before), (bold[-1], after)):
            assert not (re.match(r"\W", inside) and re.match(r"\w", outside)), f"not bold, but asterisks: {bold}"


# The words of the page of a run and of the playground.
OTHER_WORDS = ["gan_tf/runs/words_zh.json", "playground/words/zh.js"]
# Each has another name in all Chinese texts, or is not what a student is told.
UNWANTED = ["内核", "笔记本(?!电脑)", "您", "神谕", "纳特", "最大似然", "字体数字", "复制比例", "网格(?!图)"]


@pytest.mark.parametrize("name", [*PAGES, *OTHER_WORDS])
def test_one_term_for_one_thing(name):
    path = TOP / name
    text = (chinese_of(path) if name in PAGES else path).read_text()
    assert not [word for word in UNWANTED if re.search(word, text)]


def test_the_readme_is_short():
    """At most 900 words, and the page on one's own pictures 400."""
    for name, most in (("README.md", 900), ("gan_tf/data/README.md", 400)):
        assert len((TOP / name).read_text().split()) <= most


MISTAKES = [
    ("README.md", "30 到 50 分钟", "30 到 60 分钟"),
    ("README.md", "--d_lr=1.0 --iters=20000", "--d_lr=1.0 --iters=2000"),
    ("README.md", "`--dataset=heads`", "`--dataset=head`"),
    ("README.md", "GLOSSARY.zh-CN.md#mode-collapse", "GLOSSARY.md#mode-collapse"),
    ("README.md", "(experiments/EVIDENCE.md)", "(experiments/README.md)"),
    ("README.md", "\n\n`ADDRESS` 是本仓库的地址。", ""),
    ("README.md", "4.5e-7\n", "4.5e-6\n"),
    ("README.md", "\n## 安装", "\n### 安装"),
    ("README.md", "results/glyphs.png", "results/two_runs.gif"),
    (
        "README.md",
        "\n2. [",
        "\n[",
    ),
    ("gan_tf/data/README.md", "| 128 | 3.4 |", "| 128 | 4.3 |"),
    ("gan_tf/data/README.md", "| 64 | 12.7 | 13 |\n| 128 | 3.4 |", "| 64 | 3.4 | 13 |\n| 128 | 12.7 |"),
    ("gan_tf/data/README.md", " | 48 |", " 48 |"),
    (LESSONS, "0.001 · √(epsilon", "0.01 · √(epsilon"),
    (LESSONS, "令 `START = 4.0`", "令 `START = 3.0`"),
    (LESSONS, "| `--d_lr=0.1` | 0.085 ± 0.079 |", "| `--d_lr=0.1` | 0.085 ± 0.097 |"),
    (LESSONS, "<details><summary>答案</summary>\n\n", ""),
    (LESSONS, "(#what-keeps-the-digits)", "(#other-objectives)"),
    ("GLOSSARY.md", "-1 到 1", "0 到 1"),
    ("GLOSSARY.md", '<a id="kid"></a>\n', ""),
    (ZOO, "README.md#dcgan", "README.md#heads"),
    (ZOO, "16x16x16 个小方块生成", "16x16 个小方块生成"),
    (ZOO, '<a id="heads"></a>\n\n', ""),
]


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_a_single_mistake_is_found(name, right, wrong, tmp_path):
    text = chinese_of(TOP / name).read_text()
    assert right in text
    path = tmp_path / "mistaken.md"
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(AssertionError):
        check(TOP / name, path)
        assert anchors(path) == anchors(chinese_of(TOP / name))
