"""Compares a run's folder with that of an undisturbed run: python -m tests.attack.oracle FOLDER REFERENCE.

Prints a JSON object that maps each file that is not as it should be to what is wrong with it.
"""

import io
import json
import re
import sys
import zipfile
from pathlib import Path

DATA = "data-00000-of-00001"
ELSEWHERE = ("overwrite", "tensorboard", "out_dir", "data_dir", "threads", "iters")  # flags that may differ


def differences(folder, reference):
    """Returns {file: what is wrong}.

    Weights and the optimizers' state are compared array by array, the rest byte by byte. Besides the last checkpoint
    there may be two others, of any iterations. TensorBoard's files have times in them and are not compared.
    """
    found = {}
    folder, reference = Path(folder), Path(reference)
    names, expected = (set(files(each)) for each in (folder, reference))
    for name in sorted(expected - names):
        found[name] = "is missing"
    for name in sorted(names - expected):
        found[name] = "should not be there"
    for name in sorted(names & expected):
        try:
            if not same(folder / name, reference / name):
                found[name] = "differs"
        except Exception as error:  # each damaged format has exceptions of its own
            found[name] = f"cannot be read ({type(error).__name__}: {error})"
    return found | states(folder / "checkpoints", reference / "checkpoints")


def files(folder):
    """The files in a folder by their paths inside it, without those of checkpoints and tensorboard."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] not in ("checkpoints", "tensorboard") and (path.is_symlink() or not path.is_dir()):
            yield name
        elif path.is_dir() and not any(path.iterdir()):
            yield f"{name}/"


def same(path, other):
    """True if two files hold the same."""
    if not path.is_file() or path.is_symlink():
        raise ValueError("it is no regular file")
    if path.suffix == ".keras":
        return keras_arrays(path) == keras_arrays(other)
    if path.name in ("config.json", "metrics.json"):
        ours, theirs = (json.loads(each.read_text()) for each in (path, other))
        for config in (ours, theirs):
            for flag in ELSEWHERE:
                config.get("flags", {}).pop(flag, None)
            config.pop("measured", None)
        return ours == theirs
    return path.read_bytes() == other.read_bytes()


def keras_arrays(path):
    """What a Keras file says of its layers, and its weights, as bytes by name."""
    import h5py

    found = {}
    with zipfile.ZipFile(path) as archive:
        if archive.testzip():
            raise ValueError("it has a wrong checksum")
        # What Keras takes for this number is an address in memory.
        found["config"] = re.sub(rb'"shared_object_id": \d+', b"", archive.read("config.json"))
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
            weights.visititems(
                lambda name, item: found.update({name: item[()].tobytes()} if hasattr(item, "shape") else {})
            )
    return found


def states(folder, reference):
    """What is wrong with the checkpoints."""
    found, last = {}, max(iterations(reference))
    for path in folder.iterdir() if folder.is_dir() else []:
        match = re.fullmatch(rf"(\d+)\.(index|{DATA})", path.name)
        if path.name == "exported.json":
            if json.loads(path.read_text())["iteration"] != last:
                found[f"checkpoints/{path.name}"] = "is of another iteration"
        elif not match:
            found[f"checkpoints/{path.name}"] = "should not be there"
        elif not all((folder / f"{match[1]}.{suffix}").is_file() for suffix in ("index", DATA)):
            found[f"checkpoints/{path.name}"] = "is without its other half"
    if len(iterations(folder)) > 3:
        found["checkpoints"] = f"holds {len(iterations(folder))}"
    try:
        if last not in iterations(folder):
            found[f"checkpoints/{last}"] = "is missing"
        elif arrays(folder / str(last)) != arrays(reference / str(last)):
            found[f"checkpoints/{last}"] = "differs"
    except Exception as error:
        found[f"checkpoints/{last}"] = f"cannot be read ({str(error).splitlines()[0]})"
    return found


def iterations(folder):
    """The iterations of the checkpoints in `folder`."""
    return [int(path.stem) for path in folder.glob("*.index") if path.stem.isdigit()]


def arrays(prefix):
    """All that a checkpoint holds, as bytes by name; not how TensorFlow arranged it."""
    import tensorflow as tf

    from gan_tf.runs import files

    reader = tf.train.load_checkpoint(f"{files.for_tensorflow(prefix.parent)}/{prefix.name}")
    names = reader.get_variable_to_shape_map()
    return {
        name: (str(reader.get_tensor(name).dtype), reader.get_tensor(name).tobytes())
        for name in names
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
    }


if __name__ == "__main__":
    print(json.dumps(differences(*sys.argv[1:])))
