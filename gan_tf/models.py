"""The two networks of the reference as Keras models: G is 100-128-784, D is 784-128-1."""

import keras
import numpy as np

keras.config.set_floatx("float32")  # ~/.keras/keras.json may say otherwise, and would change every number


def xavier_init(seed):
    """The script's weight initialiser: normal, not truncated, stddev = 1 / sqrt(fan_in / 2).

    The script calls it Xavier. With the factor 2 it is He's (He et al. 2015, equation 10). It is not
    `keras.initializers.HeNormal`, which cuts off all values beyond two stddev.
    """
    return keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal", seed=seed)


def _layer_seeds(seed):
    return [int(s) for s in np.random.SeedSequence(seed).generate_state(2)]


def make_generator(seed=None, pixels=784):
    """G maps noise z to an image: p = sigmoid(W2' relu(W1' z + b1) + b2).

    The input is float32 [n, 100], in the script uniform in [-1, 1). The output is float32 [n, 784], each a pixel's
    probability in [0, 1]. `weights` are W1 [100, 128], b1 [128], W2 [128, 784], b2 [784]; biases begin at zero.
    An int `seed` fixes the weights; None draws new ones. GANs of other pictures have another number of `pixels`.
    Source: the script's `generator`.
    """
    seed_1, seed_2 = _layer_seeds(seed)
    return keras.Sequential(
        [
            keras.Input([100]),
            keras.layers.Dense(128, "relu", kernel_initializer=xavier_init(seed_1)),
            keras.layers.Dense(pixels, "sigmoid", kernel_initializer=xavier_init(seed_2)),
        ],
        name="generator",
    )


def make_discriminator(seed=None, pixels=784):
    """D maps an image to the logit of "real": W2' relu(W1' x + b1) + b2.

    The input is float32 [n, 784] in [0, 1]. The output is float32 [n, 1], a logit: the paper's D(x) is its sigmoid, and
    the losses take the logit itself. `weights` are W1 [784, 128], b1 [128], W2 [128, 1], b2 [1]; biases begin at zero.
    An int `seed` fixes the weights; None draws new ones. GANs of other pictures have another number of `pixels`.
    Source: the script's `discriminator`.
    """
    seed_1, seed_2 = _layer_seeds(seed)
    return keras.Sequential(
        [
            keras.Input([pixels]),
            keras.layers.Dense(128, "relu", kernel_initializer=xavier_init(seed_1)),
            keras.layers.Dense(1, kernel_initializer=xavier_init(seed_2)),
        ],
        name="discriminator",
    )
