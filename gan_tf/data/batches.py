"""Which images each iteration trains on."""

import functools

import numpy as np


def batch_indices(n, batch_size, seed, first, steps):
    """Returns the images of iterations `first` … `first + steps - 1`, as int32 [steps, batch_size].

    It works like TF1's `next_batch`. In each epoch, every one of the `n` images comes exactly once, in a new random
    order. If an epoch ends in the middle of a batch, the rest of the batch comes from the next epoch. The result
    depends only on `seed` and the iteration. The order in epoch e is the order of n random numbers. They come from
    Philox, a generator that computes them from a key, here `seed`, and a counter, here (0, e).
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
