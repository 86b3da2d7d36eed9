"""A faithful TensorFlow 2 port of the classic MNIST GAN script `gan_tf.py` (TensorFlow 1, 2017)."""

import os

# Without this, TensorFlow's first lines look like errors on a machine without a GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keras reads its backend once, at import. Another backend in ~/.keras/keras.json would not train here.
os.environ["KERAS_BACKEND"] = "tensorflow"

__version__ = "0.1.0"
