"""python -m gan_tf.evaluate, as a user runs it, and what it writes."""

import dataclasses
import json
import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import scipy.spatial
from command_line import forked
from conftest import write_idx_folder
from PIL import Image

from gan_tf import data, grids, models, noise
from gan_tf.data import captions, dataset, glyphs
from gan_tf.metrics import classifier, measured, modes, scores, sliced, table
from gan_tf.runs.config import REFERENCE

SCORES = ["classifier_score", "frechet_distance", "kernel_inception_distance", "precision", "recall", "density"]
SCORES += ["coverage", "classes_covered", "histogram_divergence", "spread"]
SCORES += ["nearest_train_distance", "parzen_log_likelihood", "parzen_sigma"]
# Of pictures without a classifier.
PIXELS = ["sliced_wasserstein", "sliced_wasserstein_28x28", "sliced_wasserstein_14x14"]
PIXELS += ["spread", "nearest_training", "copies"]


@pytest.fixture(scope="module")
def images_dir(tmp_path_factory):
    """A folder of IDX files: 300 training images beyond the validation set, 150 test images."""
    folder = tmp_path_factory.mktemp("images")
    write_idx_folder(folder, train=5300, test=150)
    return folder


def evaluate(*flags, cwd):
    """Runs the command, which must succeed; returns (what it wrote to metrics.json, result)."""
    result = forked("gan_tf.evaluate", *flags, cwd=cwd)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    return json.loads((cwd / "metrics.json").read_text()), result


def test_a_generator(images_dir, tmp_path):
    """The scores are those of the samples that the seed gives; the table shows what the file holds."""
    generator = models.make_generator(1)
    generator.save(tmp_path / "generator.keras")
    flags = ("--generator=generator.keras", f"--data_dir={images_dir}", "--count=160", "--seed=5", "--out_dir=.")
    facts, result = evaluate(*flags, cwd=tmp_path)
    images = drawn(generator, 5, 160)
    train, test = (data.load("mnist", images_dir, split) for split in ("train", "test"))
    expected = sliced.table(images, test.pixels, train.pixels)
    assert list(facts["metrics"]["samples"]) == list(facts["metrics"]["real"]) == PIXELS
    for column in ("samples", "real"):
        for name, (value, error) in expected[column].items():
            found = facts["metrics"][column][name]
            assert found["value"] == pytest.approx(value, rel=1e-5)
            assert found["error"] == (error if error is None else pytest.approx(error, rel=1e-4))
    assert facts["count"] == 160 and facts["held_out"] == 150 and facts["seed"] == 5
    assert facts["measured"] == "--generator=generator.keras" and "iterations" not in facts
    digests = {split: data.load("mnist", images_dir, split).digest for split in ("train", "validation", "test")}
    assert facts["data"] == digests and len(set(digests.values())) == 3
    last = result.stderr.strip().splitlines()[-1]
    assert re.search(r" wrote metrics.json and neighbours.png to \., after \d+ s$", last), "no run, so no page"
    value, error = facts["metrics"]["samples"]["sliced_wasserstein"].values()
    assert table.rounded(value, error) in result.stdout and "FID" not in result.stdout
    assert (
        "no classifier knows these pictures: Inception score, FID, precision and recall are left out" in result.stderr
    )
    assert Image.open(tmp_path / "neighbours.png").size == (640, 796)
    order = scipy.spatial.distance.cdist(table.flat(images[:10]), table.flat(train.images)).argsort(axis=1)
    neighbours = np.concatenate([images[:10, None], train.images[order[:, :7]]], axis=1).reshape(80, 28, 28, 1)
    grids.save_grid(neighbours, tmp_path / "expected.png", columns=8)
    assert (tmp_path / "neighbours.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


def drawn(generator, seed, count):
    """What gan_tf.evaluate measures of a generator."""
    return generator(noise.uniform_noise(seed, noise.EVALUATION_NOISE, 0, [count, 100])).numpy().reshape(-1, 28, 28, 1)


def splits(counts, shape, name, classifier):
    """Small data of noise, for the classifier: training, validation and test images, each of another brightness."""
    random = np.random.default_rng(3)
    highest = {"train": 256, "validation": 128, "test": 200}
    return [
        dataset.make(
            name,
            "",
            random.integers(0, highest[split], [count, *shape], np.uint8),
            None,
            tuple("0123456789"),
            classifier,
        )
        for split, count in counts.items()
    ]


def test_digits_are_measured_by_their_classifier(caplog):
    """The held-out images are as many as the samples; scores of pixels use all training, validation and test images."""
    caplog.set_level("INFO", "absl")
    three = splits({"train": 300, "validation": 90, "test": 150}, (28, 28, 1), "glyphs", "mnist")
    model, _ = classifier.load_classifier()
    real_read = classifier.activations(model, three[2].images)[1].argmax(axis=1)
    labels = np.where(np.arange(150) % 4 == 1, real_read, (real_read + 1) % 10)  # a quarter is read as its label
    three[2] = dataclasses.replace(three[2], labels=labels)
    images, facts = drawn(models.make_generator(1), 5, 120), {}
    columns, neighbours = measured.measure(images, None, np.arange(120) % 10, facts, three, "it")
    assert list(columns["samples"]) == list(columns["real"]) == [*SCORES, "read_as_asked"]
    assert facts["count"] == facts["held_out"] == 120 and sum(facts["class_histogram_samples"]) == pytest.approx(1)
    share = 100 * (real_read == labels)[np.linspace(0, 149, 120).astype(int)].mean()
    assert f"MNIST's classifier reads {share:.1f}% of these real images right; do not compare" in caplog.text
    assert "120 are few" in caplog.text and "measure 3000 or more" in caplog.text
    train, validation, test = (each.images for each in three)
    chosen = np.linspace(0, 149, 120).astype(int)
    assert columns["samples"]["spread"][0] == pytest.approx(grids.spread(images), rel=1e-6)
    assert columns["real"]["spread"][0] == pytest.approx(grids.spread(test[chosen]), rel=1e-6)
    read = classifier.activations(model, images)[1].argmax(axis=1)
    assert columns["samples"]["read_as_asked"][0] == pytest.approx((read == np.arange(120) % 10).mean())
    assert columns["real"]["read_as_asked"][0] == pytest.approx((real_read == labels)[chosen].mean())
    for column, windows in (("samples", images), ("real", train)):
        expected = table.parzen(*map(table.flat, (windows, validation, test)))
        for name, (value, _) in expected.items():
            assert columns[column][name][0] == pytest.approx(value, rel=1e-6), name
    assert neighbours.shape == (80, 28, 28, 1)
    assert table.rows(**columns)[1][1] == "FID (MNIST classifier)"


def test_remarks(caplog):
    """Captions are read as their digits; few images are few; a sigma at the edge of the search."""
    caplog.set_level("INFO", "absl")
    model, _ = classifier.load_classifier()
    pixels, numbers = captions.draw(0, 150)
    digits, _ = glyphs.draw(0, 150)
    assert numbers.max() > 10
    real = pixels.astype(np.float32) / 255
    read = classifier.activations(model, real)[1].argmax(axis=1)
    sigmas = {"samples": float(table.SIGMAS[-1]), "real": float(table.SIGMAS[0])}
    columns = {column: {"parzen_sigma": (sigma, None)} for column, sigma in sigmas.items()}
    train = dataset.Dataset(pixels, numbers, "captions", "", "", captions.CAPTIONS, "mnist")
    for count in (table.ENOUGH - 1, table.ENOUGH):
        caplog.clear()
        pictures = {"samples": np.broadcast_to(digits[:1], [count, 28, 28, 1]), "real": real}
        measured.remark(columns, pictures, numbers, train, model)
        assert f"reads {100 * (read == numbers % 10).mean():.1f}% of these real images" in caplog.text
        assert ("2999 are few" in caplog.text) == (count == 2999) and f"{count + 1} are few" not in caplog.text
        assert "samples: sigma is the largest of those tried" in caplog.text
        assert "real: sigma is the smallest of those tried" in caplog.text
    caplog.clear()
    inner = {"samples": {"parzen_sigma": (float(table.SIGMAS[1]), None)}, "real": {"fid": (1.0, None)}}
    of_mnist = dataclasses.replace(train, name="mnist")
    measured.remark(inner, {"samples": np.zeros(table.ENOUGH), "real": real}, numbers, of_mnist, model)
    assert not caplog.text


@pytest.mark.slow
def test_how_many_images_are_enough():
    """As --count's help says: of real glyphs, the score of 3,000 is within 2% of that of all, that of 1,000 is not."""
    test = data.load("glyphs", split="test")
    model, _ = classifier.load_classifier()
    probabilities = classifier.activations(model, test.images)[1]
    every = scores.classifier_score(probabilities)[0]
    enough, few = (
        np.array([scores.classifier_score(probabilities[first::step][:n])[0] for first in range(step)]) / every
        for n, step in ((3000, 3), (1000, 10))
    )
    assert table.ENOUGH == 3000 and (abs(enough - 1) < 0.02).all() and 0.94 < few.mean() < 0.97
    assert (probabilities.argmax(axis=1) == test.labels).mean() == pytest.approx(0.984, abs=0.002)


@pytest.mark.slow
def test_stacked_digits_are_counted(monkeypatch):
    """By the classifier of digits, in the samples and in as many real pictures; and scores of pixels."""
    three = splits({"train": 60, "validation": 0, "test": 50}, (28, 28, 3), "stacked_mnist", None)
    images, facts = np.random.default_rng(0).random([40, 28, 28, 3], np.float32), {}
    monkeypatch.setattr(
        modes, "read", lambda model, pictures: np.arange(len(pictures)) % (40 if pictures is images else 7)
    )
    columns, _ = measured.measure(images, None, None, facts, three, "it")
    assert columns["samples"]["modes"] == (40, None) and columns["real"]["modes"] == (7, None)
    assert columns["samples"]["modes_divergence"][0] == pytest.approx(np.log(25))
    assert facts["classifier"]["test_accuracy"] > 0.99 and "copies" in columns["samples"]
    titles = {row[1] for row in table.rows(**{c: {"modes": v["modes"]} for c, v in columns.items()})}
    assert titles == {"modes (of 1,000)"}


@pytest.mark.slow
def test_heads_are_measured_by_their_reader():
    """And by scores of pixels; noise is no clear head."""
    three = splits({"train": 60, "validation": 0, "test": 30}, (64, 64, 3), "heads", "heads")
    images, facts = np.random.default_rng(0).random([30, 64, 64, 3], np.float32), {}
    columns, _ = measured.measure(images, None, None, facts, three, "it")
    assert list(columns["samples"])[:11] == [*SCORES[:10], "clear"]
    assert {"sliced_wasserstein_64x64", "sliced_wasserstein_16x16", "copies"} <= set(columns["samples"])
    assert columns["samples"]["clear"][0] == 0 and len(facts["class_histogram_real"]) == 8
    assert "parzen_sigma" not in columns["samples"]


FINISH = """
import json, pathlib
import numpy as np
from gan_tf import evaluate

scores, reader = json.loads(pathlib.Path("given.json").read_text())
columns = {column: {name: tuple(pair) for name, pair in values.items()} for column, values in scores.items()}
neighbours = np.linspace(0, 1, 16 * 64).reshape(16, 8, 8, 1) if reader else None
evaluate.finish(pathlib.Path("new"), {"count": 5}, columns, reader, neighbours)
"""


@pytest.mark.parametrize("reader", ["heads", None])
def test_what_is_written(reader, tmp_path):
    """The titles are those of the classifier; scores of pixels have their sizes. A GAN's own scores come last."""
    samples = {"frechet_distance": (75.64, 0.95), "sliced_wasserstein_32x32": (12.5, None)}
    own = {"pieces": (0.25, 0.02)}
    scores = {"samples": samples, "real": {"frechet_distance": (1.5, None)}, "own": own} if reader else {"own": own}
    (tmp_path / "code.py").write_text(FINISH)
    (tmp_path / "given.json").write_text(json.dumps([scores, reader]))
    result = forked("code.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    facts = json.loads((tmp_path / "new" / "metrics.json").read_text())
    others = [
        ["frechet_distance", "FID (heads reader)", "75.64 ± 0.95", "1.5"],
        ["sliced_wasserstein_32x32", "its level 32x32", "12.5", ""],
    ]
    assert facts["table"] == others * bool(reader) + [["pieces", "pieces", "0.250 ± 0.020", ""]]
    assert facts["metrics"]["own"] == {"pieces": {"value": 0.25, "error": 0.02}} and facts["count"] == 5
    if reader:
        assert facts["metrics"]["samples"]["frechet_distance"] == {"value": 75.64, "error": 0.95}
        assert facts["metrics"]["real"] == {"frechet_distance": {"value": 1.5, "error": None}}
        assert Image.open(tmp_path / "new" / "neighbours.png").size == (2 * 10 + 8 * 78 - 4, 2 * 10 + 2 * 78 - 4)
    assert sorted(os.listdir(tmp_path / "new")) == ["metrics.json", *["neighbours.png"] * bool(reader)]
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert shown[-2:] == ["its own scores", "pieces 0.250 ± 0.020"] and len(shown) == (5 if reader else 2)


@pytest.mark.parametrize(("loss", "boundary"), [("lsgan", 0.5), pytest.param("wgan", None, marks=pytest.mark.slow)])
def test_a_run(loss, boundary, images_dir, tmp_path):
    """It measures the discriminator, too, and writes into the run's folder, which --overwrite cleans."""
    flags = ("--nojit", "--batch_size=16", f"--data_dir={images_dir}", f"--loss={loss}")
    assert forked("gan_tf.train", "--iters=60", *flags, cwd=tmp_path).returncode == 0
    result = forked("gan_tf.evaluate", "--run_dir=out", "--count=100", cwd=tmp_path)  # on the data of the run
    assert result.returncode == 0, result.stderr
    facts = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert facts["iterations"] == 60 and facts["held_out"] == 100
    assert facts["measured"] == "--run_dir=out" and facts["seed"] == 0
    *_, written, hint = result.stderr.strip().splitlines()
    assert " wrote metrics.json and neighbours.png to out, after " in written
    assert hint.endswith(" to show them in the page: python -m gan_tf.report --run_dir=out")
    generator, discriminator = (
        keras.saving.load_model(tmp_path / "out" / f"{name}.keras") for name in ("generator", "discriminator")
    )
    fakes = generator(noise.uniform_noise(0, noise.EVALUATION_NOISE, 0, [100, 100]))
    if boundary is None:  # a critic
        assert list(facts["metrics"]["real"]) == PIXELS
    else:
        assert list(facts["metrics"]["real"]) == [*PIXELS, "discriminator_accuracy"]
        logits = discriminator(fakes).numpy()
        named_fake = (logits < boundary).mean()
        assert facts["metrics"]["samples"]["discriminator_accuracy"]["value"] == pytest.approx(named_fake, abs=1e-9)
        assert named_fake != (logits < 0).mean()
    assert "trained on other images" not in result.stderr
    assert forked("gan_tf.train", "--iters=1", *flags, "--overwrite", cwd=tmp_path).returncode == 0
    assert not {"metrics.json", "neighbours.png"} & set(os.listdir(tmp_path / "out"))


@pytest.mark.slow
def test_settings_of_the_user_change_no_score(images_dir, tmp_path):
    """An ASCII terminal has no ±, and ~/.keras/keras.json may have other types and orders."""
    models.make_generator(1).save(tmp_path / "generator.keras")
    flags = ("--generator=generator.keras", f"--data_dir={images_dir}", "--count=100")
    facts, plain = evaluate(*flags, cwd=tmp_path)
    settings = {"floatx": "float16", "image_data_format": "channels_first", "backend": "jax"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
    result = subprocess.run(
        [sys.executable, "-m", "gan_tf.evaluate", *flags, "--out_dir=again"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | ascii_only | {"KERAS_HOME": str(tmp_path)},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "again" / "metrics.json").read_text())["metrics"] == facts["metrics"]
    shown = result.stdout.decode("ascii")
    assert shown.split() == plain.stdout.replace("±", "+-").split() and "±" in plain.stdout
    assert len({len(line) for line in shown.splitlines() if line.count("+-") == 2}) == 1, "aligned at the right"


@pytest.mark.parametrize(
    ("flags", "own", "hint"),
    [
        (("--data_dir={}",), "--dataset=glyphs", "to compare with its own images, remove --dataset and --data_dir"),
        ((), "--dataset=mnist --data_dir={}", "the folder has changed since; name the one that has its images with"),
    ],
)
def test_other_images_than_the_run_had(idx_dir, tmp_path, flags, own, hint):
    """The log says which ones the run had. There are no networks in the run, which ends the command early."""
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "10.index").write_text("")
    had = {"dataset": "glyphs", "data_dir": None} if flags else {"dataset": "mnist", "data_dir": str(idx_dir)}
    config = {"flags": had, "data": {"digest": "0"}, "gan": REFERENCE}
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    result = forked("gan_tf.evaluate", "--run_dir=run", *(flag.format(idx_dir) for flag in flags), cwd=tmp_path)
    lines = result.stderr.splitlines()
    assert f"the run was trained on other images than these (with {own.format(idx_dir)})" in lines[1]
    assert hint in lines[2] and lines[-1].startswith("error: --run_dir=run")


@pytest.mark.slow
def test_training_images_as_samples(mnist_dir, tmp_path):
    """MNIST's own training images score as real ones do, but that they are recognised as copies."""
    np.savez(tmp_path / "real.npz", images=data.load("mnist", mnist_dir).images[20_000:22_000, :, :, 0])
    facts, result = evaluate("--images=real.npz", f"--data_dir={mnist_dir}", cwd=tmp_path)
    ours, real = facts["metrics"]["samples"], facts["metrics"]["real"]
    for name, tolerance in {
        "classifier_score": 0.1,
        "frechet_distance": 1.5,
        "precision": 0.03,
        "recall": 0.07,  # of 2,000 training images; the test images lie a little wider in feature space
        "spread": 0.006,
        "classes_covered": 0,
    }.items():
        assert ours[name]["value"] == pytest.approx(real[name]["value"], abs=tolerance), name
    assert 9.6 < ours["classifier_score"]["value"] < 9.95 and ours["classes_covered"]["value"] == 10
    assert ours["nearest_train_distance"]["value"] < 1e-4 and real["nearest_train_distance"]["value"] > 4
    assert "WARNING" not in result.stderr


def test_a_gans_own_scores_stand_below_the_others():
    """They are no scores of real images."""
    own = {"score of the player": (500.0, None), "pieces": (0.25, 0.02)}
    shown = table.as_text({"spread": (0.2, None)}, {"spread": (0.3, None)}, own).splitlines()
    assert shown[0].split() == ["samples", "real,", "held", "out"] and shown[1].split() == ["spread", "0.2", "0.3"]
    alone = table.as_text(own=own).splitlines()
    for lines in (shown[2:], alone):
        assert [" ".join(line.split()) for line in lines] == [
            "its own scores",
            "score of the player 500",
            "pieces 0.250 ± 0.020",
        ]
    assert table.rows(own=own) == [
        ("score of the player", "score of the player", "500", ""),
        ("pieces", "pieces", "0.250 ± 0.020", ""),
    ]


def test_discriminator_accuracy():
    logits = [[1.0], [2.0], [-1.0], [0.5]]
    found = table.discriminator_accuracy(logits, real=True, boundary=0.0)
    assert found == {"discriminator_accuracy": (0.75, pytest.approx((0.75 * 0.25 / 4) ** 0.5))}
    assert table.discriminator_accuracy(logits, real=False, boundary=0.0)["discriminator_accuracy"][0] == 0.25
    assert table.discriminator_accuracy(logits, real=False, boundary=0.5)["discriminator_accuracy"][0] == 0.5
    assert table.discriminator_accuracy(logits, real=True, boundary=None) == {}


def test_parzen_of_gaussians():
    """Windows at one point: the sigma nearest to the data's own, and the density of a Gaussian at it."""
    random = np.random.default_rng(0)
    validation, test = random.normal(0, 0.45, [400, 784]), random.normal(0, 0.45, [300, 784])
    found = table.parzen(np.zeros([10, 784]), validation, test)
    sigma = 10 ** (-3 / 9)
    assert found["parzen_sigma"] == (pytest.approx(sigma), None)
    each = -(test**2).sum(axis=1) / (2 * sigma**2) - 392 * np.log(2 * np.pi * sigma**2)
    assert found["parzen_log_likelihood"] == (
        pytest.approx(each.mean(), rel=1e-9),
        pytest.approx(each.std(ddof=1) / 300**0.5, rel=1e-6),
    )


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (4.1761, 0.0271, "4.176 ± 0.027"),
        (1.5, np.nan, "1.5"),
        (150.2, 3.5, "150.2 ± 3.5"),
        (240.7, 21.3, "241 ± 21"),
        (10, None, "10"),
    ],
)
def test_rounded(value, error, text):
    assert table.rounded(value, error) == text


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((), "error: name one of --run_dir, --generator and --images."),
        (("--run_dir=a", "--images=b"), "error: name one of --run_dir, --generator and --images."),
        (("--run_dir=nowhere",), "error: --run_dir=nowhere does not exist; name the --out_dir of a run."),
        (
            ("--generator=nothing",),
            "error: --generator=nothing cannot be read: No such file or directory; name a Keras",
        ),
        (("--generator=text",), "error: --generator=text is no Keras file, or it is damaged: it is no zip archive."),
        (("--images=nothing",), "error: nothing cannot be read: No such file or directory; name an .npz file with"),
        (("--images=text",), "error: text is not an .npz file with an array images, or it is damaged: "),
        (("--images=other.npz",), "error: other.npz has no array images; write one with numpy.savez(path, images=...)"),
        (("--images=shape.npz",), "error: shape.npz: its array is float64 [200, 100], not numbers [n, 28, 28, 1]"),
        (("--images=bytes.npz",), "error: bytes.npz: its values are 0 to 255, not in [0, 1]; divide bytes"),
        (("--images=nan.npz",), "error: nan.npz: its values are nan to nan, not in [0, 1]"),
        (("--images=few.npz",), "error: few.npz: 99 images are too few, it takes at least 100."),
        (("--images=few.npz", "--out_dir=text"), "error: --out_dir=text cannot be written: "),
        (("--generator=generator.keras", "--count=1000000000"), "error: --count=1000000000 is too much; "),
        (
            ("--run_dir=pipes",),
            "error: pipes/config.json cannot be read (pipes/config.json is not an ordinary file); put",
        ),
        (
            ("--run_dir=a", "--dataset=furniture"),
            "error: --dataset=furniture: must be mnist, glyphs, heads, stacked_mnist, folder or",
        ),
        (("--run_dir=a", "--count=99"), "error: --count=99: 99 is not integer >= 100. See --help."),
        (("--run_dir=a", "--sed=5"), "error: Unknown command line flag 'sed'. Did you mean seed? See --help."),
    ],
)
def test_what_cannot_be_measured(flags, message, images_dir, tmp_path):
    (tmp_path / "text").write_text("no archive")
    np.savez(tmp_path / "other.npz", pictures=np.zeros([200, 784]))
    np.savez(tmp_path / "shape.npz", images=np.zeros([200, 100]))
    np.savez(tmp_path / "bytes.npz", images=np.arange(200 * 784).reshape(200, 784) % 256)
    np.savez(tmp_path / "nan.npz", images=np.full([200, 784], np.nan))
    np.savez(tmp_path / "few.npz", images=np.zeros([99, 784]))
    models.make_generator(1).save(tmp_path / "generator.keras")
    (tmp_path / "pipes" / "checkpoints").mkdir(parents=True)
    (tmp_path / "pipes" / "checkpoints" / "10.index").write_text("")
    os.mkfifo(tmp_path / "pipes" / "config.json")
    before = sorted(os.listdir(tmp_path))
    result = forked("gan_tf.evaluate", *flags, f"--data_dir={images_dir}", cwd=tmp_path)
    assert result.returncode != 0 and "Traceback" not in result.stderr and result.stdout == ""
    assert result.stderr.strip().splitlines()[-1].startswith(message), result.stderr
    assert sorted(os.listdir(tmp_path)) == before
