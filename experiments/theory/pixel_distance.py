"""Claim: two images can be equally far from a digit, and D still knows which of them is no digit.

python -m experiments.theory.pixel_distance [--run_dir=out/dcgan] [--dataset=mnist] [--data_dir=…]

Introductions argue so for GANs against autoencoders. An autoencoder learns by a distance of pixels. Make one black
pixel of a digit white. If the pixel touches the stroke, the stroke becomes a little longer or thicker: still a digit.
If it is far away from the stroke, everybody sees that something is wrong. Yet the distance to the original is the same
in both cases.

From each of 1,000 test images two are made: one with a random black pixel that touches the stroke, and one with a
random black pixel at least 5 pixels away from it, in the part of the image where digits are. D is that of a trained
DCGAN. It was never shown such images. The claim holds if D's logit is higher for the first image in most pairs. The
controls are a D of the same size before training, and the squared error. --run_dir names a run of gan_tf.zoo.dcgan;
without it, 2,000 iterations are trained.
"""

import numpy as np
import scipy.ndimage
from absl import flags

from experiments.theory import claim
from gan_tf import data, grids

FLAGS = flags.FLAGS

flags.DEFINE_string("run_dir", None, "A run of gan_tf.zoo.dcgan; unset: a short one is trained.")

CLAIM = "D tells a longer stroke from a white pixel beside the digit; the squared error does not."
COUNT = 1000
FAR = 5  # pixels
INSIDE = 4  # MNIST's digits lie in the 20x20 pixels within a border of 4


def choose(allowed, random):
    """Returns which pixel of each image is chosen at random, int [n], among those that `allowed` [n, 28, 28] marks."""
    return (random.random(allowed.shape) * allowed).reshape(len(allowed), -1).argmax(axis=1)


def white_at(images, pixels):
    """Returns a copy of `images` [n, 784] with one pixel of each set to 1."""
    changed = images.copy()
    changed[np.arange(len(images)), pixels] = 1
    return changed


def pairs(images, random):
    """Returns (images, with a pixel at the stroke, with a pixel away from it), each [m, 784].

    Images without a pixel of each kind are left out.
    """
    distance = np.stack([scipy.ndimage.distance_transform_cdt(each < 0.5) for each in images.reshape(-1, 28, 28)])
    black = images.reshape(-1, 28, 28) == 0
    border = np.ones([28, 28], bool)
    border[INSIDE:-INSIDE, INSIDE:-INSIDE] = False
    near, far = black & (distance == 1), black & (distance >= FAR) & ~border
    both = near.any(axis=(1, 2)) & far.any(axis=(1, 2))
    images, near, far = images[both], near[both], far[both]
    return images, white_at(images, choose(near, random)), white_at(images, choose(far, random))


def measure(report, iters=2000, **small):
    """Compares the logits of a trained and of an untrained D for the pairs, and draws some."""
    import matplotlib.figure

    from gan_tf import restore
    from gan_tf.gan import in_batches
    from gan_tf.zoo import dcgan

    test = data.load(FLAGS.dataset, FLAGS.data_dir, "test")
    if FLAGS.run_dir:
        config = restore.check_run(FLAGS.run_dir)
        if config["gan"]["name"] != "dcgan":
            raise data.DataError(f"--run_dir={FLAGS.run_dir} is no run of gan_tf.zoo.dcgan.")
        trained, done = restore.load_run(FLAGS.run_dir)
        small = {name: config["flags"][name] for name in ("width", "batch_norm", "pooling")}
    else:
        trained, done = dcgan.make(data.load(FLAGS.dataset, FLAGS.data_dir).pixels, **small), iters
        trained.train(iters)
    originals, near, far = pairs(test.images, np.random.default_rng(0))
    originals, near, far = originals[:COUNT], near[:COUNT], far[:COUNT]
    errors = [((each - originals) ** 2).sum(axis=1) for each in (near, far)]
    report.check("greatest difference of the squared errors", 0, np.abs(errors[0] - errors[1]).max(), 1e-6)
    logits = {}
    for name, network, low, high in (
        (f"D after {done:,} iterations", trained.objects["discriminator"], 0.7, 1.0),
        ("control, D untrained", dcgan.make_discriminator(1, **small), 0.3, 0.7),
    ):
        logits[name] = [in_batches(network, each)[:, 0] for each in (near, far)]
        right = (logits[name][0] > logits[name][1]).mean()
        report.check_between(f"{name}: share of pairs with the higher logit at the stroke", low, high, right)
        real = in_batches(network, originals)[:, 0]
        falls = [np.median(real - each) / real.std() for each in logits[name]]
        report.note(f"{name}: logit falls by (deviations of real images)", f"{falls[0]:.3f}, far away {falls[1]:.3f}")

    figure = matplotlib.figure.Figure(figsize=(9, 2.6))
    pictures, curves = figure.subplots(1, 2, width_ratios=[2.2, 1])
    pictures.imshow(grids.grid(np.concatenate([each[:10] for each in (originals, near, far)]), 10), cmap="gray")
    pictures.set(xticks=[], yticks=[], title="digits; one pixel at the stroke; one pixel away from it")
    pictures.grid(False)
    difference = np.subtract(*next(iter(logits.values())))
    curves.hist(difference, bins=40)
    curves.axvline(0, color="black", linewidth=1)
    curves.set(title="trained D: logit at the stroke minus away", ylabel="pairs", xlabel="difference of the logits")
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
