"""A folder of somebody's own pictures, from the command to samples, scores and the page; and what is refused."""

import base64
import io
import json
import re

import keras
import numpy as np
import pytest
from command_line import forked
from PIL import Image

from gan_tf import data, grids, noise, restore
from gan_tf.metrics import sliced
from gan_tf.runs import export, report
from gan_tf.sweeps import worker

SMALL = ["--dataset=folder", "--data_dir=photos", "--size=16", "--width=2", "--batch_size=4", "--sample_every=2"]


def photos(place, count=40):
    """Reddish pictures in one subfolder, bluish ones in another, of several sizes."""
    random = np.random.default_rng(0)
    for number in range(count):
        kind, colour = (("blue", (20, 60, 220)), ("red", (230, 40, 10)))[number % 2]
        (place / kind).mkdir(parents=True, exist_ok=True)
        pixels = np.array(colour) + random.integers(-20, 20, [18 + number % 5, 20, 1])
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place / kind / f"{number}.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder with photos, a run of dcgan that was stopped and resumed, and one that was not."""
    cwd = tmp_path_factory.mktemp("own")
    photos(cwd / "photos")
    for out_dir, totals in (("parts", (3, 6)), ("whole", (6,))):
        for iters in totals:
            flags = [*SMALL, "--checkpoint_every=3", f"--iters={iters}", f"--out_dir={out_dir}"]
            result = forked("gan_tf.zoo.dcgan", *flags, cwd=cwd)
            assert result.returncode == 0, result.stderr
    return cwd, result


def test_a_run_resumes_bit_for_bit(trained):
    cwd, result = trained
    for name in ("losses.csv", "000.png", "001.png", "002.png", "samples.png"):
        assert (cwd / "parts" / name).read_bytes() == (cwd / "whole" / name).read_bytes(), name
    assert re.search(r"only 3\d pictures to train on: expect blurred or repeated ones", result.stderr)
    assert "images of 16x16 pixels in colour (40 pictures in photos)" in result.stderr
    config = json.loads((cwd / "whole" / "config.json").read_text())
    assert config["data"]["shape"] == [16, 16, 3] and config["data"]["classes"] == ["blue", "red"]
    assert config["data"]["classifier"] is None and config["flags"]["channels"] == 3


def test_everything_is_in_colour(trained):
    """Grids, animation, page and Keras file; the page has each grid's pictures pixel for pixel, but for JPEG's loss."""
    run_dir = trained[0] / "whole"
    grid = grids.read_grid(run_dir / "002.png", (16, 16, 3))
    assert grid.shape == (328, 328, 3) and (grid[10:84, 10:84, 0] != grid[10:84, 10:84, 2]).any()
    animation = Image.open(run_dir / "training.gif")
    assert animation.n_frames == 3
    animation.seek(2)
    frame = np.asarray(animation.convert("RGB")).astype(int)[export.CAPTION :]
    np.testing.assert_allclose(frame, grid, atol=24)  # a GIF has 256 colours
    content = re.search(
        r'id="content" type="application/json">(.*?)</script>', (run_dir / "report.html").read_text(), re.DOTALL
    )
    content = json.loads(content[1])
    assert content["colour"] and content["networks"]["shape"] == [16, 16, 3] and content["networks"]["generator"]
    kind, _, data = content["grids"][2]["picture"].partition(";base64,")
    small = np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).astype(int)
    assert kind == "data:image/jpeg" and small.shape == (17 * 4 - 1, 17 * 4 - 1, 3)
    middle = (np.arange(16) * 74 + 37) // 16 + 10
    np.testing.assert_allclose(small[17:33, 34:50], grid[np.ix_(middle + 78, middle + 156)], atol=25)
    assert (small[16, :] > 230).all()
    generator = keras.saving.load_model(run_dir / "generator.keras")
    assert generator.output_shape == (None, 16, 16, 3)


def test_samples_and_scores(trained, idx_dir, tmp_path):
    cwd, _ = trained
    for source in ("--run_dir=whole", "--generator=whole/generator.keras"):
        result = forked("gan_tf.sample", source, "--count=8", f"--out={tmp_path / source[2:5]}.npz", cwd=cwd)
        assert result.returncode == 0, result.stderr
    images = [np.load(tmp_path / f"{name}.npz")["images"] for name in ("run", "gen")]
    assert images[0].shape == (8, 16, 16, 3)
    np.testing.assert_array_equal(*images)
    result = forked("gan_tf.sample", "--run_dir=whole", "--count=2", f"--out={tmp_path}/single", cwd=cwd)
    assert Image.open(tmp_path / "single" / "00000.png").mode == "RGB", result.stderr
    result = forked("gan_tf.evaluate", "--run_dir=whole", "--count=100", f"--out_dir={tmp_path}", cwd=cwd)
    assert result.returncode == 0 and "sliced Wasserstein distance" in result.stdout, result.stderr
    assert "no classifier knows these pictures" in result.stderr and "real pictures are held out" in result.stderr
    assert Image.open(tmp_path / "neighbours.png").mode == "RGBA"
    result = forked("gan_tf.evaluate", "--generator=whole/generator.keras", f"--data_dir={idx_dir}", cwd=cwd)
    line = result.stderr.splitlines()[-1]
    assert "draws 16x16 pixels in colour, and the data have 28x28 pixels in grey: name other data" in line


def test_a_sweep_scores_it_by_pixels(trained, tmp_path, monkeypatch):
    """2,000 samples, next to held-out and training pictures; there is no classifier."""
    monkeypatch.chdir(trained[0])
    facts = worker.scores_of("whole", tmp_path)
    gan, _ = restore.load_run("whole")
    made = restore.draw(gan, gan.noise(0, noise.EVALUATION_NOISE, 2000), "it")
    test, train = (data.load("folder", "photos", split, 16).pixels for split in ("test", "train"))
    expected = sliced.table(made, test, train)["samples"]
    assert facts.keys() == {"classifier", "scores"} and facts["classifier"] is None
    assert facts["scores"].keys() == expected.keys() and "sliced_wasserstein" in expected
    for name, (value, _) in expected.items():
        assert facts["scores"][name][0] == pytest.approx(value, rel=1e-5), name
    assert list(tmp_path.iterdir()) == [], "features are a classifier's"


def test_named_defaults_are_the_same_run(trained):
    flags = ["--channels=3", "--nocache", "--iters=6", "--checkpoint_every=3", "--out_dir=whole"]
    result = forked("gan_tf.zoo.dcgan", *SMALL, *flags, cwd=trained[0])
    assert result.returncode == 0 and "finished: whole has all 6 iterations" in result.stderr, result.stderr


def test_the_reference_takes_own_pictures_in_its_shape(trained):
    cwd, _ = trained
    flags = ["--dataset=folder", "--data_dir=photos", "--size=28", "--channels=1", "--iters=4", "--sample_every=2"]
    result = forked("gan_tf.train", *flags, "--nojit", "--batch_size=8", "--out_dir=grey", cwd=cwd)
    assert result.returncode == 0 and "images of 28x28 pixels in grey (40 pictures in photos)" in result.stderr
    assert grids.read_grid(cwd / "grey" / "001.png", (28, 28, 1)).shape == (328, 328, 1)
    assert keras.saving.load_model(cwd / "grey" / "generator.keras").output_shape == (None, 784)
    assert restore.load_run(cwd / "grey")[0].sample(3).shape == (3, 28, 28, 1)


def test_other_pictures_are_another_run(trained):
    """A run resumes only with the same pictures."""
    cwd, _ = trained
    Image.new("RGB", (20, 20), "green").save(cwd / "photos" / "red" / "new.png")
    try:
        result = forked("gan_tf.zoo.dcgan", *SMALL, "--iters=9", "--out_dir=whole", "--checkpoint_every=3", cwd=cwd)
    finally:
        (cwd / "photos" / "red" / "new.png").unlink()
    assert result.returncode == 1 and "holds a run on other images" in result.stderr.splitlines()[-1]
    flags = [flag for flag in SMALL if "size" not in flag or "batch" in flag]
    result = forked("gan_tf.zoo.dcgan", *flags, "--iters=9", "--out_dir=whole", "--checkpoint_every=3", cwd=cwd)
    assert "(--size: 16 there, 64 now)" in result.stderr.splitlines()[-1]


def test_it_is_asked_by_the_names_of_the_subfolders(trained):
    cwd, _ = trained
    flags = [*SMALL, "--iters=2", "--out_dir=asked", "--channels=1"]
    assert forked("gan_tf.zoo.conditional", *flags, cwd=cwd).returncode == 0
    result = forked("gan_tf.sample", "--run_dir=asked", "--condition=red", "--out=red.npz", cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert np.load(cwd / "red.npz")["images"].shape == (16, 16, 16, 1)
    result = forked("gan_tf.sample", "--run_dir=asked", "--condition=green", "--out=green.npz", cwd=cwd)
    assert result.stderr.splitlines()[-1].endswith("this GAN can be asked for blue, red; not for 'green'.")


@pytest.mark.parametrize(
    ("module", "flags", "message"),
    [
        (
            "gan_tf.train",
            ["--dataset=folder", "--data_dir=photos"],
            r"40 pictures in photos: pictures of 64x64 pixels in colour, and this GAN takes only 28x28 pixels in grey"
            r"\. Any pictures: gan_tf\.zoo\.dcgan, conditional, infogan, .*, super_resolution\.$",
        ),
        (
            "gan_tf.zoo.semi_supervised",
            ["--dataset=folder", "--data_dir=photos", "--size=28", "--channels=1"],
            r"40 pictures in photos: 2 classes, and this GAN needs the ten digits as labels\.$",
        ),
        (
            "gan_tf.zoo.dcgan",
            ["--size=32"],
            r"=mnist has pictures of one size: remove --size and --channels\. Your own pictures: --dataset=folder",
        ),
        (
            "gan_tf.zoo.conditional",
            ["--dataset=folder", "--data_dir=photos/red"],
            r"20 pictures in photos/red: this GAN needs pictures of at least 2 classes, such as a folder with 2 subf",
        ),
        ("gan_tf.zoo.dcgan", ["--dataset=folder"], r"--dataset=folder needs the folder of your pictures: name it with"),
        (
            "gan_tf.zoo.dcgan",
            ["--dataset=folder", "--data_dir=photos", "--out_dir=photos/red/run"],
            r"^error: --out_dir=photos/red/run lies in the folder of your pictures: .* Name another --out_dir\.$",
        ),
    ],
)
def test_what_is_refused_without_tensorflow(trained, module, flags, message):
    result = forked(module, "--out_dir=refused", *flags, cwd=trained[0])
    lines = result.stderr.splitlines()
    assert result.returncode == 1 and re.search(message, lines[-1]), result.stderr
    assert not any("TensorFlow" in line for line in lines) and not (trained[0] / "refused").exists()
    assert not (trained[0] / "photos" / "red" / "run").exists()


def test_gans_of_other_data_name_those_that_take_pictures(tmp_path):
    words = "Pictures: gan_tf.zoo.dcgan, conditional, infogan, loss_sensitive,"
    for module, name in (("stackgan", "captions"), ("seqgan", "small_oracle or oracle"), ("gan_3d", "furniture")):
        result = forked(f"gan_tf.zoo.{module}", "--dataset=folder", cwd=tmp_path)
        line = result.stderr.splitlines()[-1]
        assert f"error: --dataset=folder: this GAN trains only on {name}. {words}" in line and result.returncode == 2
        line = forked(f"gan_tf.zoo.{module}", "--dataset=x", cwd=tmp_path).stderr.splitlines()[-1]
        assert f"error: --dataset=x: this GAN trains only on {name}." in line and "Pictures" not in line


def test_scores_after_the_folder_has_moved(trained):
    """--data_dir is enough: data set, size and channels are those of the run."""
    cwd, _ = trained
    (cwd / "photos").rename(cwd / "moved")
    try:
        for flags in ([], ["--dataset=folder"]):
            result = forked("gan_tf.evaluate", "--run_dir=whole", "--data_dir=moved", *flags, "--count=100", cwd=cwd)
            assert result.returncode == 0 and "other images" not in result.stderr, result.stderr
        result = forked("gan_tf.evaluate", "--run_dir=whole", "--data_dir=moved", "--size=32", "--count=100", cwd=cwd)
    finally:
        (cwd / "moved").rename(cwd / "photos")
    words = "and the data have 32x32 pixels in colour: name other data with --dataset, or another --size."
    assert words in result.stderr


def test_runs_of_an_older_version_are_refused(trained):
    """Their networks took flat images. Training, samples and scores say so in one line."""
    cwd, _ = trained
    config = json.loads((cwd / "parts" / "config.json").read_text())
    del config["data"]["shape"]
    (cwd / "parts" / "config.json").write_text(json.dumps(config))
    for module, flags in (
        ("gan_tf.zoo.dcgan", [*SMALL, "--iters=9", "--out_dir=parts"]),
        ("gan_tf.sample", ["--run_dir=parts"]),
        ("gan_tf.evaluate", ["--run_dir=parts"]),
    ):
        result = forked(module, *flags, cwd=cwd)
        line = result.stderr.splitlines()[-1]
        assert result.returncode == 1 and "holds a run of an older gan_tf, whose networks were others" in line
    config["gan"]["name"] = "reference"
    (cwd / "parts" / "config.json").write_text(json.dumps(config))
    assert restore.check_run(cwd / "parts")["gan"]["name"] == "reference", "its networks are the same as ever"


@pytest.mark.parametrize("value", [[28, 28], "28", [28, 28, -1], [0, 2, 1]])
def test_damaged_shapes(trained, value):
    cwd, _ = trained
    config = json.loads((cwd / "whole" / "config.json").read_text())
    (cwd / "damaged" / "checkpoints").mkdir(parents=True, exist_ok=True)
    (cwd / "damaged" / "checkpoints" / "1.index").write_text("")
    config["data"]["shape"] = value
    (cwd / "damaged" / "config.json").write_text(json.dumps(config))
    with pytest.raises(restore.LoadError, match="is damaged: it says .* where the shape of a picture belongs"):
        restore.check_run(cwd / "damaged")


def test_a_page_in_colour_stays_small(tmp_path):
    """Noise compresses worst: of 300 grids of 16 pictures of 64x64, so many stay that the page is below 2 MB."""
    random = np.random.default_rng(0)
    for index in range(12):
        grids.save_grid(random.random([16, 64, 64, 3]), tmp_path / grids.grid_name(index))
    found = report.small_grids(tmp_path, 10, 1000, (64, 64, 3))
    assert sum(len(each["picture"]) for each in found) <= report.GRID_BYTES and len(found) >= 2
    assert found[0]["iteration"] == 0 and found[-1]["iteration"] == 110
