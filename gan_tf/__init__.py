"""A faithful TensorFlow 2 port of the classic MNIST GAN script `gan_tf.py` (TensorFlow 1, 2017)."""

import os
import signal
import sys

# Without this, TensorFlow's first lines look like errors on a machine without a GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keras reads its backend once, at import. Another backend in ~/.keras/keras.json would not train here.
os.environ["KERAS_BACKEND"] = "tensorflow"

# Until a command runs, Ctrl-C ends it at once and without a traceback: `python -m` sets argv so while it looks for the
# command. In other programs Ctrl-C stays as it is.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

__version__ = "0.1.0"
