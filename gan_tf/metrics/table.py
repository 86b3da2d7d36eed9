"""All scores of a set of images, next to those of held-out real images, with standard errors."""

import numpy as np

from gan_tf.grids import spread
from gan_tf.metrics import classifier, scores

REFERENCE = 10_000  # training images that samples are compared with
NEIGHBOURS = 1000  # samples whose nearest training images are sought
SIGMAS = np.logspace(-1, 0, 10)  # Goodfellow et al. 2014's code, parzen_ll.py, with its arguments for MNIST


class Yardstick:
    """Real images, [n, 784] each, made ready for others to be compared with.

    `train` and `validation` are the images that a generator may have seen and those set aside, `test` is held out.
    `model` is the classifier of `metrics.classifier`. What is compared with is the first 10,000 of `train`.
    """

    def __init__(self, train, validation, test, model):
        self.train, self.validation, self.test, self._model = train, validation, test, model
        self.reference = train[:REFERENCE]
        self._features, _ = classifier.activations(model, self.reference)

    def quick_scores(self, images):
        """The scores of the classifier, and the spread: {name: (value, standard error or None)}, and the histogram."""
        features, probabilities = classifier.activations(self._model, images)
        score, std = scores.classifier_score(probabilities)
        precision, recall = scores.precision_recall(self._features, features)
        histogram = scores.class_histogram(probabilities)

        def divergence(p):
            return scores.divergence_from_uniform(scores.class_histogram(p))

        def distance(f):
            return scores.frechet_distance(self._features, f)

        measured = {
            "classifier_score": (score, std / 10**0.5),
            "frechet_distance": (distance(features), scores.jackknife(distance, features)),
            "precision": share(precision, len(images)),
            "recall": share(recall, len(self.reference)),
            "classes_covered": (scores.classes_covered(histogram), None),
            "histogram_divergence": (divergence(probabilities), scores.jackknife(divergence, probabilities)),
            "spread": (spread(images), scores.jackknife(spread, images)),
        }
        return measured, histogram

    def other_scores(self, images, windows):
        """Distances to training images, and the Parzen-window log-likelihood, whose windows are around `windows`."""
        distances = scores.nearest(images[:NEIGHBOURS], self.train)[0][:, 0]
        return {"nearest_train_distance": mean(distances)} | parzen(windows, self.validation, self.test)

    def neighbours(self, images, count=7):
        """Each image with the `count` nearest training images after it: [n * (1 + count), 784]."""
        indices = scores.nearest(images, self.train, count)[1]
        return np.concatenate([np.asarray(images)[:, None], self.train[indices]], axis=1).reshape(-1, 784)


def share(p, n):
    """(p, its binomial standard error), for a share `p` of `n`."""
    return float(p), float((p * (1 - p) / n) ** 0.5)


def mean(values):
    """(mean, standard error) of independent values."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


def parzen(samples, validation, test):
    """Goodfellow's protocol: {name: (value, standard error or None)} of Gaussian windows around `samples`.

    Of `SIGMAS` the one that gives the images `validation` the highest mean log-likelihood; with it the mean over
    the images `test`, in nats. All are [n, 784]. Its ranking of models is known to mislead, for it rewards samples
    near every test image and sees little of how they look. Source: Goodfellow et al. 2014, section 5 and table 1;
    caveat: Theis et al. 2016 (arXiv:1511.01844), section 3.
    """
    sigma = SIGMAS[scores.parzen_log_likelihood(validation, samples, SIGMAS).mean(axis=0).argmax()]
    log_likelihoods = scores.parzen_log_likelihood(test, samples, [sigma])[:, 0]
    return {"parzen_log_likelihood": mean(log_likelihoods), "parzen_sigma": (float(sigma), None)}


def discriminator_accuracy(logits, real):
    """{name: (share, standard error)} of logits on the right side of 0, which all have images that are `real`."""
    right = (np.asarray(logits) > 0) == real
    return {"discriminator_accuracy": share(right.mean(), right.size)}


TITLES = {
    "classifier_score": "Inception score (MNIST classifier)",
    "frechet_distance": "FID (MNIST classifier)",
    "precision": "precision",
    "recall": "recall",
    "classes_covered": "classes covered (of 10)",
    "histogram_divergence": "KL of classes from uniform",
    "spread": "spread",
    "discriminator_accuracy": "D right (fake / real)",
    "nearest_train_distance": "distance to nearest training image",
    "parzen_log_likelihood": "Parzen log-likelihood (nats)",
    "parzen_sigma": "its sigma",
}


def rounded(value, error):
    """`value ± error` as text, to two digits of the error; four of the value if there is no error."""
    if error is None or error == 0:
        return f"{value:.4g}"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def rows(samples, real):
    """Returns the table as a list of (name, title, text of the samples' score, text of the real images' score)."""
    found = []
    for name, title in TITLES.items():
        cells = [rounded(*column[name]) if name in column else "" for column in (samples, real)]
        if any(cells):
            found.append((name, title, *cells))
    return found


def as_text(samples, real):
    """Returns the table as lines of text: scores of the samples and of held-out real images."""
    lines = [("", "samples", "real, held out"), *(row[1:] for row in rows(samples, real))]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in lines)
