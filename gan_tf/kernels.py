"""Keras's Adadelta and Adam with the arithmetic of TensorFlow 1's kernels, operation by operation.

Keras 3 has the same formulas, but computes them in another order, and that changes the last bits. Without XLA, these
Adadelta and Adam give the kernels' results bit for bit (tests/test_optimizers.py). XLA rounds differently.
"""

import keras
from keras import ops

keras.config.set_floatx("float32")  # the learning rate is a variable: see models.py


class Adadelta(keras.optimizers.Adadelta):
    """`keras.optimizers.Adadelta`, but dividing by a root as TF1's ApplyAdadelta does, with rsqrt."""

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its two accumulators."""
        index = self._get_variable_index(variable)
        accum, accum_update = self._accumulated_grads[index], self._accumulated_delta_vars[index]
        self.assign(accum, accum * self.rho + ops.square(gradient) * (1 - self.rho))
        update = self._update(accum, accum_update, gradient)
        self.assign(accum_update, accum_update * self.rho + ops.square(update) * (1 - self.rho))
        self.assign_sub(variable, update * learning_rate)

    def _update(self, accum, accum_update, gradient):
        return ops.sqrt(accum_update + self.epsilon) * ops.rsqrt(accum + self.epsilon) * gradient


class Adadelta2017(Adadelta):
    """Adadelta as TF1's CPU kernel had it in 2017: a bug took the weight's step from the accumulator's new value.

    The kernel kept `update` as an expression, and computed it again after accum_update had changed. So the first step
    is sqrt(2) times as long. Later versions of TF1, and its GPU kernel, compute `Adadelta`.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its two accumulators."""
        index = self._get_variable_index(variable)
        accum, accum_update = self._accumulated_grads[index], self._accumulated_delta_vars[index]
        self.assign(accum, accum * self.rho + ops.square(gradient) * (1 - self.rho))
        square = ops.square(self._update(accum, accum_update, gradient))
        self.assign(accum_update, accum_update * self.rho + square * (1 - self.rho))
        self.assign_sub(variable, self._update(accum, accum_update, gradient) * learning_rate)


class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, but with the powers of beta as TF1's AdamOptimizer has them.

    TF1 keeps beta_1^t and beta_2^t as float32 variables that it multiplies up at each step; Keras calls
    `power()`, which differs in the last bit, and in the first steps 1 - beta_2^t amplifies that by up to
    1 / (1 - beta_2) = 1000. Most of the distance between a Keras step and TF1's graph comes from here.
    """

    def build(self, variables):
        """Adds the two powers to Keras's variables, so that checkpoints have them."""
        if not self.built:
            super().build(variables)
            self.beta_1_power = self._add_power(self.beta_1, "beta_1_power")
            self.beta_2_power = self._add_power(self.beta_2, "beta_2_power")

    def _add_power(self, beta, name):
        return self.add_variable([], initializer=keras.initializers.Constant(beta), name=name)

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its two moments."""
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        alpha = learning_rate * ops.sqrt(1 - self.beta_2_power) / (1 - self.beta_1_power)
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        self.assign_sub(variable, m * alpha / (ops.sqrt(v) + self.epsilon))

    def apply(self, gradients, variables=None):
        """Updates all variables, then the powers, in TF1's order."""
        super().apply(gradients, variables)
        self.beta_1_power.assign(self.beta_1_power * self.beta_1)
        self.beta_2_power.assign(self.beta_2_power * self.beta_2)
