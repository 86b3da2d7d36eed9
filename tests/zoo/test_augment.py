"""gan_tf.zoo.augment: what each change does to pixels, that it is random as said, and that G learns through it."""

import numpy as np
import pytest
import tensorflow as tf

from gan_tf.zoo import augment, dcgan, r3gan

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random([6, 16, 24, 3], np.float32)


def numbers(*values):
    """A random number for each of the six images: these, in turn."""
    return tf.constant(np.resize(np.float32(values), 6))


def test_translation_moves_whole_pixels_and_fills_with_grey():
    """A side of 16 moves by -2 to 2 pixels, one of 24 by -3 to 3; all of these equally often."""
    moved = augment.translate(IMAGES, numbers(0.0, 0.5, 0.99), numbers(0.99, 0.5, 0.0)).numpy()
    assert moved.shape == IMAGES.shape
    np.testing.assert_array_equal(moved[1], IMAGES[1])  # 0.5 is the middle
    np.testing.assert_array_equal(moved[0, 2:, :-3], IMAGES[0, :-2, 3:])  # rows 2 down, columns 3 to the left
    np.testing.assert_array_equal(moved[2, :-2, 3:], IMAGES[2, 2:, :-3])
    for filled in (moved[0, :2], moved[0, :, -3:], moved[2, -2:], moved[2, :, :3]):
        assert (filled == 0.5).all()
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32)[None, :, None, None], [5000, 16, 16, 1])
    shift = RANDOM.random(5000).astype(np.float32)
    found = augment.translate(ramp, tf.constant(shift), tf.fill([5000], 0.5)).numpy()[:, 8, 8, 0] - 8
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_array_equal(values, [-2, -1, 0, 1, 2])
    assert np.abs(counts - 1000).max() < 5 * (1000 * 0.8) ** 0.5


def test_a_hole_is_half_as_wide_and_high():
    """Its middle can be any pixel: at the border a part of it is outside."""
    holed = augment.cut_out(IMAGES, numbers(0.5, 0.0, 0.999), numbers(0.5, 0.0, 0.999)).numpy()
    where = (holed != IMAGES).any(-1)
    assert (holed[where] == 0.5).all()
    expected = np.zeros([3, 16, 24], bool)
    expected[0, 4:12, 6:18] = expected[1, :4, :6] = expected[2, 12:, 18:] = True
    np.testing.assert_array_equal(where[:3], expected)
    square = augment.cut_out(np.zeros([1000, 9, 9, 1], np.float32), *tf.random.stateless_uniform([2, 1000], [1, 2]))
    rows = (square.numpy()[..., 0] > 0).any(2)
    assert rows.sum(1).max() == 5 and set(np.argmax(rows, 1)) == set(range(7))  # 5 is 4.5 rounded; middles 0 to 8


def test_colours():
    """Brightness, then saturation, then contrast, each by hand; the middle numbers change nothing."""
    half = numbers(0.5)
    np.testing.assert_allclose(augment.change_colour(IMAGES, half, half, half), IMAGES, atol=1e-6)
    bright = augment.change_colour(IMAGES, numbers(0.0, 1.0), half, half)
    np.testing.assert_allclose(
        bright - IMAGES, np.resize([-0.25, 0.25], [6])[:, None, None, None] + 0 * IMAGES, atol=1e-6
    )
    grey = IMAGES.mean(-1, keepdims=True)
    vivid = augment.change_colour(IMAGES, half, numbers(0.0, 1.0), half).numpy()
    np.testing.assert_allclose(vivid[0], grey[0] + 0 * IMAGES[0], atol=1e-6)
    np.testing.assert_allclose(vivid[1], grey[1] + 2 * (IMAGES[1] - grey[1]), atol=1e-6)
    mean = IMAGES.mean((1, 2, 3), keepdims=True)
    clear = augment.change_colour(IMAGES, half, half, numbers(0.0, 1.0)).numpy()
    np.testing.assert_allclose(clear[0], mean[0] + (IMAGES[0] - mean[0]) / 2, atol=1e-6)
    np.testing.assert_allclose(clear[1], mean[1] + 1.5 * (IMAGES[1] - mean[1]), atol=1e-6)


@pytest.mark.parametrize("policy", augment.POLICIES)
def test_a_policy_does_what_it_names(policy):
    """Only its own changes; each image has its own."""
    changed = augment.make_augment(policy, 0)(tf.tile(IMAGES[:1], [6, 1, 1, 1]), 3, 1).numpy()
    grey = np.mean(np.isclose(changed, 0.5, atol=1e-7).all(-1), axis=(1, 2))
    assert (len(np.unique(changed.reshape(6, -1), axis=0)) > 3) == (policy != "none")
    assert np.isin(changed[np.abs(changed - 0.5) > 1e-6], IMAGES[0]).all() == ("colour" not in policy)
    if policy == "none":
        np.testing.assert_array_equal(changed, np.tile(IMAGES[:1], [6, 1, 1, 1]))
    if policy == "translation":
        assert grey.max() < 1 - 14 / 16 * 21 / 24 + 1e-6 and grey.any()
    if "cutout" in policy:
        assert grey.min() >= 1 / 16 and grey.max() > 0.15


def test_each_change_has_random_numbers_of_its_own(monkeypatch):
    seen = []
    for name in ("change_colour", "translate", "cut_out"):
        monkeypatch.setattr(augment, name, lambda images, *numbers: seen.extend(numbers) or images)
    augment.make_augment("colour,translation,cutout", 0)(IMAGES, 3, 1)
    seen = np.array(seen)
    assert seen.shape == (7, 6) and len(np.unique(seen)) == 42 and 0 <= seen.min() < seen.max() < 1


def test_numbers_depend_on_seed_iteration_and_place():
    calls = [(0, 5, 1), (1, 5, 1), (0, 6, 1), (0, 5, 2), (0, 6, 0)]
    found = [augment.make_augment("colour,translation,cutout", seed)(IMAGES, i, k).numpy() for seed, i, k in calls]
    for place, one in enumerate(found):
        for other in found[:place]:
            assert np.abs(one - other).max() > 0.01
    again = augment.make_augment("colour,translation,cutout", 0)(IMAGES, tf.Variable(5), 1)
    np.testing.assert_array_equal(again, found[0])
    augment.make_augment("translation", 2**63 - 1)(IMAGES, 10**9, 2)


def test_gradients_pass():
    """Of a moved picture: 1 where the pixel is still seen, 0 where it has left the picture."""
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(augment.translate(images, numbers(0.0), numbers(0.5)))
    gradient = tape.gradient(total, images).numpy()
    assert (gradient[:, :-2] == 1).all() and (gradient[:, -2:] == 0).all()


@pytest.mark.parametrize("member", [dcgan, r3gan])
def test_d_sees_changed_images_and_g_learns_through_them(member, eagerly):
    """The changes reach D's real images, D's fake images and G's, each by its own random numbers."""
    gan = member.make(shape=(16, 16, 1), width=8, ema=0.0)
    seen, original = [], augment.make_augment("translation", 0)

    def change(images, iteration, place):
        seen.append((place, tuple(images.shape)))
        return original(images, iteration, place) * 0  # then D sees nothing, and G has no gradient

    step = member.make_train_step(*gan.objects.values(), augment=change)
    noise = RANDOM.uniform(-1, 1, [2, 4, 100]).astype(np.float32)
    real = tf.constant(RANDOM.random([4, 16, 16, 1], np.float32))
    kernels = [w.numpy() for w in gan.objects["generator"].trainable_variables]
    step(real, *noise)
    assert sorted(seen) == [(place, (4, 16, 16, 1)) for place in (0, 1, 2)]
    for before, after in zip(kernels, gan.objects["generator"].trainable_variables, strict=True):
        np.testing.assert_array_equal(before, after)


def test_an_unknown_policy_is_refused():
    for member in (dcgan, r3gan):
        assert member.OPTIONS["augment"][2] == augment.POLICIES
    with pytest.raises(ValueError, match="augment must be one of none, translation, .*, not 'cutout'"):
        dcgan.make(shape=(16, 16, 1), augment="cutout")
