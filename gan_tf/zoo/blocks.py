"""What members of the zoo share: the loop of training steps, the `Gan` around it, penalties, averages, wrong labels."""

import concurrent.futures
import math

import keras
import numpy as np
import tensorflow as tf

from gan_tf import grids
from gan_tf.data import DIGIT, batch_indices
from gan_tf.data.dataset import SCALE, scaled
from gan_tf.gan import Gan
from gan_tf.noise import iteration_noise, sample_noise, stream_noise

DEVICE_BYTES = 2**28  # of an array that stays on the device: MNIST has 43 MB, 20,000 heads have 246 MB


def shape_of(images, shape=None):
    """Returns the shape of one of `images`; without images `shape`, or MNIST's if that is None, too."""
    return tuple(images.shape[1:]) if images is not None else tuple(shape or DIGIT)


def make_train_block(step, arrays, batch_size, seed, noise_dim=100):
    """Makes `train_block(first, steps) -> losses`, which calls `step` once for each iteration.

    `arrays` are the training data, such as images and labels, with the same number n of rows each. Iteration i calls
    `step(*rows, d_noise, g_noise)`. `rows` are the rows of each array that `batch_indices` chooses; bytes are scaled to
    float32 in [0, 1]. The noise is float32 [batch_size, noise_dim] in [-1, 1), and `noise_dim` is even. All of these
    depend only on `seed` and i. `step` is a `tf.function` that returns scalars; `losses` is float32 [steps, number of
    scalars]. With `steps` = 0 it only traces. Raises ValueError if the arrays do not fit to each other.

    Arrays of up to `DEVICE_BYTES` stay on the device. From larger ones, such as pictures mapped from a file, a thread
    gathers the rows of the next iteration while the step of this one runs.
    """
    n = len(arrays[0])
    if any(len(array) != n for array in arrays):
        raise ValueError(f"there are {n} images and {[len(array) for array in arrays[1:]]} of what belongs to them")
    if noise_dim % 2:
        raise ValueError(f"noise_dim must be even, not {noise_dim}")
    small = [tf.constant(array) if array.nbytes <= DEVICE_BYTES else None for array in arrays]
    large = [array if array.nbytes > DEVICE_BYTES else None for array in arrays]

    def gather_large(batch):
        return [None if array is None else array[batch] for array in large]

    def batches_of(indices):
        """Yields the rows of each batch."""
        with concurrent.futures.ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(gather_large, indices[0])
            for batch, following in zip(indices, [*indices[1:], []], strict=True):
                found, coming = coming.result(), ahead.submit(gather_large, following)
                rows = [
                    tf.gather(a, batch) if a is not None else tf.constant(b) for a, b in zip(small, found, strict=True)
                ]
                yield [tf.cast(each, tf.float32) * SCALE if each.dtype == tf.uint8 else each for each in rows]

    def train_block(first, steps):
        batches = batch_indices(n, batch_size, seed, first, max(1, steps))
        noise = iteration_noise(seed, first, max(1, steps), batch_size, noise_dim=noise_dim)
        if not steps:
            traced = step.get_concrete_function(*next(batches_of(batches)), noise[0, 0], noise[0, 1])
            return np.zeros([0, len(traced.outputs)], np.float32)
        losses = [step(*rows, noise[i, 0], noise[i, 1]) for i, rows in enumerate(batches_of(batches))]
        return np.array(losses, np.float32)

    return train_block


def lazily(term, iteration, every):
    """Returns `every` · term() in iterations 0, `every`, 2 `every` and so on, and 0 in all others.

    `term` is a function without arguments that returns a scalar; only in these iterations is it computed. `iteration`
    is an integer variable, such as an optimizer's `iterations`. Source: "lazy regularization", Karras et al. 2020
    (arXiv:1912.04958), section 3.1.
    """
    if every == 1:
        return term()
    return tf.cond(tf.convert_to_tensor(iteration) % every == 0, lambda: every * term(), lambda: 0.0)


def make_average(make_generator, ema):
    """Returns a second generator, which can `follow` the first, or None if `ema` is 0.

    `make_generator` is a function without arguments. Raises ValueError if `ema` is not in [0, 1).
    """
    if not 0 <= ema < 1:
        raise ValueError(f"ema must be at least 0 and less than 1, not {ema}")
    return make_generator() if ema else None


def follow(average, network, ema):
    """Moves `average`, a second network of the same kind: a ← ema a + (1 - ema) w for each of its variables a.

    w is the same variable of `network`. The running averages of batch normalisation are variables, too.
    """
    for a, w in zip(average.variables, network.variables, strict=True):
        a.assign(ema * a + (1 - ema) * w)


def wrong_labels(labels, uniform, classes):
    """Returns another number below `classes` for each of `labels`, int [n], all others with equal probability.

    `classes` is how many there are. `uniform` is float32 [n], random in [-1, 1).
    """
    ahead = 1 + tf.cast(tf.floor((uniform + 1) / 2 * (classes - 1)), labels.dtype)  # 1 … classes - 1
    return (labels + ahead) % classes


def picture_gan(objects, average, step, images, shape, batch_size, seed, block, blind_d_loss=None):
    """Returns the `Gan` of a G that maps noise [n, 100] to pictures of `shape`.

    `objects` are the networks and optimizers, G as "generator". Samples come from `average`, a second generator; None:
    from G. `step` and the arguments after it are those of `make_train_block`, of which `images` may be None. The others
    are fields of `Gan`.
    """
    drawn = average or objects["generator"]
    return Gan(
        objects=objects | ({"generator_average": average} if average else {}),
        train_block=None if images is None else make_train_block(step, [images], batch_size, seed),
        block=block,
        draw=lambda index: drawn(sample_noise(seed, index)).numpy(),
        shape=shape,
        measures={"spread": grids.spread},
        real_pictures=None if images is None else scaled(np.array(images[:16])),
        make_noise=stream_noise,
        generate=drawn,
        blind_d_loss=blind_d_loss,
    )


def normal_of(uniform):
    """Returns normal noise N(0, 1) made of uniform noise in [-1, 1), float32 of the same shape: √2 erf⁻¹(uniform).

    No value is further from 0 than 5.3, because -1 itself would become minus infinity. Keras's operations also take a
    `keras.Input`: so the page of a run can read how such a G draws.
    """
    return math.sqrt(2) * keras.ops.erfinv(keras.ops.clip(uniform, -1 + 2**-23, 1 - 2**-23))
