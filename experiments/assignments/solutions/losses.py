"""A solution of assignment 1."""

import tensorflow as tf


def d_loss(real_logits, fake_logits):
    """D's loss."""
    return tf.reduce_mean(tf.math.softplus(-real_logits)) + tf.reduce_mean(tf.math.softplus(fake_logits))


def g_loss(fake_logits):
    """G's loss."""
    return tf.reduce_mean(tf.math.softplus(-fake_logits))
