"""Claim: one image per class, repeated, has a perfect classifier score: the score does not see variety within a class.

python -m experiments.theory.inception_score_blind_spot [--dataset=mnist] [--data_dir=…]

Of each digit one image, the one that the classifier is surest of, 1000 times. The score is exp(H(p(y)) - E H(p(y|x))).
So it is 10 if the ten classes are equally frequent and the classifier is sure of each image, whatever the images are.
Recall sees that nearly all of the data are missing, and the Fréchet distance that these are not samples of the data.
The spread of all pixels hardly sees it. The controls are as many real images, and noise, which must score close to 1.
Source: Barratt and Sharma 2018 (arXiv:1801.01973), section 4.
"""

import numpy as np
from absl import flags

from experiments.theory import claim
from gan_tf import data

FLAGS = flags.FLAGS

flags.DEFINE_enum("dataset", "mnist", list(data.DATASETS), "As in gan_tf.train.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")

CLAIM = "Ten images, one of each digit, have a higher classifier score than MNIST itself."


def measure(report, count=10_000):
    """Scores ten images, repeated, real images and noise, and draws all three."""
    import matplotlib.figure

    from gan_tf.grids import spread
    from gan_tf.metrics import classifier, scores

    model, _ = classifier.load_classifier()
    train = data.load(FLAGS.dataset, FLAGS.data_dir).images[: 2 * count]
    features, probabilities = classifier.activations(model, train[:count])
    other_features, of_others = classifier.activations(model, train[count:])
    noise = np.random.default_rng(0).random([count, 784], np.float32)
    _, of_noise = classifier.activations(model, noise)
    best = probabilities.argmax(axis=0)  # of each class the image that is surest
    repeated = np.repeat(best, count // 10)

    blind, _ = scores.classifier_score(probabilities[repeated])
    real, _ = scores.classifier_score(of_others)
    report.check("classifier score of ten images, repeated", 10, blind, 0.02)
    report.check_between("classifier score of real images", 0, blind, real)
    report.check("classes covered", 10, scores.classes_covered(scores.class_histogram(probabilities[repeated])), 0)
    meaningless, _ = scores.classifier_score(of_noise)
    report.check_between("control: classifier score of noise", 1, 1.5, meaningless)
    # Balls around ten points with 999 copies each have radius 0: they hold the ten images alone.
    _, recall = scores.precision_recall(features, features[repeated])
    report.check("recall", 10 / count, recall, 5 / count)
    distance = scores.frechet_distance(features, features[repeated])
    of_real = scores.frechet_distance(features, other_features)
    report.check_between(
        "Fréchet distance of the ten images, divided by that of real ones", 10, np.inf, distance / of_real
    )
    report.note("Fréchet distance: ten images; real ones", f"{distance:.3g}; {of_real:.3g}")
    report.note("spread: ten images; real ones", f"{spread(train[repeated]):.3g}; {spread(train[count:]):.3g}")

    figure = matplotlib.figure.Figure(figsize=(8.5, 2.9))
    figure.suptitle("Ten images, repeated, score higher than real ones (10 is the most)")
    rows = {
        f"ten images, repeated\nscore {blind:.3f}": train[best],
        f"real images\nscore {real:.3f}": train[count : count + 10],
        f"noise\nscore {meaningless:.3f}": noise[:10],
    }
    for axes_of_row, (title, images) in zip(figure.subplots(3, 10), rows.items(), strict=True):
        axes_of_row[0].set_ylabel(title, rotation=0, ha="right", va="center")
        for axes, image in zip(axes_of_row, images, strict=True):
            axes.imshow(image.reshape(28, 28), vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
