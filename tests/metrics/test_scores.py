"""gan_tf.metrics.scores against closed forms, SciPy, and counting by hand."""

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial
import scipy.special
import scipy.stats

from gan_tf.metrics import scores


def one_hot(labels, classes=10):
    return np.eye(classes)[labels]


def test_classifier_score_of_uniform_predictions():
    """A classifier that cannot tell gives 1, whatever the images."""
    assert scores.classifier_score(np.full([500, 10], 0.1)) == pytest.approx((1, 0), abs=1e-12)


def test_classifier_score_of_one_hot_predictions():
    """Sure of each, and all classes equally frequent: as many as there are classes."""
    labels = np.repeat(np.arange(10), 100)
    assert scores.classifier_score(one_hot(labels)) == pytest.approx((10, 0), abs=1e-12)
    assert scores.classifier_score(one_hot(np.repeat(np.arange(4), 250))) == pytest.approx((4, 0), abs=1e-12)
    assert scores.classifier_score(one_hot(np.zeros(100, int))) == pytest.approx((1, 0), abs=1e-12)


def test_classifier_score_against_scipy():
    p = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 1000)
    parts = [np.exp(scipy.stats.entropy(part, part.mean(0), axis=1).mean()) for part in (p[i::5] for i in range(5))]
    assert scores.classifier_score(p, splits=5) == pytest.approx((np.mean(parts), scipy.stats.sem(parts)), rel=1e-12)
    assert np.std(parts) > 0.01


def with_moments(mean, cov, n, seed):
    """n points with exactly this mean and this covariance."""
    x = np.random.default_rng(seed).normal(size=[n, len(mean)])
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return x @ np.linalg.cholesky(cov).T + mean


def test_frechet_distance_of_gaussians():
    """Of N(a, diag s²) and N(b, diag t²) it is ‖a - b‖² + Σ (s - t)²."""
    a, b, s, t = np.array([0, 1, 2.0]), np.array([3, 1, 0.0]), np.array([1, 2, 3.0]), np.array([2, 2, 0.5])
    x, y = with_moments(a, np.diag(s**2), 50, 0), with_moments(b, np.diag(t**2), 70, 1)
    assert scores.frechet_distance(x, y) == pytest.approx(9 + 4 + 1 + 6.25, rel=1e-10)
    assert scores.frechet_distance(x, x) == pytest.approx(0, abs=1e-10)


def test_frechet_distance_against_scipy():
    random = np.random.default_rng(2)
    x, y = random.normal(size=[400, 20]) @ random.normal(size=[20, 20]), random.normal(1, 2, [300, 20])
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(
        cov_x + cov_y - 2 * scipy.linalg.sqrtm(cov_x @ cov_y).real
    )
    assert scores.frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_of_singular_covariances():
    """Features that never move, as a ReLU's that is dead: no NaN, and the mean's distance remains."""
    x = np.random.default_rng(3).normal(size=[100, 5])
    x[:, 3:] = 0
    y = x.copy()
    y[:, 4] = 2
    assert scores.frechet_distance(x, y) == pytest.approx(4, abs=1e-6)


def test_histogram():
    p = one_hot([0] * 50 + [1] * 45 + [2] * 4 + [3])
    histogram = scores.class_histogram(p)
    np.testing.assert_array_equal(histogram, [0.5, 0.45, 0.04, 0.01, 0, 0, 0, 0, 0, 0])
    assert scores.classes_covered(histogram) == 4
    assert scores.classes_covered([0.991, 0.009] + [0] * 8) == 1
    expected = scipy.stats.entropy(histogram, np.full(10, 0.1))
    assert scores.divergence_from_uniform(histogram) == pytest.approx(expected, rel=1e-12)
    assert scores.divergence_from_uniform(np.full(10, 0.1)) == pytest.approx(0, abs=1e-15)
    assert scores.divergence_from_uniform([1] + [0] * 9) == pytest.approx(np.log(10), rel=1e-12)


def test_nearest_against_scipy():
    random = np.random.default_rng(4)
    a, b = random.normal(size=[2300, 8]), random.normal(size=[500, 8])
    distances, indices = scores.nearest(a, b, 3)
    expected = scipy.spatial.KDTree(b).query(a, 3)
    np.testing.assert_allclose(distances, expected[0], rtol=1e-10)
    np.testing.assert_array_equal(indices, expected[1])


def test_precision_recall_by_counting():
    """Real: eleven numbers one apart, whose balls for k = 1 reach one far. Fake: within, at the rim, outside."""
    real = np.arange(11.0)[:, None]
    fake = np.array([0.5, 5.25, -1.0, -1.5, 40.0])[:, None]
    precision, recall = scores.precision_recall(real, fake, k=1)
    assert precision == 3 / 5
    # Balls of the fakes: 0.5 ± 1.5, 5.25 ± 4.75, -1 ± 0.5, -1.5 ± 0.5, 40 ± 34.75: all but none of 0 to 10.
    covered = [x for x in range(11) if abs(x - 0.5) <= 1.5 or abs(x - 5.25) <= 4.75 or x >= 40 - 34.75]
    assert recall == len(covered) / 11


def test_a_ball_reaches_to_its_neighbour():
    """Points at a whole number's root from a centre, as its neighbour on the other side: they are in, all of them."""
    random = np.random.default_rng(8)
    centres, steps = np.zeros([200, 5]), random.integers(-5, 6, [200, 5]) * 1.0
    centres[:, 0] = 1000 * np.arange(200)
    precision, recall = scores.precision_recall(np.concatenate([centres, centres + steps]), centres - steps, k=1)
    assert precision == 1
    squares = (steps**2).sum(axis=1)
    assert (np.sqrt(squares) ** 2 < squares).sum() > 40, "and with roots this many would be out"


def test_precision_recall_of_lost_modes():
    """Samples of one of two clusters: precise, but half is missing; of both, and as many elsewhere: the reverse."""
    random = np.random.default_rng(5)
    real = np.concatenate([random.normal(0, 1, [500, 2]), random.normal(100, 1, [500, 2])])
    one = random.normal(0, 1, [1000, 2])
    precision, recall = scores.precision_recall(real, one)
    assert precision > 0.9 and 0.4 < recall <= 0.5
    too_many = np.concatenate([random.normal(0, 1, [500, 2]), random.normal(-300, 1, [500, 2])])
    assert scores.precision_recall(one, too_many)[0] == pytest.approx(0.5, abs=0.05)
    with pytest.raises(ValueError, match="more than 3 images"):
        scores.precision_recall(real, one[:3])


def test_parzen_against_scipy():
    random = np.random.default_rng(6)
    samples, images, sigma = random.uniform(0, 1, [40, 6]), random.uniform(0, 1, [600, 6]), 0.3
    expected = [
        scipy.special.logsumexp(scipy.stats.norm(samples, sigma).logpdf(x).sum(axis=1)) - np.log(40) for x in images
    ]
    ours = scores.parzen_log_likelihood(images, samples, [sigma, 2 * sigma])
    assert ours.shape == (600, 2)
    np.testing.assert_allclose(ours[:, 0], expected, rtol=1e-10)


def test_parzen_far_from_all_samples():
    """No exp underflows: one window alone at a distance of 1000 sigmas has its closed form."""
    ours = scores.parzen_log_likelihood(np.full([1, 4], 50.0), np.zeros([1, 4]), [0.1])[0, 0]
    assert ours == pytest.approx(-4 * 2500 / 0.02 - 2 * np.log(2 * np.pi * 0.01), rel=1e-12)


def test_jackknife_of_the_mean():
    """For a mean of equal groups it is the standard deviation of the groups' means by the root of their number."""
    x = np.random.default_rng(7).normal(size=1000)
    means = x.reshape(100, 10).mean(axis=0)  # every tenth number is one group
    assert scores.jackknife(np.mean, x) == pytest.approx(np.std(means, ddof=1) / 10**0.5, rel=1e-10)


def test_the_kernel_distance_by_hand():
    """Two points each, over pairs of different rows; and the mean over many samples of one distribution is 0."""
    a, b = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [0.0, 2.0]])

    def k(square):
        return np.exp(-square / (2 * 2.0**2))

    expected = k(25) + k(1) - 2 * (k(1) + k(4) + k(9 + 9) + k(9 + 4)) / 4
    assert scores.kernel_distance(a, b, [2.0]) == pytest.approx(expected, rel=1e-12)
    both = (scores.kernel_distance(a, b, [2.0]) + scores.kernel_distance(a, b, [0.5])) / 2
    assert scores.kernel_distance(a, b, [2.0, 0.5]) == pytest.approx(both, rel=1e-12)
    random = np.random.default_rng(0)
    found = [scores.kernel_distance(*random.normal(size=[2, 50, 3]), [2.0]) for _ in range(200)]
    assert abs(np.mean(found)) < 4 * np.std(found) / 200**0.5 and min(found) < 0


def test_density_and_coverage_by_counting():
    """Each real feature's ball, one after the other."""
    random = np.random.default_rng(5)
    real, fake = random.normal(size=[30, 3]), random.normal(0.5, 1.2, [20, 3])
    counts = []
    for place, centre in enumerate(real):
        others = np.sort(np.linalg.norm(np.delete(real, place, axis=0) - centre, axis=1))
        counts.append((np.linalg.norm(fake - centre, axis=1) <= others[1]).sum())
    dense, covered = scores.density_coverage(real, fake, k=2)
    np.testing.assert_array_equal(covered, np.array(counts) > 0)
    density, coverage = dense.mean(), covered.mean()
    assert dense.shape == (20,)
    assert density == pytest.approx(sum(counts) / (2 * 20)) and coverage == pytest.approx(np.mean(np.array(counts) > 0))
    assert 0 < coverage < 1 and density > 0
    assert scores.density_coverage(real, fake)[1].mean() > coverage


def test_density_and_coverage_of_the_same_kind_and_of_one_image():
    """Of the same kind about 1 and 1 - 1/32; one image again and again covers few balls, with a high density."""
    random = np.random.default_rng(6)
    real, fake = random.normal(size=[2, 3000, 8])

    def means(*features):
        return [each.mean() for each in scores.density_coverage(*features)]

    density, coverage = means(real, fake)
    assert density == pytest.approx(1, abs=0.06) and coverage == pytest.approx(1 - 2**-5, abs=0.02)
    dense, few = means(real, np.zeros([3000, 8]))
    assert dense > 1.1 and few < 0.2
    far, none = means(real, fake + 100)
    assert far == none == 0
    with pytest.raises(ValueError, match="density and coverage with k = 5 need more than 5 real images"):
        scores.density_coverage(real[:5], fake)


def test_kid_by_hand():
    """All pairs one after the other, in two blocks of every second row."""

    def kernel(a, b):
        return (a @ b / 4 + 1) ** 3

    def of_block(x, y):
        same = [np.mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]) for z in (x, y)]
        return sum(same) - 2 * np.mean([kernel(a, b) for a in x for b in y])

    random = np.random.default_rng(7)
    real, fake = random.normal(size=[8, 4]), random.normal(1, 1, [6, 4])
    blocks = [of_block(real[i::2], fake[i::2]) for i in range(2)]
    value, error = scores.kernel_inception_distance(real, fake, blocks=2)
    assert value == pytest.approx(np.mean(blocks), rel=1e-12)
    assert error == pytest.approx(np.std(blocks, ddof=1) / 2**0.5, rel=1e-12)
    whole = scores.kernel_inception_distance(real, fake, blocks=1)
    assert whole == (pytest.approx(of_block(real, fake), rel=1e-12), None)


def test_kid_is_unbiased_and_fid_is_not():
    """The mean over 40 pairs of small sets of the same kind: KID within 4 errors of 0, FID far above."""
    random = np.random.default_rng(8)
    pairs = [(random.normal(size=[100, 16]), random.normal(size=[100, 16])) for _ in range(40)]
    kid = [scores.kernel_inception_distance(*pair)[0] for pair in pairs]
    assert abs(np.mean(kid)) < 4 * np.std(kid) / 40**0.5
    fid = [scores.frechet_distance(*pair) for pair in pairs]
    assert np.mean(fid) > 5 * np.std(fid)
    shifted = [scores.kernel_inception_distance(a, b + 0.5)[0] for a, b in pairs]
    assert np.mean(shifted) > 20 * np.std(kid) / 40**0.5


def by_hand(real, fake, k):
    """(precision, recall, density, coverage) for balls that reach to the k-th neighbour, one pair after the other."""

    def radius(features, place):
        return sorted(np.linalg.norm(other - features[place]) for i, other in enumerate(features) if i != place)[k - 1]

    def balls(features, others):
        """[n, m]: is the m-th of the others in the ball around the n-th feature?"""
        reach = [radius(features, place) for place in range(len(features))]
        return np.array([[np.linalg.norm(x - y) <= r for y in others] for x, r in zip(features, reach, strict=True)])

    of_real, of_fake = balls(real, fake), balls(fake, real)
    density = of_real.sum() / (k * len(fake))
    return of_real.any(axis=0).mean(), of_fake.any(axis=0).mean(), density, of_real.any(axis=1).mean()


def test_how_many_neighbours():
    """3 for precision and recall, 5 for density and coverage, as in the two papers.

    There are more real images than fake ones, which lie closer together. So each of the four scores is another number,
    and so is each with one neighbour more or less.
    """
    random = np.random.default_rng(0)
    real, fake = random.normal(size=[45, 5]), random.normal(0.7, 0.8, [32, 5])
    precision, recall = scores.precision_recall(real, fake)
    dense, covered = scores.density_coverage(real, fake)
    assert dense.shape == (32,) and covered.shape == (45,)
    expected = {k: by_hand(real, fake, k) for k in range(2, 7)}
    assert (precision, recall) == pytest.approx(expected[3][:2], rel=1e-12)
    assert (dense.mean(), covered.mean()) == pytest.approx(expected[5][2:], rel=1e-12)
    for k, place in ((3, 0), (3, 1), (5, 2), (5, 3)):
        assert len({expected[k + more][place] for more in (-1, 0, 1)}) == 3
    assert len({precision, recall, dense.mean(), covered.mean()}) == 4


def test_how_many_parts():
    """10 for the Inception score, as in the paper, and for KID. The error is that of the parts' mean."""
    random = np.random.default_rng(1)
    p = random.dirichlet(np.full(10, 0.3), 137)
    parts = [p[i::10] for i in range(10)]
    found = [np.exp(np.mean(np.sum(part * np.log(part / part.mean(axis=0)), axis=1))) for part in parts]
    assert scores.classifier_score(p) == pytest.approx((np.mean(found), np.std(found, ddof=1) / 10**0.5), rel=1e-12)

    real, fake = random.normal(size=[64, 3]), random.normal(0.5, 2, [45, 3])
    found = []
    for i in range(10):
        x, y = real[i::10], fake[i::10]
        xx, yy, xy = (((a @ b.T) / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
        apart = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (xx, yy)]
        found.append(sum(apart) - 2 * xy.mean())
    value, error = scores.kernel_inception_distance(real, fake)
    assert value == pytest.approx(np.mean(found), rel=1e-10)
    assert error == pytest.approx(np.std(found, ddof=1) / 10**0.5, rel=1e-10)


def test_the_jackknife_leaves_out_ten_groups():
    """Every tenth row of all arrays at once. The score is no mean: a group of another size counts as much."""
    x, y = np.random.default_rng(2).normal(size=[2, 57])
    found = [(np.delete(x, range(i, 57, 10)).max() - np.delete(y, range(i, 57, 10)).std()) for i in range(10)]
    expected = (9 / 10 * sum((each - np.mean(found)) ** 2 for each in found)) ** 0.5
    assert scores.jackknife(lambda a, b: a.max() - b.std(), x, y) == pytest.approx(expected, rel=1e-10)


def test_a_class_is_covered_from_a_tenth_of_its_share_on():
    """Of four classes that is 2.5%: 1 of 40. The least that counts is there, and one that is a little less."""
    assert scores.classes_covered([0.95, 0.025, 0.0249, 0.0001]) == 2
    assert scores.classes_covered(np.array([1, 39]) / 40) == 1 and scores.classes_covered(np.array([1, 19]) / 20) == 2


@pytest.mark.slow
def test_the_error_of_precision_and_recall():
    """The tables give the error of a share, as if the regions were fixed. Drawn again and again, both vary about so
    much: 0.9 to 1.3 times, measured with 1,000 and 2,000 features of 16 and 64 numbers."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(60):
        real, fake = random.normal(size=[400, 16]), 0.9 * random.normal(size=[400, 16])
        found.append(scores.precision_recall(real, fake))
    means, deviations = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
    errors = np.sqrt(means * (1 - means) / 400)
    assert (means > 0.3).all() and (means < 0.95).all()
    assert (deviations / errors > 0.75).all() and (deviations / errors < 1.5).all()
