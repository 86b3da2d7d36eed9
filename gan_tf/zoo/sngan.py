"""SNGAN, a D that cannot be steep: python -m gan_tf.zoo.sngan --out_dir=out/sngan

Miyato, Kataoka, Koyama and Yoshida 2018, "Spectral normalization for generative adversarial networks"
(arXiv:1802.05957). If D is very steep between real and generated images, G's gradients are large and point anywhere.
The spectral norm of a layer's kernel W is its largest singular value: how much longer W can make a vector. Here each
kernel of D is divided by it. So D's slope has a bound, the product of its layers' slopes. The losses are hinge losses.
x is a real image, G(z) a generated one. Each E is a mean over a batch.

    D's loss = E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))
    G's loss = -E D(G(z))

D's loss ignores images that D is right about by more than 1. Without a bound, D reaches this by large kernels alone.
--nospectral_norm is the control without the bound. --clip=0.01 is an older bound instead: after each update, D's
kernels and biases are clipped to [-0.01, 0.01] (Arjovsky et al. 2017, arXiv:1701.07875).

The largest singular value comes from power iteration. A vector u stays with each kernel. In each iteration
v = Wu / ‖Wu‖ and u = Wᵀv / ‖Wᵀv‖, and vᵀWu is the estimate. A single iteration is enough, because a kernel changes
little between two updates. A kernel of a convolution is taken as a matrix [height * width * channels, new channels].

Departures from the paper:

1. The networks are those of dcgan.py. D has a LeakyReLU with slope 0.1, as in the paper, and no batch normalisation.
   The paper's D for 32x32 pixels has seven convolutions.
2. Keras's layer SpectralNormalization replaces the kernel by the normalised one before each pass. The paper keeps the
   first, and its gradients go through the division as well.
3. Both networks have the paper's settings C: Adam with learning rate 0.0002, beta1 0.5 and beta2 0.999, one update of
   D for each update of G. For its tables the paper took five updates of D with some other settings.
4. With --ema, samples come from an average of G's weights, as in dcgan.py. The paper does not have it.
"""

from gan_tf.messages import SettingError
from gan_tf.runs import training_command

OPTIONS = {
    "width": (32, "As in gan_tf.zoo.dcgan.", (1, 1024)),
    "spectral_norm": (True, "Divide D's kernels by their spectral norm. --nospectral_norm is the control."),
    "clip": (0.0, "Clip D's kernels and biases to [-clip, clip] instead. 0: do not. Needs --nospectral_norm.", (0, 10)),
    "learning_rate": (0.0002, "Learning rate of Adam, for both networks.", (1e-9, 10)),
    "ema": (0.0, "As in gan_tf.zoo.dcgan. 0: samples come from G.", (0, 0.99999)),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(
        iters=16_000,
        pixel_bytes=5100,
        batch_size=64,
        sample_every=500,
        log_every=500,
        checkpoint_every=1000,
    )

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_tf.zoo import dcgan
from gan_tf.zoo.blocks import follow, make_average, picture_gan, shape_of


def make_discriminator(seed, shape, width=32, spectral_norm=True):
    """D maps images, float32 [n, height, width, channels] in [0, 1], to logits, float32 [n, 1].

    `seed` fixes the weights. With `spectral_norm` each pass with training=True first normalises the kernels.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(2 * len(dcgan.sizes_of(shape))).tolist())

    def bounded(layer):
        # Its first u is random, too. Keras takes it from the global seed, so it is set in `_start_power_iterations`.
        return layers.SpectralNormalization(layer) if spectral_norm else layer

    image = keras.Input(shape)
    x = layers.Rescaling(2.0, -1.0)(image)
    for channels in dcgan.widths_of(shape, width):
        first = dcgan.normal(seeds)
        x = bounded(layers.Conv2D(channels, dcgan.KERNEL, 2, "same", kernel_initializer=first))(x)
        x = layers.LeakyReLU(0.1)(x)
    last = layers.Dense(1, kernel_initializer=dcgan.normal(seeds))
    model = keras.Model(image, bounded(last)(layers.Flatten()(x)), name="discriminator")
    for layer in model.layers:
        if isinstance(layer, layers.SpectralNormalization):
            layer.vector_u.assign(np.random.default_rng(next(seeds)).normal(size=layer.vector_u.shape))
    return model


def hinge_d_loss(real_logits, fake_logits):
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))); logits are float32 [n, 1]. The paper's equation 16, times -1."""
    return tf.reduce_mean(tf.nn.relu(1 - real_logits)) + tf.reduce_mean(tf.nn.relu(1 + fake_logits))


def hinge_g_loss(fake_logits):
    """-E D(G(z)); logits are float32 [n, 1]. The paper's equation 17."""
    return -tf.reduce_mean(fake_logits)


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, average=None, ema=0.0, clip=0.0, jit=False):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, height, width, channels] in [0, 1]. `d_noise` and `g_noise` are float32 [n, 100] in
    [-1, 1). Each loss is taken before its own network's update. `average` is a second generator, which follows the
    first (`blocks.follow`).
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        images = tf.concat([real_images, generator(d_noise, training=True)], axis=0)
        with tf.GradientTape() as tape:
            # One pass, because each pass normalises; no layer of D looks at more than one image.
            d_loss = hinge_d_loss(*tf.split(discriminator(images, training=True), 2))
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)
        if clip:
            for weight in d_weights:
                weight.assign(tf.clip_by_value(weight, -clip, clip))

        with tf.GradientTape() as tape:
            g_loss = hinge_g_loss(discriminator(generator(g_noise, training=True), training=True))
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
    spectral_norm=True,
    clip=0.0,
    learning_rate=0.0002,
    ema=0.0,
    batch_size=64,
    seed=0,
    jit=False,
    block=dcgan.BLOCK,
):
    """Makes an SNGAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags. `block` is how
    many iterations the loop asks for at most. Raises ValueError if D has two bounds, or if `ema` is not in [0, 1).
    """
    if spectral_norm and clip:
        raise SettingError("a clip replaces the spectral norm: add --nospectral_norm.")
    g_seed, d_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
    shape = shape_of(images, shape)
    generator = dcgan.make_generator(g_seed, shape, width)
    average = make_average(lambda: dcgan.make_generator(g_seed, shape, width), ema)
    discriminator = make_discriminator(d_seed, shape, width, spectral_norm)
    g_optimizer, d_optimizer = dcgan.make_optimizer(learning_rate), dcgan.make_optimizer(learning_rate)
    step = make_train_step(generator, discriminator, g_optimizer, d_optimizer, average, ema, clip, jit)
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
    }
    block = min(block, dcgan.BLOCK)
    return picture_gan(objects, average, step, images, shape, batch_size, seed, block, blind_d_loss=2.0)
