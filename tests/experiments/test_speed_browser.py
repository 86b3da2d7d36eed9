"""experiments/speed/browser.py: its clock, its table, and what it says of the contenders. Also rooms.py."""

import json
import os
import re
import time

import numpy as np
import pytest

from experiments import chromium, record
from experiments.speed import browser, rooms

RESULT = json.loads((record.RESULTS / "speed" / "browser.json").read_text())


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
def test_the_clock_counts_computing_and_no_waiting():
    """Also that of a process below, which has not ended."""
    begun = browser.computed(os.getpid())
    time.sleep(0.3)
    assert browser.computed(os.getpid()) - begun < 0.2
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    assert browser.computed(os.getpid()) - begun == pytest.approx(0.5, abs=0.2)


def test_the_table():
    """A row for each contender; the page's own functions are no slower than plain TensorFlow.js, and much smaller."""
    lines = browser.table(RESULT).splitlines()
    assert browser.table(RESULT) in (record.RESULTS.parent / "EVIDENCE.md").read_text()
    assert len(lines) == 2 + len(browser.CONTENDERS)
    rows = RESULT["contenders"]
    own, wasm = rows["networks.js"], rows["wasm"]
    for size in browser.SHAPES:
        assert own[size]["one"] < rows["cpu"][size]["one"] and own[size]["one"] < 1.25 * wasm[size]["one"]
    assert own["bytes"] < wasm["bytes"] / 50 and max(row["28x28"]["difference"] for row in rows.values()) < 1e-4
    assert f"| {own['28x28']['one']:.3g} | {own['28x28']['sixteen']:.3g} |" in lines[2]


def test_what_is_asked_of_the_contenders():
    """The networks are DCGAN's, with the pictures that Keras draws; they are not all alike."""
    for name, network in browser.networks().items():
        pictures = np.reshape(network["keras"], [16, -1])
        assert pictures.shape[1] == np.prod(browser.SHAPES[name]) and np.ptp(pictures, axis=0).max() > 0.05
        kinds = {node["kind"] for node in network["description"]["nodes"]}
        assert kinds == {"input", "dense", "batch_norm", "activation", "transposed", "rescale"}


def test_the_table_of_the_rooms():
    """All rooms are in it. Each is as soon as the sentence below the table says: within a second, and within two."""
    text = (record.RESULTS.parent / "EVIDENCE.md").read_text()
    result = json.loads((record.RESULTS / "speed" / "rooms.json").read_text())
    assert (
        rooms.table(result) in text
        and f"the median of three rounds; {result['date']}, commit {result['commit']}" in text
    )
    assert list(result["rooms"]) == ["", "train", *rooms.built()]
    slowest = {name: max(row[name] for row in result["rooms"].values()) for name in rooms.TIMES[:2]}
    words = r"each room paints within ([\d.]+) s\s+and has its first picture within ([\d.]+) s"
    paint, picture = map(float, re.search(words, text).groups())
    assert slowest["first paint"] < paint <= 1 and slowest["first picture"] < picture <= 2


def test_when_a_room_shows_something(tmp_path, monkeypatch):
    """One picture is drawn after 0.7 s, one after 1.3 s; one only gets a colour, and waits for the visitor."""
    late = "setTimeout(() => document.querySelector('#%s').getContext('2d').fillRect(0, 0, %d, 9), %d);"
    (tmp_path / "late.js").write_text(late % ("a", 9, 700) + late % ("b", 9, 1300) + late % ("c", 300, 100))
    (tmp_path / "index.html").write_text(
        '<main><p>Words</p><canvas id="a"></canvas><canvas id="b"></canvas><canvas id="c" height="9"></canvas></main>'
        '<script src="late.js"></script>'
    )
    monkeypatch.setattr(rooms, "FOLDER", tmp_path)
    monkeypatch.setattr(rooms, "QUIET", 1.5)
    try:
        chrome = chromium.start(tmp_path / "profile")
    except chromium.MissingError as error:
        pytest.skip(str(error))
    try:
        chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": rooms.WATCH})
        times, size = rooms.seconds(chrome, "")
    finally:
        chrome.quit()
    assert times["first paint"] < times["first picture"] < times["all pictures"]
    assert times["first picture"] >= 0.7 and times["all pictures"] >= 1.3
    assert size == sum((tmp_path / name).stat().st_size for name in ("index.html", "late.js"))
