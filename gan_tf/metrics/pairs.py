"""Compares images that a GAN made with real ones: with their own originals, or with any others."""

import functools

import numpy as np
import scipy.ndimage

from gan_tf import data
from gan_tf.data.dataset import scaled
from gan_tf.metrics import classifier, scores
from gan_tf.metrics.table import mean, share


def distance(made, real, reader="mnist"):
    """Returns (FID, its standard error) of images `made` to `real` ones, both float32 [n, height, width, channels].

    The features are those of the classifier `reader`, as in `classifier.load_classifier`.
    """
    model, _ = classifier.load_classifier(reader)
    ours, theirs = (classifier.activations(model, images)[0] for images in (made, real))

    def fid(features):
        return scores.frechet_distance(theirs, features)

    return fid(ours), scores.jackknife(fid, ours)


def read_right(images, labels):
    """Returns (share, standard error) of `images` that the MNIST classifier reads as the digits `labels`, int [n]."""
    model, _ = classifier.load_classifier()
    return share((classifier.activations(model, images)[1].argmax(axis=1) == labels).mean(), len(labels))


@functools.cache
def known(dataset):
    """Returns the first 10,000 training images of `data.load(dataset)`: (float32 [10000, …], labels int [10000])."""
    training = data.load(dataset)
    return scaled(training.pixels[:10_000]), training.labels[:10_000]


def read_nearest(images, dataset):
    """Returns the label of the nearest of the `known` images of a data set to each of `images`, [n, …]: int [n]."""
    pixels, labels = known(dataset)
    images, pixels = (each.reshape(len(each), -1) for each in (images, pixels))
    return labels[scores.nearest(images, pixels)[1][:, 0]]


def enlarge(small, times):
    """Enlarges images, float32 [n, h, w, channels], by cubic splines: float32 [n, times · h, times · w, channels]."""
    large = scipy.ndimage.zoom(small, (1, times, times, 1), order=3, mode="nearest", grid_mode=True)
    return large.clip(0, 1).astype(np.float32)


def compare(made, test, what="made"):
    """Compares images that were made with their originals, row by row.

    `test` is a `data.Dataset`, and `made` are images like its own, float32 [n, height, width, channels] in [0, 1].
    Returns {title: (value, standard error)}, the first two only if there is a classifier for the data:

    - which share the classifier reads as the class of the original ("digit" if they are digits)
    - FID (by this classifier) of the made images to the originals. It would be 0 for the originals themselves
    - the mean absolute difference of a pixel
    - PSNR: the mean of -10 log10 (mean squared difference of an image), in decibels. An image that equals its original
      counts as 100
    """
    found, originals = {}, test.images
    if test.classifier:
        model, _ = classifier.load_classifier(test.classifier)
        features, probabilities = classifier.activations(model, made)
        real_features, _ = classifier.activations(model, originals)

        def distance(made_features, their_features):
            return scores.frechet_distance(their_features, made_features)

        right, word = probabilities.argmax(axis=1) == test.labels, classifier.CLASSIFIERS[test.classifier].label
        found = {
            f"{what}: read as the right {word}": share(right.mean(), len(right)),
            f"{what}: FID to the originals": (
                distance(features, real_features),
                scores.jackknife(distance, features, real_features),
            ),
        }
    differences = made.astype(np.float64) - originals
    squares = (differences**2).mean(axis=(1, 2, 3))
    return found | {
        f"{what}: difference of a pixel": mean(np.abs(differences).mean(axis=(1, 2, 3))),
        f"{what}: PSNR": mean(-10 * np.log10(squares.clip(1e-10))),
    }
