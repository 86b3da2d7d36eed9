"""Scores as pure functions of arrays: class probabilities, features, pixels. NumPy alone, in double precision."""

import numpy as np


def classifier_score(probabilities, splits=10):
    """The Inception Score, of any classifier: exp(E_x KL(p(y|x) ‖ p(y))), p(y) being the mean of p(y|x).

    `probabilities` is [n, classes], rows that sum to 1. Every `splits`-th image makes one of so many parts, each
    with a p(y) of its own; returns (mean, standard deviation) over the parts. In [1, classes]: 1 if the classifier
    says the same of every image, `classes` if it is sure of each and all classes are equally frequent. Whether the
    images of a class differ, the score does not see. Source: Salimans et al. 2016 (arXiv:1606.03498), section 4.
    """
    probabilities = np.asarray(probabilities, np.float64)
    scores = [np.exp(_mean_divergence(probabilities[part::splits])) for part in range(splits)]
    return float(np.mean(scores)), float(np.std(scores))


def _mean_divergence(p):
    q = np.broadcast_to(p.mean(axis=0), p.shape)
    return np.sum(p * np.log(np.divide(p, q, out=np.ones_like(p), where=p > 0))) / len(p)


def frechet_distance(features_a, features_b):
    """‖μ_a - μ_b‖² + Tr(Σ_a + Σ_b - 2 (Σ_a Σ_b)^½) of the means and covariances of features [n, d] and [m, d].

    The squared Wasserstein-2 distance between the Gaussians that have them; 0 for equal ones, else positive. Of
    finite samples it comes out too large, by about as much as two samples of the same images differ: compare
    only values of equally many. Each set needs at least two rows. Source: Heusel et al. 2017 (arXiv:1706.08500),
    equation 6, there with Inception's features.
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
    """The share of images that is named as each class: float64 [classes], from probabilities [n, classes]."""
    counts = np.bincount(np.argmax(probabilities, axis=1), minlength=probabilities.shape[1])
    return counts / len(probabilities)


def classes_covered(histogram):
    """How many classes have at least a tenth of an equal share of the images."""
    return int(np.sum(np.asarray(histogram) >= 0.1 / len(histogram)))


def divergence_from_uniform(histogram):
    """KL(histogram ‖ uniform) in nats: 0 for equal shares, log of the number of classes if there is only one."""
    h = np.asarray(histogram, np.float64)
    return float(np.sum(h * np.log(np.where(h > 0, h * len(h), 1))))


def squared_distances(a, b):
    """‖a_i - b_j‖² as float64 [n, m], for a [n, d] and b [m, d]; rounding errors are of 1e-15 ‖a_i‖ ‖b_j‖."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return squares.clip(0)


def by_rows(function, a, size=1000):
    """`function` of `size` rows of `a` at a time, the results joined: for what would not fit into memory at once."""
    return np.concatenate([function(a[i : i + size]) for i in range(0, len(a), size)])


def nearest(a, b, count=1):
    """Of each row of `a`, the `count` nearest rows of `b`: their (Euclidean distances, indices), both [n, count]."""

    def of_part(part):
        squares = squared_distances(part, b)
        indices = np.argpartition(squares, range(count), axis=1)[:, :count]
        return np.stack([np.sqrt(np.take_along_axis(squares, indices, axis=1)), indices], axis=-1)

    both = by_rows(of_part, a)
    return both[..., 0], both[..., 1].astype(np.int64)


def precision_recall(real_features, fake_features, k=3):
    """Improved precision and recall: the share of fakes within the real images' manifold, and the reverse.

    A set's manifold is the union of balls around each of its features [n, d], out to its k-th nearest neighbour
    in the set. Precision is low if samples look wrong, recall if kinds of image are missing; both in [0, 1]. Returns
    (precision, recall). ValueError if a set has no more than k rows. Source: Kynkäänniemi et al. 2019
    (arXiv:1904.06991), equations 1 and 2.
    """
    if min(len(real_features), len(fake_features)) <= k:
        raise ValueError(f"precision and recall with k = {k} need more than {k} images of each kind")

    def share_within(features, centres):
        radii = nearest(centres, centres, k + 1)[0][:, -1] ** 2  # the nearest is the centre itself
        return float(by_rows(lambda part: (squared_distances(part, centres) <= radii).any(axis=1), features).mean())

    return share_within(fake_features, real_features), share_within(real_features, fake_features)


def parzen_log_likelihood(images, samples, sigmas):
    """Log-density of each of `images` [n, d] under Gaussian windows around `samples` [m, d], in nats.

    log 1/m Σ_i N(x; s_i, σ² I) = log Σ_i exp(-‖x - s_i‖² / 2σ²) - log m - d/2 log(2π σ²), for each of the
    `sigmas`: float64 [n, len(sigmas)]. Source: Breuleux et al. 2011; Goodfellow et al. 2014, section 5.
    """
    sigmas = np.asarray(sigmas, np.float64)

    def of_part(part):
        squares = squared_distances(part, samples)
        least = squares.min(axis=1, keepdims=True)
        squares -= least
        sums = np.stack([np.exp(squares * (-0.5 / s**2)).sum(axis=1) for s in sigmas], axis=1)
        constant = np.log(len(samples)) + images.shape[1] / 2 * np.log(2 * np.pi * sigmas**2)
        return np.log(sums) - least / (2 * sigmas**2) - constant

    return by_rows(of_part, images, 250)


def jackknife(score, *arrays, groups=10):
    """Standard error of `score(*arrays)`: from its values with each tenth of the rows left out in turn.

    sqrt((g - 1) / g Σ (θ_i - mean θ)²) for g groups, group i being every g-th row from the i-th on; the arrays
    have equally many rows. Source: Efron and Tibshirani 1993, chapter 11, by groups.
    """
    group = np.arange(len(arrays[0])) % groups
    scores = np.array([score(*(array[group != i] for array in arrays)) for i in range(groups)], np.float64)
    return float(np.sqrt((groups - 1) / groups * ((scores - scores.mean()) ** 2).sum()))
