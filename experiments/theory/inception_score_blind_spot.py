"""Claim: one image per class, repeated, has a perfect classifier score: the score does not see variety within a class.

python -m experiments.theory.inception_score_blind_spot [--dataset=mnist] [--data_dir=…]

Of each digit one image, the one that the classifier is surest of, 1000 times. Each copy has a little noise of its own,
so that all 10,000 images differ, but hardly. The score is exp(H(p(y)) - E H(p(y|x))). So it is 10 if the ten classes
are equally frequent and the classifier is sure of each image, whatever the images are. Recall sees that nearly all of
the data are missing, and the Fréchet distance that these are not samples of the data. The spread within each class is
the noise, and no more; that of all images together hardly sees it. Each measure has its control: as many real images.
The score has two more. Five of the ten images must score 5, because missing classes are what it sees, and pure noise
close to 1. Source: Barratt and Sharma 2018 (arXiv:1801.01973), section 4.
"""

import numpy as np
from absl import flags

from experiments.theory import claim
from gan_tf import data

FLAGS = flags.FLAGS

flags.DEFINE_enum("dataset", "mnist", data.IMAGES, "As in gan_tf.train.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")

CLAIM = "Ten images, one of each digit, have a higher classifier score than MNIST itself."
NOISE = 0.02  # standard deviation of the noise of a pixel; black is 0 and white 1


def measure(report, count=10_000):
    """Scores ten images, repeated, five images, repeated, real images and noise, and draws all four."""
    import matplotlib.figure

    from gan_tf.grids import spread
    from gan_tf.metrics import classifier, scores

    random, (model, _) = np.random.default_rng(0), classifier.load_classifier()
    train = data.load(FLAGS.dataset, FLAGS.data_dir).images[: 2 * count]
    features, _ = classifier.activations(model, train[:count])
    real = train[count:]
    real_features, real_probabilities = classifier.activations(model, real)
    best = real_probabilities.argmax(axis=0)  # of each class the image that is surest

    def repeated(images):
        copies = np.repeat(images, count // len(images), axis=0)
        return np.clip(copies + NOISE * random.normal(size=copies.shape), 0, 1).astype(np.float32)

    def score_of(images):
        return scores.classifier_score(classifier.activations(model, images)[1])[0]

    def spread_within(images, classes):
        return np.mean([spread(images[classes == each]) for each in range(10)])

    ten, five, noise = repeated(real[best]), repeated(real[best[:5]]), random.random(real.shape, np.float32)
    blind, of_real, of_five, of_noise = map(score_of, (ten, real, five, noise))
    report.check("classifier score of ten images, repeated", 10, blind, 0.02)
    report.check_between("classifier score of real images", 0, blind, of_real)
    report.check("control: classifier score of five images, repeated", 5, of_five, 0.02)
    report.check_between("control: classifier score of noise", 1, 1.5, of_noise)

    within = spread_within(ten, np.repeat(np.arange(10), count // 10))
    real_within = spread_within(real, real_probabilities.argmax(axis=1))
    report.check_between("spread within a class, ten images", 0, NOISE, within)
    report.check_between("control: spread within a class, real images", 0.1, 0.3, real_within)
    report.check_between("spread of all, divided by that of real images", 0.8, 1.2, spread(ten) / spread(real))
    ten_features = classifier.activations(model, ten)[0]
    recall, real_recall = (scores.precision_recall(features, each)[1] for each in (ten_features, real_features))
    report.check_between("recall of ten images", 0, 0.02, recall)
    report.check_between("control: recall of real images", 0.8, 1, real_recall)
    distance, real_distance = (scores.frechet_distance(features, each) for each in (ten_features, real_features))
    report.check_between(
        "Fréchet distance of ten images, divided by that of real ones", 10, np.inf, distance / real_distance
    )
    report.note("Fréchet distance: ten images; real ones", f"{distance:.3g}; {real_distance:.3g}")
    report.note("spread of all: ten images; real ones", f"{spread(ten):.3g}; {spread(real):.3g}")

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.8))
    figure.suptitle("Ten images, repeated, score higher than real ones (10 is the most)")
    rows = {
        f"ten images, repeated\nscore {blind:.3f}": ten[:: count // 10],
        f"real images\nscore {of_real:.3f}": real[:10],
        f"five images, repeated\nscore {of_five:.3f}": five[:: count // 10],
        f"noise\nscore {of_noise:.3f}": noise[:10],
    }
    for axes_of_row, (title, images) in zip(figure.subplots(4, 10), rows.items(), strict=True):
        axes_of_row[0].set_ylabel(title, rotation=0, ha="right", va="center")
        for axes, image in zip(axes_of_row, images, strict=True):
            axes.imshow(image.reshape(28, 28), vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
