"""What every member of the zoo must do: learn from a command, resume bit for bit, leave what other commands need."""

import csv
import functools
import importlib
import inspect
import json
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import command, forked
from graphs import optimised, unordered_reads

from gan_tf import data, members, restore
from gan_tf.data.stacked import Stacked
from gan_tf.zoo import blocks

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8), np.arange(40) % 10
# The settings that make each of them small, as arguments of `make`. Without XLA there is nothing to compile.
SMALL = {
    "dcgan": {"width": 2, "ema": 0.9},
    "conditional": {"width": 2},
    "semi_supervised": {"labelled": 10},
    "infogan": {"width": 2},
    "loss_sensitive": {"networks": "dcgan"},
    "adversarial_autoencoder": {"code": 2, "jit": False},
    "cyclegan": {"width": 2},
    "pix2pix": {"width": 2},
    "super_resolution": {"width": 2},
    "stackgan": {"width": 2, "first": 2},
    "gan_3d": {"width": 2, "convolutions": False},  # in three dimensions they take long to trace
    "seqgan": {"likelihood": 1, "alone": 0, "d_steps": 1, "rollouts": 1},
    "imitation": {"pairs": 2},
    "regularised": {"deviation": True, "ema": 0.9, "halve_every": 2, "weight_decay": 1.0},
    "sngan": {"width": 2, "ema": 0.9},
    "r3gan": {"width": 8, "ema": 0.9, "penalty_every": 2, "augment": "translation,cutout"},
}
# What those GANs take that are not made for images: stand-ins, and the name of the data set.
OTHER = {
    "stackgan": (IMAGES, "captions"),
    "gan_3d": (RANDOM.integers(0, 2, [40, 4096]).astype(np.uint8) * 255, "furniture"),
    "seqgan": (np.tile(RANDOM.permutation(30).astype(np.int32), 27)[:800].reshape(40, 20), "small_oracle"),
    "imitation": (RANDOM.integers(0, 2, [40, 5]).astype(np.float32), "cart_pole"),
}
COMPILED = ("regularised", "adversarial_autoencoder")  # with XLA on a CPU too: for the others it is no faster there
ZOO = [name for name, module in members.GANS.items() if module.startswith("gan_tf.zoo.")]
WITHOUT_PICTURES = ("seqgan", "imitation")
WITH_PICTURES = [name for name in ZOO if name not in WITHOUT_PICTURES]


def slow_but(*quick, of=ZOO):
    """The members `of`; all but the quick ones are slow: these do the same with other networks."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in of]


# These differ in how they train: convolutions with an average of G; the reference's networks; a loop of its own without
# pictures; data of another kind. The others take longer to trace.
MEMBERS = slow_but("dcgan", "regularised", "imitation", "gan_3d")
SEEDED = slow_but("dcgan", "regularised", "gan_3d")  # whoever plays games takes long
# Made, but not trained: these take long for that, too.
DRAWN = slow_but(*set(WITH_PICTURES) - {"cyclegan", "stackgan", "super_resolution", "pix2pix"}, of=WITH_PICTURES)
RUNS = slow_but("adversarial_autoencoder")  # dcgan.py is stopped and resumed by its command in runs/test_pictures.py
STARTED = ("dcgan",)  # with Python, which takes seconds


def make(name, images=IMAGES, labels=LABELS, **options):
    module = importlib.import_module(members.GANS[name])
    if name in OTHER and images is not None and len(images) <= 40:
        images = OTHER[name][0][: len(images)]
    return module.make(images, labels, **{"batch_size": 8, "block": 5} | SMALL[name] | options)


def state(gan):
    return [np.asarray(variable).copy() for each in gan.objects.values() for variable in each.variables]


def set_state(gan, values, iteration):
    variables = [variable for each in gan.objects.values() for variable in each.variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    gan.iteration = iteration


def test_the_list_is_whole():
    assert set(ZOO) == set(SMALL)


def test_shapes_in_words():
    assert members.words_of((48, 64, 3)) == "64x48 pixels in colour"
    assert members.words_of((28, 28, 1)) == "28x28 pixels in grey"


@pytest.mark.parametrize("name", members.GANS)
def test_runs_from_before_pictures_had_a_shape(name):
    """The networks of some members took flat images then. The reference, and those without pictures, did not change."""
    unchanged = (
        "reference",
        "semi_supervised",
        "regularised",
        "adversarial_autoencoder",
        "gan_3d",
        "seqgan",
        "imitation",
    )
    later = ("sngan", "r3gan")
    assert members.too_old({"gan": {"name": name}, "data": {}}) == (name not in unchanged + later)
    assert not members.too_old({"gan": {"name": name}, "data": {"shape": [28, 28, 1]}})


@functools.cache
def trained(name):
    """What three iterations make of a member, for all tests that need its graph: (the GAN, a dict of what was found).

    Its batch is odd, and XLA is off. Tests leave the GAN with whatever state they like.
    """
    gan = make(name, batch_size=3, **{"jit": False} if name in COMPILED else {})
    found = {"fresh": state(gan), "none": gan.train_block(0, 0), "after none": state(gan)}
    with optimised() as graphs:
        found["losses"] = gan.train(3)
    return gan, found | {"state": state(gan), "graphs": graphs}


@pytest.mark.parametrize("name", MEMBERS)
def test_three_iterations_resumed_are_three_undisturbed(name):
    """All that decides what follows is in `objects`. (That another object begins alike: `test_the_seed_decides`.)"""
    gan, found = trained(name)
    losses = found["losses"]
    assert losses.shape == (3, len(gan.loss_names)) and np.isfinite(losses).all()
    assert any((a != b).any() for a, b in zip(found["state"], found["fresh"], strict=True))
    set_state(gan, found["fresh"], 0)
    one, after_one = gan.train(1), state(gan)
    set_state(gan, found["state"], 3)
    gan.train(1)
    set_state(gan, after_one, 1)
    np.testing.assert_array_equal(np.concatenate([one, gan.train(2)]), losses)
    for a, b in zip(state(gan), found["state"], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_batch_is_scaled_and_has_noise_of_its_own():
    """Each row of each array comes as `batch_indices` says; bytes in [0, 1]; D's noise is not G's."""
    seen = []

    def step(images, labels, d_noise, g_noise):
        seen.append((images.numpy(), labels.numpy(), d_noise.numpy(), g_noise.numpy()))
        return 1.0, 2.0

    train_block = blocks.make_train_block(step, [IMAGES, LABELS], 8, seed=3, noise_dim=10)
    np.testing.assert_array_equal(train_block(4, 2), [[1, 2], [1, 2]])
    for chosen, (images, labels, d_noise, g_noise) in zip(data.batch_indices(40, 8, 3, 4, 2), seen, strict=True):
        np.testing.assert_allclose(images, IMAGES[chosen] / 255, atol=1e-7)
        np.testing.assert_array_equal(labels, LABELS[chosen])
        assert d_noise.shape == g_noise.shape == (8, 10) and (d_noise != g_noise).all()
    assert (seen[0][2] != seen[1][2]).all()


def test_there_may_be_fewer_images_than_in_a_batch(eagerly):
    """Then a batch has some of them twice: all rows belong together, and all images come equally often."""
    seen = []

    def step(images, labels, *noise):
        seen.append((images.numpy(), labels.numpy()))
        return (1.0,)

    blocks.make_train_block(step, [IMAGES[:5], LABELS[:5]], 8, seed=3, noise_dim=4)(0, 5)
    images, labels = (np.concatenate(each) for each in zip(*seen, strict=True))
    np.testing.assert_allclose(images, IMAGES[labels] / 255, atol=1e-7)
    np.testing.assert_array_equal(np.bincount(labels), [8] * 5)
    assert len(make("dcgan", IMAGES[:5], LABELS[:5]).train(2)) == 2


@pytest.mark.parametrize("name", MEMBERS)
def test_a_block_of_no_iterations_changes_nothing(name):
    gan, found = trained(name)
    assert found["none"].shape == (0, len(gan.loss_names))
    for a, b in zip(found["after none"], found["fresh"], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MEMBERS)
def test_weights_are_read_before_they_change(name):
    """Without XLA, too: in the graphs that TensorFlow runs after its optimisations, nothing else is possible.

    See `training.make_train_step`.
    """
    found = [unordered_reads(graph) for graph in trained(name)[1]["graphs"]]
    assert max(writers for writers, _ in found) > 16 and not [pair for _, pairs in found for pair in pairs]


@pytest.mark.parametrize("name", SEEDED)
def test_the_seed_decides(name, eagerly):
    a, b, other = (make(name, seed=seed, **{"jit": False} if name in COMPILED else {}) for seed in (1, 1, 2))
    losses = a.train(1)
    np.testing.assert_array_equal(losses, b.train(1))
    # An untrained SeqGAN has nearly the same loss with each seed, log 30; rounding is 2e-7.
    assert np.abs(losses - other.train(1)).max() > 1e-5
    for x, y, z in zip(state(a), state(b), state(other), strict=True):
        np.testing.assert_array_equal(x, y)
        assert x.ndim <= 1 or (x != z).any() or not (x.any() or z.any())  # R3GAN's last weights of a block are still 0


@pytest.mark.parametrize("name", DRAWN)
def test_pictures(name):
    gan = make(name)
    if name == "gan_3d":  # untrained, its solids are too empty to be seen
        bias = gan.objects["generator"].trainable_variables[-1]
        bias.assign(0 * bias)
    found = [gan.draw(0)]
    if gan.generate:
        found.append(gan.sample(4 * gan.columns))
    if gan.measures:
        found.append(gan.real_pictures)
    for pictures in found:
        assert pictures.dtype == np.float32 and pictures.shape[1:] == gan.shape == (28, 28, 1)
        assert pictures.min() >= 0 and pictures.max() <= 1
    assert len(gan.draw(0)) % gan.columns == 0
    assert np.abs(gan.draw(0) - gan.draw(1)).max() > 0


@pytest.mark.parametrize("name", MEMBERS)
def test_bad_input(name):
    with pytest.raises(ValueError, match="without images"):
        make(name, None, None).train(1)


@pytest.mark.parametrize("name", RUNS)
def test_a_run(name, idx_dir, tmp_path):
    """From the command line: train, stop, resume. The result is that of the same settings in Python."""
    flags = [f"--{option}={value}" for option, value in SMALL[name].items()] + ["--batch_size=8", "--sample_every=4"]
    flags += ["--checkpoint_every=3", "--out_dir=out"]
    flags += [] if name in OTHER else [f"--data_dir={idx_dir}"]
    for iters in (3, 8):
        result = forked(members.GANS[name], *flags, f"--iters={iters}", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
    assert "resumed at 3" in result.stderr
    files = set(os.listdir(tmp_path / "out"))
    assert {"losses.csv", "losses.png", "report.html"} < files

    dataset = data.load(OTHER[name][1]) if name in OTHER else data.load("mnist", idx_dir)
    gan = make(name, dataset.pixels, dataset.labels)
    losses = gan.train(8)
    with open(tmp_path / "out" / "losses.csv") as file:
        found = [[float(row[name]) for name in gan.loss_names] for row in csv.DictReader(file)]
    np.testing.assert_array_equal(np.float32(found), losses[[0, 4]])
    assert ({"000.png", "001.png", "training.gif"} < files) == (name not in WITHOUT_PICTURES)
    restored, iteration = restore.load_run(tmp_path / "out")
    assert iteration == 8 and restored.train_block is None
    for model, ours in gan.models.items():
        for theirs in (restored.models[model], keras.saving.load_model(tmp_path / "out" / f"{model}.keras")):
            for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    options = importlib.import_module(members.GANS[name]).OPTIONS
    assert config["help"] == {flag: text for flag, (_, text, *_) in options.items()}
    assert ("samples.png" in files) == (name not in WITHOUT_PICTURES)
    if gan.generate:
        np.testing.assert_array_equal(restored.sample(20), gan.sample(20))


@pytest.mark.parametrize("name", ZOO)
def test_help_and_wrong_flags_answer_without_tensorflow(name, tmp_path):
    """The quick members start as from a shell; the others in a child of the fork server, where they say the same."""
    start = command if name in STARTED else forked
    module = importlib.import_module(members.GANS[name])
    result = start(members.GANS[name], "--help", cwd=tmp_path)
    assert result.returncode == 0 and "arXiv:" in result.stdout and "This GAN:" in result.stdout
    assert all(f"--{option}" in result.stdout for option in module.OPTIONS)
    same = "Without XLA, another number changes last bits" not in " ".join(result.stdout.split())
    assert same == (name in COMPILED), "without XLA last bits depend on the threads"
    wrong = f"--{next(name for name, (_, _, *limit) in module.OPTIONS.items() if limit)}=-1"
    result = start(members.GANS[name], wrong, cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and result.stderr.startswith(f"error: {wrong}")


# Settings for pictures that are no digits. Two classes, because cyclegan needs them.
ANY = {"cyclegan": {"classes": ("cat", "dog")}, "super_resolution": {"content": "pixels", "classifier": None}}
ANY["conditional"] = {"classes": ("cat", "dog")}


def test_which_members_take_any_picture():
    facts = {name: getattr(importlib.import_module(members.GANS[name]), "FACTS", ()) for name in ZOO}
    assert sorted(name for name in ZOO if "shape" in facts[name]) == sorted(members.ANY_PICTURE)
    for name in ZOO:  # what `make` is told, and what it can be told, are the same
        arguments = set(inspect.signature(importlib.import_module(members.GANS[name]).make).parameters)
        assert set(facts[name]) == arguments & {"shape", "classes", "classifier"}


@pytest.mark.parametrize("shape", [(16, 24, 3), pytest.param((20, 28, 1), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", slow_but("conditional", "regularised", of=members.ANY_PICTURE))
def test_pictures_of_any_shape(name, shape, request):
    """It trains on them and draws such, also without images, as `restore` makes it; two calls are as one."""
    random, kinds = np.random.default_rng(5), np.arange(9) // 4 % 2
    stored = pixels = random.integers(0, 256, [9, *shape], np.uint8)
    if shape[2] == 3:  # the other shape is also traced
        request.getfixturevalue("eagerly")
        stored = Stacked(pixels[..., :1], random.integers(0, 9, [9, 3]))  # an array whose pictures are not stored
        pixels = np.asarray(stored)
    options = SMALL[name] | ANY.get(name, {}) | {"batch_size": 4, "jit": False}
    make_it = importlib.import_module(members.GANS[name]).make
    once, twice, without = (
        make_it(stored, kinds, **options),
        make_it(pixels, kinds, **options),
        make_it(**options, shape=shape),
    )
    losses = once.train(2)
    np.testing.assert_array_equal(np.concatenate([twice.train(1), twice.train(1)]), losses)
    for a, b in zip(state(once), state(twice), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isfinite(losses).all() and once.shape == without.shape == shape
    pictures = once.draw(0)
    assert pictures.shape[1:] == shape and pictures.min() >= 0 and pictures.max() <= 1
    for model in once.models:
        assert [w.shape for w in once.models[model].weights] == [w.shape for w in without.models[model].weights]
    if once.generate:
        assert without.sample(4).shape == (4, *shape)


def test_large_arrays_stay_outside_the_device(monkeypatch, tmp_path):
    """The same batches, bit for bit, from an array mapped from a file."""
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=IMAGES.shape)
    mapped[:] = IMAGES
    step = tf.function(
        lambda images, labels, d_noise, g_noise: (
            tf.reduce_sum(images * d_noise[:, 0][:, None, None, None]),
            tf.reduce_sum(labels),
        )
    )
    expected = blocks.make_train_block(step, [IMAGES, LABELS], 8, seed=3, noise_dim=4)(4, 5)
    monkeypatch.setattr(blocks, "DEVICE_BYTES", LABELS.nbytes)
    tensors, make_tensor = [], tf.constant

    def spy(value, *arguments, **options):
        tensors.append(np.size(value))
        return make_tensor(value, *arguments, **options)

    monkeypatch.setattr(blocks.tf, "constant", spy)
    found = blocks.make_train_block(step, [mapped, LABELS], 8, seed=3, noise_dim=4)(4, 5)
    np.testing.assert_array_equal(found, expected)
    assert max(tensors) == 8 * 784, "no more than a batch"


def test_what_a_run_says_of_its_data():
    """`restore` tells `make` the facts that it wants. Runs from before it was noted were on MNIST's shape."""
    module = importlib.import_module("gan_tf.zoo.conditional")
    assert restore.facts_of(module, {}) == {"shape": (28, 28, 1), "classes": tuple("0123456789")}
    about = {"shape": [16, 16, 3], "classes": ["cat", "dog"], "classifier": None, "digest": "0"}
    assert restore.facts_of(module, about) == {"shape": (16, 16, 3), "classes": ("cat", "dog")}
    enlarging = importlib.import_module("gan_tf.zoo.super_resolution")
    assert restore.facts_of(enlarging, {}) == {"shape": (28, 28, 1), "classifier": "mnist"}
    assert restore.facts_of(enlarging, about) == {"shape": (16, 16, 3), "classifier": None}
    assert restore.facts_of(importlib.import_module("gan_tf.zoo.gan_3d"), about) == {}
