"""gan_tf.zoo.completion and gan_tf.zoo.editing: hole, search and directions by hand; the commands on a tiny run."""

import json

import numpy as np
import pytest
from command_line import command

from gan_tf.data import DIGIT
from gan_tf.zoo import completion, dcgan, editing

RANDOM = np.random.default_rng(0)


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


def test_the_search_finds_an_image_that_g_can_draw():
    """The loss falls far below that of the start, z stays in range, each image has its own z, the best start counts."""
    gan = dcgan.make(width=4)
    for weight in gan.objects["generator"].trainable_variables:  # else all images are nearly the same
        weight.assign(10 * weight if len(weight.shape) > 1 else weight)
    wanted = np.asarray(gan.generate(RANDOM.uniform(-1, 1, [3, 100]).astype(np.float32)))
    everywhere = np.ones([28, 28, 1], np.float32)
    _, start = completion.search(gan, wanted, everywhere, 0)
    z, loss = completion.search(gan, wanted, everywhere, 60)
    assert (loss < 0.6 * start).all() and np.abs(z).max() <= 1 and z.shape == (3, 100)
    drawn = np.asarray(gan.generate(z))
    distance = np.abs(drawn[:, None] - wanted[None]).mean(axis=(2, 3, 4))
    np.testing.assert_array_equal(distance.argmin(axis=1), [0, 1, 2])
    _, one = completion.search(gan, wanted[:1], everywhere, 0)
    candidates = np.random.default_rng(0).uniform(-1, 1, [completion.STARTS, 100]).astype(np.float32)
    errors = np.abs(np.asarray(gan.generate(candidates)) - wanted[:1]).sum(axis=(1, 2, 3))
    prior = (
        completion.PRIOR * np.log1p(np.exp(np.asarray(gan.objects["discriminator"](gan.generate(candidates)))))[:, 0]
    )
    np.testing.assert_allclose(one, (errors - prior).min(), rtol=1e-4)


def test_attributes():
    image = np.zeros([2, 28, 28], np.float32)
    image[0, 4:24, 14] = 1
    for row in range(4, 24):
        image[1, row, 26 - row] = 1  # it leans to the right, as /
    np.testing.assert_allclose(editing.slant(image[..., None]), [0, 1], atol=1e-4)
    np.testing.assert_allclose(editing.weight(image[..., None]), [20 / 784] * 2, rtol=1e-5)


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
def test_the_commands(idx_dir, tmp_path):
    flags = ["--width=2", "--iters=1", "--batch_size=8", f"--data_dir={idx_dir}", "--out_dir=run"]
    assert command("gan_tf.zoo.dcgan", *flags, cwd=tmp_path).returncode == 0
    for name, rows in (("completion", 5), ("editing", 4)):
        small = ["--count=10", "--steps=2", "--out_dir=found"]
        result = command(f"gan_tf.zoo.{name}", "--run_dir=run", *small, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert (tmp_path / "found" / f"{name}.png").stat().st_size > 1000
        assert len(json.loads((tmp_path / "found" / f"{name}.json").read_text())["scores"]) == rows
        result = command(f"gan_tf.zoo.{name}", cwd=tmp_path)
        assert result.returncode == 1 and result.stderr == "error: name a run of gan_tf.zoo.dcgan with --run_dir.\n"
