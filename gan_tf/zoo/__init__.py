"""A zoo of GANs: each member is one file, read from top to bottom, and one command."""

import os
import platform

# TensorFlow switches to oneDNN's convolutions by itself only on CPUs with instructions for neural networks (AVX-512
# VNNI and newer). On others they make dcgan a third faster, too. The reference does not import this: its numbers stay.
if platform.machine() in ("x86_64", "AMD64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
