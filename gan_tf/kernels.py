"""Keras's Adadelta and Adam, computed as TensorFlow 1's kernels compute them: the same operations in the same order.

A kernel is TensorFlow's compiled code for one operation. Keras 3 has the same formulas, but computes them in another
order, and that changes the last bits. Without XLA, the Adadelta and the Adam of this file give the kernels' results bit
for bit (tests/test_optimizers.py). XLA rounds differently.
"""

import keras
from keras import ops

keras.config.set_floatx("float32")  # the learning rate is a variable: see models.py


class Adadelta(keras.optimizers.Adadelta):
    """`keras.optimizers.Adadelta`, except that it multiplies by rsqrt(x), as TF1 does; Keras divides by sqrt(x)."""

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
    """Adadelta with the bug of TF1's CPU kernel of 2017: it computed a weight's step from the new accum_update.

    The kernel kept `update` as an expression, and computed it a second time after accum_update had changed. So the
    first step is sqrt(2) times as long. Later versions of TF1, and its GPU kernel, are correct: they do `Adadelta`.
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
    """`keras.optimizers.Adam`, except that the powers of beta are computed as in TF1's AdamOptimizer.

    TF1 keeps beta_1^t and beta_2^t as float32 variables. At each step it multiplies them by beta_1 and beta_2. Keras
    calls `power()` instead, and the last bit differs. In the first steps 1 - beta_2^t makes this difference larger, by
    a factor of up to 1 / (1 - beta_2) = 1000. Most of the difference between a step of Keras and one of TF1 comes from
    here.
    """

    def build(self, variables):
        """Adds the two powers to Keras's variables, so that checkpoints contain them."""
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

    def apply(self, grads, trainable_variables=None):
        """Updates all variables, then the powers, in TF1's order."""
        super().apply(grads, trainable_variables)
        self.beta_1_power.assign(self.beta_1_power * self.beta_1)
        self.beta_2_power.assign(self.beta_2_power * self.beta_2)
