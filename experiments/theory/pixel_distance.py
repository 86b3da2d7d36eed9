"""Claim: two images can be equally far from a digit, and D can tell which of them is no digit, if it learned from such.

python -m experiments.theory.pixel_distance [--run_dir=out/dcgan] [--dataset=mnist] [--data_dir=…]

Introductions argue so for GANs against autoencoders. An autoencoder learns by a distance of pixels. Make one black
pixel of a digit white. If the pixel touches the stroke, the stroke becomes a little longer or thicker: still a digit.
If it is far away from the stroke, everybody sees that something is wrong. Yet the distance to the original is the same
in both cases.

From each of 1,000 test images two are made: one with a random black pixel that touches the stroke, and one with a
random black pixel at least 5 pixels away from it, in the part of the image where digits are. Which of the two has the
higher logit? Three D with DCGAN's networks are asked. The first has learned to tell digits from digits with one random
pixel changed anywhere: it should prefer the pixel at the stroke. The second is that of a trained DCGAN. It only learned
to find the mistakes of its own G, which draws no single pixels, so it need not know. The third is untrained. --run_dir
names a run of gan_tf.zoo.dcgan for the second; without it, 2,000 iterations are trained.
"""

import numpy as np
import scipy.ndimage
from absl import flags

from experiments import figures
from experiments.theory import claim
from experiments.theory.dcgan_features import trained_dcgan
from gan_tf import data, grids

FLAGS = flags.FLAGS

CLAIM = "D can learn which of two wrong pixels is worse, the squared error cannot; the D of a GAN need not know."
COUNT, STEPS = 1000, 600
FAR = 5  # pixels
INSIDE = np.pad(np.ones([20, 20], bool), 4)  # where MNIST's digits are


def choose(allowed, random):
    """Returns which pixel of each image is chosen at random, int [n], among those that `allowed` [n, 28, 28] marks."""
    return (random.random(allowed.shape) * allowed).reshape(len(allowed), -1).argmax(axis=1)


def white_at(images, pixels):
    """Returns a copy of `images` [n, 28, 28, 1] with one pixel of each set to 1."""
    changed = images.reshape(len(images), -1).copy()
    changed[np.arange(len(images)), pixels] = 1
    return changed.reshape(images.shape)


def pairs(images, random):
    """Returns (images, with a pixel at the stroke, with a pixel away from it), each [m, 28, 28, 1].

    Images without a pixel of each kind are left out.
    """
    distance = np.stack([scipy.ndimage.distance_transform_cdt(each < 0.5) for each in images[..., 0]])
    black = images[..., 0] == 0
    near, far = black & (distance == 1), black & (distance >= FAR) & INSIDE
    both = near.any(axis=(1, 2)) & far.any(axis=(1, 2))
    images, near, far = images[both], near[both], far[both]
    return images, white_at(images, choose(near, random)), white_at(images, choose(far, random))


def train_d(images, random, **rules):
    """Returns a D of DCGAN's networks that has learned to tell digits from digits with one white pixel, anywhere."""
    import tensorflow as tf

    from gan_tf import losses
    from gan_tf.data.dataset import scaled
    from gan_tf.zoo import dcgan

    discriminator, optimizer = dcgan.make_discriminator(2, images.shape[1:], **rules), dcgan.make_optimizer()
    weights = discriminator.trainable_variables
    optimizer.build(weights)

    @tf.function
    def step(real, fake):
        with tf.GradientTape() as tape:
            loss = losses.non_saturating_d_loss(discriminator(real, training=True), discriminator(fake, training=True))
        optimizer.apply(tape.gradient(loss, weights), weights)

    for _ in range(STEPS):
        real, other = scaled(images[random.integers(0, len(images), 128)]).reshape(2, 64, *images.shape[1:])
        black = (other[..., 0] == 0) & INSIDE
        step(real, white_at(other, choose(black, random)))
    return discriminator


def measure(report, iters=2000, **small):
    """Compares the logits of the three D for the pairs, and draws some."""
    import matplotlib.figure

    from gan_tf.gan import in_batches
    from gan_tf.zoo import dcgan

    train, test = (data.load(FLAGS.dataset, FLAGS.data_dir, split) for split in ("train", "test"))
    trained, done, rules = trained_dcgan(train.pixels, iters, **small)
    originals, near, far = pairs(test.images, np.random.default_rng(0))
    originals, near, far = originals[:COUNT], near[:COUNT], far[:COUNT]
    errors = [((each - originals) ** 2).sum(axis=(1, 2, 3)) for each in (near, far)]
    report.check("greatest difference of the squared errors", 0, np.abs(errors[0] - errors[1]).max(), 1e-6)
    logits = {}
    for name, network, low, high in (
        ("D that learned from changed digits", train_d(train.pixels, np.random.default_rng(1), **rules), 0.7, 1.0),
        (f"D of DCGAN after {done:,} iterations", trained.objects["discriminator"], 0.0, 0.7),
        ("untrained D", dcgan.make_discriminator(1, train.shape, **rules), 0.3, 0.7),
    ):
        logits[name] = [in_batches(network, each)[:, 0] for each in (near, far)]
        right = (logits[name][0] > logits[name][1]).mean()
        report.check_between(f"{name}: share of pairs with the higher logit at the stroke", low, high, right)

    figure = matplotlib.figure.Figure(figsize=(9, 3), layout="constrained")
    pictures, curves = figure.subplots(1, 2, width_ratios=[2, 1])
    pictures.imshow(grids.grid(np.concatenate([each[:8] for each in (originals, near, far)]), 8), cmap="gray")
    pictures.set(xticks=[], yticks=[], title="digits; a pixel at the stroke; a pixel away from it", frame_on=False)
    pictures.grid(False)
    for name, (at_stroke, away) in logits.items():
        difference = (at_stroke - away) / np.std(at_stroke - away)
        curves.hist(difference, bins=40, histtype="step", label=name)
    curves.axvline(0, color="black", linewidth=1)
    curves.set(title="Logit at the stroke minus away", ylabel="pairs", xlabel="in standard deviations")
    figures.legend_below(figure, curves)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
