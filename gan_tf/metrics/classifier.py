"""A small convolutional network (CNN) that classifies MNIST's digits. In the scores it replaces the Inception network.

`load_classifier("heads")` loads another one, for heads: see heads_reader.py.

Its trained weights come with the package, in classifier.npz. The file classifier.json says how accurate they are, and
how they were trained. python -m gan_tf.metrics.classifier --out_dir=gan_tf/metrics trains a new network and writes both
files. Compare scores only if the same weights computed them.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.special
from absl import flags, logging

from gan_tf import data

HERE = Path(__file__).parent
FEATURES = 128  # width of the layer before the last
EPOCHS, BATCH_SIZE = 12, 128


def make_classifier(seed=None):
    """Makes the network, untrained. The Keras model maps images [n, 28, 28, 1] to [features [n, 128], logits [n, 10]].

    All are float32; the images are in [0, 1]. The layers are two 3x3 convolutions with 32 filters, max-pooling, two
    3x3 convolutions with 64 filters, max-pooling, and a layer of 128 units, all with ReLU. The features are the output
    of this last layer, before dropout. An int `seed` fixes the first weights and dropout. The type of numbers and the
    order of dimensions are fixed here, because ~/.keras/keras.json may have others.
    """
    import keras
    from keras import layers

    if seed is not None:
        keras.utils.set_random_seed(seed)
    numbers, images_of = {"dtype": "float32"}, {"dtype": "float32", "data_format": "channels_last"}
    x = images = keras.Input([28, 28, 1], **numbers)
    for width in (32, 64):
        padding = "same" if width == 32 else "valid"
        x = layers.Conv2D(width, 3, activation="relu", padding=padding, **images_of)(x)
        x = layers.Conv2D(width, 3, activation="relu", **images_of)(x)
        x = layers.MaxPooling2D(2, **images_of)(x)
    x = layers.Dropout(0.25, **numbers)(layers.Flatten(**images_of)(x))
    features = layers.Dense(FEATURES, activation="relu", **numbers)(x)
    logits = layers.Dense(10, **numbers)(layers.Dropout(0.5, **numbers)(features))
    return keras.Model(images, [features, logits], name="mnist_classifier")


def _make_heads_reader():
    from gan_tf.metrics import heads_reader

    return heads_reader.make_reader()


@dataclasses.dataclass(frozen=True)
class Kind:
    """A classifier that comes with the package: `words` and `label` are what tables call it and its classes."""

    make: Callable
    file: str
    words: str
    label: str


# By the name that a `Dataset` has.
CLASSIFIERS = {
    "mnist": Kind(make_classifier, "classifier", "MNIST classifier", "digit"),
    "heads": Kind(_make_heads_reader, "heads_reader", "heads reader", "hair colour"),
}


def save(model, facts, folder):
    """Writes the network's weights to classifier.npz, and `facts`, a dict, to classifier.json, both in `folder`."""
    weights = {f"{index:02}": weight for index, weight in enumerate(model.get_weights())}
    np.savez_compressed(folder / "classifier.npz", **weights)
    (folder / "classifier.json").write_text(json.dumps(facts, indent=2) + "\n")


def load_classifier(name="mnist", folder=HERE):
    """Returns a trained network that comes with the package, and the content of its JSON file, a dict.

    `name` is a key of `CLASSIFIERS`.
    """
    kind = CLASSIFIERS[name]
    model = kind.make()
    with np.load(folder / f"{kind.file}.npz") as arrays:
        model.set_weights([arrays[name].astype(np.float32) for name in sorted(arrays)])
    return model, json.loads((folder / f"{kind.file}.json").read_text())


def activations(model, images):
    """Returns (features float64 [n, k], probabilities float64 [n, classes]) of images in [0, 1].

    `images` is float32 [n, height, width, channels]. The MNIST classifier has k = 128 features and 10 classes.
    """
    features, logits, *_ = outputs(model, images)
    return features.astype(np.float64), scipy.special.softmax(logits.astype(np.float64), axis=1)


def outputs(model, images):
    """Returns all outputs of a network for images, float32 [n, height, width, channels], as a list of arrays."""
    images = np.asarray(images, np.float32)
    # Not `model.predict`: it rounds its input to the type of numbers in ~/.keras/keras.json.
    batches = [model.predict_on_batch(images[first : first + 500]) for first in range(0, len(images), 500)]
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


def accuracy(model, images, labels):
    """Returns the share of the images that the network classifies correctly. `labels` is int [n]."""
    return float((activations(model, images)[1].argmax(axis=1) == labels).mean())


def fit(images, labels, epochs, seed=0):
    """Trains a new network on images float32 [n, 28, 28, 1] and labels int [n]. Returns it after the last epoch.

    The loss is cross-entropy. The optimizer is Adam; its learning rate falls from 0.001 to zero along a cosine. A
    batch has 128 images, and each batch is shifted as a whole, by up to two pixels. Raises ValueError if there are
    fewer images than one batch.
    """
    import keras
    import tensorflow as tf

    if len(images) < BATCH_SIZE:
        raise ValueError(f"{len(images)} images are less than a batch of {BATCH_SIZE}")
    keras.config.set_floatx("float32")  # of the loss and the rate: ~/.keras/keras.json may have another type
    model = make_classifier(seed)

    def shift(images, labels):
        padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]])
        return tf.image.random_crop(padded, [BATCH_SIZE, 28, 28, 1], seed=seed), labels

    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images), seed=seed)
    batches = batches.batch(BATCH_SIZE, drop_remainder=True).map(shift).prefetch(2)
    trained = keras.Model(model.input, model.output[1])
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * (len(images) // BATCH_SIZE))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trained.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    trained.fit(batches, epochs=epochs, verbose=2)
    return model


def main():
    """Trains on MNIST's 55,000 training images and writes both files. The test images are used once, at the end."""
    from gan_tf.runs import command_line, config

    start = time.monotonic()
    command_line.import_tensorflow()
    train, validation, test = (data.load("mnist", flags.FLAGS.data_dir, split) for split in data.SPLITS)
    model = fit(train.images, train.labels, EPOCHS)
    facts = {
        "test_accuracy": accuracy(model, test.images, test.labels),
        "validation_accuracy": accuracy(model, validation.images, validation.labels),
        "train_digest": train.digest,
        "epochs": EPOCHS,
        "command": "python -m gan_tf.metrics.classifier",
        "minutes": round((time.monotonic() - start) / 60, 1),
        "versions": config.versions(),
    }
    out_dir = Path(flags.FLAGS.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    save(model, facts, out_dir)
    logging.info("accuracy on the test images %.4f; see %s", facts["test_accuracy"], out_dir)


if __name__ == "__main__":  # this file is also a command, and only commands import gan_tf.runs
    from gan_tf.runs import command_line

    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train.")
    flags.DEFINE_string("out_dir", "out/classifier", "Folder for classifier.npz and classifier.json.")
    command_line.run(main, {"Flags": ["data_dir", "out_dir"]}, (data.DataError, OSError))
