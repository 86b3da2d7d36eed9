"""gan_tf.zoo.semi_supervised: its losses against the formulas with an explicit eleventh class; a step; labels."""

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from gan_tf.zoo import semi_supervised

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, [200, 784], np.uint8), np.repeat(np.arange(10), 20)


def test_losses_are_those_of_eleven_classes():
    """The class "generated" has the logit 0; p is the softmax of all eleven."""
    real, fake = RANDOM.normal(size=[2, 6, 10]).astype(np.float32)
    labels = RANDOM.integers(0, 10, 6)
    p = [
        scipy.special.softmax(np.concatenate([each, np.zeros([6, 1])], 1).astype(np.float64), 1)
        for each in (real, fake)
    ]
    found = semi_supervised.unlabelled_loss_fn(real, fake)
    expected = -np.log(1 - p[0][:, 10]).mean() / 2 - np.log(p[1][:, 10]).mean() / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    among_ten = p[0][np.arange(6), labels] / (1 - p[0][:, 10])
    np.testing.assert_allclose(semi_supervised.labelled_loss_fn(real, labels), -np.log(among_ten).mean(), rtol=1e-5)


def test_feature_matching():
    real, fake = RANDOM.normal(size=[2, 6, 250])
    expected = np.mean((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    np.testing.assert_allclose(semi_supervised.g_loss_fn(real, fake), expected, rtol=1e-9)
    np.testing.assert_allclose(semi_supervised.g_loss_fn(real, real[::-1]), 0, atol=1e-12)


def test_the_networks_are_the_authors():
    discriminator, generator = semi_supervised.make_discriminator(0), semi_supervised.make_generator(0)
    assert [w.shape for w in discriminator.weights[::2]] == [
        (784, 1000),
        (1000, 500),
        (500, 250),
        (250, 250),
        (250, 250),
        (250, 10),
    ]
    assert [layer.units for layer in generator.layers if hasattr(layer, "units")] == [500, 500, 784]


def test_noise_before_each_layer():
    """Without noise it is the model; the noise depends on the seed alone."""
    discriminator = semi_supervised.make_discriminator(0)
    x = RANDOM.random([64, 784], np.float32)
    one, same, other = (semi_supervised.with_noise(discriminator, x, tf.constant([1, s]))[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    plain = [layer for layer in discriminator.layers if hasattr(layer, "units")]
    first = plain[0](x + 0.3 * tf.random.stateless_normal([64, 784], [1, 1]))
    expected = plain[1](first + 0.5 * tf.random.stateless_normal([64, 1000], [1, 2]))
    for index, layer in enumerate(plain[2:], 2):
        expected = layer(expected + 0.5 * tf.random.stateless_normal(expected.shape, [1, 1 + index]))
    np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)


def test_labelled_images():
    chosen = semi_supervised.choose_labelled(LABELS, 50, 0)
    assert (np.bincount(LABELS[chosen]) == 5).all() and len(set(chosen)) == 50
    assert set(chosen) != set(semi_supervised.choose_labelled(LABELS, 50, 1))
    with pytest.raises(ValueError, match="multiple of 10, not 15"):
        semi_supervised.choose_labelled(LABELS, 15, 0)
    with pytest.raises(ValueError, match="only 20 images of the digit 0, not 21"):
        semi_supervised.choose_labelled(LABELS, 210, 0)


@pytest.mark.parametrize("labels_only", [False, True])
def test_a_step(labels_only):
    """Unit columns, the average, and the control, in which unlabelled images change nothing in D."""
    results = []
    noise = RANDOM.uniform(-1, 1, [2, 8, 103]).astype(np.float32)
    for pixels in (IMAGES[:8], IMAGES[8:16]):
        gan = semi_supervised.make(batch_size=8)
        discriminator, average = gan.objects["discriminator"], gan.objects["average"]
        start = [w.numpy() for w in average.weights]
        arrays = IMAGES[:20] / np.float32(255), LABELS[:20].astype(np.int32)
        step = semi_supervised.make_train_step(gan.objects, *arrays, labels_only, jit=False)
        losses = step(tf.constant(pixels), *noise)
        results.append(discriminator.get_weights())
        for kernel in discriminator.weights[::2]:
            np.testing.assert_allclose(np.linalg.norm(kernel, axis=0), 1, rtol=1e-5)
        for a, before, d in zip(average.weights, start, discriminator.weights, strict=True):
            np.testing.assert_allclose(a, 0.999 * before + 0.001 * d.numpy(), rtol=1e-4, atol=1e-7)
        assert np.isfinite(losses).all()
    same = all((a == b).all() for a, b in zip(*results, strict=True))
    assert same == labels_only


def test_the_classifiers_score():
    """It is the share that the averaged D gets right."""
    gan = semi_supervised.make(IMAGES, LABELS, batch_size=8, jit=False)
    images = IMAGES / np.float32(255)
    read = gan.objects["average"](images)[0].numpy().argmax(axis=1)
    ((name, (value, _)),) = gan.scores(images, LABELS).items()
    assert name == "accuracy of the classifier" and value == pytest.approx((read == LABELS).mean())
    assert gan.scores(images, read)[name][0] == 1
