"""Scores of generated images, as functions of arrays, and the MNIST classifier that most of the scores use."""
