"""Tests of experiments/speed: what is counted and how it is put together. They time nothing."""

import pytest

from experiments.mnist import zoo
from experiments.speed import convolutions, quality


def dcgan_by_hand(kernel=25, batch=64):
    """The operations of a DCGAN's iteration: 2 for each product, of which a layer has outputs · inputs · pixels.

    D's step: G forward; D forward on real and on fake images, with the gradients of its weights and of its layers'
    inputs, but not of the images. G's step: both forward, the gradients of all inputs of D's layers, and of G's weights
    and its layers' inputs, but not of the noise.
    """
    layers = [14**2 * kernel * 32, 7**2 * kernel * 32 * 64, 4**2 * kernel * 64 * 128, 4 * 4 * 128]
    d, d_first = sum(layers), layers[0]
    g_first = 100 * 4 * 4 * 128
    g = g_first + sum(layers[:3])
    return 2 * batch * (g + 2 * (3 * d - d_first) + (g + d) + d + (2 * g - g_first))


def test_operations_are_those_by_hand():
    """Within 1%: TensorFlow also counts biases, means, and a few gradients that nobody needs."""
    assert convolutions.operations("dcgan") == pytest.approx(dcgan_by_hand(), rel=0.01)


@pytest.mark.slow
def test_operations_of_the_others():
    """With pooling, a convolution is at four times as many places as one with strides. SNGAN has DCGAN's networks.
    R3GAN's penalties count for an eighth: 2.22 billion without them, 4.36 with them."""
    dcgan = convolutions.operations("dcgan")
    assert 3.6 < convolutions.operations("dcgan_pooling") / dcgan < 4
    assert convolutions.operations("sngan") == pytest.approx(dcgan, rel=0.01)
    assert convolutions.operations("r3gan") == pytest.approx(2.22e9 + (4.36e9 - 2.22e9) / 8, rel=0.003)


MEASURED = {
    "machine": "a machine, 4 cores",
    "versions": {"python": "3.11"},
    "date": "2026-01-01",
    "commit": "abcdefg",
    "rounds": 3,
    "operations": {"dcgan": 8e9, "torch": 8e9},
    "speeds": {"matmul": {"1": [50.0, 40.0, 90.0], "4": [160.0, 150.0, 170.0]}}
    | {
        name: {"1": [2.0, 2.5, 1.0], "4": [6.0, 7.0, 5.5]}
        for name in ("dcgan", "torch", "dcgan_pooling", "conditional", "sngan", "r3gan", "regularised")
    },
}


def test_table_of_convolutions():
    """Medians count. 2 iterations of 8 billion operations are 16 GFLOP/s, of 50."""
    text = convolutions.table(MEASURED)
    assert "| `dcgan` | 2 (1 to 2.5) | 6 (5.5 to 7) | 8.0 billion | 0.32 | 0.30 |" in text
    assert "| `r3gan` | 2 (1 to 2.5) | 6 (5.5 to 7) |  |  |  |" in text
    assert "torch_compiled" not in text and "compiled" not in text  # it was not measured
    assert "product of 2048x2048: 50 and 160 GFLOP/s" in text and "iterations/s, 1 core | 4 cores |" in text


def test_quality():
    """720 iterations at 2 a second take 6 minutes, at 6 a second 2. FID is the mean over seeds."""

    def run(iterations, distance, options=""):
        return {
            "command": f"python -m gan_tf.zoo.dcgan{options}",
            "iterations": iterations,
            "metrics": {"samples": {"frechet_distance": {"value": distance}}},
        }

    results = {"dcgan": [run(720, 3.0), run(720, 5.0)], "dcgan_short": [run(360, 30.0, " --iters=360")]}
    long_run = {
        "command": "python -m gan_tf.zoo.regularised --r1=0.1 --seed=0",
        "stages": {"1440": {"scores": {"frechet_distance": [11.0, 0.1]}}},
    }
    found = quality.points(results, long_run)
    assert found == {
        "dcgan": [("dcgan --iters=360", 360, 30.0), ("dcgan", 720, 4.0)],
        "regularised": [("regularised --r1=0.1 --iters=1440", 1440, 11.0)],
    }
    without = MEASURED | {"speeds": {name: MEASURED["speeds"][name] for name in ("matmul", "r3gan")}}
    assert quality.speeds(without) == {"r3gan": (2.0, 6.0)}
    rates = quality.speeds(MEASURED)
    assert rates["dcgan"] == rates["dcgan --pooling"] == (2.0, 6.0)
    assert quality.table(found, rates, MEASURED).splitlines()[2:5] == [
        "| `dcgan --iters=360` | 30 | 3.0 | 1.0 |",
        "| `regularised --r1=0.1 --iters=1440` | 11 | 12.0 | 4.0 |",
        "| `dcgan` | 4 | 6.0 | 2.0 |",
    ]


def test_quality_is_of_runs_that_exist(tmp_path):
    """Every run of a line is in the gallery's experiment, and the line's speed is that of its own member and flags."""
    for contender, runs in quality.GANS.values():
        _, member, settings, _ = convolutions.CONTENDERS[contender]
        for run in runs:
            assert zoo.RUNS[run][0] == member
            assert ("--pooling" in zoo.RUNS[run][1]) == bool(settings)
    path = tmp_path / "quality.png"
    quality.draw({"dcgan": [("dcgan", 720, 4.0)]}, {"dcgan": (2.0, 6.0)}, path)
    assert path.stat().st_size > 10_000
