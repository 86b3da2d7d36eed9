"""All scores of a set of images, with standard errors, next to the scores of held-out real images.

Held out means that the generator was not trained on these images.
"""

import numpy as np

from gan_tf.data.dataset import scaled
from gan_tf.grids import spread
from gan_tf.metrics import classifier, scores

REFERENCE = 10_000  # how many training images the samples are compared with
ENOUGH = 3000  # from so many on, the Inception score of real images is within 2% of that of 10,000
NEIGHBOURS = 1000  # for how many samples the nearest training image is looked up
MOST_DIGITS = 7  # of a value in a table, before and behind the point
SIGMAS = np.logspace(-1, 0, 10)  # as in Goodfellow et al. 2014's code: parzen_ll.py, with its arguments for MNIST


class Yardstick:
    """Real images and the classifier, prepared so that other images can be compared with them.

    The real images are [n, height, width, channels], uint8 or float32 in [0, 1]. `train` are those that a generator may
    be trained on. `validation` and `test` are held out: `validation` is used only to choose the width of the Parzen
    windows. `model` is a network of `metrics.classifier`. FID, precision and recall compare with the first 10,000 of
    `train`. `other_scores` needs float32.
    """

    def __init__(self, train, validation, test, model):
        self.train, self.validation, self.test, self._model = train, validation, test, model
        self.reference = scaled(train[:REFERENCE])
        self._features, _ = classifier.activations(model, self.reference)

    def quick_scores(self, images):
        """Returns `quick_scores` of `images` next to the real images."""
        return quick_scores(self._model, self._features, images)

    def other_scores(self, images, windows):
        """Returns {name: (value, standard error or None)} of the scores that compare pixels.

        They are the mean distance from one of `images` to the nearest training image, and the Parzen log-likelihood of
        the test images, with windows around the images `windows`.
        """
        distances = scores.nearest(flat(images[:NEIGHBOURS]), flat(self.train))[0][:, 0]
        return {"nearest_train_distance": mean(distances)} | parzen(*map(flat, (windows, self.validation, self.test)))

    def read_as(self, images, labels):
        """Returns (share, standard error): the share of `images` that the classifier reads as the classes `labels`."""
        return share(classifier.accuracy(self._model, images, labels), len(images))


def neighbours(images, training, count=7):
    """Returns each image, followed by the `count` training images nearest to it: float32 [n * (1 + count), …].

    `images` are float32 [n, …] in [0, 1], `training` uint8 or float32 [m, …]. It is read in parts, which saves memory.
    """
    parts = (scaled(training[first : first + 1000]) for first in range(0, len(training), 1000))
    squares = np.concatenate([scores.squared_distances(flat(images), flat(part)) for part in parts], axis=1)
    indices = np.argsort(squares, axis=1, kind="stable")[:, :count]
    cells = np.concatenate([np.asarray(images)[:, None], scaled(training[indices])], axis=1)
    return cells.reshape(-1, *cells.shape[2:])


def flat(images):
    """Returns images [n, …] as rows [n, pixels]."""
    return images.reshape(len(images), -1)


def quick_scores(model, real_features, images):
    """Returns the scores that need the classifier, and the spread, of `images` float32 [n, …] in [0, 1].

    `real_features` are the classifier's features of real images, float64 [m, 128]. The result is ({name: (value,
    standard error or None)}, the share of each class).
    """
    features, probabilities = classifier.activations(model, images)
    precision, recall = scores.precision_recall(real_features, features)
    density, covered = scores.density_coverage(real_features, features)
    histogram = scores.class_histogram(probabilities)

    def divergence(p):
        return scores.divergence_from_uniform(scores.class_histogram(p))

    def distance(f):
        return scores.frechet_distance(real_features, f)

    measured = {
        "classifier_score": scores.classifier_score(probabilities),
        "frechet_distance": (distance(features), scores.jackknife(distance, features)),
        "kernel_inception_distance": scores.kernel_inception_distance(real_features, features),
        "precision": share(precision, len(images)),
        "recall": share(recall, len(real_features)),
        "density": mean(density),
        "coverage": share(covered.mean(), len(real_features)),
        "classes_covered": (scores.classes_covered(histogram), None),
        "histogram_divergence": (divergence(probabilities), scores.jackknife(divergence, probabilities)),
        "spread": (spread(images), scores.jackknife(spread, images)),
    }
    return measured, histogram


def share(p, n):
    """Returns (p, its binomial standard error) for a share `p` of `n` images."""
    return float(p), float((p * (1 - p) / n) ** 0.5)


def mean(values):
    """Returns (mean, standard error) of independent values."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


def parzen(samples, validation, test):
    """Returns the Parzen log-likelihood by Goodfellow's protocol: {name: (value, standard error or None)}.

    There is a Gaussian window of width sigma around each of `samples`. Sigma is chosen from `SIGMAS`: the one with the
    highest mean log-likelihood of the images `validation`. With it, the score is the mean log-likelihood of the images
    `test`, in nats. All images are [n, pixels]. This score is known to rank models wrongly: it rewards samples near
    every test image, and hardly sees how they look. Source: Goodfellow et al. 2014, section 5 and table 1. The warning
    comes from Theis et al. 2016 (arXiv:1511.01844), section 3.
    """
    sigma = SIGMAS[scores.parzen_log_likelihood(validation, samples, SIGMAS).mean(axis=0).argmax()]
    log_likelihoods = scores.parzen_log_likelihood(test, samples, [sigma])[:, 0]
    return {"parzen_log_likelihood": mean(log_likelihoods), "parzen_sigma": (float(sigma), None)}


def edge_of_search(sigma):
    """Returns in words at which edge of `SIGMAS` the width `sigma` is, or None if it lies between them."""
    return {SIGMAS[0]: "smallest", SIGMAS[-1]: "largest"}.get(sigma)


def discriminator_accuracy(logits, real, boundary):
    """Returns {name: (share, standard error)}: the share of images that D is right about, from their logits.

    `real` is True if all the images are real: then a logit above `boundary` is right. Otherwise one at it or below is
    right. `boundary` is that of the `Gan`; if it is None, the result is empty.
    """
    if boundary is None:
        return {}
    right = (np.asarray(logits) > boundary) == real
    return {"discriminator_accuracy": share(right.mean(), right.size)}


TITLES = {
    "classifier_score": "Inception score (MNIST classifier)",
    "frechet_distance": "FID (MNIST classifier)",
    "kernel_inception_distance": "KID (MNIST classifier)",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "classes_covered": "classes covered (of 10)",
    "read_as_asked": "read as the digit asked for",
    "histogram_divergence": "KL of classes from uniform",
    "modes": "modes (of 1,000)",
    "modes_divergence": "KL of modes from uniform",
    "spread": "spread",
    "discriminator_accuracy": "D right (fake / real)",
    "nearest_train_distance": "distance to nearest training image",
    "parzen_log_likelihood": "Parzen log-likelihood (nats)",
    "parzen_sigma": "its sigma",
    "inception_score": "Inception score (Inception)",
    "inception_frechet_distance": "FID (Inception)",
    "inception_kernel_distance": "KID (Inception)",
    "inception_precision": "precision (Inception)",
    "inception_recall": "recall (Inception)",
}

# The titles of scores by a classifier, a key of `classifier.CLASSIFIERS`.
TITLES_OF = {
    "mnist": TITLES,
    "heads": TITLES
    | {
        "classifier_score": "Inception score (heads reader)",
        "frechet_distance": "FID (heads reader)",
        "kernel_inception_distance": "KID (heads reader)",
        "classes_covered": "hair colours covered (of 8)",
        "histogram_divergence": "KL of hair colours from uniform",
        "read_as_asked": "read as the hair colour asked for",
        "clear": "heads with every attribute clear",
    },
}


def rounded(value, error):
    """Returns `value ± error` as text, with two digits of the error. Without an error the value has four digits.

    With a tiny error the value would have more than `MOST_DIGITS`. Then it has six: the others are noise of the
    arithmetic.
    """
    if error is None or error == 0 or not np.isfinite(error):
        return f"{value:.4g}"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    before = max(0, 1 + int(np.floor(np.log10(abs(value))))) if value and np.isfinite(value) else 0
    if before + digits > MOST_DIGITS:
        return f"{value:.6g} ± {error:.2g}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def rows(samples=None, real=None, own=None, titles=TITLES):
    """Returns the table as a list of (name, title, the samples' score as text, the real images' score as text).

    Each argument is {name: (value, error)}, or None. `own` are scores that only this GAN has. They come last, in the
    column of the samples, with their names as titles. `titles` are the titles of the others, by name.
    """
    found, samples, real = [], (samples or {}) | (own or {}), real or {}
    for name, title in (titles | {name: name for name in own or {}}).items():
        cells = [rounded(*column[name]) if name in column else "" for column in (samples, real)]
        if any(cells):
            found.append((name, title, *cells))
    return found


def as_text(samples=None, real=None, own=None, titles=TITLES, plus_minus="±"):
    """Returns the table as lines of text: scores of the samples and of held-out real images, then this GAN's `own`.

    `titles` are those of `rows`. `plus_minus` is what to write for ±.
    """
    lines = []
    if samples:
        lines = [("", "samples", "real, held out"), *(row[1:] for row in rows(samples, real, titles=titles))]
    lines += [("its own scores", "", "")] if own else []
    lines += [row[1:] for row in rows(own=own)]
    lines = [[cell.replace("±", plus_minus) for cell in line] for line in lines]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in lines)
