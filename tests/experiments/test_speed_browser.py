"""experiments/speed/browser.py: its clock, its table, and what it says of the contenders."""

import json
import os
import time

import numpy as np
import pytest

from experiments import record
from experiments.speed import browser

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
