"""experiments/playground.py: the rooms' data, from runs; and what is committed of it."""

import base64
import json
import re

import node
import numpy as np
import pytest
from PIL import Image

from experiments import playground, rooms
from gan_tf import data, reference, restore
from gan_tf.data.oracle import Oracle
from gan_tf.metrics import solids
from gan_tf.runs import browser, live
from gan_tf.zoo import (
    adversarial_autoencoder,
    completion,
    conditional,
    cyclegan,
    editing,
    gan_3d,
    imitation,
    infogan,
    pix2pix,
    projection,
    r3gan,
    seqgan,
    stackgan,
    super_resolution,
)


def content(path):
    """What a room's file gives to the page: (its name, its data)."""
    name, text = re.fullmatch(r'Playground\.data\("(\w+)", (.*)\);\n', path.read_text(), re.DOTALL).groups()
    return name, json.loads(text)


def test_what_is_committed():
    files = {path.stem: path.stat().st_size for path in (node.FOLDER / "data").glob("*.js")}
    built = json.loads(re.search(r"\((.*)\)", (node.FOLDER / "data/built.js").read_text())[1])
    assert set(built) == files.keys() - {"built"} and set(built) <= playground.ROOMS.keys()
    assert sum(files.values()) < playground.LIMIT == 15_000_000
    for room in built:
        name, data = content(node.FOLDER / f"data/{room}.js")
        own = [run for run, networks in playground.ROOMS[room].items() if networks or room == "seqgan"]
        assert name == room and all(data[run]["trained"] > 0 for run in own)
    assert (node.FOLDER / "networks.js").read_bytes() == playground.NETWORKS.read_bytes(), "build the folder again"


def test_the_shell_knows_the_rooms():
    """Each room that can be built is in the page's list, with files that are there."""
    text = (node.FOLDER / "playground.js").read_text()
    listed = re.search(r"const ROOMS = \{(.*?)\n  \};", text, re.DOTALL)[1]
    assert re.findall(r"^    (\w+): \{", listed, re.MULTILINE) == ["train", *playground.ROOMS]
    for path in re.findall(r'"([\w/]+\.(?:js|svg))"', listed):
        assert (node.FOLDER / path).exists() or path == "playground/gan2d.js", path
    for path in re.findall(r'file: "([^"]+)", section: "([^"#]+)', listed):
        assert all((node.FOLDER.parent / each).exists() for each in path)


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """A folder with untrained runs of the digits (one as experiments.mnist.zoo names it) and of SeqGAN."""
    gans = {
        "collapsed": reference.make(seed=1),
        "digits-0/run": reference.make(seed=2),
        "imitation": imitation.make(seed=3),
        "seqgan": seqgan.make(seed=4),
        "seqgan_likelihood": seqgan.make(seed=5),
    }
    folder = tmp_path / "runs"
    for name in gans:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text("{}")
    monkeypatch.setattr(restore, "load_run", lambda path: (gans[path.relative_to(folder).as_posix()], 70))
    return folder, gans


def test_the_room_of_the_hole(tmp_path, monkeypatch):
    """G, the network that guesses, the size of its hole, twenty digits; and four rows of eight pictures."""
    gan, encoder = r3gan.make(width=4), projection.make_encoder((28, 28, 1), 100, 0)
    for weight in gan.models["generator_average"].trainable_variables:  # else all pictures are nearly the same
        weight.assign(3 * weight)
    folder = tmp_path / "runs"
    for name in ("r3gan", "completion"):
        (folder / name).mkdir(parents=True)
    (folder / "r3gan" / "config.json").write_text("{}")
    monkeypatch.setattr(restore, "load_run", lambda path: (gan, 90))
    assert playground.content("completion", folder) is None, "there is no encoder yet"
    encoder.save(folder / "completion" / "encoder.keras")
    (folder / "completion" / "completion.json").write_text('{"hole": 10}')
    found, picture = playground.content("completion", folder)
    assert found["hole"] == 10 and list(found) == ["encoder", "hole", "digits"], "G is in the file of the room r3gan"
    noise = np.asarray(gan.noise(0, 2, 20))
    assert found["digits"] == [live.floats(each) for each in noise]
    digits = np.asarray(gan.generate(noise))
    inside = np.zeros([28, 28, 1], bool)
    inside[9:19, 9:19] = True
    hidden = np.where(inside, 0, digits)
    guessed = np.asarray(gan.generate(encoder(hidden)))
    rows = [digits, np.where(inside, 0.45, digits), np.where(inside, guessed, digits), guessed]
    np.testing.assert_allclose(picture, np.concatenate([each[:8] for each in rows]), atol=1e-5)
    assert np.abs(guessed - digits).max() > 0.05
    for (x,), y in found["encoder"]["checks"]:
        given, computed = (np.frombuffer(base64.b64decode(each), "<f4") for each in (x, y))
        np.testing.assert_allclose(encoder(given.reshape(1, 28, 28, 1))[0], computed, atol=1e-5)
    assert len(found["encoder"]["checks"]) == 3
    assert completion.hole(10, (28, 28, 1)).sum() == 100


def test_the_rooms_of_a_g_that_is_told_the_digit(tmp_path, monkeypatch):
    """Its noise; directions that make digits heavier and slanted, and one that does neither; a picture of each room."""
    gan, folder = conditional.make(width=4, seed=3), tmp_path / "runs"
    for weight in gan.models["generator"].trainable_variables:
        weight.assign(4 * weight if len(weight.shape) > 1 else weight)
    (folder / "conditional_residual").mkdir(parents=True)
    (folder / "conditional_residual" / "config.json").write_text("{}")
    monkeypatch.setattr(restore, "load_run", lambda path: (gan, 90))
    monkeypatch.setattr(editing, "SAMPLES", 500)
    found, picture = playground.content("conditional", folder)
    assert list(found) == ["conditional_residual", "handwritings"]
    assert set(found["conditional_residual"]) == {"trained", "shape", "probability", "classes", "generator"}
    assert found["conditional_residual"]["classes"] == 10 and found["conditional_residual"]["trained"] == 90
    noise = gan.noise(0, 2, 16)[:, :100]
    assert found["handwritings"] == [live.floats(each) for each in noise]

    def asked(z, digit):
        return gan.generate(np.concatenate([z, np.eye(10, dtype=np.float32)[digit]])[None])[0]

    assert picture.shape == (32, 28, 28, 1)
    for place, (row, digit) in {0: (0, 0), 13: (1, 5), 31: (3, 7)}.items():
        np.testing.assert_allclose(picture[place], asked(noise[row], digit), atol=1e-5)

    found, picture = playground.content("editing", folder)
    assert list(found) == ["directions"] and list(found["directions"]) == ["weight", "slant", "random"]
    many = gan.noise(0, 2, 500)
    samples, digits = np.asarray(gan.generate(many)), gan.asked(many)
    for name, attribute in editing.ATTRIBUTES.items():
        along = np.frombuffer(base64.b64decode(found["directions"][name]), "<f4")
        expected = editing.direction_of(attribute, many[:, :100], samples, digits)
        np.testing.assert_allclose(along, expected, atol=1e-5)
    random = np.frombuffer(base64.b64decode(found["directions"]["random"]), "<f4")
    assert np.linalg.norm(random) == pytest.approx(1, rel=1e-5) and abs(random @ along) < 0.4
    np.testing.assert_allclose(picture[8], asked(np.clip(noise[0] - 2.5 * along, -1, 1), 5), atol=1e-4)
    np.testing.assert_allclose(picture[31], asked(np.clip(noise[1] + 2.5 * along, -1, 1), 2), atol=1e-4)


def louder(gan, times=4):
    """The GAN with larger weights, so that what an untrained network makes depends on its input."""
    for model in gan.models.values():
        for weight in model.trainable_variables:
            weight.assign(times * weight if len(weight.shape) > 1 else weight)
    return gan


def arrays(texts, shape):
    return np.stack([np.frombuffer(base64.b64decode(each), "<f4").reshape(shape) for each in texts])


def one(network, *given):
    """What a Keras model makes of one example."""
    given = [np.asarray(each, np.float32)[None] for each in given]
    return np.asarray(network(given[0] if len(given) == 1 else given))[0]


@pytest.fixture(scope="module")
def digits():
    return louder(conditional.make(width=4, seed=3))


def written(digits, row, digit):
    """The digit that the conditional GAN draws of its noise number `row`."""
    return one(digits.generate, [*digits.noise(0, 2, 16)[row, :100], *np.eye(10)[digit]])


def test_a_picture_from_an_outline(digits):
    gan = louder(pix2pix.make(shape=(28, 28, 1), width=4))
    found, picture = rooms.pix2pix({"pix2pix": gan, "conditional_residual": digits}, None)
    assert list(found) == ["outlines"]
    lines = arrays(found["outlines"], (28, 28, 1))
    assert len(lines) == 20
    for place in (0, 7, 13):
        expected = pix2pix.outlines(written(digits, place // 10, place % 10)[None])[0]
        np.testing.assert_array_equal(lines[place], expected)
    np.testing.assert_array_equal(picture[3], lines[3])
    np.testing.assert_array_equal(picture[18], lines[12])
    np.testing.assert_allclose(picture[8 + 3], one(gan.models["generator"], lines[3]), atol=1e-5)
    np.testing.assert_allclose(picture[24 + 2], one(gan.models["generator"], lines[12]), atol=1e-5)


def test_a_picture_from_a_small_one(digits):
    gan = louder(super_resolution.make(shape=(28, 28, 1), width=4))
    gans = {"super_resolution": gan, "super_resolution_error_alone": None, "conditional_residual": digits}
    found, picture = rooms.super_resolution(gans, None)
    assert list(found) == ["small"]
    small = arrays(found["small"], (7, 7, 1))
    digit = written(digits, 1, 3)
    assert small[13, 4, 5, 0] == pytest.approx(digit[16:20, 20:24].mean(), abs=1e-5)
    np.testing.assert_array_equal(picture[16 + 3, 16:20, 20:24], np.full([4, 4, 1], small[13, 4, 5, 0]))
    np.testing.assert_allclose(picture[24 + 3], one(gan.models["generator"], small[13]), atol=1e-5)


def test_printed_and_written_digits(digits):
    gan = louder(cyclegan.make(width=4))
    found, picture = rooms.cyclegan({"cyclegan": gan, "conditional_residual": digits}, None)
    printed, hand = (arrays(found[name], (28, 28, 1)) for name in ("printed", "written"))
    held_out = data.load("glyphs", split="test")
    for place in (4, 14):
        images = held_out.images[held_out.labels == 4]
        np.testing.assert_array_equal(printed[place], images[place // 10])
        np.testing.assert_allclose(hand[place], written(digits, place // 10, 4), atol=1e-5)
    assert len(printed) == len(hand) == 20
    np.testing.assert_allclose(picture[4], printed[4])
    np.testing.assert_allclose(picture[8 + 4], one(gan.models["to_written"], printed[4]), atol=1e-5)
    np.testing.assert_allclose(picture[16 + 4], hand[4])
    np.testing.assert_allclose(picture[24 + 4], one(gan.models["to_printed"], hand[4]), atol=1e-5)


def test_codes_of_infogan():
    gan = louder(infogan.make(width=4))
    found, picture = rooms.infogan({"infogan": gan}, None)
    assert found["categories"] == 10 and list(found) == ["noise", "categories"]
    noise = arrays(found["noise"], 62)
    np.testing.assert_array_equal(noise, gan.noise(0, 2, 16)[:, :62])
    for place, (row, category, numbers) in {
        5: (0, 5, [0, 0]),
        15: (1, 7, [0, 0]),
        16: (0, 0, [-2, 0]),
        22: (0, 0, [2 - 4 / 7, 0]),
        31: (0, 0, [0, 2]),
    }.items():
        expected = one(gan.generate, [*noise[row], *np.eye(10)[category], *numbers])
        np.testing.assert_allclose(picture[place], expected, atol=1e-5)


def test_captions():
    gan = louder(stackgan.make(width=4))
    found, picture = rooms.stackgan({"stackgan": gan}, None)
    assert found["words"][:3] == ["bold", "slanted", "zero"] and len(found["words"]) == 12
    noise, normal = arrays(found["noise"], 100), arrays(found["normal"], 16)
    assert len(noise) == 16 and abs(normal.std() - 1) < 0.15 and abs(np.abs(normal).max() - 2.8) < 1.2
    # The picture of a slanted five, as the page computes it: two clouds, and two networks.
    caption = [0, 1, *np.eye(10)[5]]

    def cloud(name):
        mu, log_sigma = np.split(one(gan.models[name], caption), 2)
        return mu + np.exp(log_sigma) * normal[0]

    small = one(gan.models["generator"], [*noise[0], *cloud("augmentation")])
    large = one(gan.models["second_generator"], small, cloud("second_augmentation"))
    np.testing.assert_allclose(picture[2 * 8 + 5], large, atol=1e-4)
    assert np.abs(picture[8 + 5] - large).max() > 1e-3, "a bold five is another picture"


def test_codes_of_an_autoencoder():
    gan = louder(adversarial_autoencoder.make(code=2, units=20, jit=False), 40)
    found, picture = rooms.adversarial_autoencoder({"adversarial_autoencoder_plane": gan}, None)
    assert found == {"reach": 3}
    for place, code in {0: (-2.625, 1.125), 7: (2.625, 1.125), 25: (-1.875, -1.125)}.items():
        expected = one(gan.models["decoder"], code).reshape(28, 28, 1)
        np.testing.assert_allclose(picture[place], expected, atol=1e-4)
    assert np.abs(picture[0] - picture[31]).max() > 0.01


def test_solids():
    gan = louder(gan_3d.make(width=2))
    found, picture = rooms.gan_3d({"gan_3d": gan}, None)
    noise = arrays(found["noise"], 100)
    np.testing.assert_array_equal(noise, gan.noise(0, 2, 16))
    np.testing.assert_array_equal(picture[5], solids.view(one(gan.models["generator"], noise[5])[None])[0])


def test_heads():
    colours = data.load("heads", split="test").classes
    gan = louder(conditional.make(shape=(64, 64, 3), classes=colours, width=2))
    found, picture = rooms.heads({"heads": gan}, None)
    assert found["colours"] == list(colours) and len(colours) == 8
    noise = arrays(found["noise"], 100)
    np.testing.assert_array_equal(noise, gan.noise(0, 2, 16)[:, :100])
    np.testing.assert_allclose(picture[8 + 5], one(gan.generate, [*noise[1], *np.eye(8)[5]]), atol=1e-5)


def test_checks_of_networks():
    """Each network stands next to inputs of its own shape, and what Keras makes of them."""
    gan = louder(stackgan.make(width=4))
    for name in playground.ROOMS["stackgan"]["stackgan"]:
        model = gan.models[name]
        key, found = playground.network(gan, name)
        assert key == name and len(found["checks"]) == 3
        for x, y in found["checks"]:
            given = [arrays([text], each.shape[1:])[0] for text, each in zip(x, model.inputs, strict=True)]
            np.testing.assert_allclose(arrays([y], model.output_shape[1:])[0], one(model, *given), atol=1e-5)
    gan = infogan.make(width=4)
    (noise,) = playground.inputs_of(gan.models["generator"], gan)
    np.testing.assert_array_equal(noise, gan.noise(0, 0, 3))


def test_build(runs, tmp_path, monkeypatch):
    folder, gans = runs
    out = tmp_path / "playground"
    (out / "data").mkdir(parents=True)
    for room in ("r3gan", "infogan"):
        (out / f"data/{room}.js").write_text("of an older build")
    checks = out / "checks"
    sizes = playground.build(folder, out, ["seqgan", "r3gan", "imitation"])
    assert list(checks.iterdir()) == [], "SeqGAN's check is in its own file"
    (checks / "r3gan.json").write_text("of an older build")
    assert (out / "data/infogan.js").read_text() == "of an older build", "it was not asked for"
    assert {room for room, size in sizes.items() if size} == {"infogan", "seqgan"}
    assert (out / "data/built.js").read_text() == 'Playground.built(["infogan", "seqgan"]);\n'
    sizes = playground.build(folder, out)
    assert [path.name for path in checks.iterdir()] == ["digits.json"]
    assert {room for room, size in sizes.items() if size} == {"digits", "seqgan"}, "imitation needs its clone, too"
    assert (out / "data/built.js").read_text() == 'Playground.built(["digits", "seqgan"]);\n'
    assert sorted(path.name for path in (out / "data").iterdir()) == ["built.js", "digits.js", "seqgan.js"]
    assert sizes["digits"] == (out / "data/digits.js").stat().st_size

    _, digits = content(out / "data/digits.js")
    for run, gan in (("collapsed", gans["collapsed"]), ("digits", gans["digits-0/run"])):
        found = digits[run]
        assert found["trained"] == 70 and found["shape"] == [28, 28, 1] and found["probability"] is True
        assert found["generator"]["nodes"] == browser.describe(gan.models["generator"], 16)["nodes"]
        assert found["generator"]["bits"] == 16
        if run == "collapsed":
            assert "discriminator" not in found, "the room asks only the other one"
            continue
        assert "checks" not in found["generator"], "a visitor does not load them"
        (x,), y = json.loads((checks / "digits.json").read_text())["digits/discriminator"][1]
        pixels, logit = (np.frombuffer(base64.b64decode(each), "<f4") for each in (x, y))
        np.testing.assert_allclose(gan.models["discriminator"](pixels[None])[0], logit, rtol=1e-5)
    noise = gans["digits-0/run"].noise(0, 2, 64)
    pictures = np.asarray(gans["digits-0/run"].generate(noise)).reshape(64, 784)
    places = [[live.floats(row) for row in noise].index(each) for each in digits["anchors"]]
    assert len(set(places)) == 9 and places[0] == 0
    assert places[1] == np.linalg.norm(pictures - pictures[0], axis=1).argmax()
    nearest = np.minimum(*(np.linalg.norm(pictures - pictures[place], axis=1) for place in places[:2]))
    assert places[2] == nearest.argmax(), "farthest from its nearest one"
    picture = np.asarray(Image.open(out / "pictures/digits.png"))
    sample = np.round(255 * gans["digits-0/run"].sample(32)[11, :, :, 0])  # row 1, place 3
    np.testing.assert_array_equal(picture[56:112:2, 168:224:2], sample)
    assert picture.shape == (224, 448)

    _, written = content(out / "data/seqgan.js")
    assert written["oracle"]["units"] == 32 and written["seqgan"]["units"] == 8
    assert written["seqgan"]["trained"] == written["seqgan_likelihood"]["trained"] == 70
    assert written["oracle"]["output_bias"] == live.floats(Oracle(30).weights["output_bias"])
    before, logits = written["seqgan_likelihood"]["check"]
    theirs = gans["seqgan_likelihood"].models["generator"](np.array([before]))[0, -1]
    np.testing.assert_allclose(np.frombuffer(base64.b64decode(logits), "<f4"), theirs, rtol=1e-5)
