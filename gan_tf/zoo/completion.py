"""Fills a hole in an image with a trained DCGAN: python -m gan_tf.zoo.completion --run_dir=out/dcgan

Yeh, Chen, Lim, Schwing, Hasegawa-Johnson and Do 2017, "Semantic image inpainting with deep generative models"
(arXiv:1607.07539). G was trained to draw whole digits, and never saw a hole. To fill one, search the noise z whose
image agrees with the pixels around the hole. The image must also look real to D. Then take its pixels for the hole.

    context loss = mean over images of sum over pixels of w |G(z) - x|        w: 0 in the hole, larger near it
    prior loss   = mean of log(1 - p(G(z)))                                  p = sigmoid(D)
    z minimises context loss + 0.003 · prior loss, by Adam; z stays in [-1, 1]

w of a pixel is the share of hole in the 7x7 pixels around it (the paper's equation 4). The controls fill the hole with
the mean of all training images, and with the pixels of the training image that agrees best with those around the hole.

Departures from the paper:

1. No Poisson blending at the end: the pixels of G(z) are taken as they are.
2. The search begins from 4 random z for each image, and the best result counts.
"""

import json
import time
from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, grids, messages, restore
from gan_tf.metrics.table import rounded
from gan_tf.runs import command_line, files
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS

LEARNING_RATE, PRIOR = 0.03, 0.003  # of the search; weight of the prior loss, the paper's lambda
WINDOW, STARTS = 7, 4
SHOWN = 10  # images in the picture
ROWS = (
    "black",
    "by the mean image",
    "by the nearest training image",
    "by the GAN",
    "the original",
)  # table and picture


def define_flags():
    """Defines the flags of this command and of editing.py."""
    flags.DEFINE_string("run_dir", None, "Folder of a run of gan_tf.zoo.dcgan.")
    flags.DEFINE_string("data_dir", None, "As in gan_tf.train; unset: where the run's data came from.")
    flags.DEFINE_integer("steps", 300, "Steps of the search for z.", 1)
    flags.DEFINE_integer("seed", 0, "Seed of the first z.", 0, 2**63 - 1)
    flags.DEFINE_string("out_dir", None, "Folder to write to. Unset: the folder of the run.")


def load(run_dir):
    """Returns (the `Gan` of a DCGAN's run, the flags that describe its data, its test images, a `data.Dataset`).

    Raises LoadError and DataError.
    """
    if not run_dir:
        raise restore.LoadError("name a run of gan_tf.zoo.dcgan with --run_dir.")
    config = restore.check_run(run_dir)
    if config["gan"]["name"] != "dcgan":
        raise restore.LoadError(f"--run_dir={run_dir} is no run of gan_tf.zoo.dcgan.")
    out_dir = FLAGS.out_dir or run_dir
    restore.check_writable(out_dir, f"--out_dir={out_dir}")
    described = config["flags"] | {"data_dir": FLAGS.data_dir or config["flags"]["data_dir"]}
    test = data.load_as(described, "test")
    require_digits(test)  # before TensorFlow, which takes seconds to import
    command_line.import_tensorflow()
    gan, iteration = restore.load_run(run_dir)
    logging.info("the networks of %s after %s", run_dir, messages.counted(iteration, "iteration"))
    return gan, described, test


def require_digits(test):
    """Raises DataError if the pictures of a data set are not digits, because this command reads them."""
    if test.classifier != "mnist":
        raise data.DataError(f"the run was trained on {test.name}, and this command works on digits: mnist or glyphs.")


def hole(size, shape):
    """Marks the hole in images of `shape`, `size` x `size` pixels in the middle: bool [height, width, 1]."""
    mask = np.zeros([*shape[:2], 1], bool)
    top, left = ((side - size) // 2 for side in shape[:2])
    mask[top : top + size, left : left + size] = True
    return mask


def weights_around(mask):
    """w, float32 [height, width, 1]: 0 in the hole `mask`; elsewhere the share of hole in the 7x7 pixels around."""
    import scipy.ndimage

    near = scipy.ndimage.uniform_filter(mask.astype(np.float64), (WINDOW, WINDOW, 1), mode="constant")
    return np.where(mask, 0, near).astype(np.float32)


def search(gan, images, weights, steps, seed=0):
    """Searches z whose image agrees with `images` where `weights`, float32 [height, width, 1], are not 0.

    `images` is float32 [n, height, width, channels]. Returns (z float32 [n, 100], the loss of each, float32 [n]). Of 4
    starts the best counts. The random numbers depend on `seed` alone.
    """
    import keras
    import tensorflow as tf

    generator, discriminator = gan.generate, gan.objects["discriminator"]
    z = tf.Variable(np.random.default_rng(seed).uniform(-1, 1, [len(images) * STARTS, 100]).astype(np.float32))
    wanted = tf.repeat(images, STARTS, axis=0)
    optimizer = keras.optimizers.Adam(LEARNING_RATE, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimizer.build([z])

    def losses():
        drawn = generator(z)
        context = tf.reduce_sum(weights * tf.abs(drawn - wanted), axis=[1, 2, 3])
        return context - PRIOR * tf.nn.softplus(discriminator(drawn))[:, 0]  # log(1 - p) = -softplus(logit)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(losses())  # a sum, so that each z moves by its own loss
        optimizer.apply([tape.gradient(loss, z)], [z])
        z.assign(tf.clip_by_value(z, -1, 1))

    for _ in range(steps):
        step()
    found = losses().numpy().reshape(-1, STARTS)
    best = found.argmin(axis=1)
    rows = np.arange(len(images))
    return z.numpy().reshape(-1, STARTS, 100)[rows, best], found[rows, best]


def nearest_outside(images, training, mask, part=500):
    """Returns which of the `training` images agrees best with each of `images` outside of `mask`, int [n]."""
    outside, others = (each[:, ~mask[..., 0]].reshape(len(each), -1) for each in (images, training))
    squares = (others**2).sum(axis=1)
    found = [(squares - 2 * outside[i : i + part] @ others.T).argmin(axis=1) for i in range(0, len(images), part)]
    return np.concatenate(found)


def fill(images, mask, pixels):
    """Returns `images` with `pixels`, [n, height, width, channels] or a single image, in the hole."""
    return np.where(mask, pixels, images).astype(np.float32)


def table_of(result):
    """Returns the table of a result, as completion.json has it, as Markdown."""
    lines = ["| the hole is filled | read as the right digit | difference of a pixel in the hole |", "|---|---|---|"]
    for name in ROWS:
        lines.append(f"| {name} | {' | '.join(rounded(*score) for score in result['scores'][name].values())} |")
    return "\n".join(lines)


def main():
    """Completes test images, prints a table, and writes completion.json and completion.png."""
    gan, described, test = load(FLAGS.run_dir)

    from gan_tf.metrics import classifier, table

    train = data.load_as(described, "train")
    mask = hole(FLAGS.hole, test.shape)
    images, labels = test.images[: FLAGS.count], test.labels[: FLAGS.count]
    begun, weights = time.monotonic(), weights_around(mask)
    logging.info("searching the noise of %d images, about %.0f minutes", len(images), len(images) * FLAGS.steps / 1e5)
    parts = [images[i : i + 50] for i in range(0, len(images), 50)]
    z = np.concatenate([search(gan, part, weights, FLAGS.steps, FLAGS.seed)[0] for part in parts])
    drawn = np.concatenate([np.asarray(gan.generate(z[i : i + 500])) for i in range(0, len(z), 500)])
    filled = {
        "by the GAN": fill(images, mask, drawn),
        "by the mean image": fill(images, mask, train.images.mean(axis=0)),
        "by the nearest training image": fill(images, mask, train.images[nearest_outside(images, train.images, mask)]),
        "black": fill(images, mask, 0),
        "the original": images,
    }
    model, _ = classifier.load_classifier()
    rows = {}
    for name, each in filled.items():
        right = classifier.activations(model, each)[1].argmax(axis=1) == labels
        error = np.abs(each - images)[:, mask[..., 0]].mean(axis=(1, 2))
        rows[name] = {"read as the right digit": table.share(right.mean(), len(right)), "error": table.mean(error)}
    result = {"hole": FLAGS.hole, "count": len(images), "steps": FLAGS.steps, "seed": FLAGS.seed, "scores": rows}
    print(table_of(result))
    out_dir = Path(FLAGS.out_dir or FLAGS.run_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    with files.replacing(out_dir / "completion.json") as path:
        path.write_text(json.dumps(result, indent=1) + "\n")
    with files.replacing(out_dir / "completion.png") as path:
        grids.save_grid(np.concatenate([filled[name][:SHOWN] for name in ROWS]), path, SHOWN)
    logging.info("wrote completion.json and completion.png to %s, after %.0f s", out_dir, time.monotonic() - begun)


if __name__ == "__main__":
    define_flags()
    flags.DEFINE_integer("hole", 12, "Pixels on a side of the hole.", 1, 27)
    flags.DEFINE_integer("count", 500, "How many test images are completed.", SHOWN, 10_000)
    groups = {"From": ["run_dir", "data_dir"], "Hole": ["hole", "count", "steps", "seed"], "To": ["out_dir"]}
    command_line.run(main, groups, (restore.LoadError, RunError, data.DataError, OSError))
