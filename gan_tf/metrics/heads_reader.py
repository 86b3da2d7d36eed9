"""A small convolutional network (CNN) that reads the attributes of heads (gan_tf/data/heads.py), and what is no head.

Its trained weights come with the package, in heads_reader.npz. The file heads_reader.json says how well it reads, and
how it was trained. python -m gan_tf.metrics.heads_reader --out_dir=gan_tf/metrics trains a new network and writes both
files. Compare scores only if the same weights computed them.
"""

import json
import time
from pathlib import Path

import numpy as np
import scipy.ndimage
import scipy.special
from absl import flags, logging

from gan_tf import data
from gan_tf.data import heads
from gan_tf.metrics import classifier
from gan_tf.metrics.table import share

FEATURES = 128  # width of the layer before the last
EPOCHS, BATCH_SIZE = 24, 64
SHIFT = 2  # pixels by which a batch is shifted at most, in training
CLEAR = 0.99  # the share of real heads that are clear, by the choice of the threshold
SPOILED = ("mixed", "tiles", "noise", "blurred", "halves", "speckled")  # kinds of pictures that are no heads


def make_reader(seed=None):
    """Makes the network, untrained. The Keras model maps images [n, 64, 64, 3] to a list of arrays, all float32.

    They are features [n, 128], logits of each attribute [n, values] in the order of `heads.ATTRIBUTES`, beginning with
    the hair colour, and a logit [n, 1], which is above 0 for heads. The layers are four 3x3 convolutions with stride 2
    and 16, 32, 64 and 64 filters, and a layer of 128 units, all with ReLU. The features are the output of this last
    layer. An int `seed` fixes the first weights.
    """
    import keras
    from keras import layers

    if seed is not None:
        keras.utils.set_random_seed(seed)
    options = {"dtype": "float32", "data_format": "channels_last"}
    x = images = keras.Input([heads.SIDE, heads.SIDE, 3], dtype="float32")
    for width in (16, 32, 64, 64):
        x = layers.Conv2D(width, 3, 2, "same", activation="relu", **options)(x)
    features = layers.Dense(FEATURES, activation="relu", dtype="float32")(layers.Flatten(**options)(x))
    read = [layers.Dense(len(names), dtype="float32")(features) for names in heads.ATTRIBUTES.values()]
    return keras.Model(images, [features, *read, layers.Dense(1, dtype="float32")(features)], name="heads_reader")


def certainty(model, images):
    """Returns how certain the reader is that each of `images` is a head with clear attributes, float64 [n] in [0, 1].

    It is the least of all these probabilities: that of "head", and that of the most probable value of each attribute.
    """
    _, *read, is_head = classifier.outputs(model, images)
    probabilities = [scipy.special.softmax(logits.astype(np.float64), axis=1).max(axis=1) for logits in read]
    return np.minimum(np.min(probabilities, axis=0), scipy.special.expit(is_head[:, 0].astype(np.float64)))


def read(model, images):
    """Returns {attribute: which of its values the reader sees in `images`, int [n]}."""
    _, *logits, _ = classifier.outputs(model, images)
    return {name: each.argmax(axis=1) for name, each in zip(heads.ATTRIBUTES, logits, strict=True)}


def accuracies(model, images, attributes):
    """Returns {attribute: the share of `images` of which it is read correctly}. `attributes` are those of `heads`."""
    return {name: float((found == attributes[name]).mean()) for name, found in read(model, images).items()}


def recoloured(before, after, others, hair):
    """Returns {title: (share, standard error)} of heads `before` and `after` their hair changed to `hair`, int [n].

    Heads are images, float32 [n, 64, 64, 3]. "The rest" are the other eight attributes: are they read as `before`? The
    control are `others`, other heads with the hair of `before`.
    """
    model, _ = classifier.load_classifier("heads")
    first, changed, other = (read(model, images) for images in (before, after, others))

    def kept(found):
        return np.all([found[name] == first[name] for name in heads.ATTRIBUTES if name != "hair"], axis=0)

    asked = changed["hair"] == hair
    return {
        "hair changed: read as asked": share(asked.mean(), len(hair)),
        "hair changed: as asked, and the rest is kept": share((asked & kept(changed)).mean(), len(hair)),
        "another head: the rest is the same": share(kept(other).mean(), len(hair)),
    }


def spoil(images, random):
    """Returns pictures that are no heads, made of heads: float32 [n, 64, 64, 3] in [0, 1], in turn of each `SPOILED`.

    They are the mean of two heads; a head whose 16 tiles are in another order; noise with a head's colours; a blurred
    head; the left half of a head and the right half of another; a head with noise on every pixel.
    """
    others = np.roll(images, 1, axis=0)
    made = np.empty_like(images)
    kinds = np.arange(len(images)) % len(SPOILED)
    for i, (kind, one, other) in enumerate(zip(kinds, images, others, strict=True)):
        if SPOILED[kind] == "mixed":
            made[i] = (one + other) / 2
        elif SPOILED[kind] == "tiles":
            tiles = one.reshape(4, 16, 4, 16, 3).swapaxes(1, 2).reshape(16, 16, 16, 3)
            made[i] = tiles[random.permutation(16)].reshape(4, 4, 16, 16, 3).swapaxes(1, 2).reshape(64, 64, 3)
        elif SPOILED[kind] == "noise":
            made[i] = one.reshape(-1, 3)[random.permutation(64 * 64)].reshape(64, 64, 3)
        elif SPOILED[kind] == "blurred":
            made[i] = scipy.ndimage.gaussian_filter(one, (3, 3, 0))
        elif SPOILED[kind] == "halves":
            made[i] = np.concatenate([one[:, :32], other[:, 32:]], axis=1)
        else:
            made[i] = (one + random.normal(0, 0.25, one.shape)).clip(0, 1)
    return made


def fit(images, attributes, epochs, seed=0):
    """Trains a new reader on heads, float32 [n, 64, 64, 3] in [0, 1], with their `attributes`. Returns it.

    Half of each batch of 64 are heads; the other half are the same heads spoiled. The loss is the sum of the
    cross-entropies of all attributes, over heads only, and that of "head". The optimizer is Adam; its learning rate
    falls from 0.001 to zero along a cosine. Each batch is shifted as a whole, by up to two pixels.
    """
    import keras
    import tensorflow as tf

    model, random = make_reader(seed), np.random.default_rng(seed)
    half, steps = BATCH_SIZE // 2, epochs * (len(images) // (BATCH_SIZE // 2))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps))
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(pictures, values):
        with tf.GradientTape() as tape:
            _, *read, is_head = model(pictures, training=True)
            losses = [
                tf.nn.sparse_softmax_cross_entropy_with_logits(values[:, place], logits[:half])
                for place, logits in enumerate(read)
            ]
            truth = tf.concat([tf.ones([half, 1]), tf.zeros([half, 1])], axis=0)
            loss = tf.reduce_mean(tf.add_n(losses))
            loss += tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(truth, is_head))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    columns = np.stack([attributes[name] for name in heads.ATTRIBUTES], axis=1).astype(np.int32)
    for epoch in range(epochs):
        order, losses = random.permutation(len(images)), []
        for first in range(0, len(images) - half + 1, half):
            chosen = order[first : first + half]
            pictures = np.concatenate([images[chosen], spoil(images[chosen], random)])
            moved = np.roll(pictures, random.integers(-SHIFT, SHIFT + 1, 2), axis=(1, 2))
            losses.append(step(tf.constant(moved), tf.constant(columns[chosen])))
        logging.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, np.mean(losses))
    return model


def main():
    """Trains on the 20,000 training heads and writes both files. The test heads are used once, at the end."""
    from gan_tf.runs import command_line, config

    start = time.monotonic()
    command_line.import_tensorflow()
    train, test = (data.load("heads", split=split) for split in ("train", "test"))
    model = fit(train.images, heads.attributes("train"), EPOCHS)
    model.set_weights([weights.astype(np.float16) for weights in model.get_weights()])  # as they are saved
    spoiled = spoil(test.images, np.random.default_rng(1))
    threshold = float(np.quantile(certainty(model, train.images), 1 - CLEAR))
    facts = {
        "test_accuracies": accuracies(model, test.images, heads.attributes("test")),
        "threshold": threshold,
        "clear_test_heads": float((certainty(model, test.images) >= threshold).mean()),
        "clear_spoiled": {
            kind: float((certainty(model, spoiled[place :: len(SPOILED)]) >= threshold).mean())
            for place, kind in enumerate(SPOILED)
        },
        "train_digest": train.digest,
        "epochs": EPOCHS,
        "command": "python -m gan_tf.metrics.heads_reader",
        "minutes": round((time.monotonic() - start) / 60, 1),
        "versions": config.versions(),
    }
    out_dir = Path(flags.FLAGS.out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    weights = {f"{index:02}": each.astype(np.float16) for index, each in enumerate(model.get_weights())}
    np.savez_compressed(out_dir / "heads_reader.npz", **weights)
    (out_dir / "heads_reader.json").write_text(json.dumps(facts, indent=2) + "\n")
    logging.info("clear test heads %.4f; see %s", facts["clear_test_heads"], out_dir)


if __name__ == "__main__":  # this file is also a command, and only commands import gan_tf.runs
    from gan_tf.runs import command_line

    flags.DEFINE_string("out_dir", "out/heads_reader", "Folder for heads_reader.npz and heads_reader.json.")
    command_line.run(main, {"Flags": ["out_dir"]}, (data.DataError, OSError))
