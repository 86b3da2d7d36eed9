"""gan_tf.zoo.completion and gan_tf.zoo.editing: hole, search and directions by hand; the commands on a tiny run."""

import json
import types

import numpy as np
import pytest
import steps
from command_line import command

from gan_tf import data
from gan_tf.data import DIGIT, dataset
from gan_tf.metrics import classifier
from gan_tf.zoo import completion, dcgan, editing, projection

RANDOM = np.random.default_rng(0)
PLACES = [-2, -4 / 3, -2 / 3, 0, 2 / 3, 4 / 3, 2]  # where editing moves z to


def test_the_hole_and_the_weights_around_it():
    mask = completion.hole(12, DIGIT)[..., 0]
    assert mask.sum() == 144 and mask[8:20, 8:20].all()
    weights = completion.weights_around(mask[..., None])[..., 0]
    assert not weights[mask].any() and weights[0, 0] == 0
    assert weights[7, 14] == pytest.approx(3 * 7 / 49) and weights[5, 14] == pytest.approx(7 / 49)
    assert weights[7, 7] == pytest.approx(9 / 49) and weights[4, 14] == 0
    other = completion.hole(4, (12, 20, 3))
    assert other.shape == (12, 20, 1) and other.sum() == 16 and other[4:8, 8:12].all()


def test_filling():
    images, pixels = RANDOM.random([2, 3, 28, 28, 1], np.float32)
    mask = completion.hole(4, DIGIT)
    filled = completion.fill(images, mask, pixels)
    np.testing.assert_array_equal(filled[:, mask], pixels[:, mask])
    np.testing.assert_array_equal(filled[:, ~mask], images[:, ~mask])


def test_the_nearest_image_does_not_look_into_the_hole():
    training = RANDOM.random([20, 28, 28, 1], np.float32)
    mask, images = completion.hole(20, DIGIT), training[[4, 17]].copy()
    images[:, mask] = RANDOM.random([2, mask.sum()])
    np.testing.assert_array_equal(completion.nearest_outside(images, training, mask, part=1), [4, 17])


def test_the_best_starts():
    """Those with the smallest sum over pixels of w |G(z) - x|, in this order; pixels with w = 0 do not count."""
    images, drawn = RANDOM.random([3, 6, 5, 1], np.float32), RANDOM.random([40, 6, 5, 1], np.float32)
    weights = (RANDOM.random([6, 5, 1]) * (RANDOM.random([6, 5, 1]) < 0.4)).astype(np.float32)
    z = RANDOM.uniform(-1, 1, [40, 100])
    losses = np.abs(weights * (images[:, None] - drawn[None])).sum(axis=(2, 3, 4))
    found = completion.best_starts(images, weights, z, drawn)
    np.testing.assert_array_equal(found, z[np.argsort(losses, axis=1)[:, :4]])


def test_the_search_finds_an_image_that_g_can_draw():
    """The loss falls far below that of the start, z stays in range, each image has its own z, the best start counts."""
    gan = dcgan.make(width=4)
    for weight in gan.objects["generator"].trainable_variables:  # else all images are nearly the same
        weight.assign(10 * weight if len(weight.shape) > 1 else weight)
    wanted = np.asarray(gan.generate(RANDOM.uniform(-1, 1, [3, 100]).astype(np.float32)))
    everywhere = np.ones([28, 28, 1], np.float32)
    networks = gan.generate, gan.objects["discriminator"]
    random = np.random.default_rng(0).uniform(-1, 1, [3, 4, 100])
    _, start = completion.search(*networks, wanted, everywhere, 0, random)
    z, loss = completion.search(*networks, wanted, everywhere, 60, random)
    assert (loss < 0.6 * start).all() and np.abs(z).max() <= 1 and z.shape == (3, 100)
    drawn = np.asarray(gan.generate(z))
    distance = np.abs(drawn[:, None] - wanted[None]).mean(axis=(2, 3, 4))
    np.testing.assert_array_equal(distance.argmin(axis=1), [0, 1, 2])
    assert np.abs(z).max() > 0.99, "but it may come to its border"
    # The prior against the context: so light that both count.
    last = gan.objects["discriminator"].layers[-1]
    last.kernel.assign(1000 * last.kernel)
    light, candidates = 1e-5 * everywhere, np.random.default_rng(7).uniform(-1, 1, [3 * 4, 100]).astype(np.float32)
    drawn = np.asarray(gan.generate(candidates))
    context = 1e-5 * np.abs(drawn - wanted.repeat(4, axis=0)).sum(axis=(1, 2, 3))
    prior = -np.log1p(np.exp(np.asarray(gan.objects["discriminator"](drawn), np.float64)))[:, 0]  # log(1 - p)
    expected = (context + 0.003 * prior).reshape(3, 4)
    assert min(np.ptp(context), np.ptp(0.003 * prior)) > 1e-4
    starts = candidates.reshape(3, 4, 100)
    for discriminator, losses in ((networks[1], expected), (None, context.reshape(3, 4))):
        z, loss = completion.search(gan.generate, discriminator, wanted, light, 0, starts)
        np.testing.assert_allclose(loss, losses.min(axis=1), rtol=1e-4, atol=1e-7)
        np.testing.assert_array_equal(z, starts[np.arange(3), losses.argmin(axis=1)])
    with steps.recorded():  # Adam's first step is as long as its rate
        z, _ = completion.search(*networks, wanted[:1], everywhere, 1, random[:1])
    moved = np.abs(z - random[0].astype(np.float32)).max(axis=1)
    assert moved.min() == pytest.approx(0.03, rel=1e-3)


class Guess:
    """Stands in for the network that guesses z."""

    def __call__(self, images):
        return np.sin(np.arange(1.0, 101) * images.reshape(len(images), -1).sum(axis=1, keepdims=True))

    def save(self, path):
        path.write_text("a network")


class Spies:
    """Stand-ins for what the commands use: a GAN, data, a classifier and pictures. They note what they get.

    G's image of z is linear in z, but its corner is white if c·z > 0; with `told`, if it is asked for an odd digit. The
    classifier reads this as a 1.
    """

    def __init__(self, monkeypatch, tmp_path, told=False, **flags):
        random = np.random.default_rng(19)
        self.slopes, self.c = random.normal(size=[100, 30]), random.normal(size=100)
        self.read, self.pictures, self.searches, self.noises, self.trained, self.starts = [], [], [], [], [], []
        self.guess = Guess()
        self.told, self.judge = told, object()
        self.gan = types.SimpleNamespace(
            generate=self.generate,
            noise=self.noise,
            objects={"discriminator": self.judge},
            conditions=tuple("0123456789") if told else (),
            asked=lambda noise: noise[:, 100:].argmax(axis=1),
        )
        sets = [random.integers(0, 256, [count, 6, 5, 1], np.uint8) for count in (90, 70)]
        self.train, self.test = (
            dataset.make("glyphs", "", each, random.integers(0, 2, len(each)), map(str, range(10)), "mnist")
            for each in sets
        )
        everything = {"run_dir": "run", "out_dir": str(tmp_path), "steps": 17, "seed": 5}
        for module in (completion, editing):
            monkeypatch.setattr(module, "FLAGS", types.SimpleNamespace(**everything | flags))
        monkeypatch.setattr(completion, "load", self.load)
        monkeypatch.setattr(data, "load_as", lambda _, split: {"train": self.train}[split])  # test images: once
        monkeypatch.setattr(completion, "search", self.search)
        monkeypatch.setattr(projection, "make_encoder", self.make_encoder)
        monkeypatch.setattr(projection, "train_encoder", lambda *given: self.trained.append(given))
        monkeypatch.setattr(classifier, "load_classifier", lambda name="mnist": (name, {}))
        monkeypatch.setattr(classifier, "activations", self.activations)
        monkeypatch.setattr(completion.grids, "save_grid", lambda *given: self.pictures.append(given))

    def load(self, run_dir, gans=completion.GANS):
        assert run_dir == "run" and gans in (completion.GANS, editing.GANS)
        return self.gan, {"run_dir": run_dir}, self.test

    def generate(self, z):
        z = np.asarray(z)
        assert z.shape[1] == (110 if self.told else 100)
        images = (0.5 + 0.02 * z[:, :100] @ self.slopes).reshape(-1, 6, 5, 1).astype(np.float32)
        images[:, 0, 0, 0] = z[:, 100:].argmax(axis=1) % 2 if self.told else z @ self.c > 0
        return images

    def noise(self, *given):
        self.noises.append(given)
        z = np.random.default_rng(12).uniform(-1, 1, [given[2], 100]).astype(np.float32)
        return np.concatenate([z, np.eye(10)[np.arange(len(z)) % 10]], axis=1) if self.told else z

    def search(self, generator, discriminator, images, weights, steps, starts):
        self.searches.append((generator, discriminator, images, weights, steps))
        self.starts.append(starts)
        return self.found(images), None

    def found(self, images):
        """What the search finds, another z for each image."""
        return np.sin(np.arange(1, 101) * (5 + images.sum(axis=(1, 2, 3)))[:, None]).astype(np.float32)

    def make_encoder(self, *given):
        assert given == ((6, 5, 1), 100, 5), "shape, numbers of z, seed"
        return self.guess

    def activations(self, model, images):
        assert model == "mnist"
        self.read.append(images)
        return None, np.eye(10)[(images[:, 0, 0, 0] > 0.5).astype(int)]


def test_a_folder_that_cannot_be_is_refused_before_the_work(monkeypatch, tmp_path):
    """Also where the check before does not see it, as in /proc."""
    (tmp_path / "file").touch()
    pictures = dataset.make("glyphs", "", np.zeros([3, 6, 5, 1], np.uint8), [0, 1, 2], map(str, range(10)), "mnist")
    given = types.SimpleNamespace(out_dir=str(tmp_path / "file" / "found"), data_dir="")
    monkeypatch.setattr(completion, "FLAGS", given)
    run = {"gan": {"name": "r3gan"}, "flags": {"data_dir": ""}}
    monkeypatch.setattr(completion.restore, "check_run", lambda run_dir: run)
    monkeypatch.setattr(completion.restore, "check_writable", lambda path, name: None)
    monkeypatch.setattr(data, "load_as", lambda flags, split: pictures)
    monkeypatch.setattr(completion.command_line, "import_tensorflow", lambda: pytest.fail("that is work"))
    with pytest.raises(OSError):
        completion.load("run")


def test_completion_and_its_controls(monkeypatch, tmp_path):
    """Each row of the table is measured on the images that its name says, and only in the hole."""
    spies = Spies(monkeypatch, tmp_path, hole=2, count=60, iters=11)
    completion.main()
    images, labels = spies.test.images[:60], spies.test.labels[:60]
    inside = np.zeros([6, 5], bool)
    inside[2:4, 1:3] = True
    assert [len(given[2]) for given in spies.searches] == [50, 10]
    np.testing.assert_array_equal(np.concatenate([given[2] for given in spies.searches]), images)
    for generator, discriminator, _, weights, count in spies.searches:
        np.testing.assert_array_equal(weights, completion.weights_around(inside[..., None]))
        assert generator == spies.generate and discriminator is spies.judge and count == 17
    z = spies.found(images)
    training = spies.train.images
    outside = np.abs(images[:, None] - training[None])[..., 0] * ~inside
    nearest = training[(outside**2).sum(axis=(2, 3)).argmin(axis=1)]
    assert spies.noises == [(5, 2, 10_000)], "seed, stream and number of the candidates"
    candidates = spies.noise(*spies.noises[0])
    around = completion.weights_around(inside[..., None])
    expected = completion.best_starts(images, around, candidates, spies.generate(candidates))
    np.testing.assert_allclose(np.concatenate(spies.starts), expected)
    ((encoder, generate, pixels, seen, *settings),) = spies.trained
    assert (encoder, generate, settings) == (spies.guess, spies.generate, [11, 5])
    np.testing.assert_array_equal(pixels, spies.train.pixels)
    np.testing.assert_array_equal(seen, ~inside[..., None])
    fillings = {
        "by the GAN, searched": spies.generate(z.astype(np.float32)),
        "by the GAN, guessed": spies.generate(spies.guess(images * ~inside[..., None])),
        "by the mean image": np.broadcast_to(training.mean(axis=0), images.shape),
        "by the nearest training image": nearest,
        "black": np.zeros_like(images),
        "the original": images,
    }
    found = json.loads((tmp_path / "completion.json").read_text())
    assert list(found["scores"]) == list(fillings) and [
        found[name] for name in ("hole", "count", "steps", "iters", "seed")
    ] == [2, 60, 17, 11, 5]
    for (name, filling), read in zip(fillings.items(), spies.read, strict=True):
        filled = np.where(inside[..., None], filling, images)
        np.testing.assert_allclose(read, filled, atol=1e-6, err_msg=name)
        right = ((images[:, 0, 0, 0] > 0.5) == labels).mean()
        share = found["scores"][name]["read as the right digit"]
        assert share == pytest.approx([right, (right * (1 - right) / 60) ** 0.5])
        errors = np.abs(filling - images)[:, inside].mean(axis=(1, 2))
        expected = [errors.mean(), errors.std(ddof=1) / 60**0.5]
        assert found["scores"][name]["error"] == pytest.approx(expected, rel=1e-4)
    assert (tmp_path / "encoder.keras").read_text() == "a network"
    ((shown, _, columns),) = spies.pictures
    rows = ["black", "by the mean image", "by the nearest training image"]
    rows += ["by the GAN, searched", "by the GAN, guessed", "the original"]
    places = [list(fillings).index(name) for name in rows]
    np.testing.assert_array_equal(shown, np.concatenate([spies.read[place][:10] for place in places]))
    assert columns == 10


@pytest.mark.parametrize("told", [False, True])
def test_editing_and_its_control(monkeypatch, tmp_path, told):
    """Changes and readings by hand, along the direction of each attribute and along a random one of length 1."""
    spies = Spies(monkeypatch, tmp_path, told, count=60)
    editing.main()
    images, labels = spies.test.images[:60], spies.test.labels[:60]
    assert spies.noises == [(5, 2, 10_000)], "seed, stream and number of the samples"
    noise, asked = spies.noise(5, 2, 10_000), (images[:, 0, 0, 0] > 0.5).astype(int)
    samples = spies.generate(noise)
    digits, noise = np.arange(10_000) % 10 if told else (noise @ spies.c > 0).astype(int), noise[:, :100]

    def inputs(z, digits):
        return np.concatenate([z, np.eye(10)[digits]], axis=1) if told else z

    rows = [np.flatnonzero(asked == digit) for digit in (0, 1)] if told else [np.arange(60)]
    assert min(map(len, rows)) > 20
    parts = [part for each in rows for part in (each[:50], each[50:]) if len(part)]
    for part, starts, (generator, discriminator, searched, weights, count) in zip(
        parts, spies.starts, spies.searches, strict=True
    ):
        np.testing.assert_array_equal(searched, images[part])
        assert discriminator is None and (weights == 1).all() and weights.shape == (6, 5, 1) and count == 17
        among = digits == asked[part[0]] if told else slice(None)
        np.testing.assert_array_equal(
            starts, completion.best_starts(images[part], weights, noise[among], samples[among])
        )
        tried = np.random.default_rng(3).uniform(-1, 1, [4 * len(part), 100])
        expected = spies.generate(inputs(tried, np.repeat(asked[part], 4)))
        np.testing.assert_allclose(generator(tried), expected, atol=1e-5)

    z, control = spies.found(images), np.random.default_rng(5).normal(size=100)
    control /= np.linalg.norm(control)
    # The weight is linear in z but for the corner, which the digit explains: the corner has no part in the direction.
    slope = spies.slopes[:, 1:].mean(axis=1) / np.linalg.norm(spies.slopes[:, 1:].mean(axis=1))
    np.testing.assert_allclose(editing.direction_of(editing.weight, noise, samples, digits), slope, atol=1e-4)
    leaning = editing.direction_of(editing.slant, noise, samples, digits)
    directions = {
        "weight, weight direction": (editing.weight, slope),
        "weight, random direction": (editing.weight, control),
        "slant, slant direction": (editing.slant, leaning),
        "slant, random direction": (editing.slant, control),
    }
    found, cells = json.loads((tmp_path / "editing.json").read_text()), []
    assert list(found["scores"]) == list(directions)
    least = []
    for name, (attribute, along) in directions.items():
        moved = [spies.generate(inputs(np.clip(z + place * along, -1, 1), asked)) for place in PLACES]
        change = (attribute(moved[-1]) - attribute(moved[0])) / attribute(samples).std()
        same = [((each[:, 0, 0, 0] > 0.5) == labels).mean() for each in moved]
        row, least = found["scores"][name], [*least, min(same) < min(same[0], same[-1])]
        expected = [change.mean(), change.std(ddof=1) / 60**0.5]
        assert row["change of the attribute"] == pytest.approx(expected, rel=1e-3, abs=1e-4)
        assert row["read as the same digit, least"][0] == pytest.approx(min(same))
        assert told or min(same) < max(same) - 0.01
        if "random" not in name:
            cells += [[images[i], *(each[i] for each in moved)] for i in range(5)]
    assert told or any(least), "the worst place is not always an end"
    errors = np.abs(spies.generate(inputs(z, asked)) - images).mean(axis=(1, 2, 3))
    assert found["projection"] == pytest.approx([errors.mean(), errors.std(ddof=1) / 60**0.5], rel=1e-4)
    # A row for each image and attribute: the original, then the image at seven places along the attribute.
    ((shown, _, columns),) = spies.pictures
    np.testing.assert_allclose(shown, np.reshape(cells, [-1, 6, 5, 1]), atol=1e-4)
    assert columns == 8


def test_attributes():
    image = np.zeros([3, 28, 28], np.float32)
    image[0, 4:24, 14] = 1
    for row in range(4, 24):
        image[1, row, 26 - row] = 1  # it leans to the right, as /
        image[2, row, 20 - row // 2] = 1  # half as much, in steps
    np.testing.assert_allclose(editing.slant(image[..., None]), [0, 1, 0.4962], atol=1e-4)
    np.testing.assert_allclose(editing.weight(image[..., None]), [20 / 784] * 3, rtol=1e-5)


def test_a_direction_is_that_of_the_attribute_within_a_digit():
    """The attribute is 3 z_1 + 4 z_2, and 10 more for digit 1, which z_3 decides: z_3 has no part in the direction."""
    z = RANDOM.uniform(-1, 1, [2000, 100])
    digits = (z[:, 3] > 0).astype(int)
    value = 3 * z[:, 1] + 4 * z[:, 2] + 10 * digits
    found = editing.direction_of(lambda images: value, z, None, digits)
    expected = np.zeros(100)
    expected[1:3] = 0.6, 0.8
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "member", "rows", "gans"),
    [
        ("completion", "dcgan", 6, "r3gan, dcgan or sngan"),
        ("editing", "conditional", 4, "conditional, r3gan, dcgan or sngan"),
    ],
)
def test_the_commands(name, member, rows, gans, tmp_path):
    flags = ["--width=2", "--iters=1", "--batch_size=8", "--dataset=glyphs", "--out_dir=run"]
    assert command(f"gan_tf.zoo.{member}", *flags, cwd=tmp_path).returncode == 0
    small = ["--count=10", "--steps=2", "--out_dir=found"] + ["--iters=2"] * (name == "completion")
    result = command(f"gan_tf.zoo.{name}", "--run_dir=run", *small, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "found" / f"{name}.png").stat().st_size > 1000
    assert len(json.loads((tmp_path / "found" / f"{name}.json").read_text())["scores"]) == rows
    result = command(f"gan_tf.zoo.{name}", cwd=tmp_path)
    words = f"error: name a run of gan_tf.zoo.{gans} with --run_dir.\n"
    assert result.returncode == 1 and result.stderr == words
