"""What a run does around the training: grids, losses, checkpoints, and stopping when it is asked to."""

import contextlib
import math
import time

import numpy as np
from absl import logging

from gan_tf import checkpoints, critics, export, models, optimizers, progress, runs, samples, summaries, training
from gan_tf.noise import sample_noise

COLLAPSED = 0.05  # a spread of samples below this share of the data's is reported as mode collapse


def make_networks(seed):
    """(generator, discriminator), untrained, as a run with this seed begins."""
    g_seed, d_seed = (int(each) for each in np.random.SeedSequence(seed).generate_state(2))
    return models.make_generator(g_seed), models.make_discriminator(d_seed)


class Loop:
    """The reference's networks, optimizers and compiled loop, as `options` ask for, ready for `images`.

    `options` has the attributes loss, d_steps, d_optimizer, g_optimizer, d_lr, g_lr, batch_size, seed, iters,
    sample_every, log_every, checkpoint_every, jit and tensorboard, which mean what the flags of gan_tf.train mean;
    `images` is float32 [n, 784]. XLA compiles here, so that it does not count as training.
    """

    def __init__(self, options, images):
        self._options = options
        generator, discriminator = make_networks(options.seed)
        self._objects = {
            "generator": generator,
            "discriminator": discriminator,
            "g_optimizer": optimizers.make_optimizer(options.g_optimizer, options.g_lr),
            "d_optimizer": optimizers.make_optimizer(options.d_optimizer, options.d_lr),
        }
        if options.d_steps == 1 and options.loss not in critics.UPDATES:
            step = training.make_train_step(**self._objects, loss=options.loss, jit=options.jit)
        else:
            step = critics.make_critic_step(
                **self._objects, loss=options.loss, d_steps=options.d_steps, seed=options.seed, jit=options.jit
            )
        self._block = min(training.BLOCK, options.sample_every, options.iters)
        self._train_block = training.make_train_block(
            step, images, options.batch_size, options.seed, self._block, options.jit, options.d_steps
        )
        self._train_block(0, 0)
        self._data_spread, self._spread = samples.spread(images[:1000]), math.inf
        self._seconds = dict.fromkeys(("grids", "checkpoints"), 0.0)

    def rate(self):
        """Measures how many iterations it does in a second; the networks are of no use afterwards."""
        self._train_block(0, self._block)
        start = time.monotonic()
        self._train_block(self._block, self._block)
        return self._block / (time.monotonic() - start)

    def train(self, out_dir, config, overwrite=False):
        """Goes on with the run in `out_dir`, or begins one: before every 1000th iteration a grid, after it its losses.

        `config` and `overwrite` are those of `runs.Run`. Returns the number of the signal that stopped it, or
        None when all iterations are done. Raises RunError and OSError.
        """
        options = self._options
        with runs.Run(out_dir, config, overwrite) as run, runs.StopSignals() as signals:
            states = checkpoints.Checkpoints(run.path / "checkpoints", **self._objects)
            first = done = run.resume(states)
            logging.info("%s", f"resumed at {first}" if first else "fresh run")
            board = summaries.Summaries(run.path, options.sample_every) if options.tensorboard else None
            start, every = time.monotonic(), (options.sample_every, options.checkpoint_every)
            with progress.Progress(first, options.iters) as report:
                for it, steps in training.blocks(first, options.iters, every, self._block):
                    if it % options.sample_every == 0:
                        with self._timed("grids"), report.aside():
                            self._draw_grid(run, it // options.sample_every)
                    losses = self._train_block(it, steps)
                    run.write_losses(it, losses, self._spread)
                    if board:
                        board.update()
                    with report.aside():
                        print_losses(it, losses, options.log_every)
                    report.update(steps)
                    done = it + steps
                    if done % options.checkpoint_every == 0 or done == options.iters or signals.number:
                        with self._timed("checkpoints"):
                            run.save(states, done)
                    if signals.number:
                        break
            self._log_time(done - first, time.monotonic() - start)
            if done == options.iters:
                export.export(run.path, self._objects["generator"], self._objects["discriminator"])
                logging.info("finished: see %s", out_dir)
            else:
                logging.info("stopped at %d of %d: the same command goes on from there", done, options.iters)
                return signals.number

    def _draw_grid(self, run, index):
        images = self._objects["generator"](sample_noise(self._options.seed, index))
        last_spread, self._spread = self._spread, samples.spread(images)
        with runs.replacing(run.path / samples.grid_name(index)) as path:
            samples.save_grid(images, path)
        log_spread(samples.grid_name(index), self._spread, last_spread, self._data_spread)

    @contextlib.contextmanager
    def _timed(self, what):
        start = time.monotonic()
        yield
        self._seconds[what] += time.monotonic() - start

    def _log_time(self, steps, seconds):
        shares = ", ".join(f"{100 * spent / seconds:.2g}% of it for {what}" for what, spent in self._seconds.items())
        logging.info("%d iterations in %.1f s, %.0f a second; %s", steps, seconds, steps / seconds, shares)


def print_losses(first, losses, log_every):
    """Prints every `log_every`-th of `losses`, those of iterations from `first` on, as the reference does."""
    for it, (d_loss, g_loss) in enumerate(losses, first):
        if it % log_every == 0:
            print(f"Iter: {it}\nD loss: {d_loss:.4}\nG_loss: {g_loss:.4}\n", flush=True)


def log_spread(name, spread, last_spread, data_spread):
    """Logs the spread of a grid's samples, and warns if it has fallen to a small share of the data's."""
    logging.info("%s: spread of the samples %.3g, of the data %.3g", name, spread, data_spread)
    if spread < COLLAPSED * data_spread <= last_spread:
        logging.warning("the samples are (nearly) identical: mode collapse; the README says why the reference's does")
