"""The networks of a GAN for the page of its run: what the browser needs to draw and to judge, or why it cannot."""

import base64
import math

import keras
import numpy as np

from gan_tf.noise import USER_NOISE
from gan_tf.runs import browser

SHOWN, REAL, REAL_BYTES = 16, 16, 65_536  # pictures of G, real images, bytes of the real images
CLOSE = 1e-4  # how far the pictures of the network that draws may be from `gan.generate`


class NotLiveError(Exception):
    """A network cannot be in the page. `why` has the name of the page's sentence ("key") and what belongs into it."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.why = {"key": key} | values


def networks(gan, room):
    """Returns the networks that the page can compute, as JSON can hold them; `room` is how many bytes they may take.

    "generator" and "discriminator" are descriptions (browser.py), or None: then "why" says why. "noise" says what G
    takes, "judge" what D takes besides a picture, and which of its outputs is its opinion.
    """
    found = {
        "generator": None,
        "discriminator": None,
        "why": {},
        "shape": list(gan.shape),
        # A D that was trained by cross-entropy says a probability, the sigmoid of its logit. Others say a number.
        "probability": gan.blind_d_loss is not None and math.isclose(gan.blind_d_loss, 2 * math.log(2)),
        "boundary": gan.boundary,
        "real": None,
    }
    pictures, noise = [], None
    try:
        model, noise, drawn = drawing(gan)
        found["generator"] = fitting(model, [noise], room)
        found["noise"] = about_noise(gan, noise) | {"keras": floats(drawn[0])}
        pictures = [drawn.reshape(-1, *gan.shape)]
    except NotLiveError as error:
        found["generator"], found["why"]["generator"] = None, error.why
    if gan.real_pictures is not None and gan.shape:
        pictures.append(np.asarray(gan.real_pictures[:REAL], np.float32))
    try:
        room -= size_of(found["generator"])
        model, judge = judging(gan)
        shown = np.concatenate(pictures or [np.random.default_rng(0).random([SHOWN, *gan.shape], np.float32)])
        found["discriminator"] = fitting(model, judged(model, judge, shown, gan), room)
        found["judge"] = judge | {"conditions": conditions(gan) if judge["asked"] is not None else None}
        if gan.real_pictures is not None:
            count = max(1, min(REAL, REAL_BYTES // math.prod(gan.shape)))
            found["real"] = text(np.round(255 * gan.real_pictures[:count]).astype(np.uint8))
    except NotLiveError as error:
        found["why"]["discriminator"] = error.why
    return found


def fitting(model, inputs, room):
    """Returns the description of a model. Raises NotLiveError if the page cannot compute it, or has no room for it."""
    least = model.count_params() * 2 * browser.TEXT
    if least > room:
        raise NotLiveError("size", megabytes=megabytes(least))
    try:
        found = browser.describe_small(model, inputs)
    except browser.UnknownLayerError as error:
        raise NotLiveError("layer", layer=error.what) from error
    if size_of(found) > room:
        raise NotLiveError("size", megabytes=megabytes(size_of(found)))
    return found


def size_of(description):
    """About how many bytes a description takes in the page."""
    return 0 if description is None else len(description["weights"]) + 200 * len(description["nodes"])


def megabytes(size):
    """Rounded up, because this is what is too much."""
    return math.ceil(size / 1e5) / 10


def drawing(gan):
    """Returns (the Keras model behind `gan.generate`, noise [16, width], its pictures [16, pixels]).

    It is `generate` itself; or what `generate` is made of, if that takes a `keras.Input`; or one of the GAN's models
    that draws the same. Raises NotLiveError if it is none of these.
    """
    if gan.generate is None or gan.make_noise is None:
        raise NotLiveError("no_noise")
    noise = np.asarray(gan.noise(0, USER_NOISE, SHOWN), np.float32)
    drawn = np.asarray(gan.generate(noise)).reshape(SHOWN, -1)
    for model in candidates(gan, noise.shape[1]):
        if len(model.inputs) == len(model.outputs) == 1 and model.inputs[0].shape[1:] == noise.shape[1:]:
            (ours,) = browser.outputs_of(model, [noise])
            if ours.size == drawn.size and np.abs(ours.reshape(drawn.shape) - drawn).max() < CLOSE:
                return model, noise, drawn
    raise NotLiveError("no_noise")


def candidates(gan, width):
    """Yields the Keras models that may be behind `gan.generate`, whose noise has `width` numbers."""
    if isinstance(gan.generate, keras.Model):
        yield gan.generate
    else:
        try:
            noise = keras.Input([width])
            yield keras.Model(noise, gan.generate(noise))
        except Exception:  # noqa: BLE001, S110  a function that anybody wrote for arrays: it may fail in any way
            pass
    yield from (model for model in gan.models.values() if hasattr(model, "inputs"))


def conditions(gan):
    """Returns what the GAN can be asked for: {"columns" of the noise, "rows": [[name, their numbers], …]}, or None.

    The noise of one seed differs between two conditions only where it says the condition.
    """
    if not gan.conditions:
        return None
    rows = np.concatenate([np.asarray(gan.noise(0, USER_NOISE, 1, each)) for each in gan.conditions])
    columns = np.flatnonzero(np.ptp(rows, axis=0))
    named = [[name, row.tolist()] for name, row in zip(gan.conditions, rows[:, columns], strict=True)]
    return {"columns": columns.tolist(), "rows": named}


def about_noise(gan, noise):
    """Returns what the page must know to make noise for `gan.generate`. Raises NotLiveError if it cannot make such."""
    asked = conditions(gan)
    codes = [[name, *map(int, columns)] for name, columns in gan.codes.items()]
    special = {column for _, first, last in codes if last - first > 1 for column in range(first, last)}
    special |= set(asked["columns"] if asked else ())
    free = [column for column in range(noise.shape[1]) if column not in special]
    many = np.asarray(gan.noise(0, USER_NOISE, 1000))[:, free]
    if -1 <= many.min() and many.max() < 1 and abs(many.std() - 3**-0.5) < 0.03:
        kind = "uniform"
    elif abs(many.mean()) < 0.05 and abs(many.std() - 1) < 0.05:
        kind = "normal"
    else:
        raise NotLiveError("noise")
    return {"kind": kind, "width": noise.shape[1], "conditions": asked, "codes": codes, "shown": floats(noise)}


def judging(gan):
    """Returns (D as a Keras model, {"picture", "asked", "output"}): the places of its inputs and of its logit.

    D is a model that is called a discriminator, takes a picture, perhaps with the numbers of a condition, and has one
    output of a single number. Raises NotLiveError if there is none.
    """
    pixels, asked = math.prod(gan.shape), conditions(gan)
    for name, model in gan.models.items():
        if not name.endswith("discriminator") or not getattr(model, "inputs", None) or not gan.shape:
            continue
        sizes = [math.prod(tensor.shape[1:]) for tensor in model.inputs]
        outputs = [place for place, tensor in enumerate(model.outputs) if tensor.shape[1:] == (1,)]
        others = [place for place, size in enumerate(sizes) if size != pixels]
        wanted = len(asked["columns"]) if asked else None
        if len(outputs) == 1 and sizes.count(pixels) == 1 and [sizes[place] for place in others] in ([], [wanted]):
            picture = sizes.index(pixels)
            return model, {"picture": picture, "asked": others[0] if others else None, "output": outputs[0]}
    raise NotLiveError("no_logit")


def judged(model, judge, pictures, gan):
    """Returns inputs of D, a list of arrays: these `pictures`, each with a condition in turn if D takes one."""
    given = [None] * len(model.inputs)
    given[judge["picture"]] = pictures.reshape(-1, *model.inputs[judge["picture"]].shape[1:])
    if judge["asked"] is not None:
        rows = np.array([row for _, row in conditions(gan)["rows"]], np.float32)
        given[judge["asked"]] = rows[np.arange(len(pictures)) % len(rows)]
    return given


def floats(array):
    """The numbers of an array as floats of 32 bits, in base64."""
    return text(np.asarray(array, "<f4"))


def text(data):
    """The bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(data)).decode()
