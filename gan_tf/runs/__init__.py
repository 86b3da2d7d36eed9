"""Everything around training that is not a GAN: folder, checkpoints, loop, progress, export, command line."""
