"""Writes report.html: a run to look at in a browser, with its grids, curves, settings, scores and networks."""

import base64
import csv
import io
import itertools
import json
import math
from importlib import resources

import numpy as np
from PIL import Image

from gan_tf import grids
from gan_tf.noise import USER_NOISE, stream_noise
from gan_tf.runs import files
from gan_tf.runs.config import FREE, RunError, read_config
from gan_tf.runs.losses_csv import in_use

# These limits keep the page below 2 MB: two networks of 0.67 MB, the grids, and 0.1 MB for everything else.
GRIDS, GRID_BYTES, POINTS, WEIGHTS, REAL = 100, 500_000, 500, 125_000, 16
JPEG = {"quality": 85, "subsampling": 0}  # of grids in colour
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")  # those that the page can compute


def write(run_dir, gan, iteration):
    """Writes report.html into a run's folder: one file of at most 2 MB that needs no network.

    `gan` has the networks of the checkpoint at `iteration`, and the page shows the run up to there: what was written
    later is left out. The last picture is a grid of 16 samples of `gan`. If the pictures are grey and square, the page
    has the generator live if that is a `keras.Sequential` of Dense layers, from `stream_noise` to the pixels, and the
    discriminator if that is one from the pixels to a logit. The page has no part for what the run lacks. Raises
    RunError if a file of the run is damaged, OSError if one cannot be read or written.
    """
    config = read_config(run_dir)
    # The flags in FREE change no result, and some of them name folders, which are nobody's business.
    settings = {name: value for name, value in config["flags"].items() if name not in FREE or name == "iters"}
    versions = config.get("versions")
    final = gan.sample(4 * gan.columns) if gan.generate else None
    content = {
        "gan": config["gan"].get("name"),
        "trained": iteration,
        "data": {name: config["data"].get(name) for name in ("name", "images", "classifier")},
        "machine": {"device": config.get("device")} | (versions if isinstance(versions, dict) else {}),
        "settings": settings,
        "explained": config.get("help", {}),
        "colour": gan.shape[-1:] == (3,),
        "grids": small_grids(run_dir, settings.get("sample_every"), iteration, gan.shape),
        "charts": charts(run_dir / "losses.csv", gan, iteration, final),
        "metrics": metrics(run_dir / "metrics.json"),
        "networks": networks(gan),
    }
    if final is not None:
        grids.save_grid(final, file := io.BytesIO(), gan.columns)  # with the greys of all grids
        content["grids"].append({"iteration": iteration, "picture": small(grids.read_grid(file, gan.shape), gan.shape)})
    try:
        text = json.dumps(content, allow_nan=False)
    except ValueError as error:
        raise RunError(f"{run_dir}/config.json is damaged ({error}); put the file back.") from error
    text = text.replace("<", "\\u003c")  # or it could end the script element that holds it
    template = resources.files("gan_tf.runs").joinpath("report_template.html").read_text(encoding="utf-8")
    with files.replacing(run_dir / "report.html") as path:
        path.write_text(template.replace('"CONTENT"', text), encoding="utf-8")


def small_grids(run_dir, sample_every, stop, shape):
    """Returns at most `GRIDS` of a run's grids before iteration `stop`, with a pixel for a pixel.

    They are evenly spread, first and last included. Each is {"iteration", "picture"}: see `small`. `shape` is that of
    one of the pictures. Larger grids may be fewer. Damaged ones are left out. Raises RunError if `sample_every` is not
    a positive integer.
    """
    paths = {int(p.stem): p for p in run_dir.glob("*.png") if p.stem.isdecimal()}
    paths = {index: path for index, path in paths.items() if path.name == grids.grid_name(index)}
    if paths and (type(sample_every) is not int or sample_every < 1):
        raise RunError(f"{run_dir}/config.json does not say how far the grids are apart; put the file back.")
    shown = [index for index in sorted(paths) if index * sample_every < stop]
    count = GRIDS
    while True:
        places = np.unique(np.linspace(0, len(shown) - 1, count).round().astype(int)) if shown else []
        pictures = {shown[place]: grids.read_grid(paths[shown[place]], shape) for place in places}
        found = [
            {"iteration": index * sample_every, "picture": small(picture, shape)}
            for index, picture in pictures.items()
            if picture is not None
        ]
        if sum(len(grid["picture"]) for grid in found) <= GRID_BYTES:
            return found
        count //= 2


def small(picture, shape):
    """A grid of pictures of `shape`, uint8 [height, width, channels], with a pixel for a pixel and narrow gaps.

    It is a PNG of 16 shades if the pictures are grey, a JPEG if they have colours, as an address that a browser can
    show.
    """
    *sizes, channels = shape
    places = []
    for whole, cell, size in zip(picture.shape, grids.cell_size(*sizes), sizes, strict=False):
        # Where each pixel of the pictures begins in the file, and before each picture a pixel of the gap.
        inside = np.append(-1, np.ceil(cell / size * np.arange(size)).astype(int))
        starts = grids.BORDER + (cell + grids.GAP) * np.arange(whole // (cell + grids.GAP))
        places.append((starts[:, None] + inside).ravel()[1:])
    picture, file = picture[np.ix_(*places)], io.BytesIO()
    if channels == 1:
        shades = Image.fromarray((picture[:, :, 0] / 17).round().astype(np.uint8), "P")
        shades.putpalette(np.repeat(17 * np.arange(16), 3).tolist())
        shades.save(file, "PNG", bits=4, optimize=True)
    else:
        Image.fromarray(picture).save(file, "JPEG", **JPEG)
    return f"data:image/{'png' if channels == 1 else 'jpeg'};base64,{based64(file.getvalue())}"


def charts(losses_csv, gan, stop, final):
    """Returns the curves of a losses.csv before iteration `stop`: a chart of the losses, then one for each measure.

    Each is {"lines", "level"}; the level is that of a D that cannot tell, or the measure of real images, if known.
    A measure's curve ends with that of the images `final`. Without any losses there may be no charts. Raises RunError
    if the file is damaged.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(files.read_text(losses_csv))))
        rows = [row for row in rows if not float(row["iteration"]) >= stop]  # leaves NaN, which `curve` refuses
        lines = []
        for name in gan.loss_names:
            shown = in_use([float(row[name]) for row in rows], gan)
            lines.append(curve(list(itertools.compress(rows, shown)), name))
        filled = [line for line in lines if line["x"]]
        if gan.blind_d_loss is None and not filled:
            return []
        found = [{"lines": filled or lines, "level": gan.blind_d_loss}]
        for name, measure in gan.measures.items():
            line = curve(rows, name)
            if final is not None:
                line["x"].append(stop)
                line["y"].append(rounded(measure(final)))
            if line["x"]:
                level = None if gan.real_pictures is None else rounded(measure(gan.real_pictures))
                found.append({"lines": [line], "level": level})
        return found
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else getattr(error, "strerror", None) or error
        raise RunError(f"{losses_csv} cannot be read ({reason}); run the training again.") from error


def curve(rows, name):
    """A column of losses.csv as {"name", "x", "y"}; beyond `POINTS` values, each point is the mean of several."""
    points = np.array([(float(row["iteration"]), float(row[name])) for row in rows if row[name]]).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise ValueError(f"{name} is not finite")
    means = [part.mean(axis=0) for part in np.array_split(points, min(POINTS, max(1, len(points)))) if len(part)]
    return {"name": name, "x": [round(x) for x, _ in means], "y": [rounded(y) for _, y in means]}


def rounded(value):
    """`value` with four digits: more cannot be seen."""
    return float(f"{value:.4g}")


def metrics(path):
    """Returns what gan_tf.evaluate wrote to metrics.json, as text; None without such a file. Raises RunError.

    "count" is None if no pictures were measured.
    """
    if not path.exists():
        return None
    try:
        facts = json.loads(files.read_text(path))
        scores = [[str(cell) for cell in row] for row in facts["table"]]
        if not all(len(row) == 4 for row in scores):
            raise ValueError("its table is incomplete")
        iterations, count = facts.get("iterations"), facts.get("count")
        if count is None and "own" not in facts["metrics"]:
            raise ValueError("it does not say how many samples there were")
        return {
            "scores": scores,
            "count": None if count is None else int(count),
            "iterations": None if iterations is None else int(iterations),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise RunError(f"{path} is damaged ({reason}); delete it, or run gan_tf.evaluate again.") from error


def networks(gan):
    """Returns the weights of the networks that the page can compute, and what Keras's are for some noise."""
    found = {"probability": gan.blind_d_loss is not None}
    if gan.shape[:1] != gan.shape[1:2] or gan.shape[2:] != (1,):
        return found
    pixels = math.prod(gan.shape)
    generator, discriminator = (gan.models.get(name) for name in ("generator", "discriminator"))
    if gan.generate and gan.make_noise is stream_noise and is_dense(generator, None, pixels):
        noise = np.asarray(stream_noise(0, USER_NOISE, 16, generator.input_shape[1]))
        drawn = np.asarray(generator(noise))
        if np.array_equal(drawn, np.reshape(gan.generate(noise), drawn.shape)):  # it is the one that draws
            found |= {"generator": layers(generator), "noise": encoded(noise), "keras": encoded(drawn[0])}
    if gan.discriminate is not None and is_dense(discriminator, pixels, 1):
        found["discriminator"] = layers(discriminator)
        if gan.real_pictures is not None:
            found["real"] = based64(np.round(255 * gan.real_pictures[:REAL]).astype(np.uint8))
    return found | {"side": gan.shape[0]}


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
