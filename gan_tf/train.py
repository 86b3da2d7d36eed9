"""Trains the reference GAN: python -m gan_tf.train --iters=1000000."""

import os
import sys
import time

from absl import app, flags, logging

from gan_tf import data, optimizers, runs

FLAGS = flags.FLAGS

flags.DEFINE_integer("iters", 1_000_000, "Iterations to train; the reference runs 1,000,000.", lower_bound=1)
flags.DEFINE_enum(
    "d_optimizer", "adadelta", list(optimizers.OPTIMIZERS), "Optimizer of D; the reference uses adadelta."
)
flags.DEFINE_enum("g_optimizer", "adam", list(optimizers.OPTIMIZERS), "Optimizer of G; the reference uses adam.")
flags.DEFINE_float("d_lr", None, "Learning rate of D; unset: 0.001, TF1's default, as in the reference.")
flags.DEFINE_float("g_lr", None, "Learning rate of G; unset: 0.001, TF1's default, as in the reference.")
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
flags.DEFINE_bool("overwrite", False, "Replace the run that out_dir holds; the reference always does.")
flags.DEFINE_integer(
    "seed", 0, "Seed of weights, noise and shuffling; the reference has none.", lower_bound=0, upper_bound=2**63 - 1
)
flags.DEFINE_integer("sample_every", 1000, "Iterations from grid to grid; reference: 1000.", lower_bound=1)
flags.DEFINE_integer("log_every", 1000, "Iterations from printed losses to the next; reference: 1000.", lower_bound=1)
flags.DEFINE_bool(
    "jit", True, "Compile with XLA; without it a run takes several times as long. The reference knows no XLA."
)
flags.DEFINE_enum(
    "device", "auto", ["auto", "cpu", "gpu"], "Where to train; auto, as in the reference: the GPU if there is one."
)
flags.DEFINE_bool(
    "tf32", False, "Let a GPU multiply in TensorFloat-32, with three digits instead of seven; the reference does not."
)
flags.register_validator("out_dir", bool, message="must name a folder")
for name in ("d_lr", "g_lr"):
    flags.register_validator(
        name,
        lambda value: value is None or optimizers.valid_learning_rate(value),
        message="must be a positive number that float32 can hold",
    )


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
    """The reference's loop: at every 1000th iteration a grid, before it, and its losses, after it."""
    begun = time.monotonic()
    out_dir = os.path.expanduser(FLAGS.out_dir)
    runs.check(out_dir, FLAGS.overwrite)
    dataset = data.load(FLAGS.dataset, FLAGS.data_dir and os.path.expanduser(FLAGS.data_dir))
    logging.info("data: %s; %d images, SHA-256 %s", dataset.source, len(dataset.images), dataset.digest)
    logging.info("data: this is %sthe original MNIST", "" if dataset.name == "mnist" else "not ")

    if FLAGS.batch_size > len(dataset.images):
        raise data.DataError(
            f"--batch_size={FLAGS.batch_size} is more than the {len(dataset.images)} images there are."
        )

    # TensorFlow takes seconds to import: only now, when the flags and the data are known to be good.
    import numpy as np
    import tensorflow as tf

    from gan_tf import models, samples, training

    versions = runs.versions()
    logging.info("versions: %s", ", ".join(f"{name} {version}" for name, version in versions.items()))
    device, device_words = choose_device()
    logging.info("device: %s; XLA %s; seed %d", device_words, "on" if FLAGS.jit else "off", FLAGS.seed)

    with tf.device(device):
        g_seed, d_seed = (int(seed) for seed in np.random.SeedSequence(FLAGS.seed).generate_state(2))
        generator, discriminator = models.make_generator(g_seed), models.make_discriminator(d_seed)
        g_optimizer = optimizers.make_optimizer(FLAGS.g_optimizer, FLAGS.g_lr)
        d_optimizer = optimizers.make_optimizer(FLAGS.d_optimizer, FLAGS.d_lr)
        step = training.make_train_step(generator, discriminator, g_optimizer, d_optimizer, jit=FLAGS.jit)
        block = min(training.BLOCK, FLAGS.sample_every, FLAGS.iters)
        train_block = training.make_train_block(
            step, dataset.images, FLAGS.batch_size, FLAGS.seed, block=block, jit=FLAGS.jit
        )

        train_block(0, 0)  # no iteration, but XLA's compilation, which is not to count as training
        logging.info("ready after %.1f s", time.monotonic() - begun)

        module = FLAGS.find_module_defining_flag("iters")
        config = {
            "flags": {flag.name: flag.value for flag in FLAGS.get_flags_for_module(module)},
            "versions": versions,
            "device": device_words,
            "data": {"name": dataset.name, "images": len(dataset.images), "digest": dataset.digest},
        }
        with runs.Run(out_dir, config) as run:
            start = time.monotonic()
            for first, steps in training.blocks(FLAGS.iters, FLAGS.sample_every, block):
                if first % FLAGS.sample_every == 0:
                    index = first // FLAGS.sample_every
                    images = generator(training.sample_noise(FLAGS.seed, index))
                    samples.save_grid(images, run.grid_path(index))
                for it, (d_loss, g_loss) in enumerate(train_block(first, steps), first):
                    if it % runs.LOSS_EVERY == 0:
                        run.write_losses(it, d_loss, g_loss)
                    if it % FLAGS.log_every == 0:
                        print(f"Iter: {it}\nD loss: {d_loss:.4}\nG_loss: {g_loss:.4}\n", flush=True)
            seconds = time.monotonic() - start
    rate = FLAGS.iters / seconds
    logging.info("done: %d iterations in %.1f s, %.0f a second; see %s", FLAGS.iters, seconds, rate, out_dir)


def main(argv):
    """Trains as the flags say; what a user can mend ends it with one line on stderr and exit status 1."""
    if len(argv) > 1:
        sys.exit(f"error: {argv[1]!r} is not understood: options begin with --, see --help.")
    # Left to itself, TensorFlow reports at each start that it found no GPU; with --device=gpu it says why.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if FLAGS.device == "gpu" else "3")
    try:
        train()
    except (data.DataError, runs.RunError) as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at exit
        sys.exit("error: standard output was closed; to keep only files, send it to /dev/null.")
    except KeyboardInterrupt:
        logging.warning("interrupted")
        sys.exit(130)


if __name__ == "__main__":
    FLAGS.set_default("verbosity", logging.INFO)
    app.run(main)
