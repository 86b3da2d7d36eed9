"""Claims and tables about GANs, one to a file: run `python -m experiments.theory.nash`, for example."""
