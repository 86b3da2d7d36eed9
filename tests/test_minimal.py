"""gan_tf.minimal is the reference with another learning rate for D, and draws."""

import inspect
import itertools
import types

import keras
import numpy as np
import pytest
from command_line import forked
from PIL import Image

from gan_tf import data, minimal, reference, training
from gan_tf.data import glyphs
from gan_tf.noise import iteration_noise

STEPS = 50


def test_it_trains_as_the_package_does():
    """The median of three starts, each with its own weights, batches and noise. Measured: 1e-4 at most.

    Keras's own optimizers differ in the last bits, and so does XLA. The steps are compiled once, which takes most of
    the time: at each start the networks get new weights, and the optimizers what they had at first.
    """
    images = glyphs.draw(0, 2000)[0].reshape(-1, 784) / np.float32(255)
    objects, networks = reference.make_objects(0, "adadelta", "adam", d_lr=1.0, g_lr=None), minimal.make_networks()
    made, adam, adadelta = [], keras.optimizers.Adam, keras.optimizers.Adadelta
    with pytest.MonkeyPatch.context() as patch:
        for make in (adam, adadelta):
            patch.setattr(
                keras.optimizers,
                make.__name__,
                lambda *given, make=make, **o: made.append(make(*given, **o)) or made[-1],
            )
        steps = training.make_train_step(**objects, jit=False), minimal.make_step(*networks)
    variables = [v for each in (objects["d_optimizer"], objects["g_optimizer"], *made) for v in each.variables]
    assert len(made) == 2 and len(variables) > 4 * 6
    first = [v.numpy() for v in variables]
    distances = []
    for seed in range(3):
        drawn = reference.make_networks(seed)
        for ours, theirs, start in zip(networks, (objects["generator"], objects["discriminator"]), drawn, strict=True):
            ours.set_weights(start.get_weights())
            theirs.set_weights(start.get_weights())
        for variable, value in zip(variables, first, strict=True):
            variable.assign(value)
        batches = images[data.batch_indices(len(images), minimal.BATCH, seed, 0, STEPS)]
        noise = iteration_noise(seed, 0, STEPS, minimal.BATCH).numpy()
        ours, theirs = (
            np.array([step(real, *d_and_g) for real, d_and_g in zip(batches, noise, strict=True)]) for step in steps
        )
        assert ours[0, 0] > 1 and ours[-1, 0] < 0.2 and ours[-1, 1] > 2, "D has learned: the losses are not the first"
        distances.append(np.abs(ours / theirs - 1).max())
    assert np.median(distances) < 5e-4


def test_what_it_trains_on(tmp_path, monkeypatch, capsys):
    """All images in a new order before any comes twice; noise in [-1, 1) of its own for D and G; pictures of G's.

    Here a batch has 16 of 320 images, and the iterations are counted by fifties, so that pictures come soon.
    """
    images = np.random.default_rng(0).random([320, 28, 28, 1], np.float32)
    calls, networks = [], minimal.make_networks()
    monkeypatch.setattr(minimal, "BATCH", 16)
    monkeypatch.setattr(
        minimal.data, "load", lambda name: types.SimpleNamespace(images=images) if name == "glyphs" else 0
    )
    monkeypatch.setattr(minimal, "make_networks", lambda: networks)
    monkeypatch.setattr(minimal, "make_step", lambda *given: lambda *batch: calls.append((given, batch)) or (0.5, 0.25))
    monkeypatch.setattr(minimal, "enumerate", lambda batches: zip(itertools.count(0, 50), batches), raising=False)
    minimal.main(iterations=79, folder=tmp_path)
    assert len(calls) == 80 and all(given == networks for given, _ in calls)
    real, d_noise, g_noise = (np.array(each) for each in zip(*(batch for _, batch in calls), strict=True))
    assert real.shape == (80, 16, 784) and d_noise.shape == g_noise.shape == (80, 16, 100)
    first = {image[:3].tobytes(): place for place, image in enumerate(images.reshape(-1, 784))}
    epochs = [[first[image[:3].tobytes()] for image in part] for part in real.reshape(4, 320, 784)]
    assert all(sorted(epoch) == list(range(320)) for epoch in epochs)
    assert abs(np.mean([np.corrcoef(epoch, range(320))[0, 1] for epoch in epochs])) < 0.2
    assert len(set(map(tuple, epochs))) == 4
    for noise in (d_noise, g_noise):
        assert -1 <= noise.min() < -0.999 and 0.999 < noise.max() < 1
        assert abs(noise.mean()) < 0.01 and abs(noise.std() - 3**-0.5) < 0.01
    assert len(np.unique(np.concatenate([d_noise, g_noise])[:, 0, :3], axis=0)) == 160, "all of it is new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.png", "01000.png", "02000.png", "03000.png"]
    for index in (0, 20):
        shown = np.asarray(Image.open(tmp_path / f"{50 * index:05}.png").convert("L"))
        drawn = networks[0](g_noise[index]).numpy().reshape(4, 4, 28, 28)
        for row, column in ((0, 1), (3, 0)):
            cell = shown[row * 84 :, column * 84 :][:84:3, :84:3].astype(float)
            assert np.corrcoef(cell.ravel(), drawn[row, column].ravel())[0, 1] > 0.999
    lines = [f"{tmp_path}/0{n}000.png: D loss 0.500, G loss 0.250" for n in range(4)]
    assert capsys.readouterr().out.splitlines() == lines


def test_its_numbers():
    """Those that the docstrings and the README name; the first weights are He's normal ones, of variance 2 / inputs."""
    assert (minimal.BATCH, minimal.NOISE, minimal.PIXELS) == (128, 100, 784)
    assert [each.default for each in inspect.signature(minimal.main).parameters.values()] == [20_000, "out/minimal"]
    for network, inputs in zip(minimal.make_networks(), (100, 784), strict=True):
        kernel, bias, *_ = network.get_weights()
        assert kernel.shape == (inputs, 128) and not bias.any()
        assert kernel.std() == pytest.approx((2 / inputs) ** 0.5, rel=0.03)


@pytest.mark.slow
def test_as_a_user_runs_it(tmp_path, capsys):
    minimal.main(iterations=1000, folder=tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["00000.png", "01000.png"]
    assert Image.open(tmp_path / "new" / "01000.png").size == (336, 336)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].startswith(f"{tmp_path / 'new'}/01000.png: D loss ")


def test_it_takes_no_flags(tmp_path):
    """Ignored flags would look as if they worked."""
    result = forked("gan_tf.minimal", "--iters=5", cwd=tmp_path)
    assert result.returncode == 2 and result.stdout == "" and "this takes no flags" in result.stderr
    assert result.stderr.strip().endswith("error: unrecognized arguments: --iters=5")


def test_it_is_short_and_stands_alone():
    """It imports nothing of the package but the data."""
    lines = open(minimal.__file__).read().splitlines()
    assert len(lines) <= 71
    assert [line for line in lines if "gan_tf" in line and "import" in line] == ["from gan_tf import data"]
