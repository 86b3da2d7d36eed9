"""Measures what a generator has learned: python -m gan_tf.evaluate --run_dir=out.

Writes metrics.json, and neighbours.png: samples, each with the training images nearest to it.
"""

import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, grids, restore
from gan_tf.runs import command_line, folder

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Folder of a run; the networks of its newest checkpoint are measured.")
flags.DEFINE_string("generator", None, "A generator as a Keras file, instead of --run_dir.")
flags.DEFINE_string("images", None, "An .npz file with an array images, [n, 784] or [n, 28, 28] in [0, 1], instead.")
flags.DEFINE_enum(
    "dataset", None, list(data.DATASETS), "What to compare with; unset: what the run was trained on, else mnist."
)
flags.DEFINE_string("data_dir", None, "As in gan_tf.train; unset: where the run's data came from.")
flags.DEFINE_integer("count", 10_000, "How many samples; fewer make FID larger.", lower_bound=100)
flags.DEFINE_integer("seed", 0, "Seed of the noise.", lower_bound=0, upper_bound=2**63 - 1)
flags.DEFINE_string("out_dir", None, "Folder to write to; unset: where what is measured lies.")

GROUPS = {
    "What": ["run_dir", "generator", "images", "count", "seed"],
    "Data": ["dataset", "data_dir"],
    "Output": ["out_dir"],
}


class EvaluationError(Exception):
    """What the flags name cannot be measured; the message says why in one line, and what to do."""


def read_images(path):
    """Returns the array `images` of an .npz file, as float32 [n, 784]. Raises EvaluationError if it is unsuitable."""
    try:
        with np.load(path) as arrays:
            images = np.asarray(arrays["images"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise EvaluationError(f"--images={path} is not an .npz file with an array images: {error}") from error
    if images.ndim not in (2, 3) or np.prod(images.shape[1:]) != 784 or images.dtype.kind not in "fiu":
        shape = f"{images.dtype} {list(images.shape)}"
        raise EvaluationError(f"--images={path}: its array is {shape}, not numbers [n, 784] or [n, 28, 28].")
    if len(images) < 100:
        raise EvaluationError(f"--images={path}: {len(images)} images are too few, it takes at least 100.")
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN, too
        values = f"{images.min()} to {images.max()}"
        raise EvaluationError(f"--images={path}: its values are {values}, not in [0, 1]; divide bytes by 255.")
    return images.reshape(-1, 784).astype(np.float32)


def load_images(what, source):
    """Returns (images, discriminate or None, facts) for the path `source`, which the flag `what` names.

    Raises LoadError or RunError.
    """
    facts = {"measured": f"--{what}={source}"}
    if what == "images":
        return read_images(source), None, facts
    if what == "run_dir":
        gan, facts["iterations"] = restore.load_run(source)
    else:
        gan = restore.load_generator(source, what)
    from gan_tf.gan import in_batches
    from gan_tf.noise import EVALUATION_NOISE

    facts["seed"] = FLAGS.seed
    images = in_batches(gan.generate, gan.make_noise(FLAGS.seed, EVALUATION_NOISE, FLAGS.count))
    return images, gan.discriminate, facts


def load_data():
    """Returns the training, validation and test images to compare samples with. Raises DataError."""
    name, data_dir, digest = FLAGS.dataset or "mnist", FLAGS.data_dir, None
    if FLAGS.run_dir:
        config = folder.read_config(os.path.expanduser(FLAGS.run_dir))
        digest = config["data"].get("digest")
        if not (FLAGS.dataset or FLAGS.data_dir):
            name, data_dir = (config["flags"].get(flag) for flag in ("dataset", "data_dir"))
    splits = [data.load(name, data_dir and os.path.expanduser(data_dir), split) for split in data.SPLITS]
    logging.info("data: %s", splits[0].source)
    if digest and splits[0].digest != digest:
        logging.warning("the run was trained on other images: name their folder with --data_dir")
    if splits[0].name != "mnist":
        logging.warning("the classifier knows only MNIST's digits: its scores of other images mean little")
    if len(splits[2].images) < 100:
        raise data.DataError(f"{splits[2].source}: {len(splits[2].images)} test images are too few, it takes 100.")
    return splits


def main():
    """Measures what the flags name, prints the table, and writes metrics.json and neighbours.png."""
    begun = time.monotonic()
    named = [name for name in ("run_dir", "generator", "images") if FLAGS[name].value]
    if len(named) != 1:
        raise EvaluationError("name one of --run_dir, --generator and --images.")
    (what,) = named
    source = Path(os.path.expanduser(FLAGS[what].value))
    out_dir = Path(os.path.expanduser(FLAGS.out_dir)) if FLAGS.out_dir else source if FLAGS.run_dir else source.parent

    command_line.import_tensorflow()
    images, discriminate, facts = load_images(what, source)
    facts["count"] = len(images)
    train, validation, test = load_data()

    from gan_tf.metrics import classifier, table

    logging.info("measuring %d samples, about a minute", len(images))
    model, facts["classifier"] = classifier.load_classifier()
    yardstick = table.Yardstick(train.images, validation.images, test.images, model)
    held_out = test.images
    if len(images) < len(held_out):  # as many of both, for the scores depend on that
        held_out = held_out[np.linspace(0, len(held_out) - 1, len(images)).astype(int)]
    columns = {}
    for name, pixels, windows in (("samples", images, images), ("real", held_out, yardstick.reference)):
        columns[name], histogram = yardstick.quick_scores(pixels)
        columns[name] |= yardstick.other_scores(pixels, windows)
        if discriminate is not None:
            columns[name] |= table.discriminator_accuracy(discriminate(pixels), real=name == "real")
        facts[f"class_histogram_{name}"] = histogram.tolist()

    out_dir.mkdir(parents=True, exist_ok=True)
    with folder.replacing(out_dir / "neighbours.png") as path:
        grids.save_grid(yardstick.neighbours(images[:10]), path, columns=8)
    facts |= {
        "held_out": len(held_out),
        "data": {split: each.digest for split, each in zip(data.SPLITS, (train, validation, test), strict=True)},
        "versions": folder.versions(),
        "table": table.rows(**columns),
        "metrics": {
            column: {name: {"value": value, "error": error} for name, (value, error) in values.items()}
            for column, values in columns.items()
        },
    }
    with folder.replacing(out_dir / "metrics.json") as path:
        path.write_text(json.dumps(facts, indent=2) + "\n")
    print(table.as_text(**columns))
    logging.info("wrote metrics.json and neighbours.png to %s, after %.0f s", out_dir, time.monotonic() - begun)


if __name__ == "__main__":
    command_line.run(main, GROUPS, (EvaluationError, restore.LoadError, folder.RunError, data.DataError, OSError))
