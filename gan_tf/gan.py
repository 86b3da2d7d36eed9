"""`Gan`: what a GAN provides, so that the same loop trains, resumes, draws, logs, exports and samples all of them."""

import contextlib
import dataclasses
import signal
import threading
from collections.abc import Callable

import numpy as np
import tqdm

from gan_tf import grids, messages
from gan_tf.noise import USER_NOISE
from gan_tf.parts import in_batches


@dataclasses.dataclass
class Gan:
    """A GAN, ready to train. `reference.make` makes the reference; a new GAN is a new file with such a `make`.

    Every number of iteration i must depend only on the seed and on i. Then a run that was stopped resumes bit for bit.

    What every GAN provides:

    objects: name → Keras model, layer or optimizer. This is what a checkpoint holds.
    train_block: `train_block(first, steps)` trains iterations `first` … `first + steps - 1`, at most `block` of them,
        and returns their losses, float32 [steps, len(loss_names)]. With `steps` = 0 it only compiles. None if the GAN
        was made without images: then it can draw, but not train.
    block: how many iterations one call of `train_block` can take.

    What it may provide:

    loss_names: the columns of losses.csv, and what is printed.
    draw: `draw(index)` returns the pictures of grid number `index`, float32 [n, height, width, channels] in [0, 1], n
        a multiple of `columns`. None for a GAN without pictures. One channel is grey, three are red, green and blue.
    shape: the shape of one picture, (height, width, channels). A GAN that draws needs it.
    columns: how many pictures a row of a grid has.
    measures: name → function of what `draw` returned. They are further columns of losses.csv, one value for each grid.
        The log warns of mode collapse if there is a measure called "spread" and it falls below 5% of the
        real pictures' spread.
    real_pictures: float32 [n, height, width, channels] in [0, 1]. The log shows their measures next to those of the
        drawn pictures.
    make_noise, generate: `generate(make_noise(seed, stream, count))` returns `count` pictures, float32 [count, height,
        width, channels]. `stream` is one of the streams in gan_tf.noise.
    solids: of a GAN that makes no pictures but solids: `solids(make_noise(seed, stream, count))` returns `count` of
        them, float32 [count, side, side, side] in [0, 1]. `gan_tf.metrics.solids.view` shows them.
    conditions: what one can ask this GAN for, such as ("0", "1", …). Then `make_noise(seed, stream, count, condition)`
        makes noise that asks for one of these; with None, for all of them in turn.
    codes: parts of the noise that mean something: {name: (first, last + 1 of its columns)}. A part of one column is a
        number; of several columns one is 1 and the others are 0. For the page of a run.
    asked: `asked(noise)` returns the class that each row of noise asks for, int [n]. For gan_tf.evaluate.
    scores: `scores(test)` returns {title: (value, standard error or None)}: what gan_tf.evaluate measures of this GAN's
        networks on a `data.Dataset` that it was not trained on.
    discriminate: `discriminate(images)` returns a logit for each image, float32 [n, 1].
    boundary: above this logit D means "real". None if D does not say this, as a critic.
    collapse_advice: what the log says after "mode collapse": what the user can do.
    blind_d_loss: D's loss when D outputs 1/2 for every image, for the plot of the losses.
    also: name → digest of the data sets that `make` loaded itself. A run resumes only with the same ones.
    first_phase: the number of iterations before the GAN itself, such as pre-training. No call of `train_block` crosses
        this limit.
    """

    objects: dict
    train_block: Callable | None
    block: int
    loss_names: tuple[str, ...] = ("d_loss", "g_loss")
    draw: Callable | None = None
    shape: tuple[int, ...] = ()
    columns: int = 4
    measures: dict = dataclasses.field(default_factory=dict)
    real_pictures: np.ndarray | None = None
    make_noise: Callable | None = None
    generate: Callable | None = None
    solids: Callable | None = None
    conditions: tuple[str, ...] = ()
    codes: dict = dataclasses.field(default_factory=dict)
    asked: Callable | None = None
    scores: Callable | None = None
    discriminate: Callable | None = None
    boundary: float | None = None
    collapse_advice: str = ""
    blind_d_loss: float | None = None
    also: dict = dataclasses.field(default_factory=dict)
    first_phase: int = 0

    iteration: int = dataclasses.field(default=0, init=False)  # how many iterations `train` has done

    def __post_init__(self):
        if (self.draw or self.generate) and not self.shape:
            raise ValueError("a GAN that draws must say the shape of one picture: shape=(height, width, channels)")

    @property
    def models(self):
        """The Keras models among `objects`, by name. These are exported as .keras files."""
        import keras

        return {name: each for name, each in self.objects.items() if isinstance(each, keras.Model)}

    def pieces(self, first, stop, every=()):
        """Cuts iterations `first` … `stop - 1` into (first, steps), also at the multiples of the numbers `every`."""
        middle = min(max(first, self.first_phase), stop)
        yield from pieces(first, middle, every, self.block)
        yield from pieces(middle, stop, every, self.block)

    def train(self, steps):
        """Trains `steps` more iterations with a progress bar, and returns their losses.

        The losses are float32 [steps, len(loss_names)], each taken before its own network's update. They are the
        same as those of a run of `python -m gan_tf.train` with the same settings, bit for bit (same machine and
        device). Raises ValueError if the GAN was made without images, or if `steps` is less than 1.

        Ctrl-C raises KeyboardInterrupt after the current block, within seconds. The GAN keeps what it has learned, and
        `iteration` says how far it is. Call `train` again to continue: nothing is different from training without a
        stop. Only the losses of the call that was stopped are lost.
        """
        if self.train_block is None:
            raise ValueError("this GAN was made without images: it can draw, but not train")
        if steps < 1:
            raise ValueError(f"steps must be at least 1, not {steps}")
        losses = []
        with tqdm.tqdm(total=steps, unit="it") as bar:
            for first, count in self.pieces(self.iteration, self.iteration + steps):
                with _interrupt_later():
                    losses.append(self.train_block(first, count))
                    self.iteration += count
                bar.update(count)
        return np.concatenate(losses)

    def noise(self, seed, stream, count, condition=None):
        """Returns noise for `generate`, as `make_noise` does. Raises ValueError if there is no such `condition`."""
        if not self.conditions and condition is None:
            return self.make_noise(seed, stream, count)
        if condition is not None and condition not in self.conditions:
            raise ValueError(messages.no_such(condition, self.conditions))
        return self.make_noise(seed, stream, count, condition)

    def sample(self, count=16, seed=0, condition=None):
        """Returns `count` new pictures, float32 [count, height, width, channels] in [0, 1], the same for a `seed`.

        `condition` is one of `conditions`, for a GAN that has some. Raises ValueError if it is not, or if this GAN
        makes no pictures from noise.
        """
        if self.generate is None:
            raise ValueError("this GAN draws no single images from noise")
        return in_batches(self.generate, self.noise(seed, USER_NOISE, count, condition))

    def show(self, path=None, count=None, seed=0, condition=None):
        """Shows a grid of `count` new pictures; with `path`, writes it to this PNG file instead.

        A row has `columns` pictures; without `count` there are four rows. As in the script, each grey picture is
        stretched to its own black and white. Raises ValueError if `count` does not fill the rows, or as `sample` does.
        """
        images = self.sample(count or 4 * self.columns, seed, condition)
        if path is not None:
            grids.save_grid(images, path, self.columns)
            return
        import matplotlib.pyplot as plt

        plt.imshow(grids.grid(images, self.columns).squeeze(), cmap="gray", vmin=0, vmax=1)
        plt.axis("off")
        plt.show()


@contextlib.contextmanager
def _interrupt_later():
    """Within this context Ctrl-C waits for its end. In the middle of a block the weights belong to no iteration."""
    before, interrupts = signal.getsignal(signal.SIGINT), []
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield  # Ctrl-C interrupts only the main thread, and only if Python handles it
        return
    signal.signal(signal.SIGINT, lambda *given: interrupts.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        before(*interrupts[0])


def pieces(first, stop, every, block):
    """Cuts iterations `first` … `stop - 1` into (first, steps).

    It cuts at every multiple of each of the numbers `every`; a piece is at most `block` long.
    """
    while first < stop:
        end = min(first + block, stop, *(first - first % n + n for n in every))
        yield first, end - first
        first = end
