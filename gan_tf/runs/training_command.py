"""What every command that trains has in common: its flags, and the way from the flags to a run."""

import contextlib
import functools
import importlib
import itertools
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
from absl import flags, logging

from gan_tf import data, limits, members, messages
from gan_tf.runs import checkpoints, command_line, folder, own, tensorboard
from gan_tf.runs.config import FREE, OtherFlagsError, versions
from gan_tf.runs.exported import exported

FLAGS = flags.FLAGS
flags.disclaim_key_flags()  # the flags defined here belong to the command that calls `define_flags`

ERRORS = (data.DataError, folder.RunError)

# The flags here that are arguments of every GAN's `make`.
COMMON = ("batch_size", "seed", "jit")

FACTS = ("shape", "classes", "classifier")  # of the data, which a GAN's `make` can be told if it names them


def define_flags(iters, of_script=True, datasets=tuple(data.IMAGES), **defaults):
    """Defines the flags that every training command has. `iters` is the default of --iters.

    `of_script` is True for the script's own networks: then --help says what the script used. `defaults` are defaults
    of other flags here, by name, where a GAN needs its own. `datasets` are what it can train on, the default first;
    what can train on a folder of pictures can also train on tfds:NAME.
    """

    unit = _unit(datasets)

    def words(text, script):
        return f"{text} {script}" if of_script else text

    flags.DEFINE_integer(
        "iters",
        iters,
        words("Total iterations, including those already done.", "The script did 1,000,000."),
        lower_bound=1,
    )
    flags.DEFINE_integer(
        "batch_size", 128, words(f"How many {unit} each iteration uses.", "The script used 128."), lower_bound=1
    )
    flags.DEFINE_integer(
        "seed",
        0,
        words(f"Fixes all random numbers: first weights, noise, order of the {unit}.", "The script had no seed."),
        lower_bound=0,
        upper_bound=2**63 - 1,
    )
    if "folder" in datasets:
        _define_picture_flags(datasets, words)
    else:
        flags.DEFINE_string("dataset", datasets[0], f"What to train on: {' or '.join(datasets)}.")
        flags.register_validator("dataset", functools.partial(_check_own_data, datasets))
        flags.DEFINE_string("data_dir", None, "Not for this GAN: a program makes its data.")
    flags.DEFINE_string(
        "out_dir",
        "out",
        words("Folder for all files of the run: pictures, losses, checkpoints.", "The script used out."),
    )
    flags.DEFINE_bool("overwrite", False, "Delete the run in out_dir and start again, instead of resuming it.")
    flags.DEFINE_integer(
        "sample_every",
        1000,
        words("Iterations between two pictures (grids of samples).", "The script: 1000, with 16 samples."),
        lower_bound=1,
    )
    flags.DEFINE_integer(
        "log_every", 1000, words("Iterations between two prints of the losses.", "The script: 1000."), lower_bound=1
    )
    flags.DEFINE_integer(
        "checkpoint_every",
        10_000,
        words("Iterations between two checkpoints, from which a run resumes.", "The script had none."),
        lower_bound=1,
    )
    flags.DEFINE_bool("tensorboard", False, "Also write losses and pictures for TensorBoard.")
    flags.DEFINE_bool(
        "dry_run", False, "Print the settings, the device and how long the run would take. Write nothing."
    )
    flags.DEFINE_enum("device", "auto", ["auto", "cpu", "gpu"], "Where to train. auto: on the GPU if there is one.")
    flags.DEFINE_integer(
        "threads",
        None,
        "How many cores to use at most. Unset: all. On a CPU without AVX-512, another number changes last bits.",
        lower_bound=1,
    )
    flags.DEFINE_bool(
        "jit",
        True,
        words("Compile with XLA, TensorFlow's compiler: faster. --nojit turns it off.", "The script had it off."),
    )
    flags.DEFINE_bool(
        "tf32",
        False,
        words("Let a GPU multiply with three digits instead of seven: faster, but less exact.", "The script did not."),
    )
    flags.register_validator("out_dir", bool, message="must name a folder")
    for name, value in defaults.items():
        FLAGS.set_default(name, value)
    if FLAGS["jit"].default is None:  # without XLA, results depend on the number of threads
        jit, threads = FLAGS["jit"], FLAGS["threads"]
        jit.help = "Compile with XLA, TensorFlow's compiler. Unset: only on a GPU."
        threads.help = "How many cores to use at most. Unset: all. Without XLA, another number changes last bits."


def _check_own_data(datasets, name):
    """For a GAN that trains on `datasets` only, which a program makes."""
    if name in datasets:
        return True
    pictures = name in data.IMAGES or name.startswith("tfds:")
    others = f" Pictures: gan_tf.zoo.{', '.join(members.ANY_PICTURE)}." if pictures else ""
    raise flags.ValidationError(f"this GAN trains only on {' or '.join(datasets)}.{others}")


def _define_picture_flags(datasets, words):
    """Defines the flags of the data for a GAN of pictures: `datasets` by name, and those of tensorflow-datasets."""
    names = [*datasets, "tfds:NAME"]
    flags.DEFINE_string(
        "dataset",
        datasets[0],
        words("What to train on: mnist, or other pictures in its format.", "The script used mnist.")
        + " folder: your own pictures, in --data_dir. glyphs and heads: digits and heads that a program draws, no "
        "download. stacked_mnist: three of MNIST's digits in each picture. "
        "tfds:NAME: a data set of tensorflow-datasets, such as tfds:fashion_mnist.",
    )

    def check(name):
        if not (name in datasets or (name not in data.DATASETS and data.known(name))):
            raise flags.ValidationError(f"value should be one of <{'|'.join(names)}>")
        return True

    flags.register_validator("dataset", check)
    flags.DEFINE_string(
        "data_dir",
        None,
        "Folder of the pictures. For mnist, a folder with files in its format (MNIST, Fashion-MNIST and so on), or one "
        "that tensorflow-datasets has prepared. Unset: MNIST_data, as in the script. If it does not exist, "
        "tensorflow-datasets downloads MNIST.",
    )
    flags.DEFINE_integer(
        "size", None, "For folder and tfds:NAME: makes all pictures SIZE x SIZE pixels. Unset: 64 for folder.", 16, 1024
    )
    flags.DEFINE_integer("channels", None, "For folder and tfds:NAME: 3 for colour, 1 for grey. Unset: 3 for folder.")
    flags.register_validator("channels", lambda value: value in (None, 1, 3), message="must be 1 or 3")
    flags.DEFINE_bool("cache", True, "Keeps what --dataset=folder has read in your cache folder, for the next start.")


def _unit(datasets):
    """What data sets consist of, in messages: `datasets` are names of some that a GAN can train on."""
    return "images" if {"mnist", "captions"} & set(datasets) else "examples"


def define_options(options):
    """Defines a GAN's own flags. `options` maps names to (default, text for --help) or (default, text, limit).

    The type of the default is the flag's. `limit` is (lowest, highest value) for a number, or the list of the values
    that a string can have. Raises RunError if this is not so, or if there is a flag of this name already.
    """
    for name, option in options.items():
        try:
            default, text, *limit = option
            if isinstance(default, bool):
                flags.DEFINE_bool(name, default, text)
            elif isinstance(default, int):
                flags.DEFINE_integer(name, default, text, *limit[0] if limit else ())
            elif isinstance(default, float):
                flags.DEFINE_float(name, default, text, *limit[0] if limit else ())
                flags.register_validator(name, math.isfinite, message="must be a finite number")
            else:
                flags.DEFINE_enum(name, default, *limit, text)
        except flags.DuplicateFlagError:
            raise folder.RunError(f"OPTIONS: every GAN has a flag --{name} already; choose another name.") from None
        except (flags.Error, TypeError, ValueError, AttributeError) as error:
            form = "(default, text for --help, (lowest, highest)); a string has the list of its values instead"
            raise folder.RunError(f"OPTIONS: {name} must be {form} ({messages.reason(error)}).") from error


def main(iters, pixel_bytes=64, digits=False, classes=0, check=None, jit=None, **defaults):
    """The whole command of a GAN that is a file of its own: parses flags, trains, and ends the process.

    The file that calls this is imported once more by its name, now that flags and data are known to be good, because it
    imports TensorFlow. Its function `make(images, labels, *, batch_size, seed, jit, block, …)` returns the `Gan`. Two
    names, above the call, say what else `make` takes: OPTIONS are its own flags, as for `define_options`. FACTS are
    fields of a `data.Dataset`, such as "shape": then it can train on pictures of any shape.

    `iters` and `defaults` are those of `define_flags`. `pixel_bytes` is how much memory training takes for each pixel
    of each image of a batch, with the default of a flag --width: a batch that cannot fit is refused. Each pixel takes
    64 bytes if the networks are two dense layers each, and thousands if they are convolutions. `jit` is the default of
    --jit; None means only on a GPU, as on a CPU convolutions are slower with XLA. With `digits` the GAN takes only
    MNIST's shape and ten classes. `classes` is how many classes the data must have. `check(dataset, flags)` raises
    `messages.SettingError` if the GAN cannot train on a data set with its own flags, a dict: what needs no TensorFlow
    is refused before that is imported. `make` may raise it, too.
    """
    caller = sys._getframe(1).f_globals
    if caller["__name__"] != "__main__":
        words = 'calls main when it is imported; write if __name__ == "__main__": before the call'
        raise folder.RunError(f"{caller['__name__']}.py {words}.")
    options, facts = caller.get("OPTIONS", {}), caller.get("FACTS", ())
    try:
        module, file = own.module_of(caller)
        _check_names(options, facts)
        define_flags(iters, of_script=False, jit=jit, **defaults)
        define_options(options)
    except (folder.RunError, flags.Error) as error:
        words = f"main: {command_line.plain(str(error))}" if isinstance(error, flags.Error) else error
        command_line.fail(f"{caller.get('__file__', 'this')}: {words}", 1)
    name = {known: name for name, known in members.GANS.items()}.get(module, module)

    def values():
        return {option: FLAGS[option].value for option in [*options, *COMMON]}

    def check_data(dataset):
        require_digits(dataset, labels=True) if digits else require_classes(classes, dataset)
        if check:
            with _refusals():
                check(dataset, values())

    def make(dataset, block):
        usual = options["width"][0] if "width" in options else None
        times = FLAGS["width"].value / usual if type(usual) is int and usual else 1
        if not limits.fitting(FLAGS.batch_size * math.prod(dataset.shape[:2]) * pixel_bytes * times):
            raise folder.RunError(
                f"--batch_size={FLAGS.batch_size} needs more memory than there is; use a smaller batch."
            )
        given = values() | {fact: getattr(dataset, fact) for fact in facts}
        with _refusals():
            if name in members.GANS:
                made_by = importlib.import_module(module)
                return made_by.make(dataset.pixels, dataset.labels, block=block, **given)
            loaded = own.load(module)
            if (list(getattr(loaded, "OPTIONS", {})), getattr(loaded, "FACTS", ())) != (list(options), facts):
                raise folder.RunError(f"{file}: OPTIONS and FACTS must stand above the call of main.")
            return own.make_checked(loaded, dataset.pixels, dataset.labels, block=block, **given)

    threads_matter = FLAGS["jit"].default is None
    texts = {option: text for option, (_, text, *_) in options.items()}
    code = None if name in members.GANS else own.digest(file)
    command_line.run(
        lambda: train(name, make, 30, check_data, threads_matter, texts, code),
        groups({"This GAN": list(options)} if options else {}),
        ERRORS,
    )


def _check_names(options, facts):
    """Raises RunError unless OPTIONS and FACTS of a GAN's file are what `main` says."""
    if not isinstance(options, dict):
        raise folder.RunError('OPTIONS must be a dict, such as {"width": (8, "Width of the layers.", (1, 1000))}.')
    for fact in [facts] if isinstance(facts, str) else facts:
        if isinstance(facts, str) or fact not in FACTS:
            raise folder.RunError(f'FACTS must be a tuple of {", ".join(FACTS)}, such as ("shape",); not {facts!r}.')
    for name in ("images", "labels", "block", *facts):
        if name in options:
            raise folder.RunError(f"OPTIONS: make gets {name} already; choose another name.")


@contextlib.contextmanager
def _refusals():
    """A context in which a SettingError ends as RunError. Any other ValueError is a mistake in the code."""
    try:
        yield
    except messages.SettingError as error:
        raise folder.RunError(str(error)) from error


def groups(own):
    """Returns the flags by heading, for --help, with the groups of a command's `own` flags in their place."""
    output = ["out_dir", "overwrite", "sample_every", "log_every", "checkpoint_every", "tensorboard", "dry_run"]
    return {
        "Training": ["iters", "batch_size", "seed"],
        **own,
        "Data": [name for name in ("dataset", "data_dir", "size", "channels", "cache") if name in FLAGS],
        "Output": output,
        "Machine": ["device", "threads", "jit", "tf32"],
    }


def choose_device():
    """Sets up the device that the flags ask for; returns (TensorFlow's name, words for the log).

    Exits if there is no such device.
    """
    import tensorflow as tf

    if FLAGS.threads:
        tf.config.threading.set_intra_op_parallelism_threads(FLAGS.threads)
        tf.config.threading.set_inter_op_parallelism_threads(FLAGS.threads)
    tf.config.experimental.enable_tensor_float_32_execution(FLAGS.tf32)  # by default it is on
    gpus = tf.config.list_physical_devices("GPU")
    if FLAGS.device == "gpu" and not gpus:
        sys.exit("error: --device=gpu, but TensorFlow sees no GPU; gan_tf/README.md, GPUs, may help.")
    if FLAGS.device == "cpu" or not gpus:
        tf.config.set_visible_devices([], "GPU")
        return "/CPU:0", f"CPU, {limits.cores()} cores"
    # Else TensorFlow reserves nearly all memory of every GPU, also of those that are not used.
    tf.config.set_visible_devices(gpus[:1], "GPU")
    tf.config.experimental.set_memory_growth(gpus[0], True)
    return "/GPU:0", f"GPU, {tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'unknown')}"


def require_digits(dataset, labels=False):
    """Raises DataError if a data set has no pictures of MNIST's shape, or with `labels`, if it has not ten classes."""
    if dataset.shape != data.DIGIT:
        raise data.DataError(
            f"{dataset.source}: pictures of {members.words_of(dataset.shape)}, and this GAN takes only "
            f"{members.words_of(data.DIGIT)}. Any pictures: gan_tf.zoo.{', '.join(members.ANY_PICTURE)}."
        )
    if labels and len(dataset.classes) != 10:
        count = len(dataset.classes)
        words = ("1 class" if count == 1 else f"{count} classes") if count else "no labels"
        raise data.DataError(f"{dataset.source}: {words}, and this GAN needs the ten digits as labels.")


def require_classes(least, dataset):
    """Raises DataError if a data set has fewer than `least` classes."""
    if len(dataset.classes) < least:
        raise data.DataError(
            f"{dataset.source}: this GAN needs pictures of at least {least} classes, such as a folder with {least} "
            "subfolders."
        )


def train(name, make, compile_seconds, check=None, threads_matter=False, texts=None, code=None):
    """Starts the run in --out_dir, or resumes it. Returns the exit status.

    `name` is the GAN's name for config.json: a key of `gan_tf.members.GANS`, or else the name of a user's module. Then
    `code` is the digest of its file: a run that resumes after a change of the file warns. `check(dataset)` raises
    DataError if the GAN cannot train on a data set. `make(dataset, block)` returns the `Gan` that the flags describe,
    for a `data.Dataset`. The run never trains more than `block` iterations at a time. `compile_seconds` is how long XLA
    takes to compile it, for the log. If `threads_matter`, the last bits depend on the number of threads without XLA:
    then a run that resumes with another number warns. `texts` are what --help says of the GAN's own flags, by name, for
    the page of the run.
    """
    if FLAGS.device == "gpu":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
    # TensorFlow reports on itself at every checkpoint.
    logging.get_absl_logger().addFilter(lambda record: record.module != "functional_saver")
    try:
        return _train(name, make, compile_seconds, check, threads_matter, texts, code)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise folder.RunError(f"{error}. Fix this, then run the same command again.") from error


@contextlib.contextmanager
def _saying_how_to_resume(out_dir, overwrite):
    """A context in which a run trains. If it fails to write and has a checkpoint, RunError says how to resume."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if not checkpoints.iterations(os.path.join(out_dir, "checkpoints")):
            raise
        again = " without --overwrite" if overwrite else ""
        raise folder.RunError(
            f"{error}. Fix this, then run the same command{again} to resume from the last checkpoint."
        ) from error


def _train(name, make, compile_seconds, check, threads_matter, texts, code):
    begun = time.monotonic()
    if FLAGS.dataset == "folder":  # so that it is the same run as one that names these
        FLAGS.size, FLAGS.channels = FLAGS.size or 64, FLAGS.channels or 3
        if FLAGS.data_dir and Path(FLAGS.out_dir).resolve().is_relative_to(Path(FLAGS.data_dir).expanduser().resolve()):
            raise folder.RunError(
                f"--out_dir={FLAGS.out_dir} lies in the folder of your pictures: the next start would train on the "
                "run's own grids. Name another --out_dir."
            )
    own_flags = FLAGS.get_flags_for_module(FLAGS.find_module_defining_flag("iters"))
    config = {
        "flags": {flag.name: flag.value for flag in own_flags},
        # For the page of the run; --overwrite and so on do not change what it is.
        "chosen": [flag.name for flag in own_flags if flag.present and (flag.name not in FREE or flag.name == "iters")],
    }
    fresh = FLAGS.overwrite
    try:
        folder.check(FLAGS.out_dir, config["flags"], FLAGS.overwrite, name)
    except OtherFlagsError as error:
        if not FLAGS.dry_run:
            raise
        logging.warning("without --dry_run this command would stop with this error: %s", error)
        fresh = True  # what follows is about a new run
    if FLAGS.tensorboard and not tensorboard.available():
        raise folder.RunError(tensorboard.MISSING)
    done = 0 if fresh else exported(FLAGS.out_dir)
    if done >= FLAGS.iters:
        count = messages.counted(done, "iteration")
        logging.info("finished: %s has all %s; for more, name a higher --iters", FLAGS.out_dir, count)
        return 0
    dataset = data.load_as(config["flags"])
    what = {"mnist": "the original MNIST", "custom": "your own images"}.get(dataset.name, dataset.name)
    unit = f"images of {members.words_of(dataset.shape)}" if len(dataset.shape) == 3 else "examples"
    logging.info("data: %s, %d %s (%s)", what, len(dataset.pixels), unit, dataset.source)
    if dataset.name == "folder" and dataset.classes:
        named = ", ".join(dataset.classes[:10]) + ", …" * (len(dataset.classes) > 10)
        count = "1 class" if len(dataset.classes) == 1 else f"{len(dataset.classes)} classes"
        logging.info("%s, by the subfolders: %s", count, named)
    config["data"] = {
        "name": dataset.name,
        "images": len(dataset.pixels),
        "digest": dataset.digest,
        "shape": dataset.shape,
        "classes": dataset.classes,
        "classifier": dataset.classifier,
    }
    occurred = np.isin(np.arange(len(dataset.classes)), dataset.labels)
    if dataset.classes:
        config["data"]["occurred"] = list(itertools.compress(dataset.classes, occurred))
    if check:
        check(dataset)
    if name in members.ASKED and not occurred.all():
        missing = messages.listed(itertools.compress(dataset.classes, ~occurred))
        logging.warning("the training data have no %s: what this GAN draws when asked for that means nothing", missing)

    # TensorFlow takes seconds to import: only now, when the flags and the data are known to be good.
    command_line.import_tensorflow(quiet=FLAGS.device != "gpu")  # with --device=gpu the lines say why there is none
    import tensorflow as tf

    from gan_tf.runs.loop import Loop

    config["versions"] = versions()
    logging.info("versions: %s", ", ".join(f"{name} {version}" for name, version in config["versions"].items()))
    device, config["device"] = choose_device()
    if FLAGS.jit is None:  # config.json keeps "unset", because another device may choose differently
        FLAGS.jit = device.startswith("/GPU")
    if threads_matter and not FLAGS.jit:
        config["device"] += f", threads: {FLAGS.threads or 'all'}"
    logging.info("device: %s; XLA %s; seed %d", config["device"], "on" if FLAGS.jit else "off", FLAGS.seed)
    if FLAGS.threads:
        logging.info("threads: %d", FLAGS.threads)
    with tf.device(device):
        gan = make(dataset, min(FLAGS.sample_every, FLAGS.iters))
        del dataset  # the images are on the device now; this was the other copy
        config["gan"] = {
            "name": name,
            "losses": list(gan.loss_names),
            "measures": list(gan.measures),
            "models": list(gan.models),
        }
        if gan.first_phase >= FLAGS.iters:
            words = "the first phase takes %d iterations, so it never ends: for the GAN itself name a higher --iters"
            logging.warning(words, gan.first_phase)
        if FLAGS.jit:
            logging.info("compiling with XLA, about %d s", compile_seconds)
        loop = Loop(gan, FLAGS)
        if code:
            config["code"] = code
            own.check(gan, name, loop.train_block, exact=device == "/CPU:0")
        logging.info("ready after %.1f s", time.monotonic() - begun)
        if FLAGS.dry_run:
            done = max(checkpoints.iterations(os.path.join(FLAGS.out_dir, "checkpoints")), default=0)
            left = max(0, FLAGS.iters - (0 if fresh else done))
            print(json.dumps(config, indent=2))
            print(f"{messages.counted(left, 'iteration')} would take about {left / loop.rate() / 60:.1f} minutes.")
            return 0
        if texts:
            config["help"] = texts
        with _saying_how_to_resume(FLAGS.out_dir, FLAGS.overwrite):
            stopped_by = loop.train(FLAGS.out_dir, config, FLAGS.overwrite)
    return 128 + stopped_by if stopped_by else 0
