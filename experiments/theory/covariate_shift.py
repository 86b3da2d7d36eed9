"""Claim: with batch normalisation DCGAN learns faster, even if its layers' inputs are made to move.

python -m experiments.theory.covariate_shift [--dataset=mnist] [--data_dir=…]

Batch normalisation was invented against "internal covariate shift". While a network learns, the distribution of what
each layer gets as its input moves, and the layer must follow. Introductions say that DCGAN needs batch normalisation
for this reason. Santurkar et al. 2018 (arXiv:1805.11604) doubt the reason. They add noise after batch normalisation,
whose mean and deviation change at every iteration, and their networks still learn as fast.

This trains gan_tf/zoo/dcgan.py three times, with one seed: as it is; without batch normalisation; and with noise. Each
output channel of batch normalisation is multiplied by a random number from 0.75 to 1.25, and another from -0.5 to 0.5
is added. They are new at each use, but the same for all images of a batch (Santurkar's differ for each image). Every 50
iterations, this measures the shift of the inputs of G's last layer: how far one iteration moves each channel's mean, in
standard deviations, averaged over the channels. What is learned is measured by the FID of 2,000 samples.
"""

import numpy as np
from absl import flags

from experiments.theory import claim
from gan_tf import data

FLAGS = flags.FLAGS

flags.DEFINE_enum("dataset", "mnist", data.IMAGES, "As in gan_tf.train.")
flags.DEFINE_string("data_dir", None, "As in gan_tf.train.")

CLAIM = "Batch normalisation makes DCGAN learn faster, even if its layers' inputs are made to move."
ARMS = {"batch normalisation": (True, False), "without": (False, False), "with moving noise": (True, True)}
PROBE, SAMPLES = 50, 2000


def layers_of(model):
    """Returns the layers of a model in order, without its input."""
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def moving(model):
    """Returns `model` with the noise after each batch normalisation, sharing its layers."""
    import keras

    class Move(keras.layers.Layer):
        def __init__(self, seed):
            super().__init__()
            self.seed_generator = keras.random.SeedGenerator(seed)

        def call(self, x, training=False):
            if not training:
                return x
            scale, shift = (
                keras.random.uniform([x.shape[-1]], low, high, seed=self.seed_generator)
                for low, high in ((0.75, 1.25), (-0.5, 0.5))
            )
            return x * scale + shift

    found = [keras.Input(model.input_shape[1:])]
    for number, layer in enumerate(layers_of(model)):
        found += [layer] + ([Move(number)] if isinstance(layer, keras.layers.BatchNormalization) else [])
    return keras.Sequential(found)


def train(batch_norm, noise, images, yardstick, width, steps):
    """Trains one DCGAN. Returns ([iteration, shift] [n, 2], [iteration, FID] [m, 2])."""
    import keras

    from gan_tf import training
    from gan_tf.gan import in_batches
    from gan_tf.noise import EVALUATION_NOISE, stream_noise
    from gan_tf.zoo import dcgan

    makers = dcgan.make_generator, dcgan.make_discriminator
    networks = [make(seed, images.shape[1:], width, batch_norm) for seed, make in enumerate(makers, 1)]
    generator, discriminator = map(moving, networks) if noise else networks
    step = dcgan.make_train_step(generator, discriminator, dcgan.make_optimizer(), dcgan.make_optimizer())
    train_block = training.make_train_block(step, images, 64, seed=0, block=PROBE, jit=False)
    last = max(i for i, layer in enumerate(layers_of(generator)) if "Transpose" in type(layer).__name__)
    inputs = keras.Sequential([keras.Input([100]), *layers_of(generator)[:last]])
    z = stream_noise(0, EVALUATION_NOISE, SAMPLES)

    def moments():
        x = inputs(z[:256], training=True).numpy()
        return x.mean(axis=(0, 1, 2)), x.std(axis=(0, 1, 2))

    shifts, distances = [], []
    for first in range(0, steps, PROBE):
        mean, deviation = moments()
        train_block(first, 1)
        alive = deviation > 0  # a channel that ReLU has turned off for all images does not move
        shifts.append((first, np.mean((np.abs(moments()[0] - mean) / np.maximum(deviation, 1e-12))[alive])))
        train_block(first + 1, PROBE - 1)
        if (first + PROBE) % (steps // 5) == 0:
            distances.append((first + PROBE, yardstick(in_batches(networks[0], z))))
    return np.array(shifts), np.array(distances)


def measure(report, width=16, steps=2000):
    """Trains the three networks, and draws shift and FID over the iterations."""
    import matplotlib.figure

    from gan_tf.metrics import classifier, scores

    images = data.load(FLAGS.dataset, FLAGS.data_dir).images
    model, _ = classifier.load_classifier()
    of_real, _ = classifier.activations(model, images[:10_000])

    def yardstick(samples):
        return scores.frechet_distance(of_real, classifier.activations(model, samples)[0])

    found = {name: train(*arm, images, yardstick, width, steps) for name, arm in ARMS.items()}
    late = {name: shifts[len(shifts) // 5 :, 1].mean() for name, (shifts, _) in found.items()}
    fids = {name: distances[-1, 1] for name, (_, distances) in found.items()}
    with_norm, without, moved = ARMS
    for name in ARMS:
        report.note(
            f"{name}: shift of one iteration, after the first fifth; FID at the end",
            f"{late[name]:.3g}; {fids[name]:.3g}",
        )
    report.check_between(f"FID {with_norm}, divided by that without", 0, 0.9, fids[with_norm] / fids[without])
    report.check_between(
        "the noise moves inputs more than they move without: ratio", 2, np.inf, late[moved] / late[without]
    )
    report.check_between(
        "FID with the noise, divided by that without batch normalisation", 0, 0.9, fids[moved] / fids[without]
    )

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.6))
    figure.suptitle("DCGAN with and without batch normalisation")
    axes = figure.subplots(1, 2)
    for name, (shifts, distances) in found.items():
        axes[0].plot(*shifts.T, label=name)
        axes[1].plot(*distances.T, "o-", label=name)
    axes[0].set(
        title="Shift of a layer's inputs\nin one iteration",
        xlabel="iteration",
        ylabel="standard deviations",
        yscale="log",
    )
    axes[1].set(title="What is learned", xlabel="iteration", ylabel="FID (MNIST classifier)", ylim=(0, None))
    axes[1].legend()
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
