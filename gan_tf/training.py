"""The training step, which reads like the paper's algorithm, and the compiled loop that runs many of them."""

import tensorflow as tf

from gan_tf import data
from gan_tf.losses import LOSSES
from gan_tf.noise import iteration_noise

# Iterations in one compiled call. Their noise is 51 MB, which goes back to the system at once; arrays under 32 MiB
# malloc keeps, once for each of TensorFlow's threads, and memory would grow by hundreds of MB.
BLOCK = 500


def make_train_step(generator, discriminator, g_optimizer, d_optimizer, loss="non_saturating", jit=True):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`, one iteration of the reference.

    A step of D on real and fake images, then one of G through the updated D. `real_images` is float32
    [n, 784] in [0, 1], the noises are float32 [n, 100] in [-1, 1), different ones for D and G. Each loss is a
    float32 scalar, taken before its own network's update. `loss` names a pair in `LOSSES`; `jit` compiles
    with XLA. The optimizers are built here, for one network each.
    Source: Goodfellow et al. 2014, algorithm 1, with k = 1; the reference's order.
    """
    d_loss_fn, g_loss_fn = LOSSES[loss]
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        fake_images = generator(d_noise)  # [n, 784]
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real_images), discriminator(fake_images)  # [n, 1]
            d_loss = d_loss_fn(real_logits, fake_logits)
        with tf.control_dependencies([d_loss]):  # else without XLA a weight may change before it is read
            d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(g_noise)
            fake_logits = discriminator(fake_images)  # by the updated D
            g_loss = g_loss_fn(fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def make_train_block(step, images, batch_size, seed, block=BLOCK, jit=True, d_steps=1):
    """Makes `train_block(first, steps) -> losses`, which runs iterations `first` … `first + steps - 1`.

    At most `block` of them, in one call, which `jit` compiles with XLA; `losses` is a NumPy array float32
    [steps, 2], d_loss and g_loss of each. What an iteration trains on depends on `seed` and its number alone;
    D gets `d_steps` batches, end to end. `images`, float32 [n, 784], stay on the device. Raises ValueError if there
    are fewer than `batch_size`.
    """
    if batch_size > len(images):
        raise ValueError(f"a batch of {batch_size} is more than the {len(images)} images there are")
    n, images = len(images), tf.constant(images)

    def run(images, indices, noise, steps):
        losses, i = tf.TensorArray(tf.float32, size=block, element_shape=[2]), tf.constant(0)
        while i < steps:  # not `for i in tf.range(steps)`, for which XLA compiles again with every new `steps`
            real_images = tf.gather(images, indices[i])
            d_noise = tf.reshape(noise[i, :-1], [d_steps * batch_size, -1])
            losses = losses.write(i, step(real_images, d_noise, g_noise=noise[i, -1]))
            i += 1
        return losses.stack()

    if jit:  # else each step is a call: in a graph's loop TensorFlow 2.21 varies the last bits from run to run
        run = tf.function(run, jit_compile=True)

    def train_block(first, steps):
        # The number of steps is a tensor and the shapes are those of a full block: XLA compiles only once.
        indices = data.batch_indices(n, d_steps * batch_size, seed, first, block)
        noise = iteration_noise(seed, first, block, batch_size, d_steps)
        return run(images, tf.constant(indices), noise, tf.constant(steps)).numpy()[:steps]

    return train_block


def blocks(first, iters, every, block=BLOCK):
    """Cuts iterations `first` … `iters - 1` into (first, steps).

    At every multiple of each of the numbers `every`, and at most `block` long.
    """
    while first < iters:
        stop = min(first + block, iters, *(first - first % n + n for n in every))
        yield first, stop - first
        first = stop
