"""The loop of training steps that members of the zoo share."""

import numpy as np
import tensorflow as tf

from gan_tf.data import batch_indices
from gan_tf.noise import iteration_noise


def make_train_block(step, arrays, batch_size, seed, noise_dim):
    """Makes `train_block(first, steps) -> losses`, which calls `step` once for each iteration.

    `arrays` are the training data, with the same number n of rows each, such as images and labels. Iteration i calls
    `step(*rows, d_noise, g_noise)`. `rows` are the rows of each array that `batch_indices` chooses. The noise is
    float32 [batch_size, noise_dim] in [-1, 1). All of these depend only on `seed` and i. `step` returns scalars.
    `losses` is float32 [steps, number of scalars]. Raises ValueError if there are fewer rows than `batch_size`.
    """
    n = len(arrays[0])
    if batch_size > n:
        raise ValueError(f"a batch of {batch_size} is more than the {n} images there are")
    arrays = [tf.constant(array) for array in arrays]

    def train_block(first, steps):
        if not steps:
            return np.zeros([0, 0], np.float32)
        batches = batch_indices(n, batch_size, seed, first, steps)
        noise = iteration_noise(seed, first, steps, batch_size, noise_dim=noise_dim)
        losses = [
            step(*(tf.gather(array, batch) for array in arrays), noise[i, 0], noise[i, 1])
            for i, batch in enumerate(batches)
        ]
        return np.array(losses, np.float32)

    return train_block
