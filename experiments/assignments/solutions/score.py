"""A solution of assignment 3."""

import numpy as np


def inception_score(probabilities):
    """Returns the score, one number from 1 to the number of classes, of `probabilities` [n, classes]."""
    p = np.asarray(probabilities, np.float64)
    ratio = np.where(p > 0, p, 1) / np.where(p > 0, p.mean(axis=0), 1)  # 1 where p is 0: its logarithm is 0
    return float(np.exp(np.mean(np.sum(p * np.log(ratio), axis=1))))
