"""Changes a digit's slant or weight with a trained DCGAN: python -m gan_tf.zoo.editing --run_dir=out/dcgan

Zhu, Krähenbühl, Shechtman and Efros 2016, "Generative visual manipulation on the natural image manifold"
(arXiv:1609.03552). An image that is changed pixel by pixel soon looks wrong. An image that G draws always looks like
its training images. So first find the noise z whose image is nearest to a given one (its projection), then move z, and
look at G(z).

Here z moves along an attribute: the weight of the stroke (the mean of all pixels) or its slant. For 5,000 random z both
are measured in the images. A linear prediction of the attribute from z and the digit is fitted to them (least squares).
Its coefficients of z are the direction, the same for all digits. The control is a random direction of the same length.
Each number of z stays in [-1, 1], so z may move less far than asked.

Departures from the paper: z moves along attributes; in the paper the user paints, and z moves to fit the strokes. The
projection is the search of completion.py without a hole, from random z; in the paper a network guesses where it begins.
"""

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

SAMPLES = 5000
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


def direction_of(attribute, z, images, digits):
    """Returns the direction, float32 [100] of length 1, in which the attribute of G(z) grows most.

    `digits`, int [n], are what the images show. The prediction uses them and z. Otherwise the direction
    would change the digit: a 0 has more ink than a 1.
    """
    known = np.concatenate([z, np.eye(10)[digits]], axis=1)
    coefficients = np.linalg.lstsq(known, attribute(images), rcond=None)[0][: z.shape[1]]
    return (coefficients / np.linalg.norm(coefficients)).astype(np.float32)


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
    gan, _, test = completion.load(FLAGS.run_dir)

    from gan_tf.gan import in_batches
    from gan_tf.metrics import classifier, table
    from gan_tf.noise import USER_NOISE

    begun = time.monotonic()
    images, labels = test.images[: FLAGS.count], test.labels[: FLAGS.count]
    noise = np.asarray(gan.noise(FLAGS.seed, USER_NOISE, SAMPLES))
    samples = in_batches(gan.generate, noise)
    model, _ = classifier.load_classifier()
    digits = classifier.activations(model, samples)[1].argmax(axis=1)
    logging.info("searching the noise of %d images", len(images))
    everywhere = np.ones([*test.shape[:2], 1], np.float32)
    z = np.concatenate(
        [
            completion.search(gan, images[i : i + 50], everywhere, FLAGS.steps, FLAGS.seed)[0]
            for i in range(0, len(images), 50)
        ]
    )
    projected = in_batches(gan.generate, z)
    random = np.random.default_rng(FLAGS.seed).normal(size=100).astype(np.float32)
    control, rows, shown = random / np.linalg.norm(random), {}, []
    for name, attribute in ATTRIBUTES.items():
        spread = attribute(samples).std()
        for direction, along in ((name, direction_of(attribute, noise, samples, digits)), ("random", control)):
            moved = [in_batches(gan.generate, np.clip(z + move * along, -1, 1)) for move in MOVES.astype(np.float32)]
            change = (attribute(moved[-1]) - attribute(moved[0])) / spread
            same = [(classifier.activations(model, each)[1].argmax(axis=1) == labels).mean() for each in moved]
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
    out_dir.mkdir(parents=True, exist_ok=True)
    with files.replacing(out_dir / "editing.json") as path:
        path.write_text(json.dumps(result, indent=1) + "\n")
    with files.replacing(out_dir / "editing.png") as path:
        originals = np.tile(images[:SHOWN], [len(ATTRIBUTES), 1, 1, 1])
        cells = [[original, *moves] for original, moves in zip(originals, shown, strict=True)]
        grids.save_grid(np.array(cells).reshape(-1, *test.shape), path, 1 + len(MOVES))
    logging.info("wrote editing.json and editing.png to %s, after %.0f s", out_dir, time.monotonic() - begun)


if __name__ == "__main__":
    completion.define_flags()
    flags.DEFINE_integer("count", 200, "How many test images are changed.", SHOWN, 10_000)
    groups = {"From": ["run_dir", "data_dir"], "Search": ["count", "steps", "seed"], "To": ["out_dir"]}
    command_line.run(main, groups, (restore.LoadError, RunError, data.DataError, OSError))
