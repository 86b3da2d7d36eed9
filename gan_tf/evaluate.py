"""Measures what a generator has learned: python -m gan_tf.evaluate --run_dir=out.

Writes metrics.json, and neighbours.png: samples, each with the training images nearest to it.
"""

import json
import math
import sys
import time
from pathlib import Path

from absl import flags, logging

from gan_tf import data, grids, keras_file, limits, members, messages, restore
from gan_tf.data import npz
from gan_tf.metrics import inception, modes
from gan_tf.runs import command_line, files
from gan_tf.runs.config import RunError, versions
from gan_tf.runs.exported import exporting

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Folder of a run; the networks of its newest checkpoint are measured.")
flags.DEFINE_string("gan", None, restore.GAN_HELP)
flags.DEFINE_string("generator", None, "A generator as a Keras file, instead of --run_dir.")
flags.DEFINE_string(
    "images", None, "An .npz file with an array images, [n, height, width, channels] in [0, 1], instead."
)
flags.DEFINE_string("dataset", None, "What to compare with; unset: what the run was trained on, else mnist.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train; unset: where the run's data came from.")
flags.DEFINE_integer("size", None, "As in gan_tf.train.")
flags.DEFINE_integer("channels", None, "As in gan_tf.train.")
flags.register_validator(
    "dataset",
    lambda name: name is None or name in data.IMAGES or (name not in data.DATASETS and data.known(name)),
    message=f"must be {', '.join(data.IMAGES)} or tfds:NAME",
)
flags.DEFINE_integer(
    "count",
    None,
    "How many samples, except for a GAN's own scores. Unset: 10,000; 26,000 of stacked_mnist. Fewer make FID larger, "
    "and the Inception score smaller: each of its ten parts then has the classes less evenly. That of 3,000 real "
    "images is within 2% of that of 10,000.",
    lower_bound=100,
)
flags.DEFINE_bool(
    "inception", False, "Also measure by the Inception network, as papers do: needs the extra fid and a download."
)
flags.DEFINE_integer("seed", 0, "Seed of the noise.", lower_bound=0, upper_bound=2**63 - 1)
flags.DEFINE_string("out_dir", None, "Folder to write to. Unset: the folder of the run or file that is measured.")

GROUPS = {
    "What": ["run_dir", "gan", "generator", "images", "count", "seed", "inception"],
    "Data": ["dataset", "data_dir", "size", "channels"],
    "Output": ["out_dir"],
}


# Bytes of memory: of the command itself, with MNIST, for each image, and for each of its numbers. Most of it are
# float64 distances from 1000 images to all others, and copies of them. Measured with MNIST: 2.5 GB for 10,000 images,
# 2.6 GB for 30,000.
BYTES, IMAGE_BYTES, NUMBER_BYTES = 2e9, 40_000, 13


class EvaluationError(Exception):
    """What the flags name cannot be measured; the message says why in one line, and what to do."""


def load_images(what, source, count):
    """Returns (images, gan, facts, asked) for the path `source`, which the flag `what` names.

    There are `count` images. `images` is None if the GAN makes none from noise. `asked` are the classes that it was
    asked for, or None. `what` is "run_dir" or "generator". Raises LoadError or RunError.
    """
    facts = {"measured": f"--{what}={source}", "seed": FLAGS.seed}
    if what == "run_dir":
        gan, facts["iterations"] = restore.load_run(source, FLAGS.gan)
    else:
        gan = keras_file.load_generator(source, what)
    if gan.generate is None:
        return None, gan, facts, None
    from gan_tf.noise import EVALUATION_NOISE

    noise = gan.noise(FLAGS.seed, EVALUATION_NOISE, count)
    return restore.draw(gan, noise, f"--{what}={source}"), gan, facts, gan.asked and gan.asked(noise)


def load_data(config):
    """Returns the training, validation and test images to compare samples with. Raises DataError.

    `config` is what a run's config.json says, or None without a run. What no flag names is as in the run, unless the
    flags name another data set.
    """
    named = {name: FLAGS[name].value for name in ("dataset", "data_dir", "size", "channels") if FLAGS[name].value}
    described, own = {"dataset": "mnist"} | named, config and not named
    if config:
        trained_on = config["flags"]["dataset"]
        made = trained_on in data.DATASETS and trained_on not in ("mnist", "folder")  # by a program, from no folder
        if named.get("dataset", trained_on) == trained_on and not (made and "data_dir" in named):
            described = config["flags"] | named
    splits = [data.load_as(described, split) for split in data.SPLITS]
    logging.info("data: %s", splits[0].source)
    digest = config and config["data"].get("digest")
    if digest and splits[0].digest != digest:
        names = [name for name in ("dataset", "data_dir", "size", "channels") if config["flags"].get(name)]
        words = " ".join(f"--{name}={config['flags'][name]}" for name in names)
        logging.warning("the run was trained on other images than these (with %s)", words)
        if own:
            logging.warning("the folder has changed since; name the one that has its images with --data_dir")
        else:
            logging.warning("to compare with its own images, remove --dataset and --data_dir, or change them")
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

    if FLAGS.inception:
        inception.require()
    # What needs no TensorFlow comes first, for that takes seconds to import.
    config = restore.check_run(source, FLAGS.gan) if what == "run_dir" else None
    if what == "generator":
        keras_file.check_keras_file(source, what)
    restore.check_writable(out_dir, f"--out_dir={out_dir}")
    train, validation, test = load_data(config)
    count = FLAGS.count or modes.usual_count(train.name)
    most = limits.fitting(IMAGE_BYTES + NUMBER_BYTES * math.prod(train.shape), BYTES)
    if what == "images":
        images, gan, asked = npz.read_images(source, most, train.shape), None, None
        facts = {"measured": f"--{what}={source}"}
    elif count > most:
        raise EvaluationError(f"--count={count} is too much; {most:,} samples fit into this machine's memory.")

    if config and (unseen := restore.never_seen(config)):
        words = "the training data had no %s: what this GAN draws when asked for that counts in the scores, too"
        logging.warning(words, messages.listed(unseen))

    command_line.import_tensorflow()
    from gan_tf.metrics import measured

    if what != "images":
        images, gan, facts, asked = load_images(what, source, count)
    if images is not None and images.shape[1:] != train.shape:
        ours, theirs = (members.words_of(shape) for shape in (images.shape[1:], train.shape))
        raise EvaluationError(
            f"--{what}={source} draws {ours}, and the data have {theirs}: name other data with --dataset, or another "
            "--size."
        )
    facts["versions"] = versions()
    facts["data"] = {split: each.digest for split, each in zip(data.SPLITS, (train, validation, test), strict=True)}
    if images is None:
        logging.info("this GAN draws no single images from noise; its own scores are measured")
        finish(out_dir, facts, {"own": gan.scores(test)})
    else:
        try:
            columns, neighbours = measured.measure(
                images, gan, asked, facts, (train, validation, test), f"--{what}={source}"
            )
        except ValueError as error:
            raise EvaluationError(str(error)) from error
        if FLAGS.inception:
            logging.info("measuring by the Inception network, some minutes")
            for column, pictures in {"samples": images, "real": test.pixels}.items():
                if column in columns:
                    columns[column] |= inception.measure(pictures, train.pixels)
        finish(out_dir, facts, columns, train.classifier, neighbours)
    written = "metrics.json" if images is None else "metrics.json and neighbours.png"
    logging.info("wrote %s to %s, after %.0f s", written, out_dir, time.monotonic() - begun)
    if what == "run_dir" and out_dir == source:
        named = members.flag(config["gan"]["name"])
        logging.info("to show them in the page: python -m gan_tf.report --run_dir=%s%s", source, named)


def finish(out_dir, facts, columns, reader=None, neighbours=None):
    """Writes metrics.json and neighbours.png to `out_dir`, and prints the table.

    `reader` is the classifier of the data, a key of `classifier.CLASSIFIERS`, or None.
    """
    from gan_tf.metrics import sliced, table

    titles = table.TITLES_OF[reader or "mnist"]
    titles = titles | sliced.titles([name for name in columns.get("samples", {}) if name not in titles])
    out_dir.mkdir(parents=True, exist_ok=True)
    facts |= {
        "table": table.rows(**columns, titles=titles),
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
    print(table.as_text(**columns, titles=titles, plus_minus=plus_minus()))


if __name__ == "__main__":
    command_line.run(
        main, GROUPS, (EvaluationError, inception.InceptionError, restore.LoadError, RunError, data.DataError, OSError)
    )
