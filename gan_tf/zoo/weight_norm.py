"""A dense layer with weight normalisation (Salimans and Kingma 2016, arXiv:1602.07868)."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_tf")
class WeightNormDense(keras.layers.Layer):
    """A dense layer whose kernel has the columns g v / |v|, each with a direction v and a length g.

    The optimizer moves v (`kernel`). Each update makes v longer, so later updates of the same size turn it less.
    g (`scale`) is learned only with `train_scale`.
    """

    def __init__(self, units, activation=None, kernel_initializer="glorot_uniform", train_scale=False, **options):
        super().__init__(**options)
        self.units, self.train_scale = units, train_scale
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.kernel = self.add_weight([input_shape[-1], self.units], self.kernel_initializer, name="kernel")
        self.bias = self.add_weight([self.units], "zeros", name="bias")
        self.scale = self.add_weight([self.units], "ones", trainable=self.train_scale, name="scale")

    def normalised(self):
        """The kernel g v / |v|, float32 [inputs, units]."""
        return self.kernel * (self.scale / tf.norm(self.kernel, axis=0))

    def start_from(self, x):
        """Chooses the first g and bias from inputs x, float32 [n, inputs]: outputs have mean 0 and deviation 1.

        These are the outputs before the activation function (section 3 of the paper).
        """
        self.scale.assign(tf.ones_like(self.scale))
        mean, variance = tf.nn.moments(x @ self.normalised(), axes=[0])
        self.scale.assign(1 / tf.sqrt(variance))
        self.bias.assign(-mean / tf.sqrt(variance))

    def call(self, x):
        return self.activation(x @ self.normalised() + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "train_scale": self.train_scale,
        }
