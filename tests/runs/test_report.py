"""report.html: what is in it, and what it does in a browser."""

import base64
import io
import json
import os
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from command_line import forked
from firefox import started
from nodes import run_in_node
from page import answers
from PIL import Image

from experiments import chromium
from gan_tf import grids, reference
from gan_tf.data import DIGIT
from gan_tf.gan import Gan
from gan_tf.metrics import sliced, table
from gan_tf.noise import stream_noise
from gan_tf.runs import folder, live, report, words

CONFIG = {
    "flags": {"iters": 30, "seed": 1, "sample_every": 10, "d_lr": None, "data_dir": "/home/someone", "out_dir": "out"},
    "data": {"name": "custom", "images": 200, "digest": "0"},
    "gan": {"name": "reference", "losses": ["d_loss", "g_loss"], "measures": ["spread"], "models": []},
    "versions": {"python": "3.11"},
    "device": "CPU, 2 cores",
}
HEAD = "iteration,d_loss,g_loss,spread\n"
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'><!--<script>"


def test_every_score_is_explained():
    """Its name has a sentence in the page, which a pointer or a finger shows."""
    titles = [*table.TITLES_OF.values(), sliced.TITLES]
    for language in words.LANGUAGES:
        said = words.words(language)
        assert {name for each in titles for name in each} == said["scores"].keys() - {"sliced_wasserstein_"}
        assert {title for each in titles for title in each.values()} == said["titles"].keys()
        assert min(map(len, said["scores"].values())) > 10
    assert all(name == title for name, title in words.words("en")["titles"].items())


def test_all_languages_say_the_same():
    """The same sentences, each with the same numbers, places for values, bold words, links and flags."""
    one, *others = (words.words(language) for language in words.LANGUAGES)

    def flat(part, name=""):
        if isinstance(part, dict):
            return [each for key, below in part.items() for each in flat(below, f"{name}/{key}")]
        return [(name, part)]

    def facts(text):
        found = re.findall(r"\{\w+\}|--\w+|\w+\.\w+|\d[\d,.]*\d|\d", text)
        return sorted(found), text.count("*"), text.count("[") - text.count("[-1, 1)")

    for other in others:
        assert [name for name, _ in flat(one)] == [name for name, _ in flat(other)]
        for (name, ours), (_, theirs) in zip(flat(one), flat(other), strict=True):
            assert facts(re.sub(r"[^\x00-\x7f]", " ", ours)) == facts(re.sub(r"[^\x00-\x7f]", " ", theirs)), name
            assert name == "/join" or bool(ours) == bool(theirs), name


def test_all_words_are_used():
    """Each sentence of the page, and no others, is asked for by name."""
    folder = Path(report.__file__).parent
    text = "".join((folder / name).read_text() for name in ("report.js", "report_template.html", "report.py"))
    asked = set(re.findall(r"""say\("([\w.]+)\"""", text)) | set(re.findall(r'data-(?:say|label)="([\w.]+)"', text))
    things = {"iteration", "iterations", "image", "images", "example", "examples"}  # `counted` asks for them
    for key in words.words("en")["texts"].keys() - things:
        by_parts = key.split(".")[0] in ("why", "code", "d", "measured") or key in ("d_loss", "g_loss")
        assert key in asked or by_parts or f'"{key}"' in text, key
    assert asked <= words.words("en")["texts"].keys(), asked - words.words("en")["texts"].keys()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
    ],
)
def test_the_language_of_the_environment(environment, language):
    assert words.of_environment(environment) == language


@pytest.fixture
def gan():
    """The reference, untrained."""
    return reference.make(seed=2)


def make_run(path, config=CONFIG, images=16, count=3):
    """Writes the files of a run that the page is made from, with grids of random pictures; returns the folder."""
    path.mkdir(exist_ok=True)
    (path / "config.json").write_text(json.dumps(config))
    rows = [f"{10 * i},1.5,0.25,{i / 100}" for i in range(count)]
    (path / "losses.csv").write_text("\n".join(["iteration,d_loss,g_loss,spread", *rows, ""]))
    random = np.random.default_rng(0)
    for index in range(count):
        if index < 8:
            grids.save_grid(random.random([images, 28, 28, 1]), path / grids.grid_name(index))
        else:  # a copy, because many grids take long to write
            shutil.copy(path / grids.grid_name(index % 8), path / grids.grid_name(index))
    return path


def content(run_dir):
    """What Python put into the page."""
    page = (run_dir / "report.html").read_text()
    (found,) = re.findall(r'<script id="content" type="application/json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def shades(picture):
    """The pixels of a PNG in the page, [height, width]."""
    png = picture.removeprefix("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("L")).astype(int)


def decoded(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_networks_are_in_the_page(gan, tmp_path):
    """With the noise of samples.png, and Keras's picture of it."""
    run_dir = make_run(tmp_path)
    report.write(run_dir, gan, 30)
    networks = content(run_dir)["networks"]
    assert content(run_dir)["within"] is False
    for name in ("generator", "discriminator"):
        assert networks[name] == live.browser.describe(gan.models[name], networks[name]["bits"])
    noise = decoded(networks["noise"]["shown"]).reshape(16, 100)
    np.testing.assert_array_equal(decoded(networks["noise"]["keras"]), gan.generate(noise)[0].ravel())
    np.testing.assert_array_equal(gan.generate(noise), gan.sample(16))
    assert networks["probability"] and networks["judge"] == {
        "picture": 0, "asked": None, "output": 0, "conditions": None,
    }  # fmt: skip


@pytest.mark.parametrize("images", [16, 8])
def test_the_grids_are_the_runs(gan, tmp_path, images):
    """A pixel for a pixel, to half of a shade of 16, with the gaps between the pictures."""
    run_dir = make_run(tmp_path, images=images)
    report.write(run_dir, gan, 30)
    found = content(run_dir)["grids"]
    assert [grid["iteration"] for grid in found] == [0, 10, 20, 30]
    centres = (np.arange(4)[:, None] * 78 + 10 + (np.arange(28) + 0.5) * 74 / 28).astype(int)  # in the file
    for index, grid in enumerate(found[:-1]):
        pixels = shades(grid["picture"])
        assert pixels.shape == (29 * images // 4 - 1, 115)
        assert (pixels[28] == 255).all() and (pixels[:, 28] == 255).all()
        rows = np.pad(pixels, ((0, 1), (0, 1))).reshape(images // 4, 29, 4, 29)[:, :28, :, :28]
        file = np.asarray(Image.open(run_dir / grids.grid_name(index)).convert("L"))
        expected = file[np.ix_(centres[: images // 4].ravel(), centres.ravel())].reshape(rows.shape)
        np.testing.assert_allclose(rows, expected, atol=8.5)


@pytest.mark.parametrize("shape", [(64, 48, 3), (7, 10, 3), (40, 40, 1), (12, 9, 1)])
def test_pictures_of_any_shape(shape):
    """Each keeps its size, place and colours, but for JPEG's loss; greys are 16 shades of what the grid has."""
    height, width, channels = shape
    random = np.random.default_rng(3)
    down, right = np.linspace(0, 0.3, height)[:, None, None], np.linspace(0, 0.3, width)[:, None]
    images = random.uniform(0, 0.4, [6, 1, 1, channels]) + down + right * [1, 0.5, 0][:channels]
    grids.save_grid(images, file := io.BytesIO(), columns=3)
    grid = grids.read_grid(file, shape)
    kind, _, data = report.small(grid, shape).partition(";base64,")
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L" if channels == 1 else "RGB"))
    assert kind == ("data:image/png" if channels == 1 else "data:image/jpeg")
    found = found.reshape(*found.shape[:2], channels).astype(int)
    assert found.shape == (2 * height + 1, 3 * width + 2, channels)
    assert found[height].min() > 210 and found[:, [width, 2 * width + 1]].min() > 210
    cell_height, cell_width = grids.cell_size(height, width)
    rows, columns = (
        (np.arange(n) * 2 + 1) * cell // (2 * n) for n, cell in ((height, cell_height), (width, cell_width))
    )
    for index, image in enumerate(images):
        row, column = divmod(index, 3)
        ours = found[row * (height + 1) :, column * (width + 1) :][:height, :width]
        if channels == 1:
            places = np.ix_(10 + row * (cell_height + 4) + rows, 10 + column * (cell_width + 4) + columns)
            np.testing.assert_array_equal(ours, 17 * np.round(grid[places] / 17))
        else:
            differences = abs(ours - 255 * image)
            assert differences.mean() < 6 and differences.max() < 40, (differences.mean(), differences.max())


def test_the_last_picture_is_of_the_trained_generator(gan, tmp_path):
    """As in samples.png, and the spread's curve ends with it; what was written later is left out."""
    run_dir = make_run(tmp_path, count=5)
    gan.show(tmp_path / "samples.png")
    report.write(run_dir, gan, 25)
    found = content(run_dir)
    assert found["trained"] == 25
    assert [grid["iteration"] for grid in found["grids"]] == [0, 10, 20, 25]
    assert found["grids"][-1]["picture"] == report.small(grids.read_grid(tmp_path / "samples.png", DIGIT), DIGIT)
    assert found["charts"][0]["lines"][0]["x"] == [0, 10, 20]
    (line,) = found["charts"][1]["lines"]
    assert line["x"] == [0, 10, 20, 25]
    assert line["y"] == [0, 0.01, 0.02, pytest.approx(grids.spread(gan.sample(16)), rel=1e-3)]


def test_the_spread_of_real_images(gan, tmp_path):
    """Of the run's own images, whatever they are; no line without them."""
    run_dir = make_run(tmp_path)
    report.write(run_dir, gan, 30)
    assert [chart["level"] for chart in content(run_dir)["charts"]] == [pytest.approx(2 * np.log(2)), None]
    gan.real_pictures = np.random.default_rng(0).random([16, 28, 28, 1], np.float32)
    report.write(run_dir, gan, 30)
    assert content(run_dir)["charts"][1]["level"] == pytest.approx(grids.spread(gan.real_pictures), rel=1e-3)


@pytest.mark.parametrize(
    ("images", "count", "kept"),
    [
        (16, 250, 50),
        (8, 120, 100),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in [(40, 250, 12), (200, 9, 3)]),
    ],
)
def test_the_page_is_small(gan, tmp_path, images, count, kept):
    """Below 3 MB, however long the run; noise compresses worst. The first and the last grid are among those kept."""
    run_dir = make_run(tmp_path, images=images, count=count)
    rows = [f"{10 * i},{np.sin(i):.9g},{np.cos(i):.9g}," for i in range(20_000)]
    (run_dir / "losses.csv").write_text("\n".join(["iteration,d_loss,g_loss,spread", *rows, ""]))
    gan.real_pictures = np.random.default_rng(0).random([1000, 28, 28, 1], np.float32)
    report.write(run_dir, gan, 200_000)
    assert (run_dir / "report.html").stat().st_size < 3_000_000
    found = content(run_dir)
    assert [found["grids"][i]["iteration"] for i in (0, -2, -1)] == [0, 10 * (count - 1), 200_000]
    assert len(found["grids"]) == kept + 1
    line = found["charts"][0]["lines"][0]
    assert len(line["x"]) == report.POINTS and line["x"][0] == 195, "the mean of iterations 0, 10, … 390"
    assert line["y"][0] == pytest.approx(np.sin(range(40)).mean(), rel=1e-3)


def hostile_config():
    config = json.loads(json.dumps(CONFIG))
    config["flags"] |= {HOSTILE: HOSTILE, "loss": HOSTILE, "constructor": "a", "__proto__": "b"}
    config["data"]["name"] = config["gan"]["name"] = config["device"] = config["versions"]["python"] = HOSTILE
    return config


def test_names_cannot_become_markup(gan, tmp_path):
    run_dir = make_run(tmp_path, hostile_config())
    report.write(run_dir, gan, 30)
    page = (run_dir / "report.html").read_text()
    template = report.files_of_page("report_template.html")
    for tag in ("<script", "</script", "<img", "<!--"):
        assert page.count(tag) == template.count(tag), tag
    assert ["loss", HOSTILE, False] in content(run_dir)["settings"], "and they are all there"


def test_the_page_names_no_folder(gan, tmp_path):
    run_dir = make_run(tmp_path)
    (run_dir / "metrics.json").write_text(json.dumps(metrics() | {"measured": "--run_dir=/home/someone"}))
    report.write(run_dir, gan, 30)
    page = (run_dir / "report.html").read_text()
    assert "/home/someone" not in page and str(tmp_path) not in page
    assert {name for name, *_ in content(run_dir)["settings"]} == {"iters", "seed", "sample_every", "d_lr"}


def test_settings_in_their_order(gan):
    """What was chosen comes first, XLA and TF32 last. What is unset is shown as what it came to, or not at all."""
    flags = {
        "jit": None,
        "iters": 30,
        "seed": 1,
        "d_lr": None,
        "g_lr": None,
        "size": None,
        "tf32": False,
        "d_steps": 5,
    }
    config = CONFIG | {"flags": flags | {"loss": "wgan", "threads": 3}, "chosen": ["loss", "iters"]}
    gan.objects["d_optimizer"].learning_rate.assign(0.25)
    assert report.settings(config, gan) == [
        ["iters", 30, True],
        ["loss", "wgan", True],
        ["seed", 1, False],
        ["d_lr", 0.25, False],
        ["g_lr", 0.001, False],
        ["d_steps", 5, False],
        ["jit", False, False],
        ["tf32", False, False],
    ]
    found = report.settings(config | {"device": "GPU, one"}, gan)
    assert ["jit", True, False] in found


def test_links_to_the_lessons(tmp_path, monkeypatch):
    """From a folder within a clone, never with the name of a folder outside; in Chinese where that is translated."""
    monkeypatch.setattr(report, "TOP", tmp_path / "clone")
    (tmp_path / "clone" / "experiments").mkdir(parents=True)
    (tmp_path / "clone" / "experiments" / "README.md").write_text("")
    for name in ("GLOSSARY.md", "GLOSSARY.zh-CN.md"):
        (tmp_path / "clone" / name).write_text("")
    inside = tmp_path / "clone" / "out" / "glyphs"
    assert report.links(inside, "en") == ["../../experiments/README.md", "../../GLOSSARY.md"]
    assert report.links(inside, "zh") == ["../../experiments/README.md", "../../GLOSSARY.zh-CN.md"]
    assert report.links(tmp_path / "elsewhere", "en") == [None, None]


def metrics():
    scores = {"precision": (0.5, 0.01), "classes_covered": (3, None)}
    return {"count": 1000, "iterations": 30, "table": table.rows(scores, {})}


def test_scores_are_as_in_the_table(gan, tmp_path):
    run_dir = make_run(tmp_path)
    report.write(run_dir, gan, 30)
    assert content(run_dir)["metrics"] is None
    (run_dir / "metrics.json").write_text(json.dumps(metrics()))
    report.write(run_dir, gan, 30)
    assert content(run_dir)["metrics"] == {
        "scores": [
            ["precision", "precision", "0.500 ± 0.010", ""],
            ["classes_covered", "classes covered (of 10)", "3", ""],
        ],
        "count": 1000,
        "iterations": 30,
    }
    own = {"score of the player": (500.0, None)}  # all that gan_tf.evaluate measures where no pictures are drawn
    facts = {
        "iterations": 30,
        "table": table.rows(own=own),
        "metrics": {"own": {"score of the player": {"value": 500}}},
    }
    (run_dir / "metrics.json").write_text(json.dumps(facts))
    report.write(run_dir, gan, 30)
    scores = [["score of the player", "score of the player", "500", ""]]
    assert content(run_dir)["metrics"] == {"scores": scores, "count": None, "iterations": 30}


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("config.json", None, r"config.json cannot be read"),
        ("config.json", "{", r"config.json cannot be read"),
        ("config.json", '{"flags": {}, "data": {}}', r"config.json does not say how far the grids are apart"),
        ("config.json", '{"flags": {"sample_every": "a"}, "data": {}}', r"does not say how far the grids are apart"),
        ("config.json", '{"flags": {"sample_every": 0}, "data": {}}', r"does not say how far the grids are apart"),
        ("config.json", '{"flags": {"sample_every": 10, "d_lr": NaN}, "data": {}}', r"config.json is damaged"),
        (
            "losses.csv",
            "iteration,d_loss\n0,1\n",
            r"losses.csv cannot be read \(no column 'g_loss'\); run the training",
        ),
        ("losses.csv", f"{HEAD}0,nan,1,2\n", r"losses.csv cannot be read \(d_loss is not finite"),
        ("losses.csv", f"{HEAD}x,1,1,2\n", r"losses.csv cannot be read"),
        ("losses.csv", f"{HEAD}nan,1,1,2\n", r"losses.csv cannot be read \(d_loss is not finite"),
        ("losses.csv", f"{HEAD}{200_000 * '1'},1,1,2\n", r"losses.csv cannot be read \(field larger than"),
        ("losses.csv", None, r"losses.csv cannot be read \(No such file or directory\); run the training again"),
        ("metrics.json", '{"count": Infinity, "table": []}', r"metrics.json is damaged"),
        ("metrics.json", "{", r"metrics.json is damaged .*; delete it, or run gan_tf.evaluate again"),
        ("metrics.json", '{"count": 3, "table": [["spread", "spread"]]}', r"metrics.json is damaged"),
        ("metrics.json", "[]", r"metrics.json is damaged"),
    ],
)
def test_damaged_files(gan, tmp_path, file, text, message):
    """One line says which file it is; and no page is written."""
    run_dir = make_run(tmp_path)
    (run_dir / file).unlink(missing_ok=True) if text is None else (run_dir / file).write_text(text)
    with pytest.raises(folder.RunError, match=message) as error:
        report.write(run_dir, gan, 30)
    assert len(str(error.value).splitlines()) == 1
    assert not (run_dir / "report.html").exists()


def test_a_run_that_lost_its_losses(gan, tmp_path):
    """The page still has its pictures."""
    run_dir = make_run(tmp_path)
    (run_dir / "losses.csv").write_text(HEAD)
    report.write(run_dir, gan, 30)
    assert [line["x"] for line in content(run_dir)["charts"][0]["lines"]] in ([[], []], [[], [], []])
    assert len(content(run_dir)["grids"]) > 1


@pytest.mark.parametrize("size", [(20_000, 20_000), (328, 95), (1, 1), (328, 31_216), (20_000, 0), None])
def test_pictures_that_are_no_grids(gan, tmp_path, size):
    """A huge one is not loaded: this one would take 400 MB. Numbers that no grid has are left alone."""
    run_dir = make_run(tmp_path)
    (run_dir / "2024.png").write_text("beyond the end of the run")
    (run_dir / "00.png").write_text("not a grid's name")
    report.write(run_dir, gan, 30)
    before = [grid["iteration"] for grid in content(run_dir)["grids"]]
    (run_dir / "report.html").unlink()
    (run_dir / "001.png").unlink()
    if size is None:
        os.mkfifo(run_dir / "001.png")
    elif size[1]:
        Image.new("1", size).save(run_dir / "001.png")
    else:
        (run_dir / "001.png").write_text("no picture")
    report.write(run_dir, gan, 30)
    assert [grid["iteration"] for grid in content(run_dir)["grids"]] == [each for each in before if each != 10]


def test_a_run_without_grids(gan, tmp_path):
    """The final samples stay."""
    run_dir = make_run(tmp_path)
    for path in run_dir.glob("*.png"):
        path.unlink()
    report.write(run_dir, gan, 30)
    assert [grid["iteration"] for grid in content(run_dir)["grids"]] == [30]


def without_pictures():
    """A GAN that has one loss and nothing else."""
    return Gan({}, None, 0, loss_names=("error",))


def test_a_gan_without_pictures(tmp_path):
    run_dir = make_run(tmp_path, count=0)
    (run_dir / "losses.csv").write_text("iteration,error\n0,1\n100,-2\n")
    report.write(run_dir, without_pictures(), 200)
    found = content(run_dir)
    assert found["grids"] == [] and found["networks"]["shape"] == [] and not found["networks"]["probability"]
    assert found["networks"]["why"] == {"generator": {"key": "no_noise"}, "discriminator": {"key": "no_logit"}}
    assert found["charts"] == [{"lines": [{"name": "error", "x": [0, 100], "y": [1, -2]}], "level": None}]


def test_losses_of_other_phases_are_left_out(tmp_path):
    run_dir = make_run(tmp_path, count=0)
    (run_dir / "losses.csv").write_text("iteration,first,second,never\n0,3,0,0\n100,2,0,0\n200,0,1,0\n")
    curves = {}
    for phase in (0, 150):
        report.write(run_dir, Gan({}, None, 0, loss_names=("first", "second", "never"), first_phase=phase), 300)
        curves[phase] = {line["name"]: line["x"] for line in content(run_dir)["charts"][0]["lines"]}
    assert curves == {
        0: {"first": [0, 100, 200], "second": [0, 100, 200]},
        150: {"first": [0, 100], "second": [200]},
    }


def test_a_gan_of_the_zoo_is_explained_by_its_own_help(tmp_path):
    report.write(make_run(tmp_path, CONFIG | {"help": {"units": "Size of G."}}, count=0), without_pictures(), 0)
    assert content(tmp_path)["explained"] == {"units": "Size of G."}


@pytest.mark.parametrize("stop", [20, 30])
def test_what_is_drawn_at_the_stop_is_left_out(gan, tmp_path, stop):
    """A run that was stopped at 20 and resumed has a grid and losses of iteration 20. They are not what the page is of.

    There the page has its own: the pictures of the networks that it shows.
    """
    run_dir = make_run(tmp_path, count=5)
    report.write(run_dir, gan, stop)
    found = content(run_dir)
    before = list(range(0, stop, 10))
    assert [grid["iteration"] for grid in found["grids"]] == [*before, stop]
    assert [line["x"] for line in found["charts"][0]["lines"]] == [before, before]
    assert found["charts"][1]["lines"][0]["x"] == [*before, stop]
    grids.save_grid(gan.sample(16), file := io.BytesIO())
    assert found["grids"][-1]["picture"] == report.small(grids.read_grid(file, DIGIT), DIGIT)


# ---- Its script, without a browser ----


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The text of the page of an untrained reference, with scores; and the GAN."""
    run_dir, made = make_run(tmp_path_factory.mktemp("written")), reference.make(seed=2)
    made.real_pictures = np.random.default_rng(0).random([20, 28, 28, 1], np.float32)
    (run_dir / "metrics.json").write_text(json.dumps(metrics()))
    report.write(run_dir, made, 30)
    return (run_dir / "report.html").read_text(), made


def changed(text, **parts):
    """The text of a page with other `parts` of its content."""
    (before,) = re.findall(r'<script id="content" type="application/json">(.*?)</script>', text, re.DOTALL)
    return text.replace(before, json.dumps(json.loads(before) | parts))


@pytest.fixture(scope="module")
def without_networks(written):
    """The text of this page without its networks: then the script needs no time to draw."""
    none = {
        "generator": None,
        "discriminator": None,
        "why": {},
        "shape": [28, 28, 1],
        "probability": True,
        "real": None,
    }
    return changed(written[0], networks=none)


CURVE = {"name": "d_loss", "x": [0, 10, 30], "y": [0.01, 1, 0.1]}


@pytest.mark.parametrize(
    ("y", "level", "first", "heights"),
    [
        ([0.01, 1, 0.1], None, True, [0, 1, 0.5]),  # all above 0: a log scale
        ([0.01, 0.1, 0.1], 1, True, [0, 0.5, 0.5]),  # the level belongs to the scale
        ([-1, 1, 0], None, True, [0, 1, 0.5]),
        ([0.25, 1, 0.5], 2, False, [0.125, 0.5, 0.25]),  # a measure: from 0 on
    ],
)
def test_a_curve_rises_with_its_values(without_networks, y, level, first, heights):
    """From 152 pixels below the top up to 30, and from 50 pixels on to the right. Each mark is where its number is."""
    chart = json.dumps({"level": level, "lines": [CURVE | {"y": y}]})
    (parts,) = answers(without_networks, f"drawn({chart}, {json.dumps(first)})")
    (line,) = (each for each in parts if each["name"] == "polyline")
    points = [tuple(map(float, point.split(","))) for point in line["points"].split()]
    expected = [
        (50 + (600 - 50 - 34) * x / 30, 152 - 122 * height) for x, height in zip([0, 10, 30], heights, strict=True)
    ]
    np.testing.assert_allclose(points, expected, atol=1e-6)
    log = first and min(y) > 0
    assert any("log scale" in each["text"] for each in parts) == log
    dotted = [float(each["y1"]) for each in parts if "stroke-dasharray" in each]
    low, high = min(*y, level or y[0], *([] if log else [0])), max(*y, level or y[0])

    def place(value):
        share = np.log(value / low) / np.log(high / low) if log else (value - low) / (high - low)
        return pytest.approx(152 - 122 * share, abs=1e-6)

    assert dotted == ([] if level is None else [place(level)])
    words = "" if level is None else "D cannot tell" if first else "real images"
    assert any(words and f"dotted: {words}" in each["text"] for each in parts) == bool(words)
    marks = [
        (float(each["text"]), float(each["y"]))
        for each in parts
        if each.get("text-anchor") == "end" and each["text"] != "iteration"
    ]
    assert len(marks) > 2 and all(at - 4 == place(value) for value, at in marks)


def test_the_slider_is_at_the_end_first(without_networks):
    """All curves are read there, and the marker is on the last point."""
    text = changed(without_networks, trained=1030)
    found, words, slider, src, marker = answers(
        text, "content", "made.reading.text", "slider.value", "made.grid.src", "charts[0].X(1030)"
    )
    assert slider == "3" and src == found["grids"][3]["picture"] and marker == 600 - 34
    losses = "D loss 1.5  ·  G loss 0.25 (of iteration 20)  ·  spread 0."
    assert words.startswith(f"Iteration 30  ·  {losses}"), "30 of 1,030 is not the end"
    (words,) = answers(without_networks, "made.reading.text")
    assert words.startswith(f"Iteration 30 (the end)  ·  {losses}") and words.count("of iteration") == 1


FID = "How far are the pictures from real images, as a classifier sees them? Smaller is better."
MEASURED = {
    "count": 1000,
    "iterations": 30,
    "scores": [["frechet_distance", "FID (MNIST classifier)", "75 ± 1", "0.99"], ["recall", "recall", "0.5", "0.8"]],
}


@pytest.mark.parametrize(
    ("data", "reader", "fid", "warns"),
    [
        ("mnist", "mnist", f"{FID} After a collapse: above 300.", False),
        ("glyphs", "mnist", FID, True),
        ("mnist_of_mine", None, FID, False),
    ],
)
def test_what_scores_mean(without_networks, data, reader, fid, warns):
    """No number is called healthy. What was measured on MNIST is said of MNIST alone."""
    text = changed(without_networks, metrics=MEASURED, data={"name": data, "images": 200, "classifier": reader})
    rows, words, what = answers(text, 'table("metrics")', "made.measured.text", "made.what.text")
    assert rows[0] == ["FID (MNIST classifier)", "75 ± 1", "0.99", fid]
    assert rows[1][:3] == ["recall", "0.5", "0.8"] and not any("ealthy" in row[3] for row in rows)
    assert ("do not compare them with scores on MNIST" in words) == warns
    assert words.startswith("Measured with 1,000 pictures after 30 iterations.")
    assert what == f"This is the GAN “reference”, trained for 30 iterations on 200 images of “{data}”."


def test_what_is_usual_is_said_of_the_reference_alone(without_networks):
    """Flags of another GAN have the words of its --help."""
    settings = [["d_lr", 0.001, True], ["batch_size", 64, False], ["units", 1000, False], ["jit", True, False]]
    text = changed(without_networks, settings=settings, explained={"units": "Size of G. Usual: 5."})
    usual, batch_usual = "Usual for adadelta: 1.0.", "in one update. Usual: 128."
    for gan, says in (("reference", True), ("dcgan", False)):
        rate, batch, units, jit = answers(changed(text, gan=gan), 'table("settings")')[0]
        assert rate[:2] == ["Learning rate of D", "0.001"] and batch[:2] == ["Batch size", "64"]
        assert (usual in rate[2], batch_usual in batch[2]) == (says, says)
        assert rate[2].startswith("The size of D's updates.") and batch[2].startswith("How many real and how many")
        assert units == ["units", "1,000", "Size of G. Usual: 5."] and jit[1] == "yes"
    rows = 'made.settings.querySelector("table").tBodies[0].children.map(row => row.className || "")'
    assert answers(text, rows)[0] == ["chosen", "", "", ""]


def test_live_noise_is_that_of_training(written):
    """Uniform in [-1, 1), as many numbers as G takes; and "Another 16" draws from it."""
    random = "(() => { const all = [0, 0.25, 0.5, 0.999]; let i = 0; Math.random = () => all[i++ % 4]; return 0; })()"
    press = "(made.another.listeners.click(), samples.map(each => Array.from(each.noise.slice(0, 4))))"
    found, _, noise, shown = answers(
        written[0],
        "Array.from({ length: 200 }, () => Array.from(noise())).flat()",
        random,
        "Array.from(noise())",
        press,
    )
    assert len(found) == 200 * 100 and -1 <= min(found) < -0.99 and 0.99 < max(found) < 1
    assert abs(np.mean(found)) < 0.03 and abs(np.std(found) - 3**-0.5) < 0.02
    assert noise == pytest.approx(25 * [-1, -0.5, 0, 0.998])
    assert len(shown) == 16 and shown[7] == pytest.approx([-1, -0.5, 0, 0.998])


def test_the_networks_compute_what_keras_does(written):
    """Also between two pictures, and on the plane, whose even numbers go from left to right."""
    text, gan = written
    noise = np.linspace(-1, 1, 100, dtype=np.float32)
    pixels = np.random.default_rng(1).random(784, np.float32)
    move = "(ends = [3, 8], made.mix.value = 25, interpolate(), made.between.painted.at(-1)[0].data)"
    drawn, logit, flat, there, mixed, words = answers(
        text,
        f"Array.from(generate({noise.tolist()}))",
        f"discriminate({pixels.tolist()})",
        "samples.map(each => Array.from(each.noise))",
        f"(plane = {noise.tolist()}, Array.from(onPlane(0.75, 0.1)))",
        move,
        'made["mix-reading"].text',
    )
    np.testing.assert_allclose(drawn, np.ravel(gan.generate(noise[None])), atol=1 / 255)
    assert logit == pytest.approx(float(gan.objects["discriminator"](pixels[None])[0, 0]), abs=1e-4)
    np.testing.assert_array_equal(np.float32(flat), stream_noise(0, 2, 16))
    np.testing.assert_allclose(there, noise * np.tile([0.5, 0.8], 50), atol=1e-6)
    expected = 255 * np.ravel(gan.generate(0.75 * np.float32(flat[3:4]) + 0.25 * np.float32(flat[8:9])))
    np.testing.assert_allclose([mixed[str(4 * i)] for i in range(784)], expected, atol=1.51)
    assert words == "noise = 0.75 × A + 0.25 × B"


def test_a_and_b_may_be_one_picture(written):
    ends, first = (
        "samples.map((_, i) => made.samples.children[i].dataset.end || '')",
        "(ends = [3, 8], interpolate(), 0)",
    )
    _, two, _, one = answers(written[0], first, ends, "(ends = [5, 5], interpolate(), 0)", ends)
    assert [two[3], two[8], "".join(two)] == ["A", "B", "AB"] and [one[5], "".join(one)] == ["A B", "A B"]


def test_what_d_says(written):
    """In words, by its logit, and as a place between "generated" and "real". Of an empty field it says nothing."""
    logits = "[-8, -3.01, -3, -0.51, -0.5, 0.5, 0.51, 3, 3.01]"
    empty = "[made.verdict.text, made.logit.text, made.scale.children.length]"
    drawn = "(stroke(9, 9), [made.verdict.text, made.logit.text, made.scale.children.length])"
    shown = answers(
        written[0],
        f"{logits}.map(opinion)",
        "[-8, 0, 1].map(position)",
        empty,
        drawn,
        "[discriminate(drawing), made.scale.children.at(-1).style.left, judged(drawing), Array.from(drawing)]",
        f"(made.clear.listeners.click(), {empty})",
    )
    fake, rather = "quite sure: generated", "rather generated"
    real, sure = "rather real", "quite sure: real"
    assert shown[0] == [fake, fake, rather, rather, "undecided", "undecided", real, real, sure]
    assert shown[1] == pytest.approx([1 / (1 + np.exp(8)), 0.5, 1 / (1 + np.exp(-1))])
    assert shown[2] == ["Draw something, or show a picture: then D says its opinion.", "", 32]
    logit, left, words, drawing = shown[4]
    assert shown[3][0] in words and f"a logit: {logit:.4f}. Above 0" in shown[3][1] and shown[3][2] == 33
    assert float(left[:-1]) == pytest.approx(100 / (1 + np.exp(-logit)))
    model = written[1].objects["discriminator"]
    assert logit == pytest.approx(float(model(np.float32(drawing)[None])[0, 0]), abs=5e-3)
    assert words.startswith("D's opinion: ") and shown[5] == shown[2]
    assert not re.search(r"\d%", " ".join([*shown[0], words, shown[3][1]])), "no percentage looks like quality"


def test_what_a_critic_says(written):
    """Its output is no probability. Its place is between the lowest and the highest that it gives known pictures."""
    networks = json.loads(re.search(r'id="content".*?json">(.*?)</script>', written[0], re.DOTALL)[1])["networks"]
    critic = changed(written[0], networks=networks | {"probability": False})
    known, places, verdict, words = answers(
        critic,
        "[...known.fake, ...known.real]",
        "[...known.fake, ...known.real].map(position)",
        "(stroke(9, 9), [discriminate(drawing), made.verdict.text, judged(drawing)])",
        "made.logit.text",
    )
    assert len(known) == 32 and places == pytest.approx((np.array(known) - min(known)) / np.ptp(known))
    assert verdict[1] == verdict[2] and float(verdict[1].removeprefix("D's output: ")) == pytest.approx(
        verdict[0], rel=0.01
    )
    assert "A larger number means" in words and "probab" not in words


def test_the_right_button_does_not_paint(written):
    box = "({ left: 0, top: 0, width: 280, height: 280 })"
    set_up = f"(made.draw.setPointerCapture = () => 0, made.draw.getBoundingClientRect = () => {box}, 0)"
    press = "(made.draw.listeners.pointerdown({ button: %d, clientX: 95, clientY: 40 }), Array.from(drawing))"
    _, right, left = answers(written[0], set_up, press % 2, press % 0)
    assert max(right) == 0 and np.argmax(left) in (28 * 3 + 9, 28 * 4 + 9)


def test_the_field_to_draw_in(written):
    """A pen draws a soft dot. The buttons show real images, one after the other, and a picture of G, and clear it."""
    press, show = "(made.{}.listeners.click(), Array.from(drawing))", "(dot(10.25, 20), Array.from(drawing))"
    buttons = [press.format(name) for name in ("real", "real", "fake", "clear")]
    *real, fake, clear, dot = answers(written[0], *buttons, show)
    expected = np.round(255 * written[1].real_pictures[:2]).reshape(2, 784) / 255
    networks = json.loads(re.search(r'id="content".*?json">(.*?)</script>', written[0], re.DOTALL)[1])["networks"]
    assert len(base64.b64decode(networks["real"])) == 16 * 784, "of the first 16 images, as bytes"
    np.testing.assert_allclose(real, expected, atol=1e-6)
    assert np.std(fake) > 0.01 and min(fake) >= 0 and max(fake) <= 1 and max(clear) == 0
    rows, columns = np.indices([28, 28]) + 0.5
    distances = np.hypot(columns - 10.25, rows - 20).ravel()
    np.testing.assert_allclose(dot, (1.8 - distances).clip(0, 1), atol=1e-9)


@pytest.mark.parametrize(
    ("last", "level", "collapsed"),
    [(0.0049, 0.1, True), (0.0051, 0.1, False), (0.0099, None, True), (0.0101, None, False)],
)
def test_it_says_how_to_read_the_curves_and_what_has_collapsed(without_networks, last, level, collapsed):
    """Below 5% of the real images' spread, or of 0.2 where that is unknown; it is the last grid that counts."""
    spread = {"lines": [{"name": "spread", "x": [0, 10, 30], "y": [0.001, 0.3, last]}], "level": level}
    losses = {"lines": [CURVE], "level": 1.3863}
    text = changed(without_networks, charts=[losses, spread])
    lines = answers(text, "made.healthy.children.map(words)")[0]
    assert "D loss at or above the dotted line (1.39): D cannot tell" in lines[1]
    assert ("The dotted line is the spread of real images, 0.1." in lines[3]) == (level == 0.1)
    assert "how much the pictures of a grid differ" in lines[3] and "noise differs, too" in lines[3]
    assert any("This run has collapsed" in line for line in lines) == collapsed
    lines = answers(changed(text, within=True), "made.healthy.children.map(words)")[0]
    assert "how much the pictures of one class differ" in lines[3]


def test_in_chinese(written, gan, tmp_path):
    """All words; and the same numbers. Names of flags, data and versions stay."""
    page = report.page(json.loads(re.search(r'id="content".*?json">(.*?)</script>', written[0], re.DOTALL)[1]), "zh")
    assert '<html lang="zh-CN">' in page and "<title>一次 GAN 训练</title>" in page
    what, reading, rows, settings, lines = answers(
        page,
        "made.what.text",
        "made.reading.text",
        'table("metrics")',
        'table("settings")',
        "made.healthy.children.map(words)",
    )
    assert what == "这是名为“reference”的 GAN，在“custom”的 200 张图像上训练了 30 次迭代。"
    assert reading.startswith("第 30 次迭代（结束）  ·  D 损失 1.5  ·  G 损失 0.25（第 20 次迭代的值）  ·  离散度")
    assert rows[0][0] == "精确率" and settings[0][:2] == ["迭代次数", "30"] and "模式崩溃" in lines[3]
    report.write(make_run(tmp_path), gan, 30, "zh")
    assert '<html lang="zh-CN">' in (tmp_path / "report.html").read_text()


def test_why_a_network_is_not_live(without_networks):
    why = {"generator": {"key": "size", "megabytes": 4.8}, "discriminator": {"key": "layer", "layer": "LSTM"}}
    networks = {
        "generator": None,
        "discriminator": None,
        "why": why,
        "shape": [2, 3, 3],
        "probability": False,
        "real": None,
    }
    text = changed(without_networks, networks=networks)
    lines, hidden = answers(text, 'words(made["#not-live ul"])', '[made["not-live"].hidden, "generator" in made]')
    assert "The generator: it needs 4.8 MB, and the whole page may have at most 3 MB." in lines
    assert "The discriminator: the page cannot compute LSTM." in lines and hidden == [False, False]


@pytest.fixture(scope="module")
def conditional_page(tmp_path_factory):
    """The text of the page of a conditional GAN of three classes, in colour, not square; and the GAN."""
    from gan_tf.zoo import conditional

    made = conditional.make(None, width=4, classes=("a", "b", "c"), shape=(14, 11, 3))
    made.real_pictures = np.random.default_rng(0).random([5, 14, 11, 3], np.float32)
    run_dir = make_run(tmp_path_factory.mktemp("conditional"), count=0)
    report.write(run_dir, made, 30)
    return (run_dir / "report.html").read_text(), made


def test_a_class_is_asked_for(conditional_page):
    """All in turn, or the one that is chosen. D judges each picture as its own class."""
    page, gan = conditional_page
    said = json.loads(re.search(r'id="content".*?json">(.*?)</script>', page, re.DOTALL)[1])
    assert said["within"], "the spread of a conditional GAN is that within each class"
    first, chosen, noises, outputs, colours = answers(
        page,
        "samples.map(each => each.asked)",
        "(made.asked.value = 3, made.asked.listeners.change(), samples.map(each => each.asked))",
        "samples.map(each => Array.from(each.noise))",
        "samples.map(each => [each.output, Array.from(each.pixels)])",
        "Array.from(made.samples.children[0].children[0].painted.at(-1)[0].data)",
    )
    assert first == [i % 3 for i in range(16)] and chosen == 16 * [2]
    noises = np.float32(noises)
    assert (noises[:, 100:] == [0, 0, 1]).all() and np.ptp(noises[:, :100], axis=0).min() > 0
    pictures = np.asarray(gan.generate(noises))
    np.testing.assert_allclose([each for _, each in outputs], pictures.reshape(16, -1), atol=1 / 255)
    logits = gan.models["discriminator"]([pictures, noises[:, 100:]])
    np.testing.assert_allclose([each for each, _ in outputs], logits[:, 0], atol=0.01)
    colours = np.reshape(colours, [14, 11, 4])
    np.testing.assert_allclose(colours[..., :3], 255 * pictures[0], atol=1.51)
    assert (colours[..., 3] == 255).all()


def test_a_pen_in_colour(conditional_page):
    """Red ink, as the stand-in's field for the colour says, over black."""
    (drawn,) = answers(conditional_page[0], "(stroke(5, 7), Array.from(drawing))")
    drawn = np.reshape(drawn, [14, 11, 3])
    assert drawn[6:8, 4:6, 0].min() > 0.9 and drawn[..., 1:].max() == 0 and drawn[:4].max() == 0


def test_codes_are_sliders(tmp_path):
    """A category is one of ten, the numbers are free; the picture is G's of them."""
    from gan_tf.zoo import infogan

    made = infogan.make(None, width=4)
    report.write(make_run(tmp_path, count=0), made, 30)
    move = "(made['code-category'].value = 7, made['code-second number'].value = -1.5, drawCodes(), Array.from(coded))"
    coded, painted, random = answers(
        (tmp_path / "report.html").read_text(),
        move,
        "Array.from(made['codes-picture'].painted.at(-1)[0].data)",
        "Array.from({ length: 200 }, () => Array.from(noise().slice(62, 72)))",
    )
    assert coded[62:72] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0] and coded[73] == -1.5
    expected = 255 * np.ravel(made.generate(np.float32(coded)[None]))
    np.testing.assert_allclose(painted[::4], expected, atol=1.51)
    assert (np.sum(random, axis=1) == 1).all() and np.min(np.sum(random, axis=0)) > 5


KEPT = Path(__file__).parents[2] / "experiments" / "results" / "report.html"


@pytest.fixture(scope="module")
def kept():
    """What Python put into the page that the repository keeps, of the README's run."""
    return content(KEPT.parent)


def test_the_page_that_is_kept_is_whole(kept, written, tmp_path):
    """It has all parts that a page has today, of all 50,000 iterations; and it names no folder."""
    assert KEPT.stat().st_size < 1_500_000
    (tmp_path / "report.html").write_text(written[0])
    today = content(tmp_path)
    assert kept.keys() == today.keys() and kept["data"].keys() == today["data"].keys()
    assert kept["networks"].keys() == today["networks"].keys() and kept["metrics"].keys() == today["metrics"].keys()
    assert kept["settings"][:2] == [["iters", 50_000, True], ["d_lr", 1.0, True]]
    assert kept["trained"] == kept["metrics"]["iterations"] == 50_000 and not any(kept["networks"]["why"].values())
    assert [grid["iteration"] for grid in kept["grids"]] == list(range(0, 50_001, 1000))
    losses, (spread,) = (chart["lines"] for chart in kept["charts"])
    for line, name in zip([*losses, spread], ["d_loss", "g_loss", "spread"], strict=True):
        assert line["name"] == name and len(line["x"]) == len(line["y"])
    assert losses[0]["x"] == losses[1]["x"] == list(range(0, 50_000, 100)) and spread["x"] == list(
        range(0, 50_001, 1000)
    )
    titles = {name: title for name, title, *_ in kept["metrics"]["scores"]}
    assert len(titles) == 14 and titles.items() <= table.TITLES.items() and kept["metrics"]["count"] == 10_000
    texts = [*map(str, kept["settings"]), *map(str, kept["machine"].values())]
    assert not [text for text in texts if "/" in text]


def test_the_page_that_is_kept_is_of_the_blogs_run(kept, tmp_path):
    """Its first losses are those of the experiment with the same seed. Later a last bit makes two runs differ.

    Its networks draw the last picture. Its noise and Keras's picture of it are those that a page has.
    """
    assert ["seed", 0, False] in kept["settings"] and kept["data"]["images"] == 55_000
    committed = json.loads((KEPT.parent / "reproduce_blog" / "adadelta_1.0-0.json").read_text())["losses"]
    for line in kept["charts"][0]["lines"]:
        np.testing.assert_allclose(line["y"][:6], committed[line["name"]][:6], rtol=0.01)
    assert [kept["networks"][name]["bits"] for name in ("generator", "discriminator")] == [16, 32]
    noise = decoded(kept["networks"]["noise"]["shown"]).reshape(16, 100)
    np.testing.assert_array_equal(noise, stream_noise(0, 2, 16))
    generator = kept["networks"]["generator"]
    images = np.float64([run[0] for run in run_in_node([(generator, [each]) for each in noise], tmp_path)])
    np.testing.assert_allclose(decoded(kept["networks"]["noise"]["keras"]), images[0], atol=1 / 255)
    grids.save_grid(images.reshape(16, 28, 28, 1), file := io.BytesIO())
    expected = shades(report.small(grids.read_grid(file, DIGIT), DIGIT))
    differences = abs(shades(kept["grids"][-1]["picture"]) - expected)
    assert (differences > 0).mean() < 0.02 and differences.max() <= 17, "16 bits can be another of the 16 shades"
    assert kept["charts"][1]["lines"][0]["y"][-1] == pytest.approx(grids.spread(images), rel=1e-3)


def test_the_page_that_is_kept_works(kept):
    """As it is, and with the script that a page has today: everything is there, and it computes what Keras computed.

    The page itself may be older than today's. To write it again: python -m gan_tf.report.
    """
    for page in (KEPT.read_text(), report.page(kept, "en")):
        what, reading, end, scores, settings, pictures, hidden, checked = answers(
            page,
            "made.what.text",
            "made.reading.text",
            "made.slider.max",
            'table("metrics")',
            'table("settings")',
            "samples.length",
            "[made.generator.hidden, made.discriminator.hidden, made.metrics.hidden, made.real.hidden]",
            "made.checked.text",
        )
        assert "trained for 50,000 iterations on 55,000 images of “mnist”" in what
        assert reading.startswith("Iteration 50,000 (the end)  ·  D loss ") and end == "50" and pictures == 16
        assert [row[0] for row in scores] == [title for _, title, *_ in kept["metrics"]["scores"]]
        assert len(settings) == len(kept["settings"]) and all(len(row[-1]) > 10 for row in [*scores, *settings])
        assert hidden == 4 * [False]
        assert float(re.search(r"differ from Keras's by at most (\S+)\. ", checked)[1]) < 1 / 255


# ---- In a browser ----


@pytest.fixture(scope="module")
def trained(tmp_path_factory, idx_dir):
    """The folder of a finished run of 200 iterations, five grids."""
    cwd = tmp_path_factory.mktemp("trained")
    flags = ("--iters=200", "--d_lr=1.0", "--batch_size=32", "--sample_every=40", f"--data_dir={idx_dir}", "--seed=1")
    result = forked("gan_tf.train", *flags, "--nojit", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return cwd / "out"


def test_the_command_writes_what_the_loop_wrote(trained):
    """Also when the newest checkpoint is damaged: what counts is the one that was restored."""
    page = (trained / "report.html").read_bytes()
    (trained / "report.html").unlink()
    damaged = trained / "checkpoints" / "300.index"
    damaged.write_bytes(b"")
    result = forked("gan_tf.report", "--run_dir=out", cwd=trained.parent)
    damaged.unlink()
    assert result.returncode == 0 and "wrote out/report.html: open it in a browser" in result.stderr
    assert (trained / "report.html").read_bytes() == page
    result = forked("gan_tf.report", "--run_dir=out", "--lang=zh", cwd=trained.parent)
    assert result.returncode == 0 and '<html lang="zh-CN">' in (trained / "report.html").read_text()
    (trained / "report.html").write_bytes(page)


def test_what_was_chosen_comes_first(trained):
    """The flags of the command, in the order of --help, then those that were not given. XLA and TF32 are last.

    XLA was chosen here, too. Where it was not: `test_settings_in_their_order`.
    """
    settings = content(trained)["settings"]
    chosen = [name for name, _, given in settings if given]
    assert sorted(chosen) == ["batch_size", "d_lr", "iters", "jit", "sample_every", "seed"]
    assert [name for name, *_ in settings[: len(chosen) - 1]] == chosen[:-1]
    assert settings[-2:] == [["jit", False, True], ["tf32", False, False]]
    assert ["g_lr", 0.001, False] in settings and None not in [value for _, value, _ in settings]


def test_the_command_without_a_run(tmp_path):
    result = forked("gan_tf.report", cwd=tmp_path)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert result.stderr.strip().splitlines()[-1] == (
        "error: --run_dir=out does not exist; name the --out_dir of a run."
    )


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium that logs its requests and its console."""
    try:
        chrome = chromium.start(tmp_path_factory.mktemp("profile"))
    except chromium.MissingError as error:
        pytest.skip(str(error))
    yield chrome
    chrome.quit()


def asked_for(browser):
    """The addresses that the page has asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"}


def opened(browser, run_dir):
    """Opens the page from disk. Returns a function from an id to the element."""
    for log in ("browser", "performance"):
        browser.get_log(log)  # what was before
    browser.get((run_dir / "report.html").absolute().as_uri())
    return lambda name: browser.find_element("id", name)


def assert_quiet(browser, run_dir):
    """Nothing on the console, and no request but for the page and what is in it."""
    assert browser.get_log("browser") == []
    others = [url for url in asked_for(browser) if not url.startswith("data:")]
    assert others == [(run_dir / "report.html").absolute().as_uri()]


def pixels(browser, canvas):
    """The grey values of a canvas, 0 to 255."""
    return pixels_of(browser.execute_script("return arguments[0].toDataURL()", canvas))


def pixels_of(url):
    """The grey values of a picture in a data: address, 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")).ravel().astype(int)


def keys(element, *names):
    from selenium.webdriver.common.keys import Keys

    element.send_keys(*(getattr(Keys, name) for name in names))


def test_the_slider_moves_grid_and_curves(browser, trained):
    from selenium.webdriver.support.ui import WebDriverWait

    find = opened(browser, trained)
    found = content(trained)["grids"]

    def shown():
        places = {line.get_attribute("x1") for line in browser.find_elements("css selector", ".position line")}
        assert len(places) == 1, "the markers of both curves are in step"
        iteration = int(re.match(r"Iteration (\d+)", find("reading").text)[1])
        return iteration, find("grid").get_attribute("src"), float(*places)

    iteration, png, right = shown()
    assert iteration == 200 and png == found[-1]["picture"] and "Iteration 200 (the end)" in find("reading").text
    keys(find("slider"), "ARROW_LEFT", "ARROW_LEFT")
    iteration, png, middle = shown()
    assert iteration == 120 and png == found[3]["picture"] and "end" not in find("reading").text
    keys(find("slider"), "HOME")
    iteration, png, left = shown()
    assert iteration == 0 and png == found[0]["picture"]
    assert (right - middle) / (right - left) == pytest.approx(80 / 200, abs=0.001)
    d_loss, g_loss = (line["y"][0] for line in content(trained)["charts"][0]["lines"])
    assert "of iteration" not in find("reading").text, "the losses of iteration 0 are those of iteration 0"
    assert f"D loss {d_loss:.3g}" in find("reading").text and f"G loss {g_loss:.3g}" in find("reading").text
    assert browser.execute_script("return document.getElementById('grid').naturalWidth") == 115

    chart = browser.find_element("css selector", "#charts svg")
    chart.click()  # in its middle, which is iteration 100 at the most
    assert shown()[0] in (80, 120)
    keys(find("slider"), "HOME")
    find("play").click()
    WebDriverWait(browser, 20).until(lambda _: find("play").text == "Play")
    assert shown()[0] == 200, "Play goes to the end"
    assert_quiet(browser, trained)


def test_the_generator_is_keras(browser, trained):
    """Its numbers, and what is drawn from them."""
    find = opened(browser, trained)
    generator = keras.saving.load_model(trained / "generator.keras")
    noise = np.asarray(stream_noise(5, 2, 20))
    ours = browser.execute_script("return arguments[0].map(z => Array.from(generate(z)))", noise.tolist())
    expected = generator(noise).numpy()
    assert np.ptp(expected, axis=0).max() > 0.1, "or the generator would ignore its noise"
    np.testing.assert_allclose(ours, expected, atol=1 / 255)
    assert re.search(r"differ from Keras's by at most \d\.\de-\d\.", find("checked").text)

    def canvases():
        return [pixels(browser, each) for each in browser.find_elements("css selector", "#samples canvas")]

    first = canvases()
    np.testing.assert_allclose(first, 255 * generator(stream_noise(0, 2, 16)).numpy(), atol=1.51)
    find("another").click()
    second = canvases()
    assert len(second) == 16 and all((a != b).any() for a, b in zip(first, second, strict=True))
    assert_quiet(browser, trained)


@pytest.mark.slow
def test_in_firefox(trained, tmp_path):
    """The page draws what Keras draws, from the same noise."""
    with started(tmp_path) as firefox:
        firefox.open((trained / "report.html").absolute().as_uri())
        code = "return [...document.querySelectorAll('#samples canvas')].map(each => each.toDataURL());"
        pictures = [pixels_of(each) for each in firefox.execute_script(code)]
        checked = firefox.execute_script("return document.getElementById('checked').textContent;")
    generator = keras.saving.load_model(trained / "generator.keras")
    np.testing.assert_allclose(pictures, 255 * generator(stream_noise(0, 2, 16)).numpy(), atol=1.51)
    assert re.search(r"differ from Keras's by at most \d\.\de-\d\.", checked)


def test_from_one_picture_to_another(browser, trained):
    find = opened(browser, trained)
    generator = keras.saving.load_model(trained / "generator.keras")
    buttons = browser.find_elements("css selector", "#samples button")
    buttons[4].click()
    keys(buttons[7], "SPACE")
    ends = {button.get_attribute("data-end"): i for i, button in enumerate(buttons)}
    assert ends["A"] == 4 and ends["B"] == 7
    noise = stream_noise(0, 2, 16).numpy()
    for key, share in (("HOME", 0), ("END", 1), ("ARROW_LEFT", 0.99)):
        keys(find("mix"), key)
        expected = generator(((1 - share) * noise[4] + share * noise[7])[None])[0]
        np.testing.assert_allclose(pixels(browser, find("between")), 255 * expected.numpy(), atol=1.51)
    assert find("between-judged").text.startswith("D's opinion: ")
    places = [find(name).rect for name in ("a", "between", "b")]
    assert places[0]["x"] < places[1]["x"] < places[2]["x"] and len({place["y"] for place in places}) == 1
    assert_quiet(browser, trained)


def test_the_plane(browser, trained):
    """With the arrow keys and with the mouse; and the picture is G's of the noise there."""
    from selenium.webdriver import ActionChains

    find = opened(browser, trained)
    generator = keras.saving.load_model(trained / "generator.keras")

    def there():
        noise = np.array(browser.execute_script("return Array.from(onPlane(...at))"), np.float32)
        assert abs(noise).max() <= 1
        np.testing.assert_allclose(pixels(browser, find("there")), 255 * generator(noise[None])[0].numpy(), atol=1.51)
        return browser.execute_script("return at")

    browser.execute_script("arguments[0].scrollIntoView()", find("plane"))
    x, y = there()
    keys(find("plane"), "ARROW_LEFT", "ARROW_LEFT", "ARROW_DOWN")
    assert there() == pytest.approx([x - 2 / 40, y + 1 / 40])
    keys(find("plane"), *100 * ["ARROW_UP"])
    assert there() == pytest.approx([x - 2 / 40, 0]), "and not beyond the edge"
    size = find("plane").size["width"]
    drag = ActionChains(browser).move_to_element(find("plane")).click_and_hold()
    drag.move_by_offset(size // 4, -size // 8).release().perform()
    assert there() == pytest.approx([0.75, 0.375], abs=0.01)
    ActionChains(browser).move_by_offset(-size // 4, 0).perform()
    assert there() == pytest.approx([0.75, 0.375], abs=0.01), "only while the button is down"
    before = pixels(browser, find("there"))
    find("other-plane").click()
    there()
    assert (pixels(browser, find("there")) != before).any()
    assert_quiet(browser, trained)


def test_the_discriminator_is_keras(browser, trained):
    """On random images; on what is drawn by mouse and by keyboard; and what it says is the sigmoid of its output."""
    from selenium.webdriver import ActionChains

    find = opened(browser, trained)
    discriminator = keras.saving.load_model(trained / "discriminator.keras")
    images = np.random.default_rng(1).random([20, 28, 28, 1], np.float32)
    ours = browser.execute_script("return arguments[0].map(x => discriminate(x))", images.reshape(20, 784).tolist())
    expected = discriminator(images.reshape(20, 784))[:, 0].numpy()
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(ours, expected, atol=5e-3)

    field, canvas = find("draw"), browser.find_element("css selector", "#draw canvas")
    browser.execute_script("arguments[0].scrollIntoView()", field)

    def check():
        drawing = np.array(browser.execute_script("return Array.from(drawing)"), np.float32)
        np.testing.assert_allclose(pixels(browser, canvas), 255 * drawing, atol=0.51)
        logit = float(discriminator(drawing[None])[0, 0])
        shown = float(re.search(r"logit: (-?[\d.]+\d)\. Above", find("logit").text)[1])
        assert shown == pytest.approx(logit, abs=5e-3)
        assert find("verdict").text == browser.execute_script("return opinion(arguments[0])", shown)
        return drawing.reshape(28, 28)

    def is_silent():
        assert find("verdict").text == "Draw something, or show a picture: then D says its opinion."
        assert find("logit").text == "" and max(browser.execute_script("return Array.from(drawing)")) == 0

    is_silent()
    mouse = ActionChains(browser, duration=20).move_to_element(field).click_and_hold()
    mouse.move_by_offset(0, field.size["height"] // 4).release().perform()
    drawn = check()
    assert drawn[15:20, 13:15].min() > 0.9 and drawn[:, :10].max() == 0 and drawn[:10].max() == 0
    find("clear").click()
    is_silent()
    ActionChains(browser).move_to_element(field).context_click().perform()
    is_silent()
    keys(field, *5 * ["ARROW_LEFT"], "SPACE")
    assert check().max() > 0.9
    for button in ("fake", "real"):
        find(button).click()
        assert check().max() > 0.5
    assert_quiet(browser, trained)


def test_names_stay_text(browser, gan, tmp_path):
    run_dir = make_run(tmp_path / "run", hostile_config())
    report.write(run_dir, gan, 30)
    find = opened(browser, run_dir)
    assert browser.execute_script("return window.hacked") is None
    for part in ("what", "settings", "machine"):
        assert HOSTILE in find(part).text
    assert_quiet(browser, run_dir)


def test_it_says_that_a_run_has_collapsed(browser, gan, tmp_path):
    gan.real_pictures = np.zeros([16, 28, 28, 1], np.float32)
    gan.real_pictures[:8] = 0.2  # a spread of 0.1
    for last, collapsed in ((0.0051, False), (0.0049, True)):
        gan.measures["spread"] = lambda images, last=last: 0.1 if images is gan.real_pictures else last
        run_dir = make_run(tmp_path / "run")
        report.write(run_dir, gan, 30)
        find = opened(browser, run_dir)
        assert ("This run has collapsed" in find("healthy").text) == collapsed
        assert_quiet(browser, run_dir)


def test_a_page_without_parts(browser, tmp_path):
    run_dir = make_run(tmp_path / "run", count=0)
    (run_dir / "losses.csv").write_text("iteration,error\n0,1\n100,-2\n")
    report.write(run_dir, without_pictures(), 200)
    opened(browser, run_dir)
    sections = browser.find_elements("css selector", "section")
    assert [each.get_attribute("id") for each in sections if each.is_displayed()] == ["run", "settings"]
    text = browser.find_element("tag name", "main").text
    assert "200 examples of" in text and "turns noise" not in text and "between grids" not in text
    assert "Not live" not in text
    assert not browser.find_element("id", "grid").is_displayed()
    keys(browser.find_element("id", "slider"), "HOME")
    assert browser.find_element("id", "reading").text == "Iteration 0 · error 1"
    assert_quiet(browser, run_dir)


def test_a_page_without_grids(browser, gan, tmp_path):
    """The final samples and the curves stay. There is nowhere for a slider to go."""
    run_dir = make_run(tmp_path / "run")
    for path in run_dir.glob("*.png"):
        path.unlink()
    report.write(run_dir, gan, 30)
    find = opened(browser, run_dir)
    assert find("grid").is_displayed() and find("charts").is_displayed() and "Iteration 30" in find("reading").text
    assert not find("slider").is_displayed() and not find("play").is_displayed()
    assert_quiet(browser, run_dir)


def test_it_fits_a_phone(browser, gan, tmp_path):
    run_dir = make_run(tmp_path / "run")
    (run_dir / "metrics.json").write_text(json.dumps(metrics()))
    report.write(run_dir, gan, 30)
    screen = {"width": 360, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        opened(browser, run_dir)
        assert browser.execute_script("return document.documentElement.scrollWidth") == 360
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert_quiet(browser, run_dir)


def test_a_request_would_be_seen(browser, gan, tmp_path):
    """The page's policy stops a request, which the console says; without the policy the log has it."""
    from selenium.webdriver.support.ui import WebDriverWait

    run_dir = make_run(tmp_path / "run")
    report.write(run_dir, gan, 30)
    page = (run_dir / "report.html").read_text().replace("<h1", '<img src="http://127.0.0.1:9/a.png"><h1', 1)
    (run_dir / "report.html").write_text(page)
    opened(browser, run_dir)
    wait = WebDriverWait(browser, 30)  # the browser writes its logs on the side: they may come after the page
    wait.until(lambda _: any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser")))
    (run_dir / "report.html").write_text(re.sub(r"<meta http-equiv=.*?>", "", page, flags=re.DOTALL))
    opened(browser, run_dir)
    wait.until(lambda _: "http://127.0.0.1:9/a.png" in asked_for(browser))


def test_networks_of_another_size(browser, tmp_path):
    """Pictures of 12x12 pixels: what G draws, what D says, and the field to draw in."""
    networks = dict(zip(("generator", "discriminator"), reference.make_networks(2, 144), strict=True))
    report.write(make_run(tmp_path), reference.assemble(networks, None, 1, 2, None, (12, 12, 1)), 30)
    find = opened(browser, tmp_path)
    canvases = [pixels(browser, each) for each in browser.find_elements("css selector", "#samples canvas")]
    np.testing.assert_allclose(canvases, 255 * networks["generator"](stream_noise(0, 2, 16)).numpy(), atol=1.51)
    images = np.random.default_rng(1).random([5, 144], np.float32)
    ours = browser.execute_script("return arguments[0].map(x => discriminate(x))", images.tolist())
    np.testing.assert_allclose(ours, networks["discriminator"](images)[:, 0], atol=5e-3)
    assert browser.execute_script("return drawing.length") == 144
    assert len(pixels(browser, browser.find_element("css selector", "#draw canvas"))) == 144
    assert find("stretched").is_displayed()
    assert_quiet(browser, tmp_path)


def test_a_page_in_colour(browser, tmp_path):
    """It shows the grids, and does not say that their greys are stretched."""
    pictures = np.random.default_rng(0).random([16, 16, 16, 3], np.float32)
    colours = Gan({}, None, 0, draw=lambda index: pictures, shape=(16, 16, 3), measures={"spread": grids.spread})
    run_dir = make_run(tmp_path)
    for index in range(3):
        grids.save_grid(np.roll(pictures, index, axis=0), run_dir / grids.grid_name(index))
    report.write(run_dir, colours, 30)
    find = opened(browser, run_dir)
    assert find("grid").get_attribute("src").startswith("data:image/jpeg;base64,")
    assert find("grid").get_property("naturalWidth") == 4 * 17 - 1 and not find("stretched").is_displayed()
    assert_quiet(browser, run_dir)
