"""The training step, which reads like the paper's algorithm, and the compiled loop that runs many of them."""

import tensorflow as tf

from gan_tf import data
from gan_tf.losses import LOSSES

# Iterations in one compiled call. Their noise is 51 MB, which goes back to the system at once; arrays under 32 MiB
# malloc keeps, once for each of TensorFlow's threads, and memory would grow by hundreds of MB.
BLOCK = 500

# Streams of random numbers: what they are for. All have the run's seed as their key.
TRAINING_NOISE, SAMPLE_NOISE, USER_NOISE = 0, 1, 2  # of the iterations, of their grids, of gan_tf.sample


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
        d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)

        with tf.GradientTape() as tape:
            fake_images = generator(g_noise)
            fake_logits = discriminator(fake_images)  # by the updated D
            g_loss = g_loss_fn(fake_logits)
        g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return d_loss, g_loss

    return step


def uniform_noise(seed, stream, first, shape):
    """Numbers `first` … `first + prod(shape) - 1` of a random stream, uniform in [-1, 1), as float32 `shape`.

    Philox, whose n-th block of four numbers is a function of key and counter alone: the key is `seed`, the
    counter (n, `stream`). So a number depends on its place in its stream, not on the calls that drew it.
    Raises ValueError if `first` is not a multiple of 4.
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """
    if first % 4:
        raise ValueError(f"first must be a multiple of 4, not {first}")
    return _philox(tf.constant([seed], tf.uint64), tf.constant([first // 4, stream], tf.uint64), shape)


@tf.function  # never with XLA, where the same draw gives other numbers and takes many times as long
def _philox(key, counter, shape):
    alg = tf.random.Algorithm.PHILOX.value
    return 2.0 * tf.raw_ops.StatelessRandomUniformV2(shape=shape, key=key, counter=counter, alg=alg) - 1.0


def iteration_noise(seed, first, steps, batch_size, noise_dim=100):
    """The noise of `steps` iterations from `first` on: float32 [steps, 2, batch_size, noise_dim], D's then G's."""
    first = first * 2 * batch_size * noise_dim
    return uniform_noise(seed, TRAINING_NOISE, first, [steps, 2, batch_size, noise_dim])


def sample_noise(seed, index, count=16, noise_dim=100):
    """The noise of grid number `index`: float32 [count, noise_dim]; the reference draws 16 for every grid."""
    return uniform_noise(seed, SAMPLE_NOISE, index * count * noise_dim, [count, noise_dim])


def make_train_block(step, images, batch_size, seed, block=BLOCK, jit=True):
    """Makes `train_block(first, steps) -> losses`, which runs iterations `first` … `first + steps - 1`.

    At most `block` of them, in one call, which `jit` compiles with XLA; `losses` is a NumPy array float32
    [steps, 2], d_loss and g_loss of each. What an iteration trains on depends on `seed` and its number alone.
    `images`, float32 [n, 784], stay on the device. Raises ValueError if there are fewer than `batch_size`.
    """
    if batch_size > len(images):
        raise ValueError(f"a batch of {batch_size} is more than the {len(images)} images there are")
    n, images = len(images), tf.constant(images)

    def run(images, indices, noise, steps):
        losses, i = tf.TensorArray(tf.float32, size=block, element_shape=[2]), tf.constant(0)
        while i < steps:  # not `for i in tf.range(steps)`, for which XLA compiles again with every new `steps`
            real_images = tf.gather(images, indices[i])
            losses = losses.write(i, step(real_images, d_noise=noise[i, 0], g_noise=noise[i, 1]))
            i += 1
        return losses.stack()

    if jit:  # else each step is a call: in a graph's loop TensorFlow 2.21 varies the last bits from run to run
        run = tf.function(run, jit_compile=True)

    def train_block(first, steps):
        # The number of steps is a tensor and the shapes are those of a full block: XLA compiles only once.
        indices = data.batch_indices(n, batch_size, seed, first, block)
        noise = iteration_noise(seed, first, block, batch_size)
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
