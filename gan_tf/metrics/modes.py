"""Scores of stacked MNIST: how many of its 1,000 classes a generator draws, and how evenly."""

import numpy as np

from gan_tf.metrics import classifier, scores

DATASET = "stacked_mnist"  # whose pictures can be read
PICTURES = 26_000  # so many samples are counted in the papers
USUAL = 10_000  # so many samples of other data are measured
CLASSES = 1000


def usual_count(dataset):
    """Returns how many samples are measured of a data set, of which this is the name."""
    return PICTURES if dataset == DATASET else USUAL


def read(model, images):
    """Reads pictures of three digits, [n, 28, 28, 3], uint8 or float32 in [0, 1]: classes int64 [n], 0 to 999.

    Each colour is read as a digit by `model`, the MNIST classifier. Class 507 has a red 5, a green 0 and a blue 7.
    """
    digits = [classifier.activations(model, images[..., c : c + 1])[1].argmax(axis=1) for c in range(3)]
    return np.stack(digits, axis=1) @ [100, 10, 1]


def measure(classes):
    """Returns {name: (value, standard error or None)} for classes int [n].

    `modes` is how many of the 1,000 classes there are. `modes_divergence` is KL(p ‖ q) = Σ p_i log(p_i / q_i) in nats,
    with p_i the share of class i and q_i = 1/1000. A perfect generator has not 0, but by chance about 999 / (2 n):
    0.019 for n = 26,000, the number of pictures in the papers. With another number the scores cannot be compared.
    Source: Metz et al. 2017 (arXiv:1611.02163), section 3.3.2, who counted modes and took this divergence.
    """
    counts = np.bincount(classes, minlength=CLASSES)
    divergence = scores.divergence_from_uniform(counts / counts.sum())
    return {"modes": (int(np.count_nonzero(counts)), None), "modes_divergence": (divergence, None)}
