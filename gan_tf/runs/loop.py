"""The loop of a run: trains any `Gan`, with grids, losses.csv, checkpoints, and a clean stop when asked."""

import contextlib
import math
import time

from absl import logging

from gan_tf import grids, members, messages
from gan_tf.runs import checkpoints, export, folder, progress, signals, tensorboard

COLLAPSED = 0.05  # a spread of samples below this share of the real images' is reported as mode collapse
# What the script prints before its two losses. Other losses are printed under their own names.
PRINTED = {"d_loss": "D loss", "g_loss": "G_loss"}


class Loop:
    """Trains `gan`, a `gan_tf.gan.Gan`, as `options` say.

    `options` has the attributes iters, sample_every, log_every, checkpoint_every and tensorboard, which mean what the
    flags of gan_tf.train mean. The GAN is compiled here, so that this does not count as training. Raises RunError if
    the device has too little memory.
    """

    def __init__(self, gan, options):
        self._gan, self._options = gan, options
        self.train_block(0, 0)
        self._of_real = {} if gan.real_pictures is None else self._measure(gan.real_pictures)
        self._measured = dict.fromkeys(gan.measures, math.nan)  # of the last grid
        self._seconds = dict.fromkeys(("grids", "checkpoints"), 0.0)

    def train_block(self, first, steps):
        """As the `Gan`'s. Raises RunError if the device has too little memory."""
        import tensorflow as tf

        try:
            return self._gan.train_block(first, steps)
        except tf.errors.ResourceExhaustedError as error:
            raise folder.RunError("the device has too little memory for this; use a smaller --batch_size.") from error

    def rate(self):
        """Measures how many iterations it does in a second. This trains the networks: do not use them afterwards."""
        block = self._gan.block
        self._gan.train_block(0, block)
        start = time.monotonic()
        self._gan.train_block(block, block)
        return block / (time.monotonic() - start)

    def train(self, out_dir, config, overwrite=False):
        """Starts the run in `out_dir`, or resumes it.

        Before every `sample_every`-th iteration it draws a grid, and after every `log_every`-th it prints the losses.
        `config` and `overwrite` are those of `folder.Run`. Returns the number of the signal that stopped the run, or
        None when all iterations are done. Raises RunError and OSError.
        """
        gan, options = self._gan, self._options
        if gan.also:
            config["data"]["also"] = gan.also
        with folder.Run(out_dir, config, overwrite) as run, signals.StopSignals() as stop:
            states = checkpoints.Checkpoints(run.path / "checkpoints", **gan.objects)
            first = done = run.resume(states)
            self._measured |= run.last_measured()
            logging.info("%s", f"resumed at {first}" if first else "fresh run")
            if first > options.iters:
                logging.info("this run has more iterations already than --iters=%d", options.iters)
            board = tensorboard.Summaries(run.path, options.sample_every, gan.shape) if options.tensorboard else None
            start, every = time.monotonic(), (options.sample_every, options.checkpoint_every)
            with progress.Progress(first, options.iters) as report:
                for it, steps in gan.pieces(first, options.iters, every):
                    if it % options.sample_every == 0:
                        with self._timed("grids"), report.aside():
                            self._draw_grid(run, it // options.sample_every)
                    losses = self.train_block(it, steps)
                    run.write_losses(it, losses, self._measured.values())
                    if board:
                        board.update()
                    with report.aside():
                        print_losses(it, losses, options.log_every, gan.loss_names)
                    report.update(steps)
                    done, stopped_by = it + steps, stop.number  # read once: a signal may come at any moment
                    if done % options.checkpoint_every == 0 or done == options.iters or stopped_by:
                        with self._timed("checkpoints"):
                            run.save(states, done)
                    if stopped_by:
                        break
            if done > first:
                self._log_time(done - first, time.monotonic() - start)
            if done >= options.iters:
                run.check_folder()
                export.export(run.path, gan, done)
                logging.info("finished: open %s", run.path / "report.html")
            else:
                asked = members.flag(config["gan"]["name"])
                logging.info("for a page of the run so far: python -m gan_tf.report --run_dir=%s%s", run.path, asked)
                words = "stopped at %d of %d; run the same command%s to resume"
                logging.info(words, done, options.iters, " without --overwrite" if overwrite else "")
                return stopped_by

    def _draw_grid(self, run, index):
        name, pictures = grids.grid_name(index), None
        if self._gan.draw:
            pictures = self._gan.draw(index)
            with run.writing_grid(name) as path:
                grids.save_grid(pictures, path, self._gan.columns)
        last, self._measured = self._measured, self._measure(pictures)
        for measure, value in self._measured.items():
            if measure == "spread" and self._of_real:
                log_spread(name, value, last["spread"], self._of_real["spread"], self._gan.collapse_advice)
            else:
                logging.info("%s: %s %.4g", name, measure, value)

    def _measure(self, pictures):
        return {name: measure(pictures) for name, measure in self._gan.measures.items()}

    @contextlib.contextmanager
    def _timed(self, what):
        start = time.monotonic()
        yield
        self._seconds[what] += time.monotonic() - start

    def _log_time(self, steps, seconds):
        shares = " and ".join(f"{100 * spent / seconds:.1f}% on {what}" for what, spent in self._seconds.items())
        words = "%s in %.1f s, %s; of this time %s"
        logging.info(words, messages.counted(steps, "iteration"), seconds, messages.speed(steps / seconds), shares)


def print_losses(first, losses, log_every, names):
    """Prints every `log_every`-th of `losses`, which begin with iteration `first`, as the script does."""
    for it, values in enumerate(losses, first):
        if it % log_every == 0:
            lines = (f"{PRINTED.get(name, name)}: {value:.4}\n" for name, value in zip(names, values, strict=True))
            print(f"Iter: {it}\n{''.join(lines)}", flush=True)


def log_spread(name, spread, last_spread, real_spread, advice):
    """Logs the spread of a grid's samples. Warns when the spread first falls below 5% of the real
    images'.

    `last_spread` is NaN before the first grid: untrained networks may draw nearly the same pictures.
    """
    logging.info("%s: spread of the samples %.3g, of real images %.3g", name, spread, real_spread)
    if spread < COLLAPSED * real_spread <= last_spread:
        logging.warning("mode collapse: all samples are (nearly) the same%s", advice)
