"""Where in G's noise an image lies: a network that guesses z from the image. Used by completion.py and editing.py.

    P(x) = z,  trained on real images: mean |G(P(w · x)) - x|        w: 0 where the network must not look, else 1

Source: Zhu, Krähenbühl, Shechtman and Efros 2016, "Generative visual manipulation on the natural image manifold"
(arXiv:1609.03552), section 3.1, "projection via a feedforward network", with the difference of the pixels alone. In
the paper w is 1 everywhere. G stays as it is.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf.data import batch_indices
from gan_tf.data.dataset import scaled

BATCH, LEARNING_RATE = 32, 0.001
HALVINGS = 3  # of the learning rate, while the network learns


def make_encoder(shape, inputs, seed):
    """P maps images of `shape`, float32 [n, height, width, channels] in [0, 1], to z, float32 [n, inputs] in [-1, 1].

    Three convolutions with stride 2, as in a DCGAN's D, and two dense layers. `seed` fixes the weights.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(5).tolist())

    def first():
        return keras.initializers.HeNormal(seed=next(seeds))

    image = keras.Input(shape)
    x = layers.Rescaling(2.0, -1.0)(image)
    for channels in (32, 64, 128):
        x = layers.Conv2D(channels, 4, 2, "same", kernel_initializer=first())(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(256, kernel_initializer=first())(layers.Flatten()(x))
    x = layers.LeakyReLU(0.2)(x)
    last = keras.initializers.GlorotUniform(seed=next(seeds))
    return keras.Model(image, layers.Dense(inputs, activation="tanh", kernel_initializer=last)(x), name="encoder")


def train_encoder(encoder, generator, images, seen, iters, seed=0):
    """Trains P for `iters` iterations on batches of 32 of `images`, uint8 or float32 [n, height, width, channels].

    `generator` maps z to images in [0, 1]. `seen`, [height, width, 1], is w: 0 where P must not look, else 1. The
    batches depend on `seed` alone. Returns the losses, float32 [iters].
    """
    weights = encoder.trainable_variables
    optimizer = keras.optimizers.Adam(LEARNING_RATE, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimizer.build(weights)
    seen = tf.constant(seen, tf.float32)

    @tf.function
    def step(real):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(generator(encoder(seen * real)) - real))
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    losses = np.zeros([iters], np.float32)
    for i in range(iters):
        optimizer.learning_rate.assign(LEARNING_RATE * 0.5 ** (HALVINGS * i / iters))
        batch = batch_indices(len(images), BATCH, seed, i, 1).reshape(-1)
        losses[i] = step(tf.constant(scaled(images[batch])))
    return losses
