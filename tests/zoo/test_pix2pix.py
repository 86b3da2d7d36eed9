"""gan_tf.zoo.pix2pix: outlines, one step by hand, and what its controls leave out."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import dataset
from gan_tf.zoo import pix2pix

RANDOM = np.random.default_rng(0)


def test_outlines():
    """A 5x5 square has 16 pixels of outline. A line one pixel wide is its own outline. Digits may touch the border."""
    image = np.zeros([28, 28], np.float32)
    image[3:8, 4:9] = 0.9
    image[15, 10:20] = 0.6
    image[20, 20] = 0.5  # not above 1/2
    expected = (image > 0.5).astype(np.float32)
    expected[4:7, 5:8] = 0
    np.testing.assert_array_equal(pix2pix.outlines(image[None, ..., None])[0, ..., 0], expected)
    pixels = np.rint(image * 255).astype(np.uint8)[None, ..., None]
    pixels[0, 20, 20] = 127
    found = pix2pix.outlines(np.concatenate([pixels, 0 * pixels]))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[..., 0], [255 * expected, np.zeros([28, 28])])


@pytest.mark.parametrize("weight", [100.0, 0.0])
def test_a_step(weight):
    """The losses by hand; each network moves against the gradient of its own loss."""
    gan = pix2pix.make(width=4)
    generator, discriminator, *optimizers = gan.objects.values()
    drawn = tf.constant(RANDOM.integers(0, 2, [8, 28, 28, 1]).astype(np.float32))
    real = tf.constant(RANDOM.random([8, 28, 28, 1], np.float32))

    def logits(images):
        return discriminator([drawn, images], training=True)

    def cross_entropy(images, label):
        values = logits(images)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(values) * label, values))

    def g_loss_of():
        fake = generator(drawn, training=True)
        return cross_entropy(fake, 1) + weight * tf.reduce_mean(tf.abs(real - fake))

    step = pix2pix.make_train_step(generator, discriminator, *optimizers, l1_weight=weight)
    (d_loss, g_loss, l1), d_expected, g_expected = steps.check(
        (generator, discriminator),
        (2e-4, 2e-4),
        lambda: step(drawn, real, None, None),
        lambda: cross_entropy(real, 1) + cross_entropy(generator(drawn, training=True), 0),
        g_loss_of,
    )
    np.testing.assert_allclose([d_loss, g_loss + weight * l1], [d_expected, g_expected], rtol=1e-4)
    assert logits(real).shape == (8, 7, 7, 1)


def test_d_sees_the_outline():
    gan = pix2pix.make(width=4)
    image = RANDOM.random([1, 28, 28, 1], np.float32)
    a, b = (np.asarray(gan.objects["discriminator"]([each, image])) for each in (0 * image, 0 * image + 1))
    assert np.abs(a - b).max() > 1e-6


def test_without_d_only_l1_is_learned():
    images = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
    gan = pix2pix.make(images, width=2, adversarial=False, batch_size=8)
    before = [w.numpy() for w in gan.objects["discriminator"].weights]
    assert gan.train(2).shape == (2, 1) and gan.loss_names == ("l1",)
    for old, weight in zip(before, gan.objects["discriminator"].weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_the_grid_shows_outline_drawing_and_original():
    images = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
    gan = pix2pix.make(images, width=2, batch_size=8)
    grid = gan.draw(1)
    np.testing.assert_array_equal(grid[:8], pix2pix.outlines(images[8:16]) / 255)
    np.testing.assert_allclose(grid[16:], images[8:16] / 255, atol=1e-6)


def test_outlines_of_colours():
    """The steepest tenth by Sobel's filters of the brightness, and nothing where the image is flat."""
    images = np.random.default_rng(4).random([2, 10, 12, 3]).astype(np.float32)
    images[1] = 0.3
    images[1, :, 6:] = 0.7  # one edge, which is less than a tenth but for its two columns
    found = pix2pix.outlines(images)
    assert found.shape == (2, 10, 12, 1) and found.dtype == np.float32
    grey = images[0] @ [0.299, 0.587, 0.114]
    padded = np.pad(grey, 1, mode="symmetric")
    weights = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])

    def slope(kernel):
        return np.array([[(padded[i : i + 3, j : j + 3] * kernel).sum() for j in range(12)] for i in range(10)])

    steep = np.hypot(slope(weights), slope(weights.T))
    np.testing.assert_array_equal(found[0, :, :, 0], steep >= np.quantile(steep, 0.9))
    np.testing.assert_array_equal(np.flatnonzero(found[1, 0, :, 0]), [5, 6])
    pixels = np.rint(images * 255).astype(np.uint8)
    expected = 255 * pix2pix.outlines(pixels / np.float32(255))
    np.testing.assert_array_equal(pix2pix.outlines(pixels), expected)
    assert pix2pix.outlines(pixels).dtype == np.uint8 and set(np.unique(expected)) == {0, 255}
    assert not pix2pix.outlines(np.full([1, 8, 8, 3], 0.6, np.float32)).any()


def test_outlines_of_many_images():
    """More than one part of 1,000: each is as if it were alone."""
    for channels in (1, 3):
        pixels = RANDOM.integers(0, 256, [1003, 6, 5, channels], np.uint8)
        found = pix2pix.outlines(pixels)
        for i in (0, 1, 999, 1000, 1002):
            np.testing.assert_array_equal(found[i], pix2pix.outlines(pixels[i : i + 1])[0])
        assert len(found) == 1003


def test_scores_by_hand():
    """What G makes of the outlines of five images, next to these images."""
    gan = pix2pix.make(width=2, shape=(16, 12, 3))
    last = [layer for layer in gan.objects["generator"].layers if type(layer).__name__ == "Conv2DTranspose"][-1]
    last.kernel.assign(100 * last.kernel)
    pixels = np.random.default_rng(4).integers(0, 256, [5, 16, 12, 3], np.uint8)
    made = np.asarray(gan.objects["generator"](pix2pix.outlines(pixels / np.float32(255))))
    errors = np.abs(made - pixels / 255).mean(axis=(1, 2, 3))
    ratios = -10 * np.log10(((made - pixels / 255) ** 2).mean(axis=(1, 2, 3)))
    assert made.std(axis=0).mean() > 0.01, "G draws another image for each outline"
    assert gan.scores(dataset.make("noise", "", pixels)) == {
        f"drawings: {what}": pytest.approx((values.mean(), values.std(ddof=1) / 5**0.5), rel=1e-4)
        for what, values in (("difference of a pixel", errors), ("PSNR", ratios))
    }


def test_the_generator_by_hand():
    """A U-Net: three convolutions down, three up, each joined by the layer of its own size on the way down."""
    random, generator = np.random.default_rng(3), pix2pix.make_generator(0, (28, 28, 1), 2)
    weights = [random.uniform(0.2, 0.6, each.shape) * random.choice([-1, 1], each.shape) for each in generator.weights]
    for index, weight in enumerate(generator.weights):  # so large that every layer counts
        weights[index] = np.abs(weights[index]) if "variance" in weight.path else weights[index]
    generator.set_weights(weights)
    of_kind = {
        kind: iter([layer for layer in generator.layers if type(layer).__name__ == kind])
        for kind in ("Conv2D", "BatchNormalization", "Conv2DTranspose")
    }

    def norm(x):
        return next(of_kind["BatchNormalization"])(x, training=False)

    def down(x):
        return next(of_kind["Conv2D"])(x)

    def up(x):
        return next(of_kind["Conv2DTranspose"])(x)

    outlines = random.integers(0, 2, [2, 28, 28, 1]).astype(np.float32)
    large = tf.nn.leaky_relu(down(2 * outlines - 1), 0.2)
    middle = tf.nn.leaky_relu(norm(down(large)), 0.2)
    small = tf.nn.leaky_relu(norm(down(middle)), 0.2)
    assert [x.shape[1:] for x in (large, middle, small)] == [(14, 14, 2), (7, 7, 4), (4, 4, 8)]
    x = tf.concat([tf.nn.relu(norm(up(small))), middle], axis=3)
    x = tf.concat([tf.nn.relu(norm(up(x))), large], axis=3)
    expected = (np.tanh(up(x)) + 1) / 2
    assert all(next(each, None) is None for each in of_kind.values()), "no layer is left"
    np.testing.assert_allclose(generator(outlines, training=False), expected, rtol=1e-3, atol=1e-5)


def test_make_tells_its_step_the_weight_and_the_pairs(monkeypatch):
    """Each image comes with its own outline."""
    steps_made, blocks = [], []
    monkeypatch.setattr(pix2pix, "make_train_step", lambda *given: steps_made.append(given))
    monkeypatch.setattr(pix2pix, "make_train_block", lambda *given, **options: blocks.append((*given, options)))
    images = RANDOM.integers(0, 256, [9, 28, 28, 1], np.uint8)
    gan = pix2pix.make(images, width=2, l1_weight=7.0, adversarial=False, batch_size=4, seed=3)
    ((*objects, weight, adversarial, jit),) = steps_made
    assert all(a is b for a, b in zip(objects, gan.objects.values(), strict=True))
    assert (weight, adversarial, jit) == (7.0, False, False)
    ((_, (drawn, real), batch_size, seed, options),) = blocks
    np.testing.assert_array_equal(drawn, pix2pix.outlines(images))
    assert real is images and (batch_size, seed, options) == (4, 3, {"noise_dim": 4})
    for name in ("g_optimizer", "d_optimizer"):
        config = gan.objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [2e-4, 0.5, 0.999, 1e-8], rtol=1e-6)
