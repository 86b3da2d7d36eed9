"""A GAN that the package does not know, in one file: the loop, checkpoints, logs, export and resume work for it."""

import csv
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from command_line import forked
from PIL import Image

# An autoencoder with a first phase of 30 iterations, three losses, two measures, and a flag of its own.
FILE = '''
"""A toy: python toy.py --iters=100."""

from gan_tf.runs import training_command

OPTIONS = {"width": (8, "Width of the code.", (1, 1000)), "pictures": (True, "Draw grids.")}

if __name__ == "__main__":
    training_command.main(iters=100)

import keras
import numpy as np
import tensorflow as tf

from gan_tf.data import batch_indices
from gan_tf.gan import Gan


def make(images, labels, *, width, pictures, batch_size, seed, jit, block):
    def network(n_in, n_out):
        normal = keras.initializers.RandomNormal(seed=n_in)
        return keras.Sequential([keras.Input([n_in]), keras.layers.Dense(n_out, kernel_initializer=normal)])

    coder, decoder = network(784, width), network(width, 784)
    adam = keras.optimizers.Adam(0.01)
    pixels = None if images is None else tf.constant(images.reshape(-1, 784))
    weights = coder.trainable_variables + decoder.trainable_variables
    adam.build(weights)

    @tf.function
    def step(real_images, first):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((decoder(coder(real_images)) - real_images) ** 2)
            size = tf.reduce_mean(coder(real_images) ** 2)
            loss = error if first else error + 0.1 * size
        adam.apply(tape.gradient(loss, weights), weights)
        return error, size, loss

    def train_block(first, steps):
        assert steps == 0 or (first < 30) == (first + steps - 1 < 30), "a block across the end of the first phase"
        batches = batch_indices(len(images), batch_size, seed, first, max(steps, 1))
        return np.array(
            [step(tf.cast(tf.gather(pixels, batch), tf.float32) / 255, first < 30) for batch in batches[:steps]]
        ).reshape(steps, 3)

    def draw(index):
        drawn = tf.sigmoid(decoder(coder(pixels[index : index + 8] / np.float32(255))))
        return drawn.numpy().reshape(8, 28, 28, 1)

    return Gan(
        objects={"coder": coder, "decoder": decoder, "adam": adam},
        train_block=train_block,
        block=min(block, 20),
        loss_names=("error", "size", "loss"),
        draw=draw if pictures else None,
        shape=(28, 28, 1),
        measures={"norm": lambda pictures: np.linalg.norm(coder.get_weights()[0]), "iteration_count": lambda _: 7.5},
        also={"more": "abc"},
        first_phase=30,
    )

'''


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The file."""
    path = tmp_path_factory.mktemp("toy") / "toy.py"
    path.write_text(FILE)
    return path


def run(toy, idx_dir, *flags, cwd):
    """Runs the file."""
    flags = (f"--data_dir={idx_dir}", "--sample_every=40", "--checkpoint_every=25", "--batch_size=16", *flags)
    return forked(str(toy), *flags, cwd=cwd)


def test_a_run(toy, idx_dir, tmp_path):
    """Everything that the reference gets; stopped in the first phase and resumed it is the same run."""
    for name, totals in (("whole", (100,)), ("parts", (17, 63, 100))):
        for iters in totals:
            result = run(toy, idx_dir, f"--iters={iters}", f"--out_dir={name}", "--log_every=50", cwd=tmp_path)
            assert result.returncode == 0, result.stderr
    assert "resumed at 63" in result.stderr and "002.png: norm " in result.stderr
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for name in ("losses.csv", "000.png", "001.png", "002.png"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes(), name
    assert Image.open(whole / "000.png").size == (328, 172), "two rows of four"
    with open(whole / "losses.csv") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["iteration", "error", "size", "loss", "norm", "iteration_count"]
    assert [row["iteration"] for row in rows] == ["0", "40", "80"]
    assert all(row["iteration_count"] == "7.5" and float(row["norm"]) > 0 for row in rows)
    assert result.stdout == "", "nothing is printed between 63 and 100"
    assert (whole / "losses.png").exists() and Image.open(whole / "training.gif").n_frames == 3
    for name in ("coder", "decoder"):
        ours, theirs = (keras.saving.load_model(folder / f"{name}.keras") for folder in (whole, parts))
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    config = json.loads((whole / "config.json").read_text())
    assert config["gan"]["name"] == "toy" and config["gan"]["models"] == ["coder", "decoder"]
    assert config["flags"]["width"] == 8 and config["data"]["also"] == {"more": "abc"}

    refused = run(toy, idx_dir, "--iters=200", "--out_dir=whole", "--width=9", cwd=tmp_path)
    assert "holds a run with other flags (--width: 8 there, 9 now)" in refused.stderr.splitlines()[-1]
    line = forked("gan_tf.sample", "--run_dir=whole", cwd=tmp_path).stderr.splitlines()[-1]
    words = "holds a run of toy, which is not part of this gan_tf. If you know toy.py and want to run its code, add"
    assert line == f"error: --run_dir=whole {words} --gan=toy."
    flags = (f"--data_dir={idx_dir}", "--out_dir=whole", "--sample_every=40", "--batch_size=16", "--nojit")
    line = forked("gan_tf.train", *flags, cwd=tmp_path).stderr.splitlines()[-1]
    assert line.startswith("error: --out_dir=whole holds a run ")


def test_losses_are_printed_by_name(toy, idx_dir, tmp_path):
    result = run(toy, idx_dir, "--iters=41", "--log_every=40", "--nopictures", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    words = [line.split(":")[0] for line in result.stdout.splitlines()]
    assert words == ["Iter", "error", "size", "loss", "", "Iter", "error", "size", "loss", ""]
    assert not [name for name in os.listdir(tmp_path / "out") if name.startswith("0") or name == "training.gif"]
    assert (tmp_path / "out" / "losses.png").exists(), "a GAN without pictures leaves everything else"


def test_help_has_its_flags(toy, tmp_path):
    """As a user starts it."""
    result = subprocess.run([sys.executable, str(toy), "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert (
        result.returncode == 0 and "This GAN:\n  --width=8" in result.stdout and "--checkpoint_every" in result.stdout
    )
