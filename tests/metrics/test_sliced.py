"""gan_tf.metrics.sliced: the distance by hand and by SciPy, what it sees and does not see, and copies."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.spatial
import scipy.stats

from gan_tf import data
from gan_tf.metrics import scores, sliced


def pictures(n, shape=(32, 32, 3), seed=0):
    """Smooth random pictures in [0, 1]. The channels are correlated, and each has its own mean, scale and roughness."""
    noise = np.random.default_rng(seed).normal(size=[n, *shape])
    for channel in range(1, shape[2]):
        noise[..., channel] += 0.5 * noise[..., 0]
    for channel in range(shape[2]):
        noise[..., channel] = scipy.ndimage.gaussian_filter(noise[..., channel], (0, 0.8 + channel, 1.2 + channel))
    noise /= noise.std(axis=(0, 1, 2))
    scale, centre = np.array([0.05, 0.1, 0.07])[: shape[2]], np.array([0.5, 0.4, 0.6])[: shape[2]]
    return (centre + scale * noise).clip(0, 1).astype(np.float32)


@pytest.fixture
def without_errors(monkeypatch):
    """Computes no standard errors and takes fewer directions, which is faster."""
    monkeypatch.setattr(sliced, "_error", lambda *_: None)
    monkeypatch.setattr(sliced, "DIRECTIONS", 128)


# The distance again, in float64 and without its tricks.


def filtered(image):
    """One picture [height, width, channels] after the 5x5 filter, as a sum of 25 shifted pictures."""
    row = np.array([1, 4, 6, 4, 1])
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    height, width, _ = image.shape
    return sum(row[i] * row[j] / 256 * padded[i : i + height, j : j + width] for i in range(5) for j in range(5))


def split(image):
    """(details, small picture) of one picture."""
    small = filtered(image)[::2, ::2]
    spaced = np.zeros(image.shape)
    for y in range(small.shape[0]):
        for x in range(small.shape[1]):
            spaced[2 * y, 2 * x] = 4 * small[y, x]
    return image - filtered(spaced), small


def normalised(found):
    """Patches [n, k, channels, 7, 7] as [n * k, channels * 49]."""
    found = np.array(found, np.float64)
    for channel in range(found.shape[2]):
        found[:, :, channel] -= found[:, :, channel].mean()
        found[:, :, channel] /= found[:, :, channel].std()
    return found.reshape(-1, found[0, 0].size)


def distance_by_hand(made, real, directions):
    made, real = normalised(made), normalised(real)
    each = [scipy.stats.wasserstein_distance(made @ v.ravel(), real @ v.ravel()) for v in directions]
    return 1000 * np.mean(each)


def by_hand(made, real, seed, levels):
    """{level: (patches of `made`, patches of `real`, directions)}, with the same random numbers."""
    random = np.random.Generator(np.random.Philox(key=seed))
    sets, found = [np.array(made, np.float64), np.array(real, np.float64)], {}
    for level in range(levels):
        height, width, channels = sets[0].shape[1:]
        cut = []
        for i in range(2):
            n = len(sets[i])
            tops, lefts = random.integers(0, height - 6, [n, 128]), random.integers(0, width - 6, [n, 128])
            details = sets[i]
            if level < levels - 1:
                details, sets[i] = (np.stack(each) for each in zip(*map(split, sets[i]), strict=True))
            cut.append(
                [
                    [details[p, y : y + 7, x : x + 7].transpose(2, 0, 1) for y, x in zip(*of, strict=True)]
                    for p, of in enumerate(zip(tops, lefts, strict=True))
                ]
            )
        directions = random.normal(size=[512, channels, 7, 7])
        directions = np.stack([v / np.linalg.norm(v) for v in directions])
        found[f"{height}x{width}"] = (*map(np.array, cut), directions)
    return found


def test_the_whole_by_hand():
    """Odd sides, unlike height and width, three channels; 12 pictures, so that the jackknife's groups are unequal."""
    made, real = pictures(12, (27, 34, 3), 1), pictures(12, (27, 34, 3), 2)[..., ::-1] ** 2
    found = sliced.sliced_wasserstein(made, real, seed=5)
    assert list(found) == ["27x34", "14x17", "mean"]
    for name, (a, b, directions) in by_hand(made, real, 5, levels=2).items():
        assert found[name][0] == pytest.approx(distance_by_hand(a, b, directions), rel=2e-5), name
        kept = [np.arange(12) % 10 != group for group in range(10)]
        without = [distance_by_hand(a[of, :32], b[of, :32], directions[:32]) for of in kept]
        assert found[name][1] == pytest.approx(np.std(without) * 9**0.5, rel=1e-3), name
    for i in range(2):
        assert found["mean"][i] == pytest.approx((found["27x34"][i] + found["14x17"][i]) / 2, rel=1e-12)
    assert 100 < 1.2 * found["27x34"][0] < found["14x17"][0], "they would be mistaken for each other"


def test_one_channel_few_pictures():
    made, real = pictures(3, (28, 28, 1), 1), pictures(3, (28, 28, 1), 2)
    found = sliced.sliced_wasserstein(made, real)
    for name, patches in by_hand(made, real, 0, levels=2).items():
        assert found[name] == (pytest.approx(distance_by_hand(*patches), rel=2e-5), None), name
    assert found["mean"][1] is None
    errors = [
        sliced.sliced_wasserstein(*pictures(2 * n, (16, 16, 1)).reshape(2, n, 16, 16, 1))["mean"][1] for n in (9, 10)
    ]
    assert errors[0] is None and errors[1] > 0


def test_constants():
    """Karras et al. 2018, section 5: 7x7 pixels, 128 of each picture, 512 projections. The rest is ours."""
    assert (sliced.PATCH, sliced.PATCHES, sliced.DIRECTIONS, sliced.FACTOR) == (7, 128, 512, 1000)
    assert (sliced.MOST, sliced.FEWEST, sliced.COPIES, sliced.NEIGHBOURS) == (2000, 10, 0.01, 1000)


def test_levels():
    assert sliced.sizes(128, 128) == [(128, 128), (64, 64), (32, 32), (16, 16)], "the program's"
    assert sliced.sizes(16, 64) == [(16, 64)]
    assert sliced.sizes(28, 28) == [(28, 28), (14, 14)]
    assert sliced.sizes(110, 55) == [(110, 55), (55, 28), (28, 14)]
    assert sliced.sizes(26, 26) == [(26, 26)]
    with pytest.raises(ValueError, match="at least 16x16 pixels, not 16x15"):
        sliced.sizes(16, 15)


def test_the_levels_add_up_to_the_picture():
    """Details plus the enlarged small picture; a picture of one value stays one, also at the borders."""
    images = pictures(2, (33, 46, 3))
    small = sliced.smaller(images)
    assert small.shape == (2, 17, 23, 3)
    details, again = split(images[1].astype(np.float64))
    np.testing.assert_allclose(small[1], again, atol=1e-6)
    np.testing.assert_allclose(images[1] - sliced.larger(small, 33, 46)[1], details, atol=1e-6)
    flat = np.full([1, 33, 46, 1], 0.7, np.float32)
    np.testing.assert_allclose(sliced.larger(sliced.smaller(flat), 33, 46), flat, atol=1e-6)


def test_patches_reach_each_border():
    images = np.arange(2 * 16 * 20 * 3, dtype=np.float32).reshape(2, 16, 20, 3)
    found = sliced.patches(images, np.array([[0, 9], [4, 9]]), np.array([[13, 0], [5, 13]]))
    assert found.shape == (2, 2, 3, 7, 7)
    np.testing.assert_array_equal(found[1, 0], images[1, 4:11, 5:12].transpose(2, 0, 1))
    np.testing.assert_array_equal(found[0, 0], images[0, :7, 13:].transpose(2, 0, 1))
    np.testing.assert_array_equal(found[1, 1], images[1, 9:, 13:].transpose(2, 0, 1))


def test_distance_of_known_distributions():
    """±1 and a uniform distribution with standard deviation 1 have the distance ∫ |1 - √3 t| dt = 0.4434 on [0, 1]."""
    n = 2000
    uniform, signs = (np.arange(n) + 0.5) / n, np.tile([-1.0, 1.0], n // 2)
    one = np.ones([n, 1, 1, 7, 7], np.float32)
    made, real = (one * each[:, None, None, None, None].astype(np.float32) for each in (5 * uniform + 3, signs))
    v = np.random.default_rng(0).normal(size=[40, 1, 7, 7])  # each patch has one value x, so v·x = x Σ v
    expected = 1000 * (5 - 12**0.5) / 12**0.5 * np.abs(v.sum(axis=(1, 2, 3))).mean()
    assert sliced.distance(made, real, v) == pytest.approx(expected, rel=1e-3)


def test_each_channel_is_scaled_by_itself():
    random = np.random.default_rng(0)
    made, v = random.gamma(2, size=[30, 8, 3, 7, 7]).astype(np.float32), random.normal(size=[33, 3, 7, 7])
    scale, shift = np.array([0.5, 3, 20]).reshape(3, 1, 1), np.array([1, -7, 0.2]).reshape(3, 1, 1)
    changed = (made * scale + shift).astype(np.float32)
    assert sliced.distance(made, changed, v) == pytest.approx(0, abs=0.05)
    assert sliced.distance(made, -made, v) > 50, "the control: another distribution"


def test_pictures_of_one_colour():
    """Their fine levels are rounding errors, which are not scaled up; and nothing is divided by 0."""
    random = np.random.default_rng(0)
    made, real = (np.ones([20, 32, 32, 3], np.float32) * random.uniform(0, 1, [20, 1, 1, 3]).astype(np.float32)
                  for _ in range(2))  # fmt: skip
    found = sliced.sliced_wasserstein(made, real)
    assert found["32x32"][0] < 0.01 and found["16x16"][0] > 50
    black = sliced.sliced_wasserstein(np.zeros_like(made), real)
    assert np.isfinite([*black["32x32"], *black["mean"]]).all() and black["16x16"][0] > 500


def test_equal_sets_and_the_order_of_pictures():
    """The same pictures: only the choice of patches differs. Another order changes less than the standard error."""
    real, made = pictures(60, (16, 16, 3), seed=1), pictures(60, (16, 16, 3), seed=2) ** 3
    different = sliced.sliced_wasserstein(made, real)["16x16"]
    same = sliced.sliced_wasserstein(real, real)["16x16"][0]
    reordered = sliced.sliced_wasserstein(made[np.random.default_rng(0).permutation(60)], real)["16x16"][0]
    assert 0 < same < 0.5 * different[0]
    assert 0 < abs(reordered - different[0]) < different[1]
    random = np.random.default_rng(0)
    found, v = random.normal(size=[4, 8, 3, 7, 7]).astype(np.float32), random.normal(size=[5, 3, 7, 7])
    assert sliced.distance(found, found, v) == 0 == sliced.distance(found, found[[2, 0, 3, 1]], v)


def test_the_seed_alone_decides(monkeypatch):
    monkeypatch.setattr(sliced, "DIRECTIONS", 64)
    made, real = pictures(10, seed=1), pictures(10, seed=2)
    first = sliced.sliced_wasserstein(made, real, seed=7)
    assert sliced.sliced_wasserstein(made, real, seed=7) == first
    assert sliced.sliced_wasserstein(made, real, seed=8)["mean"] != first["mean"]


def test_bytes():
    made, real = ((255 * pictures(3, seed=seed)).astype(np.uint8) for seed in (1, 2))
    as_floats = (each * np.float32(1 / 255) for each in (made, real))
    assert sliced.sliced_wasserstein(made, real) == sliced.sliced_wasserstein(*as_floats)


def test_parts_do_not_matter(monkeypatch):
    monkeypatch.setattr(sliced, "DIRECTIONS", 64)
    made, real = pictures(11, seed=1), pictures(11, seed=2)
    whole = sliced.sliced_wasserstein(made, real)
    monkeypatch.setattr(sliced, "AT_ONCE", 3 * made[0].size)
    for level, pair in sliced.sliced_wasserstein(made, real).items():
        assert pair == pytest.approx(whole[level], rel=1e-5)


def test_a_level_sees_its_details_alone(without_errors):
    """A chessboard of pixels is a fine detail, the brightness of a picture a coarse one: the other level stays."""
    real, made = pictures(100, (32, 32, 1), seed=1), pictures(100, (32, 32, 1), seed=2)
    chessboard = 0.1 * (-1.0) ** np.indices([32, 32, 1]).sum(axis=0)  # the filter gives 1 - 4 + 6 - 4 + 1 = 0 of it
    brightness = np.where(np.arange(100) % 2, 0.3, 0).reshape(100, 1, 1, 1)
    usual, fine, coarse = (
        sliced.sliced_wasserstein((made + change).astype(np.float32), real) for change in (0, chessboard, brightness)
    )
    assert fine["32x32"][0] > 4 * usual["32x32"][0] and coarse["16x16"][0] > 4 * usual["16x16"][0]
    assert fine["16x16"][0] == pytest.approx(usual["16x16"][0], rel=1e-3)
    assert coarse["32x32"][0] == pytest.approx(usual["32x32"][0], rel=1e-3)


def test_a_blur_changes_fine_levels_most(without_errors):
    """Three levels of noise; the blur is about as wide as a pixel of the finest."""
    real, made = (np.random.default_rng(seed).uniform(size=[40, 64, 64, 1]).astype(np.float32) for seed in range(2))
    usual = sliced.sliced_wasserstein(made, real)
    blurred = sliced.sliced_wasserstein(scipy.ndimage.gaussian_filter(made, (0, 0.7, 0.7, 0)), real)
    times = [blurred[level][0] / usual[level][0] for level in ("64x64", "32x32", "16x16")]
    assert times[0] > 2 and 1.1 < times[1] < 1.4 and times[2] < 1.1, times


def test_swapped_channels_are_seen(without_errors):
    """Each channel alone has the same patches as before, but the smooth one and the rough one change places."""
    real, made = pictures(60, seed=1), pictures(60, seed=2)
    usual, swapped = (sliced.sliced_wasserstein(each, real) for each in (made, made[..., ::-1]))
    assert swapped["32x32"][0] > 2 * usual["32x32"][0]


def test_fewer_pictures_have_a_larger_distance(without_errors):
    """About a constant / √n, as the docstring says: twice the distance with a quarter of the pictures."""

    def of(n):
        of_seed = [sliced.sliced_wasserstein(*np.split(pictures(2 * n, (16, 16, 1), seed), 2)) for seed in range(5)]
        return np.mean([each["mean"][0] for each in of_seed])

    assert 1.6 < of(20) / of(80) < 2.5


@pytest.mark.slow
def test_the_standard_error(monkeypatch):
    """It is near the standard deviation over independent sets, within the factors of the docstring."""
    monkeypatch.setattr(sliced, "DIRECTIONS", 64)
    sets = pictures(600, (16, 16, 1)).reshape(15, 2, 20, 16, 16, 1)
    found = np.array([sliced.sliced_wasserstein(*pair)["16x16"] for pair in sets])
    assert 0.6 < found[:, 1].mean() / found[:, 0].std(ddof=1) < 2.4


def test_shapes():
    with pytest.raises(ValueError, match=r"same shape, not \[4, 32, 32, 3\] and \[5, 32, 32, 3\]"):
        sliced.sliced_wasserstein(pictures(4), pictures(5))
    with pytest.raises(ValueError, match="at least 16x16"):
        sliced.sliced_wasserstein(pictures(4, (15, 16, 1)), pictures(4, (15, 16, 1)))


def test_on_mnist(mnist_dir, without_errors):
    """Real digits are nearer to real digits than blurred ones are, and these are nearer than noise."""
    pixels = data.load("mnist", mnist_dir, "test").images[:2000]
    real, made = pixels[::10], pixels[5::10]
    noise = np.random.default_rng(0).uniform(size=made.shape).astype(np.float32)
    blurred = scipy.ndimage.gaussian_filter(made, (0, 1, 1, 0))
    each = [sliced.sliced_wasserstein(images, real)["28x28"][0] for images in (made, blurred, noise)]
    assert each[0] < 25 and each[1] > 3 * each[0] and each[2] > 1.5 * each[1]


@pytest.fixture(scope="module")
def searched():
    """Pictures to look for, training pictures as bytes, and their distances by SciPy [9, 50]."""
    random = np.random.default_rng(0)
    training = random.integers(0, 256, [50, 16, 17, 3], np.uint8)
    images = random.uniform(0, 1, [9, 16, 17, 3]).astype(np.float32)
    images[4] = training[37] * np.float32(1 / 255)
    images[6] = images[4][:, ::-1]
    apart = scipy.spatial.distance.cdist(images.reshape(9, -1), training.reshape(50, -1) / 255)
    return images, training, apart / (16 * 17 * 3) ** 0.5


@pytest.mark.parametrize("at_once", [1, 7 * 816, 2**22])
def test_nearest_training(searched, at_once, monkeypatch):
    """Against SciPy, for one part or several; a copy has the distance 0."""
    monkeypatch.setattr(sliced, "AT_ONCE", at_once)
    images, training, apart = searched
    for kind in (training, training * np.float32(1 / 255)):
        distances, indices = sliced.nearest_training(images, kind)
        np.testing.assert_array_equal(indices, apart.argmin(axis=1))
        np.testing.assert_allclose(distances, apart.min(axis=1), rtol=1e-6, atol=1e-7)
        assert distances[4] == 0 and indices[4] == 37 and distances[6] > 0.3
        assert distances.dtype == np.float64 and indices.dtype == np.int64


def test_nearest_training_from_a_file(searched, tmp_path):
    images, training, _ = searched
    file = np.memmap(tmp_path / "training", np.uint8, "w+", shape=training.shape)
    file[:] = training
    for ours, expected in zip(
        sliced.nearest_training(images, file), sliced.nearest_training(images, training), strict=True
    ):
        np.testing.assert_array_equal(ours, expected)
    assert sliced.nearest_training(images[:, :, ::-1], file)[0][6] == 0, "the mirrored copy"


def test_the_files_parts_are_small(searched):
    """No part of the training pictures has more than 2**22 numbers, nor its distances to all the pictures."""

    class Spy:
        shape, sizes = (9000, 16, 16, 3), []

        def __len__(self):
            return 9000

        def __getitem__(self, wanted):
            if isinstance(wanted, slice):
                self.sizes.append(len(range(*wanted.indices(9000))))
                return np.zeros([self.sizes[-1], 16, 16, 3], np.uint8)
            return np.zeros([16, 16, 3], np.uint8)

    sliced.nearest_training(np.ones([2000, 16, 16, 3], np.float32), Spy())
    assert sum(Spy.sizes) == 9000 and 1000 < max(Spy.sizes) <= 2**22 / 2000


def test_the_threshold_of_copies():
    """The k-th smallest distance, k = 1% of them but at least 1; a distance equal to it is no copy."""
    random = np.random.default_rng(0)
    for m, k in [(10, 1), (20, 1), (199, 1), (200, 2), (1000, 10), (1099, 10)]:
        threshold, share = sliced.copy_threshold(random.permutation(m) + 5.0)
        assert threshold == 5 + k - 1 and share == k / (m + 1)
    real = random.permutation(1000) / 1000
    assert sliced.copies(np.array([0, 0.00899, 0.009, 0.3]), real) == 2 / 4


def test_copies_are_found_and_others_are_not():
    """A tenth of these are copies with a little noise. Independent pictures: the share that the docstring says."""
    training, real, made = pictures(300, (16, 16, 1), 1), pictures(150, (16, 16, 1), 2), pictures(200, (16, 16, 1), 3)
    to_real = sliced.nearest_training(real, training)[0]
    assert sliced.copies(sliced.nearest_training(made, training)[0], to_real) <= 0.02
    made[::10] = training[40:60] + np.random.default_rng(0).normal(0, 0.01, [20, 16, 16, 1])
    assert 0.1 <= sliced.copies(sliced.nearest_training(made, training)[0], to_real) <= 0.12
    random = np.random.default_rng(0)
    for m in (20, 1000):
        independent = [sliced.copies(random.gamma(3, size=300), random.gamma(3, size=m)) for _ in range(600)]
        expected = sliced.copy_threshold(np.arange(m))[1]
        assert np.mean(independent) == pytest.approx(expected, abs=4 * np.std(independent) / 600**0.5)
        assert expected == pytest.approx({20: 0.0476, 1000: 0.00999}[m], abs=1e-4)


def test_table(monkeypatch):
    """Equal numbers of pictures, chosen at random from all; the errors are those of the other tables."""
    training = (255 * pictures(80, (16, 16, 1), 1)).astype(np.uint8)
    made, held_out = pictures(40, (16, 16, 1), 2) ** 2, pictures(30, (16, 16, 1), 3)
    seen = []

    def spy(a, b, seed):
        seen.append((a, b, seed))
        return {"16x16": (a.sum(), 3.0), "8x8": (b.sum(), 4.0), "mean": (a.sum() + b.sum(), 5.0)}

    monkeypatch.setattr(sliced, "sliced_wasserstein", spy)
    monkeypatch.setattr(sliced, "NEIGHBOURS", 35)
    found = sliced.table(made, held_out, training, seed=6)
    assert found["note"] == "" and found.keys() == {"samples", "real", "note"}
    for (a, b, seed), images in zip(seen, (made, held_out), strict=True):
        assert seed == 6 and a.shape == b.shape == (30, 16, 16, 1) and a.dtype == b.dtype == np.float32
        np.testing.assert_array_equal(b, seen[0][1])
        for some, whole in ((a, images), (b, training * np.float32(1 / 255))):
            places = [int(np.flatnonzero((each == whole).all(axis=(1, 2, 3)))[0]) for each in some]
            assert len(set(places)) == 30 and max(places) >= 0.9 * len(whole) - 1 and places == sorted(places)
    for column, images, (a, b, _) in zip(("samples", "real"), (made, held_out), seen, strict=True):
        scored = found[column]
        assert scored["sliced_wasserstein"] == (a.sum() + b.sum(), 5)
        assert scored["sliced_wasserstein_16x16"] == (a.sum(), 3) and scored["sliced_wasserstein_8x8"] == (b.sum(), 4)
        assert scored["spread"][0] == pytest.approx(a.astype(np.float64).std(axis=0).mean(), rel=1e-9)
        assert scored["spread"][1] == pytest.approx(scores.jackknife(lambda x: x.std(axis=0).mean(), a), rel=1e-3)
        every = sliced.nearest_training(images, training)[0]
        error = scored["nearest_training"][1] * min(35, len(images)) ** 0.5
        assert scored["nearest_training"][0] == pytest.approx(every.mean(), abs=0.2 * every.std())
        assert error == pytest.approx(every.std(ddof=1), rel=0.2)
        assert (scored["nearest_training"][0] == pytest.approx(every.mean(), rel=1e-9)) == (column == "real"), (
            "35 of 40"
        )
    assert found["real"]["copies"] == (1 / 31, None)
    assert sliced.table(made, held_out, training, seed=6)["samples"] == found["samples"]


def test_table_of_copies():
    """Half of the samples are training pictures, in disorder: near in all scores, and half are copies."""
    training, held_out = pictures(100, (28, 28, 1), 1), pictures(40, (28, 28, 1), 2)
    made = np.concatenate([training[50:90], pictures(40, (28, 28, 1), 3)])[::-1]
    found = sliced.table(made, held_out, training)
    share, error = found["samples"]["copies"]
    assert share == pytest.approx(0.5, abs=0.03) and error == pytest.approx((share * (1 - share) / 80) ** 0.5)
    assert found["samples"]["nearest_training"][0] < 0.6 * found["real"]["nearest_training"][0]
    names = [f"sliced_wasserstein{level}" for level in ("", "_28x28", "_14x14")]
    assert list(found["samples"]) == list(found["real"]) == [*names, "spread", "nearest_training", "copies"]
    words = sliced.titles(found["samples"])
    assert list(words) == list(found["samples"]) and len(set(words.values())) == 6
    assert words["sliced_wasserstein_28x28"] == "its level 28x28" and words["spread"] == "spread"
    for name in names:
        assert found["samples"][name][0] == pytest.approx(found["real"][name][0], rel=0.4)


def test_table_without_real_pictures():
    training, made = pictures(50, (16, 16, 1), 1), pictures(40, (16, 16, 1), 2)
    found = sliced.table(made, training[:9], training[9:])
    assert found["real"] == {} and "copies" not in found["samples"]
    assert found["note"] == "Only 9 real pictures are held out; a comparison with them takes at least 10."
    expected = sliced.sliced_wasserstein(made, made)["16x16"][0]
    assert 0 < expected < found["samples"]["sliced_wasserstein_16x16"][0], "all 40, not 9 of them"
    assert sliced.table(made, training[:10], training[10:])["real"]
    few = sliced.table(made[:5], training[:10], training[10:])["samples"]
    assert few["spread"][1] is None and few["sliced_wasserstein"][1] is None


def test_table_compares_at_most_2000(monkeypatch):
    monkeypatch.setattr(sliced, "MOST", 12)
    counts = []
    monkeypatch.setattr(sliced, "sliced_wasserstein", lambda a, b, seed: counts.append(len(a)) or {"mean": (0, 0)})
    sliced.table(*(pictures(20, (16, 16, 1), seed) for seed in range(3)))
    sliced.table(*(pictures(n, (16, 16, 1), n) for n in (20, 19, 11)))
    sliced.table(*(pictures(n, (16, 16, 1), n) for n in (10, 19, 20)))
    assert counts == [12, 12, 11, 11, 10, 10]
