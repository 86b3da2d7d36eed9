"""Applies a function to many rows, some at a time."""

import numpy as np


def in_batches(function, inputs, size=1000):
    """`function` of `size` rows of `inputs` at a time, as one array: for what would not fit into memory at once."""
    return np.concatenate([np.asarray(function(inputs[i : i + size])) for i in range(0, len(inputs), size)])
