"""Claim: with few images FID is too large, for images of the very same kind too. KID is not.

python -m experiments.theory.few_images [--data_dir=…]

Two sets of n real images are compared, for n from 100 to 10,000. Both are real, so a perfect score is 0. FID needs the
mean and the covariance of 128 features, and estimates them from n images. Each estimate is wrong by chance, in any
direction. But a distance is never negative, so these errors do not cancel. They add up to about a constant divided by
n. KID's kernel sums leave out each image's product with itself, so its mean is right for any n: here 0.

The control compares n digits that a program draws from fonts with n real ones. These differ, so neither score is 0.
KID's mean is the same for all n. FID with 100 images is larger than with 10,000, by a similar amount as for real
images.

Sources: Heusel et al. 2017 (arXiv:1706.08500); Bińkowski et al. 2018 (arXiv:1801.01401), section 4 and appendix D.
"""

import numpy as np
from absl import flags

from experiments.theory import claim
from gan_tf import data

FLAGS = flags.FLAGS

flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")

CLAIM = "With few images FID is too large; KID is not."
COUNT = 10_000  # images in each of the two sets
SIZES = (100, 200, 500, 1000, 2000, 5000, COUNT)
MOST_PAIRS = 20


def measure(report):
    """Compares real with real images, and glyphs with real images, for different numbers of images."""
    import matplotlib.figure

    from gan_tf.metrics import classifier, scores

    model, _ = classifier.load_classifier()
    real = data.load("mnist", FLAGS.data_dir).images[: 2 * COUNT]
    features, _ = classifier.activations(model, real)
    order = np.random.default_rng(0).permutation(2 * COUNT)
    ones, others = features[order[:COUNT]], features[order[COUNT:]]
    drawn, _ = classifier.activations(model, data.load("glyphs", None, "test").images[:COUNT])

    def compare(made, n):
        """Means over pairs of sets of n images, and the standard error of KID's: (FID, KID, error)."""
        pairs = [(made[i : i + n], others[i : i + n]) for i in range(0, COUNT - n + 1, n)][:MOST_PAIRS]
        # Each whole set is one block, so that KID's size is n, too. One pair has no deviation: then ten blocks have.
        if len(pairs) > 1:
            kid = [scores.kernel_inception_distance(b, a, blocks=1)[0] for a, b in pairs]
            middle, error = np.mean(kid), np.std(kid, ddof=1) / len(kid) ** 0.5
        else:
            middle, error = scores.kernel_inception_distance(others, made)
        return np.mean([scores.frechet_distance(b, a) for a, b in pairs]), middle, error

    same, different = ({n: compare(made, n) for n in SIZES} for made in (ones, drawn))
    few, many = SIZES[0], SIZES[-1]
    fid = np.array([same[n][0] for n in SIZES])
    slope = np.polyfit(np.log(SIZES), np.log(fid), 1)[0]
    report.check("FID of real and real images falls like n to the power of", -1, slope, 0.15)
    report.check_between(
        f"FID of real and real images with {few}, divided by that with {many}", 30, 300, fid[0] / fid[-1]
    )
    farthest = max(abs(middle) / error for _, middle, error in same.values())
    report.check_between("KID of real and real images: farthest from 0, in standard errors", 0, 3.5, farthest)
    (low, first, error), (high, last, last_error) = different[few], different[many]
    apart = abs(first - last) / np.hypot(error, last_error)
    report.check_between(f"control: KID of glyphs with {few} and with {many} differ, in standard errors", 0, 3.5, apart)
    report.check_between("control: KID of glyphs, in standard errors", 10, np.inf, last / last_error)
    report.check(
        "control: what few images add to FID of glyphs, divided by the same of real ones",
        1,
        (low - high) / (fid[0] - fid[-1]),
        0.5,
    )
    report.note(f"FID of real and real images with {few}, {many}", f"{fid[0]:.3g}, {fid[-1]:.3g}")
    report.note(f"FID of glyphs with {few}, {many}", f"{low:.3g}, {high:.3g}")
    report.note(f"KID of glyphs with {few}, {many}", f"{first:.3g} ± {error:.1g}, {last:.3g} ± {last_error:.1g}")

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.6))
    figure.suptitle("With few images FID is too large; KID is not")
    left, right = figure.subplots(1, 2)
    for label, found in {"real images": same, "printed digits": different}.items():
        fids, kids, errors = zip(*(found[n] for n in SIZES), strict=True)
        left.plot(SIZES, fids, marker=".", label=label)
        right.errorbar(SIZES, kids, errors, marker=".", capsize=3, label=label)
    left.set(xscale="log", yscale="log", xlabel="images", title="FID to real images")
    right.set(xscale="log", xlabel="images", title="KID to real images")
    left.legend()
    right.legend()
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
