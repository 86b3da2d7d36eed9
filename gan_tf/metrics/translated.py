"""Measures images of one kind that a GAN turned into another kind, such as printed digits into handwritten ones."""

import functools

import numpy as np

from gan_tf import data
from gan_tf.metrics.pairs import compare, distance, known, read_nearest, read_right
from gan_tf.metrics.table import mean, share
from gan_tf.parts import in_batches


@functools.cache
def held_out():
    """Returns (images float32 [10000, 28, 28, 1], labels int [10000]) of the printed digits that nothing trains on."""
    printed = data.load("glyphs", split="test")
    return printed.images, printed.labels


def scores_of_kinds(to_written, to_printed, test):
    """Scores of G and F on a data set of two classes: what a pixel differs by, after the way there and back.

    The control is how much the pixels of two real images of a kind differ.
    """
    found = {}
    for kind, one, other in ((0, to_written, to_printed), (1, to_printed, to_written)):
        real = test.images[test.labels == kind]
        if len(real) > 1:
            back = in_batches(other, in_batches(one, real))
            name = test.classes[kind]
            found[f"{name}, there and back: difference of a pixel"] = mean_difference(back, real)
            found[f"{name}, another image: difference of a pixel"] = mean_difference(np.roll(real, 1, axis=0), real)
    return found


def mean_difference(made, real):
    """Returns (mean, standard error) over images of the mean absolute difference of a pixel."""
    return mean(np.abs(made - real).mean(axis=(1, 2, 3)))


def scores_of_digits(to_written, to_printed, test):
    """Scores of G and F on handwritten digits, a `data.Dataset`, and on printed ones."""
    printed, digits = held_out()
    handwritten, made = in_batches(to_written, printed), in_batches(to_printed, test.images)
    found = {}
    for what, each, asked in (
        ("handwritten", handwritten, digits),
        ("not handwritten", printed, digits),
        ("real handwritten", test.images, test.labels),
    ):
        found[f"{what}: read as the right digit"] = read_right(each, asked)
        if each is not test.images:
            found[f"{what}: FID to handwritten digits"] = distance(each, test.images)
    for what, each, asked in (
        ("printed", made, test.labels),
        ("not printed", test.images, test.labels),
        ("real printed", printed, digits),
    ):
        right = (read_nearest(each, "glyphs") == asked).mean()
        found |= {
            f"{what}: read as the right digit": read_right(each, asked),
            f"{what}: nearest printed digit is right": share(right, len(asked)),
            f"{what}: FID to printed digits": distance(each, known("glyphs")[0]),
        }
    return found | compare(in_batches(to_written, made), test, "printed and back")
