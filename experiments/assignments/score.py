"""Assignment 3: the Inception score, from class probabilities. Check: python -m experiments.assignments.check score

A classifier has looked at n generated images x. Row i of `probabilities` is p(y|x) of image i: how probable it finds
each class y. p(y) is the mean of these rows. With E, the mean over the images,

    score = exp(E KL(p(y|x) ‖ p(y)))        KL(p ‖ q) = Σ p log(p / q), summed over the classes

log is the natural logarithm. A class with p = 0 adds 0 to the sum. Use only NumPy.
"""

import numpy as np  # noqa: F401


def inception_score(probabilities):
    """Returns the score, one number from 1 to the number of classes, of `probabilities` [n, classes]."""
    raise NotImplementedError
