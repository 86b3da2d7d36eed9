"""gan_tf.zoo.dcgan against its paper's rules, and one step against a derivation in NumPy."""

import numpy as np
import pytest
import steps
import tensorflow as tf

from gan_tf.data import DIGIT
from gan_tf.objectives.critics import r1_penalty
from gan_tf.zoo import conditional, dcgan

SMALL = dict(width=2, batch_size=8, block=2)
IMAGES = np.random.default_rng(0).integers(0, 256, [20, 28, 28, 1], np.uint8)


def kinds(model):
    return [type(layer).__name__ for layer in model.layers[1:]]  # the first is the input


BOTH = [dcgan, pytest.param(conditional, marks=pytest.mark.slow)]  # they share this code


def test_the_papers_rules():
    generator, discriminator = dcgan.make_generator(0, DIGIT, 8), dcgan.make_discriminator(0, DIGIT, 8)
    hidden = "BatchNormalization ReLU Conv2DTranspose"
    assert kinds(generator) == f"Dense Reshape {hidden} {hidden} {hidden} Activation Rescaling".split()
    hidden = "Conv2D BatchNormalization LeakyReLU"
    assert kinds(discriminator) == f"Rescaling Conv2D LeakyReLU {hidden} {hidden} Flatten Dense".split()
    for model, sizes in ((generator, [7, 14, 28]), (discriminator, [14, 7, 4])):
        convolutions = [layer for layer in model.layers if "Conv" in type(layer).__name__]
        assert [layer.strides for layer in convolutions] == [(2, 2)] * 3
        assert [layer.output.shape[1:3] for layer in convolutions] == [(n, n) for n in sizes]
    assert [w.shape for w in generator.trainable_variables if len(w.shape) > 1] == [
        (100, 512),
        (5, 5, 16, 32),
        (5, 5, 8, 16),
        (5, 5, 1, 8),
    ]
    assert [w.shape for w in discriminator.trainable_variables if len(w.shape) > 1] == [
        (5, 5, 1, 8),
        (5, 5, 8, 16),
        (5, 5, 16, 32),
        (512, 1),
    ]
    assert all(layer.negative_slope == 0.2 for layer in discriminator.layers if "Leaky" in type(layer).__name__)
    for model in (generator, discriminator):
        for weight in (w.numpy() for w in model.trainable_variables if len(w.shape) > 1):
            assert abs(weight.mean()) < 4 * 0.02 / weight.size**0.5
            # The deviation's own standard error is 0.02 / sqrt(2 n).
            assert abs(weight.std() - 0.02) < 4 * 0.02 / (2 * weight.size) ** 0.5


def test_controls():
    for make in (dcgan.make_generator, dcgan.make_discriminator):
        assert not any("Normal" in kind for kind in kinds(make(0, DIGIT, 8, batch_norm=False)))
        with_pooling = kinds(make(0, DIGIT, 8, pooling=True))
        assert with_pooling.count("MaxPooling2D") + with_pooling.count("UpSampling2D") == 3
        assert "Conv2DTranspose" not in with_pooling
        shapes = [
            [w.shape[:2] for w in make(0, DIGIT, 8, pooling=p).weights if len(w.shape) == 4] for p in (False, True)
        ]
        assert shapes[0] == shapes[1], "the control has kernels of the same size"


def test_adam_has_the_papers_constants():
    for name in ("g_optimizer", "d_optimizer"):
        config = dcgan.make(**SMALL).objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [2e-4, 0.5, 0.999, 1e-8], rtol=1e-6)


def features_of(generator, noise):
    """G's first dense layer with batch normalisation and ReLU, in NumPy: [n, 4, 4, channels]."""
    weights, bias = generator.layers[1].get_weights()
    x = (noise.astype(np.float64) @ weights + bias).reshape(len(noise), 4, 4, -1)
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    return np.maximum((x - mean) / np.sqrt(variance + 1e-5), 0), mean, variance


def test_batch_normalisation_is_the_formula():
    generator = dcgan.make_generator(3, DIGIT, 4)
    noise = np.random.default_rng(1).uniform(-1, 1, [16, 100]).astype(np.float32)
    expected, mean, variance = features_of(generator, noise)
    x = noise
    for layer in generator.layers[1:5]:
        x = layer(x, training=True) if "Normal" in type(layer).__name__ else layer(x)
    np.testing.assert_allclose(x, expected, atol=2e-5)
    gamma, beta, running_mean, running_variance = generator.layers[3].get_weights()
    np.testing.assert_allclose(running_mean, 0.1 * mean, atol=1e-6)
    np.testing.assert_allclose(running_variance, 0.9 + 0.1 * variance, rtol=1e-4)
    assert (gamma == 1).all() and (beta == 0).all()


def test_a_step():
    """The losses from logits, real and fake apart; each network moves against the gradient of its own loss."""
    gan, random = dcgan.make(**SMALL), np.random.default_rng(2)
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    real = random.random([8, 28, 28, 1], np.float32)
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 100]).astype(np.float32)

    def fake_logits(noise):
        return discriminator(generator(noise, training=True), training=True)

    def d_loss_of():
        real_loss = tf.nn.softplus(-discriminator(real, training=True))
        return tf.reduce_mean(real_loss) + tf.reduce_mean(tf.nn.softplus(fake_logits(d_noise)))

    step = dcgan.make_train_step(generator, discriminator, gan.objects["g_optimizer"], gan.objects["d_optimizer"])
    found, *expected = steps.check(
        (generator, discriminator),
        (2e-4, 2e-4),
        lambda: step(real, d_noise, g_noise),
        d_loss_of,
        lambda: tf.reduce_mean(tf.nn.softplus(-fake_logits(g_noise))),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("member", BOTH)
def test_the_average_follows_the_generator(member, eagerly):
    gan = member.make(IMAGES, np.arange(20) % 10, ema=0.75, **SMALL)
    generator, average = gan.objects["generator"], gan.objects["generator_average"]
    expected = [w.numpy() for w in generator.variables]
    for a, g in zip(average.variables, generator.variables, strict=True):
        np.testing.assert_array_equal(a, g)
    for _ in range(2):
        gan.train(1)
        for index, weight in enumerate(generator.variables):
            expected[index] = 0.75 * expected[index] + 0.25 * weight.numpy()
    for a, wanted in zip(average.variables, expected, strict=True):
        np.testing.assert_allclose(a, wanted, rtol=1e-5, atol=1e-8)
    assert gan.generate is average
    same = member.make(IMAGES, np.arange(20) % 10, **SMALL)
    same.train(2)
    for a, b in zip(generator.get_weights(), same.models["generator"].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    drawn = gan.draw(0)
    for weight in generator.variables:
        weight.assign(tf.zeros_like(weight))
    np.testing.assert_array_equal(gan.draw(0), drawn)


def test_samples_use_the_running_averages(eagerly):
    gan = dcgan.make(IMAGES, **SMALL)
    gan.train(2)
    noise = gan.make_noise(0, 2, 6)
    np.testing.assert_allclose(gan.generate(noise)[:2], gan.generate(noise[:2]), atol=1e-6)
    assert np.abs(gan.models["generator"](noise, training=True) - gan.generate(noise)).max() > 1e-3


@pytest.mark.parametrize("ema", [-0.1, 1.0])
def test_bad_averages_are_refused(ema):
    for member in (dcgan, conditional):
        with pytest.raises(ValueError, match="ema must be"):
            member.make(ema=ema, **SMALL)


@pytest.mark.parametrize(
    ("shape", "sizes", "widths"),
    [
        ((28, 28, 1), [(28, 28), (14, 14), (7, 7), (4, 4)], [3, 6, 12]),
        ((32, 32, 3), [(32, 32), (16, 16), (8, 8), (4, 4)], [3, 6, 12]),
        ((64, 64, 3), [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)], [3, 6, 12, 24]),
        ((128, 128, 1), [(128, 128), (64, 64), (32, 32), (16, 16), (8, 8), (4, 4)], [3, 6, 12, 24, 24]),
        ((20, 9, 1), [(20, 9), (10, 5), (5, 3), (3, 2)], [3, 6, 12]),
        ((4, 3, 1), [(4, 3), (2, 2)], [3]),
    ],
)
def test_larger_images_have_more_layers(shape, sizes, widths):
    assert dcgan.sizes_of(shape) == sizes and dcgan.widths_of(shape, 3) == widths
    generator, discriminator = dcgan.make_generator(0, shape, 3), dcgan.make_discriminator(0, shape, 3)
    assert generator.output_shape == (None, *shape) and discriminator.input_shape == (None, *shape)
    convolutions = [[each for each in m.layers if "Conv" in type(each).__name__] for m in (generator, discriminator)]
    assert [layer.output.shape[1:] for layer in convolutions[1]] == [
        (*s, w) for s, w in zip(sizes[1:], widths, strict=True)
    ]
    channels = [*reversed(widths[:-1]), shape[-1]]
    expected = [(*s, w) for s, w in zip(reversed(sizes[:-1]), channels, strict=True)]
    assert [layer.output.shape[1:] for layer in convolutions[0]] == expected


def test_each_layer_begins_differently():
    """Also in deep networks, whose layers take more seeds."""
    generator = dcgan.make_generator(0, (128, 128, 3), 2)
    first = [w.numpy().ravel()[:50] for w in generator.trainable_variables if len(w.shape) > 1]
    correlations = np.corrcoef(first)[~np.eye(len(first), dtype=bool)]
    assert len(first) == 6 and np.abs(correlations).max() < 0.6


def test_what_r1_adds_to_a_step():
    """r1/2 times the gradient of mean ‖∇D(x)‖², by finite differences; D then has no batch normalisation."""
    gan, random = dcgan.make(shape=(8, 8, 3), r1=0.5, **SMALL), np.random.default_rng(2)
    generator, discriminator = gan.objects["generator"], gan.objects["discriminator"]
    assert "BatchNormalization" in kinds(generator) and "BatchNormalization" not in kinds(discriminator)
    for weight in discriminator.trainable_variables:  # larger, so that the penalty is
        weight.assign(20 * weight)
    real = tf.constant(random.random([8, 8, 8, 3], np.float32))
    d_noise, g_noise = random.uniform(-1, 1, [2, 8, 100]).astype(np.float32)

    def penalty():
        slopes = []
        for i in range(8):  # each image on its own
            with tf.GradientTape() as tape:
                tape.watch(real)
                logit = discriminator(real, training=True)[i, 0]
            slopes.append(float(tf.reduce_sum(tape.gradient(logit, real)[i] ** 2)))
        return np.mean(slopes)

    assert float(r1_penalty(discriminator, real)) == pytest.approx(penalty(), rel=1e-4) and penalty() > 0.1
    fake = generator(d_noise, training=True)

    def d_loss_of():
        logits = [discriminator(each, training=True) for each in (real, fake)]
        loss = tf.reduce_mean(tf.nn.softplus(-logits[0])) + tf.reduce_mean(tf.nn.softplus(logits[1]))
        return loss + 0.5 / 2 * r1_penalty(discriminator, real)

    optimizers = gan.objects["g_optimizer"], gan.objects["d_optimizer"]
    step = dcgan.make_train_step(generator, discriminator, *optimizers, r1=0.5)
    without = d_loss_of() - 0.25 * r1_penalty(discriminator, real)
    (d_loss, _), *_ = steps.check(
        (generator, discriminator),
        (2e-4, 2e-4),
        lambda: step(real, d_noise, g_noise),
        d_loss_of,
        lambda: tf.reduce_mean(tf.nn.softplus(-discriminator(generator(g_noise, training=True), training=True))),
    )
    assert float(d_loss) == pytest.approx(float(without), rel=1e-4)


def test_a_learning_rate():
    for member in (dcgan, conditional):
        objects = member.make(learning_rate=0.003, **SMALL).objects
        assert all(float(objects[name].learning_rate) == np.float32(0.003) for name in ("g_optimizer", "d_optimizer"))


@pytest.mark.slow
@pytest.mark.parametrize("member", BOTH)
def test_r1_in_every_third_iteration(member):
    """Iterations 0 and 3 are those of three times the weight; iterations 1 and 2 those without R1."""

    def make(**options):
        return member.make(IMAGES, np.arange(20) % 10, **options, **SMALL)

    def after(gan, start, iteration):
        """D's weights after one iteration of `gan` from the weights `start`, with new optimizers."""
        for model, values in zip(gan.models.values(), start, strict=True):
            model.set_weights(values)
        for optimizer in (gan.objects["g_optimizer"], gan.objects["d_optimizer"]):
            for variable in optimizer.variables[2:]:  # behind the count and the learning rate
                variable.assign(tf.zeros_like(variable))
            optimizer.iterations.assign(iteration)
        gan.train_block(iteration, 1)
        return gan.models["discriminator"].get_weights()

    lazy, always, tiny = make(r1=40.0, r1_every=3), make(r1=120.0), make(r1=1e-30)
    start = [[3 * weight for weight in model.get_weights()] for model in lazy.models.values()]
    for iteration in range(4):
        found, with_it, without = (after(gan, start, iteration) for gan in (lazy, always, tiny))
        assert max(np.abs(a - b).max() for a, b in zip(with_it, without, strict=True)) > 1e-4
        for a, b in zip(found, with_it if iteration % 3 == 0 else without, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-7)
