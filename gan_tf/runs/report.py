"""Writes report.html: a run to look at in a browser, with its grids, curves, settings, scores and networks."""

import base64
import csv
import io
import json
import math
from importlib import resources

import numpy as np
from PIL import Image

from gan_tf import grids
from gan_tf.noise import USER_NOISE, stream_noise
from gan_tf.runs import folder

# These limits keep the page below 2 MB: two networks of 0.67 MB, the grids, and 0.1 MB for everything else.
GRIDS, GRID_BYTES, POINTS, WEIGHTS, REAL = 100, 500_000, 500, 125_000, 16
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")  # those that the page can compute


def write(run_dir, gan, iteration):
    """Writes report.html into a run's folder: one file of at most 2 MB that needs no network.

    `gan` has the networks of the checkpoint at `iteration`. The page has its generator live if that is a `keras.Sequential`
    of Dense layers, from `stream_noise` to 28x28 pixels, and its discriminator if that is one from 28x28 pixels to a
    logit. The page has no part for what the run lacks. Raises RunError if a file of the run is damaged, OSError if
    one cannot be read or written.
    """
    config = folder.read_config(run_dir)
    # The flags in FREE change no result, and some of them name folders, which are nobody's business.
    settings = {name: value for name, value in config["flags"].items() if name not in folder.FREE or name == "iters"}
    content = {
        "gan": config["gan"].get("name"),
        "trained": iteration,
        "data": {name: config["data"].get(name) for name in ("name", "images")},
        "machine": {"device": config.get("device")} | (config.get("versions") or {}),
        "settings": settings,
        "grids": small_grids(run_dir, settings.get("sample_every")),
        "charts": charts(run_dir / "losses.csv", gan),
        "metrics": metrics(run_dir / "metrics.json"),
        "networks": networks(gan),
    }
    # JSON writes no < where one could end the script element that holds it.
    text = json.dumps(content).replace("<", "\\u003c")
    template = resources.files("gan_tf.runs").joinpath("report_template.html").read_text(encoding="utf-8")
    with folder.replacing(run_dir / "report.html") as path:
        path.write_text(template.replace('"CONTENT"', text), encoding="utf-8")


def small_grids(run_dir, sample_every):
    """Returns at most `GRIDS` of a run's grids, evenly spread, first and last included, with a pixel for a pixel.

    Each is {"iteration", "png"}, the PNG in base64, in 16 shades. Larger grids may be fewer. Raises RunError if
    `sample_every` is not a number.
    """
    paths = sorted((p for p in run_dir.glob("*.png") if p.stem.isdecimal()), key=lambda path: int(path.stem))
    if paths and type(sample_every) is not int:
        raise folder.RunError(f"{run_dir}/config.json does not say how far the grids are apart; put the file back.")
    chosen = []
    for count in (GRIDS, GRIDS // 2, GRIDS // 4):
        indices = np.unique(np.linspace(0, len(paths) - 1, count).round().astype(int)) if paths else []
        chosen = [{"iteration": int(paths[i].stem) * sample_every, "png": small_png(paths[i])} for i in indices]
        if sum(len(grid["png"]) for grid in chosen) <= GRID_BYTES:
            break
    return chosen


def small_png(path):
    """The grid in the file `path` with 28x28 pixels a picture and gaps of one pixel, as base64."""
    pixels = np.asarray(Image.open(path).convert("L"))
    pitch = grids.CELL + grids.GAP
    # Where each pixel of the pictures begins in the file, and before each picture a pixel of the gap.
    inside = np.append(-1, np.ceil(grids.CELL / 28 * np.arange(28)).astype(int))
    starts = [grids.BORDER + pitch * np.arange((size - 2 * grids.BORDER + grids.GAP) // pitch) for size in pixels.shape]
    rows, columns = ((start[:, None] + inside).ravel()[1:] for start in starts)
    shades = Image.fromarray((pixels[np.ix_(rows, columns)] / 17).round().astype(np.uint8), "P")
    shades.putpalette(np.repeat(17 * np.arange(16), 3).tolist())
    file = io.BytesIO()
    shades.save(file, "PNG", bits=4, optimize=True)
    return based64(file.getvalue())


def charts(losses_csv, gan):
    """Returns the curves of a losses.csv: a chart of the losses, then one for each measure.

    Raises RunError if the file is damaged.
    """
    try:
        with open(losses_csv) as file:
            rows = list(csv.DictReader(file))
        losses = {"lines": [curve(rows, name) for name in gan.loss_names], "level": gan.blind_d_loss}
        return [losses] + [{"lines": [curve(rows, name)], "level": None} for name in gan.measures]
    except (ValueError, KeyError, TypeError) as error:
        raise folder.RunError(f"{losses_csv} is damaged ({error}); run the training again.") from error


def curve(rows, name):
    """A column of losses.csv as {"name", "x", "y"}; beyond `POINTS` values, each point is the mean of several."""
    points = np.array([(float(row["iteration"]), float(row[name])) for row in rows if row[name]]).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise ValueError(f"{name} is not finite")
    means = [part.mean(axis=0) for part in np.array_split(points, min(POINTS, max(1, len(points)))) if len(part)]
    x, y = zip(*means, strict=True) if means else ((), ())
    return {"name": name, "x": [round(value) for value in x], "y": [float(f"{value:.4g}") for value in y]}


def metrics(path):
    """Returns what gan_tf.evaluate wrote to metrics.json, as text; None without the file. Raises RunError."""
    if not path.exists():
        return None
    try:
        facts = json.loads(path.read_text())
        scores = [[str(cell) for cell in row] for row in facts["table"]]
        if not all(len(row) == 4 for row in scores):
            raise ValueError("its table is incomplete")
        return {"scores": scores, "count": int(facts["count"]), "iterations": facts.get("iterations")}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise folder.RunError(f"{path} is damaged ({reason}); delete it, or run gan_tf.evaluate again.") from error


def networks(gan):
    """Returns the weights of the networks that the page can compute, and what Keras's are for some noise."""
    found = {"probability": gan.blind_d_loss is not None}
    generator, discriminator = (gan.models.get(name) for name in ("generator", "discriminator"))
    if gan.generate is generator and gan.make_noise is stream_noise and is_dense(generator, None, 784):
        noise = np.asarray(stream_noise(0, USER_NOISE, 16, generator.input_shape[1]))
        found |= {"generator": layers(generator), "noise": encoded(noise), "keras": encoded(generator(noise)[0])}
    if gan.discriminate is not None and is_dense(discriminator, 784, 1):
        found["discriminator"] = layers(discriminator)
        if gan.real_pictures is not None:
            found["real"] = based64(np.round(255 * gan.real_pictures[:REAL]).astype(np.uint8))
    return found


def is_dense(model, inputs, outputs):
    """True if `model` is a Sequential of Dense layers that the page can hold and compute, of these sizes."""
    import keras

    return (
        isinstance(model, keras.Sequential)
        and all(isinstance(layer, keras.layers.Dense) for layer in model.layers)
        and all(layer.activation.__name__ in ACTIVATIONS and layer.use_bias for layer in model.layers)
        and model.input_shape[1:] == (inputs or model.input_shape[-1],)
        and model.output_shape[1:] == (outputs,)
        and sum(math.prod(weights.shape) for weights in model.weights) <= WEIGHTS
    )


def layers(model):
    """Returns the Dense layers of `model` as a list of {"weights", "bias", "activation"}."""
    return [
        {
            "weights": encoded(layer.kernel),
            "bias": encoded(layer.bias),
            "activation": layer.activation.__name__,
        }
        for layer in model.layers
    ]


def encoded(array):
    """The numbers as float32, in base64. With float16 the pixels of the README's run would be off by 0.004."""
    return based64(np.asarray(array, "<f4"))


def based64(data):
    """The bytes of `data` as text."""
    return base64.b64encode(data).decode()
