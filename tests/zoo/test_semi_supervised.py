"""gan_tf.zoo.semi_supervised: its losses against the formulas with an explicit eleventh class; a step; labels."""

import keras
import numpy as np
import pytest
import scipy.special
import steps
import tensorflow as tf

from gan_tf.data import dataset
from gan_tf.zoo import semi_supervised

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, [200, 28, 28, 1], np.uint8), np.repeat(np.arange(10), 20)


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
    real, fake = RANDOM.normal(size=[2, 6, 125])
    expected = np.mean((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    np.testing.assert_allclose(semi_supervised.g_loss_fn(real, fake), expected, rtol=1e-9)
    np.testing.assert_allclose(semi_supervised.g_loss_fn(real, real[::-1]), 0, atol=1e-12)


def test_the_networks_are_the_authors():
    discriminator, generator = semi_supervised.make_discriminator(0), semi_supervised.make_generator(0)
    assert [w.shape for w in discriminator.weights if len(w.shape) == 2] == [
        (784, 500),
        (500, 250),
        (250, 125),
        (125, 125),
        (125, 125),
        (125, 10),
    ]
    assert [layer.units for layer in generator.layers if hasattr(layer, "units")] == [500, 500, 784]
    kinds = [type(layer).__name__ for layer in generator.layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation"] * 2 + ["Dense"]


def test_noise_before_each_layer():
    """Of deviation 0.3, then 0.5; it depends on the seed alone. The features are what comes before the last noise."""
    discriminator = semi_supervised.make_discriminator(0)
    x = RANDOM.random([64, 784], np.float32)
    one, same, other = (semi_supervised.with_noise(discriminator, x, tf.constant([1, s]))[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    plain = [layer for layer in discriminator.layers if hasattr(layer, "units")]
    first = plain[0](x + 0.3 * tf.random.stateless_normal([64, 784], [1, 1]))
    expected = plain[1](first + 0.5 * tf.random.stateless_normal([64, 500], [1, 2]))
    for index, layer in enumerate(plain[2:], 2):
        features, noise = expected, tf.random.stateless_normal(expected.shape, [1, 1 + index])
        expected = layer(features + 0.5 * noise)
    np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)
    found = semi_supervised.with_noise(discriminator, x, tf.constant([1, 1]))[1]
    assert found.shape == (64, 125)
    np.testing.assert_allclose(found, features, rtol=1e-4, atol=1e-5)


def test_labelled_images():
    chosen = semi_supervised.choose_labelled(LABELS, 50, 0)
    assert (np.bincount(LABELS[chosen]) == 5).all() and len(set(chosen)) == 50
    assert set(chosen) != set(semi_supervised.choose_labelled(LABELS, 50, 1))
    with pytest.raises(ValueError, match="multiple of 10, not 15"):
        semi_supervised.choose_labelled(LABELS, 15, 0)
    with pytest.raises(ValueError, match="only 20 images of the digit 0, not 21"):
        semi_supervised.choose_labelled(LABELS, 210, 0)


def test_weight_normalisation(tmp_path):
    """Outputs have mean 0 and deviation 1 at the start; columns keep their length when v grows, and v's gradient is
    orthogonal to v; only the last layer's lengths learn; a file has all of it."""
    discriminator, x = semi_supervised.make_discriminator(0), RANDOM.random([64, 784], np.float32)
    semi_supervised.with_noise(discriminator, x, tf.constant([0, 0]), start=True)
    first, *_, last = found = semi_supervised.dense_layers(discriminator)
    assert [layer.scale.trainable for layer in found] == [False] * 5 + [True]
    noisy = x + 0.3 * tf.random.stateless_normal([64, 784], [0, 0])
    kernel = first.kernel.numpy().astype(np.float64)
    kernel *= first.scale.numpy() / np.linalg.norm(kernel, axis=0)
    before = noisy.numpy().astype(np.float64) @ kernel + first.bias.numpy()
    np.testing.assert_allclose(before.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(before.std(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(first(noisy), np.maximum(before, 0), atol=1e-4)
    logits = discriminator(x)[0]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(discriminator(x)[0] ** 2)
    gradient = tape.gradient(loss, first.kernel).numpy()
    inner = (gradient * first.kernel.numpy()).sum(axis=0)
    assert np.abs(inner).max() < 1e-3 * np.abs(gradient).max() * np.abs(first.kernel.numpy()).sum(axis=0).max()
    for layer in found:
        layer.kernel.assign(3 * layer.kernel)
    np.testing.assert_allclose(discriminator(x)[0], logits, rtol=1e-3, atol=1e-4)
    discriminator.save(tmp_path / "d.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "d.keras")(x)[0], discriminator(x)[0])
    last.scale.assign(2 * last.scale)
    np.testing.assert_allclose(discriminator(x)[0] - last.bias, 2 * (logits - last.bias), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("labels_only", [False, True])
def test_a_step(labels_only):
    """D and G move against the gradients of their losses, and the average towards D's normalised kernels."""
    random = np.random.default_rng(1)
    gan = semi_supervised.make(batch_size=8)
    generator, discriminator, average = (gan.objects[name] for name in ("generator", "discriminator", "average"))
    average.set_weights([random.normal(size=each.shape) * 1e-3 for each in average.get_weights()])
    averages = [each.numpy() for each in average.weights]
    for layer in semi_supervised.dense_layers(discriminator):
        layer.scale.assign(random.uniform(0.5, 1.5, layer.scale.shape))
    real = random.random([8, 784], np.float32)
    labelled, digits = random.random([20, 784], np.float32), np.arange(20, dtype=np.int32) % 10
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 112]).astype(np.float32)
    chosen = np.floor((d_noise[:, 100] + 1) / 2 * 20).astype(int)
    seeds = d_noise[0, 101:111].view(np.int32).reshape(5, 2)

    def noisy(images, use):
        return semi_supervised.with_noise(discriminator, images, tf.constant(seeds[use]))

    def d_loss_of():
        fake = generator(d_noise[:, :100], training=True)
        labelled_loss = semi_supervised.labelled_loss_fn(noisy(labelled[chosen], 0)[0], digits[chosen])
        unlabelled_loss = semi_supervised.unlabelled_loss_fn(noisy(real, 1)[0], noisy(fake, 2)[0])
        return labelled_loss if labels_only else labelled_loss + unlabelled_loss

    def g_loss_of():
        fake = generator(g_noise[:, :100], training=True)
        return semi_supervised.g_loss_fn(noisy(real, 3)[1], noisy(fake, 4)[1])

    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_start, g_start = ([w.numpy() for w in weights] for weights in (d_weights, g_weights))
    d_loss, d_gradients = steps.gradients_of(d_loss_of, d_weights)
    step = semi_supervised.make_train_step(gan.objects, labelled, digits, labels_only, jit=False)
    with steps.recorded() as updates:
        found = step(real.reshape(8, 28, 28, 1), d_noise, g_noise)
    steps.require_gradients(updates[0], d_weights, d_gradients)
    assert len(updates) == 1 + (not labels_only)
    np.testing.assert_allclose(found[0] + (0 if labels_only else found[1]), d_loss, rtol=1e-4)
    d_after, g_after = ([w.numpy() for w in weights] for weights in (d_weights, g_weights))
    steps.require_adams_first_step(d_start, d_after, d_gradients, 0.003, 1e-4)
    pairs = zip(semi_supervised.dense_layers(average), semi_supervised.dense_layers(discriminator), strict=True)
    for index, (a, d) in enumerate(pairs):
        kernel = d.kernel.numpy()
        own = d.scale.numpy() * kernel / np.linalg.norm(kernel, axis=0)
        np.testing.assert_allclose(a.kernel, 0.999 * averages[2 * index] + 0.001 * own, rtol=1e-4, atol=1e-8)
        expected = 0.999 * averages[2 * index + 1] + 0.001 * d.bias.numpy()
        np.testing.assert_allclose(a.bias, expected, rtol=1e-5, atol=1e-9)
    if labels_only:
        assert len(found) == 1 and all((a == b).all() for a, b in zip(g_start, g_after, strict=True))
    else:
        for weight, value in zip(g_weights, g_start, strict=True):
            weight.assign(value)
        g_loss, g_gradients = steps.gradients_of(g_loss_of, g_weights)
        np.testing.assert_allclose(found[2], g_loss, rtol=1e-4)
        steps.require_gradients(updates[1], g_weights, g_gradients)
        steps.require_adams_first_step(g_start, g_after, g_gradients, 0.0003, 1e-4)


def test_the_classifiers_score():
    """It is the share that the averaged D gets right, and not D itself. Ten images by hand."""
    gan, random = semi_supervised.make(), np.random.default_rng(2)
    average, discriminator = gan.objects["average"], gan.objects["discriminator"]
    average.set_weights([random.normal(size=each.shape) * 0.1 for each in average.get_weights()])
    pixels = random.integers(0, 256, [10, 28, 28, 1], np.uint8)
    x, (*hidden, (kernel, bias)) = pixels.reshape(10, 784) / 255, zip(*[iter(average.get_weights())] * 2, strict=True)
    for own_kernel, own_bias in hidden:
        x = np.maximum(x @ own_kernel + own_bias, 0)
    read = (x @ kernel + bias).argmax(axis=1)
    labels = np.where(np.arange(10) < 7, read, (read + 1) % 10)
    by_d = np.asarray(discriminator(pixels.reshape(10, 784) / np.float32(255))[0]).argmax(axis=1)
    assert (by_d == labels).mean() < 0.7 and len(set(read)) > 1
    found = gan.scores(dataset.make("", "", pixels, labels))
    assert found == {"accuracy of the classifier": pytest.approx((0.7, (0.7 * 0.3 / 10) ** 0.5))}


def test_make_tells_its_step_which_images_have_labels(monkeypatch):
    """The chosen images with their own digits, and the first images scale D's layers."""
    seen, started = [], []
    monkeypatch.setattr(semi_supervised, "make_train_step", lambda *given: seen.append(given))
    monkeypatch.setattr(semi_supervised, "with_noise", lambda *given, start: started.append((*given, start)))
    images = np.arange(200, dtype=np.uint8)[:, None, None, None] * np.ones([28, 28, 1], np.uint8)
    labels = np.random.default_rng(3).permutation(LABELS)
    gan = semi_supervised.make(images, labels, labelled=30, seed=4, labels_only=True)
    ((objects, labelled, digits, labels_only, jit),) = seen
    numbers = np.rint(labelled[:, 0] * 255).astype(int)
    assert sorted(numbers) == sorted(semi_supervised.choose_labelled(labels, 30, 4)) and labelled.shape == (30, 784)
    np.testing.assert_array_equal(labels[numbers], digits)
    ((discriminator, first, _, start),) = started
    assert discriminator is gan.objects["discriminator"] and start
    np.testing.assert_allclose(first, images.reshape(200, 784) / 255, rtol=1e-5)
    assert labels_only and not jit and objects["average"] is gan.objects["average"]
    rates = [gan.objects[f"{each}_optimizer"]._learning_rate.get_config() for each in "gd"]
    assert [rate["initial_learning_rate"] for rate in rates] == [0.0003, 0.003]
    assert all((rate["decay_steps"], rate["decay_rate"]) == (10_000, 0.5) for rate in rates)
    configs = [gan.objects[f"{each}_optimizer"].get_config() for each in "gd"]
    assert all((each["beta_1"], each["beta_2"], each["epsilon"]) == (0.5, 0.999, 1e-4) for each in configs)


def test_the_average_begins_as_d():
    """From zero it would be too small for thousands of iterations."""
    gan = semi_supervised.make(IMAGES, LABELS, labelled=10, batch_size=8)
    x = IMAGES[:20].reshape(20, 784) * np.float32(1 / 255)
    found = np.asarray(gan.objects["average"](x))
    np.testing.assert_allclose(found, gan.objects["discriminator"](x)[0], atol=1e-4)
    assert found.std() > 0.01
