"""Mutated files for the functions that read them.

Each may raise only its own exception, with a message of one line, must end in time, must not take more memory than the
file's content explains, and must execute nothing. Batches run in a child each, so that a crash costs only a batch.
"""

import collections
import contextlib
import copy
import gzip
import io
import json
import os
import pickle
import random as _random
import resource
import signal
import struct
import time
import zipfile

from tests.attack.bench import ITERS, Failure

BATCH = 500
SECONDS, MEMORY = 10, 2**30  # for one input
# How often each reader gets an input; loading a Keras file takes as long as a hundred of the others.
SHARES = {"idx": 300, "idx_gz": 200, "npz": 250, "config": 100, "losses": 60, "metrics": 60, "keras": 3}


def available():
    """Returns None: every machine can do it."""


def attempt(bench, number):
    """A batch of mutated inputs in a child. `--only` repeats the batch; its failure names the input."""
    folder = bench.folder(number)
    reference = bench.reference() / "out"
    result = bench.server.run(
        "tests.attack.inputs", f"{bench.seed} {number}", str(reference), str(folder), cwd=folder, timeout=300
    )
    found = (folder / "failures").read_text() if (folder / "failures").exists() else ""
    if result.status != 0 and not found:
        where = (folder / "at").read_text() if (folder / "at").exists() else "its start"
        said = result.stderr.strip().splitlines()[-1:] or [""]
        raise Failure(f"the process ended with {result.status} at {where}: {said[0]}", BATCH)
    if found:
        raise Failure(found.strip().replace("\n", " || "), BATCH)
    return BATCH


def main(name, reference, folder):
    """What the child does."""
    import sys
    from pathlib import Path

    random, reference, folder = _random.Random(name), Path(reference), Path(folder)
    os.environ["PYTHONWARNINGS"] = "ignore"
    seeds = sound_files(reference, folder)
    readers = make_readers()
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    signal.signal(signal.SIGALRM, _alarm)
    failures, canary = collections.Counter(), folder / "canary"  # each sort of failure is told once
    for index in range(BATCH):
        kind = random.choices(list(SHARES), SHARES.values())[0]
        content = mutated(random.choice(seeds[kind]), kind, random)
        path = folder / {"idx_gz": "file.gz", "config": "config.json", "keras": "file.keras"}.get(kind, "file")
        path.write_bytes(content)
        (folder / "at").write_text(f"input {index}, a mutated {kind}")
        read, allowed = readers[kind]
        start, problem = time.monotonic(), None
        signal.alarm(SECONDS)
        try:
            read(path)
        except allowed as error:
            if "\n" in str(error) or not str(error):
                problem = f"a message of several lines or none: {str(error)!r}"
        except BaseException as error:
            problem = f"{type(error).__name__}: {str(error).splitlines()[:1]}"
        signal.alarm(0)
        if time.monotonic() - start > SECONDS:
            problem = problem or "it took too long"
        if canary.exists():
            problem = "it executed what the file holds"
            canary.unlink()
        if problem:
            sort = f"{kind}: {problem.replace(str(folder), '')[:90]}"
            if sort not in failures:
                (folder / f"input-{index}-{path.name}").write_bytes(content)
            failures[sort] += 1
    if failures:
        (folder / "failures").write_text("\n".join(f"{count} of {sort}" for sort, count in failures.items()))
    sys.exit(bool(failures))


def _alarm(number, frame):
    raise TimeoutError("it took too long")


def make_readers():
    """{kind: (function of a path, the exception that it documents)}"""
    from gan_tf import gan, keras_file
    from gan_tf.data import idx, npz
    from gan_tf.data.dataset import DataError
    from gan_tf.runs import config, report

    # `charts` needs only the names of the losses.
    plain = gan.Gan({}, None, 0, measures={"spread": None}, blind_d_loss=1.0)
    return {
        "idx": (lambda path: idx.pictures(idx.read(path), path), DataError),
        "idx_gz": (lambda path: idx.pictures(idx.read(path), path), DataError),
        "npz": (lambda path: npz.read_images(path, 10_000, (28, 28, 1)), DataError),
        "config": (lambda path: config.read_config(path.parent), config.RunError),
        "losses": (lambda path: report.charts(path, plain, ITERS, None), config.RunError),
        "metrics": (report.metrics, config.RunError),
        "keras": (lambda path: keras_file.load_generator(path, "model"), keras_file.LoadError),
    }


class Canary:
    """Unpickled, it writes a file."""

    def __reduce__(self):
        return (open, ("canary", "w"))


def sound_files(reference, folder):
    """{kind: contents to start from}; some hold code that must not be executed."""
    import numpy as np

    random = np.random.default_rng(0)
    idx = struct.pack(">4I", 0x803, 7, 28, 28) + random.integers(0, 256, 7 * 784, np.uint8).tobytes()

    def npz(images, save=np.savez_compressed):
        file = io.BytesIO()
        save(file, images=images)
        return file.getvalue()

    images = random.random([100, 784], np.float32)
    pickled = np.array([Canary()], dtype=object)
    arrays = [npz(images), npz(images, np.savez), npz(images.reshape(-1, 28, 28)), npz(pickled)]
    bomb = struct.pack(">4I", 0x803, 2**20, 28, 28) + bytes(2**26)
    table = [["FID", "1 ± 2", "3", "4"]] * 4
    metrics = {"table": table, "count": 100, "iterations": ITERS}
    sound = (reference / "generator.keras").read_bytes()
    return {
        "idx": [idx, idx[:16]],
        "idx_gz": [*[gzip.compress(idx, mtime=0)] * 9, gzip.compress(bomb, 1)],
        "npz": [*arrays, pickle.dumps(Canary())],
        "config": [(reference / "config.json").read_bytes()],
        "losses": [(reference / "losses.csv").read_bytes()],
        "metrics": [json.dumps(metrics).encode()],
        "keras": [sound, with_lambda(sound)],
    }


def with_lambda(keras_file):
    """The Keras file with a last layer that would write the canary."""
    import keras

    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(keras_file)) as old, zipfile.ZipFile(file, "w") as new:
        layer = keras.layers.Lambda(lambda x: open("canary", "w") and x, name="canary")
        config = json.loads(old.read("config.json"))
        config["config"]["layers"].append(keras.saving.serialize_keras_object(layer))
        new.writestr("config.json", json.dumps(config))
        for name in ("metadata.json", "model.weights.h5"):
            new.writestr(name, old.read(name))
    return file.getvalue()


INTERESTING = [0, 1, 2, 4, 27, 28, 29, 784, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1]


def mutated(content, kind, random):
    """The content with one to four changes; JSON and the parts of archives are mostly changed inside."""
    if kind in ("config", "metrics") and random.random() < 0.7:
        return changed_json(content, random)
    if kind in ("npz", "keras") and random.random() < 0.6:
        with contextlib.suppress(zipfile.BadZipFile):
            return changed_archive(content, random)
    if kind == "idx_gz" and random.random() < 0.5 and len(content) < 10_000:
        return gzip.compress(changed_bytes(gzip.decompress(content), random), 1, mtime=0)
    return changed_bytes(content, random)


def changed_bytes(content, random):
    content = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        # Headers decide more than what follows: half of the changes are there.
        end = min(len(content), random.choice([16, 128, len(content), len(content)]))
        at = random.randrange(end + 1) if end else 0
        how = random.randrange(8)
        if how == 0:
            content[at:] = b""
        elif how == 1:
            content[at:at] = random.randbytes(random.choice([1, 4, 1000]))
        elif how == 2:
            del content[at : at + random.choice([1, 4, 1000])]
        elif how == 3:
            content[at : at + 4] = struct.pack(random.choice("<>") + "I", random.choice(INTERESTING))
        elif how == 4:
            content[at : at + 100] = bytes(len(content[at : at + 100]))
        elif how == 5:
            other = random.randrange(len(content) + 1)
            content[at:at] = content[other : other + random.randint(1, 200)]
        elif content:
            content[min(at, len(content) - 1)] ^= 1 << random.randrange(8)
    return bytes(content)


VALUES = [
    None,
    True,
    -1,
    0,
    1,
    2**63,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\n",
    "é\x00",
    [],
    {},
    [[]],
    {"a": 1},
]


def changed_json(content, random):
    """The JSON text with a value removed, or replaced by one of another type."""
    tree = json.loads(content)
    for _ in range(random.choice([1, 1, 2])):
        node = tree
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = random.choice(keys)
            if isinstance(node[key], (dict, list)) and node[key] and random.random() < 0.7:
                node = node[key]
                continue
            if random.random() < 0.3:
                del node[key]
            else:
                node[key] = copy.deepcopy(random.choice(VALUES))
            break
    if random.random() < 0.03:
        return json.dumps(random.choice(VALUES)).encode()
    if random.random() < 0.02:
        return b"[" * 100_000
    return json.dumps(tree).encode()


def changed_archive(content, random):
    """The zip archive with one of its members changed, and its checksums right again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = random.choice(names)
        for name in names:
            member = old.read(name)
            if name == chosen:
                if random.random() < 0.1:
                    continue
                json_inside = name.endswith(".json") and random.random() < 0.8
                member = changed_json(member, random) if json_inside else changed_bytes(member, random)
            new.writestr(name if random.random() < 0.97 else random.choice(["../x", "x", "images", name]), member)
    return out.getvalue()


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
