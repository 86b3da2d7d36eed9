"""A loss-sensitive GAN asks for a margin: python -m gan_tf.zoo.loss_sensitive --out_dir=out/loss_sensitive

Qi 2017, "Loss-sensitive generative adversarial networks on Lipschitz densities" (arXiv:1701.06264). Instead of a
probability, D gives each image x a loss L(x), which should be small for real images. The loss of a generated image must
be larger than that of a real image by a margin. The margin is proportional to their distance: the more a picture
differs from real images, the larger its loss must be. If a picture already has a large enough loss, D ignores it.

(a)+ is max(a, 0). Δ(x, y) is the mean of |x - y| over all pixels. Each E is a mean over a batch of pairs (x, z).

    D's loss = E (margin Δ(x, G(z)) + L(x) - L(G(z)))+
    G's loss = E L(G(z))

--margin=0 is the control.

Departures from the paper:

1. The paper's loss of D also has the term E L(x). In the author's code (github.com/guojunq/lsgan) its weight is 0 for
   images without labels ("the theorem shows this term can be ignored"), so it is left out here.
2. The networks are those of the reference, or those of dcgan.py with --networks=dcgan; L is D's logit. The author's
   networks are larger, and the last layer of L is a ReLU.
3. The author's Δ is the sum of |x - y| over 64 x 64 x 3 pixels in [-1, 1], and is multiplied by 0.0002 ("lambda" in
   the code). With the mean over pixels in [0, 1], the same margin is 0.0002 * 64 * 64 * 3 * 2 = 4.9 times Δ.
4. G's update uses new noise, as everywhere in this project. The author uses D's pictures again.

Adam's constants are those of the author's code: learning rate 0.0001, beta1 0.5, and 64 images in a batch.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "networks": ("dense", "The reference's networks (dense), or those of gan_tf.zoo.dcgan.", ["dense", "dcgan"]),
    "margin": (
        0.0002 * 64 * 64 * 3 * 2,
        "The margin is this number times the distance of the two images. 0 is the control.",
        (0, 1e6),
    ),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=20_000,
        pixel_bytes=5100,
        batch_size=64,
    )

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import models
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import picture_gan, shape_of

DENSE_BLOCK = 100  # as dcgan.BLOCK, but dense networks are faster


def make_dense_generator(seed, shape):
    """The reference's G for images of any shape: float32 [n, 100] → [n, height, width, channels]."""
    g = models.make_generator(seed, math.prod(shape))
    return keras.Sequential([g, layers.Reshape(shape)], name="generator")


def make_dense_discriminator(seed, shape):
    """The reference's D for images of any shape: float32 [n, height, width, channels] → [n, 1]."""
    d = models.make_discriminator(seed, math.prod(shape))
    return keras.Sequential([keras.Input(shape), layers.Flatten(), d], name="discriminator")


# Networks by name: functions that make G and D from a seed and the shape of an image.
NETWORKS = {
    "dense": (make_dense_generator, make_dense_discriminator),
    "dcgan": (dcgan.make_generator, dcgan.make_discriminator),
}


def d_loss_fn(real_losses, fake_losses, real_images, fake_images, margin):
    """E (margin Δ(x, G(z)) + L(x) - L(G(z)))+, a scalar. Losses are [n, 1], images [n, height, width, channels]."""
    margins = margin * tf.reduce_mean(tf.abs(real_images - fake_images), axis=[1, 2, 3])[:, None]
    return tf.reduce_mean(tf.nn.relu(margins + real_losses - fake_losses))


def g_loss_fn(fake_losses):
    """E L(G(z)), a scalar, from losses [n, 1]."""
    return tf.reduce_mean(fake_losses)


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, margin, jit=False):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, height, width, channels] in [0, 1], noise is float32 [n, 100] in [-1, 1). Each loss is
    taken before its own network's update.
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        fake_images = generator(d_noise, training=True)
        with tf.GradientTape() as tape:
            real_losses, fake_losses = (discriminator(each, training=True) for each in (real_images, fake_images))
            d_loss = d_loss_fn(real_losses, fake_losses, real_images, fake_images, margin)
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            g_loss = g_loss_fn(discriminator(generator(g_noise, training=True), training=True))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    networks="dense",
    margin=OPTIONS["margin"][0],
    batch_size=64,
    seed=0,
    jit=False,
    block=DENSE_BLOCK,
):
    """Makes a loss-sensitive GAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags. Raises KeyError
    for unknown networks.
    """
    shape = shape_of(images, shape)
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    make_generator, make_discriminator = NETWORKS[networks]
    generator, discriminator = make_generator(g_seed, shape), make_discriminator(d_seed, shape)
    g_optimizer, d_optimizer = (keras.optimizers.Adam(0.0001, beta_1=0.5, beta_2=0.999, epsilon=1e-8) for _ in range(2))
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, margin, jit)
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
    }
    block = min(block, DENSE_BLOCK if networks == "dense" else dcgan.BLOCK)
    return picture_gan(objects, None, step, images, shape, batch_size, seed, block)
