"""gan_tf.zoo.cyclegan: its pool, one step by hand, and its samples."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf import data
from gan_tf.data import DIGIT, dataset
from gan_tf.zoo import cyclegan

RANDOM = np.random.default_rng(0)
A, B = RANDOM.random([2, 8, 28, 28, 1], np.float32)


def test_the_pool_fills_and_then_exchanges():
    """Image i of the first ones is all i. Later the second half comes from the pool, which has the new ones instead."""
    pool, random = cyclegan.Pool(DIGIT), np.random.default_rng(1)

    def batch(first):
        return np.arange(first, first + 8, dtype=np.float32)[:, None, None, None] * np.ones(DIGIT, np.float32)

    def uniform():
        return random.uniform(-1, 1, cyclegan.POOL).astype(np.float32)

    shown = []
    for first in range(0, 8 * 13, 8):  # 13 times four images fill 50 places
        found = pool.exchange(batch(first), uniform()).numpy()
        np.testing.assert_array_equal(found, batch(first))
        shown += [first + 4, first + 5, first + 6, first + 7]
    kept = set(pool.images.numpy()[:, 0, 0, 0])
    assert len(kept) == 50 and kept <= set(shown)

    found = pool.exchange(batch(200), uniform()).numpy()[:, 0, 0, 0]
    np.testing.assert_array_equal(found[:4], [200, 201, 202, 203])
    assert set(found[4:]) <= kept and len(set(found[4:])) == 4
    assert set(pool.images.numpy()[:, 0, 0, 0]) == (kept - set(found[4:])) | {204, 205, 206, 207}


def test_a_step(monkeypatch):
    """Both networks' losses by hand; each moves against the gradient of its own loss.

    Each pool gets the images of its own generator and its own noise, and D learns from what the pool returns: here the
    negative of each image.
    """
    exchanges, exchange = [], cyclegan.Pool.exchange

    def spy(pool, images, uniform):
        exchanges.append((pool, np.asarray(images), np.asarray(uniform)))
        return 1 - exchange(pool, images, uniform)

    monkeypatch.setattr(cyclegan.Pool, "exchange", spy)
    gan = cyclegan.make(width=2)
    to_written, to_printed, d_written, d_printed = (gan.objects[name] for name in cyclegan.NETWORKS)
    step = cyclegan.make_train_step(gan.objects, cycle_weight=3.0)
    mean = tf.reduce_mean

    def g_loss_of():
        loss = mean((d_written(to_written(A)) - 1) ** 2) + mean((d_printed(to_printed(B)) - 1) ** 2)
        cycle = mean(tf.abs(to_printed(to_written(A)) - A)) + mean(tf.abs(to_written(to_printed(B)) - B))
        return loss + 3 * 2 * cycle  # pixels in [-1, 1]

    g_weights = to_written.trainable_variables + to_printed.trainable_variables
    d_weights = d_written.trainable_variables + d_printed.trainable_variables
    fake_b, fake_a = np.asarray(to_written(A)), np.asarray(to_printed(B))  # D learns from the images before the update
    g_start, d_start = ([w.numpy() for w in weights] for weights in (g_weights, d_weights))
    g_expected, g_gradients = steps.gradients_of(g_loss_of, g_weights)
    d_expected, d_gradients = steps.gradients_of(
        lambda: (
            mean((d_written(B) - 1) ** 2) / 2
            + mean(d_written(1 - fake_b) ** 2) / 2
            + mean((d_printed(A) - 1) ** 2) / 2
            + mean(d_printed(1 - fake_a) ** 2) / 2
        ),
        d_weights,
    )
    d_noise, g_noise = RANDOM.uniform(-1, 1, [2, 8, 8]).astype(np.float32)
    with steps.recorded() as updates:
        d_loss, g_loss, cycle_loss = step(A, B, d_noise, g_noise)
    g_update, d_update = updates
    steps.require_gradients(g_update, g_weights, g_gradients)
    steps.require_gradients(d_update, d_weights, d_gradients)
    np.testing.assert_allclose([d_loss, g_loss + 3 * cycle_loss], [d_expected, g_expected], rtol=1e-4)
    steps.require_adams_first_step(g_start, [w.numpy() for w in g_weights], g_gradients, 2e-4)
    steps.require_adams_first_step(d_start, [w.numpy() for w in d_weights], d_gradients, 2e-4)
    assert int(gan.objects["pool_written"].count) == int(gan.objects["pool_printed"].count) == 4
    expected = (("pool_written", fake_b, d_noise), ("pool_printed", fake_a, g_noise))
    for (pool, images, uniform), (name, made, noise) in zip(exchanges, expected, strict=True):
        assert pool is gan.objects[name]
        np.testing.assert_allclose(images, made, atol=1e-6)
        np.testing.assert_array_equal(uniform, noise.ravel()[:50])


def test_samples_are_made_of_printed_digits_that_training_never_sees():
    gan = cyclegan.make(width=2)
    noise = gan.make_noise(0, 3, 50)
    test = data.load("glyphs", split="test")
    chosen = cyclegan.chosen(noise)
    np.testing.assert_array_equal(gan.asked(noise), test.labels[chosen])
    np.testing.assert_array_equal(gan.generate(noise), gan.objects["to_written"](test.images[chosen]))
    assert len(set(chosen)) > 45
    ends = np.float32([[-1, 0, 0, 0], [1 - 2**-24, 0, 0, 0]])
    np.testing.assert_array_equal(cyclegan.chosen(ends), [0, 9999])


def test_half_of_a_batch_must_fit_into_the_pool():
    with pytest.raises(ValueError, match="use --batch_size=100 at most.$"):
        cyclegan.make(width=2, batch_size=101)


@pytest.mark.slow
@pytest.mark.parametrize("count", [30, 60_000])
def test_there_may_be_fewer_or_more_handwritten_than_printed_digits(count):
    images = np.zeros([count, 28, 28, 1], np.uint8)
    gan = cyclegan.make(images, width=2, batch_size=4)
    assert gan.train(1).shape == (1, 3) and gan.draw(0).shape == (48, 28, 28, 1)


def test_two_classes(monkeypatch, eagerly):
    """The first class is a, the second b; the shorter one is repeated; scores are of held-out images of each."""
    pixels = np.zeros([7, 12, 8, 3], np.uint8)
    kinds = np.array([1, 0, 1, 1, 0, 1, 1])
    pixels[kinds == 0], pixels[kinds == 1] = 200, np.arange(5)[:, None, None, None] * 10
    trained, make_train_block = [], cyclegan.make_train_block

    def spy(step, arrays, *options):
        trained.extend(each[:, 0, 0, 0].tolist() for each in arrays)
        return make_train_block(step, arrays, *options)

    monkeypatch.setattr(cyclegan, "make_train_block", spy)
    gan = cyclegan.make(pixels, kinds, classes=("cat", "dog"), width=2, batch_size=2)
    assert trained == [[200] * 5, [0, 10, 20, 30, 40]]
    assert gan.generate is None and gan.train(1).shape == (1, 3)
    grid = (gan.draw(0) * 255).round()
    assert grid.shape == (48, 12, 8, 3) and (grid[:8] == 200).all()
    np.testing.assert_array_equal(grid[24:32, 0, 0, 0], [0, 10, 20, 30, 40, 0, 10, 20])
    held = dataset.make("pets", "", pixels, kinds, ("cat", "dog"))
    found = gan.scores(held)
    assert [title.split(":")[0] for title in found] == [
        "cat, there and back",
        "cat, another image",
        "dog, there and back",
        "dog, another image",
    ]
    for kind, (name, one, other) in enumerate(
        (("cat", "to_written", "to_printed"), ("dog", "to_printed", "to_written"))
    ):
        real = dataset.scaled(pixels[kinds == kind])
        back, wrong = (gan.objects[b](gan.objects[a](real)) for a, b in ((one, other), (other, one)))
        there = found[f"{name}, there and back: difference of a pixel"][0]
        assert there == pytest.approx(np.abs(back - real).mean(), rel=1e-4)
        assert there != pytest.approx(np.abs(wrong - real).mean(), rel=1e-3), "the networks would be mistaken"
    assert found["cat, another image: difference of a pixel"][0] == 0
    expected = np.mean([40, 10, 10, 10, 10]) / 255
    assert found["dog, another image: difference of a pixel"][0] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="a folder with two subfolders"):
        cyclegan.make(pixels, kinds, classes=("a", "b", "c"), width=2)


def test_a_grid_goes_there_and_back(monkeypatch):
    """Six rows: a, G(a), F(G(a)), then b, F(b), G(F(b)). The step gets the weight that is asked for."""
    weights = []
    monkeypatch.setattr(cyclegan, "make_train_step", lambda objects, weight, jit: weights.append(weight))
    kinds = np.arange(20) % 2
    pixels = np.random.default_rng(2).integers(0, 256, [20, 12, 8, 3], np.uint8)
    gan = cyclegan.make(pixels, kinds, classes=("cat", "dog"), cycle_weight=3.0, width=2, batch_size=2)
    assert weights == [3.0]
    to_written, to_printed = gan.objects["to_written"], gan.objects["to_printed"]
    chosen = [8, 9, 0, 1, 2, 3, 4, 5]  # the second grid begins with number 8 of ten
    a, b = (dataset.scaled(pixels[kinds == kind][chosen]) for kind in (0, 1))
    made, printed = to_written(a), to_printed(b)
    expected = np.concatenate([a, made, to_printed(made), b, printed, to_written(printed)])
    np.testing.assert_allclose(gan.draw(1), expected, atol=1e-5)
    assert gan.also == {}


def test_config_json_will_know_the_printed_digits(monkeypatch):
    """`make` loads them itself, so the run's own digest is only of the handwritten ones."""
    printed = dataset.make("glyphs", "", np.full([9, 28, 28, 1], 7, np.uint8), np.arange(9), map(str, range(10)))
    monkeypatch.setattr(cyclegan.data, "load", lambda name: printed if name == "glyphs" else None)
    monkeypatch.setattr(cyclegan, "make_train_step", lambda *given: None)
    gan = cyclegan.make(np.zeros([5, 28, 28, 1], np.uint8), width=2, batch_size=2)
    assert gan.also == {"glyphs": printed.digest} and cyclegan.make(width=2).also == {}


def test_printed_digits_are_no_handwritten_ones():
    with pytest.raises(ValueError, match="--dataset=glyphs are the printed digits .* use --dataset=mnist.$"):
        cyclegan.require_handwritten("glyphs")
    cyclegan.require_handwritten("mnist")
    cyclegan.require_handwritten("folder")
