"""Claim: one image per class, repeated, has a perfect classifier score: the score does not see variety within a class.

python -m experiments.theory.inception_score_blind_spot [--dataset=mnist] [--data_dir=…]

Of each digit the one training image that the classifier is surest of, 1000 times over. The score is exp(H(p(y)) -
E H(p(y|x))), so it is 10 where the ten classes are equally frequent and each is sure, whatever else the images are. The
spread within a class is 0 there, recall sees that nearly all of the data is missing, and the Fréchet distance that the
samples are no sample of the data. Source: Barratt and Sharma 2018 (arXiv:1801.01973), section 4.
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
    """Scores ten images and as many real ones, and draws both."""
    import matplotlib.figure

    from gan_tf.metrics import classifier, scores

    model, _ = classifier.load_classifier()
    train = data.load(FLAGS.dataset, FLAGS.data_dir).images[: 2 * count]
    features, probabilities = classifier.activations(model, train[:count])
    _, of_others = classifier.activations(model, train[count:])
    best = probabilities.argmax(axis=0)  # of each class the image that is surest
    repeated = np.repeat(best, count // 10)

    blind, _ = scores.classifier_score(probabilities[repeated])
    real, _ = scores.classifier_score(of_others)
    report.check("classifier score of ten images, repeated", 10, blind, 0.02)
    report.check_between("classifier score of real images", 0, blind, real)
    report.check("classes covered", 10, scores.classes_covered(scores.class_histogram(probabilities[repeated])), 0)
    report.check(
        "standard deviation within a class, greatest", 0, max(np.std(train[[i] * 5], 0).max() for i in best), 1e-6
    )
    # Balls around ten points with 999 copies each have radius 0: they hold the ten images alone.
    _, recall = scores.precision_recall(features, features[repeated])
    report.check("recall", 10 / count, recall, 5 / count)
    distance = scores.frechet_distance(features, features[repeated])
    report.note("Fréchet distance from the images", f"{distance:.3g}")

    figure = matplotlib.figure.Figure(figsize=(8, 1.8), layout="constrained")
    for row, (title, images) in enumerate((("ten images", train[best]), ("real", train[:10]))):
        for column, image in enumerate(images):
            axes = figure.add_subplot(2, 10, 10 * row + column + 1)
            axes.imshow(image.reshape(28, 28), cmap="gray")
            axes.set(xticks=[], yticks=[])
            if column == 0:
                axes.set_ylabel(f"{title}\n{blind if row == 0 else real:.3f}", fontsize=8)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
