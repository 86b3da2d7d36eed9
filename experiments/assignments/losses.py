"""Assignment 1: the two losses of a GAN, from the formula. Check: python -m experiments.assignments.check losses

x is a real image, G(z) a generated one. A logit is what D says before the sigmoid: D(x) = sigmoid(logit). 1 means
real. Both networks minimise their loss:

    D's loss = -mean log D(x) - mean log(1 - D(G(z)))
    G's loss = -mean log D(G(z))

All logits have the shape [n, 1], and each loss is one number. It must be right for logits as large as 200, too. There
float32 rounds sigmoid(logit) to 1. Hint: -log sigmoid(t) = softplus(-t). What is -log(1 - sigmoid(t))?
"""

import tensorflow as tf  # noqa: F401  tf.math.softplus, tf.reduce_mean


def d_loss(real_logits, fake_logits):
    """D's loss."""
    raise NotImplementedError


def g_loss(fake_logits):
    """G's loss."""
    raise NotImplementedError
