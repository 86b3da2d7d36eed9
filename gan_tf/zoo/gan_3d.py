"""Makes solid furniture: python -m gan_tf.zoo.gan_3d --out_dir=out/gan_3d

Wu, Zhang, Xue, Freeman and Tenenbaum 2016, "Learning a probabilistic latent space of object shapes via 3D
generative-adversarial modeling" (arXiv:1610.07584). A solid is an array of small cubes (voxels); each is filled or not.
The networks are those of a DCGAN, with volumetric convolutions: they look at neighbouring cubes in three directions.
The paper's data set of real furniture is replaced by furniture that a program makes (gan_tf/data/furniture.py): tables,
chairs and shelves of 16x16x16 cubes.

D has an easy task, because there are few ways to be a table. So in the paper D learns only in steps in which it
classifies less than 80% of a batch correctly. And each GAN of the paper draws one kind of furniture. Here are three
kinds at once, and with the paper's training all solids become the same (--nowasserstein). Smith and Meger 2017
(arXiv:1707.09557) found many kinds at once hard, too, and took the losses of WGAN-GP (Gulrajani et al. 2017,
arXiv:1704.00028), as this file does:

    D's loss = E D(G(z)) - E D(x) + 10 E(‖∇D(x̂)‖ - 1)²                       x̂: at random between x and G(z)
    G's loss = -E D(G(z))

--noconvolutions is the control without the idea: dense layers instead of volumetric convolutions, with about 40% more
weights, but only one hidden layer in each network.

Departures from the paper:

1. The losses, and Adam with the rate 0.0005 and beta2 0.9. D learns from two batches before G learns from one.
   --nowasserstein has the paper's cross-entropy, its waiting and its rates, 0.0025 for G and 0.00001 for D.
2. 16 cubes on a side instead of 64, so three convolutions instead of five, and `width` channels instead of 64.
3. z has 100 numbers in [-1, 1) instead of 200 in [0, 1).
4. D sees the solids in [-1, 1]. It has no batch normalisation, because the penalty is one for each solid. G begins with
   solids that are filled as much as the furniture is on average.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

OPTIONS = {
    "width": (16, "Channels of D's first convolution. The others have two and four times as many.", (1, 1024)),
    "convolutions": (True, "--noconvolutions is the control with dense layers."),
    "wasserstein": (
        True,
        "--nowasserstein: the paper's losses and rates. D does not learn if it is right in 80% or more of a batch.",
    ),
}

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=4000,
        pixel_bytes=2000,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
        datasets=["furniture"],
    )

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import losses
from gan_tf.data.furniture import SIDE
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.solids import VIEW, compare, view
from gan_tf.noise import EVALUATION_NOISE, sample_noise, stream_noise
from gan_tf.objectives.critics import make_penalised_update
from gan_tf.objectives.losses import wasserstein_d_loss, wasserstein_g_loss
from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import make_train_block

KERNEL, NOISE, BLOCK = 4, 100, 20
D_STEPS, LIMIT = 2, 0.8  # D's updates for each of G's; in the paper's training, the share from which on D waits
FILLED = 0.063  # the share of the furniture's cubes that are filled
CUBES = SIDE**3
COUNT = 1000  # how many solids are measured


def make_generator(seed, width=16, convolutions=True):
    """G maps noise z, float32 [n, 100], to solids, float32 [n, 4096] in [0, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())
    z, start = keras.Input([NOISE]), keras.initializers.Constant(math.log(FILLED / (1 - FILLED)))
    if not convolutions:
        x = layers.ReLU()(dcgan.normalise()(layers.Dense(4 * width, kernel_initializer=dcgan.normal(seeds))(z)))
        x = layers.Dense(CUBES, kernel_initializer=dcgan.normal(seeds), bias_initializer=start)(x)
    else:
        x = layers.Reshape([2, 2, 2, 4 * width])(layers.Dense(32 * width, kernel_initializer=dcgan.normal(seeds))(z))
        for channels, bias in ((2 * width, "zeros"), (width, "zeros"), (1, start)):
            x, first = layers.ReLU()(dcgan.normalise()(x)), dcgan.normal(seeds)
            x = layers.Conv3DTranspose(channels, KERNEL, 2, "same", kernel_initializer=first, bias_initializer=bias)(x)
    return keras.Model(z, layers.Activation("sigmoid")(layers.Flatten()(x)), name="generator")


def make_discriminator(seed, width=16, convolutions=True):
    """D maps solids, float32 [n, 4096] in [0, 1], to logits, float32 [n, 1]."""
    seeds = iter(np.random.SeedSequence(seed).generate_state(4).tolist())
    solid = keras.Input([CUBES])
    x = layers.Rescaling(2.0, -1.0)(solid)
    if convolutions:
        x = layers.Reshape([SIDE, SIDE, SIDE, 1])(x)
        for channels in (width, 2 * width, 4 * width):
            x = layers.Conv3D(channels, KERNEL, 2, "same", kernel_initializer=dcgan.normal(seeds))(x)
            x = layers.LeakyReLU(0.2)(x)
        x = layers.Flatten()(x)
    else:
        x = layers.LeakyReLU(0.2)(layers.Dense(4 * width, kernel_initializer=dcgan.normal(seeds))(x))
    return keras.Model(solid, layers.Dense(1, kernel_initializer=dcgan.normal(seeds))(x), name="discriminator")


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, seed=0, jit=False):
    """Makes `step(real_solids, d_noise, g_noise) -> (d_loss, g_loss)`: D learns twice, then G once.

    `real_solids` is float32 [2n, 4096] in [0, 1], noise is float32 [2n, 100] in [-1, 1). D's updates take n rows each,
    G's the first n. The losses are those of the last update of D, with the penalty, and of G, each taken before it.
    """
    g_weights = generator.trainable_variables
    d_optimizer.build(discriminator.trainable_variables)
    g_optimizer.build(g_weights)
    update = make_penalised_update(discriminator, d_optimizer, wasserstein_d_loss, seed)

    @tf.function(jit_compile=jit)
    def step(real_solids, d_noise, g_noise):
        for real, noise in zip(tf.split(real_solids, D_STEPS), tf.split(d_noise, D_STEPS), strict=True):
            d_loss = update(real, generator(noise, training=True))

        with tf.GradientTape() as tape:
            fake_solids = generator(tf.split(g_noise, D_STEPS)[0], training=True)
            g_loss = wasserstein_g_loss(discriminator(fake_solids))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def make_papers_step(generator, discriminator, g_optimizer, d_optimizer, jit=False):
    """Makes `step(real_solids, d_noise, g_noise) -> (d_loss, g_loss, d_right)`: D learns or waits, then G.

    `real_solids` is float32 [n, 4096] in [0, 1], noise is float32 [n, 100] in [-1, 1). `d_right` is the share of the
    2 n solids that D is right about. Each loss is taken before its own network's update.
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_solids, d_noise, g_noise):
        fake_solids = generator(d_noise, training=True)
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real_solids), discriminator(fake_solids)
            d_loss = losses.non_saturating_d_loss(real_logits, fake_logits)
        right = tf.concat([real_logits > 0, fake_logits <= 0], axis=0)
        d_right = tf.reduce_mean(tf.cast(right, tf.float32))
        gradients = tape.gradient(d_loss, d_weights)
        if d_right < LIMIT:
            d_optimizer.apply(gradients, d_weights)

        with tf.GradientTape() as tape:
            g_loss = losses.non_saturating_g_loss(discriminator(generator(g_noise, training=True)))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss, d_right

    return step


def make(
    images=None,
    labels=None,
    *,
    width=16,
    convolutions=True,
    wasserstein=True,
    batch_size=64,
    seed=0,
    jit=False,
    block=BLOCK,
):
    """Makes a 3D-GAN, untrained, as a `Gan`. Its grids show solids; in the last row one turns into another.

    `images` are solids, uint8 [n, 4096], or float32 in [0, 1]. Without them the GAN can draw, but not train. `labels`
    are not used. The other arguments are the flags. Raises ValueError if there are fewer solids than two batches.
    """
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    generator = make_generator(g_seed, width, convolutions)
    discriminator = make_discriminator(d_seed, width, convolutions)
    g_rate, d_rate, beta_2 = (0.0005, 0.0005, 0.9) if wasserstein else (0.0025, 0.00001, 0.999)
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": keras.optimizers.Adam(g_rate, beta_1=0.5, beta_2=beta_2, epsilon=1e-8),
        "d_optimizer": keras.optimizers.Adam(d_rate, beta_1=0.5, beta_2=beta_2, epsilon=1e-8),
    }
    train_block = None
    if images is not None and wasserstein:
        if D_STEPS * batch_size > len(images):
            raise SettingError(
                f"{D_STEPS} batches of {batch_size} are more than the {len(images)} solids; change --batch_size."
            )
        step = make_train_step(**objects, seed=seed, jit=jit)
        train_block = make_train_block(step, [images], D_STEPS * batch_size, seed)
    elif images is not None:
        train_block = make_train_block(make_papers_step(**objects, jit=jit), [images], batch_size, seed)

    def draw(index):
        noise = sample_noise(seed, index).numpy()
        between = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
        noise[12:] = (1 - between) * noise[12] + between * noise[15]
        return view(generator(noise))

    def scores(test):
        solids = test.images
        made = in_batches(generator, stream_noise(seed, EVALUATION_NOISE, COUNT))
        half, noise = len(solids) // 2, np.random.default_rng(0).random([COUNT, CUBES])
        return (
            compare(made, solids, "made")
            | compare(solids[:half], solids[half:], "control, real")
            | compare((noise < solids.mean()).astype(np.float32), solids, "control, noise")
        )

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, BLOCK),
        loss_names=("d_loss", "g_loss") if wasserstein else ("d_loss", "g_loss", "d_right"),
        draw=draw,
        shape=VIEW,
        make_noise=stream_noise,
        solids=lambda noise: np.reshape(generator(noise), [-1, SIDE, SIDE, SIDE]),
        scores=scores,
        blind_d_loss=None if wasserstein else 2 * math.log(2),
    )
