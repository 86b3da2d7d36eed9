"""R3GAN, a GAN of today: python -m gan_tf.zoo.r3gan --out_dir=out/r3gan

Huang, Gokaslan, Kuleshov and Tompkin 2024, "The GAN is dead; long live the GAN! A modern baseline GAN"
(arXiv:2501.05441). The paper replaces the many tricks of GANs by a loss that is known to converge near the solution,
and by residual networks. x is a real image, G(z) a generated one, D a logit. Each E is a mean over a batch of pairs
(x, z).

    D's loss = E softplus(D(G(z)) - D(x)) + gamma/2 · E ‖∇D(x)‖² + gamma/2 · E ‖∇D(G(z))‖²
    G's loss = E softplus(D(x) - D(G(z)))

The relativistic pairing loss compares each generated image with a real one. So D cannot give the same answer to all
generated images: near each real image it must say which is which. This works against mode collapse. The other two terms
are the penalties R1 and R2: D is flat at real and at generated images. Without them such a GAN need not converge
(experiments/theory/one_point.py). The controls leave out one part each: --nopairing has the losses of dcgan.py, --nor1
and --nor2 have one penalty only, and --networks=dcgan has the networks of dcgan.py, with no batch normalisation in D.
The residual networks are in residual.py.

Departures from the paper and its code, besides those of residual.py:

1. The paper computes R1 and R2 in every iteration. Here every eighth has them, eight times as large
   (--penalty_every; see dcgan.py). This saves time.
2. The paper lowers learning rate and gamma along a cosine, which ends at a tenth or less. Here both are multiplied by
   1/2 to the power of (iteration / --halve_every), which does not depend on --iters. The paper raises Adam's beta2 from
   0.9 to 0.99; here it is 0.99. Samples come from an average of G's weights with the same memory from the start
   (--ema); the paper's begins without.
3. The paper augments images at random. Here this is --augment, by another paper's rules (augment.py).
"""

from gan_tf.runs import training_command

OPTIONS = {
    "width": (32, "Channels at the largest size. The smaller ones have two and four times as many.", (8, 1024)),
    "blocks": (1, "Residual blocks for each size of the image.", (1, 16)),
    "networks": ("residual", "The paper's networks (residual), or those of gan_tf.zoo.dcgan.", ["residual", "dcgan"]),
    "pairing": (True, "The relativistic pairing loss. --nopairing is the control with the losses of gan_tf.zoo.dcgan."),
    "gamma": (1.0, "Weight of both penalties.", (0, 1e6)),
    "r1": (True, "The penalty at real images. --nor1 is the control without it."),
    "r2": (True, "The penalty at generated images. --nor2 is the control without it."),
    "penalty_every": (8, "Iterations from one computation of the penalties to the next.", (1, 1000)),
    "learning_rate": (0.001, "Learning rate of Adam, for both networks.", (1e-9, 10)),
    "halve_every": (
        12_000,
        "Iterations in which learning rate and gamma fall by half, smoothly. 0: they stay the same.",
        (0, 10**9),
    ),
    "ema": (0.999, "As in gan_tf.zoo.dcgan. 0: samples come from G.", (0, 0.99999)),
    "augment": (
        "none",
        "Differentiable augmentation, for few pictures; see gan_tf.zoo.augment.",
        ["none", "translation", "translation,cutout", "colour,translation,cutout"],
    ),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=40_000,
        pixel_bytes=7000,
        batch_size=32,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import math

import numpy as np
import tensorflow as tf

from gan_tf import losses
from gan_tf.zoo import dcgan, residual
from gan_tf.zoo.augment import make_augment, unchanged
from gan_tf.zoo.blocks import follow, lazily, make_average, picture_gan, shape_of


def relativistic_d_loss(real_logits, fake_logits):
    """E softplus(D(G(z)) - D(x)), over pairs; logits are float32 [n, 1]. The paper's equation 2, as D's loss."""
    return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))


def relativistic_g_loss(real_logits, fake_logits):
    """E softplus(D(x) - D(G(z))), over pairs; logits are float32 [n, 1]. As in the paper's code."""
    return tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))


def make_train_step(
    generator,
    discriminator,
    g_optimizer,
    d_optimizer,
    average=None,
    ema=0.0,
    pairing=True,
    gamma=1.0,
    r1=True,
    r2=True,
    penalty_every=1,
    learning_rate=0.001,
    halve_every=0,
    augment=unchanged,
    jit=False,
):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, height, width, channels] in [0, 1]. `d_noise` and `g_noise` are float32 [n, 100] in
    [-1, 1). `d_loss` has no penalty in it. `average` is a second generator, which follows the first (`blocks.follow`).
    Iterations 0, `penalty_every` and so on have the penalties, as many times as large; `d_optimizer` counts them. With
    `halve_every`, the rate of both optimizers is `learning_rate` times 1/2 to the power of (iteration / `halve_every`),
    and gamma falls in the same way.
    `augment` changes the images that D sees (`augment.make_augment`).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    def penalty(real_images, fake_images):
        """1/2 times R1, R2, or their sum."""
        images = tf.concat([real_images] * r1 + [fake_images] * r2, axis=0)
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = discriminator(images, training=True)
        squares = tf.reduce_sum(tape.gradient(logits, images) ** 2, axis=[1, 2, 3])
        return (r1 + r2) / 2 * tf.reduce_mean(squares)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        iteration = d_optimizer.iterations
        weight = gamma
        if halve_every:
            share = 0.5 ** (tf.cast(iteration, tf.float32) / halve_every)
            weight *= share
            for optimizer in (d_optimizer, g_optimizer):
                optimizer.learning_rate.assign(learning_rate * share)
        changed_images = augment(real_images, iteration, 0)
        fake_images = augment(generator(d_noise, training=True), iteration, 1)
        with tf.GradientTape() as tape:
            # Both in one batch, which is faster; D has no layer in which images of a batch meet.
            both = tf.split(discriminator(tf.concat([changed_images, fake_images], axis=0), training=True), 2)
            loss = d_loss = relativistic_d_loss(*both) if pairing else losses.non_saturating_d_loss(*both)
            if gamma and (r1 or r2):
                loss += weight * lazily(lambda: penalty(changed_images, fake_images), iteration, penalty_every)
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)

        if pairing:  # outside the tape, because G cannot change them
            real_logits = discriminator(changed_images, training=True)
        with tf.GradientTape() as tape:
            fake_logits = discriminator(augment(generator(g_noise, training=True), iteration, 2), training=True)
            if pairing:
                g_loss = relativistic_g_loss(real_logits, fake_logits)
            else:
                g_loss = losses.non_saturating_g_loss(fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)

        if average:
            follow(average, generator, ema)
        return d_loss, g_loss

    return step


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    width=32,
    blocks=1,
    networks="residual",
    pairing=True,
    gamma=1.0,
    r1=True,
    r2=True,
    penalty_every=8,
    learning_rate=0.001,
    halve_every=12_000,
    ema=0.999,
    augment="none",
    batch_size=32,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes an R3GAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags. `block` is how
    many iterations the loop asks for at most. Raises ValueError if `ema` is not in [0, 1), or for unknown networks
    or an unknown `augment`.
    """
    if networks not in ("residual", "dcgan"):
        raise ValueError(f"networks must be residual or dcgan, not {networks!r}")
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    shape = shape_of(images, shape)

    def make_g():
        if networks == "dcgan":
            return dcgan.make_generator(g_seed, shape, width)
        return residual.make_generator(g_seed, shape, width, blocks)

    generator, average = make_g(), make_average(make_g, ema)
    if networks == "dcgan":
        discriminator = dcgan.make_discriminator(d_seed, shape, width, batch_norm=False)
    else:
        discriminator = residual.make_discriminator(d_seed, shape, width, blocks)
    g_optimizer, d_optimizer = (residual.make_optimizer(learning_rate) for _ in range(2))
    step = make_train_step(
        generator,
        discriminator,
        g_optimizer,
        d_optimizer,
        average,
        ema,
        pairing,
        gamma,
        r1,
        r2,
        penalty_every,
        learning_rate,
        halve_every,
        make_augment(augment, seed),
        jit,
    )
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
    }
    block, blind = min(block, dcgan.BLOCK), math.log(2) if pairing else 2 * math.log(2)
    return picture_gan(objects, average, step, images, shape, batch_size, seed, block, blind)
