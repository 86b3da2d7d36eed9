"""Trained networks, from a run's folder or a Keras file, and what a generator draws."""

from pathlib import Path

import numpy as np

from gan_tf import checkpoints

# TensorFlow is imported inside the functions: commands need LoadError before they need what takes seconds.


class LoadError(Exception):
    """A network cannot be loaded; the message says why in one line, and what to do."""


def load_run(run_dir):
    """(generator, discriminator, iterations) of a run's newest readable checkpoint. Raises LoadError."""
    folder = Path(run_dir) / "checkpoints"
    if checkpoints.iterations(folder):
        from gan_tf import models

        networks = {"generator": models.make_generator(), "discriminator": models.make_discriminator()}
        for iteration in checkpoints.Checkpoints(folder, **networks).restorable():
            return *networks.values(), iteration
    raise LoadError(f"--run_dir={run_dir} holds no checkpoint that can be read; name the --out_dir of a run.")


def load_generator(path, flag):
    """The generator in a Keras file, one of 784 pixels from 100 numbers. Raises LoadError, which names `flag`."""
    import keras

    try:
        generator = keras.saving.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LoadError(f"--{flag}={path} cannot be loaded as a Keras file: {reason}") from error
    if generator.input_shape != (None, 100) or generator.output_shape != (None, 784):
        shapes = f"{generator.input_shape} to {generator.output_shape}"
        raise LoadError(f"--{flag}={path} is no generator of 784 pixels from 100 numbers, it takes {shapes}.")
    return generator


def draw(generator, noise):
    """The generator's images, float32 [n, 784], of noise float32 [n, 100]; a thousand at a time."""
    return np.concatenate([generator(noise[i : i + 1000]).numpy() for i in range(0, len(noise), 1000)])
