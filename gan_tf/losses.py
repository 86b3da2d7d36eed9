"""The reference's two losses. They take logits; 1 means real, 0 means fake."""

import tensorflow as tf


def non_saturating_d_loss(real_logits, fake_logits):
    """D's loss: -mean log D(x) - mean log(1 - D(G(z))), with D = sigmoid(logit).

    Logits are float32 [n, 1], any finite value. Returns a scalar >= 0. It is 2 log 2 = 1.386 when D outputs 1/2
    everywhere. Source: Goodfellow et al. 2014, equation 1, negated; the script's `D_loss`.
    """
    real = tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(real_logits), real_logits)
    fake = tf.nn.sigmoid_cross_entropy_with_logits(tf.zeros_like(fake_logits), fake_logits)
    return tf.reduce_mean(real) + tf.reduce_mean(fake)


def non_saturating_g_loss(fake_logits):
    """G's loss: -mean log D(G(z)), with D = sigmoid(logit).

    Logits are float32 [n, 1], any finite value. Returns a scalar >= 0. It is log 2 = 0.693 when D outputs 1/2
    everywhere. Source: Goodfellow et al. 2014, section 3, last paragraph; the script's `G_loss`.
    """
    fake = tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(fake_logits), fake_logits)
    return tf.reduce_mean(fake)
