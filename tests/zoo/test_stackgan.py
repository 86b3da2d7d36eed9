"""gan_tf.zoo.stackgan: captions, the cloud around them, a step of each stage by hand, and its phases."""

import numpy as np
import pytest
import scipy.special
import steps
import tensorflow as tf

from gan_tf.data.captions import CAPTIONS
from gan_tf.zoo import stackgan

RANDOM = np.random.default_rng(0)
REAL, CHOSEN = RANDOM.random([8, 28, 28, 1], np.float32), np.arange(8, dtype=np.int32) * 4
D_NOISE, G_NOISE = RANDOM.uniform(-1, 1, [2, 8, stackgan.RANDOM]).astype(np.float32)


def test_the_cloud_of_a_caption():
    """c = mu + sigma · noise; KL by the formula for Gaussians; 0 for N(0, 1)."""
    augmentation = stackgan.make_augmentation(0, "a")
    values = RANDOM.normal(size=[8, 32]).astype(np.float32)
    uniform = D_NOISE[:, :16]
    c, kl = stackgan.cloud_of(lambda vectors: tf.constant(values), None, uniform)
    mu, sigma = values[:, :16].astype(np.float64), np.exp(values[:, 16:].astype(np.float64))
    np.testing.assert_allclose(c, mu + sigma * np.sqrt(2) * scipy.special.erfinv(uniform), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(kl, ((sigma**2 + mu**2 - 1) / 2 - np.log(sigma)).mean(), rtol=1e-5)
    assert float(stackgan.cloud_of(lambda vectors: tf.zeros([8, 32]), None, uniform)[1]) == 0
    assert augmentation(stackgan.VECTORS).shape == (40, 32)


def test_wrong_captions_are_all_others():
    uniform = np.linspace(-1, 1, 39, endpoint=False, dtype=np.float32) + np.float32(0.01)
    found = stackgan.wrong_captions(tf.fill([39], 7), uniform).numpy()
    assert set(found) == set(range(40)) - {7}


def test_small_images():
    small = stackgan.shrunk(tf.constant(REAL)).numpy()
    np.testing.assert_allclose(small[0, 1, 3, 0], REAL[0, 2:4, 6:8].mean(), rtol=1e-5)


def test_it_is_asked_by_noise():
    gan = stackgan.make(width=2)
    noise = gan.noise(0, 2, 80)
    assert sorted(stackgan.captions_of(noise)) == sorted(2 * list(range(40)))
    for part in range(10):  # every tenth image, as in the Inception score
        assert len(set(stackgan.captions_of(gan.noise(0, 2, 400))[part::10] % 10)) == 10
    noise = gan.noise(0, 2, 3, "a bold slanted seven")
    assert [CAPTIONS[number] for number in stackgan.captions_of(noise)] == ["a bold slanted seven"] * 3
    with pytest.raises(ValueError, match="not for 'a red seven'"):
        gan.sample(3, condition="a red seven")


@pytest.mark.parametrize("stage", ["first", "second", "one_stage"])
def test_a_step(stage):
    """The losses by hand; D and G (with its augmentation) move against the gradient of their own loss."""
    gan = stackgan.make(width=2, one_stage=stage == "one_stage")
    prefix, size = ("second_" if stage == "second" else ""), (14 if stage == "first" else 28)
    own = {name: gan.objects[prefix + name] for name in ("augmentation", "generator", "discriminator")}
    e, wrong = stackgan.VECTORS[CHOSEN], stackgan.VECTORS[stackgan.wrong_captions(CHOSEN, D_NOISE[:, -1]).numpy()]
    real = REAL if size == 28 else stackgan.shrunk(tf.constant(REAL)).numpy()

    def draw(vectors, noise, training=True):
        c, kl = stackgan.cloud_of(own["augmentation"], vectors, noise[:, 100:116])
        if stage != "second":
            return own["generator"](tf.concat([noise[:, :100], c], axis=1), training=training), kl
        first, _ = stackgan.cloud_of(gan.objects["augmentation"], vectors, noise[:, 100:116])
        small = gan.objects["generator"](tf.concat([noise[:, :100], first], axis=1), training=False)
        return own["generator"]([small, c], training=training), kl

    def cross_entropy(images, vectors, label):
        values = own["discriminator"]([tf.convert_to_tensor(images), tf.convert_to_tensor(vectors)], training=True)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(values) * label, values))

    def d_loss_of():
        fake, _ = draw(e, D_NOISE)
        return cross_entropy(real, e, 1) + cross_entropy(fake, e, 0) + cross_entropy(real, wrong, 0)

    def g_loss_of():
        fake, kl = draw(e, G_NOISE)
        return cross_entropy(fake, e, 1) + kl

    weights = [w for name in ("augmentation", "generator") for w in own[name].trainable_variables]
    step = stackgan.make_train_step(
        draw, own["discriminator"], *(gan.objects[f"{prefix}{n}_optimizer"] for n in "gd"), weights, size
    )

    class Both:
        trainable_variables = weights

    (d_loss, g_loss, kl), d_expected, g_expected = steps.check(
        (Both, own["discriminator"]),
        (2e-4, 2e-4),
        lambda: step(tf.constant(REAL), CHOSEN, D_NOISE, G_NOISE),
        d_loss_of,
        g_loss_of,
    )
    np.testing.assert_allclose([d_loss, g_loss + kl], [d_expected, g_expected], rtol=1e-4)


def test_first_the_first_stage_then_the_second():
    images, captions = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8), np.arange(40)
    gan = stackgan.make(images, captions, width=2, first=2, batch_size=8)
    before = {name: model.get_weights() for name, model in gan.models.items()}

    def moved():
        return {
            name
            for name, model in gan.models.items()
            if any((a != b).any() for a, b in zip(before[name], model.get_weights(), strict=True))
        }

    first = {"augmentation", "generator", "discriminator"}
    gan.train(2)
    assert moved() == first
    before = {name: model.get_weights() for name, model in gan.models.items()}
    gan.train(1)
    assert moved() == {f"second_{name}" for name in first}
    pictures = gan.draw(0)
    assert pictures.shape == (40, 28, 28, 1) and gan.sample(2, condition="a one").shape == (2, 28, 28, 1)


def test_reading():
    """The nearest printed digit has its digit, weight and slant nearly always, also of held-out images."""
    from gan_tf import data

    test = data.load("captions", split="test")
    found = stackgan.rights(test.images[:500], test.labels[:500], "real")
    assert all(value > 0.9 for value, _ in found.values())
    wrong = stackgan.rights(test.images[:500], (test.labels[:500] + 33) % 40, "real")
    assert wrong["real: digit as said"][0] < 0.1
