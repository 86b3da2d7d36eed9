"""experiments.mnist.fidelity: its test has the stated power, its verdict can be no, a stopped command resumes."""

import json
import subprocess
import sys

import numpy as np
import pytest

from experiments import record
from experiments.mnist import fidelity

LEVEL = fidelity.LEVEL / len(fidelity.QUANTITIES)


def made_up(port=0.0, control=10.0, n=20):
    """Results with values from N(0, 1), plus `port` in the last quantity, and plus `control` in the control's."""
    random = np.random.default_rng(1)
    runs = {
        name: {str(seed): dict.fromkeys(fidelity.QUANTITIES, 0) | {"commit": "abc"} for seed in range(n)}
        for name in fidelity.RUNS
    }
    for name, of_name in runs.items():
        for run in of_name.values():
            run.update({quantity: random.normal() for quantity in fidelity.QUANTITIES})
            run["d_moved"] += port if name == "port" else 0
            run[fidelity.CONTROL] += control if name == "port_2017" else 0
    facts = {"machine": "a machine", "versions": {"python": "3"}, "date": "today", "dataset": "mnist", "iters": 10}
    return facts | {"runs": runs}


def test_verdict():
    assert fidelity.verdict(made_up())
    assert not fidelity.verdict(made_up(port=3.0))
    assert not fidelity.verdict(made_up(port=-3.0))
    assert not fidelity.verdict(made_up(control=0.0))
    assert not fidelity.verdict(made_up(n=3))  # too few to reject anything


def test_p_values_by_hand():
    """Of the 20 ways to choose three of six, two are as extreme as all three above."""
    assert fidelity.p_value([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)
    assert fidelity.p_value([1, 3, 5], [2, 4, 6]) == pytest.approx(14 / 20)


def test_power():
    """Without a shift it is the level. At the noticeable shift it is 90%, also with other random numbers."""
    assert fidelity.power(0.0, 20, LEVEL) == pytest.approx(LEVEL, abs=0.004)
    shift = fidelity.noticeable(20, LEVEL)
    random = np.random.default_rng(5)
    pairs = random.normal(size=[1000, 2, 20])
    found = np.mean([fidelity.p_value(a, b + shift) < LEVEL for a, b in pairs])
    assert found == pytest.approx(fidelity.POWER, abs=0.03) and 1.2 < shift < 1.5
    assert fidelity.noticeable(3, LEVEL) == np.inf


def test_summary_by_hand():
    losses = np.stack([np.arange(2000.0), np.arange(2000.0) + 1], axis=1)
    samples = np.concatenate([np.zeros([32, 784]), np.ones([32, 784])])
    found = fidelity.summary(losses, samples, [np.full([784, 128], value) for value in (1.0, 3.0, 0.0)])
    expected = {"d_loss_first": 249.5, "g_loss_first": 250.5, "d_loss": 1499.5, "g_loss": 1500.5}
    assert found == expected | {"spread": 0.5, "d_moved_early": 2, "d_moved": 1}


@pytest.mark.slow
def test_it_resumes(tmp_path):
    """All runs are there, the missing one is done again and is the same, and other settings are refused."""
    command = [sys.executable, "-m", "experiments.mnist.fidelity", "--dataset=glyphs", "--seeds=2", "--processes=2"]
    command.append(f"--out_dir={tmp_path}")

    def run(iters):
        return subprocess.run([*command, f"--iters={iters}"], capture_output=True, text=True)

    first = run(8)
    assert first.returncode == 1 and first.stdout.endswith("The claim FAILS.\n"), first.stderr  # of two seeds
    assert first.stderr.count("seed ") == 6 and len(list(tmp_path.iterdir())) == 1
    path = tmp_path / "fidelity.json"
    result = json.loads(path.read_text())
    assert result["runs"]["script"]["0"]["d_loss"] != result["runs"]["script"]["1"]["d_loss"]
    # The first step of the 2017 kernel is √2 times as long; the later ones of these five are longer, too.
    moves = [fidelity.values(result, name, "d_moved_early") for name in ("port", "port_2017")]
    assert np.all(moves[1] / moves[0] > 1.1) and np.all(moves[1] / moves[0] < 2**0.5)
    short = json.loads(path.read_text())
    del short["runs"]["port"]["1"]
    record.write_json(path, short)
    again = run(8)
    assert again.stderr.count("seed ") == 1 and "port, seed 1: " in again.stderr
    runs = json.loads(path.read_text())["runs"]
    assert runs == result["runs"]
    other = run(9)
    assert other.returncode == 1 and "error: " in other.stderr and "iters 8, now it is 9" in other.stderr
