"""Generators from Keras files, which may come from anybody: checked before Keras loads them."""

import io
import json
import math
import os
import re
import zipfile
from pathlib import Path

import numpy as np

from gan_tf import limits
from gan_tf.messages import short
from gan_tf.restore import LoadError, reason

# Limits on files that may come from anybody. The reference's generator has 114,064 weights, and DCGAN's for 128x128
# pixels 19 million.
KERAS_BYTES = {"config.json": 2**20, "metadata.json": 2**20, "model.weights.h5": 2**28}
WEIGHTS, VALUES = 2**26, 2**20  # of a network, and of a layer's output for one image

# The modules that the parts of a Keras file may come from, and Keras's own classes that run or read something else.
KERAS = re.compile(
    r"keras(\.src)?(\.(activations|constraints|dtype_policies|initializers|layers|models|ops|regularizers)(\..*)?)?"
)
UNSAFE = "Lambda __lambda__ TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer StringLookup IntegerLookup".split()
UNSAFE += ["TextVectorization", "function"]


def check_keras_file(path, flag):
    """Returns what config.json in a Keras file says. This needs no TensorFlow, so a command can do it at once.

    Raises LoadError, which names the command line's `flag`, if the file is damaged, far too large for a generator of
    this project, or holds more than Keras's own layers.
    """
    name = f"--{flag}={path}"
    problem = limits.problem(path)
    if problem:
        saved_model = (Path(path) / "saved_model.pb").exists()
        cure = "save the model itself as a Keras file" if saved_model else "name a Keras file"
        raise LoadError(f"{name} {problem}; {cure}, such as generator.keras.")
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # each kind of damage has an exception of its own
        if older := _older_format(path):
            raise LoadError(f"{name} is {older}.") from error
        raise LoadError(f"{name} is no Keras file, or it is damaged: it is no zip archive.") from error
    with archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if Path(path).suffix != ".keras" or not KERAS_BYTES.keys() <= sizes.keys():
            raise LoadError(f"{name} is no Keras file: name one that model.save() wrote, such as generator.keras.")
        for member, size in sizes.items():
            if size > KERAS_BYTES.get(member, 0):
                words = f"its part {short(repr(member))} has {size:,} byte{'s' * (size != 1)}"
                raise LoadError(f"{name} holds more than a generator: {words}.")
        try:
            config, weights = json.loads(archive.read("config.json")), archive.read("model.weights.h5")
            stored = _stored_bytes(weights)
            others = sorted(_not_keras(config))
        except Exception as error:
            raise LoadError(f"{name} is damaged ({reason(error)}).") from error
    if stored > KERAS_BYTES["model.weights.h5"]:
        raise LoadError(f"{name} holds more than a generator: {stored:,} bytes of weights.")
    if others:
        raise LoadError(f"{name} needs code that is not Keras's own, or not safe to run: {short(', '.join(others))}.")
    return config


def _older_format(path):
    """Returns in words what an HDF5 file is, and how to convert it; None for other files."""
    import h5py

    try:
        with h5py.File(path) as file:
            whole = "model_config" in file.attrs
    except (OSError, RuntimeError):
        return None
    new = Path(path).name.removesuffix(".h5").removesuffix(".hdf5").removesuffix(".weights") + ".keras"
    if whole:
        return f"in the old HDF5 format; convert it in Python: keras.models.load_model({str(path)!r}).save({new!r})"
    return f"HDF5 without a network, perhaps only weights; where the network is made, load them and save({new!r})"


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


def load_generator(path, flag):
    """Returns the generator in a Keras file as a `Gan` that can sample. It must make pictures from 100 numbers.

    The pictures are [n, height, width, channels] with 1 or 3 channels, or flat: then they are square. The network must
    consist of Keras's own layers; those that run code from the file are refused. So is what would need far more memory
    than a generator of this project. Raises LoadError, which names the command line's `flag`.
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
    if any("3D" in type(layer).__name__ for layer in generator.layers):  # 16x16x16 numbers could be a 64x64 picture
        raise LoadError(f"{name} makes solids, no pictures; name its run with --run_dir.")
    shape = _picture(shapes[1]) if shapes[0] == (None, 100) else None
    if not shape:
        words = f"it takes {short(str(shapes[0]))} and makes {short(str(shapes[1]))}"
        raise LoadError(f"{name} is no generator of pictures from 100 numbers: {words}.")

    def generate(noise):
        return np.asarray(generator(noise)).reshape(-1, *shape)

    gan = Gan(
        {"generator": generator}, train_block=None, block=0, shape=shape, make_noise=stream_noise, generate=generate
    )
    try:
        np.asarray(generator(stream_noise(0, USER_NOISE, 2)))
    except Exception as error:  # a layer can refuse its input in many ways
        raise LoadError(f"{name} cannot draw ({reason(error)}).") from error
    return gan


def _picture(output):
    """Returns (height, width, channels) of the pictures that a network with this output makes; None if it makes none.

    A flat output must be a square picture, in grey or in colour.
    """
    if not isinstance(output, tuple) or output[:1] != (None,) or None in output[1:]:
        return None
    if len(output) == 4:
        return output[1:] if output[3] in (1, 3) else None
    for channels in (1, 3) if len(output) == 2 else ():
        side = math.isqrt(output[1] // channels)
        if side > 1 and side * side * channels == output[1]:
            return (side, side, channels)
    return None


def _check_size(config):
    """Raises ValueError if a network has far more weights, or values in between, than a generator of this project.

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
