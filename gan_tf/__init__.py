"""A faithful TensorFlow 2 port of the classic MNIST GAN script `gan_tf.py` (TensorFlow 1, 2017)."""

import os

# Keras reads its backend once, at import; another one in ~/.keras/keras.json would not train here.
os.environ["KERAS_BACKEND"] = "tensorflow"

__version__ = "0.1.0"
