"""gan_tf.zoo.super_resolution: small and enlarged images, one step by hand, and its controls."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.metrics import classifier
from gan_tf.zoo import super_resolution as member

RANDOM = np.random.default_rng(0)
REAL = RANDOM.random([8, 28, 28, 1], np.float32)


def test_small_images():
    image = np.zeros([28, 28], np.float32)
    image[4:8, 8:12] = np.arange(16).reshape(4, 4) / 16
    small = member.shrunk(image[None, ..., None])[0, ..., 0]
    assert small[1, 2] == pytest.approx(7.5 / 16) and np.count_nonzero(small) == 1
    again = member.nearest(small[None, ..., None])[0, ..., 0]
    np.testing.assert_array_equal(again[4:8, 8:12], small[1, 2])
    np.testing.assert_array_equal(member.shrunk(again[None, ..., None])[0, ..., 0], small)


def test_small_images_in_colour():
    """Height, width and channels differ: each small pixel is the mean of its own square, in its own channel."""
    images = RANDOM.random([2, 12, 8, 3], np.float32)
    small, large = member.shrunk(images), member.nearest(member.shrunk(images))
    assert small.shape == (2, 3, 2, 3) and large.shape == images.shape
    for i, row, column, channel in np.ndindex(small.shape):
        square = images[i, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4, channel]
        assert small[i, row, column, channel] == pytest.approx(square.mean(), rel=1e-5)
        assert (
            large[i, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4, channel] == small[i, row, column, channel]
        ).all()
    assert member.make_generator(0, (12, 8, 3), 2)(small).shape == (2, 12, 8, 3)


def test_what_it_cannot_enlarge():
    for shape in ((30, 28, 1), (28, 30, 1)):
        with pytest.raises(ValueError, match="multiples of 4"):
            member.make(shape=shape, content="pixels", width=2)
    with pytest.raises(ValueError, match="use --content=pixels"):
        member.make(shape=(16, 16, 3), classifier=None, width=2)


def test_pixel_shuffle():
    """As TensorFlow's own depth_to_space."""
    import keras

    x = RANDOM.random([2, 3, 5, 8], np.float32)
    image = keras.Input([3, 5, 8])
    found = keras.Model(image, member.pixel_shuffle(image))(x)
    np.testing.assert_array_equal(found, tf.nn.depth_to_space(x, 2))


def test_the_features_are_the_classifiers():
    """Its pooling, its hidden layer and its logits come behind them."""
    model, _ = classifier.load_classifier()
    found = member.make_features("mnist")(REAL)
    x = tf.nn.max_pool2d(found, 2, 2, "VALID")
    hidden = [layer for layer in model.layers if type(layer).__name__ == "Dense"][0]
    np.testing.assert_allclose(hidden(tf.reshape(x, [8, -1])), model(REAL)[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("content", member.CONTENTS)
def test_a_step(content):
    """The losses by hand; each network moves against the gradient of its own loss. f does not learn."""
    gan = member.make(content=content, width=4)
    generator, discriminator, *optimizers = gan.objects.values()
    last = [layer for layer in generator.layers if type(layer).__name__ == "Conv2D"][-1]
    last.kernel.assign(20 * last.kernel)  # else all images of an untrained G are nearly the same grey
    f = member.make_features("mnist") if content == "features" else lambda images: images
    small = member.shrunk(REAL)

    def cross_entropy(images, label):
        values = discriminator(images, training=True)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(values) * label, values))

    def content_loss_of():
        return tf.reduce_mean((f(REAL) - f(generator(small, training=True))) ** 2)

    step = member.make_train_step(generator, discriminator, *optimizers, f, adversarial_weight=0.5)
    (d_loss, g_loss, content_loss), d_expected, g_expected = steps.check(
        (generator, discriminator),
        (1e-4, 1e-4),
        lambda: step(small, REAL, None, None),
        lambda: cross_entropy(REAL, 1) + cross_entropy(generator(small, training=True), 0),
        lambda: 0.5 * cross_entropy(generator(small, training=True), 1) + content_loss_of(),
    )
    np.testing.assert_allclose([d_loss, 0.5 * g_loss + content_loss], [d_expected, g_expected], rtol=1e-4)


def test_without_d_only_the_content_is_learned():
    images = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
    gan = member.make(images, width=2, content="pixels", adversarial_weight=0.0, batch_size=8)
    before = [w.numpy() for w in gan.objects["discriminator"].weights]
    assert gan.train(2).shape == (2, 1) and gan.loss_names == ("content_loss",)
    for old, weight in zip(before, gan.objects["discriminator"].weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
