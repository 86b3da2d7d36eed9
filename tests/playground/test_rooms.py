"""The playground in a browser, opened from disk: each room does its one thing, quietly, and agrees with Keras."""

import json
import re
import shutil
import time
from pathlib import Path

import node
import numpy as np
import pytest
from firefox import started
from PIL import Image

from experiments import chromium

START = (node.FOLDER / "index.html").as_uri()
BUILT = json.loads(re.search(r"\[.*\]", (node.FOLDER / "data/built.js").read_text())[0])
ROOMS = ["train", *BUILT]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium that logs its requests and its console."""
    try:
        chrome = chromium.start(tmp_path_factory.mktemp("profile"))
    except chromium.MissingError as error:
        pytest.skip(str(error))
    chromium.want_less_motion(chrome)
    yield chrome
    chrome.quit()


def opened(browser, room="", width=1280, language="en", start=START):
    """Opens a room from disk, afresh; `start` is the first page's address.

    Returns a function from a selector to the element.
    """
    for log in ("browser", "performance"):
        browser.get_log(log)  # what was before
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get("about:blank")
    browser.get(f"{start}#{room}")
    wait(browser, "return document.querySelector('main').children.length > 0")
    browser.execute_script("document.querySelector(`#languages [lang^=${arguments[0]}]`).click()", language)
    if room:
        wait(browser, "return document.querySelector('.room').children.length > 0")
    return lambda selector: browser.find_element("css selector", selector)


def wait(browser, condition, seconds=30):
    end = time.monotonic() + seconds
    while not browser.execute_script(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def assert_quiet(browser, folder=node.FOLDER):
    """Nothing on the console, and no request that leaves the folder."""
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"}
    urls = {url for url in urls if not url.startswith(("data:", "about:"))}
    assert urls and all(url.startswith(folder.as_uri()) for url in urls), urls


def keys(element, *names):
    from selenium.webdriver.common.keys import Keys

    element.send_keys(*(getattr(Keys, name, name) for name in names))


# `data`: the bytes of a canvas. They are read from a copy, because Chromium warns of canvases that are read often.
DATA = """
const canvas = document.querySelector(arguments[0]), copy = document.createElement("canvas");
[copy.width, copy.height] = [canvas.width, canvas.height];
const pen = copy.getContext("2d", { willReadFrequently: true });
pen.drawImage(canvas, 0, 0);
const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
"""


def colours(browser, selector):
    """How many different colours a canvas has."""
    return browser.execute_script(DATA + "return new Set(new Uint32Array(data.buffer)).size;", selector)


def greys(browser, selector):
    """The pixels of a canvas, 0 to 255."""
    return np.array(browser.execute_script(DATA + "return [...data].filter((_, i) => i % 4 === 0);", selector))


def test_the_first_page(browser):
    find = opened(browser)
    cards = browser.find_elements("css selector", ".cards li")
    assert len(cards) == len(ROOMS)
    for room, card in zip(ROOMS, cards, strict=True):
        assert card.find_element("css selector", "a.enter").get_attribute("href") == f"{START}#{room}"
        picture = card.find_element("css selector", "img")
        assert browser.execute_script("return arguments[0].naturalWidth", picture) > 100
        links = [each.get_attribute("href") for each in card.find_elements("css selector", ".links a")]
        assert len(links) == 2
        for link in links:  # from disk they are files of the clone
            path, _, part = link.removeprefix("file://").partition("#")
            text = open(path, encoding="utf-8").read()
            heads = [
                re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in re.findall("^#+ (.*)", text, re.M)
            ]
            assert not part or part in heads, link
    assert colours(browser, ".hero") > 100
    assert find("html").get_attribute("lang") == "en" and "generator" in find(".lead").text
    find("#languages [lang=zh-CN]").click()
    assert find("html").get_attribute("lang") == "zh-CN" and "生成器" in find(".lead").text
    browser.refresh()
    assert "判别器" in find(".lead").text, "the choice is kept"
    find("a.go").click()
    wait(browser, "return document.querySelector('#stage')")
    assert browser.title.startswith("训练一个 GAN")
    assert_quiet(browser)


def test_a_room_opens_once(browser):
    """Also if its visitor comes back while its scripts load; and names that every object has are no rooms."""
    find = opened(browser)
    browser.execute_script("for (const name of ['train', '', 'train']) location.hash = name;")
    wait(browser, "return document.querySelector('#stage')")
    find("#languages [lang=zh-CN]").click()
    loops = """
const done = arguments[0], ask = requestAnimationFrame;
let asked = 0;
window.requestAnimationFrame = draw => { asked++; return ask(draw); };
ask(() => { asked = 0; ask(() => done(asked)); });
"""
    assert browser.execute_async_script(loops) == 1
    code = """
addEventListener("hashchange", () => arguments[0](document.title), { once: true });
location.hash = "constructor";
"""
    assert browser.execute_async_script(code) == "GAN 游乐场"
    assert_quiet(browser)


# Words that are cut off in a field to choose from, and Latin words that go on in the next line.
CUT = """
const found = [];
for (const each of document.querySelectorAll("select")) {
  if (!each.offsetWidth) continue;
  const wide = each.offsetWidth;
  each.style.width = "auto";
  if (each.offsetWidth > wide) found.push([...each.options].map(option => option.textContent).join());
  each.style.width = "";
}
const range = document.createRange(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  for (const { index, 0: word } of walk.currentNode.data.matchAll(/[A-Za-z]{2,}/g)) {
    range.setStart(walk.currentNode, index);
    range.setEnd(walk.currentNode, index + word.length);
    if (new Set([...range.getClientRects()].map(each => each.top)).size > 1) found.push(word);
  }
}
return found;
"""


def test_all_rooms_on_a_phone(browser):
    """At 360 pixels nothing is cut off, and nothing must be scrolled sideways, in each language."""
    for room in ["", *ROOMS]:
        find = opened(browser, room, 360)
        for language in ("en", "zh"):
            find(f"#languages [lang^={language}]").click()
            assert find("html").get_attribute("lang").startswith(language)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 360, room
            small = browser.execute_script(
                "return [...document.querySelectorAll('button, select, .links a')]"
                ".filter(e => e.offsetHeight && e.offsetHeight < 38).map(e => e.textContent)"
            )
            assert small == [], "a finger needs 38 pixels"
            assert browser.execute_script(CUT) == [], room
            missing = browser.execute_script(
                "return [...document.querySelectorAll('[data-t]')]"
                ".filter(e => !e.textContent || e.textContent === e.dataset.t).map(e => e.dataset.t)"
            )
            assert missing == [], "each has its words"
        if room == "imitation":
            ends = "const [a, , c] = document.querySelectorAll('.cart'), b = document.querySelector('#left');"
            ends += "return c.getBoundingClientRect().bottom - b.getBoundingClientRect().top"
            assert browser.execute_script(ends) < 740, "who pushes sees all three"
        assert_quiet(browser)


def test_train_shows_gan2d_s_numbers(browser):
    """One step, and three more by keyboard: the numbers are those of gan2d.js in Node from the same seed."""
    find = opened(browser, "train")
    code = """
const gan2d = require(folder + "/gan2d.js"), gan = gan2d.make(), found = [];
for (let i = 0; i < 4; i++) found.push(gan2d.step(gan));
return found;
"""
    expected = node.run(code)

    def shown(name):
        return float(re.search(rf"{name} (\S+)", find("#numbers").text)[1])

    assert shown("Iteration") == 0 and "loss" not in find("#numbers").text, "nothing is said before it is known"
    find("#step").click()
    assert shown("D's loss") == pytest.approx(expected[0]["dLoss"], rel=0.005)
    for _ in range(3):
        keys(find("#step"), "ENTER")
    assert shown("Iteration") == 4
    for name, key in (("D's loss", "dLoss"), ("G's loss", "gLoss"), ("G's gradient", "gSlope")):
        assert shown(name) == pytest.approx(expected[3][key], rel=0.005)
    find("#again").click()
    assert shown("Iteration") == 0
    assert_quiet(browser)


def test_train_tells_its_stories(browser):
    find = opened(browser, "train")
    keys(find("#speed"), "HOME", "ARROW_RIGHT")  # ten iterations a second leave time for the browser
    told = set()
    for button in browser.find_elements("css selector", "[data-story]:not([data-story=own])"):
        button.click()
        wait(browser, "return /[1-9]/.test(document.querySelector('#numbers b').textContent)")
        assert button.get_attribute("aria-pressed") == "true"
        told.add(find("#watch").text)
        assert colours(browser, "#stage") > 30
        find("#play").click()
    assert len(told) == 6
    assert "θ" in find("#numbers").text, "the last one is the GAN of one number"
    find("[data-story=faster]").click()
    rate = find("[data-setting=dRate]")
    assert rate.get_attribute("value") == "1" and find("[data-setting=dOptimizer]").get_attribute("value") == "Adadelta"
    keys(find("[data-setting=loss]"), "ARROW_DOWN", "ARROW_DOWN", "ARROW_DOWN")
    assert find("[data-setting=penalty]").is_displayed() and "own settings" in find("#watch").text
    assert browser.execute_script(CUT) == []
    # What is over after 500 iterations is slow, unless the visitor wants it fast; then it pauses. Quick steps will do.
    browser.execute_script("gan2d.step = gan => { gan.iteration++; return { dLoss: 1, gLoss: 1, gSlope: 1 }; };")
    find("#play").click()
    keys(find("#speed"), "END")
    find("[data-story=rescued]").click()
    assert find("#speed").get_attribute("value") == "2"
    keys(find("#speed"), "END")
    wait(browser, "return document.querySelector('#play').dataset.t === 'train.play'")
    assert find("#numbers b").text == "1,000"
    find("[data-story=faster]").click()
    assert find("#speed").get_attribute("value") == "5"
    assert_quiet(browser)


def test_charts_of_one_point_are_whole(browser):
    """Two numbers that halve at each iteration: the axes reach from their beginning to their end."""
    opened(browser, "train")
    code = """
document.querySelector("[data-story=circle]").click();
gan2d.onePoint = ({ theta, psi }) => ({ theta: theta / 2, psi: psi / 2 });
document.getElementById("again").click();
for (let i = 0; i < 120; i++) document.getElementById("step").click();
const pen = CanvasRenderingContext2D.prototype, write = pen.fillText, written = [];
pen.fillText = text => written.push(text);
dispatchEvent(new Event("resize"));
pen.fillText = write;
return written;
"""
    written = browser.execute_script(code)
    assert "0.53" in written and "2e-32" in written, f"{written}"
    assert_quiet(browser)


def test_train_with_rates_that_are_too_large(browser):
    """It stops and says why, each time, without NaN; from the same seed with smaller rates it trains again."""
    find = opened(browser, "train")

    def choose(setting, value):
        code = """
const field = document.querySelector(`[data-setting=${arguments[0]}]`);
field.selectedIndex = [...field.options].findIndex(each => [each.value, each.dataset.t].includes(arguments[1]));
field.dispatchEvent(new Event("change"));
"""
        browser.execute_script(code, setting, value)

    keys(find("#speed"), "END")
    for name in "dg":
        choose(f"{name}Optimizer", "train.optimizer.sgd")
    choose("loss", "train.loss.least_squares")
    for seed in "123":
        choose("dRate", "1")
        choose("gRate", "1")
        choose("seed", seed)
        find("#play").click()
        wait(browser, "return document.querySelector('#play').dataset.t === 'train.play'")
        assert re.search("loss –.*The numbers are no longer finite", find("#numbers").text, re.DOTALL)
        assert "NaN" not in find("#numbers").text
    choose("dRate", "0.001")
    choose("gRate", "0.001")
    find("#again").click()
    find("#step").click()
    assert re.search(r"Iteration 1\b.*D's loss \d", find("#numbers").text, re.DOTALL)
    for name in "dg":
        choose(f"{name}Optimizer", "train.optimizer.adam")
        choose(f"{name}Rate", "1")
    choose("loss", "train.loss.minimax")
    choose("seed", "1")
    find("#play").click()
    wait(browser, "return document.querySelector('#numbers').textContent.includes(' is 0, so G learns nothing')")
    find("#play").click()
    assert_quiet(browser)


def test_empty_charts_have_no_numbers(browser):
    """Before the first iteration, a chart is a frame with a legend: nothing is written next to it."""
    find = opened(browser, "train")
    written = DATA + "return [...data.keys()].some(i => i % 4 === 3 && data[i] && (i >> 2) % canvas.width < 48);"
    assert not browser.execute_script(written, ".chart")
    find("#step").click()
    assert browser.execute_script(written, ".chart")
    assert_quiet(browser)


def test_train_on_dots_of_one_s_own(browser):
    from selenium.webdriver import ActionChains

    find = opened(browser, "train")
    find("[data-story=own]").click()
    assert "Draw your data" in find("#watch").text and find("[data-setting=dRate]").get_attribute("value") == "1"
    assert find("#play").text == "Train"
    stage = find("#stage")
    browser.execute_script(MOVE, stage, 1.1, 0.5, 1)
    for name in ("play", "step"):
        assert not find(f"#{name}").is_enabled(), "there is nothing to train on yet"
    ActionChains(browser).click_and_hold(stage).move_by_offset(60, 0).move_by_offset(0, 60).release().perform()
    wait(browser, "return /Iteration [1-9]/.test(document.querySelector('#numbers').textContent)")
    find("#play").click()
    before = colours(browser, "#stage")
    keys(stage, "ARROW_LEFT", "ARROW_UP", " ")
    assert colours(browser, "#stage") >= before > 30
    assert_quiet(browser)


# ---- Rooms from runs ----


def built(room):
    return pytest.mark.skipif(room not in BUILT, reason=f"the room {room} is not built")


# The room seqgan is in test_sequences.py; editing has the network of conditional.
@pytest.mark.parametrize("room", [room for room in BUILT if room not in ("seqgan", "editing")])
def test_networks_are_keras_s(room):
    """Each network in the room's file computes what Keras computed, stored in checks/ when the room was built."""
    code = """
let content;
global.atob ??= text => Buffer.from(text, "base64").toString("latin1");
global.Playground = { data: (_, found) => { content = found; } };
const fs = require("fs"), vm = require("vm");
const read = name => vm.runInThisContext(fs.readFileSync(`${folder}/${name}`, "utf8"));
read("networks.js");
read(`data/${given.room}.js`);
const found = [], networks = vm.runInThisContext("Networks");
for (const part of [content, ...Object.values(content)]) for (const [name, each] of Object.entries(part)) {
  if (!each.nodes) continue;
  const network = networks.load(each);
  const at = path => path.split("/").reduce((all, key) => all?.[key], content);
  for (const [x, y] of given.checks[Object.keys(given.checks).find(path => at(path) === each)]) {
    const theirs = networks.floats(y), ours = network.run(x.map(each => networks.floats(each)))[0];
    const distances = ours.map((v, i) => Math.abs(v - theirs[i]) / Math.max(1, Math.abs(theirs[i])));
    found.push([name, Math.max(...distances), Math.max(...theirs) - Math.min(...theirs)]);
  }
}
return found;
"""
    checks = json.loads((Path(__file__).parent / "checks" / f"{room}.json").read_text())
    found = node.run(code, {"room": room, "checks": checks})
    assert len(found) == sum(map(len, checks.values())) > 0
    for name, distance, spread in found:
        assert distance < 1 / 255, name
        assert spread > 0.1 or name == "discriminator", "Keras's numbers are not all the same"


def large(browser, section):
    """The large picture of a plane, 0 to 255."""
    return greys(browser, f"{section} .large")


@built("digits")
def test_digits(browser):
    find = opened(browser, "digits")
    ready = "return document.querySelectorAll('.map[data-ready]').length === 2"
    wait(browser, ready)
    one, many = (browser.find_element("css selector", f"{section} .map") for section in ("#collapsed", "#varied"))
    places = []
    for _ in range(4):
        places.append((large(browser, "#collapsed"), large(browser, "#varied")))
        keys(many, *["ARROW_RIGHT"] * 3, *["ARROW_UP"] * 2)
    steps = [[np.abs(b[k] - a[k]).mean() for a, b in zip(places, places[1:], strict=False)] for k in (0, 1)]
    assert max(steps[0]) < 5 < 10 < max(steps[1]), "the collapsed one draws the same everywhere"
    before = large(browser, "#varied")
    keys(one, "HOME", "ARROW_LEFT", "ARROW_LEFT", "ARROW_LEFT")
    assert (large(browser, "#varied") != before).any(), "both walk together"
    said = find("#opinion .said")
    assert said.text == "D says nothing yet: draw something." and not find("#opinion .bar").is_displayed()
    keys(find("#opinion .pad"), *[" ", "ARROW_DOWN"] * 6)
    assert said.text.startswith("D's opinion: ") and find("#opinion .bar").is_displayed() and "%" not in said.text
    assert 10 < greys(browser, "#opinion .pad").sum() / 255 < 200
    find("#opinion button").click()
    assert said.text == "D says nothing yet: draw something."
    assert_quiet(browser)


@built("r3gan")
def test_r3gan(browser):
    find = opened(browser, "r3gan")
    first = large(browser, "#varied")
    assert first.max() > 200 > 60 > first.mean() > 5
    said = find("#opinion .said")
    assert said.get_attribute("data-logit") == ""
    find("#show").click()
    assert np.isfinite(float(said.get_attribute("data-logit"))) and not find("#opinion .bar").is_displayed()
    assert_quiet(browser)


@built("conditional")
def test_conditional(browser):
    """A number is drawn digit by digit, and only digits count; other noise draws it in another way."""
    find = opened(browser, "conditional")
    wait(browser, "return document.querySelector('#table[data-ready]') !== null")

    def drawn():
        digits = browser.find_elements("css selector", "#written canvas")
        assert [each.get_attribute("data-digit") for each in digits] == list(find("#number").get_attribute("value"))
        return [greys(browser, f"#written canvas:nth-child({i + 1})") for i in range(len(digits))]

    first = drawn()
    assert len(first) == 4 and all(each.max() > 200 > 60 > each.mean() > 5 for each in first)
    table = greys(browser, "#table").reshape(4, 28, 10, 28)
    for pixels, digit in zip(first, (2, 0, 1, 4), strict=True):
        np.testing.assert_array_equal(table[0, :, digit].ravel(), pixels)
    find("#number").clear()
    find("#number").send_keys("4x7 7")
    again = drawn()
    np.testing.assert_array_equal(again[0], first[3])
    np.testing.assert_array_equal(again[1], again[2])
    assert len(again) == 3 and np.abs(again[0] - again[1]).mean() > 5
    for row in (1, 2, 3):  # the rows of the table have the next noise, in turn
        find("#other").click()
        for before, after, digit in zip(again, drawn(), (4, 7, 7), strict=True):
            assert np.abs(before - after).mean() > 1
            np.testing.assert_array_equal(table[row, :, digit].ravel(), after)
    find("#number").send_keys("1234567890")
    assert len(drawn()) == 8
    assert find("#message").text == ""
    keys(find("#number"), "HOME", "x", "9")
    assert find("#number").get_attribute("value") == "47712345", "there is no place for another"
    keys(find("#number"), "END", "BACK_SPACE", "HOME", "-", "9")
    assert find("#number").get_attribute("value") == "94771234", "the caret stays where it was"
    for typed, left, message in (
        ("abc", "", "Only the digits 0 to 9."),
        ("３４", "34", ""),
        ("-5", "5", "Only the digits 0 to 9."),
        ("3.14", "314", "Only the digits 0 to 9."),
        ("", "", "Type a digit."),
    ):
        code = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'));"
        browser.execute_script(code, find("#number"), typed)
        assert (find("#number").get_attribute("value"), find("#message").text) == (left, message)
        assert len(drawn()) == len(left) and find("#written").is_displayed() == bool(left)
    find("#languages [lang=zh-CN]").click()
    assert find("#message").text == "请输入一个数字。"
    keys(find("#number"), " ", "BACK_SPACE")
    assert drawn() == []
    assert_quiet(browser)


@built("editing")
def test_editing(browser):
    """To the right, strokes get heavier or more slanted, as Python measures it; the random direction does less."""
    from gan_tf.zoo import editing

    find = opened(browser, "editing")

    def measured():
        pixels = [greys(browser, f"#{name}").reshape(1, 28, 28, 1) / 255 for name in ("before", "after")]
        return [{name: attribute(each)[0] for name, attribute in editing.ATTRIBUTES.items()} for each in pixels]

    changes = {name: [] for name in ("weight", "slant", "random")}
    for digit in "5203":
        next(each for each in browser.find_elements("css selector", "#digits button") if each.text == digit).click()
        assert find("#digits [aria-pressed=true]").text == digit
        for name, found in changes.items():
            find("#back").click()
            before, after = measured()
            assert before == after
            keys(find(f"#{name}"), "END")
            start, heavier = measured()
            assert start == before
            keys(find(f"#{name}"), "HOME")
            found.append([heavier[each] - measured()[1][each] for each in ("weight", "slant")])
    means = {name: np.mean(found, axis=0) for name, found in changes.items()}
    for name, place, least in (("weight", 0, 0.1), ("slant", 1, 0.5)):
        assert means[name][place] > max(least, 4 * abs(means["random"][place])), means
    find("#other").click()
    assert measured()[0] != start
    assert_quiet(browser)


def values(browser, selector):
    """The values of a canvas's red, 0 to 1, as [height, width]."""
    height = browser.execute_script("return document.querySelector(arguments[0]).height", selector)
    return greys(browser, selector).reshape(height, -1) / 255


def card(room):
    """The picture of a room's card, drawn by Keras: 32 pictures, [4, 8, height, width], 0 to 1; the red of colours."""
    picture = np.asarray(Image.open(node.FOLDER / f"pictures/{room}.png"), np.float32) / 255
    picture = picture if picture.ndim == 2 else picture[..., 0]
    side = len(picture) // 4
    cells = picture.reshape(4, side, 8, side).swapaxes(1, 2)
    return cells[:, :, ::2, ::2] if side == 56 else cells  # small ones are drawn twice as large


def same(seen, expected):
    """The page draws what Keras draws, to 1/255 and what is rounded on the way."""
    np.testing.assert_allclose(seen, expected, atol=2.1 / 255)


def press(browser, selector, text):
    """Clicks the button with this text; then it is the only one that is pressed."""
    next(each for each in browser.find_elements("css selector", f"{selector} button") if each.text == text).click()
    assert [each.text for each in browser.find_elements("css selector", f"{selector} [aria-pressed=true]")] == [text]


# Moves a pointer with pressed buttons (1 is the left one) to a place of an element, in shares of its width and height.
MOVE = """
const [element, x, y, buttons] = arguments, box = element.getBoundingClientRect();
const place = { clientX: box.left + x * box.width, clientY: box.top + y * box.height };
element.dispatchEvent(new PointerEvent("pointermove", { buttons, ...place }));
"""


def stroke(browser, element, *moves):
    """Draws with the mouse, from the middle of an element."""
    from selenium.webdriver import ActionChains

    chain = ActionChains(browser).click_and_hold(element)
    for move in moves:
        chain = chain.move_by_offset(*move)
    chain.release().perform()
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def wipe(browser):
    next(each for each in browser.find_elements("css selector", ".row button") if each.text == "Wipe").click()
    assert values(browser, ".pad").sum() == 0


@built("infogan")
def test_infogan(browser):
    """A category is a column of the table, other noise a row; each number has its own slider, and goes back."""
    find, drawn = opened(browser, "infogan"), card("infogan")
    wait(browser, "return document.querySelector('#table[data-ready]') !== null")
    table = greys(browser, "#table").reshape(4, 28, 10, 28) / 255
    for row in range(4):
        for category, letter in ((0, "A"), (6, "G")):
            press(browser, "#categories", letter)
            np.testing.assert_array_equal(values(browser, "#drawn"), table[row, :, category])
            if row < 2:
                same(table[row, :, category], drawn[row, category])
        find("#other").click()
    for _ in range(12):
        find("#other").click()  # sixteen in all: the first again
    press(browser, "#categories", "A")
    for row, name in ((2, "first"), (3, "second")):
        for column, end in ((0, "HOME"), (7, "END")):
            keys(find(f"#{name}"), end)
            same(values(browser, "#drawn"), drawn[row, column])
            assert {"HOME": "number -2.0", "END": "number 2.0"}[end] in find(f".slider:has(#{name})").text
            find("#back").click()
            assert "number 0.0" in find(f".slider:has(#{name})").text
            same(values(browser, "#drawn"), drawn[0, 0])
    assert np.abs(drawn[2:, 0] - drawn[2:, 7]).mean(axis=(1, 2)).min() > 0.01, "the numbers change the picture"
    assert_quiet(browser)


@built("pix2pix")
def test_pix2pix(browser):
    """G fills the outline; a line by mouse or keyboard is one pixel wide, black or white; nothing stays nothing."""
    find, drawn = opened(browser, "pix2pix"), card("pix2pix")
    for column in range(8):
        np.testing.assert_array_equal(values(browser, ".pad"), drawn[0, column])
        same(values(browser, "#drawn"), drawn[1, column])
        find("#another").click()
    assert np.abs(drawn[1] - drawn[0]).mean() > 0.02
    wipe(browser)
    assert values(browser, "#drawn").sum() == 0
    keys(find(".pad"), *[" ", "ARROW_DOWN"] * 5)
    outline = values(browser, ".pad")
    assert outline.sum() == 5 and (outline.sum(axis=0) > 0).sum() == 1, "five pixels, one below the other"
    assert values(browser, "#drawn").sum() > 0
    wipe(browser)
    stroke(browser, find(".pad"), (70, 0))
    line = values(browser, ".pad")
    assert set(np.unique(line)) == {0, 1} and line.sum() == line.sum(axis=1).max() >= 6, "one row"
    stroke(browser, find(".pad"), (40, 65))
    line = values(browser, ".pad")
    assert line.sum() < 20 and (line.sum(axis=1) > 0).sum() >= 6
    keys(find(".pad"), " ")
    assert values(browser, ".pad").sum() <= line.sum() + 1
    wipe(browser)
    browser.execute_script(MOVE, find(".pad"), 0.2, 0.2, 2)
    time.sleep(0.1)
    assert not values(browser, ".pad").any(), "the right button does not draw"
    stroke(browser, find(".pad"), (300, 0), (0, 80), (-300, 0))
    line = values(browser, ".pad")
    assert line.sum() < 20 and not line[:, -1].any() and not line[15:20].any(), "two strokes"
    assert line[13:15].any() and line[20:].any()
    assert_quiet(browser)


@built("super_resolution")
def test_super_resolution(browser):
    """Both pictures shrink to about what was given, and that of the GAN has fewer grey pixels."""
    find, drawn = opened(browser, "super_resolution"), card("super_resolution")
    grey = {"gan": [], "error": []}
    for column in range(8):
        small = values(browser, ".pad")
        same(small.repeat(4, axis=0).repeat(4, axis=1), drawn[0, column])
        same(values(browser, "#gan"), drawn[1, column])
        for name, found in grey.items():
            large = values(browser, f"#{name}")
            assert np.abs(large.reshape(7, 4, 7, 4).mean(axis=(1, 3)) - small).mean() < 0.05, name
            found.append(((large > 0.2) & (large < 0.8)).mean())
        find("#another").click()
    assert np.mean(grey["gan"]) < 0.9 * np.mean(grey["error"]), "sharper"
    wipe(browser)
    assert values(browser, "#gan").sum() == values(browser, "#error").sum() == 0
    keys(find(".pad"), *[" ", "ARROW_DOWN"] * 3)
    assert values(browser, ".pad").sum() == 3 and values(browser, "#gan").sum() > 10
    assert_quiet(browser)


@built("cyclegan")
def test_cyclegan(browser):
    """Printed to written and back, written to printed and back; the way back is another picture, near the first."""
    find, drawn = opened(browser, "cyclegan"), card("cyclegan")
    printed, again = [], []
    for digit in range(10):
        press(browser, "#digits", f"{digit}")
        printed.append(values(browser, "#printed"))
        again.append(values(browser, "#again"))
        if digit < 8:
            same(printed[-1], drawn[0, digit])
            same(values(browser, "#handwritten"), drawn[1, digit])
    distances = np.abs(np.array(again)[:, None] - np.array(printed)).mean(axis=(2, 3))
    assert (distances.argmin(axis=1) == np.arange(10)).mean() >= 0.8, distances.round(2)
    assert np.diag(distances).min() > 1e-3, "it is another picture"
    find("#other").click()
    assert (values(browser, "#printed") != printed[-1]).any()
    near = []
    for column in range(8):
        pad = values(browser, ".pad")
        same(pad, drawn[2, column])
        same(values(browser, "#typeset"), drawn[3, column])
        near.append(np.abs(values(browser, "#back") - pad).mean())
        find("#another").click()
    assert 1e-3 < np.mean(near) < 0.08
    wipe(browser)
    assert values(browser, "#typeset").sum() == values(browser, "#back").sum() == 0
    stroke(browser, find(".pad"), (0, 60), (30, 0))
    assert values(browser, "#typeset").sum() > 5
    assert_quiet(browser)


@built("stackgan")
def test_stackgan(browser):
    """Captions by hand and by buttons are drawn as by Keras. What G does not know is named, and draws nothing."""
    find, drawn = opened(browser, "stackgan"), card("stackgan")
    digits = "zero one two three four five six seven".split()

    def both():
        return values(browser, "#first"), values(browser, "#second")

    def write(caption):
        find("#caption").clear()
        find("#caption").send_keys(caption)
        return both()

    def pressed():
        return [each.text for each in browser.find_elements("css selector", "#words [aria-pressed=true]")]

    assert pressed() == ["bold", "three"] and both()[0].shape == (14, 14)
    same(both()[1], drawn[1, 3])
    firsts = []
    for style, words in enumerate(("", "bold ", "slanted ", "bold slanted ")):
        for digit in (1, 4):
            first, second = write(f"A {words}{digits[digit].upper()}")
            same(second, drawn[style, digit])
            firsts.append((digit, first, second.reshape(14, 2, 14, 2).mean(axis=(1, 3))))
    for digit, first, second in firsts:  # the second stage draws the first one's digit
        other = np.mean([np.abs(second - each).mean() for number, each, _ in firsts if number != digit])
        assert np.abs(second - first).mean() < other
    for word, caption in (("bold", "a slanted four"), ("eight", "a slanted eight"), ("slanted", "an eight")):
        before = both()
        next(each for each in browser.find_elements("css selector", "#words button") if each.text == word).click()
        assert find("#caption").get_attribute("value") == caption and pressed() == caption.split()[1:]
        assert all(np.abs(a - b).mean() > 0.01 for a, b in zip(before, both(), strict=True))
    before = write("a bold four")
    find("#other").click()
    other = both()
    assert np.abs(other[1] - before[1]).mean() > 0.005
    for caption, message in {
        " green": "the word “green”",
        "teen and": "the word “fourteen”",
        ", 4": "the word “4”",
        " 红": "the word “红”",
        " one": "Name one digit",
        " fi": "",
    }.items():
        write("a bold four")
        find("#caption").send_keys(caption)
        assert find("#message").text.startswith("G does not know" if "word" in message else message)
        assert message in find("#message").text and find(".figures.old")
        assert (both()[1] == other[1]).all(), "the last complete caption's picture stays"
    write(" ")
    assert "Name one digit" in find("#message").text
    write("four, a four, bold")
    assert find("#message").text == "" and not browser.find_elements("css selector", ".figures.old")
    assert_quiet(browser)


@built("adversarial_autoencoder")
def test_adversarial_autoencoder(browser):
    """The map's cells are what Keras decodes; a drawn digit has a code, and the circle goes to this place."""
    find, drawn = opened(browser, "adversarial_autoencoder"), card("adversarial_autoencoder")
    wait(browser, "return document.querySelector('.map').hasAttribute('data-ready')")
    cells = greys(browser, ".map").reshape(8, 28, 8, 28).swapaxes(1, 2) / 255
    same(cells[2:6], drawn)
    assert find("#here").text == "The code of this place: (0.00, 0.00)"
    keys(find(".map"), *["ARROW_RIGHT"] * 4, *["ARROW_UP"] * 8)
    assert find("#here").text == "The code of this place: (1.00, 2.00)"
    assert find("#code").text == "No code yet: draw something." and values(browser, "#decoded").sum() == 0
    keys(find(".pad"), *["ARROW_UP"] * 8, *[" ", "ARROW_DOWN"] * 16)
    first, second = (float(each) for each in re.findall(r"-?[\d.]+", find("#code").text))
    assert max(abs(first), abs(second)) < 3, "a vertical bar is a 1, and on the map"
    np.testing.assert_array_equal(values(browser, ".plane .large"), values(browser, "#decoded"))
    assert find("#here").text == f"The code of this place: ({first:.2f}, {second:.2f})"
    place = browser.execute_script("const s = document.querySelector('.plane .marker').style; return [s.left, s.top];")
    left, top = (float(each.removesuffix("%")) / 100 for each in place)
    assert (left, top) == (pytest.approx((first + 3) / 6, abs=0.002), pytest.approx((3 - second) / 6, abs=0.002))
    near = cells[min(7, int(8 * top)), min(7, int(8 * left))]
    assert np.abs(near - values(browser, "#decoded")).mean() < 0.5 * np.abs(cells[4, 0] - cells[3, 7]).mean() + 0.1
    wipe(browser)
    assert find("#code").text == "No code yet: draw something."
    assert_quiet(browser)


@built("gan_3d")
def test_gan_3d(browser):
    """It turns by drag and by keys, and stops turning by itself then. The slider's end is the next one."""
    find = opened(browser, "gan_3d")
    assert find("#play").text == "Turn", "it stands still for those who want less motion"

    def seen():
        return values(browser, "#solid"), int(find("#solid").get_attribute("data-cubes"))

    first, cubes = seen()
    assert 50 < cubes < 1500 and colours(browser, "#solid") > 5
    keys(find("#solid"), *["ARROW_LEFT"] * 3)
    turned, still = seen()
    assert (turned != first).mean() > 0.02 and still == cubes
    keys(find("#solid"), *["ARROW_RIGHT"] * 3)
    assert (seen()[0] != first).mean() < 0.001
    keys(find("#between"), "END")
    mixed, number = seen()
    find("#other").click()  # than the one that is seen: the next but one
    third = seen()
    assert find("#between").get_attribute("value") == "0" and (third[0] != mixed).any()
    for _ in range(15):
        find("#other").click()
    assert seen()[1] == number and (seen()[0] == mixed).all(), "sixteen in all"
    find("#play").click()
    assert find("#play").text == "Stop"
    time.sleep(0.3)
    assert (seen()[0] != mixed).mean() > 0.02
    stroke(browser, find("#solid"), (30, 0))
    assert find("#play").text == "Turn"
    stays = seen()[0]
    time.sleep(0.2)
    assert (seen()[0] == stays).all()
    assert_quiet(browser)


def test_how_solids_are_drawn(browser, tmp_path):
    """With a G that always draws the same: a wall at the back, and a low block in front of its left half.

    In a folder of its own. At the first angle the front looks to the right below; a drag to the right turns it on.
    """
    import keras

    from gan_tf.runs import browser as described
    from gan_tf.runs import live

    solid = np.zeros([16, 16, 16], np.float32)
    solid[:, 15] = 1  # y = 15 is at the back
    solid[2:6, 3:5, :2] = 1
    noise = keras.Input([100])
    network = keras.Model(noise, keras.layers.Dense(4096, kernel_initializer="zeros")(noise), name="generator")
    network.layers[-1].bias.assign(solid.ravel())
    folder = tmp_path / "playground"
    shutil.copytree(node.FOLDER, folder)
    given = {"gan_3d": {"generator": described.describe(network)}, "noise": [live.floats(np.zeros(100))]}
    (folder / "data/gan_3d.js").write_text(f'Playground.data("gan_3d", {json.dumps(given)});')
    (folder / "data/built.js").write_text('Playground.built(["gan_3d"]);')
    find = opened(browser, "gan_3d", start=(folder / "index.html").as_uri())
    assert find("#solid").get_attribute("data-cubes") == str(16 * 16 + 16)

    def orange():
        code = DATA + "return [...data].filter((_, i) => i % 4 < 3);"
        return np.array(browser.execute_script(code, "#solid")).reshape(values(browser, "#solid").shape + (3,))

    def bright(pixels):  # tops: hsl(28 60% 68%)
        return np.abs(pixels - [222, 170, 124]).max(axis=-1) < 6

    pixels = orange()
    unit = len(pixels) / (1.75 * 16)
    tops = (16 + 8) * unit**2 * np.sin(0.45)  # of the wall, and of the block in front of it, which nothing hides
    assert bright(pixels).sum() == pytest.approx(tops, rel=0.1)
    rows, columns = np.nonzero(bright(pixels))
    low = rows > np.median(rows[rows < rows.min() + 3 * unit]) + 8 * unit  # the block's top
    assert low.sum() == pytest.approx(8 * unit**2 * np.sin(0.45), rel=0.15)
    # Where the middle of the block's top is: x = 4, y = 4, z = 2, seen at the angle 0.7.
    right, far = (4 - 8) * np.cos(0.7) - (4 - 8) * np.sin(0.7), (4 - 8) * np.sin(0.7) + (4 - 8) * np.cos(0.7)
    middle = len(pixels) / 2 + unit * right, 0.74 * len(pixels) - unit * (2 * np.cos(0.45) + far * np.sin(0.45))
    assert columns[low].mean() == pytest.approx(middle[0], abs=unit / 2)
    assert rows[low].mean() == pytest.approx(middle[1], abs=unit / 2)
    stroke(browser, find("#solid"), (25, 0))
    rows, columns = np.nonzero(bright(orange()))
    low = rows > rows.min() + 8 * unit
    assert columns[low].mean() > middle[0] + unit, "the front follows the mouse"
    assert_quiet(browser, folder)


@built("heads")
def test_heads(browser):
    """The table's columns are colours of hair; the slider goes from one noise to the next."""
    find, drawn = opened(browser, "heads"), card("heads")
    wait(browser, "return document.querySelector('#table[data-ready]') !== null")
    table = greys(browser, "#table").reshape(3, 64, 8, 64) / 255
    same(table.swapaxes(1, 2), drawn[:3])
    for row in range(2):
        for column, name in ((0, "black"), (6, "green")):
            press(browser, "#colours", name)
            np.testing.assert_array_equal(values(browser, "#drawn"), table[row, :, column])
        find("#other").click()
    keys(find("#between"), "END")
    same(values(browser, "#drawn"), drawn[3, 6])
    tops = {}
    for name in ("red", "green", "blue"):
        press(browser, "#colours", name)
        rgba = browser.execute_script(DATA + "return [...data];", "#drawn")
        tops[name] = np.array(rgba).reshape(64, 64, 4)[8:20, 24:40, :3].mean(axis=(0, 1))
    for channel, name in enumerate(tops):
        others = [tops[other][channel] for other in tops if other != name]
        assert tops[name][channel] > max(others), tops
    assert_quiet(browser)


@built("completion")
def test_completion(browser):
    """The hole hides what is below it; the filling is a part of G's picture, and fits what is around it."""
    find = opened(browser, "completion")
    seen = []
    for _ in range(4):
        digit = greys(browser, ".pad").reshape(28, 28)
        hidden, filled, whole = (greys(browser, f"#{name}").reshape(28, 28) for name in ("hidden", "filled", "whole"))
        hole = np.zeros([28, 28], bool)
        hole[8:20, 8:20] = True
        assert (hidden[hole] == hidden[8, 8]).all() and 100 < hidden[8, 8] < 130, "grey"
        np.testing.assert_array_equal(hidden[~hole], digit[~hole])
        np.testing.assert_array_equal(filled[~hole], digit[~hole])
        np.testing.assert_array_equal(filled[hole], whole[hole])
        seen.append([np.abs(filled - digit)[hole].mean(), np.abs(digit[hole]).mean()])
        find("#another").click()
    found, empty = np.mean(seen, axis=0)
    assert found < empty / 2, "nearer to the digit than an empty hole"
    before = greys(browser, "#whole")
    keys(find(".pad"), *[" ", "ARROW_DOWN"] * 3)
    keys(find(".pad"), *["ARROW_LEFT"] * 12, *[" ", "ARROW_UP"] * 5)
    assert (greys(browser, "#whole") != before).any() and not find(".said").is_displayed()
    wipe(browser)
    assert greys(browser, "#whole").sum() == greys(browser, "#filled").sum() == 0
    assert find(".said").text == "The network sees no digit yet: draw one."
    assert_quiet(browser)


@built("imitation")
def test_imitation(browser):
    """After a while of the game, expert and GAIL still stand; a hundred pushes to one side are too many for all."""
    find = opened(browser, "imitation")
    stands = r"has stood for ([1-9]\d*) steps"
    wait(browser, f"return /{stands}/.test(document.querySelector('[data-player=gail]').textContent)")
    for name in ("expert", "gail"):
        assert re.search(stands, find(f"[data-player={name}]").text)
    browser.execute_script("for (let i = 0; i < 100; i++) document.getElementById('right').click()")
    for name in ("expert", "gail", "clone"):
        wait(browser, f"return /fell after|last game/.test(document.querySelector('[data-player={name}]').textContent)")
    keys(find("#play"), "ENTER")
    paused = find("[data-player=expert]").text
    time.sleep(0.2)
    assert find("[data-player=expert]").text == paused

    find = opened(browser, "imitation")
    browser.execute_script("document.getElementById('play').click()")  # the focus stays where it is
    press = """
const given = { key: arguments[0], bubbles: true, cancelable: true, ...arguments[1] };
return !document.activeElement.dispatchEvent(new KeyboardEvent("keydown", given));
"""
    still = greys(browser, ".cart")
    assert not browser.execute_script(press, "ArrowLeft", {"altKey": True}), "the browser's own: back"
    assert browser.execute_script(press, "ArrowLeft", {"repeat": True})
    assert (greys(browser, ".cart") == still).all(), "one key, one push"
    keys(browser.switch_to.active_element, "ARROW_LEFT")
    assert (greys(browser, ".cart") != still).any()
    find(".back").click()
    wait(browser, "return document.querySelector('.cards')")
    assert not browser.execute_script(press, "ArrowLeft", {}), "it no longer listens"
    assert_quiet(browser)


def test_seqgan(browser, tmp_path):
    """With an untrained G, in a folder of its own: what each writes, and the oracle's surprise, as Python says it."""
    from experiments import rooms
    from gan_tf.data.oracle import Oracle
    from gan_tf.zoo import seqgan

    folder = tmp_path / "playground"
    shutil.copytree(node.FOLDER, folder)
    models = {name: rooms.lstm(seqgan.make(seed=i)) for i, name in enumerate(("seqgan", "seqgan_likelihood"))}
    text = json.dumps(models | {"oracle": rooms.oracle(30)})
    (folder / "data/seqgan.js").write_text(f'Playground.data("seqgan", {text});')
    (folder / "data/built.js").write_text('Playground.built(["seqgan"]);')
    find = opened(browser, "seqgan", 360, start=(folder / "index.html").as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360

    def written(name):
        code = """
const rows = document.querySelectorAll(`[data-writer=${arguments[0]}] .sequence`);
return [...rows].map(row => [...row.children].map(each => Number(each.textContent)));
"""
        return np.array(browser.execute_script(code, name))

    def said(name):
        return float(find(f"[data-writer={name}] b").text)

    names = ("oracle", "seqgan", "seqgan_likelihood", "chance")
    before = {name: written(name) for name in names}
    assert all(each.shape == (3, 20) for each in before.values())
    word = find("[data-writer=chance] .sequence span:nth-child(7)")
    surprise = -Oracle(30).log_probabilities(before["chance"])[0, 6]
    assert float(word.get_attribute("title")) == pytest.approx(surprise, abs=0.006)
    # The gallery's table has 1.88 for the oracle's own sequences, 5.37 for random words. An untrained G is like these.
    assert said("oracle") == pytest.approx(1.88, abs=0.25) and said("chance") == pytest.approx(5.37, abs=0.25)
    assert said("seqgan") == pytest.approx(said("chance"), abs=0.3)
    find("#more").click()
    assert all((written(name) != before[name]).any() for name in names)
    assert_quiet(browser, folder)


@pytest.fixture
def firefox(tmp_path):
    with started(tmp_path) as found:
        yield found


@pytest.mark.slow
def test_firefox(firefox):
    """In a Chinese Firefox, from disk: all rooms open, and a step of training gives Node's numbers."""
    for room in ["", *ROOMS]:
        firefox.open(f"{START}#{room}")
        wait(firefox, "return document.querySelector('main canvas, .sequence') !== null")
        assert firefox.execute_script("return document.documentElement.lang") == "zh-CN"
        if room == "train":
            wait(firefox, "return document.querySelector('#step') !== null")
            firefox.execute_script("document.querySelector('#step').click()")
            text = firefox.execute_script("return document.querySelector('#numbers').textContent")
            expected = node.run('const g = require(folder + "/gan2d.js"); return g.step(g.make());')
            found = float(re.search(r"D 的损失 ([\d.]+?)(?=G)", text)[1])
            assert found == pytest.approx(expected["dLoss"], rel=0.005)
        if room in ("digits", "r3gan"):
            wait(firefox, "return document.querySelectorAll('.map:not([data-ready])').length === 0", 60)
