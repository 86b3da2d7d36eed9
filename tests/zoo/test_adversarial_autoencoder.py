"""gan_tf.zoo.adversarial_autoencoder: its three updates by hand, its prior, and the distance to it."""

import dataclasses

import numpy as np
import pytest
import scipy.stats
import steps
import tensorflow as tf

from gan_tf.data import dataset
from gan_tf.metrics.scores import kernel_distance
from gan_tf.noise import uniform_noise
from gan_tf.zoo import adversarial_autoencoder as member
from gan_tf.zoo.blocks import normal_of

RANDOM = np.random.default_rng(0)
REAL = RANDOM.random([8, 784], np.float32)
D_NOISE, G_NOISE = RANDOM.uniform(-1, 1, [2, 8, 4]).astype(np.float32)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(logits) * label, logits))


def test_normal_noise():
    """Uniform noise becomes normal, also at the ends of its range."""
    uniform = np.float32([-1, -0.5, 0, 0.9, 1 - 2**-24])
    expected = scipy.stats.norm.ppf((uniform.astype(np.float64) + 1) / 2)
    found = normal_of(uniform).numpy()
    np.testing.assert_allclose(found[1:4], expected[1:4], rtol=1e-5, atol=1e-7)
    assert np.isfinite(found).all() and found[0] == -found[4] and 5.2 < found[4] < 5.3
    many = normal_of(RANDOM.uniform(-1, 1, 10_000).astype(np.float32)).numpy()
    assert scipy.stats.kstest(many, "norm").pvalue > 0.01


def test_the_three_updates():
    """Each loss by hand, and each network moves against the gradient of its own loss, one after another."""
    gan = member.make(code=4, jit=False)
    encoder, decoder, d = (gan.objects[name] for name in ("encoder", "decoder", "discriminator"))
    step = member.make_train_step(gan.objects, 4, jit=False)
    reconstruction = lambda: tf.reduce_mean((REAL - decoder(encoder(REAL))) ** 2)  # noqa: E731
    prior = normal_of(D_NOISE)
    both = encoder.trainable_variables + decoder.trainable_variables
    start = [w.numpy() for w in both]
    expected, gradients = steps.gradients_of(reconstruction, both)
    d_start = [w.numpy() for w in d.trainable_variables]
    with steps.recorded() as updates:
        found = step(REAL, D_NOISE, G_NOISE)
    steps.require_gradients(updates[0], both, gradients)
    e_after, d_after = ([w.numpy() for w in each.trainable_variables] for each in (encoder, d))
    half = len(encoder.trainable_variables)
    steps.require_adams_first_step(start[half:], [w.numpy() for w in both[half:]], gradients[half:], 0.0002)

    # The encoder after the first update alone: as by Adam's first step.
    for weight, old, gradient in zip(both[:half], start[:half], gradients[:half], strict=True):
        weight.assign(old - 0.0002 * gradient / (np.abs(gradient) + 1e-8 / np.sqrt(0.001)))
    between = [w.numpy() for w in both[:half]]
    for weight, old in zip(d.trainable_variables, d_start, strict=True):
        weight.assign(old)
    d_loss, d_gradients = steps.gradients_of(
        lambda: cross_entropy(d(prior), 1) + cross_entropy(d(encoder(REAL)), 0), d.trainable_variables
    )
    steps.require_gradients(updates[1], d.trainable_variables, d_gradients)
    steps.require_adams_first_step(d_start, d_after, d_gradients, 0.0001)
    for weight, new in zip(d.trainable_variables, d_after, strict=True):
        weight.assign(new)
    e_loss, e_gradients = steps.gradients_of(lambda: cross_entropy(d(encoder(REAL)), 1), encoder.trainable_variables)
    steps.require_gradients(updates[2], encoder.trainable_variables, e_gradients)
    steps.require_adams_first_step(between, e_after, e_gradients, 0.0001)
    assert len(updates) == 3
    np.testing.assert_allclose(found, [expected, d_loss, e_loss], rtol=1e-4)


def test_without_d_only_the_reconstruction_is_learned():
    images = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
    gan = member.make(images, adversarial=False, batch_size=8)
    before = [w.numpy() for w in gan.objects["discriminator"].weights]
    assert gan.train(2).shape == (2, 1) and gan.loss_names == ("reconstruction_loss",)
    for old, weight in zip(before, gan.objects["discriminator"].weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_the_distance_knows_the_prior_from_others():
    """Codes of the prior are nearer than what chance allows in 95% of cases; codes with a deviation of 1.3 are not."""
    codes = np.random.default_rng(5).normal(size=[200, 8])
    near, limit = (value for value, _ in member.distance_to_prior(codes).values())
    far, same_limit = (value for value, _ in member.distance_to_prior(1.3 * codes).values())
    assert near < limit == same_limit < far / 5


def test_the_distance_sees_clusters():
    """Nine clusters with gaps, with the mean and the covariance of the prior. One wide kernel would not see them."""
    random = np.random.default_rng(6)
    corners = np.linalg.svd(np.eye(9) - 1 / 9)[2][:8].T * (9 * 3 / 4) ** 0.5  # of a simplex; their covariance is 3/4
    codes = corners[random.integers(0, 9, 200)] + random.normal(size=[200, 8]) / 2
    np.testing.assert_allclose(np.cov(codes.T), np.eye(8), atol=0.3)
    found, limit = (value for value, _ in member.distance_to_prior(codes).values())
    assert kernel_distance(codes, random.normal(size=[200, 8]), [4]) < limit < found / 3


@pytest.mark.parametrize("code", [1, 2])
def test_scores(code):
    gan = member.make(code=code)
    images = RANDOM.random([40, 784], np.float32)
    test = dataset.make("noise", "", images.reshape(-1, 28, 28, 1), classifier="mnist")
    scores = gan.scores(test)
    without = gan.scores(dataclasses.replace(test, classifier=None))
    assert {name: scores[name] for name in scores if "FID" not in name} == without
    decoded = np.asarray(gan.objects["decoder"](gan.objects["encoder"](images)))
    value, error = scores["squared error of a pixel, decoded again"]
    each = ((decoded - images) ** 2).mean(axis=1)
    np.testing.assert_allclose([value, error], [each.mean(), each.std(ddof=1) / 40**0.5], rtol=1e-4)
    assert {"codes from the prior: FID to test images", "distance of codes to prior"} < set(scores)


def test_it_draws_from_the_prior():
    gan = member.make(code=4, seed=3)
    noise = gan.make_noise(0, 2, 6)
    flat = np.asarray(gan.objects["decoder"](normal_of(noise)))
    np.testing.assert_array_equal(noise, uniform_noise(0, 2, 0, [6, 4]))
    np.testing.assert_array_equal(gan.generate(noise), flat.reshape(6, 28, 28, 1))
    expected = np.asarray(gan.objects["decoder"](normal_of(uniform_noise(3, 1, 2 * 16 * 4, [16, 4]))))
    np.testing.assert_allclose(gan.draw(2), expected.reshape(16, 28, 28, 1), rtol=1e-5)


def test_what_the_decoder_draws_for_the_scores(monkeypatch):
    """Codes of the prior, then codes with the mean and the covariance of those of images; as many as there are images.

    The deviations of the codes are far from 1 and from each other, and they hang together.
    """
    drawn, random = [], np.random.default_rng(8)
    monkeypatch.setattr(member, "distance_to_prior", lambda codes: {"codes": codes})
    monkeypatch.setattr(member, "distance", lambda made, real, reader: drawn.append((made, real, reader)) or (0.0, 0.0))
    gan, count = member.make(shape=(1, 2, 1), code=2), 1500
    pixels = random.integers(0, 256, [count, 1, 2, 1], np.uint8)
    decoded, codes_of = [], np.float32([[9, -2], [3, 0.4]])

    def in_batches(network, inputs):
        if network is gan.objects["encoder"]:
            return inputs @ codes_of + np.float32([5, -1])
        assert network is gan.objects["decoder"]
        decoded.append(inputs)
        return inputs * 0.01 + 0.5

    monkeypatch.setattr(member, "in_batches", in_batches)
    test = dataset.make("noise", "", pixels, classifier="mnist")
    found = gan.scores(test)
    codes = (pixels.reshape(count, 2) / 255) @ codes_of + np.float32([5, -1])
    np.testing.assert_allclose(found["codes"], codes, rtol=1e-4, atol=1e-5)
    again, prior, fitted = decoded
    np.testing.assert_array_equal(again, found["codes"])
    assert len(prior) == len(fitted) == count and prior.dtype == fitted.dtype == np.float32
    error = 1 / count**0.5
    np.testing.assert_allclose(prior.mean(axis=0), 0, atol=4 * error)
    np.testing.assert_allclose(np.cov(prior.T), np.eye(2), atol=6 * error)
    deviations = codes.std(axis=0)
    assert deviations[0] > 2 and deviations[1] < 0.7 and abs(np.corrcoef(codes.T)[0, 1]) > 0.7
    np.testing.assert_allclose((fitted.mean(axis=0) - codes.mean(axis=0)) / deviations, 0, atol=4 * error)
    covariance = np.cov(fitted.T) / np.outer(deviations, deviations)
    np.testing.assert_allclose(covariance, np.corrcoef(codes.T), atol=6 * error)
    assert list(found)[2:] == [
        "codes from the prior: FID to test images",
        "codes from a fitted normal distribution: FID to test images",
    ]
    for (made, real, reader), noise in zip(drawn, (prior, fitted), strict=True):
        np.testing.assert_allclose(made, 0.01 * noise.reshape(count, 1, 2, 1) + 0.5, rtol=1e-5)
        assert real is test.images and reader == "mnist"


def test_which_codes_are_compared_with_the_prior(monkeypatch):
    """1,000 of 2,700: every second one. The kernels are as wide as a quarter, a half and all of 2 · code's root."""
    seen, codes = [], np.random.default_rng(9).normal(size=[2700, 8])

    def spy(a, b, widths):
        seen.append((a, b, widths))
        return 0.25 + len(seen)

    monkeypatch.setattr(member, "kernel_distance", spy)
    member.by_chance.cache_clear()
    found = member.distance_to_prior(codes)
    member.by_chance.cache_clear()
    (compared, prior, widths), *by_chance = seen
    np.testing.assert_array_equal(compared, codes[0:2000:2])
    np.testing.assert_allclose(widths, [1, 2, 4])
    assert len(by_chance) == 100 and all(a.shape == b.shape == (1000, 8) and w == widths for a, b, w in by_chance)
    assert len({float(each[0, 0]) for pair in [(compared, prior), *(s[:2] for s in by_chance)] for each in pair}) == 202
    chance = np.quantile([0.25 + number for number in range(2, 102)], 0.95)
    assert [value for value, _ in found.values()] == [1.25, pytest.approx(chance)]


def test_optimizers():
    """The rate and beta1 of the reconstruction, and of the GAN; epsilon is Adam's own."""
    objects = member.make(code=2, jit=False).objects
    for name, rate, beta_1 in (("optimizer", 0.0002, 0.9), ("d_optimizer", 0.0001, 0.5), ("e_optimizer", 0.0001, 0.5)):
        config = objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [rate, beta_1, 0.999, 1e-8], rtol=1e-6)


@pytest.mark.parametrize(("options", "units"), [({}, 1000), ({"units": 20}, 20)])
def test_the_width_of_all_networks(options, units):
    gan = member.make(code=3, jit=False, **options)
    for name, inputs, outputs in (("encoder", 784, 3), ("decoder", 3, 784), ("discriminator", 3, 1)):
        shapes = [tuple(weight.shape) for weight in gan.models[name].weights if len(weight.shape) == 2]
        assert shapes == [(inputs, units), (units, units), (units, outputs)]
