"""Fills a hole in an image with a trained GAN: python -m gan_tf.zoo.completion --run_dir=out/r3gan

G was trained to draw whole digits, and never saw a hole. To fill one, find the noise z whose image agrees with the
pixels around the hole. Then take its pixels for the hole. There are two ways to find z.

The search: Yeh, Chen, Lim, Schwing, Hasegawa-Johnson and Do 2017, "Semantic image inpainting with deep generative
models" (arXiv:1607.07539). The image must agree, and also look real to D:

    context loss = mean over images of sum over pixels of w |G(z) - x|        w: 0 in the hole, larger near it
    prior loss   = mean of log(1 - p(G(z)))                                  p = sigmoid(D)
    z minimises context loss + 0.003 · prior loss, by Adam; z stays in [-1, 1]

w of a pixel is the share of hole in the 7x7 pixels around it (the paper's equation 4).

The guess: a network learns from training images, of which it does not see the hole, to guess z (projection.py). It
takes minutes to learn, and milliseconds to guess. The search only knows what G can draw. The network has also seen
which images there are.

The controls fill the hole with the mean of all training images, and with the pixels of the training image that agrees
best with those around the hole.

Departures from Yeh et al.:

1. No Poisson blending at the end: the pixels of G(z) are taken as they are.
2. The search begins from 4 z for each image, and the best result counts. They are those of 10,000 random z with the
   smallest context loss: from 4 random z, the search ends in worse places.
3. The D of r3gan.py only compares images with one another, so p says less than in the paper, whose GAN is a DCGAN.
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
WINDOW, STARTS, CANDIDATES = 7, 4, 10_000
SHOWN = 10  # images in the picture
GANS = ("r3gan", "dcgan", "sngan")  # their G draws from z in [-1, 1] alone, and their D judges one image
ROWS = (  # of table and picture
    "black",
    "by the mean image",
    "by the nearest training image",
    "by the GAN, searched",
    "by the GAN, guessed",
    "the original",
)


def define_flags(gans=GANS):
    """Defines the flags of this command and of editing.py, which work on runs of `gans`."""
    flags.DEFINE_string("run_dir", None, f"Folder of a run of {of_zoo(gans)}.")
    flags.DEFINE_string("data_dir", None, "As in gan_tf.train; unset: where the run's data came from.")
    flags.DEFINE_integer("steps", 300, "Steps of the search for z.", 1)
    flags.DEFINE_integer("seed", 0, "Seed of the first z.", 0, 2**63 - 1)
    flags.DEFINE_string("out_dir", None, "Folder to write to. Unset: the folder of the run.")


def of_zoo(gans):
    """Returns "gan_tf.zoo.a, b or c"."""
    return f"gan_tf.zoo.{', '.join(gans[:-1])} or {gans[-1]}"


def load(run_dir, gans=GANS):
    """Returns (the `Gan` of a run, the flags that describe its data, its test images, a `data.Dataset`).

    The run must be of one of `gans`. Makes the folder --out_dir. Raises LoadError, DataError and OSError.
    """
    if not run_dir:
        raise restore.LoadError(f"name a run of {of_zoo(gans)} with --run_dir.")
    config = restore.check_run(run_dir)
    if config["gan"]["name"] not in gans:
        raise restore.LoadError(f"--run_dir={run_dir} is no run of {of_zoo(gans)}.")
    out_dir = FLAGS.out_dir or run_dir
    restore.check_writable(out_dir, f"--out_dir={out_dir}")
    described = config["flags"] | {"data_dir": FLAGS.data_dir or config["flags"]["data_dir"]}
    test = data.load_as(described, "test")
    require_digits(test)  # before TensorFlow, which takes seconds to import
    Path(out_dir).mkdir(parents=True, exist_ok=True)  # not after minutes of work, as it may fail in spite of the check
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


def best_starts(images, weights, z, drawn):
    """Returns the 4 of z, [m, 100], whose images `drawn` have the smallest context loss: [n, 4, 100]."""
    from scipy.spatial import distance

    where = np.broadcast_to(weights > 0, images.shape[1:])
    w = np.broadcast_to(weights, images.shape[1:])[where]
    losses = distance.cdist(images[:, where] * w, drawn[:, where] * w, "cityblock")
    return z[np.argsort(losses, axis=1)[:, :STARTS]]


def search(generator, discriminator, images, weights, steps, starts):
    """Searches z whose image agrees with `images` where `weights`, float32 [height, width, 1], are not 0.

    `generator` maps z, a tensor [4 n, 100], to images; four rows in turn are for one image. `discriminator` maps these
    to logits; with None there is no prior loss. `images` is float32 [n, height, width, channels], `starts` float32 [n,
    4, 100]. Returns (z float32 [n, 100], the loss of each, float32 [n]). Of the 4 results the best counts.
    """
    import keras
    import tensorflow as tf

    z = tf.Variable(starts.reshape(-1, 100).astype(np.float32))
    wanted = tf.repeat(images, STARTS, axis=0)
    optimizer = keras.optimizers.Adam(LEARNING_RATE, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimizer.build([z])

    def losses():
        drawn = generator(z)
        context = tf.reduce_sum(weights * tf.abs(drawn - wanted), axis=[1, 2, 3])
        if discriminator is None:
            return context
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
    """Completes test images, prints a table, and writes completion.json, completion.png and encoder.keras."""
    gan, described, test = load(FLAGS.run_dir)

    from gan_tf.gan import in_batches
    from gan_tf.metrics import classifier, table
    from gan_tf.noise import USER_NOISE
    from gan_tf.zoo import projection

    train = data.load_as(described, "train")
    mask = hole(FLAGS.hole, test.shape)
    images, labels = test.images[: FLAGS.count], test.labels[: FLAGS.count]
    begun, weights = time.monotonic(), weights_around(mask)
    logging.info("searching the noise of %d images, about %.0f minutes", len(images), len(images) * FLAGS.steps / 1e5)
    candidates = np.asarray(gan.noise(FLAGS.seed, USER_NOISE, CANDIDATES))
    drawn, z = in_batches(gan.generate, candidates), []
    for part in np.split(images, range(50, len(images), 50)):
        starts = best_starts(part, weights, candidates, drawn)
        z.append(search(gan.generate, gan.objects["discriminator"], part, weights, FLAGS.steps, starts)[0])
    z = np.concatenate(z)
    logging.info("a network learns to guess z, %d iterations", FLAGS.iters)
    encoder = projection.make_encoder(test.shape, z.shape[1], FLAGS.seed)
    projection.train_encoder(encoder, gan.generate, train.pixels, ~mask, FLAGS.iters, FLAGS.seed)
    guessed = in_batches(encoder, fill(images, mask, 0))
    filled = {
        "by the GAN, searched": fill(images, mask, in_batches(gan.generate, z)),
        "by the GAN, guessed": fill(images, mask, in_batches(gan.generate, guessed)),
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
    settings = {name: getattr(FLAGS, name) for name in ("hole", "steps", "iters", "seed")}
    result = {"count": len(images), **settings, "scores": rows}
    print(table_of(result))
    out_dir = Path(FLAGS.out_dir or FLAGS.run_dir)
    with files.replacing(out_dir / "completion.json") as path:
        path.write_text(json.dumps(result, indent=1) + "\n")
    with files.replacing(out_dir / "completion.png") as path:
        grids.save_grid(np.concatenate([filled[name][:SHOWN] for name in ROWS]), path, SHOWN)
    with files.replacing(out_dir / "encoder.keras") as path:
        encoder.save(path)
    logging.info(
        "wrote completion.json, completion.png and encoder.keras to %s, after %.0f s", out_dir, time.monotonic() - begun
    )


if __name__ == "__main__":
    define_flags()
    flags.DEFINE_integer("hole", 12, "Pixels on a side of the hole.", 1, 27)
    flags.DEFINE_integer("iters", 10_000, "Iterations in which a network learns to guess z.", 1, 10**6)
    flags.DEFINE_integer("count", 500, "How many test images are completed.", SHOWN, 10_000)
    groups = {"From": ["run_dir", "data_dir"], "Hole": ["hole", "count", "steps", "iters", "seed"], "To": ["out_dir"]}
    command_line.run(main, groups, (restore.LoadError, RunError, data.DataError, OSError))
