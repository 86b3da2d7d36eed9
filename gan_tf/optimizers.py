"""Adadelta and Adam as TensorFlow 1 ran them.

Keras 3 has the same update rules, but other numbers:

- epsilon is 1e-8 in TensorFlow 1, and 1e-7 in Keras. Adadelta's running averages are zero at the start, so its first
  steps are proportional to sqrt(epsilon). With Keras's default they would be 3.2 times too long.
- TensorFlow 1 first rounds each constant to float32, then computes with it: 1 - float32(0.999) is 0.00099998713.
  Keras would use 1 - 0.999 = 0.001.
- TensorFlow 1 computes the formulas in another order: see kernels.py.
"""

import numpy as np

# kernels.py is imported inside the functions: the command line needs the names of the optimizers, and importing
# TensorFlow for that would take seconds.

# Learning rates where none is given: TF1's; for adam_gp and rmsprop those of their papers.
RATES = {"adadelta": 0.001, "adadelta_2017": 0.001, "adam": 0.001, "adam_gp": 0.0001, "rmsprop": 0.00005}


def _float32(value):
    return float(np.float32(value))


def make_adadelta(learning_rate=RATES["adadelta"]):
    """Makes TF1's `AdadeltaOptimizer()`. For a weight with gradient g, a step is these four lines, in this order:

    E[g²] ← rho E[g²] + (1 - rho) g²
    u = sqrt(E[u²] + eps) / sqrt(E[g²] + eps) g
    E[u²] ← rho E[u²] + (1 - rho) u²
    weight ← weight - learning_rate u

    The averages E[g²] and E[u²] are zero at the start; rho = 0.95, eps = 1e-8. Zeiler's paper has no learning rate,
    which means 1.0. With TF1's 0.001, as in the script, a weight hardly moves.
    Source: Zeiler 2012 (arXiv:1212.5701), algorithm 1; constants: TF1's defaults.
    """
    from gan_tf.kernels import Adadelta

    return Adadelta(_float32(learning_rate), rho=_float32(0.95), epsilon=_float32(1e-8))


def make_adadelta_2017(learning_rate=RATES["adadelta_2017"]):
    """Makes Adadelta as in `make_adadelta`, with the bug that TF1's CPU kernel had when the script was written.

    The weight moves by -learning_rate sqrt(E[u²] + eps) / sqrt(E[g²] + eps) g. The bug: E[u²] is its value after the
    update, where it must be the value before.
    Source: tensorflow/core/kernels/training_ops.cc of TensorFlow 1.2.
    """
    from gan_tf.kernels import Adadelta2017

    return Adadelta2017(_float32(learning_rate), rho=_float32(0.95), epsilon=_float32(1e-8))


def make_adam(learning_rate=RATES["adam"]):
    """Makes TF1's `AdamOptimizer()`. For a weight with gradient g, step number t is these three lines, in this order:

    m ← b1 m + (1 - b1) g
    v ← b2 v + (1 - b2) g²
    weight ← weight - learning_rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    The averages m and v are zero at the start; b1 = 0.9, b2 = 0.999, eps = 1e-8. This eps is the "epsilon hat" of the
    paper: it is added to sqrt(v) itself, before v is corrected by 1 - b2^t.
    Source: Kingma and Ba 2015 (arXiv:1412.6980), section 2, end; constants: TF1's defaults.
    """
    from gan_tf.kernels import Adam

    return Adam(_float32(learning_rate), beta_1=_float32(0.9), beta_2=_float32(0.999), epsilon=_float32(1e-8))


def make_adam_gp(learning_rate=RATES["adam_gp"]):
    """Makes Adam with WGAN-GP's constants: b1 = 0, b2 = 0.9, eps = 1e-8, learning rate 0.0001.

    Source: Gulrajani et al. 2017 (arXiv:1704.00028), algorithm 1; epsilon: TF1's default, as in its code.
    """
    from gan_tf.kernels import Adam

    return Adam(_float32(learning_rate), beta_1=0.0, beta_2=_float32(0.9), epsilon=_float32(1e-8))


def make_rmsprop(learning_rate=RATES["rmsprop"]):
    """Makes RMSProp for WGAN. For a weight with gradient g, a step is these two lines, in this order:

    v ← 0.99 v + 0.01 g²
    weight ← weight - learning_rate g / sqrt(v + eps)

    The average v is zero at the start; eps = 1e-16. The code of the paper uses PyTorch's defaults: 0.99, and an epsilon
    of 1e-8 that is added outside the root. In Keras it is inside the root, so it is squared here.
    Source: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1.
    """
    import keras

    return keras.optimizers.RMSprop(learning_rate, rho=0.99, epsilon=1e-16)


OPTIMIZERS = {
    "adadelta": make_adadelta,
    "adadelta_2017": make_adadelta_2017,
    "adam": make_adam,
    "adam_gp": make_adam_gp,
    "rmsprop": make_rmsprop,
}


def valid_learning_rate(value):
    """Returns True if `value`, rounded to float32, is positive and finite."""
    with np.errstate(over="ignore"):
        return bool(0 < np.float32(value) < np.inf)


def make_optimizer(name, learning_rate=None):
    """Makes the Keras optimizer `name`, a key of `OPTIMIZERS`, with TF1's constants.

    `learning_rate` is a positive number. None means that of `RATES`. Raises ValueError for an unknown name, and for a
    learning rate that is not positive and finite in float32.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {name!r}; known: {', '.join(OPTIMIZERS)}")
    if learning_rate is None:
        return OPTIMIZERS[name]()
    if not valid_learning_rate(learning_rate):
        raise ValueError(f"learning rate must be a positive number, not {learning_rate!r}")
    return OPTIMIZERS[name](learning_rate)
