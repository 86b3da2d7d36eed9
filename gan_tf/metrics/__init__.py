"""Scores of generated images, as functions of arrays, and the MNIST classifier whose activations they use."""
