"""Measures what a generator has learned: python -m gan_tf.evaluate --run_dir=out.

Writes metrics.json, and neighbours.png: samples, each with the training images nearest to it.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, grids, keras_file, limits, restore
from gan_tf.data import npz
from gan_tf.runs import command_line, files
from gan_tf.runs.config import RunError, versions
from gan_tf.runs.exported import exporting

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Folder of a run; the networks of its newest checkpoint are measured.")
flags.DEFINE_string("generator", None, "A generator as a Keras file, instead of --run_dir.")
flags.DEFINE_string("images", None, "An .npz file with an array images, [n, 784] or [n, 28, 28] in [0, 1], instead.")
flags.DEFINE_enum("dataset", None, data.IMAGES, "What to compare with; unset: what the run was trained on, else mnist.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train; unset: where the run's data came from.")
flags.DEFINE_integer(
    "count", 10_000, "How many samples, except for a GAN's own scores. Fewer make FID larger.", lower_bound=100
)
flags.DEFINE_integer("seed", 0, "Seed of the noise.", lower_bound=0, upper_bound=2**63 - 1)
flags.DEFINE_string("out_dir", None, "Folder to write to. Unset: the folder of the run or file that is measured.")

GROUPS = {
    "What": ["run_dir", "generator", "images", "count", "seed"],
    "Data": ["dataset", "data_dir"],
    "Output": ["out_dir"],
}


# Bytes of memory: of the command itself, with MNIST, and for each image. Most of it are float64 distances from 1000
# images to all others, and copies of them. Measured: 2.5 GB for 10,000 images, 2.6 GB for 30,000.
BYTES, IMAGE_BYTES = 2e9, 50_000


class EvaluationError(Exception):
    """What the flags name cannot be measured; the message says why in one line, and what to do."""


def load_images(what, source):
    """Returns (images, gan, facts, asked) for the path `source`, which the flag `what` names.

    `images` is None if the GAN makes none from noise. `asked` are the digits that it was asked for, or None. `what` is
    "run_dir" or "generator". Raises LoadError or RunError.
    """
    facts = {"measured": f"--{what}={source}", "seed": FLAGS.seed}
    if what == "run_dir":
        gan, facts["iterations"] = restore.load_run(source)
    else:
        gan = keras_file.load_generator(source, what)
    if gan.generate is None:
        return None, gan, facts, None
    from gan_tf.noise import EVALUATION_NOISE

    noise = gan.noise(FLAGS.seed, EVALUATION_NOISE, FLAGS.count)
    return restore.draw(gan, noise, f"--{what}={source}"), gan, facts, gan.asked and gan.asked(noise)


def load_data(config):
    """Returns the training, validation and test images to compare samples with. Raises DataError.

    `config` is what a run's config.json says, or None without a run.
    """
    name, data_dir, digest = FLAGS.dataset or "mnist", FLAGS.data_dir, None
    if config:
        digest = config["data"].get("digest")
        if not (FLAGS.dataset or FLAGS.data_dir):
            name, data_dir = config["flags"]["dataset"], config["flags"]["data_dir"]
    splits = [data.load(name, data_dir, split) for split in data.SPLITS]
    logging.info("data: %s", splits[0].source)
    if digest and splits[0].digest != digest:
        own = " ".join(f"--{flag}={config['flags'][flag]}" for flag in ("dataset", "data_dir") if config["flags"][flag])
        logging.warning("the run was trained on other images than these (with %s)", own)
        if FLAGS.dataset or FLAGS.data_dir:
            logging.warning("to compare with its own images, remove --dataset and --data_dir, or change them")
        else:
            logging.warning("the folder has changed since; name the one that has its images with --data_dir")
    if len(splits[2].images) < 100:
        raise data.DataError(f"{splits[2].source}: {len(splits[2].images)} test images are too few, it takes 100.")
    return splits


def plus_minus():
    """Returns the sign ±, or +- if standard output cannot show it."""
    try:
        "±".encode(getattr(sys.stdout, "encoding", "utf-8"))  # without standard output, sys.stdout is None
    except UnicodeEncodeError:
        return "+-"
    return "±"


def main():
    """Measures what the flags name, prints the table, and writes metrics.json and neighbours.png."""
    begun = time.monotonic()
    named = [name for name in ("run_dir", "generator", "images") if FLAGS[name].value]
    if len(named) != 1:
        raise EvaluationError("name one of --run_dir, --generator and --images.")
    (what,) = named
    source = Path(FLAGS[what].value)
    out_dir = Path(FLAGS.out_dir) if FLAGS.out_dir else source if FLAGS.run_dir else source.parent

    # What needs no TensorFlow comes first, for that takes seconds to import.
    most = limits.fitting(IMAGE_BYTES, BYTES)
    config = restore.check_run(source) if what == "run_dir" else None
    if what == "generator":
        keras_file.check_keras_file(source, what)
    restore.check_writable(out_dir, f"--out_dir={out_dir}")
    if what == "images":
        images, gan, facts, asked = npz.read_images(source, most), None, {"measured": f"--{what}={source}"}, None
    elif FLAGS.count > most:
        raise EvaluationError(f"--count={FLAGS.count} is too much; {most:,} samples fit into this machine's memory.")
    train, validation, test = load_data(config)

    command_line.import_tensorflow()
    if what != "images":
        images, gan, facts, asked = load_images(what, source)
    facts["versions"] = versions()
    facts["data"] = {split: each.digest for split, each in zip(data.SPLITS, (train, validation, test), strict=True)}
    if images is None:
        logging.info("this GAN draws no single images from noise; its own scores are measured")
        finish(out_dir, facts, {"own": gan.scores(test.images, test.labels)})
    else:
        columns, neighbours = measure(images, gan, asked, facts, (train, validation, test), f"--{what}={source}")
        finish(out_dir, facts, columns, neighbours)
    written = "metrics.json" if images is None else "metrics.json and neighbours.png"
    logging.info("wrote %s to %s, after %.0f s", written, out_dir, time.monotonic() - begun)
    if what == "run_dir" and out_dir == source:
        logging.info("to show them in the page: python -m gan_tf.report --run_dir=%s", source)


def measure(images, gan, asked, facts, splits, name):
    """Measures `images`, which `gan` has made, or nobody (None), next to held-out real images. Adds to `facts`.

    Returns (the columns of the table, pictures for neighbours.png). `asked` is what `load_images` returns, `splits` are
    the data, `name` is that of the generator in messages. Raises EvaluationError.
    """
    from gan_tf.metrics import classifier, table

    train, validation, test = splits
    if train.name != "mnist":
        logging.warning("the classifier knows only MNIST's digits: its scores of other images mean little")
    facts["count"] = len(images)
    logging.info("measuring %d samples, a minute or two", len(images))
    model, facts["classifier"] = classifier.load_classifier()
    yardstick = table.Yardstick(train.images, validation.images, test.images, model)
    held_out, real_labels = test.images, test.labels
    if len(images) < len(held_out):  # as many of both, for the scores depend on that
        chosen = np.linspace(0, len(held_out) - 1, len(images)).astype(int)
        held_out, real_labels = held_out[chosen], real_labels[chosen]
    columns = {}
    for column, pixels, windows in (("samples", images, images), ("real", held_out, yardstick.reference)):
        found, histogram = yardstick.quick_scores(pixels)
        found |= yardstick.other_scores(pixels, windows)
        if gan and gan.discriminate:
            logits = gan.discriminate(pixels)
            if not np.isfinite(logits).all():
                raise EvaluationError(f"the discriminator of {name} gives values that are not finite.")
            found |= table.discriminator_accuracy(logits, column == "real", gan.boundary)
        if asked is not None:
            found["read_as_asked"] = yardstick.read_as(pixels, asked if column == "samples" else real_labels)
        facts[f"class_histogram_{column}"] = histogram.tolist()
        columns[column] = found
    facts["held_out"] = len(held_out)
    if gan and gan.scores:
        columns["own"] = gan.scores(held_out, real_labels)
    return columns, yardstick.neighbours(images[:10])


def finish(out_dir, facts, columns, neighbours=None):
    """Writes metrics.json and neighbours.png to `out_dir`, and prints the table."""
    from gan_tf.metrics import table

    out_dir.mkdir(parents=True, exist_ok=True)
    facts |= {
        "table": table.rows(**columns),
        "metrics": {
            column: {name: {"value": value, "error": error} for name, (value, error) in values.items()}
            for column, values in columns.items()
        },
    }
    with exporting(out_dir):
        if neighbours is not None:
            with files.replacing(out_dir / "neighbours.png") as path:
                grids.save_grid(neighbours, path, columns=8)
        with files.replacing(out_dir / "metrics.json") as path:
            path.write_text(json.dumps(facts, indent=2) + "\n")
    print(table.as_text(**columns, plus_minus=plus_minus()))


if __name__ == "__main__":
    command_line.run(main, GROUPS, (EvaluationError, restore.LoadError, RunError, data.DataError, OSError))
