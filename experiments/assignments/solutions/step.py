"""A solution of assignment 2."""

import tensorflow as tf

from gan_tf.losses import non_saturating_d_loss, non_saturating_g_loss


def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, d_noise, g_noise):
    """Updates D, then G, and returns (d_loss, g_loss)."""
    fake_images = generator(d_noise)
    with tf.GradientTape() as tape:
        d_loss = non_saturating_d_loss(discriminator(real_images), discriminator(fake_images))
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)

    with tf.GradientTape() as tape:  # G's images are drawn inside: the gradient goes through them
        g_loss = non_saturating_g_loss(discriminator(generator(g_noise)))
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return d_loss, g_loss
