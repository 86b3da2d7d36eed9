"""Writes the networks, plots and page of a run: python -m gan_tf.export --run_dir=out.

The networks as Keras files, the losses as a plot, the grids as an animation, the run as a page. Training does this at
its end.
"""

from pathlib import Path

from absl import flags, logging

from gan_tf import restore
from gan_tf.messages import counted
from gan_tf.runs import command_line
from gan_tf.runs.folder import RunError


def main():
    """Exports the newest state of the run in --run_dir."""
    run_dir = Path(flags.FLAGS.run_dir)
    restore.check_run(run_dir, flags.FLAGS.gan)  # before TensorFlow, which takes seconds to import
    command_line.import_tensorflow()
    from gan_tf.runs.export import export

    gan, iteration = restore.load_run(run_dir, flags.FLAGS.gan)
    written = export(run_dir, gan, iteration)
    logging.info("%s after %s: wrote %s", run_dir, counted(iteration, "iteration"), ", ".join(written))


if __name__ == "__main__":
    flags.DEFINE_string("run_dir", "out", "Folder of a run; its newest checkpoint is exported.")
    flags.DEFINE_string("gan", None, restore.GAN_HELP)
    command_line.run(main, {"Flags": ["run_dir", "gan"]}, (restore.LoadError, RunError, OSError))
