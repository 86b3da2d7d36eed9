"""A GAN of your own: the file that makes it is found by the name of its module, and what it makes is checked."""

import hashlib
import importlib.util
import os
import re
import sys
import tempfile
import traceback
from importlib.machinery import PathFinder
from pathlib import Path

import numpy as np

from gan_tf import members, messages
from gan_tf.runs import checkpoints
from gan_tf.runs.config import RunError

PAGE = 'see "A GAN of your own" in gan_tf/README.md'
NAME = re.compile(r"[\w-]+(\.[\w-]+)*")  # of a module
ROUNDING = {"rtol": 1e-3, "atol": 1e-5}  # for a GPU, which adds numbers in any order


def module_of(caller):
    """Returns (module, file) of a training command. `caller` is the namespace of the file that runs.

    The module is the name by which Python imports the same file, such as "my_gan" or "gan_tf.zoo.dcgan". Raises
    RunError if there is none.
    """
    file, spec = caller.get("__file__"), caller.get("__spec__")
    if not file:
        raise RunError("write this GAN into a file, such as my_gan.py, and run the file.")
    module = spec.name if spec else Path(file).stem
    if module in members.GANS:
        if _same(importlib.util.find_spec(members.GANS[module]), file):
            return members.GANS[module], file
        raise RunError(f"{module} is a GAN of gan_tf; give the file another name, such as my_{module}.py.")
    if spec:
        return module, file
    if not NAME.fullmatch(module) or "." in module or module == "__main__":
        raise RunError("give the file a name of letters, digits and _, such as my_gan.py.")
    here = os.path.realpath(os.path.dirname(file))
    elsewhere = [PathFinder.find_spec(module, [path]) for path in sys.path if os.path.realpath(path) != here]
    for other in [importlib.util.find_spec(module), *elsewhere]:
        if other and other.origin and not _same(other, file):
            words = f"Python has another module {module} ({other.origin})"
            raise RunError(f"{words}; give the file another name, such as my_{module}.py.")
    return module, file


def _same(spec, file):
    return os.path.exists(spec.origin) and os.path.samefile(spec.origin, file)


def digest(file):
    """Returns the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def require(name):
    """Raises RunError if Python finds no module for --gan=`name`. This does not import it."""
    for known, module in members.GANS.items():
        if name == module:
            raise RunError(f"--gan={name}: write --gan={known}.")
    if not NAME.fullmatch(name) or name.endswith(".py"):
        folder, file = os.path.split(name)
        before = f", and PYTHONPATH={folder} before the command" if folder else ""
        raise RunError(
            f"--gan={name}: write the name of a module, as in --gan={file.removesuffix('.py') or 'my_gan'}{before}."
        )
    try:
        found = importlib.util.find_spec(name)
    except Exception:  # of a dotted name: whatever its package raises
        found = None
    if not found or not found.origin:
        raise RunError(
            f"--gan={name}: Python finds no {name.split('.')[0]}.py; run this command in the folder of the file (cd), "
            "or write PYTHONPATH=FOLDER before the command."
        )


def load(name):
    """Imports the module `name`, which runs its code, and returns it. Raises RunError if it can make no GAN."""
    require(name)
    try:
        module = importlib.import_module(name)
    except RunError:
        raise
    except (Exception, SystemExit) as error:
        raise RunError(f"{name} cannot be imported: {place(error)}.") from error
    if not callable(getattr(module, "make", None)):
        raise RunError(f"{name} has no function make, which returns the GAN; {PAGE}.")
    return module


def place(error):
    """Returns an exception as one line, with the last line of code outside of packages that led to it."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    frames, package = traceback.extract_tb(error.__traceback__), f"{Path(__file__).parents[1]}{os.sep}"
    others = re.compile(rf"<frozen|{re.escape(package)}|.*[/\\](site|dist)-packages[/\\]")
    own = [each for each in frames if not others.match(each.filename)]
    where = f"{own[-1].filename}, line {own[-1].lineno}: " if own else ""
    return f"{where}{messages.short(f'{type(error).__name__}: {messages.reason(error)}')}"


def make(module, images, labels, **given):
    """Returns the `Gan` that `module.make` makes of a run's settings.

    The seed of the run also seeds what draws numbers without a seed of its own, such as the first weights of a Keras
    layer. Raises RunError if `make` does not take these arguments, or returns something else.
    """
    import keras

    from gan_tf.gan import Gan

    keras.utils.set_random_seed(int(np.random.SeedSequence(given["seed"]).generate_state(1)[0]))
    try:
        gan = module.make(images, labels, **given)
    except TypeError as error:
        if error.__traceback__.tb_next:  # it comes from within
            raise
        called = f"make(images, labels, {', '.join(f'{name}=…' for name in given)})"
        raise RunError(f"{module.__name__}.py: {error}; the call is {called}: {PAGE}.") from error
    if not isinstance(gan, Gan):
        raise RunError(f"{module.__name__}.py: make returned {type(gan).__name__}, not a gan_tf.gan.Gan; {PAGE}.")
    return gan


def make_checked(module, images, labels, **given):
    """As `make`. Raises RunError also if the GAN is another one without images, as gan_tf.sample makes it.

    Its first weights must be the same each time, too: otherwise the same seed gives another run.
    """
    gan, file = make(module, images, labels, **given), f"{module.__name__}.py"
    try:
        again = make(module, None, None, **given)
    except RunError:
        raise
    except Exception as error:
        words = "make must also work without images and labels (None), for gan_tf.sample"
        raise RunError(f"{file}: {words}: {place(error)}.") from error
    for name, each in gan.objects.items():
        if not name.isidentifier() or not hasattr(each, "variables"):
            raise RunError(
                f"{file}: objects must be Keras models and optimizers by name, and {name!r} is none; {PAGE}."
            )
    for name, model in gan.models.items():
        ours, theirs = (
            [np.asarray(v) for v in each.variables] if each else [] for each in (model, again.models.get(name))
        )
        if [each.shape for each in ours] != [each.shape for each in theirs]:
            raise RunError(
                f"{file}: without images, make makes another {name}; make the same networks with images and without."
            )
        if not all(map(np.array_equal, ours, theirs)):
            raise RunError(
                f"{file}: {name} gets other first weights each time, so the same seed would not give the same run; "
                "draw them from the seed, or let Keras draw them."
            )
    return gan


def check(gan, name, train_block, exact=True):
    """Trains the first two iterations twice, from the same checkpoint, and draws twice; then the GAN is as before.

    `name` is the GAN's module. Raises RunError if the losses or pictures have another form than they must have, or
    differ: then a run that resumes would be another run. If not `exact`, they may differ by rounding, as on a GPU.
    """
    import tensorflow as tf

    file, checkpoint = f"{name}.py", checkpoints.checkpoint_of(gan.objects)
    if type(gan.block) is not int or gan.block < 1:
        raise RunError(f"{file}: block must be a whole number from 1 on, not {gan.block!r}; {PAGE}.")

    def trained():
        rows = [np.asarray(train_block(iteration, 1)) for iteration in range(2)]
        if any(row.shape != (1, len(gan.loss_names)) for row in rows):
            words = f"train_block(0, 1) returned an array {list(rows[0].shape)}, not [1, {len(gan.loss_names)}]"
            named = f"loss_names ({', '.join(gan.loss_names)})"
            raise RunError(
                f"{file}: {words}: a row for each iteration, a column for each of {named}. Let the step return as many "
                "losses, or give Gan the names of those that it returns."
            )
        return np.concatenate(rows)

    def restore():
        try:
            checkpoint.read(path).assert_existing_objects_matched()
        except AssertionError as error:
            raise RunError(
                f"{file}: something in objects has got new variables in training, so no checkpoint would have fitted; "
                "build it in make, as in optimizer.build(weights)."
            ) from error

    with tempfile.TemporaryDirectory() as folder:
        try:
            path, losses = checkpoint.write(f"{folder}/first"), []
        except tf.errors.OpError as error:
            raise OSError(messages.reason(error)) from error
        for _ in range(2):
            losses.append(trained())
            restore()
    if not _equal(*losses, exact):
        iteration = int(_equal(losses[0][0], losses[1][0], exact))
        one, other = (", ".join(f"{value:.6g}" for value in each[iteration]) for each in losses)
        raise RunError(
            f"{file}: iteration {iteration}, trained twice from the same checkpoint, had losses {one} and then "
            f"{other}, so a run could not resume. Put all networks and optimizers into objects, and take all random "
            f"numbers from the seed and the iteration; {PAGE}."
        )
    for what, pictures in (
        ("draw(0)", gan.draw and (lambda: gan.draw(0))),
        ("generate(noise)", gan.generate and gan.sample),
    ):
        if pictures:
            _check_pictures(file, what, np.asarray(pictures()), np.asarray(pictures()), gan)


def _equal(one, other, exact):
    return np.array_equal(one, other, equal_nan=True) if exact else np.allclose(one, other, **ROUNDING, equal_nan=True)


def _check_pictures(file, what, pictures, again, gan):
    if pictures.shape[1:] != tuple(gan.shape) or (what == "draw(0)" and len(pictures) % gan.columns):
        form = ", ".join(map(str, gan.shape))
        rows = f", n a multiple of columns={gan.columns}" if what == "draw(0)" else ""
        raise RunError(f"{file}: {what} returned an array {list(pictures.shape)}, not [n, {form}]{rows}.")
    if not (pictures.min() >= 0 and pictures.max() <= 1):
        raise RunError(
            f"{file}: {what} returned values from {pictures.min():.4g} to {pictures.max():.4g}, not in [0, 1]; end the "
            "generator with a sigmoid, or bring its values to [0, 1] there."
        )
    if not np.allclose(pictures, again, **ROUNDING):
        raise RunError(f"{file}: {what} gave other pictures the second time; let it draw no random numbers of its own.")
