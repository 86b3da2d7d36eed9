"""The port against the reference's graph, built with TF1's own API and kernels through `tf.compat.v1`."""

import functools

import numpy as np
import pytest

from experiments.tf1_graph import ReferenceGraph
from gan_tf import data, models, optimizers, training
from gan_tf.data import glyphs
from gan_tf.noise import iteration_noise


@functools.cache
def images():
    """Glyphs, float32 [2000, 784]."""
    return glyphs.draw(0, 2000)[0].reshape(-1, 784) / np.float32(255)


SEED = 0  # of batches and noise


def first_weights(number):
    """The weights that trajectory `number` starts from, G's four and D's four."""
    generator, discriminator = models.make_generator(2 * number), models.make_discriminator(2 * number + 1)
    return generator.get_weights() + discriminator.get_weights()


@functools.cache
def reference_trajectory(d_optimizer, steps, number):
    """Losses [steps, 2] and last weights of the reference, from iteration `number * steps` on."""
    graph = ReferenceGraph(first_weights(number), "adam", d_optimizer)
    batches = data.batch_indices(len(images()), 128, SEED, number * steps, steps)
    noise = iteration_noise(SEED, number * steps, steps, 128).numpy()
    losses = [graph.step(images()[batch], *d_and_g) for batch, d_and_g in zip(batches, noise, strict=True)]
    return np.array(losses), graph.weights()


def distances(d_optimizer, steps, jit, trajectories):
    """Largest relative distances of the port's loop from the reference: (of a loss, of an array of weights) each."""
    networks = models.make_generator(), models.make_discriminator()
    g_optimizer, d_optimizer_ = optimizers.make_optimizer("adam"), optimizers.make_optimizer(d_optimizer)
    step = training.make_train_step(*networks, g_optimizer, d_optimizer_, jit=jit)
    train_block = training.make_train_block(step, images(), 128, SEED, block=steps, jit=jit)
    state = g_optimizer.variables + d_optimizer_.variables
    fresh = [variable.numpy() for variable in state]
    for number in range(trajectories):
        networks[0].set_weights(first_weights(number)[:4])
        networks[1].set_weights(first_weights(number)[4:])
        for variable, value in zip(state, fresh, strict=True):
            variable.assign(value)
        losses = train_block(number * steps, steps)
        reference_losses, reference_weights = reference_trajectory(d_optimizer, steps, number)
        weights = networks[0].get_weights() + networks[1].get_weights()
        of_weights = [np.abs(a - b).max() / np.abs(b).max() for a, b in zip(weights, reference_weights, strict=True)]
        yield np.abs(losses / reference_losses - 1).max(), max(of_weights)


@pytest.mark.parametrize(("jit", "trajectories"), [(True, 5), (False, 3)])
@pytest.mark.parametrize(
    ("d_optimizer", "steps", "loss_tolerance", "weight_tolerance"),
    [("adadelta", 500, 1e-5, 5e-4), ("adam", 100, 1e-5, 2e-5)],
)
def test_trajectories_are_the_references(d_optimizer, steps, loss_tolerance, weight_tolerance, jit, trajectories):
    """The median must hold: now and then a last bit flips a ReLU, and a GAN's chaos takes it from there."""
    found = list(distances(d_optimizer, steps, jit, trajectories))
    print(f"\nD {d_optimizer}, XLA {jit}, {steps} steps, largest distance of (losses, weights):")
    print(*(f"({of_losses:.1e}, {of_weights:.1e})" for of_losses, of_weights in found))
    of_losses, of_weights = np.median(found, axis=0)
    assert of_losses < loss_tolerance
    assert of_weights < weight_tolerance
