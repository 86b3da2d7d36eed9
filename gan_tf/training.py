"""The training step, which reads like the paper's algorithm, and the compiled loop that runs many of them."""

import tensorflow as tf

from gan_tf import losses
from gan_tf.data import batch_indices
from gan_tf.data.dataset import SCALE
from gan_tf.noise import iteration_noise

# Iterations in one compiled call. Their noise is 51 MB, and that goes back to the system at once. Arrays under 32 MiB
# are kept by malloc, once for each of TensorFlow's threads, and memory would grow by hundreds of MB.
BLOCK = 500


def make_train_step(
    generator,
    discriminator,
    g_optimizer,
    d_optimizer,
    d_loss_fn=losses.non_saturating_d_loss,
    g_loss_fn=losses.non_saturating_g_loss,
    jit=True,
):
    """Makes `step(real_images, d_noise, g_noise) -> (d_loss, g_loss)`, one iteration of the reference.

    The step updates D on real and fake images, then updates G using the new D. `real_images` is float32 [n, 784] in
    [0, 1]. `d_noise` and `g_noise` are float32 [n, 100] in [-1, 1). Each loss is a float32 scalar, taken before its
    own network's update. `d_loss_fn(real_logits, fake_logits)` and `g_loss_fn(fake_logits)` return scalars. `jit`
    compiles with XLA. The optimizers are built here, each for its network.
    Source: Goodfellow et al. 2014, algorithm 1, with k = 1; the script's order.
    """
    d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
    d_optimizer.build(d_weights)
    g_optimizer.build(g_weights)

    @tf.function(jit_compile=jit)
    def step(real_images, d_noise, g_noise):
        fake_images = generator(d_noise)  # [n, 784]
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real_images), discriminator(fake_images)  # [n, 1]
            d_loss = d_loss_fn(real_logits, fake_logits)
        # If a loss has a gradient that needs no logits, TensorFlow could change D's weights before the loss reads them.
        with tf.control_dependencies([d_loss]):
            d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(g_noise)
            fake_logits = discriminator(fake_images)  # by the updated D
            g_loss = g_loss_fn(fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def make_train_block(step, images, batch_size, seed, block=BLOCK, jit=True, d_steps=1):
    """Makes `train_block(first, steps) -> losses`. It runs iterations `first` … `first + steps - 1` in one call.

    `steps` is at most `block`. `losses` is a NumPy array float32 [steps, 2]: d_loss and g_loss of each iteration. The
    batch and the noise of an iteration depend only on `seed` and its number. D gets `d_steps` batches, end to end.
    `images` is uint8 [n, 784], or float32 in [0, 1]. It stays on the device, and bytes are scaled when they are used.
    `jit` compiles with XLA.
    """
    n, images = len(images), tf.constant(images)

    def batch(images, indices):
        real_images = tf.gather(images, indices)
        return tf.cast(real_images, tf.float32) * SCALE if images.dtype == tf.uint8 else real_images

    def run(images, indices, noise, steps):
        losses, i = tf.TensorArray(tf.float32, size=block, element_shape=[2]), tf.constant(0)
        # Each batch is made one turn ahead: XLA would fuse the scaling of bytes into the step of the same turn, and
        # that changes last bits.
        real_images = batch(images, indices[0])
        while i < steps:  # not `for i in tf.range(steps)`: XLA would compile that again for every new `steps`
            d_noise = tf.reshape(noise[i, :-1], [d_steps * batch_size, -1])
            losses = losses.write(i, step(real_images, d_noise, g_noise=noise[i, -1]))
            i += 1
            real_images = batch(images, indices[tf.minimum(i, block - 1)])
        return losses.stack()

    if jit:  # else each step is a call: in a graph's loop TensorFlow 2.21 varies the last bits from run to run
        run = tf.function(run, jit_compile=True)

    def train_block(first, steps):
        # The number of steps is a tensor and the shapes are those of a full block, so XLA compiles only once.
        indices = batch_indices(n, d_steps * batch_size, seed, first, block)
        noise = iteration_noise(seed, first, block, batch_size, d_steps)
        return run(images, tf.constant(indices), noise, tf.constant(steps)).numpy()[:steps]

    return train_block
