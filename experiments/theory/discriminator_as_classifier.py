"""Claim: the D of this GAN is no classifier of digits; a linear probe finds no more in it than in a random D.

python -m experiments.theory.discriminator_as_classifier [--dataset=mnist] [--data_dir=…]

Introductions to GANs say that a trained D is a classifier. D has one output, real or fake. So a linear classifier is
fitted to its 128 hidden units by least squares, with labels, and tried on the test images. The controls are a D before
training, a D trained with the reference's own Adadelta, and the 784 pixels. Each is fitted to 500 labels, ten times
with other images, and to 10,000 labels. A gain below 0.02 counts as none. So the sentence is false here: to tell these
fakes from digits, D need not know which digit it sees. (It is known to be true of deep convolutional GANs.) Source of
the protocol: Radford et al. 2016 (arXiv:1511.06434), section 5.
"""

import functools

import numpy as np
from absl import flags

from experiments import figures
from experiments.theory import claim
from gan_tf import data
from gan_tf.metrics.table import flat

FLAGS = flags.FLAGS

flags.DEFINE_enum("dataset", "mnist", data.IMAGES, "As in gan_tf.train.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")

RIDGES = (1, 10, 100, 1000)
CLAIM = "A linear probe on a trained D's features does no better than on a random D's, and worse than on the pixels."


def hidden(discriminator, images):
    """The hidden units of D, float64 [n, 128], of images [n, 28, 28, 1]."""
    w, b = (weight.astype(np.float64) for weight in discriminator.get_weights()[:2])
    return np.maximum(flat(images) @ w + b, 0)


def probe(known, labels, validation, test):
    """Accuracy on `test` of the linear map that least squares fits to features `known` [n, d] and one-hot labels.

    `validation` and `test` are pairs of features and labels. The ridge is the one of RIDGES that does best on
    `validation`.
    """
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-3
    known = (known - mean) / deviation
    targets = np.eye(10)[labels] - 0.1
    gram, moment = known.T @ known, known.T @ targets

    def accuracy(weights, pair):
        return float((((pair[0] - mean) / deviation @ weights).argmax(axis=1) == pair[1]).mean())

    fits = [np.linalg.solve(gram + ridge * np.eye(len(gram)), moment) for ridge in RIDGES]
    return accuracy(max(fits, key=lambda weights: accuracy(weights, validation)), test)


def probes(report, features, few, many, train, *others):
    """Fits probes to `few` labels, ten times with other images, and to `many`; adds the accuracies to the report.

    `features` is {name: function of images}; the others are data sets, the last ones for validation and test. Returns
    ({name: ten accuracies}, {name: accuracy}).
    """
    with_few, with_many = {}, {}
    for name, of in features.items():
        known, pairs = of(train.images[:many]), [(of(each.images), each.labels) for each in others]
        parts = [slice(few * part, few * (part + 1)) for part in range(10)]
        with_few[name] = np.array([probe(known[rows], train.labels[rows], *pairs) for rows in parts])
        with_many[name] = probe(known, train.labels[:many], *pairs)
        of_few = f"{with_few[name].mean():.4f} ± {with_few[name].std(ddof=1):.4f}"
        report.note(f"{name}: accuracy with {few} labels; with {many}", f"{of_few}; {with_many[name]:.4f}")
    return with_few, with_many


def draw(title, found):
    """Draws a bar for each mean accuracy in `found`, {number of labels: {name: accuracies}}. Returns the figure."""
    import matplotlib.figure

    names = list(next(iter(found.values())))
    figure = matplotlib.figure.Figure(figsize=(7.5, 1 + 0.75 * len(names)))
    axes = figure.subplots()
    axes.set_title(title)
    for shift, (labels, accuracies) in zip((-0.2, 0.2), found.items(), strict=True):
        means = [np.mean(each) for each in accuracies.values()]
        bars = axes.barh(np.arange(len(names)) + shift, means, 0.38, label=f"{labels:,} labels")
        axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.set(yticks=range(len(names)), yticklabels=names, xlim=(0, 1.1))
    axes.set_xlabel("accuracy on the test images (guessing: 0.1)")
    axes.grid(axis="y", visible=False)
    axes.invert_yaxis()
    figures.legend_below(figure, axes)
    return figure


def train_discriminator(images, d_optimizer, iters):
    """A D after `iters` iterations of the reference with this optimizer."""
    from gan_tf import reference

    gan = reference.make(images, d_optimizer=d_optimizer, block=min(iters, 500))
    gan.train(iters)
    return gan.objects["discriminator"]


def measure(report, iters=5000, few=500, many=10_000):
    """Fits probes to four kinds of features, with few labels (ten times) and with many, and draws the accuracies."""
    from gan_tf import reference

    train, *others = (data.load(FLAGS.dataset, FLAGS.data_dir, split) for split in data.SPLITS)
    networks = {
        "random D": reference.make_networks(0)[1],
        "D trained with Adadelta": train_discriminator(train.images, "adadelta", iters),
        "D trained with Adam": train_discriminator(train.images, "adam", iters),
    }
    features = {"784 pixels": lambda images: flat(images).astype(np.float64)}
    features |= {name: functools.partial(hidden, network) for name, network in networks.items()}
    with_few, with_many = probes(report, features, few, many, train, *others)
    for labels, found in ((few, with_few), (many, with_many)):
        trained = np.mean(found["D trained with Adam"])
        gain, lead = trained - np.mean(found["random D"]), np.mean(found["784 pixels"]) - trained
        report.check_between(f"{labels} labels: D trained with Adam minus random D", -0.05, 0.02, gain)
        report.check_between(f"{labels} labels: 784 pixels minus D trained with Adam", 0.005, 0.1, lead)

    return draw("Digits named from D's features: training D adds nothing", {few: with_few, many: with_many})


if __name__ == "__main__":
    claim.run(measure, CLAIM)
