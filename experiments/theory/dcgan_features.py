"""Claim: the D of a trained DCGAN knows more about digits than a random D, though it never saw a label.

python -m experiments.theory.dcgan_features [--run_dir=out/dcgan] [--dataset=mnist] [--data_dir=…]

discriminator_as_classifier.py shows that the small, dense D of the reference is no classifier. Radford et al. 2016
(arXiv:1511.06434, section 5.1) say that the D of a DCGAN is a good basis for one. As in their protocol, the outputs of
all of D's convolutions are max-pooled to 4x4 places, and a linear classifier is fitted to them with labels. Theirs is a
support vector machine; here it is the least squares of discriminator_as_classifier.py. The controls are a D of the same
size before training, and the 784 pixels. Each is fitted to 500 labels, ten times with other images, and to 10,000
labels. --run_dir names a run of gan_tf.zoo.dcgan; without it, 2,000 iterations are trained.
"""

import numpy as np
from absl import flags

from experiments.theory import claim
from experiments.theory.discriminator_as_classifier import draw, probes
from gan_tf import data
from gan_tf.metrics.table import flat

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "A run of gan_tf.zoo.dcgan; unset: a short one is trained.")

CLAIM = "A linear probe on a trained DCGAN's D does better than on a random D, and than on the pixels."
PLACES = 4  # features are pooled to so many places, in each direction


def pooled(discriminator):
    """Returns `features(images) -> float64 [n, d]`: all activations of D behind a convolution, max-pooled to 4x4."""
    import keras

    from gan_tf.gan import in_batches

    outputs = []
    for layer in discriminator.layers:
        if type(layer).__name__ == "LeakyReLU":
            size = layer.output.shape[1]
            pool = -(-size // PLACES)  # rounded up: 14 → 4 windows of 4, 7 → 4 windows of 2
            outputs.append(keras.layers.Flatten()(keras.layers.MaxPooling2D(pool, padding="same")(layer.output)))
    network = keras.Model(discriminator.inputs[0], keras.layers.Concatenate()(outputs))
    return lambda images: in_batches(network, images).astype(np.float64)


def trained_dcgan(images, iters, **small):
    """Returns (the DCGAN of --run_dir, its iterations, its settings). Without a run it is trained on `images` first."""
    from gan_tf import restore
    from gan_tf.zoo import dcgan

    if not FLAGS.run_dir:
        trained = dcgan.make(images, **small)
        trained.train(iters)
        return trained, iters, small
    config = restore.check_run(FLAGS.run_dir)
    if config["gan"]["name"] != "dcgan":
        raise data.DataError(f"--run_dir={FLAGS.run_dir} is no run of gan_tf.zoo.dcgan.")
    return *restore.load_run(FLAGS.run_dir), {
        name: config["flags"][name] for name in ("width", "batch_norm", "pooling")
    }


def measure(report, iters=2000, few=500, many=10_000, **small):
    """Fits probes to the features with few labels (ten times) and with many, and draws the accuracies."""
    from gan_tf.zoo import dcgan

    train, *others = (data.load(FLAGS.dataset, FLAGS.data_dir, split) for split in data.SPLITS)
    trained, done, rules = trained_dcgan(train.pixels, iters, **small)
    features = {
        "784 pixels": lambda images: flat(images).astype(np.float64),
        "random D": pooled(dcgan.make_discriminator(1, train.shape, **rules)),
        f"D after {done:,} iterations": pooled(trained.objects["discriminator"]),
    }
    with_few, with_many = probes(report, features, few, many, train, *others)
    pixels, random, learned = features
    for labels, found in ((few, with_few), (many, with_many)):
        accuracy = {name: np.mean(each) for name, each in found.items()}
        report.check_between(
            f"{labels} labels: trained D minus random D", 0.002, 1, accuracy[learned] - accuracy[random]
        )
        report.check_between(f"{labels} labels: trained D minus pixels", 0.002, 1, accuracy[learned] - accuracy[pixels])

    return draw("Digits named from the features of DCGAN's D", {few: with_few, many: with_many})


if __name__ == "__main__":
    claim.run(measure, CLAIM)
