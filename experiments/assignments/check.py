"""Checks an assignment and says what is wrong: python -m experiments.assignments.check losses

    losses   experiments/assignments/losses.py   the two losses, from the formula
    step     experiments/assignments/step.py     the order of a training step, and the variables that it changes
    score    experiments/assignments/score.py    the Inception score, from class probabilities

It prints the first thing that is wrong, and its exit status is then 1.
"""

import importlib.util
import re
import sys
import traceback
from pathlib import Path

import numpy as np
from absl import flags

from gan_tf import messages
from gan_tf.runs import command_line

FLAGS = flags.FLAGS
FOLDER = Path(__file__).parent


class Wrong(Exception):
    """What is wrong with an answer, in one sentence for the student."""


def load(path):
    """Runs the Python file `path` and returns it as a module. Raises Wrong if it cannot be run."""
    spec = importlib.util.spec_from_file_location(f"answer_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"line {error.lineno} of {path}" if error.lineno else path
        raise Wrong(f"Python does not understand {where}: {error.msg.rstrip('.?')}.") from None
    except (Exception, SystemExit) as error:
        raise Wrong(f"{path} ends with {plain(error, path)}") from None
    return module


def plain(error, path):
    """Returns an exception as one line, with the last line of the file `path` that led to it."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if Path(each.filename) == Path(path)]
    said = re.sub(r"\x1b\[\d*m", "", str(error))  # Keras prints in bold
    said = re.sub(r"^Exception encountered when calling .*\s+", "", said)  # and begins with a line that says nothing
    words = f"{type(error).__name__}: {messages.reason(said)}" if said.strip() else type(error).__name__
    if isinstance(error, SystemExit):
        words = "exit(), which also ends the check: leave it out"
    return f"{words.rstrip('.')}{f' (line {lines[-1]})' if lines else ''}."


def call(module, name, *arguments):
    """Returns what the student's function `name` returns. Raises Wrong if it has a gap, fails, or returns nothing."""
    function = getattr(module, name, None)
    if not callable(function):
        raise Wrong(f"the function {name} is missing; keep its name.")
    if hasattr(function, "get_concrete_function"):
        raise Wrong(f"leave out `@tf.function` before {name}: the check looks at each step of it.")
    try:
        result = function(*arguments)
    except Wrong:
        raise
    except NotImplementedError as error:
        if str(error):  # it comes from a package
            raise Wrong(f"{name} ends with {plain(error, module.__file__)}") from None
        raise Wrong(f"{name} still has its gap: write your code in place of `raise NotImplementedError`.") from None
    except (Exception, SystemExit) as error:
        raise Wrong(f"{name} ends with {plain(error, module.__file__)}") from None
    if result is None:
        raise Wrong(f"{name} returns nothing: its last line must be `return …`.")
    return result


def number(value, what):
    """Returns `value` as a float. Raises Wrong if it is not one number."""
    given = value
    try:
        value = np.asarray(given)
        if value.dtype.kind not in "biuf":
            raise TypeError
    except (TypeError, ValueError):
        raise Wrong(f"{what} is to be one number, but is {messages.short(' '.join(repr(given).split()))}.") from None
    if value.size != 1:
        raise Wrong(f"{what} has the shape {list(value.shape)}, but is to be one number: take the mean.")
    return float(value.reshape(()))


def equal(a, b):
    """True if two arrays are equal to within the rounding of float32."""
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=1e-4, atol=1e-6))


def compare(found, right, mistakes, what):
    """Raises Wrong unless `found` is `right`, if possible with the sentence of the mistake that gives `found`.

    `mistakes` is {sentence: the value that this mistake gives}.
    """
    if equal(found, right):
        return
    for sentence, value in mistakes.items():
        if equal(found, value):
            raise Wrong(sentence)
    if np.isnan(found).any():
        raise Wrong(f"{what} is not a number (nan): is there a logarithm of 0, or of a negative number?")
    if np.ndim(found) == 0:
        shown = f" It is {found:.4f} and should be {right:.4f}, but this is no mistake that I know."
        raise Wrong(f"{what} is not what the formula says.{shown}")
    factor = np.dot(found, right) / np.dot(right, right)
    if equal(found, factor * right):
        raise Wrong(f"{what} is {factor:.4g} times what the formula says: is there a factor before the loss?")
    raise Wrong(f"{what} is not what the formula says.")


def softplus(t):
    """log(1 + exp(t)), so -log sigmoid(t) = softplus(-t)."""
    return np.logaddexp(0, t)


def sigmoid(t):
    """1 / (1 + exp(-t))."""
    return 1 / (1 + np.exp(-t))


def check_losses(module):
    """Checks `d_loss` and `g_loss`, on a few logits and on large ones."""
    import tensorflow as tf

    # One image more in one batch: a mean over both together gives another number.
    real, fake = np.array([[1.5], [-0.5], [3.0], [0.25]]), np.array([[-2.0], [0.75], [1.0]])
    of_real, of_fake = softplus(-real).mean(), softplus(fake).mean()
    both = np.concatenate([softplus(-real), softplus(fake)])
    # What Keras makes of logits that it takes for probabilities: it first brings them between 1e-7 and 1 - 1e-7.
    keras_real, keras_fake = (np.clip(each, 1e-7, 1 - np.float32(1e-7)) for each in (real, fake))
    logits = tf.constant(real, tf.float32), tf.constant(fake, tf.float32)
    compare(
        number(call(module, "d_loss", *logits), "your D loss"),
        of_real + of_fake,
        {
            "your D loss is that of swapped labels: 1 means real, so D(x) of real images should grow.": softplus(
                real
            ).mean()
            + softplus(-fake).mean(),
            "your D loss has the wrong sign: D minimises it, and the logarithms are negative.": -of_real - of_fake,
            "your D loss is half of what it should be: add the two means.": (of_real + of_fake) / 2,
            "your D loss is one mean over all images: take a mean of each kind, and add them.": both.mean(),
            "your D loss has a sum where the formula has a mean.": both.sum(),
            "your D loss leaves out the generated images.": of_real,
            "your D loss leaves out the real images.": of_fake,
            "your D loss wants generated images to be called real: take log(1 - D(G(z))).": of_real
            + softplus(-fake).mean(),
            "your D loss applies the sigmoid twice: the function that you use does it already.": softplus(
                -sigmoid(real)
            ).mean()
            + softplus(sigmoid(fake)).mean(),
            "your D loss takes logits for probabilities: say from_logits=True.": -np.log(keras_real).mean()
            - np.log(1 - keras_fake).mean(),
        },
        "your D loss",
    )
    compare(
        number(call(module, "g_loss", logits[1]), "your G loss"),
        softplus(-fake).mean(),
        {
            "your G loss is the minimax loss, mean log(1 - D(G(z))): asked is -mean log D(G(z)).": -of_fake,
            "your G loss is D's: it falls when D calls G's images fake.": of_fake,
            "your G loss has the wrong sign: G minimises it, and the logarithm is negative.": -softplus(-fake).mean(),
            "your G loss has a sum where the formula has a mean.": softplus(-fake).sum(),
            "your G loss applies the sigmoid twice: the function that you use does it already.": softplus(
                -sigmoid(fake)
            ).mean(),
            "your G loss takes logits for probabilities: say from_logits=True.": -np.log(keras_fake).mean(),
        },
        "your G loss",
    )
    large = tf.constant([[200.0]])
    for what, value, right in (
        ("D", call(module, "d_loss", -large, large), 400.0),
        ("G", call(module, "g_loss", -large), 200.0),
    ):
        if not equal(number(value, f"your {what} loss"), right):
            raise Wrong(
                f"your {what} loss is {number(value, ''):.4g} for logits of ±200, and should be {right:.0f}: "
                "the sigmoid rounds to 0 or 1 there. Use softplus."
            )


def check_step(module):
    """Checks `train_step` with two networks of one dense layer, whose gradients are computed here by hand."""
    import keras
    import tensorflow as tf

    calls = []

    class Spy(keras.optimizers.SGD):
        def apply(self, grads, trainable_variables=None):
            optimizer = f"{self.name.lower()}_optimizer"
            grads, weights = list(grads), list([] if trainable_variables is None else trainable_variables)
            variables = (keras.Variable, tf.Variable)
            lists = all(isinstance(w, variables) for w in weights) and not any(isinstance(g, tuple) for g in grads)
            if len(grads) != len(weights) or not lists:
                raise Wrong(f"write {optimizer}.apply(gradients, weights): two lists, equally long, in this order.")
            if any(g is not None and g.shape != w.shape for g, w in zip(grads, weights, strict=True)):
                raise Wrong(
                    f"the gradients that you give {optimizer} are those of other weights: take tape.gradient(loss, "
                    "weights) and apply(gradients, weights) with the same weights."
                )
            calls.append(
                (self.name, [id(each) for each in weights], [None if g is None else np.array(g) for g in grads])
            )
            if all(g is not None for g in grads):
                super().apply(grads, weights)

    random = np.random.default_rng(0)
    real, d_noise, g_noise = (random.normal(size=[n, k]) for n, k in ((4, 2), (4, 3), (4, 3)))
    a, c, w, b = (random.normal(size=shape) for shape in ([3, 2], [2], [2, 1], [1]))  # G(z) = z a + c; D(x) = x w + b
    networks = []
    for inputs, weights in ((3, [a, c]), (2, [w, b])):
        network = keras.Sequential([keras.Input([inputs]), keras.layers.Dense(weights[1].size)])
        network.set_weights(weights)
        networks.append(network)
    optimizers = Spy(0.5, name="G"), Spy(0.3, name="D")
    tensors = (tf.constant(each, tf.float32) for each in (real, d_noise, g_noise))
    result = call(module, "train_step", *networks, *optimizers, *tensors)

    ids = {
        name: [id(each) for each in network.trainable_variables] for name, network in zip("GD", networks, strict=True)
    }
    order = [name for name, *_ in calls]
    for name, other in (("D", "G"), ("G", "D")):
        optimizer = f"{name.lower()}_optimizer"
        if name not in order:
            raise Wrong(f"{name} is not updated: call {optimizer}.apply(gradients, weights).")
        if order.count(name) > 1:
            raise Wrong(f"{name} is updated {order.count(name)} times: once is asked.")
        _, changed, gradients = calls[order.index(name)]
        if set(changed) & set(ids[other]):
            raise Wrong(
                f"{name}'s step changes {other}'s weights: give {optimizer} only the trainable_variables of {name}."
            )
        if any(gradient is None for gradient in gradients):
            raise Wrong(
                f"a gradient of {name}'s weights is None: the tape must see how the loss depends on them. Call the "
                f"{'discriminator' if name == 'D' else 'generator'} inside of `with tf.GradientTape()`."
            )
        if set(changed) != set(ids[name]):
            raise Wrong(f"{name}'s step leaves out some of {name}'s weights: take all of its trainable_variables.")
    if order == ["G", "D"]:
        raise Wrong("G is updated before D: first D learns, then G learns from the new D.")

    def gradients_of(name):
        _, changed, gradients = calls[order.index(name)]
        return np.concatenate([gradients[changed.index(each)].ravel() for each in ids[name]])

    def of_d(noise, real_label=1.0, fake_label=0.0):
        fake = noise @ a + c
        by_real, by_fake = sigmoid(real @ w + b) - real_label, sigmoid(fake @ w + b) - fake_label  # dL / dlogit
        return np.append(real.T @ by_real + fake.T @ by_fake, (by_real + by_fake).sum()) / len(real)

    def of_g(noise, w, b, minimax=False):
        d = sigmoid((noise @ a + c) @ w + b)
        by_images = (-d if minimax else d - 1) @ w.T / len(noise)
        return np.append(noise.T @ by_images, by_images.sum(axis=0))

    right = of_d(d_noise)
    compare(
        gradients_of("D"),
        right,
        {
            "D climbs: its gradient has the wrong sign.": -right,
            "D's step uses g_noise: take d_noise.": of_d(g_noise),
            "D learns swapped labels: give real_logits first, then fake_logits.": of_d(d_noise, 0.0, 1.0),
            "D learns that generated images are real.": of_d(d_noise, 1.0, 1.0),
        },
        "D's gradient",
    )
    new_w, new_b = w - 0.3 * right[:2, None], b - 0.3 * right[2:]
    right = of_g(g_noise, new_w, new_b)
    compare(
        gradients_of("G"),
        right,
        {
            "G climbs: its gradient has the wrong sign.": -right,
            "G learns from the old D: compute D's logits again, after D's update.": of_g(g_noise, w, b),
            "G's step uses d_noise: take g_noise.": of_g(d_noise, new_w, new_b),
            "G's step uses the images of D's step, and the old D: draw new ones with g_noise, after D's update.": of_g(
                d_noise, w, b
            ),
            "G minimises minus D's loss: take non_saturating_g_loss.": of_g(g_noise, new_w, new_b, minimax=True),
            "G minimises D's loss: take non_saturating_g_loss.": -of_g(g_noise, new_w, new_b, minimax=True),
        },
        "G's gradient",
    )
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong("train_step is to return two losses: `return d_loss, g_loss`.")

    def d_loss(w, b):
        return softplus(-(real @ w + b)).mean() + softplus((d_noise @ a + c) @ w + b).mean()

    def g_loss(a, c, w=new_w, b=new_b):
        return softplus(-((g_noise @ a + c) @ w + b)).mean()

    values = [number(each, "a loss") for each in result]
    compare(
        values[0],
        d_loss(w, b),
        {
            "the first loss that you return is G's: write `return d_loss, g_loss`.": g_loss(a, c),
            "d_loss is that of after D's update: return the one whose gradient you took.": d_loss(new_w, new_b),
        },
        "the first loss",
    )
    moves = 0.5 * right
    compare(
        values[1],
        g_loss(a, c),
        {
            "the second loss that you return is D's: write `return d_loss, g_loss`.": d_loss(w, b),
            "g_loss is that of after G's update: return the one whose gradient you took.": g_loss(
                a - moves[: a.size].reshape(a.shape), c - moves[a.size :]
            ),
        },
        "the second loss",
    )


def check_score(module):
    """Checks `inception_score` on any probabilities, on certain ones, and on equal ones."""
    p = np.random.default_rng(0).dirichlet(np.full(4, 0.6), 6)
    marginal = p.mean(axis=0)
    divergences = (p * np.log(p / marginal)).sum(axis=1)
    entropies = -(p * np.log(p)).sum(axis=1), -(marginal * np.log(marginal)).sum()
    along = p.mean(axis=1, keepdims=True)
    compare(
        number(call(module, "inception_score", p), "your score"),
        np.exp(divergences.mean()),
        {
            "your score is its own logarithm: exp is missing.": divergences.mean(),
            "your KL divergence is the wrong way round: it is KL(p(y|x) ‖ p(y)).": np.exp(
                (marginal * np.log(marginal / p)).sum(axis=1).mean()
            ),
            "your score has a sum over the images: take their mean.": np.exp(divergences.sum()),
            "your score has a mean over the classes: KL is a sum over them.": np.exp(divergences.mean() / p.shape[1]),
            "your KL divergence is a sum over the images: it is one over the classes, axis=1.": np.exp(
                divergences.sum() / p.shape[1]
            ),
            "your KL divergence leaves out the factor p before the logarithm.": np.exp(
                np.log(p / marginal).sum(axis=1).mean()
            ),
            "your p(y) is a sum over the images: take their mean.": np.exp(divergences.mean() - np.log(len(p))),
            "your p(y) is a mean over the classes: it is the mean over the images, axis=0.": np.exp(
                (p * np.log(p / along)).sum(axis=1).mean()
            ),
            "your score has no p(y|x): it only sees how often each class occurs.": np.exp(entropies[1]),
            "your score has no p(y): it only sees how sure the classifier is.": np.exp(-entropies[0].mean()),
            "your score is the mean of exp(KL): take exp of the mean.": np.exp(divergences).mean(),
            "your logarithm is that of base 2: take np.log.": np.exp(divergences.mean() / np.log(2)),
            "your logarithm is that of base 10: take np.log.": np.exp(divergences.mean() / np.log(10)),
            "your score is too small: its sign is wrong, so it is one divided by the right score.": np.exp(
                -divergences.mean()
            ),
        },
        "your score",
    )
    certain = np.eye(10)[np.repeat(np.arange(5), 4)]
    with np.errstate(all="ignore"):
        found = number(call(module, "inception_score", certain), "your score")
    if not equal(found, 5.0):
        raise Wrong(
            f"your score of 20 images that are surely one of five digits is {found:.4g}, and should be 5: a class with "
            "p = 0 adds 0, but 0 · log 0 is nan in NumPy, and a small number in the logarithm changes the score."
        )
    found = number(call(module, "inception_score", np.full([7, 10], 0.1)), "your score")
    if not equal(found, 1.0):
        raise Wrong(f"your score of 7 images that could be any digit is {found:.4g}, and should be 1.")


CHECKS = {"losses": check_losses, "step": check_step, "score": check_score}


def main():
    """Checks the assignment that the first word names. Returns the exit status."""
    if WORD not in CHECKS:
        print(f"error: name an assignment: {', '.join(CHECKS)}. See --help.", file=sys.stderr)
        return 2
    path = FLAGS.file or FOLDER / f"{WORD}.py"
    if not Path(path).is_file():
        raise Wrong(f"{path} is not a file.")
    command_line.import_tensorflow()
    try:
        CHECKS[WORD](load(path))
    except Wrong as wrong:
        print(f"{WORD}: not yet: {wrong}")
        return 1
    print(f"{WORD}: right.")
    return 0


if __name__ == "__main__":
    WORD = sys.argv.pop(1) if sys.argv[1:] and not sys.argv[1].startswith("-") else None
    flags.DEFINE_string("file", None, "Another file than the one in experiments/assignments.")
    command_line.run(main, {"Flags": ["file"]}, (Wrong,))
