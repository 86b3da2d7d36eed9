"""Assignment 2: one training step of a GAN. Check: python -m experiments.assignments.check step

1. Draw images with `d_noise`, and let D judge real and generated images. Update D, and only D.
2. Draw images with `g_noise`, and let the updated D judge them. Update G, and only G.
3. Return both losses. Each is the one that its network was updated with.

A `tf.GradientTape` records what happens inside its `with`. `tape.gradient(loss, weights)` returns one gradient for each
of `weights`. `optimizer.apply(gradients, weights)` moves them. Leave out `tf.function` here.
"""

import tensorflow as tf  # noqa: F401

from gan_tf.losses import non_saturating_d_loss, non_saturating_g_loss  # noqa: F401


def train_step(generator, discriminator, g_optimizer, d_optimizer, real_images, d_noise, g_noise):
    """Updates D, then G, and returns (d_loss, g_loss).

    `generator(noise)` returns images, `discriminator(images)` logits. Both have `trainable_variables`. The losses are
    `non_saturating_d_loss(real_logits, fake_logits)` and `non_saturating_g_loss(fake_logits)`.
    """
    raise NotImplementedError
