"""gan_tf.export and gan_tf.sample, on a run that was trained for a moment."""

import contextlib
import json
import re

import matplotlib.figure
import numpy as np
import pytest
from command_line import forked
from PIL import Image

from gan_tf.data import DIGIT
from gan_tf.gan import Gan
from gan_tf.runs import export
from gan_tf.runs.config import RunError


@pytest.fixture(scope="module")
def trained(tmp_path_factory, idx_dir):
    """The folder of a finished run of 60 iterations, six grids."""
    cwd = tmp_path_factory.mktemp("trained")
    flags = ("--iters=60", "--nojit", "--batch_size=16", "--sample_every=10", f"--data_dir={idx_dir}", "--seed=1")
    result = forked("gan_tf.train", *flags, cwd=cwd)
    assert result.returncode == 0, result.stderr
    return cwd / "out"


PLAIN_KERAS = """
import keras, numpy as np, sys
assert not any(name.startswith("gan_tf") for name in sys.modules)
g, d = (keras.saving.load_model(f"{sys.argv[1]}/{name}.keras") for name in ("generator", "discriminator"))
noise = np.linspace(-1, 1, 500, dtype=np.float32).reshape(5, 100)
images = g(noise)
np.savez(sys.argv[2], noise=noise, images=images, logits=d(images), *g.get_weights(), *d.get_weights())
"""


def test_the_networks_load_in_plain_keras(trained, tmp_path):
    """Away from this package; and they are those of the last checkpoint."""
    (tmp_path / "code.py").write_text(PLAIN_KERAS)
    result = forked("code.py", str(trained), str(tmp_path / "found.npz"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    found = dict(np.load(tmp_path / "found.npz"))
    w1, b1, w2, b2, v1, c1, v2, c2 = (found[f"arr_{i}"] for i in range(8))
    images = 1 / (1 + np.exp(-(np.maximum(found["noise"] @ w1 + b1, 0) @ w2 + b2)))
    np.testing.assert_allclose(found["images"], images, rtol=1e-4)
    np.testing.assert_allclose(found["logits"], np.maximum(images @ v1 + c1, 0) @ v2 + c2, rtol=1e-3, atol=1e-5)

    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(trained / "checkpoints" / "60"))
    kept = [np.asarray(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()]
    for weights in (w1, b1, w2, b2, v1, c1, v2, c2):
        assert any(w.shape == weights.shape and (w == weights).all() for w in kept)


def test_plot_and_animation(trained):
    assert Image.open(trained / "losses.png").size == (800, 600)
    animation = Image.open(trained / "training.gif")
    assert animation.n_frames == 6 and animation.size == (328, 328 + export.CAPTION)
    assert animation.info["duration"] == 500 and animation.info["loop"] == 0, "half a second each, again and again"
    captions = []
    for frame, name in ((0, "000.png"), (5, "005.png")):
        animation.seek(frame)
        pixels, grid = (np.asarray(image.convert("L")).astype(int) for image in (animation, Image.open(trained / name)))
        assert np.abs(pixels[export.CAPTION :] - grid).max() <= 2, "a frame is a grid below its iteration"
        captions.append(pixels[: export.CAPTION])
    assert captions[0].min() < 50 < 200 < captions[0].max() and (captions[0] != captions[1]).any()


def test_samples_are_of_the_last_generator(trained, tmp_path):
    """Not of the last grid, which is one interval older."""
    flags = (f"--generator={trained / 'generator.keras'}", "--out=again.png")
    assert forked("gan_tf.sample", *flags, cwd=tmp_path).returncode == 0
    assert (trained / "samples.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_an_animation_is_bounded(tmp_path):
    """However many grids there are; and the first and the last are among them."""
    for index in range(250):
        Image.new("L", (328, 94), index).save(tmp_path / f"{index:03}.png")
    found = export.frames({10 * index: tmp_path / f"{index:03}.png" for index in range(250)}, DIGIT)
    assert len(found) == export.FRAMES and found[0].getpixel((0, export.CAPTION)) == 0
    assert found[-1].getpixel((0, export.CAPTION)) == 249


def test_a_long_animation_takes_ten_seconds(tmp_path, monkeypatch):
    """From 20 frames on each is shorter."""
    gan = Gan({}, None, 1, draw=lambda index: np.zeros([4, 28, 28, 1]), shape=DIGIT)
    frames = [Image.new("L", (8, 8), 6 * shade) for shade in range(40)]
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "losses.csv").write_text("iteration,d_loss,g_loss\n")
    for name, given in (("frames", frames), ("grids_of", {}), ("plot_losses", None), ("write_exported", None)):
        monkeypatch.setattr(export, name, lambda *_, given=given: given)
    monkeypatch.setattr(export.report, "write", lambda *given: None)
    monkeypatch.setattr(export.files, "replacing", lambda path: contextlib.nullcontext(path))
    assert export.export(tmp_path, gan, 5) == ["samples.png", "losses.png", "training.gif", "report.html"]
    animation = Image.open(tmp_path / "training.gif")
    assert (animation.n_frames, animation.info["duration"]) == (40, 250)


def test_the_grids_before_an_iteration(tmp_path, caplog):
    """A grid of that iteration belongs to what comes later. The log names the first that is missing or empty."""
    config = {"flags": {"sample_every": 10}, "data": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    paths = [tmp_path / f"00{index}.png" for index in range(5)]
    for path in paths:
        path.write_text("a grid")
    assert export.grids_of(tmp_path, 30) == {0: paths[0], 10: paths[1], 20: paths[2]} and not caplog.text
    assert list(export.grids_of(tmp_path, 31)) == [0, 10, 20, 30] and not caplog.text
    paths[3].unlink()
    paths[1].write_text("")
    assert export.grids_of(tmp_path, 50) == {0: paths[0], 20: paths[2], 40: paths[4]}
    words = "training.gif and report.html lack 2 of 5 grids; the first that is missing or empty is"
    assert caplog.messages == [f"{words} {paths[1]}"]
    for damaged in (0, -1, "10", None, True):
        (tmp_path / "config.json").write_text(json.dumps(config | {"flags": {"sample_every": damaged}}))
        with pytest.raises(RunError, match=f"^{tmp_path}/config.json lacks the flag sample_every; put the file back.$"):
            export.grids_of(tmp_path, 50)


def test_frames_are_in_the_order_of_the_run(tmp_path):
    """The thousandth grid comes after the others, though not by its name."""
    shades = {101: 10, 1000: 30, 999: 20}
    for index, shade in shades.items():
        Image.new("L", (94, 94), shade).save(tmp_path / f"{index}.png")
    drawn = {10 * index: tmp_path / f"{index}.png" for index in shades}
    assert [frame.getpixel((0, export.CAPTION)) for frame in export.frames(drawn, DIGIT)] == [10, 20, 30]


@pytest.mark.parametrize("blind", [None, 1.386])
def test_the_plot_has_the_line_of_a_blind_d_where_there_is_one(blind, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", lambda figure, *args, **options: figures.append(figure))
    (tmp_path / "losses.csv").write_text("iteration,d_loss,g_loss,spread\n0,1.5,0.5,0.2\n100,1.25,0.75,\n")
    gan = Gan({}, None, 1, measures={"spread": None}, blind_d_loss=blind)
    export.plot_losses(tmp_path / "losses.csv", tmp_path / "losses.png", gan)
    upper, lower = figures[0].axes
    levels = [list(line.get_ydata()) for line in upper.lines]
    assert levels[:2] == [[1.5, 1.25], [0.5, 0.75]] and levels[2:] == ([] if blind is None else [[blind, blind]])
    assert [list(line.get_ydata()) for line in lower.lines] == [[0.2]]
    assert [list(line.get_xdata()) for line in (*upper.lines[:2], *lower.lines)] == [[0, 100], [0, 100], [0]]
    assert upper.get_yscale() == "log" and lower.get_yscale() == "linear"
    assert [upper.get_ylabel(), lower.get_ylabel(), lower.get_xlabel()] == [
        "loss",
        "spread of the samples",
        "iteration",
    ]
    assert [text.get_text() for text in upper.get_legend().get_texts()][:2] == ["D loss", "G loss"]
    (tmp_path / "losses.csv").write_text("iteration,d_loss,g_loss,spread\n0,1.5,-0.5,0.2\n")
    export.plot_losses(tmp_path / "losses.csv", tmp_path / "losses.png", gan)
    assert figures[1].axes[0].get_yscale() == "linear", "a logarithm needs numbers above 0"
    (tmp_path / "losses.csv").write_text("iteration,d_loss,g_loss,spread\n0,1.5,x,0.2\n")
    with pytest.raises(RunError, match=f"^{tmp_path}/losses.csv is damaged \\(.*; run the training command again.$"):
        export.plot_losses(tmp_path / "losses.csv", tmp_path / "losses.png", gan)


def test_export_on_demand(trained):
    files = ("generator.keras", "discriminator.keras", "losses.png", "samples.png", "training.gif", "report.html")
    for name in files:
        (trained / name).unlink()
    assert forked("gan_tf.export", "--run_dir=out", cwd=trained.parent).returncode == 0
    assert all((trained / name).exists() for name in files)


def test_samples_of_every_kind(trained, tmp_path):
    run_dir, model = f"--run_dir={trained}", f"--generator={trained / 'generator.keras'}"
    for flags in (
        (run_dir, "--count=6", "--columns=3", "--out=grid.png"),
        (run_dir, "--count=1001", "--out=a.npz"),
        (model, "--count=1001", "--out=b.npz"),
        (model.replace("generator=", "model=", 1), "--count=4", "--out=c.npz"),  # as in older versions
        (run_dir, "--count=3", "--out=single"),
        (run_dir, "--count=5", "--interpolate", "--out=between.npz"),
    ):
        result = forked("gan_tf.sample", *flags, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    assert Image.open(tmp_path / "grid.png").size == (250, 172)
    a, b, between = (np.load(tmp_path / f"{name}.npz") for name in ("a", "b", "between"))
    assert a["images"].shape == (1001, 28, 28, 1) and a["images"].dtype == np.float32
    assert a["noise"].shape == (1001, 100) and abs(a["noise"]).max() <= 1
    np.testing.assert_array_equal(a["images"], b["images"], err_msg="from the checkpoint and from the Keras file")
    np.testing.assert_allclose(np.load(tmp_path / "c.npz")["images"], a["images"][:4], atol=1e-6)
    for index in range(3):
        single = np.asarray(Image.open(tmp_path / "single" / f"{index:05}.png"))
        np.testing.assert_allclose(single, a["images"][index, :, :, 0] * 255, atol=0.51)
    np.testing.assert_array_equal(between["noise"][[0, -1]], a["noise"][:2])
    np.testing.assert_allclose(between["noise"][2], a["noise"][:2].mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "error: name either a run with --run_dir, or a Keras file with --generator."),
        (
            ("--run_dir=a", "--generator=b"),
            "error: name either a run with --run_dir, or a Keras file with --generator.",
        ),
        (("--run_dir=nowhere",), "error: --run_dir=nowhere does not exist; name the --out_dir of a run."),
        (
            ("--generator=nothing.keras",),
            "error: --generator=nothing.keras cannot be read: No such file or directory; name a",
        ),
        (("--run_dir=a", "--count=5"), "error: --count=5 does not fill rows of --columns=4; change either."),
        (("--run_dir=a", "--out=."), "error: --run_dir=a does not exist; name the --out_dir of a run."),
        (("--run_dir=a", "--cout=5"), "error: Unknown command line flag 'cout'. Did you mean count? See --help."),
    ],
)
def test_samples_that_cannot_be_drawn(flags, message, tmp_path):
    result = forked("gan_tf.sample", *flags, cwd=tmp_path)
    assert result.returncode != 0 and "Traceback" not in result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith(message), result.stderr


def test_a_discriminator_is_no_generator(trained, tmp_path):
    result = forked("gan_tf.sample", f"--generator={trained / 'discriminator.keras'}", cwd=tmp_path)
    assert re.search(
        r"error: --generator=.* is no generator of pictures from 100 numbers: it takes .None, 784. and makes .None, 1.",
        result.stderr,
    )


def test_export_of_nothing(tmp_path):
    result = forked("gan_tf.export", cwd=tmp_path)
    assert result.stderr.strip().splitlines()[-1] == (
        "error: --run_dir=out does not exist; name the --out_dir of a run."
    )
