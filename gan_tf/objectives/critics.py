"""Steps with several updates of D for one of G, and the updates that bound D's slope: critics, and R1."""

import tensorflow as tf

from gan_tf.objectives.losses import LOSSES

# The root of 0 has an infinite gradient, and D's slope is 0 at an image that turns all its ReLUs off: the weights would
# become NaN. float32 rounds this away from every square above 1e-22, so it changes no other slope.
TINY = 1e-30


def r1_penalty(discriminator, images):
    """R1: mean ‖∇D(x)‖², a scalar, over images x, float32 [n, …]. D(x) is a logit.

    If D looks at the whole batch, an image also changes the other logits; ∇D(x) is then the gradient of their sum.
    Source: Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406), equation 9.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images, training=True)
    axes = list(range(1, len(images.shape)))
    return tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, images) ** 2, axis=axes))


def make_update(discriminator, d_optimizer, d_loss_fn, r1=0.0):
    """Makes `update(real_images, fake_images) -> d_loss`, one step of D.

    D minimises d_loss + r1/2 · `r1_penalty` of the real images. The loss that `update` returns is without the penalty,
    so that runs with other weights compare.
    """
    d_weights = discriminator.trainable_variables

    def update(real_images, fake_images):
        with tf.GradientTape() as tape:
            d_loss = d_loss_fn(discriminator(real_images), discriminator(fake_images))
            loss = d_loss + r1 / 2 * r1_penalty(discriminator, real_images) if r1 else d_loss
        with tf.control_dependencies([d_loss]):  # as in training.make_train_step
            d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)
        return d_loss

    return update


def make_clipped_update(discriminator, d_optimizer, d_loss_fn, clip=0.01, r1=0.0):
    """As `make_update`. Then every weight is clipped to [-clip, clip], which bounds the critic's slope.

    Source: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1, with its c = 0.01.
    """
    update_weights = make_update(discriminator, d_optimizer, d_loss_fn, r1)

    def update(real_images, fake_images):
        d_loss = update_weights(real_images, fake_images)
        for weight in discriminator.trainable_variables:
            weight.assign(tf.clip_by_value(weight, -clip, clip))
        return d_loss

    return update


def make_penalised_update(discriminator, d_optimizer, d_loss_fn, seed=0, weight=10.0, r1=0.0):
    """As `make_update`, with weight · mean (‖∇f(x̂)‖ - 1)² added to the loss, x̂ uniform between real and fake.

    x̂ = ε x + (1 - ε) G(z), with one ε, uniform in [0, 1), for each pair. ε depends only on `seed` and on how many
    updates D has had. The loss that `update` returns includes this penalty, as in the paper, but not R1.
    Source: Gulrajani et al. 2017 (arXiv:1704.00028), algorithm 1, with its lambda = 10.
    """
    d_weights = discriminator.trainable_variables

    def update(real_images, fake_images):
        counter = tf.stack([tf.cast(seed, tf.int64), tf.cast(d_optimizer.iterations, tf.int64)])
        epsilon = tf.random.stateless_uniform([tf.shape(real_images)[0], 1], counter)
        between = epsilon * real_images + (1 - epsilon) * fake_images
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(between)
                logits = discriminator(between)
            squares = tf.reduce_sum(inner.gradient(logits, between) ** 2, axis=1)  # [n]
            slopes = tf.sqrt(squares + TINY)
            d_loss = d_loss_fn(discriminator(real_images), discriminator(fake_images))
            d_loss += weight * tf.reduce_mean((slopes - 1) ** 2)
            loss = d_loss + r1 / 2 * r1_penalty(discriminator, real_images) if r1 else d_loss
        d_optimizer.apply(tape.gradient(loss, d_weights), d_weights)
        return d_loss

    return update


UPDATES = {"wgan": make_clipped_update, "wgan_gp": make_penalised_update}  # all other losses: make_update


def make_critic_step(
    generator, discriminator, g_optimizer, d_optimizer, loss, d_steps, seed=0, r1=0.0, jit=True, **constants
):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`: `d_steps` updates of D, then one of G.

    `real_images` is float32 [d_steps * n, 784] and `d_noise` float32 [d_steps * n, 100]: each update takes its own n
    rows. `g_noise` is float32 [n, 100]. The losses are those of the last update of D and of G, each taken before it.
    `loss` names a pair in `LOSSES` and, for a critic, what an update does in `UPDATES`. `seed` fixes the random
    numbers of the gradient penalty. `r1` is the weight of R1, see `make_update`. `constants` replace those of the
    critic's paper: `clip` of wgan, `weight` of wgan_gp. Raises KeyError for an unknown loss, TypeError for a constant
    that its update does not have.
    Source: Goodfellow et al. 2014, algorithm 1, with k = d_steps.
    """
    d_loss_fn, g_loss_fn = LOSSES[loss]
    g_weights = generator.trainable_variables
    d_optimizer.build(discriminator.trainable_variables)
    g_optimizer.build(g_weights)
    if loss == "wgan_gp":  # the other updates draw no random numbers
        constants["seed"] = seed
    update = UPDATES.get(loss, make_update)(discriminator, d_optimizer, d_loss_fn, r1=r1, **constants)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        for real, noise in zip(tf.split(real_images, d_steps), tf.split(d_noise, d_steps), strict=True):
            d_loss = update(real, generator(noise))

        with tf.GradientTape() as tape:
            g_loss = g_loss_fn(discriminator(generator(g_noise)))
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step
