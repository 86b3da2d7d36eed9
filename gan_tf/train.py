"""Trains the reference GAN: python -m gan_tf.train --iters=1000000."""

import json
import os
import sys
import time

from absl import flags, logging

from gan_tf import checkpoints, command, data, optimizers, runs, summaries
from gan_tf.recipes import RECIPES

FLAGS = flags.FLAGS

flags.DEFINE_integer(
    "iters", 1_000_000, "Iterations in all, those of a run that is gone on with included; reference: 1,000,000.", 1
)
flags.DEFINE_enum("loss", "non_saturating", list(RECIPES), "Objective; the reference uses non_saturating.")
flags.DEFINE_integer("d_steps", None, "Updates of D for one of G; unset: 1, as in the reference, for critics 5.", 1)
flags.DEFINE_enum(
    "d_optimizer",
    None,
    list(optimizers.OPTIMIZERS),
    "Optimizer of D; unset: adadelta, as in the reference; with another --loss adam (wgan: rmsprop, wgan_gp: adam_gp).",
)
flags.DEFINE_enum(
    "g_optimizer",
    None,
    list(optimizers.OPTIMIZERS),
    "Optimizer of G; unset: adam, as in the reference (wgan: rmsprop, wgan_gp: adam_gp).",
)
flags.DEFINE_float(
    "d_lr", None, "Learning rate of D; unset: 0.001, TF1's default, as in the reference; rmsprop 5e-5, adam_gp 1e-4."
)
flags.DEFINE_float("g_lr", None, "Learning rate of G; unset: as for D.")
flags.DEFINE_integer("batch_size", 128, "Images in a mini-batch; the reference uses 128.", lower_bound=1)
flags.DEFINE_enum(
    "dataset", "mnist", list(data.DATASETS), "What to train on; the reference uses mnist; glyphs needs no download."
)
flags.DEFINE_string(
    "data_dir",
    None,
    "Folder with four IDX files of 28x28 images, or prepared by tensorflow-datasets; unset: MNIST_data, as in "
    "the reference, else tensorflow-datasets' own.",
)
flags.DEFINE_string("out_dir", "out", "Folder for grids, losses.csv and config.json; the reference uses out.")
flags.DEFINE_bool(
    "overwrite", False, "Replace the run that out_dir holds, instead of going on with it; the reference always does."
)
flags.DEFINE_integer(
    "seed", 0, "Seed of weights, noise and shuffling; the reference has none.", lower_bound=0, upper_bound=2**63 - 1
)
flags.DEFINE_integer("sample_every", 1000, "Iterations from grid to grid; reference: 1000.", lower_bound=1)
flags.DEFINE_integer("log_every", 1000, "Iterations from printed losses to the next; reference: 1000.", lower_bound=1)
flags.DEFINE_integer(
    "checkpoint_every", 10_000, "Iterations from checkpoint to checkpoint; the reference has none.", lower_bound=1
)
flags.DEFINE_bool(
    "jit", True, "Compile with XLA; without it a run takes several times as long. The reference knows no XLA."
)
flags.DEFINE_enum(
    "device", "auto", ["auto", "cpu", "gpu"], "Where to train; auto, as in the reference: the GPU if there is one."
)
flags.DEFINE_bool(
    "tf32", False, "Let a GPU multiply in TensorFloat-32, with three digits instead of seven; the reference does not."
)
flags.DEFINE_bool("tensorboard", False, "Write losses, spread and grids for TensorBoard, too.")
flags.DEFINE_bool("dry_run", False, "Print what would be run, on what, and for how long; write nothing.")
flags.register_validator("out_dir", bool, message="must name a folder")
for name in ("d_lr", "g_lr"):
    flags.register_validator(
        name,
        lambda value: value is None or optimizers.valid_learning_rate(value),
        message="must be a positive number that float32 can hold",
    )


GROUPS = {
    "Training": ["iters", "d_optimizer", "g_optimizer", "d_lr", "g_lr", "batch_size", "seed"],
    "Objective": ["loss", "d_steps"],
    "Data": ["dataset", "data_dir"],
    "Output": ["out_dir", "overwrite", "sample_every", "log_every", "checkpoint_every", "tensorboard", "dry_run"],
    "Machine": ["device", "jit", "tf32"],
}


def choose_device():
    """The device that --device asks for, as (TensorFlow's name, words for the log). Exits if it is not there."""
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(FLAGS.tf32)  # TensorFlow 2 has it on, unasked
    gpus = tf.config.list_physical_devices("GPU")
    if FLAGS.device == "gpu" and not gpus:
        sys.exit("error: --device=gpu, but TensorFlow sees no GPU; the README's section on GPUs may help.")
    if FLAGS.device == "cpu" or not gpus:
        tf.config.set_visible_devices([], "GPU")
        return "/CPU:0", f"CPU, {os.cpu_count()} cores"
    return "/GPU:0", f"GPU, {tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'unknown')}"


def train():
    """Goes on where the run in --out_dir stopped, or begins one. Returns the exit status."""
    begun = time.monotonic()
    out_dir = os.path.expanduser(FLAGS.out_dir)
    for field, value in vars(RECIPES[FLAGS.loss]).items():
        if FLAGS[field].value is None:
            FLAGS[field].value = value
    own_flags = FLAGS.get_flags_for_module(FLAGS.find_module_defining_flag("iters"))
    config = {"flags": {flag.name: flag.value for flag in own_flags}}
    runs.check(out_dir, config["flags"], FLAGS.overwrite)
    if FLAGS.tensorboard and not summaries.available():
        raise runs.RunError(summaries.MISSING)
    done = 0 if FLAGS.overwrite else max(checkpoints.iterations(os.path.join(out_dir, "checkpoints")), default=0)
    if done >= FLAGS.iters:
        logging.info("finished: %s has all %d iterations; for more, name a higher --iters", out_dir, done)
        return 0
    dataset = data.load(FLAGS.dataset, FLAGS.data_dir and os.path.expanduser(FLAGS.data_dir))
    logging.info("data: %s; %d images, SHA-256 %s", dataset.source, len(dataset.images), dataset.digest)
    logging.info("data: this is %sthe original MNIST", "" if dataset.name == "mnist" else "not ")
    config["data"] = {"name": dataset.name, "images": len(dataset.images), "digest": dataset.digest}
    if FLAGS.batch_size > len(dataset.images):
        raise data.DataError(
            f"--batch_size={FLAGS.batch_size} is more than the {len(dataset.images)} images there are."
        )

    # TensorFlow takes seconds to import: only now, when the flags and the data are known to be good.
    import tensorflow as tf

    from gan_tf.loop import Loop

    config["versions"] = runs.versions()
    logging.info("versions: %s", ", ".join(f"{name} {version}" for name, version in config["versions"].items()))
    device, config["device"] = choose_device()
    logging.info("device: %s; XLA %s; seed %d", config["device"], "on" if FLAGS.jit else "off", FLAGS.seed)
    with tf.device(device):
        loop = Loop(FLAGS, dataset.images)
        logging.info("ready after %.1f s", time.monotonic() - begun)
        if FLAGS.dry_run:
            left = FLAGS.iters - done
            print(json.dumps(config, indent=2))
            print(f"{left} iterations would take about {left / loop.rate() / 60:.1f} minutes.")
            return 0
        stopped_by = loop.train(out_dir, config, FLAGS.overwrite)
    return 128 + stopped_by if stopped_by else 0


def main():
    """Trains as the flags say, and returns the exit status."""
    # Left to itself, TensorFlow reports at each start that it found no GPU; with --device=gpu it says why.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if FLAGS.device == "gpu" else "3")
    # And on itself at every checkpoint.
    logging.get_absl_logger().addFilter(lambda record: record.module != "functional_saver")
    try:
        return train()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise runs.RunError(
            f"{error}. When that is mended, the same command goes on from the last checkpoint."
        ) from error


if __name__ == "__main__":
    command.run(main, GROUPS, (data.DataError, runs.RunError))
