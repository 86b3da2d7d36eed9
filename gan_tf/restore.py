"""Trained GANs, from the folder of a run."""

import importlib
import os
from pathlib import Path

import numpy as np
from absl import logging

from gan_tf import data, limits, members, messages
from gan_tf.members import GANS
from gan_tf.messages import short
from gan_tf.runs import checkpoints, own, training_command
from gan_tf.runs.config import RunError, read_config

# TensorFlow is imported inside the functions: commands need LoadError before they need what takes seconds to import.


class LoadError(Exception):
    """A network cannot be loaded or used; the message says why in one line, and what to do."""


# The text of --gan for --help.
GAN_HELP = "For a run of a GAN of your own: the name of its module, such as my_gan. The command then runs its code."


def check_run(run_dir, own_gan=None):
    """Returns what a run's config.json says. This needs no TensorFlow, so a command can do it at once.

    Whoever made a run's folder can write anything into its config.json. So of a GAN that is not one of `GANS` the
    module is imported only if the user names it, too: `own_gan` is what --gan says, and must be the same.

    In what it returns, "gan" has a "name" that is a key of `GANS`, or `own_gan`. "flags" has a "dataset" that
    `data.load` knows, and a "data_dir" that is text or None. "data" may have a "shape", "classes", and those of them
    that "occurred". Raises LoadError if there is no such run, RunError if config.json cannot be read, or if Python
    finds no module `own_gan`.
    """
    path = Path(run_dir)
    name = f"--run_dir={run_dir}"
    if not os.path.lexists(path):
        raise LoadError(f"{name} does not exist; name the --out_dir of a run.")
    if not path.is_dir():
        raise LoadError(f"{name} is not a folder; name the --out_dir of a run.")
    if not checkpoints.iterations(path / "checkpoints"):
        if (path / "config.json").exists():
            raise LoadError(f"{name} has no checkpoint yet; wait for its first, or train it further.")
        raise LoadError(f"{name} holds no checkpoint that can be read; name the --out_dir of a run.")
    config = read_config(run_dir)
    gan, dataset = config["gan"]["name"], config["flags"].get("dataset")
    data_dir = config["flags"].setdefault("data_dir", None)
    wrong = "{}/config.json is damaged: it says {} where {} belongs; put the file back."
    _check_gan(name, gan, own_gan)
    if not isinstance(dataset, str) or not data.known(dataset):
        raise LoadError(wrong.format(run_dir, short(repr(dataset)), "the name of a data set"))
    if not (data_dir is None or isinstance(data_dir, str)) or "\0" in (data_dir or ""):
        raise LoadError(wrong.format(run_dir, short(repr(data_dir)), "the folder of the data"))
    shape = config["data"].get("shape")
    sizes = isinstance(shape, list) and len(shape) in (1, 3) and all(type(n) is int and 0 < n <= 4096 for n in shape)
    if shape is not None and not sizes:
        raise LoadError(wrong.format(run_dir, short(repr(shape)), "the shape of a picture"))
    for which in ("classes", "occurred"):
        classes = config["data"].get(which, [])
        if not (isinstance(classes, list) and all(isinstance(each, str) for each in classes)):
            raise LoadError(wrong.format(run_dir, short(repr(classes)), "the names of the classes"))
    if members.too_old(config):
        raise LoadError(
            f"{name} holds a run of an older gan_tf, whose networks were others; train it again in another --out_dir."
        )
    return config


def _check_gan(name, gan, own_gan):
    """Raises LoadError unless a run of `gan` can be loaded with --gan=`own_gan`; `name` is its --run_dir."""
    if gan not in GANS and not (own.NAME.fullmatch(gan) and len(gan) <= 100):
        raise LoadError(
            f"{name}: its config.json is damaged: {short(repr(gan))} is no name of a GAN; put the file back."
        )
    if own_gan is None and gan not in GANS:
        raise LoadError(
            f"{name} holds a run of {gan}, which is not part of this gan_tf. If you know {gan}.py and want to run its "
            f"code, add{members.flag(gan)}."
        )
    if own_gan is not None and own_gan != gan:
        cure = "leave --gan out" if gan in GANS else f"write{members.flag(gan)}"
        named = short(own_gan) or repr(own_gan)
        raise LoadError(f"{name} holds a run of {gan}, not of {named}; {cure}, or name another run.")
    if gan not in GANS:
        own.require(gan)


def check_writable(path, name):
    """Raises LoadError, which calls it `name`, unless `path` is a folder to write files into, or can be made."""
    if problem := limits.unwritable(path):
        raise LoadError(f"{name} cannot be written: {problem}; name another.")


def load_run(run_dir, own_gan=None):
    """Returns (gan, iteration): the GAN of a run, with the models of its newest readable checkpoint.

    The `Gan` can draw and sample, but not train. `own_gan` is that of `check_run`. Raises LoadError if there is no such
    run or checkpoint, RunError if config.json cannot be read, or if the module `own_gan` cannot be imported.
    """
    config = check_run(run_dir, own_gan)
    name = config["gan"]["name"]
    is_own = name not in GANS
    module = own.load(name) if is_own else importlib.import_module(GANS[name])
    options = [*getattr(module, "OPTIONS", ()), *training_command.COMMON]
    if is_own and (new := [option for option in options if option not in config["flags"]]):
        raise LoadError(
            f"--run_dir={run_dir} was trained before {name}.py had a flag --{new[0]}; change the file back."
        )
    try:
        values = {option: config["flags"][option] for option in options} | facts_of(module, config["data"])
        gan = own.make(module, None, None, block=1, **values) if is_own else module.make(None, **values)
    except RunError:
        raise
    except Exception as error:  # whatever a missing or wrong value leads to
        who, why = (f"{name}.py", own.place(error)) if is_own else ("this version", reason(error))
        raise LoadError(f"--run_dir={run_dir}: {who} cannot make what config.json describes ({why}).") from error
    if is_own and config.get("code") != own.digest(module.__file__):
        logging.warning("%s.py has changed since this run was started", name)
    for iteration in checkpoints.Checkpoints(Path(run_dir) / "checkpoints", False, **gan.models).restorable():
        return gan, iteration
    if is_own:
        raise LoadError(
            f"--run_dir={run_dir} holds no checkpoint that fits {name}.py: if it makes other networks now, change it "
            "back; otherwise all are damaged, so train it again."
        )
    raise LoadError(f"--run_dir={run_dir} holds no checkpoint that can be read: all are damaged; train it again.")


def check_condition(config, condition):
    """Raises ValueError if a GAN whose run has this config.json cannot be asked for `condition`, or never saw it.

    This needs no TensorFlow. It knows only the GANs that can be asked for a class of the data. Of others it returns
    False: `Gan.noise` refuses what they do not know. Runs from before config.json says which classes occurred may have
    seen all of them.
    """
    classes, occurred = config["data"].get("classes"), config["data"].get("occurred")
    if config["gan"]["name"] not in members.ASKED or not classes:
        return False
    if condition not in classes:
        raise ValueError(messages.no_such(condition, classes))
    if occurred is not None and condition not in occurred:
        raise ValueError(f"the training data have no {condition}; ask for one of {messages.listed(occurred)}")
    return True


def never_seen(config):
    """Returns the classes that a GAN can be asked for although its training data had none of them. Often empty."""
    about = config["data"]
    if config["gan"]["name"] not in members.ASKED or "occurred" not in about:
        return []
    return [each for each in about.get("classes", []) if each not in about["occurred"]]


def facts_of(module, about):
    """Returns what the `make` of a GAN's module is told of the data: {fact: value}.

    `about` is what config.json says of the data. Runs from before it said so were all on MNIST's shape and digits.
    """
    known = {"shape": data.DIGIT, "classes": data.DIGITS, "classifier": "mnist"}
    known |= {fact: tuple(v) if isinstance(v, list) else v for fact, v in about.items() if fact in known}
    return {fact: known[fact] for fact in getattr(module, "FACTS", ())}


def draw(gan, noise, name):
    """Returns the pictures that `gan` makes from `noise`: float32 [n, height, width, channels] in [0, 1].

    Of a GAN that makes solids it returns these: float32 [n, side, side, side]. Raises LoadError, which calls the
    generator `name`, if its values are not in [0, 1].
    """
    from gan_tf.gan import in_batches

    images = np.asarray(in_batches(gan.generate or gan.solids, noise), np.float32)
    if not np.isfinite(images).all():
        raise LoadError(f"{name} draws values that are not finite: its weights are damaged, or its training diverged.")
    if images.min() < 0 or images.max() > 1:
        raise LoadError(f"{name} draws values from {images.min():.4g} to {images.max():.4g}, not in [0, 1].")
    return images


def reason(error):
    """Returns the beginning of an exception's message as one short line, with the exception's name."""
    return short(f"{type(error).__name__}: {messages.reason(error)}")
