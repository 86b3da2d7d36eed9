"""Trained GANs, from the folder of a run, and generators, from Keras files."""

import importlib
import io
import json
import math
import os
import re
import zipfile
from pathlib import Path

import numpy as np

from gan_tf import data, limits
from gan_tf.runs import checkpoints, folder

# The GANs by the name that config.json has, and the module whose `make` makes each.
GANS = {"reference": "gan_tf.objectives.variant"}

# Limits on files that may come from anybody. The reference's generator has 114,064 weights.
KERAS_BYTES = {"config.json": 2**20, "metadata.json": 2**20, "model.weights.h5": 2**28}
WEIGHTS, VALUES = 2**26, 2**20  # of a network, and of a layer's output for one image

# The modules that the parts of a Keras file may come from, and Keras's own classes that run or read something else.
KERAS = re.compile(
    r"keras(\.src)?(\.(activations|constraints|dtype_policies|initializers|layers|models|ops|regularizers)(\..*)?)?"
)
UNSAFE = "Lambda __lambda__ TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer StringLookup IntegerLookup".split()
UNSAFE += ["TextVectorization", "function"]

# TensorFlow is imported inside the functions: commands need LoadError before they need what takes seconds to import.


class LoadError(Exception):
    """A network cannot be loaded or used; the message says why in one line, and what to do."""


def check_run(run_dir):
    """Returns what a run's config.json says. This needs no TensorFlow, so a command can do it at once.

    In what it returns, "gan" has a "name" that is a key of `GANS`. "flags" has a "dataset" that is a key of
    `data.DATASETS`, and a "data_dir" that is text or None. Raises LoadError if there is no such run, RunError if
    config.json cannot be read.
    """
    path = Path(run_dir)
    name = f"--run_dir={run_dir}"
    if not os.path.lexists(path):
        raise LoadError(f"{name} does not exist; name the --out_dir of a run.")
    if not path.is_dir():
        raise LoadError(f"{name} is not a folder; name the --out_dir of a run.")
    if not checkpoints.iterations(path / "checkpoints"):
        raise LoadError(f"{name} holds no checkpoint that can be read; name the --out_dir of a run.")
    config = folder.read_config(run_dir)
    gan, dataset, data_dir = (
        config["gan"].get("name"),
        config["flags"].get("dataset"),
        config["flags"].setdefault("data_dir", None),
    )
    wrong = "{}/config.json is damaged: it says {} where {} belongs; put the file back."
    if not isinstance(gan, str):
        raise LoadError(wrong.format(run_dir, short(repr(gan)), "the name of a GAN"))
    if gan not in GANS:
        raise LoadError(f"{name} holds a run of {short(repr(gan))}, which this version does not know.")
    if dataset not in list(data.DATASETS):
        raise LoadError(wrong.format(run_dir, short(repr(dataset)), "the name of a data set"))
    if not (data_dir is None or isinstance(data_dir, str)) or "\0" in (data_dir or ""):
        raise LoadError(wrong.format(run_dir, short(repr(data_dir)), "the folder of the data"))
    return config


def check_writable(path, name):
    """Raises LoadError, which calls it `name`, unless `path` is a folder to write files into, or can be made."""
    nearest = Path(os.path.abspath(path))
    while not os.path.lexists(nearest):
        if max(map(len, map(os.fsencode, nearest.parts))) > 255:  # as many bytes as Linux allows
            raise LoadError(f"{name} has a name that is too long; name another.")
        nearest = nearest.parent
    if not nearest.is_dir():
        raise LoadError(f"{name} cannot be written: {nearest} is not a folder; name another.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise LoadError(f"{name} cannot be written: {nearest} is read-only for you; name another.")


def check_keras_file(path, flag):
    """Returns what config.json in a Keras file says. This needs no TensorFlow, so a command can do it at once.

    Raises LoadError, which names the command line's `flag`, if the file is damaged, far too large for a generator of
    28x28 pixels, or holds more than Keras's own layers.
    """
    name = f"--{flag}={path}"
    problem = limits.problem(path)
    if problem:
        raise LoadError(f"{name} {problem}; name a Keras file, such as generator.keras.")
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # each kind of damage has an exception of its own
        raise LoadError(f"{name} is no Keras file, or it is damaged: it is no zip archive.") from error
    with archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if Path(path).suffix != ".keras" or not KERAS_BYTES.keys() <= sizes.keys():
            raise LoadError(f"{name} is no Keras file: name one that model.save() wrote, such as generator.keras.")
        for member, size in sizes.items():
            if size > KERAS_BYTES.get(member, 0):
                words = f"its part {short(repr(member))} has {size:,} bytes"
                raise LoadError(f"{name} holds more than a generator of 28x28 pixels: {words}.")
        try:
            config, weights = json.loads(archive.read("config.json")), archive.read("model.weights.h5")
            stored = _stored_bytes(weights)
            others = sorted(_not_keras(config))
        except Exception as error:
            raise LoadError(f"{name} is damaged ({reason(error)}).") from error
    if stored > KERAS_BYTES["model.weights.h5"]:
        raise LoadError(f"{name} holds more than a generator of 28x28 pixels: {stored:,} bytes of weights.")
    if others:
        raise LoadError(f"{name} needs code that is not Keras's own, or not safe to run: {short(', '.join(others))}.")
    return config


def _stored_bytes(weights):
    """Returns how many bytes the arrays take that an HDF5 file, in `weights`, holds or says that it holds."""
    import h5py

    sizes = []

    def add(_, each):
        if isinstance(each, h5py.Dataset):
            if each.external or each.is_virtual:
                raise ValueError("its weights are in another file")
            sizes.append(each.size * each.dtype.itemsize)

    with h5py.File(io.BytesIO(weights)) as file:
        file.visititems(add)
    return sum(sizes)


def _not_keras(config):
    """Yields the names of the classes in a model's configuration that Keras would take from elsewhere, or run."""
    if isinstance(config, dict):
        module, name = config.get("module"), config.get("class_name")
        registered = config.get("registered_name")  # of a class that is not Keras's; else None, or the class's name
        if (module and not KERAS.fullmatch(str(module))) or name in UNSAFE or registered not in (None, name):
            yield str(registered or name)
    if isinstance(config, dict | list):
        for each in config.values() if isinstance(config, dict) else config:
            yield from _not_keras(each)


def load_run(run_dir):
    """Returns (gan, iteration): the GAN of a run, with the models of its newest readable checkpoint.

    The `Gan` can draw and sample, but not train. Raises LoadError if there is no such run or checkpoint, RunError if
    config.json cannot be read.
    """
    config = check_run(run_dir)
    module = importlib.import_module(GANS[config["gan"]["name"]])
    try:
        gan = module.make(None, **{option: config["flags"][option] for option in module.OPTIONS})
    except Exception as error:  # whatever a missing or wrong value leads to
        raise LoadError(
            f"--run_dir={run_dir}: this version cannot make what config.json describes ({reason(error)})."
        ) from error
    for iteration in checkpoints.Checkpoints(Path(run_dir) / "checkpoints", **gan.models).restorable():
        return gan, iteration
    raise LoadError(f"--run_dir={run_dir} holds no checkpoint that can be read; name the --out_dir of a run.")


def load_generator(path, flag):
    """Returns the generator in a Keras file as a `Gan` that can sample. It must make 784 pixels from 100 numbers.

    It must consist of Keras's own layers; those that run code from the file are refused. So is what would need far more
    memory than a generator of 28x28 pixels. Raises LoadError, which names the command line's `flag`.
    """
    import keras

    from gan_tf.gan import Gan
    from gan_tf.noise import USER_NOISE, stream_noise

    name = f"--{flag}={path}"
    config = check_keras_file(path, flag)
    try:
        _check_size(config)
        generator = keras.saving.load_model(os.path.abspath(path), compile=False)
    except Exception as error:  # each kind of damage has an exception of its own
        raise LoadError(f"{name} cannot be loaded as a Keras file ({reason(error)}).") from error
    try:
        shapes = generator.input_shape, generator.output_shape
    except AttributeError as error:
        raise LoadError(f"{name} has no fixed shapes: it was saved before it was built.") from error
    if shapes != ((None, 100), (None, 784)):
        words = f"it takes {short(str(shapes[0]))} and makes {short(str(shapes[1]))}"
        raise LoadError(f"{name} is no generator of 784 pixels from 100 numbers: {words}.")
    gan = Gan({"generator": generator}, train_block=None, block=0, make_noise=stream_noise, generate=generator)
    try:
        np.asarray(generator(stream_noise(0, USER_NOISE, 2)))
    except Exception as error:  # a layer can refuse its input in many ways
        raise LoadError(f"{name} cannot draw ({reason(error)}).") from error
    return gan


def _check_size(config):
    """Raises ValueError if a network has far more weights, or values in between, than a generator of 28x28 pixels.

    Keras makes a network before it compares it with the weights in the file. So one changed number, such as a layer's
    width, would take all memory.
    """
    import keras

    with keras.StatelessScope(initialize_variables=False):  # here Keras works out all shapes, but makes no arrays
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise ValueError("it is not a network")
    weights = sum(math.prod(variable.shape) for variable in model.variables)
    values = [math.prod(size or 1 for size in tensor.shape) for tensor in _outputs(model)]
    if weights > WEIGHTS or max(values, default=0) > VALUES:
        raise ValueError(f"it has {weights:,} weights, and up to {max(values, default=0):,} values for one image")


def _outputs(model):
    """Yields what each layer of a model makes, as symbolic tensors."""
    import keras

    for layer in model.layers:
        yield from keras.tree.flatten(getattr(layer, "output", ()))
        if isinstance(layer, keras.Model):
            yield from _outputs(layer)


def draw(gan, noise, name):
    """Returns the pictures that `gan` makes from `noise`: float32 [n, 784] in [0, 1].

    Raises LoadError, which calls the generator `name`, if its values are not such pictures.
    """
    from gan_tf.gan import in_batches

    images = np.asarray(in_batches(gan.generate, noise), np.float32)
    if not np.isfinite(images).all():
        raise LoadError(f"{name} draws values that are not finite: its weights are damaged, or its training diverged.")
    if images.min() < 0 or images.max() > 1:
        raise LoadError(f"{name} draws values from {images.min():.4g} to {images.max():.4g}, not in [0, 1].")
    return images


def reason(error):
    """Returns the beginning of an exception's message as one short line, with the exception's name."""
    return short(" ".join([f"{type(error).__name__}:", *str(error).split()]))


def short(text):
    """Returns `text`, cut if it is longer than 150 characters."""
    return text if len(text) <= 150 else f"{text[:150]}…"
