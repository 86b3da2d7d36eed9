"""Which images each iteration trains on."""

import functools

import numpy as np


def batch_indices(n, batch_size, seed, first, steps):
    """Returns the images of iterations `first` … `first + steps - 1`, as int32 [steps, batch_size].

    This is the walk of TF1's `next_batch`: shuffled epochs without replacement, end to end. A batch that crosses
    the end of an epoch takes the rest from the next one, so each epoch has every one of the `n` images exactly
    once. The result depends only on `seed` and the iteration. Epoch e's shuffle is the order of n Philox numbers
    with key `seed` and counter (0, e).
    """
    start, stop = first * batch_size, (first + steps) * batch_size
    epochs = range(start // n, (stop - 1) // n + 1)
    walk = np.concatenate([_shuffle(n, seed, epoch) for epoch in epochs])
    offset = epochs[0] * n
    return walk[start - offset : stop - offset].reshape(steps, batch_size)


@functools.lru_cache(maxsize=4)  # a block of iterations starts in the epoch where the last one ended
def _shuffle(n, seed, epoch):
    philox = np.random.Philox(key=seed, counter=[0, 0, epoch, 0])
    return np.argsort(philox.random_raw(n), kind="stable").astype(np.int32)
