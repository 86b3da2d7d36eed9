"""Scores as functions of arrays: class probabilities, features or pixels. They need no TensorFlow, and use float64."""

import numpy as np
import scipy.special

from gan_tf.parts import in_batches


def classifier_score(probabilities, splits=10):
    """Returns the Inception score with any classifier: exp(E_x KL(p(y|x) ‖ p(y))). Here p(y) is the mean of p(y|x).

    `probabilities` is [n, classes]. Each row is p(y|x) of one image x and sums to 1. The images are divided into
    `splits` parts: part i has every `splits`-th image, from image i on. Each part has its own p(y) and its own score.
    Returns the mean of these scores and its standard error: their standard deviation (with divisor `splits` - 1),
    divided by the root of `splits`. The score is in [1, classes]. It is 1 if the classifier
    gives every image the same probabilities. It is `classes` if the classifier is sure about every image and all
    classes are equally frequent. The score does not see whether the images of one class differ.
    Source: Salimans et al. 2016 (arXiv:1606.03498), section 4.
    """
    probabilities = np.asarray(probabilities, np.float64)
    scores = [np.exp(_mean_divergence(probabilities[part::splits])) for part in range(splits)]
    return float(np.mean(scores)), float(np.std(scores, ddof=1) / splits**0.5)


def _mean_divergence(p):
    return scipy.special.rel_entr(p, p.mean(axis=0)).sum() / len(p)


def frechet_distance(features_a, features_b):
    """Returns the Fréchet distance, FID: ‖μ_a - μ_b‖² + Tr(Σ_a + Σ_b - 2 (Σ_a Σ_b)^½).

    μ and Σ are the mean and the covariance of the features [n, d] and [m, d]. The result is the squared Wasserstein-2
    distance between two Gaussians with these means and covariances. It is 0 if the Gaussians are equal, otherwise
    positive. With finite samples it is too large, by about the distance between two samples of the same images: compare
    only values from the same number of samples. Each set needs at least two rows.
    Source: Heusel et al. 2017 (arXiv:1706.08500), equation 6, where the features are Inception's.
    """
    (mean_a, cov_a), (mean_b, cov_b) = (
        (np.mean(f, axis=0, dtype=np.float64), np.cov(f, rowvar=False, dtype=np.float64).reshape(f.shape[1], -1))
        for f in (features_a, features_b)
    )
    # The trace of (Σ_a Σ_b)^½ is that of the symmetric (Σ_a^½ Σ_b Σ_a^½)^½, whose eigenvalues are real.
    values, vectors = np.linalg.eigh(cov_a)
    root_a = vectors * np.sqrt(values.clip(0)) @ vectors.T
    trace = np.sqrt(np.linalg.eigvalsh(root_a @ cov_b @ root_a).clip(0)).sum()
    return float(np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a) + np.trace(cov_b) - 2 * trace)


def class_histogram(probabilities):
    """Returns the share of images in each class, float64 [classes], from probabilities [n, classes].

    An image belongs to its most probable class.
    """
    counts = np.bincount(np.argmax(probabilities, axis=1), minlength=probabilities.shape[1])
    return counts / len(probabilities)


def classes_covered(histogram):
    """Counts the classes with at least a tenth of an equal share of the images: with ten classes, at least 1%."""
    return int(np.sum(np.asarray(histogram) >= 0.1 / len(histogram)))


def divergence_from_uniform(histogram):
    """Returns KL(histogram ‖ uniform) in nats: 0 for equal shares, log(classes) if all images are in one class."""
    return float(scipy.special.rel_entr(histogram, 1 / len(histogram)).sum())


def squared_distances(a, b):
    """Returns ‖a_i - b_j‖² as float64 [n, m], for a [n, d] and b [m, d]. Its rounding errors: 1e-15 ‖a_i‖ ‖b_j‖."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return squares.clip(0)


def nearest(a, b, count=1):
    """Finds the `count` rows of `b` that are nearest to each row of `a`, the nearest first.

    Returns (Euclidean distances, indices), both [n, count].
    """

    def of_part(part):
        squares = squared_distances(part, b)
        indices = np.argpartition(squares, range(count), axis=1)[:, :count]
        return np.stack([np.sqrt(np.take_along_axis(squares, indices, axis=1)), indices], axis=-1)

    both = in_batches(of_part, a)
    return both[..., 0], both[..., 1].astype(np.int64)


def precision_recall(real_features, fake_features, k=3):
    """Returns improved precision and recall, both in [0, 1].

    Each set of features, [n, d], has a region (the paper calls it a manifold). It consists of one ball around each
    feature. The ball reaches to the k-th nearest neighbour of this feature in the same set. Precision is the share of
    fake features inside the region of the real ones. It is low if samples look wrong. Recall is the share of real
    features inside the region of the fake ones. It is low if some kinds of image are missing. Raises ValueError if a
    set has only k rows or fewer. Source: Kynkäänniemi et al. 2019 (arXiv:1904.06991), equations 1 and 2.
    """
    if min(len(real_features), len(fake_features)) <= k:
        raise ValueError(f"precision and recall with k = {k} need more than {k} images of each kind")

    def share_within(features, centres):
        # Number 0 is the centre itself. The radii stay squared: squaring a root again can leave the neighbour out.
        squares = in_batches(lambda part: np.partition(squared_distances(part, centres), k, axis=1)[:, k], centres)
        return float(
            in_batches(lambda part: (squared_distances(part, centres) <= squares).any(axis=1), features).mean()
        )

    return share_within(fake_features, real_features), share_within(real_features, fake_features)


def density_coverage(real_features, fake_features, k=5):
    """Returns (what density is the mean of, float64 [m], what coverage is the mean of, bool [n]).

    Each of the n real features, [n, d], has a ball, which reaches to its k-th nearest neighbour among them. Density is
    the mean over the m fake features, [m, d], of how many balls one is in, divided by k. Coverage is the share of balls
    with at least one fake feature. Of two sets of real images density is about 1 and coverage about 1 - 2^-k.
    Precision and recall only ask if there is a ball. So one odd real image with a large ball raises precision, and one
    odd sample raises recall; here they change little. Raises ValueError if there are only k real features or fewer.
    Source: Naeem et al. 2020 (arXiv:2002.09797), equations 3 and 4.
    """
    if len(real_features) <= k:
        raise ValueError(f"density and coverage with k = {k} need more than {k} real images")
    counts = np.zeros(len(fake_features))

    def of_part(part):
        # Number 0 is the centre itself. The radii stay squared: squaring a root again can leave the neighbour out.
        radii = np.partition(squared_distances(part, real_features), k, axis=1)[:, [k]]
        within = squared_distances(part, fake_features) <= radii
        counts[:] += within.sum(axis=0)
        return within.any(axis=1)

    covered = in_batches(of_part, real_features)
    return counts / k, covered


def kernel_inception_distance(real_features, fake_features, blocks=10):
    """Returns KID and its standard error.

    KID is the squared maximum mean discrepancy with the kernel k(x, y) = (x·y / d + 1)³ of features x, y with d
    numbers: E k(x, x') + E k(y, y') - 2 E k(x, y), over pairs of different rows of the real features [n, d] and the
    fake ones [m, d]. Its expectation does not depend on n and m, unlike that of FID, which is too large for few images.
    It is 0 if both are of the same kind; a single value can be below 0. Both sets are divided into `blocks` parts: part
    i has every `blocks`-th row, from row i on. The result is the mean over the parts, and its standard error: their
    standard deviation (with divisor `blocks` - 1), divided by the root of `blocks`. With one part the error is None.
    Each set needs at least 2 `blocks` rows. Source: Bińkowski et al. 2018 (arXiv:1801.01401), section 4, equation 4.
    """
    parts = [
        _polynomial_discrepancy(*(np.asarray(f[i::blocks], np.float64) for f in (real_features, fake_features)))
        for i in range(blocks)
    ]
    return float(np.mean(parts)), float(np.std(parts, ddof=1) / blocks**0.5) if blocks > 1 else None


def _polynomial_discrepancy(x, y):
    def mean_kernel(a, b, same=False):
        kernel = (a @ b.T / a.shape[1] + 1) ** 3
        left_out = np.trace(kernel) if same else 0
        return (kernel.sum() - left_out) / (kernel.size - same * len(a))

    return mean_kernel(x, x, same=True) + mean_kernel(y, y, same=True) - 2 * mean_kernel(x, y)


def kernel_distance(a, b, widths):
    """Returns the kernel distance, the squared maximum mean discrepancy, of samples `a` [n, d] and `b` [m, d].

    It is E k(a, a') + E k(b, b') - 2 E k(a, b), over pairs of different rows. The kernel k(x, y) is the mean of
    exp(-‖x - y‖² / (2 width²)) over `widths`: a wide kernel sees the whole, a narrow one sees clusters and gaps. Its
    expectation is 0 if both samples are of the same distribution, otherwise positive. A single value can be below 0.
    Source: Gretton et al. 2012, "A kernel two-sample test", equation 3; several widths: Li et al. 2015
    (arXiv:1502.02761), section 2.
    """

    def mean_kernel(x, y, left_out=0):
        squares = squared_distances(x, y)
        kernel = np.mean([np.exp(squares / (-2 * width**2)) for width in widths], axis=0)
        return (kernel.sum() - left_out) / (kernel.size - left_out)  # a row and itself have kernel 1

    return float(mean_kernel(a, a, len(a)) + mean_kernel(b, b, len(b)) - 2 * mean_kernel(a, b))


def parzen_log_likelihood(images, samples, sigmas):
    """Returns the log-density of each of `images` [n, d] under Parzen windows, in nats: float64 [n, len(sigmas)].

    A Parzen window is a Gaussian around one of `samples` [m, d]. Its standard deviation σ is one of `sigmas`. The
    density of an image x is the mean over all windows:
    log 1/m Σ_i N(x; s_i, σ² I) = log Σ_i exp(-‖x - s_i‖² / 2σ²) - log m - d/2 log(2π σ²).
    Source: Breuleux et al. 2011; Goodfellow et al. 2014, section 5.
    """
    sigmas = np.asarray(sigmas, np.float64)

    def of_part(part):
        squares = squared_distances(part, samples)
        sums = np.stack([scipy.special.logsumexp(squares * (-0.5 / s**2), axis=1) for s in sigmas], axis=1)
        constant = np.log(len(samples)) + images.shape[1] / 2 * np.log(2 * np.pi * sigmas**2)
        return sums - constant

    return in_batches(of_part, images, 250)


def jackknife(score, *arrays, groups=10):
    """Returns the standard error of `score(*arrays)`, by the jackknife: it computes the score again without some rows.

    The rows are divided into g = `groups` groups: group i has every g-th row, from row i on. θ_i is the score without
    group i. The standard error is sqrt((g - 1) / g Σ (θ_i - mean θ)²). All arrays have the same number of rows.
    Source: Efron and Tibshirani 1993, chapter 11, with groups instead of single rows.
    """
    group = np.arange(len(arrays[0])) % groups
    scores = np.array([score(*(array[group != i] for array in arrays)) for i in range(groups)], np.float64)
    return float(np.sqrt((groups - 1) / groups * ((scores - scores.mean()) ** 2).sum()))
