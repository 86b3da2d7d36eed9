"""Builds the rooms of the playground that show trained GANs: python -m experiments.playground --runs=out

A room needs the folders of some runs, by the names in ROOMS: out/digits, for example, or out/digits-0/run, as
experiments.mnist.zoo names it. Its networks go to playground/data/ROOM.js, with 16 bits for each weight where that
changes no output by 1/255, and a picture to playground/pictures. Some inputs of each network, and what Keras computes
of them, go to tests/playground/checks/ROOM.json, so that the tests need no run. experiments/rooms.py says what else
belongs to a room. The page does not show a room whose runs are not there: its files are removed.
--only=infogan,pix2pix builds these rooms, and leaves the others as they are.

These commands make the runs:

    python -m gan_tf.train --iters=20000 --out_dir=out/collapsed
    python -m gan_tf.train --iters=20000 --d_lr=1.0 --out_dir=out/digits
    python -m gan_tf.zoo.r3gan --out_dir=out/r3gan
    python -m gan_tf.zoo.conditional --networks=residual --r1=1 --r1_every=8 --ema=0.999 --learning_rate=0.001 \\
        --batch_size=32 --iters=12000 --out_dir=out/conditional_residual
    python -m gan_tf.zoo.infogan --iters=5000 --out_dir=out/infogan
    python -m gan_tf.zoo.pix2pix --iters=3000 --out_dir=out/pix2pix
    python -m gan_tf.zoo.cyclegan --out_dir=out/cyclegan
    python -m gan_tf.zoo.super_resolution --adversarial_weight=0.001 --iters=1000 --out_dir=out/super_resolution
    python -m gan_tf.zoo.super_resolution --content=pixels --adversarial_weight=0 --iters=1000 \\
        --out_dir=out/super_resolution_error_alone
    python -m gan_tf.zoo.stackgan --width=16 --first=6000 --iters=12000 --out_dir=out/stackgan
    python -m gan_tf.zoo.completion --run_dir=out/r3gan --out_dir=out/completion
    python -m gan_tf.zoo.adversarial_autoencoder --code=2 --units=192 \\
        --out_dir=out/adversarial_autoencoder_plane
    python -m gan_tf.zoo.gan_3d --out_dir=out/gan_3d
    python -m gan_tf.zoo.conditional --dataset=heads --width=16 --batch_size=16 --ema=0.999 --r1=1 --r1_every=8 \\
        --learning_rate=0.001 --iters=6000 --out_dir=out/heads
    python -m gan_tf.zoo.imitation --out_dir=out/imitation
    python -m gan_tf.zoo.imitation --noadversarial --out_dir=out/imitation_cloning
    python -m gan_tf.zoo.seqgan --out_dir=out/seqgan
    python -m gan_tf.zoo.seqgan --noadversarial --out_dir=out/seqgan_likelihood
"""

import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
from absl import flags

from experiments import record, rooms
from gan_tf.restore import LoadError
from gan_tf.runs import command_line
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS
CHECKS = record.RESULTS.parents[1] / "tests" / "playground" / "checks"
PLAYGROUND = Path(__file__).parents[1] / "playground"
NETWORKS = Path(__file__).parents[1] / "gan_tf" / "runs" / "networks.js"
LIMIT = 15_000_000  # bytes of all rooms together

# room: {run: its networks}. A network may have two names: the first that the run has is taken. A run without networks
# only helps to make what the room shows; or its networks are in the file of another room; or they are no Keras models
# that the page can run, as SeqGAN's.
ROOMS = {
    "digits": {"collapsed": ("generator",), "digits": ("generator", "discriminator")},
    "r3gan": {"r3gan": ("generator_average|generator", "discriminator")},
    "conditional": {"conditional_residual": ("generator_average|generator",)},
    "infogan": {"infogan": ("generator",)},
    "pix2pix": {"pix2pix": ("generator",), "conditional_residual": ()},
    "cyclegan": {"cyclegan": ("to_written", "to_printed"), "conditional_residual": ()},
    "super_resolution": {
        "super_resolution": ("generator",),
        "super_resolution_error_alone": ("generator",),
        "conditional_residual": (),
    },
    "stackgan": {"stackgan": ("augmentation", "generator", "second_augmentation", "second_generator")},
    "completion": {"r3gan": ()},
    "editing": {"conditional_residual": ()},
    "adversarial_autoencoder": {"adversarial_autoencoder_plane": ("encoder", "decoder")},
    "gan_3d": {"gan_3d": ("generator",)},
    "heads": {"heads": ("generator_average|generator",)},
    "imitation": {"imitation": ("player",), "imitation_cloning": ("player",)},
    "seqgan": {"seqgan": (), "seqgan_likelihood": ()},
}


def folder_of(runs, run):
    """Returns the folder of a run below `runs`, or None."""
    for path in (Path(runs) / run, Path(runs) / f"{run}-0" / "run"):
        if (path / "config.json").exists():
            return path
    return None


def inputs_of(model, gan):
    """Some inputs of a network: noise for a G that takes it, else random numbers. A list of float32 [n, …]."""
    shapes = [[rooms.CHECKED, *each.shape[1:]] for each in model.inputs]
    if gan.make_noise is not None and model.name.startswith("generator"):
        noise = np.asarray(gan.noise(0, 0, rooms.CHECKED), np.float32)
        if [list(noise.shape)] == shapes:
            return [noise]
    random = np.random.default_rng(0)
    return [random.random(shape, np.float32) for shape in shapes]


def network(gan, names):
    """Returns (name, description of the network with checks), the first of `names` that the run has."""
    name = next(each for each in names.split("|") if each in gan.models)
    return names.split("|")[-1], rooms.described(gan.models[name], inputs_of(gan.models[name], gan))


def facts(gan):
    """What a room says of a GAN: the shape of its pictures, whether D says a probability.

    And for how many classes G can be asked, if it can.
    """
    # Only a D that was trained by cross-entropy has an opinion between 0 and 1.
    probability = gan.blind_d_loss is not None and math.isclose(gan.blind_d_loss, 2 * math.log(2))
    found = {"shape": list(gan.shape or ()), "probability": probability}
    return found | ({"classes": len(gan.conditions)} if gan.conditions else {})


def content(room, runs):
    """Returns (what belongs into the file of a room, its picture or None), or None if a run is not there."""
    from gan_tf import restore

    folders = {run: folder_of(runs, run) for run in ROOMS[room]}
    if None in folders.values() or (room == "completion" and not (Path(runs) / rooms.ENCODER).exists()):
        return None
    loaded = {run: restore.load_run(folder) for run, folder in folders.items()}
    found, picture = {}, None
    for run, (gan, _) in loaded.items():
        if ROOMS[room][run]:
            found[run] = facts(gan) | dict(network(gan, each) for each in ROOMS[room][run])
    if room in rooms.SHOWN:
        others, picture = rooms.SHOWN[room]({run: gan for run, (gan, _) in loaded.items()}, runs)
        found |= others
    for run in found.keys() & loaded.keys():
        found[run]["trained"] = loaded[run][1]
    return found, picture


def take_checks(found, name=""):
    """Takes the checks out of all networks in `found`, the content of a room's file. Returns {RUN/NETWORK: checks}."""
    checks = {name: found.pop("checks")} if "checks" in found else {}
    for key, each in found.items():
        if isinstance(each, dict):
            checks |= take_checks(each, f"{name}/{key}" if name else key)
    return checks


def draw(picture, path):
    """Writes 32 pictures as four rows of eight. Each pixel of small pictures becomes twice as large."""
    from PIL import Image

    _, height, width, channels = picture.shape
    grid = picture.reshape(4, 8, height, width, channels).swapaxes(1, 2).reshape(4 * height, 8 * width, channels)
    times = 2 if width < 40 else 1
    image = Image.fromarray(np.round(255 * grid).astype(np.uint8).repeat(times, 0).repeat(times, 1).squeeze())
    image.save(path, optimize=True)


def build(runs, out_dir, only=tuple(ROOMS)):
    """Writes the data of the rooms `only` whose runs are below `runs`. Returns {room: bytes, or None if left out}.

    The checks of their networks go to CHECKS for the playground itself, and to out_dir/checks for another folder. Files
    of other rooms stay as they are.
    """
    out_dir = Path(out_dir)
    checks_dir = CHECKS if out_dir.resolve() == PLAYGROUND.resolve() else out_dir / "checks"
    for folder in (out_dir / "data", out_dir / "pictures", checks_dir):
        folder.mkdir(parents=True, exist_ok=True)
    paths = {room: out_dir / "data" / f"{room}.js" for room in ROOMS}
    for room in only:
        found = content(room, runs)
        if found is None:
            for path in (paths[room], checks_dir / f"{room}.json"):
                path.unlink(missing_ok=True)
            continue
        checks = take_checks(found[0])
        (checks_dir / f"{room}.json").unlink(missing_ok=True)
        if checks:
            text = json.dumps(checks, separators=(",", ":")) + "\n"
            (checks_dir / f"{room}.json").write_text(text, encoding="utf-8")
        text = f'Playground.data("{room}", {json.dumps(found[0], separators=(",", ":"))});\n'
        paths[room].write_text(text, encoding="utf-8")
        if found[1] is not None:
            draw(found[1], out_dir / "pictures" / f"{room}.png")
    sizes = {room: path.stat().st_size if path.exists() else None for room, path in paths.items()}
    there = [room for room, size in sizes.items() if size is not None]
    (out_dir / "data" / "built.js").write_text(f"Playground.built({json.dumps(there)});\n", encoding="utf-8")
    shutil.copyfile(NETWORKS, out_dir / "networks.js")
    return sizes


def main():
    command_line.import_tensorflow()
    sizes = build(FLAGS.runs, FLAGS.out_dir, FLAGS.only)
    for room in FLAGS.only:
        size = sizes[room]
        runs = " and ".join([*ROOMS[room], *["completion"] * (room == "completion")])
        print(f"{room}: {size / 1e6:.2f} MB" if size is not None else f"{room}: left out; it needs the runs {runs}")
    if sum(filter(None, sizes.values())) > LIMIT:
        sys.exit(f"error: the rooms have more than {LIMIT / 1e6:.0f} MB; leave a run out.")


if __name__ == "__main__":
    flags.DEFINE_string("runs", "out", "Folder with the folders of the runs.")
    flags.DEFINE_string("out_dir", str(PLAYGROUND), "Folder of the playground.")
    record.define_names("only", ROOMS, "Rooms to build.")
    command_line.run(main, {"Flags": ["runs", "out_dir", "only"]}, (LoadError, RunError, OSError))
