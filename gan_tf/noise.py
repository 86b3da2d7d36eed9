"""The noise that generators turn into images. Each number depends only on the seed, its stream and its place in it."""

import math

import tensorflow as tf

# Streams of random numbers: for training, for the grids of a run, for gan_tf.sample, for gan_tf.evaluate.
TRAINING_NOISE, SAMPLE_NOISE, USER_NOISE, EVALUATION_NOISE = 0, 1, 2, 3


def uniform_noise(seed, stream, first, shape):
    """Returns numbers `first` … `first + prod(shape) - 1` of a random stream, uniform in [-1, 1), float32 `shape`.

    The numbers come from Philox, a generator that computes its n-th block of four numbers from a key and a counter.
    Here the key is `seed` and the counter is (n, `stream`). So earlier calls do not change a number. Raises ValueError
    if `first` is not a multiple of 4.
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    if first % 4:
        raise ValueError(f"first must be a multiple of 4, not {first}")
    counter = tf.constant([first // 4, stream], tf.uint64)
    return _philox(tf.constant([seed], tf.uint64), counter, tf.constant(shape, tf.int32))


@tf.function  # never with XLA, where the same draw gives other numbers and takes longer
def _philox(key, counter, shape):
    alg = tf.random.Algorithm.PHILOX.value
    return 2.0 * tf.raw_ops.StatelessRandomUniformV2(shape=shape, key=key, counter=counter, alg=alg) - 1.0


def iteration_noise(seed, first, steps, batch_size, d_steps=1, noise_dim=100):
    """Returns the noise of `steps` iterations from `first` on: float32 [steps, d_steps + 1, batch_size, noise_dim].

    For each iteration the noise of D's updates comes first, then the noise of G's update.
    """
    shape = [d_steps + 1, batch_size, noise_dim]
    return uniform_noise(seed, TRAINING_NOISE, first * math.prod(shape), [steps, *shape])


def sample_noise(seed, index, count=16, noise_dim=100):
    """Returns the noise of grid number `index`: float32 [count, noise_dim]. As in the script, a grid has 16 samples."""
    return uniform_noise(seed, SAMPLE_NOISE, index * count * noise_dim, [count, noise_dim])


def stream_noise(seed, stream, count, noise_dim=100):
    """Returns the noise of the first `count` samples of a stream: float32 [count, noise_dim]."""
    return uniform_noise(seed, stream, 0, [count, noise_dim])
