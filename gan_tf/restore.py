"""Trained GANs, from the folder of a run, and generators, from Keras files."""

import importlib
from pathlib import Path

from gan_tf.runs import checkpoints, folder

# The GANs by the name that config.json has, and the module whose `make` makes each.
GANS = {"reference": "gan_tf.objectives.variant"}

# TensorFlow is imported inside the functions: commands need LoadError before they need what takes seconds to import.


class LoadError(Exception):
    """A network cannot be loaded; the message says why in one line, and what to do."""


def load_run(run_dir):
    """Returns (gan, iteration): the GAN of a run, with the models of its newest readable checkpoint.

    The `Gan` can draw and sample, but not train. Raises LoadError if there is no such checkpoint, RunError if
    config.json cannot be read.
    """
    states = Path(run_dir) / "checkpoints"
    if checkpoints.iterations(states):
        config = folder.read_config(run_dir)
        name = config["gan"]["name"]
        if name not in GANS:
            raise LoadError(f"--run_dir={run_dir} holds a run of {name!r}, which this version does not know.")
        module = importlib.import_module(GANS[name])
        try:
            gan = module.make(None, **{option: config["flags"][option] for option in module.OPTIONS})
        except (KeyError, TypeError, ValueError) as error:
            raise LoadError(
                f"--run_dir={run_dir}: this version cannot make what config.json describes ({error})."
            ) from error
        for iteration in checkpoints.Checkpoints(states, **gan.models).restorable():
            return gan, iteration
    raise LoadError(f"--run_dir={run_dir} holds no checkpoint that can be read; name the --out_dir of a run.")


def load_generator(path, flag):
    """Returns the generator in a Keras file as a `Gan` that can sample. It must make 784 pixels from 100 numbers.

    Raises LoadError, which names the command line's `flag`.
    """
    import keras

    from gan_tf.gan import Gan
    from gan_tf.noise import stream_noise

    try:
        generator = keras.saving.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"--{flag}={path} cannot be loaded as a Keras file: {reason}") from error
    if generator.input_shape != (None, 100) or generator.output_shape != (None, 784):
        shapes = f"{generator.input_shape} to {generator.output_shape}"
        raise LoadError(f"--{flag}={path} is no generator of 784 pixels from 100 numbers, it takes {shapes}.")
    return Gan({"generator": generator}, train_block=None, block=0, make_noise=stream_noise, generate=generator)
