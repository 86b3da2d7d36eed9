"""Objectives as pairs of pure functions of logits. 1 means real, 0 means fake."""

import tensorflow as tf

from gan_tf.objectives import OTHER_LOSSES


def non_saturating_d_loss(real_logits, fake_logits):
    """D's loss: -mean log D(x) - mean log(1 - D(G(z))), with D = sigmoid(logit).

    Logits float32 [n, 1], any finite value; returns a scalar >= 0, 2 log 2 = 1.386 where D cannot tell.
    Source: Goodfellow et al. 2014, equation 1, negated; the reference's `D_loss`.
    """
    real = tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(real_logits), real_logits)
    fake = tf.nn.sigmoid_cross_entropy_with_logits(tf.zeros_like(fake_logits), fake_logits)
    return tf.reduce_mean(real) + tf.reduce_mean(fake)


def non_saturating_g_loss(fake_logits):
    """G's loss: -mean log D(G(z)), with D = sigmoid(logit).

    Logits float32 [n, 1], any finite value; returns a scalar >= 0, log 2 = 0.693 where D cannot tell.
    Source: Goodfellow et al. 2014, section 3, last paragraph; the reference's `G_loss`.
    """
    fake = tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(fake_logits), fake_logits)
    return tf.reduce_mean(fake)


# name: (loss of D from real_logits and fake_logits, loss of G from fake_logits)
LOSSES = {"non_saturating": (non_saturating_d_loss, non_saturating_g_loss), **OTHER_LOSSES}
