"""The noise that generators are fed with: counter-based, so that each number depends on its place alone."""

import math

import tensorflow as tf

# Streams of random numbers: what they are for. All have the run's seed as their key.
# Of the iterations, of their grids, of gan_tf.sample, of gan_tf.evaluate.
TRAINING_NOISE, SAMPLE_NOISE, USER_NOISE, EVALUATION_NOISE = 0, 1, 2, 3


def uniform_noise(seed, stream, first, shape):
    """Numbers `first` … `first + prod(shape) - 1` of a random stream, uniform in [-1, 1), as float32 `shape`.

    Philox, whose n-th block of four numbers is a function of key and counter alone: the key is `seed`, the
    counter (n, `stream`). So a number depends on its place in its stream, not on the calls that drew it.
    Raises ValueError if `first` is not a multiple of 4.
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    if first % 4:
        raise ValueError(f"first must be a multiple of 4, not {first}")
    return _philox(tf.constant([seed], tf.uint64), tf.constant([first // 4, stream], tf.uint64), shape)


@tf.function  # never with XLA, where the same draw gives other numbers and takes many times as long
def _philox(key, counter, shape):
    alg = tf.random.Algorithm.PHILOX.value
    return 2.0 * tf.raw_ops.StatelessRandomUniformV2(shape=shape, key=key, counter=counter, alg=alg) - 1.0


def iteration_noise(seed, first, steps, batch_size, d_steps=1, noise_dim=100):
    """The noise of `steps` iterations from `first` on: float32 [steps, d_steps + 1, batch_size, noise_dim].

    In each, that of D's updates, then that of G's.
    """
    shape = [d_steps + 1, batch_size, noise_dim]
    return uniform_noise(seed, TRAINING_NOISE, first * math.prod(shape), [steps, *shape])


def sample_noise(seed, index, count=16, noise_dim=100):
    """The noise of grid number `index`: float32 [count, noise_dim]; the reference draws 16 for every grid."""
    return uniform_noise(seed, SAMPLE_NOISE, index * count * noise_dim, [count, noise_dim])
