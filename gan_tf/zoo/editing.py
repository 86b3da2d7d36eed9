"""Changes a digit's slant or weight with a trained GAN: python -m gan_tf.zoo.editing --run_dir=out/conditional

Zhu, Krähenbühl, Shechtman and Efros 2016, "Generative visual manipulation on the natural image manifold"
(arXiv:1609.03552). An image that is changed pixel by pixel soon looks wrong. An image that G draws always looks like
its training images. So first find the noise z whose image is nearest to a given one (its projection), then move z, and
look at G(z).

Here z moves along an attribute: the weight of the stroke (the mean of all pixels) or its slant. For 10,000 random z
both are measured in the images. A linear prediction of the attribute from z and the digit is fitted to them (least
squares). Its coefficients of z are the direction, the same for all digits. Each number of z stays in [-1, 1], so z may
move less far than asked.

The digit should stay while z moves. A run of conditional.py is told it: G(z, c), where c is the digit that the MNIST
classifier reads in the image. Two controls: a random direction of the same length, and a run of r3gan.py, dcgan.py or
sngan.py, whose G is not told the digit.

Departures from the paper: z moves along attributes; in the paper the user paints, and z moves to fit the strokes. The
projection is the search of completion.py without a hole and without its prior loss. It begins from the 4 of the 10,000
z whose images are nearest; in the paper a network guesses where it begins.
"""

import functools
import json
import time
from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, grids, restore
from gan_tf.metrics.table import rounded
from gan_tf.runs import command_line, files
from gan_tf.runs.config import RunError
from gan_tf.zoo import completion

FLAGS = flags.FLAGS

SAMPLES = 10_000
GANS = ("conditional", *completion.GANS)
MOVES = np.linspace(-2, 2, 7)  # how far z moves; a random z has a length of about 5.8
SHOWN = 5  # images in the picture


def weight(images):
    """The weight of the stroke: the mean of all pixels, float64 [n]."""
    return np.asarray(images, np.float64).mean(axis=(1, 2, 3))


def slant(images):
    """How far the stroke leans to the right: minus cov(x, y) / var(y) of the white pixels, float64 [n]. y is down."""
    ink = np.asarray(images, np.float64)[..., 0] + 1e-9
    ink /= ink.sum(axis=(1, 2), keepdims=True)
    y, x = np.indices(ink.shape[1:])

    def mean(values):
        return (ink * values).sum(axis=(1, 2))

    return -(mean(x * y) - mean(x) * mean(y)) / (mean(y * y) - mean(y) ** 2)


ATTRIBUTES = {"weight": weight, "slant": slant}
DIGITS = np.eye(10, dtype=np.float32)


def direction_of(attribute, z, images, digits):
    """Returns the direction, float32 [100] of length 1, in which the attribute of G(z) grows most.

    `digits`, int [n], are what the images show. The prediction uses them and z. Otherwise the direction
    would change the digit: a 0 has more ink than a 1.
    """
    known = np.concatenate([z, DIGITS[digits]], axis=1)
    coefficients = np.linalg.lstsq(known, attribute(images), rcond=None)[0][: z.shape[1]]
    return (coefficients / np.linalg.norm(coefficients)).astype(np.float32)


def project(generator, images, digits, z, samples, sample_digits, told):
    """Returns z, float32 [n, 100], whose images `generator(z, digits)` are nearest to `images` [n, height, width, 1].

    `digits` are what the images show, int [n]. The search begins at the best of `z`, [m, 100], by their `samples`. If G
    is `told` the digit, it begins at the best of those with the same digit in `sample_digits`, int [m].
    """
    everywhere, found = np.ones([*images.shape[1:3], 1], np.float32), np.zeros([len(images), z.shape[1]], np.float32)
    for digit in np.unique(digits) if told else [None]:
        ours, among = (slice(None) if digit is None else each == digit for each in (digits, sample_digits))
        rows = np.arange(len(images))[ours]
        for part in np.split(rows, range(50, len(rows), 50)):
            starts = completion.best_starts(images[part], everywhere, z[among], samples[among])
            repeated = np.repeat(digits[part], completion.STARTS)
            draw = functools.partial(generator, digits=repeated)
            found[part], _ = completion.search(draw, None, images[part], everywhere, FLAGS.steps, starts)
    return found


def table_of(result):
    """Returns the table of a result, as editing.json has it, as Markdown."""
    lines = [
        "| z moves by 4 | change, in deviations of samples | still read as its digit, at the worst of 7 places |",
        "|---|---|---|",
    ]
    for name, row in result["scores"].items():
        lines.append(f"| {name} | {' | '.join(rounded(*score) for score in row.values())} |")
    projected = f"Difference of a pixel between an image and its projection: {rounded(*result['projection'])}"
    return "\n".join([*lines, "", projected])


def main():
    """Moves test images along each attribute, prints a table, and writes editing.json and editing.png."""
    gan, _, test = completion.load(FLAGS.run_dir, GANS)

    import keras

    from gan_tf.gan import in_batches
    from gan_tf.metrics import classifier, table
    from gan_tf.noise import USER_NOISE

    begun, told = time.monotonic(), bool(gan.conditions)
    images, labels = test.images[: FLAGS.count], test.labels[: FLAGS.count]
    model, _ = classifier.load_classifier()

    def read(pictures):
        return classifier.activations(model, pictures)[1].argmax(axis=1)

    def inputs(z, digits):
        return keras.ops.concatenate([z, DIGITS[digits]], axis=1) if told else z

    def draw(z):
        return in_batches(gan.generate, np.asarray(inputs(z, asked)))

    noise = np.asarray(gan.noise(FLAGS.seed, USER_NOISE, SAMPLES))
    samples, asked = in_batches(gan.generate, noise), read(images)
    digits, noise = gan.asked(noise) if told else read(samples), noise[:, :100]
    logging.info("searching the noise of %d images", len(images))
    z = project(lambda z, digits: gan.generate(inputs(z, digits)), images, asked, noise, samples, digits, told)
    projected = draw(z)
    random = np.random.default_rng(FLAGS.seed).normal(size=100).astype(np.float32)
    control, rows, shown = random / np.linalg.norm(random), {}, []
    for name, attribute in ATTRIBUTES.items():
        spread = attribute(samples).std()
        for direction, along in ((name, direction_of(attribute, noise, samples, digits)), ("random", control)):
            moved = [draw(np.clip(z + move * along, -1, 1)) for move in MOVES.astype(np.float32)]
            change = (attribute(moved[-1]) - attribute(moved[0])) / spread
            same = [(read(each) == labels).mean() for each in moved]
            rows[f"{name}, {direction} direction"] = {
                "change of the attribute": table.mean(change),
                "read as the same digit, least": table.share(min(same), len(labels)),
            }
            if direction == name:
                shown += list(zip(*[each[:SHOWN] for each in moved], strict=True))
    error = table.mean(np.abs(projected - images).mean(axis=(1, 2, 3)))
    result = {"count": len(images), "steps": FLAGS.steps, "seed": FLAGS.seed, "projection": error, "scores": rows}
    print(table_of(result))
    out_dir = Path(FLAGS.out_dir or FLAGS.run_dir)
    with files.replacing(out_dir / "editing.json") as path:
        path.write_text(json.dumps(result, indent=1) + "\n")
    with files.replacing(out_dir / "editing.png") as path:
        originals = np.tile(images[:SHOWN], [len(ATTRIBUTES), 1, 1, 1])
        cells = [[original, *moves] for original, moves in zip(originals, shown, strict=True)]
        grids.save_grid(np.array(cells).reshape(-1, *test.shape), path, 1 + len(MOVES))
    logging.info("wrote editing.json and editing.png to %s, after %.0f s", out_dir, time.monotonic() - begun)


if __name__ == "__main__":
    completion.define_flags(GANS)
    flags.DEFINE_integer("count", 200, "How many test images are changed.", SHOWN, 10_000)
    groups = {"From": ["run_dir", "data_dir"], "Search": ["count", "steps", "seed"], "To": ["out_dir"]}
    command_line.run(main, groups, (restore.LoadError, RunError, data.DataError, OSError))
