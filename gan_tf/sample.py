"""Draws samples from a trained generator: python -m gan_tf.sample --run_dir=out --count=64."""

import contextlib
import math
import os
import re
from pathlib import Path

from absl import flags, logging

from gan_tf import data, keras_file, limits, messages, restore
from gan_tf.runs import command_line, files, folder

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "Folder of a run; its newest checkpoint is used.")
flags.DEFINE_string("gan", None, restore.GAN_HELP)
flags.DEFINE_string("generator", None, "A generator as a Keras file, instead of --run_dir.")
flags.DEFINE_alias("model", "generator")  # its name in older versions
flags.DEFINE_string(
    "out", "samples.png", "What to write: a grid if it ends in .png, arrays if in .npz, else a folder of single PNGs."
)
flags.DEFINE_integer("count", 16, "How many samples.", lower_bound=1)
flags.DEFINE_integer("columns", 4, "Columns of the grid.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Seed of the noise.", lower_bound=0, upper_bound=2**63 - 1)
flags.DEFINE_string(
    "condition", None, "What to draw, for a GAN that can be asked, such as 7 or pink. Unset: all in turn."
)
flags.DEFINE_alias("caption", "condition")
flags.DEFINE_bool("interpolate", False, "Interpolate in even steps between two noise vectors.")
flags.DEFINE_bool("overwrite", False, "Replace the file. In a folder, only pictures of this command are replaced.")

PICTURE = re.compile(r"\d{5,}\.png")  # in a folder of single pictures
RUN_FILES = ("config.json", "checkpoints", "losses.csv")  # a folder with one of these holds a run

# Bytes of memory: of the command itself, for each number of a sample, and for each number of its cell in a grid.
# Measured with --count=20000.
BYTES, NUMBER_BYTES, CELL_BYTES = 700e6, 12, 40
SMALLEST = (8, 8, 1)  # the shape of the smallest pictures that a generator is likely to make


class SampleError(Exception):
    """The samples cannot be drawn; the message says why in one line, and what to do."""


def is_folder():
    """True if --out names a folder, for single pictures."""
    return FLAGS.out.endswith("/") or Path(FLAGS.out).suffix == ""


def check_flags():
    """Raises SampleError if the flags contradict each other, or if --out ends in what cannot be written."""
    suffix = Path(FLAGS.out).suffix
    if bool(FLAGS.run_dir) == bool(FLAGS.generator):
        raise SampleError("name either a run with --run_dir, or a Keras file with --generator.")
    if not is_folder() and suffix not in (".png", ".npz"):
        raise SampleError(f"--out={FLAGS.out} ends in {suffix}: write .png, .npz, or a / after the name of a folder.")
    if not is_folder() and suffix == ".png" and FLAGS.count % FLAGS.columns:
        raise SampleError(f"--count={FLAGS.count} does not fill rows of --columns={FLAGS.columns}; change either.")


def check_out():
    """Returns the path that --out names, in a folder without links. Raises SampleError if it cannot be written."""
    name, out = f"--out={FLAGS.out}", Path(FLAGS.out)
    if os.path.lexists(out) and not FLAGS.overwrite:
        raise SampleError(f"{name} exists; name another, or replace it with --overwrite.")
    out = Path(os.path.realpath(out)) if is_folder() else Path(os.path.realpath(out.parent), out.name)
    for run_dir in (out, out.parent):
        if any(os.path.lexists(run_dir / file) for file in RUN_FILES):
            if run_dir == out or folder.FILES.fullmatch(out.name):
                raise SampleError(f"{name} would spoil the run in {run_dir}; name another file or folder.")
    if os.path.exists(out) and os.path.isdir(out) != is_folder():
        raise SampleError(f"{name} is {'not a folder' if is_folder() else 'a folder'}; name another.")
    restore.check_writable(out if is_folder() or not os.path.exists(out) else out.parent, name)
    return out


def check_count(shape, is_grid):
    """Raises SampleError if --count pictures of `shape` do not fit into memory, in a grid or as arrays."""
    from gan_tf import grids

    if len(shape) == 3:
        height, width = grids.cell_size(*shape[:2])
        cell = (height + grids.GAP) * (width + grids.GAP) * shape[-1]
    else:  # what is no picture is as large as its numbers, and as the picture that shows it
        cell = math.prod(shape)
    most = limits.fitting(CELL_BYTES * cell if is_grid else NUMBER_BYTES * math.prod(shape), BYTES)
    if FLAGS.count > most:
        raise SampleError(
            f"--count={FLAGS.count} is too much; at most {most:,} samples fit into this machine's memory."
        )


def sample():
    """Draws what the flags describe."""
    check_flags()
    is_grid = Path(FLAGS.out).suffix == ".png" and not is_folder()
    unseen, known = [], FLAGS.condition is None  # whether what is asked for is known to be right
    if FLAGS.run_dir:
        name, source = f"the generator of --run_dir={FLAGS.run_dir}", FLAGS.run_dir
        config = restore.check_run(source, FLAGS.gan)
        if FLAGS.condition is None:
            unseen = restore.never_seen(config)
        else:
            with condition_errors():
                known = restore.check_condition(config, FLAGS.condition)
        size = config["data"].get("shape", data.DIGIT)
    else:
        name, source = f"--generator={FLAGS.generator}", FLAGS.generator
        keras_file.check_keras_file(source, "generator")
        size = SMALLEST  # its real shape is known only when TensorFlow has loaded it
    if known:
        out = check_out()
    check_count(size, is_grid)

    command_line.import_tensorflow()
    import numpy as np

    from gan_tf.noise import USER_NOISE

    if FLAGS.run_dir:
        gan, iterations = restore.load_run(source, FLAGS.gan)
        logging.info("the generator of %s after %s", FLAGS.run_dir, messages.counted(iterations, "iteration"))
    else:
        gan = keras_file.load_generator(source, "generator")
        check_count(gan.shape, is_grid)
    if gan.generate is None and gan.solids is None:
        place = "look at the grids in the folder of its run" if gan.draw else "gan_tf.evaluate measures what it does"
        raise SampleError(f"{name} draws no single images from noise; {place}.")
    with condition_errors():
        noise = gan.noise(FLAGS.seed, USER_NOISE, 2 if FLAGS.interpolate else FLAGS.count, FLAGS.condition)
    if not known:
        out = check_out()
    if unseen:
        words = "the training data had no %s: what is drawn there means nothing; --condition asks for one class"
        logging.warning(words, messages.listed(unseen))
    noise = np.asarray(noise)
    if FLAGS.interpolate:
        share = np.linspace(0, 1, FLAGS.count, dtype=np.float32)[:, None]
        noise = (1 - share) * noise[:1] + share * noise[1:]
    samples = restore.draw(gan, noise, name)
    if gan.generate:
        write(samples, {"images": samples}, noise, out)
    else:
        from gan_tf.metrics.solids import view

        write(view(samples), {"solids": samples}, noise, out)
    logging.info("%s in %s", messages.counted(FLAGS.count, "sample"), FLAGS.out)


@contextlib.contextmanager
def condition_errors():
    """A context in which a ValueError is about --condition, and ends the command as SampleError."""
    try:
        yield
    except ValueError as error:
        flag = "caption" if FLAGS["caption"].present else "condition"
        raise SampleError(f"--{flag}={FLAGS.condition}: {error}.") from error


def write(images, arrays, noise, out):
    """Writes samples to `out`: `arrays` by name, with their noise, or a grid or folder of the pictures `images`.

    What cannot be written whole leaves `out` as it was.
    """
    import numpy as np

    from gan_tf import grids

    out.parent.mkdir(parents=True, exist_ok=True)
    if not is_folder():
        with files.replacing(out) as path:
            if out.suffix == ".png":
                grids.save_grid(images, path, FLAGS.columns)
            else:
                np.savez_compressed(path, **arrays, noise=noise)
        return
    place = out if out.is_dir() else out.parent
    with files.temporary_folder(place, "pictures", PICTURE) as pictures:
        for index, image in enumerate(images):
            grids.save_image(image, pictures / f"{index:05}.png")
        if not out.is_dir():
            os.rename(pictures, out)
            return
        for older in filter(PICTURE.fullmatch, os.listdir(out)):
            (out / older).unlink()
        for picture in pictures.iterdir():
            os.rename(picture, out / picture.name)


if __name__ == "__main__":
    groups = {"From": ["run_dir", "gan", "generator"], "Samples": ["count", "seed", "condition", "interpolate"]}
    groups["To"] = ["out", "columns", "overwrite"]
    command_line.run(sample, groups, (SampleError, restore.LoadError, folder.RunError, OSError))
