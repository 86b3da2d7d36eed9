"""gan_tf.zoo.sngan: spectral norms against SciPy, the hinge losses by hand, and each control."""

import numpy as np
import pytest
import scipy.linalg
import steps
import tensorflow as tf
from keras import layers

from gan_tf.data import DIGIT
from gan_tf.zoo import dcgan, sngan

SMALL = dict(width=4, batch_size=8, block=2)
IMAGES = np.random.default_rng(0).integers(0, 256, [40, 28, 28, 1], np.uint8)


def kernels(discriminator):
    return [weight.numpy() for weight in discriminator.trainable_variables if len(weight.shape) > 1]


def norms(discriminator):
    """The largest singular value of each kernel, as a matrix whose last dimension is the kernel's last."""
    return np.array([scipy.linalg.svdvals(each.reshape(-1, each.shape[-1]))[0] for each in kernels(discriminator)])


def test_networks():
    """D is DCGAN's without batch normalisation, each kernel in a layer that normalises it; its slope is 0.1."""
    discriminator = sngan.make_discriminator(0, DIGIT)
    wrapped = [layer.layer for layer in discriminator.layers if isinstance(layer, layers.SpectralNormalization)]
    assert [type(each).__name__ for each in wrapped] == ["Conv2D"] * 3 + ["Dense"]
    assert [each.filters for each in wrapped[:3]] == [32, 64, 128] and wrapped[0].kernel_size == (5, 5)
    assert discriminator.output_shape == (None, 1)
    slopes = [layer.negative_slope for layer in discriminator.layers if isinstance(layer, layers.LeakyReLU)]
    np.testing.assert_allclose(slopes, [0.1] * 3)
    assert [each.shape for each in kernels(discriminator)] == [
        each.shape for each in kernels(dcgan.make_discriminator(0, DIGIT, batch_norm=False))
    ]
    assert not any("Spectral" in type(each).__name__ for each in sngan.make_discriminator(0, DIGIT, 4, False).layers)


def test_the_norm_is_one_after_some_passes():
    """Power iteration finds the largest singular value, to 1e-3 after 100 passes of the first weights."""
    discriminator = sngan.make_discriminator(0, DIGIT, 4)
    before = norms(discriminator)
    for weight, norm in zip(discriminator.trainable_variables[::2], before, strict=True):
        weight.assign(weight * (3 / norm))
    discriminator(IMAGES[:2] / 255)
    np.testing.assert_allclose(norms(discriminator), 3, rtol=1e-5)  # a pass without training changes nothing
    for _ in range(100):
        discriminator(IMAGES[:2] / 255, training=True)
    np.testing.assert_allclose(norms(discriminator), 1, rtol=1e-3)


def test_the_norm_stays_near_one_while_d_trains():
    """One iteration for each pass is enough: after 30 steps the norms are in [1, 1.1]; without the layer they grow.

    An estimate by power iteration is never above the norm, so a normalised kernel never has a norm below 1.
    """
    gan, free = (sngan.make(IMAGES, spectral_norm=bound, **SMALL) for bound in (True, False))
    for each in (gan, free):
        for weight in each.objects["discriminator"].trainable_variables[::2]:
            weight.assign(10 * weight)
        each.train(30)
        each.objects["discriminator"](IMAGES[:2] / 255, training=True)
    found = norms(gan.objects["discriminator"])
    assert (found > 1 - 1e-5).all() and (found < 1.1).all(), found
    assert (norms(free.objects["discriminator"]) > 1.5).any()


def test_first_vectors_are_fixed_by_the_seed():
    def vectors(seed):
        model = sngan.make_discriminator(seed, DIGIT, 4)
        return np.concatenate([each.vector_u.numpy().ravel() for each in model.layers if hasattr(each, "vector_u")])

    np.testing.assert_array_equal(vectors(3), vectors(3))
    assert np.abs(vectors(3) - vectors(4)).mean() > 0.5
    u = vectors(5)
    assert 0.5 < u.std() < 1.5 and len(np.unique(u)) == len(u)


def test_losses_by_hand():
    real, fake = np.float32([[2], [0.5], [-1]]), np.float32([[-3], [0.25], [2]])
    assert float(sngan.hinge_d_loss(real, fake)) == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1.25 + 3) / 3)
    assert float(sngan.hinge_g_loss(fake)) == pytest.approx(0.75 / 3)


def _without_bound(clip=0.0):
    gan, random = sngan.make(spectral_norm=False, clip=clip, **SMALL), np.random.default_rng(2)
    for network in ("generator", "discriminator"):
        for weight in gan.objects[network].trainable_variables:
            weight.assign(4 * weight + random.normal(0, 0.05, weight.shape))
    real = tf.constant(random.random([8, 28, 28, 1], np.float32))
    return gan, real, *random.uniform(-1, 1, [2, 8, 100]).astype(np.float32)


def test_a_step():
    """First D, then G by the new D: each moves against the gradient of its own loss, and the losses are by hand."""
    gan, real, d_noise, g_noise = _without_bound()
    generator, discriminator, *optimizers = gan.objects.values()
    fake = generator(d_noise, training=True)

    def d_loss():
        margins = tf.concat([1 - discriminator(real), 1 + discriminator(fake)], axis=1)
        return tf.reduce_mean(tf.reduce_sum(tf.maximum(0.0, margins), axis=1))

    found, *expected = steps.check(
        (generator, discriminator),
        (2e-4, 2e-4),
        lambda: sngan.make_train_step(generator, discriminator, *optimizers)(real, d_noise, g_noise),
        d_loss,
        lambda: -tf.reduce_mean(discriminator(generator(g_noise, training=True))),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_each_pass_of_a_step_normalises(eagerly):
    """D's own pass, and G's by the new kernels."""
    gan, passes = sngan.make(**SMALL), []
    generator, discriminator, *optimizers = gan.objects.values()

    class Spy:
        trainable_variables = discriminator.trainable_variables

        def __call__(self, images, training=False):
            passes.append((len(images), training))
            return discriminator(images, training=training)

    noise = np.random.default_rng(0).uniform(-1, 1, [2, 8, 100]).astype(np.float32)
    sngan.make_train_step(generator, Spy(), *optimizers)(tf.constant(IMAGES[:8] / 255, tf.float32), *noise)
    assert passes == [(16, True), (8, True)]


def test_clipping(eagerly):
    """After a step all weights of D are in [-0.01, 0.01], many at the bounds; those of G are not clipped."""
    gan, real, d_noise, g_noise = _without_bound(0.01)
    generator, discriminator, *optimizers = gan.objects.values()
    sngan.make_train_step(generator, discriminator, *optimizers, clip=0.01)(real, d_noise, g_noise)
    for weight in discriminator.trainable_variables:
        assert np.abs(weight).max() <= np.float32(0.01)
    assert np.mean(np.abs(kernels(discriminator)[0]) == np.float32(0.01)) > 0.5
    assert max(np.abs(weight).max() for weight in generator.trainable_variables) > 0.1
    trained = sngan.make(IMAGES, spectral_norm=False, clip=0.005, **SMALL)
    trained.train(2)
    assert max(np.abs(each).max() for each in kernels(trained.objects["discriminator"])) == np.float32(0.005)


def test_both_bounds_are_refused():
    with pytest.raises(ValueError, match="a clip replaces the spectral norm: add --nospectral_norm."):
        sngan.make(clip=0.01, **SMALL)
    with pytest.raises(ValueError, match="ema must be"):
        sngan.make(ema=1.0, **SMALL)


def test_the_average_follows(eagerly):
    """With an average of half of old and half of new weights, the samples are the average's."""
    gan = sngan.make(IMAGES, ema=0.5, **SMALL)
    start = gan.objects["generator"].get_weights()
    gan.train(1)
    for a, old, new in zip(
        gan.objects["generator_average"].get_weights(), start, gan.objects["generator"].get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, (old + new) / 2, atol=1e-7)
    noise = np.random.default_rng(1).uniform(-1, 1, [4, 100]).astype(np.float32)
    np.testing.assert_array_equal(gan.generate(noise), gan.objects["generator_average"](noise))


def test_defaults():
    for name in ("g_optimizer", "d_optimizer"):
        config = sngan.make(learning_rate=0.003, **SMALL).objects[name].get_config()
        np.testing.assert_allclose(
            [config[each] for each in ("learning_rate", "beta_1", "beta_2")], [0.003, 0.5, 0.999]
        )
    assert sngan.make(**SMALL).blind_d_loss == 2
    assert set(sngan.make(**SMALL).objects) == {"generator", "discriminator", "g_optimizer", "d_optimizer"}
