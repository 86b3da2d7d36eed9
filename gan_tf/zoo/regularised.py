"""What papers propose so that a GAN keeps its digits: python -m gan_tf.zoo.regularised --out_dir=out/regularised

The reference with Adam for D draws digits after 20,000 iterations, and loses them again in the next hundreds of
thousands. This file has its networks and its losses, and what papers propose against such failures. Each proposal has a
flag. With --r1=0 and no other flag, it trains exactly as `python -m gan_tf.train --d_optimizer=adam`.

    D's loss = mean softplus(-D(x)) + mean softplus(D(G(z))) + r1/2 · mean ‖∇D(x)‖²
    G's loss = mean softplus(-D(G(z)))

D(x) is a logit. ∇D(x) is its gradient with respect to the pixels of a real image x. --r1 keeps D from growing ever
steeper there.

    --r1            Mescheder, Geiger and Nowozin 2018, "Which training methods for GANs do actually converge?"
                    (arXiv:1801.04406), equation 9; the paper's gamma is r1
    --real_label    Salimans et al. 2016 (arXiv:1606.03498), section 3.4: D should say 0.9, for example, of real
                    images. With label a, the first term is a · mean softplus(-D(x)) + (1 - a) · mean softplus(D(x))
    --deviation     Karras et al. 2018 (arXiv:1710.10196), section 3: D also sees how much a batch varies
    --weight_decay  Loshchilov and Hutter 2019 (arXiv:1711.05101): each step also shrinks D's kernels w by
                    d_lr · weight_decay · w
    --halve_every   both learning rates fall smoothly, by half in so many iterations
    --ema           Yazıcı et al. 2019 (arXiv:1806.04498): samples come from an average of G's weights, as in dcgan.py

Departures from the papers:

1. The networks are the reference's, with as many inputs and outputs as the images have numbers. All of these papers use
   larger ones.
2. Karras et al. compute the deviation of the last feature maps, within groups of four images. Here it is one number for
   a batch: the mean over the 128 hidden units of the standard deviation over the batch. It is a 129th input of D's
   last layer, whose first weights are therefore others. Real and fake images are separate batches.
3. --weight_decay shrinks D's two kernels and no biases, after Adam's update. The paper shrinks the weights from before
   it.
"""

from gan_tf.runs import training_command

OPTIONS = {
    "r1": (0.1, "Weight of the gradient penalty R1. 0: without it.", (0, 1e6)),
    "real_label": (1.0, "What D should say of real images; 0.9 is one-sided label smoothing.", (0.5, 1)),
    "deviation": (False, "D also sees the standard deviation over the batch."),
    "weight_decay": (0.0, "How much each step shrinks D's weights, relative to d_lr.", (0, 100)),
    "halve_every": (
        0,
        "Iterations in which both learning rates fall by half, smoothly. 0: they stay the same.",
        (0, 10**9),
    ),
    "ema": (
        0.0,
        "Share of the old average of G's weights that each iteration keeps, such as 0.999. 0: samples come from G.",
        (0, 0.999999),
    ),
    "d_lr": (0.001, "Learning rate of D.", (1e-9, 10)),
    "g_lr": (0.001, "Learning rate of G.", (1e-9, 10)),
}

FACTS = ("shape",)  # of the data, which `make` is told

if __name__ == "__main__":  # before the other imports, so that --help and a wrong flag answer at once
    training_command.main(iters=300_000, pixel_bytes=64, jit=True)

import math

import keras
import tensorflow as tf
from keras import layers, ops

from gan_tf import losses, models, optimizers, reference, training
from gan_tf.objectives.critics import r1_penalty
from gan_tf.zoo.blocks import follow, shape_of


@keras.saving.register_keras_serializable("gan_tf")
class Deviation(layers.Layer):
    """Appends to each row of x [n, m] the mean over columns of the standard deviation over rows: [n, m + 1]."""

    def call(self, x):
        variance = ops.mean((x - ops.mean(x, axis=0)) ** 2, axis=0)
        deviation = ops.mean(ops.sqrt(variance + 1e-8))  # the paper's code adds this, or else the gradient may be NaN
        return ops.concatenate([x, deviation * ops.ones_like(x[:, :1])], axis=1)

    def compute_output_shape(self, input_shape):
        """[n, m] → [n, m + 1]."""
        return (input_shape[0], input_shape[1] + 1)


def with_deviation(discriminator, seed):
    """Returns D with `Deviation` before its last layer. The hidden layer begins as that of `discriminator`."""
    hidden, _ = discriminator.layers
    last = layers.Dense(1, kernel_initializer=models.xavier_init(seed))
    return keras.Sequential(
        [keras.Input(discriminator.input_shape[1:]), hidden, Deviation(), last], name="discriminator"
    )


def make_train_step(
    generator,
    discriminator,
    g_optimizer,
    d_optimizer,
    average=None,
    *,
    r1=0.0,
    real_label=1.0,
    weight_decay=0.0,
    halve_every=0,
    ema=0.0,
    d_lr=0.001,
    g_lr=0.001,
    jit=True,
):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: first D, then G by the new D.

    `real_images` is float32 [n, pixels] in [0, 1], noise is float32 [n, 100] in [-1, 1). `average` is a second
    generator for `ema`. Each loss is taken before its own network's update; `d_loss` has no penalty in it, so that it
    compares.
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    def set_rate(optimizer, rate):
        if halve_every:
            optimizer.learning_rate.assign(rate * 0.5 ** (tf.cast(optimizer.iterations, tf.float32) / halve_every))

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        set_rate(d_optimizer, d_lr)
        fake_images = generator(d_noise)
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real_images), discriminator(fake_images)
            d_loss = losses.non_saturating_d_loss(real_logits, fake_logits)
            loss = d_loss
            if real_label < 1:  # softplus(v) - softplus(-v) = v
                loss += (1 - real_label) * tf.reduce_mean(real_logits)
            if r1:
                loss += r1 / 2 * r1_penalty(discriminator, real_images)
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)
        if weight_decay:
            for weight in d_weights:
                if len(weight.shape) > 1:
                    weight.assign(weight * (1 - d_optimizer.learning_rate * weight_decay))

        set_rate(g_optimizer, g_lr)
        with tf.GradientTape() as tape:
            g_loss = losses.non_saturating_g_loss(discriminator(generator(g_noise)))
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
    r1=OPTIONS["r1"][0],
    real_label=1.0,
    deviation=False,
    weight_decay=0.0,
    halve_every=0,
    ema=0.0,
    d_lr=0.001,
    g_lr=0.001,
    batch_size=128,
    seed=0,
    jit=True,
    block=training.BLOCK,
):
    """Makes a regularised GAN, untrained, as a `Gan`.

    `images` is uint8 [n, height, width, channels], or float32 in [0, 1]. Without images the GAN can draw pictures of
    `shape` (None: MNIST's), but not train. `labels` are not used. The other arguments are the flags.
    """
    shape = shape_of(images, shape)
    generator, discriminator = reference.make_networks(seed, math.prod(shape))
    if deviation:
        discriminator = with_deviation(discriminator, seed)
    average = keras.models.clone_model(generator) if ema else None
    if average:
        average.set_weights(generator.get_weights())
    objects = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": optimizers.make_adam(g_lr),
        "d_optimizer": optimizers.make_adam(d_lr),
    }
    step = make_train_step(
        **objects,
        average=average,
        r1=r1,
        real_label=real_label,
        weight_decay=weight_decay,
        halve_every=halve_every,
        ema=ema,
        d_lr=d_lr,
        g_lr=g_lr,
        jit=jit,
    )
    images, train_block, block = reference.flat(images, shape), None, min(block, training.BLOCK)
    if images is not None:
        train_block = training.make_train_block(step, images, batch_size, seed, block, jit)
    objects |= {"generator_average": average} if average else {}
    return reference.assemble(objects, train_block, block, seed, images, shape, drawn=average)
