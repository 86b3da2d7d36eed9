"""Compares images that a GAN made with real ones: with their own originals, or with any others."""

import functools

import numpy as np
import scipy.ndimage

from gan_tf import data
from gan_tf.data.dataset import scaled
from gan_tf.metrics import classifier, scores
from gan_tf.metrics.table import mean, share


def distance(made, real):
    """Returns (FID (MNIST classifier), its standard error) of images `made` to `real` ones, both float32 [n, 784]."""
    model, _ = classifier.load_classifier()
    ours, theirs = (classifier.activations(model, images)[0] for images in (made, real))

    def fid(features):
        return scores.frechet_distance(theirs, features)

    return fid(ours), scores.jackknife(fid, ours)


def read_right(images, labels):
    """Returns (share, standard error) of `images` [n, 784] that the MNIST classifier reads as `labels`, int [n]."""
    model, _ = classifier.load_classifier()
    return share((classifier.activations(model, images)[1].argmax(axis=1) == labels).mean(), len(labels))


@functools.cache
def known(dataset):
    """Returns the first 10,000 training images of `data.load(dataset)`: (float32 [10000, 784], labels int [10000])."""
    training = data.load(dataset)
    return scaled(training.pixels[:10_000]), training.labels[:10_000]


def read_nearest(images, dataset):
    """Returns the label of the nearest of the `known` images of a data set to each of `images` [n, 784]: int [n]."""
    pixels, labels = known(dataset)
    return labels[scores.nearest(images, pixels)[1][:, 0]]


def enlarge(small, times):
    """Enlarges images, float32 [n, side²], by cubic splines: float32 [n, (times · side)²] in [0, 1]."""
    side = round(small.shape[1] ** 0.5)
    large = scipy.ndimage.zoom(
        small.reshape(-1, side, side), (1, times, times), order=3, mode="nearest", grid_mode=True
    )
    return large.reshape(len(small), -1).clip(0, 1).astype(np.float32)


def compare(made, originals, labels, what="made"):
    """Compares images that were made with their originals, row by row.

    `made` and `originals` are float32 [n, 784] in [0, 1]; `labels` are the digits of the originals, int [n]. Returns
    {title: (value, standard error)}:

    - which share the MNIST classifier reads as the digit of the original
    - FID (MNIST classifier) of the made images to the originals. It would be 0 for the originals themselves
    - the mean absolute difference of a pixel
    - PSNR: the mean of -10 log10 (mean squared difference of an image), in decibels. An image that equals its original
      counts as 100
    """
    model, _ = classifier.load_classifier()
    features, probabilities = classifier.activations(model, made)
    real_features, _ = classifier.activations(model, originals)

    def distance(made_features, their_features):
        return scores.frechet_distance(their_features, made_features)

    differences = made.astype(np.float64) - originals
    squares = (differences**2).mean(axis=1)
    return {
        f"{what}: read as the right digit": share((probabilities.argmax(axis=1) == labels).mean(), len(labels)),
        f"{what}: FID to the originals": (
            distance(features, real_features),
            scores.jackknife(distance, features, real_features),
        ),
        f"{what}: difference of a pixel": mean(np.abs(differences).mean(axis=1)),
        f"{what}: PSNR": mean(-10 * np.log10(squares.clip(1e-10))),
    }
