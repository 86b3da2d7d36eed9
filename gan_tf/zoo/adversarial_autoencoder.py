"""An autoencoder that can draw: python -m gan_tf.zoo.adversarial_autoencoder --out_dir=out/adversarial_autoencoder

Makhzani, Shlens, Jaitly, Goodfellow and Frey 2016, "Adversarial autoencoders" (arXiv:1511.05644). An autoencoder has
two networks: the encoder turns an image x into a short code, the decoder turns the code into the image again. It
draws badly from noise, because nothing says which codes belong to digits. Here a GAN works on the codes. Its D tells
the codes of images from noise z of a normal distribution, the prior N(0, I). The encoder is the generator: it learns to
fool D. In the end the codes are distributed like the prior, so the decoder can draw from noise.

    reconstruction loss = E (x - decoder(encoder(x)))²                           a mean over images and pixels
    D's loss            = -E log d(z) - E log(1 - d(encoder(x)))                 d = sigmoid(D), z from N(0, I)
    encoder's loss      = -E log d(encoder(x))

--noadversarial is the control: an autoencoder that learns by its reconstruction loss alone. One can also draw from a
plain autoencoder without D: fit a normal distribution to the codes, and decode samples of it. The scores have this too.

The networks are the paper's (appendix A): each has two hidden layers of 1000 ReLUs, the first weights are from
N(0, 0.01²), and the code has 8 numbers. Departures from the paper:

1. Adam instead of gradient descent with momentum and with rates that fall. For the reconstruction the rate is 0.0002
   and beta1 0.9. For D, and for the encoder as generator, the rate is 0.0001 and beta1 0.5. 20,000 iterations are 36
   epochs.
2. The prior has standard deviation 1. The paper used 5 for its likelihoods.
3. The reconstruction loss is the squared error of the pixels.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "code": (8, "How many numbers a code has.", (1, 784)),
    "units": (1000, "Units of each hidden layer. The playground has 192, so that its page loads faster.", (1, 10_000)),
    "adversarial": (True, "--noadversarial is the control: a plain autoencoder."),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(iters=20_000, pixel_bytes=380, jit=True, batch_size=100)

import functools
import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf import grids, losses
from gan_tf.data.dataset import scaled
from gan_tf.gan import Gan, in_batches
from gan_tf.metrics.pairs import distance
from gan_tf.metrics.scores import kernel_distance
from gan_tf.noise import sample_noise, stream_noise
from gan_tf.reference import flat, pictures
from gan_tf.zoo.blocks import make_train_block, normal_of, shape_of

BLOCK = 100
COMPARED = 1000  # how many codes are compared with the prior
REPEATS = 100  # pairs of samples of the prior, to learn how large their distance is by chance


def make_network(inputs, outputs, units, activation, seed, name):
    """A network with two hidden layers of `units` ReLUs: float32 [n, inputs] → [n, outputs]."""
    seeds = np.random.SeedSequence(seed).generate_state(3).tolist()
    first = [keras.initializers.RandomNormal(0.0, 0.01, seed=each) for each in seeds]
    hidden = [layers.Dense(units, "relu", kernel_initializer=each) for each in first[:2]]
    last = layers.Dense(outputs, activation, kernel_initializer=first[2])
    return keras.Sequential([keras.Input([inputs]), *hidden, last], name=name)


def make_train_step(objects, code, adversarial=True, jit=True):
    """Makes `step(real_images, d_noise, g_noise) -> (reconstruction_loss, d_loss, e_loss)`: three updates, one by one.

    `objects` are those of the `Gan`. `real_images` is float32 [n, height, width, channels] in [0, 1]. Noise is float32
    [n, at least code] in [-1, 1); `g_noise` is not used, since the encoder's input are images. Each loss is taken
    before its own update. Without `adversarial` there is only the first one.
    """
    encoder, decoder, discriminator = (objects[name] for name in ("encoder", "decoder", "discriminator"))
    both = encoder.trainable_variables + decoder.trainable_variables
    objects["optimizer"].build(both)
    objects["d_optimizer"].build(discriminator.trainable_variables)
    objects["e_optimizer"].build(encoder.trainable_variables)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        real_images = tf.reshape(real_images, [-1, encoder.input_shape[-1]])  # the networks take and make them flat
        with tf.GradientTape() as tape:
            reconstruction_loss = tf.reduce_mean((real_images - decoder(encoder(real_images))) ** 2)
        objects["optimizer"].apply(tape.gradient(reconstruction_loss, both), both)
        if not adversarial:
            return (reconstruction_loss,)

        codes = encoder(real_images)
        with tf.GradientTape() as tape:
            d_loss = losses.non_saturating_d_loss(discriminator(normal_of(d_noise[:, :code])), discriminator(codes))
        weights = discriminator.trainable_variables
        objects["d_optimizer"].apply(tape.gradient(d_loss, weights), weights)

        with tf.GradientTape() as tape:
            e_loss = losses.non_saturating_g_loss(discriminator(encoder(real_images)))
        weights = encoder.trainable_variables
        objects["e_optimizer"].apply(tape.gradient(e_loss, weights), weights)
        return reconstruction_loss, d_loss, e_loss

    return step


def widths_of(code):
    """The widths of the kernels: the mean squared distance of two z is 2 · code. Narrower ones see the gaps."""
    return [part * (2 * code) ** 0.5 for part in (0.25, 0.5, 1)]


@functools.cache
def by_chance(count, code):
    """The 95% quantile of the distance between two samples of the prior, each with `count` codes."""
    random = np.random.default_rng(0)
    pairs = (random.normal(size=[2, count, code]) for _ in range(REPEATS))
    return float(np.quantile([kernel_distance(a, b, widths_of(code)) for a, b in pairs], 0.95))


def distance_to_prior(codes):
    """Compares codes, float32 [n, code], with the prior, by the kernel distance (squared maximum mean discrepancy).

    Returns {title: (value, None)}: the distance of the codes to a sample of the prior, and the 95% quantile of the
    distance between two samples of the prior. If the first is larger, the codes are not distributed like the prior. If
    it is smaller, this test sees no difference. Every n / 1000-th code is used.
    """
    codes = codes[:: max(1, len(codes) // COMPARED)][:COMPARED]
    prior = np.random.default_rng(1).normal(size=codes.shape)
    return {
        "distance of codes to prior": (kernel_distance(codes, prior, widths_of(codes.shape[1])), None),
        "95% of such distances by chance": (by_chance(*codes.shape), None),
    }


def make(
    images=None,
    labels=None,
    *,
    shape=None,
    code=8,
    units=1000,
    adversarial=True,
    batch_size=100,
    seed=0,
    jit=True,
    block=BLOCK,
):
    """Makes an adversarial autoencoder, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's) and measure, but not train. `labels` are not used. The other arguments are the flags.
    """
    shape = shape_of(images, shape)
    pixels = math.prod(shape)
    e_seed, g_seed, d_seed = np.random.SeedSequence(seed).generate_state(3).tolist()
    encoder = make_network(pixels, code, units, None, e_seed, "encoder")
    decoder = make_network(code, pixels, units, "sigmoid", g_seed, "decoder")
    objects = {
        "encoder": encoder,
        "decoder": decoder,
        "discriminator": make_network(code, 1, units, None, d_seed, "discriminator"),
        "optimizer": keras.optimizers.Adam(0.0002, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
        "e_optimizer": keras.optimizers.Adam(0.0001, beta_1=0.5, beta_2=0.999, epsilon=1e-8),
        "d_optimizer": keras.optimizers.Adam(0.0001, beta_1=0.5, beta_2=0.999, epsilon=1e-8),
    }
    step, train_block = make_train_step(objects, code, adversarial, jit), None
    if images is not None:
        train_block = make_train_block(step, [images], batch_size, seed, code + code % 2)

    def generate(noise):
        return keras.ops.reshape(decoder(normal_of(noise)), [-1, *shape])

    def scores(test):
        images = flat(test.images, shape)
        codes = in_batches(encoder, images)
        errors = ((in_batches(decoder, codes) - images) ** 2).mean(axis=1)
        error = (float(errors.mean()), float(errors.std(ddof=1) / len(errors) ** 0.5))
        random = np.random.default_rng(2)
        noises = {
            "codes from the prior": random.normal(size=codes.shape),
            "codes from a fitted normal distribution": random.multivariate_normal(
                codes.mean(axis=0), np.atleast_2d(np.cov(codes.T)), len(codes)
            ),
        }
        found = {"squared error of a pixel, decoded again": error} | distance_to_prior(codes)
        for what, noise in noises.items() if test.classifier else ():
            made = pictures(in_batches(decoder, noise.astype(np.float32)), shape)
            found[f"{what}: FID to test images"] = distance(made, test.images, test.classifier)
        return found

    return Gan(
        objects=objects,
        train_block=train_block,
        block=min(block, BLOCK),
        loss_names=("reconstruction_loss", "d_loss", "e_loss") if adversarial else ("reconstruction_loss",),
        draw=lambda index: generate(sample_noise(seed, index, noise_dim=code)).numpy(),
        shape=shape,
        measures={"spread": grids.spread},
        real_pictures=None if images is None else scaled(np.array(images[:16])),
        make_noise=lambda seed, stream, count: stream_noise(seed, stream, count, noise_dim=code),
        generate=generate,
        scores=scores,
        blind_d_loss=2 * math.log(2) if adversarial else None,
    )
