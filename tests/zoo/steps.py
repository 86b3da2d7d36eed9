"""One training step against the gradients of losses that a test writes down."""

import contextlib
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf


@dataclasses.dataclass
class Update:
    """One call of an optimizer: the gradients that it got, as NumPy arrays, and the weights that they are for."""

    gradients: list
    weights: list


@contextlib.contextmanager
def recorded():
    """Yields a list that gets the `Update` of each call of an optimizer. Inside, train steps run line by line."""
    updates, apply = [], keras.optimizers.Optimizer.apply

    def spy(self, gradients, weights=None):
        updates.append(Update([np.asarray(gradient) for gradient in gradients], list(weights)))
        return apply(self, gradients, weights)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.optimizers.Optimizer, "apply", spy)
        tf.config.run_functions_eagerly(True)
        try:
            yield updates
        finally:
            tf.config.run_functions_eagerly(False)


def gradients_of(loss_of, weights):
    """Returns (loss, its gradients), as NumPy arrays."""
    with tf.GradientTape() as tape:
        loss = loss_of()
    return float(loss), [np.asarray(gradient) for gradient in tape.gradient(loss, weights)]


def require_gradients(update, weights, gradients):
    """The update is of these weights and of no others, and got these gradients, their size included.

    To 1e-3 of a layer's largest, and to 2e-3 of a typical layer's: before batch normalisation, the gradients of biases
    are only rounding.
    """
    assert [id(weight) for weight in update.weights] == [id(weight) for weight in weights]
    largest = [np.abs(gradient).max() for gradient in gradients]
    assert np.median(largest) > 0, "there must be something to compare"
    for found, expected, most in zip(update.gradients, gradients, largest, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * most + 2e-3 * np.median(largest))


def require_adams_first_step(before, after, gradients, rate, epsilon=1e-8, beta_2=0.999):
    """Each weight has moved by -rate * g / (|g| + epsilon'), Adam's first step along its gradient g.

    epsilon' is epsilon / sqrt(1 - beta2), because the average of g² is divided by 1 - beta2. Small gradients are left
    out, those below 2% of a typical layer's largest: before batch normalisation, those of biases are only rounding.
    The move hardly depends on a gradient's size; `require_gradients` looks at that.
    """
    typical = np.median([np.abs(gradient).max() for gradient in gradients])
    clear = [np.abs(gradient) > 0.02 * typical for gradient in gradients]
    assert sum(each.sum() for each in clear) > 50, "there must be something to compare"
    for old, new, gradient, where in zip(before, after, gradients, clear, strict=True):
        expected = -rate * gradient / (np.abs(gradient) + epsilon / np.sqrt(1 - beta_2))
        rounding = np.abs(old).max() * 2**-23  # of float32, which a small step shows
        np.testing.assert_allclose((new - old)[where], expected[where], rtol=6e-3, atol=rounding)


def check(models, rates, step, d_loss_of, g_loss_of):
    """Takes the first step, and checks what it does to (generator, discriminator) with learning rates `rates`.

    `d_loss_of()` and `g_loss_of()` are the losses with the present weights. D's update comes first, then G's, and there
    is no other. Returns (what the step returns, d_loss, g_loss).
    """
    generator, discriminator = models
    g_weights, d_weights = generator.trainable_variables, discriminator.trainable_variables
    g_start, d_start = ([w.numpy() for w in weights] for weights in (g_weights, d_weights))
    d_loss, d_gradients = gradients_of(d_loss_of, d_weights)
    with recorded() as updates:
        found = step()
    d_update, g_update = updates
    require_gradients(d_update, d_weights, d_gradients)
    require_adams_first_step(d_start, [w.numpy() for w in d_weights], d_gradients, rates[1])
    g_after = [w.numpy() for w in g_weights]
    for weight, value in zip(g_weights, g_start, strict=True):
        weight.assign(value)
    g_loss, g_gradients = gradients_of(g_loss_of, g_weights)  # by the updated D
    require_gradients(g_update, g_weights, g_gradients)
    require_adams_first_step(g_start, g_after, g_gradients, rates[0])
    return found, d_loss, g_loss
