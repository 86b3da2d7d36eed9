"""What the workers of a sweep do, each in a process of its own: train up to a stage, or measure one.

Both return None, or in one line what went wrong. Then the later stages of the run are left out: each gets what the one
before it returned.
"""

import json
import os
import re
import runpy
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

from gan_tf import locks
from gan_tf.runs import files
from gan_tf.runs.config import read_config
from gan_tf.runs.exported import exported

WAIT = 60  # seconds for the lock of a process that is about to die
STOPPED = "stopped"


def train(before, run_dir, module, arguments):
    """Runs `python -m MODULE ARGUMENTS` in this process. What it prints goes to the end of `run_dir`.log."""
    if before:
        return before
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ray can stop the command before it trains
    wait_for_lock(run_dir)
    log = Path(f"{run_dir}.log")
    begin = log.stat().st_size if log.exists() else 0
    with open(log, "ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = ended.code
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    if not status:
        return None
    if status in (128 + signal.SIGINT, 128 + signal.SIGTERM):
        return STOPPED
    with open(log, "rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").splitlines()
    errors = [line for line in lines if re.match(r"error: |\w+(Error|Exception|Interrupt)\b", line)]
    return errors[-1].removeprefix("error: ") if errors else f"status {status}; {log} says why"


def wait_for_lock(run_dir):
    """Returns as soon as no process has the run any more, or after `WAIT` seconds."""
    deadline = time.monotonic() + WAIT
    while os.path.isdir(run_dir) and time.monotonic() < deadline:
        try:
            return locks.FolderLock(run_dir).release()
        except locks.InUseError:
            time.sleep(0.5)


def measure(before, run_dir, stage, features, named=None):
    """Writes what a run is after `stage` iterations to run_dir/stages/STAGE: its networks, and its scores.

    The scores, in stage.json, are those of `scores_of`. `features` is the folder for the features of real images; None:
    nothing is measured. `named` is the run's GAN, as the user named it with --gan.
    """
    if before:
        return before
    run_dir = Path(run_dir)
    if exported(run_dir) != stage:
        return f"{run_dir} has no files of iteration {stage}; delete the folder and start the sweep again"
    folder, facts = stage_folder(run_dir, stage), {"scores": {}}
    folder.mkdir(parents=True, exist_ok=True)
    for model in run_dir.glob("*.keras"):
        shutil.copy(model, folder / model.name)
    if features:
        facts = scores_of(run_dir, features, named)
    with files.replacing(folder / "stage.json") as path:
        path.write_text(json.dumps({"iterations": stage} | facts, indent=1))
    return None


def stage_folder(run_dir, stage):
    """The folder of a run for a stage."""
    return Path(run_dir) / "stages" / str(stage)


def finished(run_dir, stages):
    """True if all stages of a run are there."""
    return all((stage_folder(run_dir, stage) / "stage.json").exists() for stage in stages)


def scores_of(run_dir, features, named=None):
    """Returns {"scores": {name: [value, standard error or None]}, "classifier": name or None} of samples of a run.

    With a classifier, "class_histogram" is the share of each class. The samples are compared with images of the data
    set that the run was trained on: 10,000 samples by the scores of its classifier, or 2,000 by those of pixels if
    there is no classifier. There are no scores of a GAN that draws nothing from noise, nor of pictures that are too
    small for the latter.
    """
    from gan_tf import data, restore
    from gan_tf.metrics import classifier, sliced, table
    from gan_tf.noise import EVALUATION_NOISE

    gan, _ = restore.load_run(run_dir, named)
    config = read_config(run_dir)
    reader = config["data"].get("classifier", "mnist")  # older runs do not say it
    count = table.REFERENCE if reader else sliced.MOST
    facts = {"classifier": reader}
    if gan.generate is None or (not reader and min(gan.shape[:2]) < sliced.SMALLEST):
        return facts | {"scores": {}}
    images = restore.draw(gan, gan.noise(0, EVALUATION_NOISE, count), str(run_dir))
    if reader:
        model, _ = classifier.load_classifier(reader)
        scores, histogram = table.quick_scores(model, real_features(features, config, model), images)
        facts["class_histogram"] = histogram.tolist()
    else:
        real = [data.load_as(config["flags"], split).pixels for split in ("test", "train")]
        scores = sliced.table(images, *real)["samples"]
    return facts | {"scores": {name: list(score) for name, score in scores.items()}}


def real_features(folder, config, model):
    """Returns the classifier's features of the first 10,000 images that a run was trained on, and keeps them.

    They are in a file in `folder`, named by the digest of the images. `config` is what the run's config.json says.
    """
    import numpy as np

    from gan_tf import data
    from gan_tf.data.dataset import scaled
    from gan_tf.metrics import classifier, table

    path = Path(folder) / f"real_features_{config['data']['digest'][:16]}.npy"
    if path.exists():
        return np.load(path)
    images = scaled(data.load_as(config["flags"]).pixels[: table.REFERENCE])
    features, _ = classifier.activations(model, images)
    with files.replacing(path) as temporary, open(temporary, "wb") as file:
        np.save(file, features)
    return features


def sees(path, text):
    """Returns what is wrong if this machine does not see the file `path` with `text`; otherwise None."""
    try:
        found = Path(path).read_text()
    except OSError as error:
        return f"{error.strerror}"
    return None if found == text else "another file"
