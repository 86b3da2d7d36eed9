"""gan_tf.zoo.super_resolution: small and enlarged images, one step by hand, and its controls."""

import numpy as np
import pytest
import steps
import tensorflow as tf
from command_line import forked
from PIL import Image

from gan_tf.data import dataset
from gan_tf.metrics import classifier, pairs
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


def test_without_d_only_the_content_is_learned(eagerly):
    images = RANDOM.integers(0, 256, [40, 28, 28, 1], np.uint8)
    gan = member.make(images, width=2, content="pixels", adversarial_weight=0.0, batch_size=8)
    before = [w.numpy() for w in gan.objects["discriminator"].weights]
    assert gan.train(2).shape == (2, 1) and gan.loss_names == ("content_loss",)
    for old, weight in zip(before, gan.objects["discriminator"].weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_the_generator_by_hand():
    """Four residual blocks, a long connection from behind the first convolution, two pixel shuffles, and tanh."""
    random, generator = np.random.default_rng(3), member.make_generator(0, (12, 8, 3), 2)
    weights = [random.uniform(0.5, 1.5, each.shape) * random.choice([-1, 1], each.shape) for each in generator.weights]
    for index, weight in enumerate(generator.weights):  # so large that every layer counts
        weights[index] = np.abs(weights[index]) if "variance" in weight.path else 0.3 * weights[index]
    generator.set_weights(weights)
    of_kind = {
        kind: iter([layer for layer in generator.layers if type(layer).__name__ == kind])
        for kind in ("Conv2D", "BatchNormalization", "PReLU")
    }

    def conv(x):
        return next(of_kind["Conv2D"])(x)

    def norm(x):
        return next(of_kind["BatchNormalization"])(x, training=False)

    def bend(x):
        return next(of_kind["PReLU"])(x)

    small = random.random([2, 3, 2, 3]).astype(np.float32)
    x = first = bend(conv(2 * small - 1))
    for _ in range(4):
        x = x + norm(conv(bend(norm(conv(x)))))
    x = first + norm(conv(x))
    for _ in range(2):
        x = bend(tf.nn.depth_to_space(conv(x), 2))
    expected = (np.tanh(conv(x)) + 1) / 2
    assert all(next(each, None) is None for each in of_kind.values()), "no layer is left"
    assert expected.std() > 0.1
    np.testing.assert_allclose(generator(small, training=False), expected, rtol=1e-4, atol=1e-5)
    sizes = [layer.kernel_size for layer in generator.layers if type(layer).__name__ == "Conv2D"]
    assert sizes == [(5, 5), *[(3, 3)] * 11, (5, 5)]


def test_make_tells_its_step_the_content_and_the_weight(monkeypatch):
    """The features of the classifier that is asked for, or the pixels themselves; the weight is 0.01."""
    seen, asked = [], []
    monkeypatch.setattr(member, "make_train_step", lambda *given: seen.append(given))
    monkeypatch.setattr(member, "make_features", lambda name: asked.append(name) or "features")
    first, *_ = gans = [member.make(width=2), member.make(width=2, classifier="heads", adversarial_weight=0.0)]
    gans.append(member.make(width=2, content="pixels", adversarial_weight=3.0))
    assert asked == ["mnist", "heads"] and [given[5] for given in seen] == [0.01, 0.0, 3.0]
    assert seen[0][4] == seen[1][4] == "features"
    np.testing.assert_array_equal(seen[2][4](REAL), REAL)
    for given, gan in zip(seen, gans, strict=True):
        assert all(a is b for a, b in zip(given, gan.objects.values(), strict=False))
    for name in ("g_optimizer", "d_optimizer"):
        config = first.objects[name].get_config()
        found = [config[each] for each in ("learning_rate", "beta_1", "beta_2", "epsilon")]
        np.testing.assert_allclose(found, [1e-4, 0.9, 0.999, 1e-8], rtol=1e-6)


def test_scores_by_hand():
    """G's images and splines, both made of the small images, next to the originals."""
    gan, random = member.make(width=2, shape=(16, 12, 3), content="pixels"), np.random.default_rng(4)
    last = [layer for layer in gan.objects["generator"].layers if type(layer).__name__ == "Conv2D"][-1]
    last.kernel.assign(100 * last.kernel)
    pixels = random.integers(0, 256, [5, 16, 12, 3], np.uint8)
    found, real = gan.scores(dataset.make("noise", "", pixels)), pixels / 255
    small = member.shrunk(real.astype(np.float32))
    made = {"enlarged": np.asarray(gan.objects["generator"](small)), "splines": pairs.enlarge(small, 4)}
    assert [title.split(":")[0] for title in found] == ["enlarged"] * 2 + ["splines"] * 2
    for what, images in made.items():
        errors = np.abs(images - real).mean(axis=(1, 2, 3))
        expected = (errors.mean(), errors.std(ddof=1) / 5**0.5)
        assert found[f"{what}: difference of a pixel"] == pytest.approx(expected, rel=1e-4)
        ratios = -10 * np.log10(((images - real) ** 2).mean(axis=(1, 2, 3)))
        assert found[f"{what}: PSNR"] == pytest.approx((ratios.mean(), ratios.std(ddof=1) / 5**0.5), rel=1e-4)


def test_the_grid_shows_small_enlarged_and_original():
    images = RANDOM.integers(0, 256, [20, 12, 8, 3], np.uint8)
    gan = member.make(images, width=2, content="pixels", batch_size=4)
    grid, chosen = gan.draw(2), images[[16, 17, 18, 19, 0, 1, 2, 3]] / np.float32(255)
    small = member.shrunk(chosen)
    np.testing.assert_allclose(grid[:8], member.nearest(small), atol=1e-6)
    np.testing.assert_allclose(grid[8:16], gan.objects["generator"](small), atol=1e-6)
    np.testing.assert_allclose(grid[16:], chosen, atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--size=16"], "no classifier knows these pictures, and --content=features needs one: use --content=pixels."),
        (["--size=18", "--content=pixels"], "this GAN needs pictures whose height and width are multiples of 4: "),
    ],
)
def test_wrong_data_are_refused_before_tensorflow_is_imported(flags, words, tmp_path):
    (tmp_path / "mine").mkdir()
    for i in range(20):
        Image.fromarray(RANDOM.integers(0, 256, [20, 20, 3], np.uint8)).save(tmp_path / "mine" / f"{i}.png")
    result = forked("gan_tf.zoo.super_resolution", "--dataset=folder", "--data_dir=mine", *flags, cwd=tmp_path)
    assert result.returncode == 1 and "importing" not in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"error: {words}")
