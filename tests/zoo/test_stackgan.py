"""gan_tf.zoo.stackgan: captions, the cloud around them, a step of each stage by hand, and its phases."""

import numpy as np
import pytest
import scipy.special
import steps
import tensorflow as tf

from gan_tf.data import dataset
from gan_tf.data.captions import CAPTIONS
from gan_tf.metrics import captioned, pairs
from gan_tf.noise import uniform_noise
from gan_tf.zoo import blocks, stackgan

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
    found = blocks.wrong_labels(tf.fill([39], 7), uniform, 40).numpy()
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
    e, wrong = stackgan.VECTORS[CHOSEN], stackgan.VECTORS[blocks.wrong_labels(CHOSEN, D_NOISE[:, -1], 40).numpy()]
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


def test_first_the_first_stage_then_the_second(eagerly):
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


def test_inputs():
    """120 random numbers, then a 1 for each word: bold, slanted, zero, …, nine. Captions come in turn."""
    uniform = RANDOM.uniform(-1, 1, [4, 120]).astype(np.float32)
    numbers = np.array([39, 0, 12, 25])  # "a bold slanted nine", "a zero", "a bold two", "a slanted five"
    words = np.zeros([4, 12])
    for row, places in enumerate(([0, 1, 11], [2], [0, 4], [1, 7])):
        words[row, places] = 1
    inputs = stackgan.with_captions(uniform, numbers)
    np.testing.assert_array_equal(inputs, np.concatenate([uniform, words], axis=1))
    np.testing.assert_array_equal(stackgan.captions_of(inputs), numbers)
    noise = stackgan.make_noise(3, 2, 85)
    np.testing.assert_array_equal(noise[:, :120], uniform_noise(3, 2, 0, [85, 120]))
    expected = [*range(40), *range(1, 40), 0, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(stackgan.captions_of(noise), expected)
    asked = stackgan.make_noise(3, 2, 5, "a bold two")
    np.testing.assert_array_equal(asked, stackgan.with_captions(noise[:5, :120], np.full(5, 12)))


def strong(gan):
    """Makes the untrained networks so strong that every input counts."""
    for name, model in gan.models.items():
        for weight in model.trainable_variables:
            weight.assign((20 if "augmentation" in name else 8) * weight if len(weight.shape) > 1 else weight)
    return gan


def by_hand(gan, vectors, noise, stage, training):
    """What a stage draws. Only the last generator is `training`; the first stage then draws as it is."""
    objects = gan.objects

    def cloud(name):
        mu, log_sigma = np.split(np.asarray(objects[name](vectors), np.float64), 2, axis=1)
        kl = (np.exp(2 * log_sigma) / 2 + mu**2 / 2 - 0.5 - log_sigma).mean()
        normal = np.sqrt(2) * scipy.special.erfinv(noise[:, 100:116].astype(np.float64))
        return tf.constant(mu + np.exp(log_sigma) * normal, tf.float32), kl

    c, kl = cloud("augmentation")
    inputs = tf.concat([noise[:, :100], c], axis=1)
    if stage == "first":
        return objects["generator"](inputs, training=training), kl
    small = objects["generator"](inputs, training=False)
    c, kl = cloud("second_augmentation")
    return objects["second_generator"]([small, c], training=training), kl


@pytest.mark.parametrize("one_stage", [False, True])
def test_each_stage_draws_by_its_own_augmentation(monkeypatch, one_stage):
    """In training and for samples; each stage trains its own generator and augmentation, on images of its own size."""
    stages = []
    monkeypatch.setattr(stackgan, "make_train_step", lambda *given: stages.append(given))
    blocks = []
    monkeypatch.setattr(stackgan, "make_train_block", lambda _, *given: blocks.append(given))
    images = RANDOM.integers(0, 256, [9, 28, 28, 1], np.uint8)
    gan = strong(stackgan.make(images, CHOSEN, width=2, one_stage=one_stage, batch_size=8, seed=5))
    vectors = stackgan.VECTORS[CHOSEN]
    assert len(stages) == len(blocks) == 1 + (not one_stage)
    for given, stage in zip(stages, ("first", "second"), strict=False):
        draw, *others, weights, size, jit = given
        prefix = "second_" if stage == "second" else ""
        assert size == (28 if one_stage or stage == "second" else 14) and not jit
        names = [prefix + name for name in ("discriminator", "g_optimizer", "d_optimizer")]
        assert all(a is gan.objects[b] for a, b in zip(others, names, strict=True))
        own = [gan.objects[prefix + name].trainable_variables for name in ("augmentation", "generator")]
        assert [id(each) for each in weights] == [id(each) for part in own for each in part]
        (drawn, kl), (expected, kl_expected) = draw(vectors, G_NOISE), by_hand(gan, vectors, G_NOISE, stage, True)
        np.testing.assert_allclose(drawn, expected, atol=1e-4)
        np.testing.assert_allclose(kl, kl_expected, rtol=1e-4)
    for arrays, *others in blocks:
        assert others == [8, 5, 120] and arrays[0] is images
        np.testing.assert_array_equal(arrays[1], CHOSEN)
    noise = stackgan.with_captions(G_NOISE, CHOSEN)
    expected, _ = by_hand(gan, vectors, G_NOISE, "first" if one_stage else "second", False)
    np.testing.assert_allclose(gan.generate(noise), expected, atol=1e-4)
    assert np.asarray(expected).std(axis=0).max() > 0.05
    grid = gan.draw(2)
    noise = uniform_noise(5, 1, 2 * 40 * 120, [40, 120]).numpy()
    expected, _ = by_hand(gan, stackgan.VECTORS, noise, "first" if one_stage else "second", False)
    np.testing.assert_allclose(grid, expected, atol=1e-4)


@pytest.mark.parametrize("one_stage", [False, True])
def test_what_is_measured(monkeypatch, one_stage):
    """Real images, what is left of them in 14x14 pixels, and both stages: each with its own captions."""
    assert stackgan.COUNT == 2000
    monkeypatch.setattr(stackgan, "COUNT", 6)
    rights, distances = {}, []
    monkeypatch.setattr(
        captioned, "rights", lambda images, captions, what: rights.update({what: (images, captions)}) or {what: 1}
    )
    monkeypatch.setattr(captioned, "distance", lambda made, real: distances.append((made, real)) or len(distances))
    gan = strong(stackgan.make(width=2, one_stage=one_stage, seed=5))
    pixels, labels = RANDOM.integers(0, 256, [8, 28, 28, 1], np.uint8), np.arange(8) * 3
    found = gan.scores(dataset.make("captions", "", pixels, labels))
    real = pixels[:6] / np.float32(255)
    noise = uniform_noise(0, 3, 0, [6, 120]).numpy()
    again = pairs.enlarge(np.asarray(stackgan.shrunk(real)), 2)
    expected = {"real images": (real, labels[:6]), "real images, shrunk and enlarged": (again, labels[:6])}
    last, _ = by_hand(gan, stackgan.VECTORS[:6], noise, "first" if one_stage else "second", False)
    expected["images"] = last, np.arange(6)
    if not one_stage:
        small, _ = by_hand(gan, stackgan.VECTORS[:6], noise, "first", False)
        expected["first stage, enlarged"] = pairs.enlarge(np.asarray(small), 2), np.arange(6)
    assert list(rights) == list(expected)
    for what, (images, captions) in expected.items():
        np.testing.assert_allclose(rights[what][0], images, atol=1e-4)
        np.testing.assert_array_equal(rights[what][1], captions)
    names = list(expected)[1:]
    for number, (what, (made, originals)) in enumerate(zip(names, distances, strict=True), 1):
        assert found[f"{what}: FID"] == number
        np.testing.assert_allclose(made, expected[what][0], atol=1e-4)
        np.testing.assert_allclose(originals, real, atol=1e-6)
