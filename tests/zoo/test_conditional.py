"""gan_tf.zoo.conditional: its losses and one step against a derivation by hand; what it is asked for."""

import types

import keras
import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import DIGIT
from gan_tf.grids import spread
from gan_tf.noise import EVALUATION_NOISE, SAMPLE_NOISE, uniform_noise
from gan_tf.zoo import blocks, conditional, residual

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, [20, 28, 28, 1], np.uint8), RANDOM.integers(0, 10, 20)
SMALL = dict(width=2, batch_size=8, block=2)


def softplus(x):
    return np.log1p(np.exp(x))


def test_losses():
    """-log p = softplus(-logit), -log(1 - p) = softplus(logit)."""
    real, fake, wrong = RANDOM.normal(size=[3, 8, 1]).astype(np.float32)
    two = softplus(-real).mean() + softplus(fake).mean()
    np.testing.assert_allclose(conditional.d_loss_fn(real, fake), two, rtol=1e-6)
    np.testing.assert_allclose(conditional.d_loss_fn(real, fake, wrong), two + softplus(wrong).mean(), rtol=1e-6)


def test_wrong_classes_are_all_others_equally_often():
    labels = np.repeat(np.arange(10), 9000)
    uniform = np.tile(np.linspace(-1, 1, 9000, endpoint=False), 10).astype(np.float32)
    wrong = np.asarray(blocks.wrong_labels(labels, uniform, 10))
    counts = np.zeros([10, 10], int)
    np.add.at(counts, (labels, wrong), 1)
    assert (np.diag(counts) == 0).all()
    assert np.abs(counts[~np.eye(10, dtype=bool)] - 1000).max() <= 1


def test_the_condition_is_ten_channels_one_of_which_is_one():
    discriminator = conditional.make_discriminator(0, DIGIT, 10, 2)
    joined = next(layer for layer in discriminator.layers if type(layer).__name__ == "Concatenate")
    inside = keras.Model(discriminator.inputs, joined.output)
    image, digit = RANDOM.random([1, 28, 28, 1], np.float32), np.eye(10, dtype=np.float32)[[3]]
    found = inside([tf.constant(image), tf.constant(digit)]).numpy()[0]
    np.testing.assert_allclose(found[:, :, 0], 2 * image[0, :, :, 0] - 1, atol=1e-6)
    np.testing.assert_array_equal(found[:, :, 1:], np.broadcast_to(digit, [28, 28, 10]))


@pytest.mark.parametrize(("with_wrong_digits", "r1"), [(True, 0), (False, 0), (True, 30.0)])
def test_a_step(with_wrong_digits, r1):
    """The losses by hand; each network moves against the gradient of its own loss. R1 is that of the right classes."""
    random = np.random.default_rng(1)
    gan = conditional.make(r1=r1, **SMALL)
    generator, discriminator, *optimizers = gan.objects.values()
    labels = LABELS[:8].astype(np.int32)
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 102]).astype(np.float32)
    real, c = tf.constant(IMAGES[:8] / np.float32(255)), np.eye(10, dtype=np.float32)[labels]
    ahead = 1 + np.floor((d_noise[:, 100] + 1) / 2 * 9).astype(int)
    wrong = np.eye(10, dtype=np.float32)[(labels + ahead) % 10]

    def mean(sign, images, condition):
        logits = discriminator([images, tf.constant(condition)], training=True)
        return tf.reduce_mean(tf.nn.softplus(sign * logits))

    def draw(noise):
        return generator(np.concatenate([noise[:, :100], c], 1), training=True)

    def loss_without_r1():
        loss = mean(-1, real, c) + mean(1, draw(d_noise), c)
        return loss + mean(1, real, wrong) if with_wrong_digits else loss

    def penalty():
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = discriminator([real, tf.constant(c)], training=True)
        return r1 / 2 * tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, real) ** 2, axis=[1, 2, 3]))

    if r1:
        assert "BatchNormalization" not in [type(layer).__name__ for layer in discriminator.layers]
        for weight in discriminator.trainable_variables:  # larger, so that the penalty is
            weight.assign(10 * weight)
        assert penalty() > 0.1
    without = loss_without_r1()
    step = conditional.make_train_step(generator, discriminator, *optimizers, with_wrong_digits, r1=r1)
    found, *expected = steps.check(
        (generator, discriminator),
        (2e-4, 2e-4),
        lambda: step(real, labels, d_noise, g_noise),
        lambda: loss_without_r1() + penalty(),
        lambda: mean(-1, draw(g_noise), c),
    )
    np.testing.assert_allclose(found, [without, expected[1]], rtol=1e-5)


def test_it_is_asked_by_noise():
    gan = conditional.make(**SMALL)
    np.testing.assert_array_equal(gan.asked(gan.noise(0, 2, 25)), np.arange(25) % 10)
    asked = gan.asked(gan.noise(0, 3, 1000))
    assert all((np.bincount(part) == 10).all() for part in (asked[i::10] for i in range(10))), "for the score's parts"
    sevens = gan.noise(0, 2, 5, "7")
    assert sevens.shape == (5, 110) and (gan.asked(sevens) == 7).all()
    np.testing.assert_array_equal(sevens[:, :100], gan.noise(0, 2, 5)[:, :100])
    np.testing.assert_array_equal(gan.sample(5, condition="7"), gan.sample(5, condition="7"))
    assert np.abs(gan.sample(5, condition="7") - gan.sample(5, condition="1")).max() > 1e-6  # G is untrained
    for condition in ("10", "x"):
        with pytest.raises(ValueError, match="asked for 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; not"):
            gan.sample(condition=condition)


def test_grids_have_a_column_for_each_digit(monkeypatch):
    gan = conditional.make(IMAGES, LABELS, **SMALL)
    assert gan.draw(0).shape == (40, 28, 28, 1) and gan.columns == 10
    assert gan.real_pictures is None, "there are too few images of some digits"
    assert np.abs(gan.draw(0) - gan.draw(1)).max() > 1e-4


def test_grids_of_many_classes_show_some_of_them():
    """Twenty of thirty classes, from the first to the last, each in a column of its own."""
    images, labels = np.zeros([300, 16, 16, 1], np.uint8), np.arange(300) % 30
    images[...] = 8 * labels[:, None, None, None]
    gan = conditional.make(images, labels, classes=tuple(map(str, range(30))), **SMALL)
    shown = [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 21, 22, 24, 25, 27, 29]
    assert gan.columns == 20 and gan.draw(0).shape == (80, 16, 16, 1)
    np.testing.assert_allclose(gan.real_pictures[:, 0, 0, 0] * 255 / 8, shown * 4, rtol=1e-6)
    drawn = gan.generate(
        np.concatenate([uniform_noise(0, SAMPLE_NOISE, 0, [80, 100]), np.eye(30, dtype=np.float32)[shown * 4]], axis=1)
    )
    np.testing.assert_allclose(gan.draw(0), drawn, atol=1e-6)
    assert gan.measures["spread"] is spread, "the samples of gan_tf.sample show all classes in turn, not these"


def test_the_spread_is_that_within_a_digit():
    """Ten different pictures, each four times, are a collapsed G; real images of each digit are not."""
    digits = RANDOM.random([10, 28, 28, 1])
    assert conditional.spread_within_classes(np.tile(digits, [4, 1, 1, 1]), 10) == 0
    images, labels = RANDOM.integers(0, 256, [60, 28, 28, 1], np.uint8), np.arange(60) % 10
    some = conditional.some_of_each_class(images, labels, range(10))
    np.testing.assert_array_equal(some[::10], images[[0, 10, 20, 30]] * np.float32(1 / 255))
    assert some.shape == (40, 28, 28, 1) and conditional.spread_within_classes(some, 10) > 0.1
    shuffled = RANDOM.permutation(60)
    again = conditional.some_of_each_class(images[shuffled], labels[shuffled], range(10))
    rows = {row.tobytes() for row in images * np.float32(1 / 255)}
    assert all(row.tobytes() in rows for row in again)
    where = {row.tobytes(): label for row, label in zip(images * np.float32(1 / 255), labels, strict=True)}
    np.testing.assert_array_equal([where[row.tobytes()] for row in again], np.arange(40) % 10)


def test_labels_are_needed():
    with pytest.raises(ValueError, match="without labels"):
        conditional.make(IMAGES, **SMALL)
    with pytest.raises(ValueError, match="there are 20 images and \\[19\\]"):
        conditional.make(IMAGES, LABELS[:19], **SMALL)


def test_other_classes_than_digits():
    """Three classes of other names, in colour. All come equally often in every part of the Inception score."""
    gan = conditional.make(shape=(16, 16, 3), classes=("black", "pink", "white"), **SMALL)
    assert gan.conditions == ("black", "pink", "white") and gan.columns == 3 and gan.shape == (16, 16, 3)
    asked = gan.asked(gan.noise(0, 3, 900))
    assert all((np.bincount(part) == 30).all() for part in (asked[i::10] for i in range(10)))
    assert (gan.asked(gan.noise(0, 2, 5, "pink")) == 1).all() and gan.draw(0).shape == (12, 16, 16, 3)
    uniform = np.tile(np.linspace(-1, 1, 100, endpoint=False), 3).astype(np.float32)
    counts = np.zeros([3, 3], int)
    np.add.at(counts, (labels := np.repeat([0, 1, 2], 100), np.asarray(blocks.wrong_labels(labels, uniform, 3))), 1)
    np.testing.assert_array_equal(counts, 50 - 50 * np.eye(3))
    with pytest.raises(ValueError, match="at least two classes"):
        conditional.make(classes=("cat",), **SMALL)


def test_residual_networks(eagerly):
    """G is r3gan.py's with ten more inputs; D's first convolution sees the pixels in [-1, 1] and the class."""
    gan = conditional.make(IMAGES, LABELS, networks="residual", r1=1.0, learning_rate=0.001, **SMALL | {"width": 8})
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    g_seed, _ = np.random.SeedSequence(0).generate_state(2).tolist()
    for ours, theirs in zip(
        generator.weights, residual.make_generator(g_seed, DIGIT, 8, inputs=110).weights, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    kinds = [type(layer).__name__ for layer in discriminator.layers]
    assert kinds.count("Add") == 3 and "BatchNormalization" not in kinds
    first = next(layer for layer in discriminator.layers if type(layer).__name__ == "Conv2D")
    seen, one_hot = keras.Model(discriminator.inputs, first.input)([IMAGES[:2] / 255, np.eye(10)[[3, 7]]]), np.eye(10)
    np.testing.assert_allclose(seen[..., :1], IMAGES[:2] / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(seen[:, 5, 6, 1:], one_hot[[3, 7]])
    for name in ("g_optimizer", "d_optimizer"):
        config = gan.objects[name].get_config()
        assert (config["beta_1"], config["beta_2"], config["learning_rate"]) == (0, 0.99, pytest.approx(0.001))
    assert gan.objects["g_optimizer"] is not gan.objects["d_optimizer"]
    before = [weight.numpy() for weight in discriminator.weights]
    assert np.isfinite(gan.train(2)).all()
    assert any((a != b.numpy()).any() for a, b in zip(before, discriminator.weights, strict=True))
    with pytest.raises(ValueError, match="networks must be dcgan or residual, not 'dense'"):
        conditional.make(networks="dense", **SMALL)


def test_heads_whose_hair_changes(monkeypatch):
    """The same noise with another colour, each with each; then other noise with the first colour. Of heads only."""
    classes = ("black", "pink", "white")
    gan, seen = conditional.make(shape=(16, 16, 3), classes=classes, **SMALL), []
    monkeypatch.setattr(conditional.heads_reader, "recoloured", lambda *given: seen.extend(given) or {"title": (1, 0)})
    monkeypatch.setattr(conditional, "COUNT", 30)
    assert gan.scores(types.SimpleNamespace(classifier="mnist")) == {} and not seen
    assert gan.scores(types.SimpleNamespace(classifier="heads")) == {"title": (1, 0)}
    before, after, others, hair = seen
    z, colour = uniform_noise(0, EVALUATION_NOISE, 0, [30, 100]).numpy(), np.arange(30) % 3
    for pictures, noise, asked in ((before, z, colour), (after, z, hair), (others, np.roll(z, 1, axis=0), colour)):
        expected = gan.generate(np.concatenate([noise, np.eye(3, dtype=np.float32)[asked]], axis=1))
        np.testing.assert_allclose(pictures, expected, atol=1e-6)
    counts = np.zeros([3, 3], int)
    np.add.at(counts, (colour, hair), 1)
    np.testing.assert_array_equal(counts, 5 - 5 * np.eye(3))
