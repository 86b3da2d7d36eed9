"""Writes report.html: a run to look at in a browser, with its grids, curves, settings, scores and networks."""

import base64
import csv
import io
import itertools
import json
import os
import re
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from gan_tf import grids
from gan_tf.runs import files, live, words
from gan_tf.runs.config import FREE, RunError, read_config
from gan_tf.runs.losses_csv import in_use

# These limits keep the page below 3 MB.
PAGE_BYTES, GRIDS, GRID_BYTES, POINTS = 3_000_000, 100, 500_000, 500
JPEG = {"quality": 85, "subsampling": 0}  # of grids in colour
LAST = ("jit", "tf32")  # settings that come last, because they hardly change a result
TOP = Path(__file__).parents[2]  # the project's folder, in a clone


def write(run_dir, gan, iteration, language=None):
    """Writes report.html into a run's folder: one file of at most 3 MB that needs no network.

    `gan` has the networks of the checkpoint at `iteration`, and the page shows the run up to there: what was written
    later is left out. The last picture is a grid of 16 samples of `gan`. The page computes the networks that
    `live.networks` finds, and says why it does not compute the others. It has no part for what the run lacks. Its
    words are those of `language`, a key of `words.LANGUAGES`; None: of the user's environment. Raises RunError if a
    file of the run is damaged, OSError if one cannot be read or written.
    """
    language = language or words.of_environment()
    found = content(run_dir, gan, iteration, language)
    try:
        room = PAGE_BYTES - len(page(found | {"networks": {}}, language).encode())
        text = page(found | {"networks": live.networks(gan, room)}, language)
    except ValueError as error:
        raise RunError(f"{run_dir}/config.json is damaged ({error}); put the file back.") from error
    with files.replacing(run_dir / "report.html") as path:
        path.write_text(text, encoding="utf-8")


def page(content, language):
    """Returns the text of the page with this `content`. Raises ValueError if JSON cannot hold it."""
    said = words.words(language)
    parts = {
        "lang": words.LANGUAGES[language],
        "title": said["texts"]["title"],
        "noscript": said["texts"]["noscript"].replace("*", ""),
        "words": in_script(said),
        "content": in_script(content),
        "networks.js": files_of_page("networks.js"),
        "report.js": files_of_page("report.js"),
    }
    text = files_of_page("report_template.html")
    return re.sub(r"\{\{([\w.]+)\}\}", lambda match: parts[match[1]], text)


def files_of_page(name):
    """The text of a file of the page."""
    return resources.files("gan_tf.runs").joinpath(name).read_text(encoding="utf-8")


def in_script(content):
    """Returns JSON for a script element."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c")  # or it could end the element that holds it


def content(run_dir, gan, iteration, language):
    """Returns all that the page shows but its networks, as JSON can hold it."""
    config = read_config(run_dir)
    versions = config.get("versions")
    chosen = settings(config, gan)
    final = gan.sample(4 * gan.columns) if gan.generate else None
    found = {
        "gan": config["gan"].get("name"),
        "trained": iteration,
        "data": {name: config["data"].get(name) for name in ("name", "images", "classifier")},
        "machine": {"device": config.get("device")} | (versions if isinstance(versions, dict) else {}),
        "settings": chosen,
        "explained": config.get("help", {}),
        "colour": gan.shape[-1:] == (3,),
        # of a GAN that can be asked for a class, its spread may be that within each class
        "within": bool(gan.conditions) and gan.measures.get("spread") not in (None, grids.spread),
        "links": links(run_dir, language),
        "grids": small_grids(run_dir, config["flags"].get("sample_every"), iteration, gan.shape),
        "charts": charts(run_dir / "losses.csv", gan, iteration, final),
        "metrics": metrics(run_dir / "metrics.json"),
    }
    if final is not None:
        grids.save_grid(final, file := io.BytesIO(), gan.columns)  # with the greys of all grids
        found["grids"].append({"iteration": iteration, "picture": small(grids.read_grid(file, gan.shape), gan.shape)})
    return found


def settings(config, gan):
    """Returns the flags of a run as [name, value, True if it was chosen]: the chosen first, XLA and TF32 last.

    A learning rate that was not chosen is that of its optimizer. Flags that are unset and have no value are left out.
    """
    # The flags in FREE change no result, and some of them name folders, which are nobody's business.
    values = {name: value for name, value in config["flags"].items() if name not in FREE or name == "iters"}
    for name, value in values.items():
        optimizer = gan.objects.get(name.replace("_lr", "_optimizer"))
        if value is None and name in ("d_lr", "g_lr") and optimizer is not None:
            values[name] = rounded(float(optimizer.learning_rate))
        elif value is None and name == "jit":
            values[name] = str(config.get("device")).startswith("GPU")
    chosen = config.get("chosen", [])
    found = [[name, value, name in chosen] for name, value in values.items() if value is not None]
    return sorted(found, key=lambda each: (each[0] in LAST, not each[2]))


def links(run_dir, language):
    """Returns the ways from a run's folder to the lessons and the glossary, if both are in a clone of the project."""
    found = []
    for name in ("experiments/README", "GLOSSARY"):
        paths = [TOP / f"{name}{'.zh-CN' * (language == 'zh')}.md", TOP / f"{name}.md"]
        inside = run_dir.resolve().is_relative_to(TOP)  # or else the way would name folders outside
        path = next((each for each in paths if inside and each.is_file()), None)
        found.append(path and Path(os.path.relpath(path, run_dir.resolve())).as_posix())
    return found


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


def based64(data):
    """The bytes of `data` as text."""
    return base64.b64encode(data).decode()
