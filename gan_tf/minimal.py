"""A whole GAN in one file, in plain Keras and TensorFlow: python -m gan_tf.minimal. Copy it and change it.

A GAN trains two networks against each other. The generator G turns noise into images. The discriminator D tells real
images from generated ones. G learns to fool D. This writes a picture to out/minimal every 1000 iterations.
"""

import argparse
from pathlib import Path

import keras
import matplotlib.image
import tensorflow as tf
from keras.layers import Dense

from gan_tf import data

BATCH, NOISE, PIXELS = 128, 100, 784


def make_networks():
    """Returns G, noise [n, 100] to images [n, 784] in [0, 1], and D, images to logits [n, 1]: above 0 means real."""
    init = {"kernel_initializer": "he_normal"}
    g = [keras.Input([NOISE]), Dense(128, "relu", **init), Dense(PIXELS, "sigmoid", **init)]
    d = [keras.Input([PIXELS]), Dense(128, "relu", **init), Dense(1, **init)]
    return keras.Sequential(g), keras.Sequential(d)


def make_step(generator, discriminator):
    """Returns `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`, one iteration of training."""
    d_optimizer, g_optimizer = keras.optimizers.Adadelta(1.0, epsilon=1e-8), keras.optimizers.Adam(0.001, epsilon=1e-8)
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function(jit_compile=True)
    def step(real_images, d_noise, g_noise):
        with tf.GradientTape() as tape:  # D should say 1 to real images and 0 to generated ones
            real_logits, fake_logits = discriminator(real_images), discriminator(generator(d_noise))
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)
        with tf.GradientTape() as tape:  # G wants D to say 1 to generated images
            fake_logits = discriminator(generator(g_noise))
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def main(iterations=20_000, folder="out/minimal"):
    """Trains on digits drawn from fonts, which needs no download. For handwritten digits, load "mnist"."""
    images = data.load("glyphs").images.reshape(-1, PIXELS)  # float32 [55000, 784] in [0, 1]
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).repeat().batch(BATCH)
    generator, discriminator = make_networks()
    step = make_step(generator, discriminator)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for i, real_images in enumerate(batches.take(iterations + 1)):
        d_noise, g_noise = tf.random.uniform([2, BATCH, NOISE], -1, 1)
        d_loss, g_loss = step(real_images, d_noise, g_noise)
        if i % 1000 == 0:
            samples = generator(g_noise[:16]).numpy().reshape(4, 4, 28, 28)
            grid = samples.swapaxes(1, 2).reshape(4 * 28, 4 * 28).repeat(3, axis=0).repeat(3, axis=1)
            matplotlib.image.imsave(f"{folder}/{i:05}.png", grid, cmap="gray")
            print(f"{folder}/{i:05}.png: D loss {d_loss:.3f}, G loss {g_loss:.3f}", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(usage="this takes no flags; change the numbers in the file").parse_args()
    main()
