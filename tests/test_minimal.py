"""gan_tf.minimal is the reference with another learning rate for D, and draws."""

import numpy as np
import pytest
from command_line import command
from PIL import Image

from gan_tf import data, minimal, reference, training
from gan_tf.data import glyphs
from gan_tf.noise import iteration_noise

STEPS = 50


def distance(seed, images):
    """The largest relative distance of a loss in `STEPS` steps of both from the same weights, batches and noise."""
    objects = reference.make_objects(seed, "adadelta", "adam", d_lr=1.0, g_lr=None)
    networks = minimal.make_networks()
    for network, name in zip(networks, ("generator", "discriminator"), strict=True):
        network.set_weights(objects[name].get_weights())
    steps = training.make_train_step(**objects), minimal.make_step(*networks)
    batches = images[data.batch_indices(len(images), minimal.BATCH, seed, 0, STEPS)]
    noise = iteration_noise(seed, 0, STEPS, minimal.BATCH).numpy()
    ours, theirs = (
        np.array([step(real, *d_and_g) for real, d_and_g in zip(batches, noise, strict=True)]) for step in steps
    )
    assert ours[0, 0] > 1 and ours[-1, 0] < 0.2 and ours[-1, 1] > 2, "D has learned: the losses are not the first ones"
    return np.abs(ours / theirs - 1).max()


def test_it_trains_as_the_package_does():
    """The median of three starts. Measured: 1e-4 at most; Keras's own optimizers differ in the last bits."""
    images = glyphs.draw(0, 2000)[0].reshape(-1, 784) / np.float32(255)
    assert np.median([distance(seed, images) for seed in range(3)]) < 5e-4


@pytest.mark.slow
def test_as_a_user_runs_it(tmp_path, capsys):
    minimal.main(iterations=1000, folder=tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["00000.png", "01000.png"]
    assert Image.open(tmp_path / "new" / "01000.png").size == (336, 336)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].startswith(f"{tmp_path / 'new'}/01000.png: D loss ")


def test_it_takes_no_flags():
    """Ignored flags would look as if they worked."""
    result = command("gan_tf.minimal", "--iters=5", cwd=None)
    assert result.returncode == 2 and result.stdout == "" and "this takes no flags" in result.stderr
    assert result.stderr.strip().endswith("error: unrecognized arguments: --iters=5")


def test_it_is_short_and_stands_alone():
    """It imports nothing of the package but the data."""
    lines = open(minimal.__file__).read().splitlines()
    assert len(lines) <= 71
    assert [line for line in lines if "gan_tf" in line and "import" in line] == ["from gan_tf import data"]
