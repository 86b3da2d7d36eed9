"""Builds the rooms of the playground that show trained GANs: python -m experiments.playground --runs=out

A room needs the folders of some runs, by the names in ROOMS: out/digits, for example, or out/digits-0/run, as
experiments.mnist.zoo names it. Its networks go to playground/data/ROOM.js, with 16 bits for each weight where that
changes no output by 1/255, and a picture to playground/pictures. Next to each network are some inputs, and what Keras
computes of them, so that the tests need no run. The page does not show a room whose runs are not there.

These commands make the runs:

    python -m gan_tf.train --iters=20000 --out_dir=out/collapsed
    python -m gan_tf.train --iters=20000 --d_lr=1.0 --out_dir=out/digits
    python -m gan_tf.zoo.r3gan --out_dir=out/r3gan
    python -m gan_tf.zoo.conditional --networks=residual --r1=1 --r1_every=8 --ema=0.999 --learning_rate=0.001 \\
        --batch_size=32 --iters=12000 --out_dir=out/conditional_residual
    python -m gan_tf.zoo.completion --run_dir=out/r3gan --out_dir=out/completion
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

from gan_tf.restore import LoadError
from gan_tf.runs import command_line
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS
PLAYGROUND = Path(__file__).parents[1] / "playground"
NETWORKS = Path(__file__).parents[1] / "gan_tf" / "runs" / "networks.js"
LIMIT = 15_000_000  # bytes of all rooms together
DIGITS = 20  # that the room "completion" begins with
CHECKED = 3  # inputs with what Keras computes of them

# room: {run: its networks}. A network may have two names: the first that the run has is taken. A room without networks
# uses those in the file of another room.
ROOMS = {
    "digits": {"collapsed": ("generator", "discriminator"), "digits": ("generator", "discriminator")},
    "r3gan": {"r3gan": ("generator_average|generator", "discriminator")},
    "conditional": {"conditional_residual": ("generator_average|generator",)},
    "editing": {"conditional_residual": ()},
    "completion": {"r3gan": ()},
    "imitation": {"imitation": ("player",), "imitation_cloning": ("player",)},
    "seqgan": {"seqgan": ("generator",), "seqgan_likelihood": ("generator",)},
}
ENCODER = "completion/encoder.keras"  # below the runs, for the room "completion"
PICTURES = {"digits": "digits", "r3gan": "r3gan"}  # room: the run that draws its picture, and chooses its noise


def folder_of(runs, run):
    """Returns the folder of a run below `runs`, or None."""
    for path in (Path(runs) / run, Path(runs) / f"{run}-0" / "run"):
        if (path / "config.json").exists():
            return path
    return None


def inputs_of(model, gan):
    """Some inputs of a network: noise for what takes noise, else random numbers. float32 [CHECKED, …]"""
    shape = model.inputs[0].shape[1:]
    if gan.make_noise is not None and model.name.startswith("generator"):
        return np.asarray(gan.noise(0, 0, CHECKED), np.float32)
    return np.random.default_rng(0).random([CHECKED, *shape], np.float32)


def network(gan, names):
    """Returns (name, description of the network with checks), the first of `names` that the run has."""
    name = next(each for each in names.split("|") if each in gan.models)
    return names.split("|")[-1], described(gan.models[name], inputs_of(gan.models[name], gan))


def described(model, given):
    """The description of a network, with what Keras computes of the inputs `given`."""
    from gan_tf.runs import browser, live

    found = browser.describe_small(model, [given])
    computed = np.asarray(model(given))
    found["checks"] = [[live.floats(x), live.floats(y)] for x, y in zip(given, computed, strict=True)]
    return found


def lstm(gan):
    """The weights of SeqGAN's G, by the names of gan_tf/data/oracle.py, with a check: words, and the last logits."""
    from gan_tf.runs import live

    generator = gan.models["generator"]
    cell, logits = generator.get_layer("reader").cell, generator.get_layer("logits")
    found = {
        "words": generator.get_layer("words").embeddings,
        "input": cell.kernel,
        "state": cell.recurrent_kernel,
        "bias": cell.bias,
        "output": logits.kernel,
        "output_bias": logits.bias,
    }
    before = np.random.default_rng(1).integers(0, found["words"].shape[0], [1, *generator.input_shape[1:]])
    check = [before[0].tolist(), live.floats(np.asarray(generator(before))[0, -1])]
    return {name: live.floats(each) for name, each in found.items()} | {"units": cell.units, "check": check}


def oracle(words):
    """The weights of the oracle, as those of `lstm`."""
    from gan_tf.data.oracle import LENGTH, UNITS, Oracle
    from gan_tf.runs import live

    own = Oracle(words)
    before = np.random.default_rng(1).integers(0, words, LENGTH)
    hidden = cell = np.zeros([1, UNITS], np.float32)
    for word in before:
        logits, hidden, cell = own.step([word], hidden, cell)
    found = {name: live.floats(each) for name, each in own.weights.items()}
    return found | {"units": UNITS, "check": [before.tolist(), live.floats(logits[0])]}


def anchors(gan):
    """The nine points of a plane of noise, [9, n]: of the first 64 for users, those whose pictures differ most.

    The first is the first. Each next one has the picture that is farthest from its nearest one so far.
    """
    from gan_tf.noise import USER_NOISE

    noise = np.asarray(gan.noise(0, USER_NOISE, 64))
    pictures = np.asarray(gan.generate(noise)).reshape(64, -1)
    chosen = [0]
    while len(chosen) < 9:
        distances = np.linalg.norm(pictures[:, None] - pictures[chosen], axis=-1)
        chosen.append(int(distances.min(axis=1).argmax()))
    return noise[chosen]


def conditional(gan):
    """Returns what the room "conditional" shows besides G: (16 noise vectors [100], picture).

    Each row of the picture has one noise and the digits 0 to 7.
    """
    from gan_tf.runs import live

    noise = handwritings(gan)
    rows = [asked(gan, np.repeat(each[None], 8, axis=0), np.arange(8)) for each in noise[:4]]
    return {"handwritings": [live.floats(each) for each in noise]}, np.concatenate(rows)


def editing(gan):
    """Returns what the room "editing" shows besides G: (directions [100] by name, picture).

    The picture has two digits, each once from light to heavy and once from left to right.
    """
    from gan_tf.gan import in_batches
    from gan_tf.noise import USER_NOISE
    from gan_tf.runs import live
    from gan_tf.zoo import editing

    noise = np.asarray(gan.noise(0, USER_NOISE, editing.SAMPLES))
    samples, digits = in_batches(gan.generate, noise), gan.asked(noise)
    found = {
        name: editing.direction_of(attribute, noise[:, :100], samples, digits)
        for name, attribute in editing.ATTRIBUTES.items()
    }
    random = np.random.default_rng(0).normal(size=100).astype(np.float32)
    rows = [
        asked(gan, np.clip(z + np.linspace(-2.5, 2.5, 8, dtype=np.float32)[:, None] * along, -1, 1), np.full(8, digit))
        for z, digit in zip(handwritings(gan), (5, 2), strict=False)
        for along in found.values()
    ]
    found["random"] = random / np.linalg.norm(random)
    return {"directions": {name: live.floats(each) for name, each in found.items()}}, np.concatenate(rows)


def handwritings(gan):
    """16 noise vectors, [16, 100], for a G that is also told a digit."""
    from gan_tf.noise import USER_NOISE

    return np.asarray(gan.noise(0, USER_NOISE, 16), np.float32)[:, :100]


def asked(gan, z, digits):
    """What G draws of z, [n, 100], if it is asked for `digits`, int [n]."""
    return np.asarray(gan.generate(np.concatenate([z, np.eye(10, dtype=np.float32)[digits]], axis=1)))


def completion(gan, folder):
    """Returns what the room "completion" shows besides G: (the network that guesses and other data, picture).

    `folder` has the results of gan_tf.zoo.completion. The picture has four rows of eight: digits that G draws, the same
    with a hole, with the hole filled, and the whole images that G drew to fill them.
    """
    import keras

    from gan_tf.noise import USER_NOISE
    from gan_tf.runs import live
    from gan_tf.zoo.completion import fill, hole

    encoder = keras.saving.load_model(folder / "encoder.keras", compile=False)
    size = json.loads((folder / "completion.json").read_text())["hole"]
    noise = np.asarray(gan.noise(0, USER_NOISE, DIGITS))
    digits, mask = np.asarray(gan.generate(noise)), hole(size, gan.shape)
    hidden = fill(digits, mask, 0)
    guessed = np.asarray(gan.generate(np.asarray(encoder(hidden))))
    rows = [digits, fill(digits, mask, 0.45), fill(digits, mask, guessed), guessed]
    network = described(encoder, hidden[:CHECKED])
    found = {"encoder": network, "hole": size, "digits": [live.floats(each) for each in noise]}
    return found, np.concatenate([each[:8] for each in rows])


def facts(gan, iteration):
    """What a room says of a run: how far it was trained, the shape of its pictures, whether D says a probability.

    And for how many classes G can be asked, if it can.
    """
    # Only a D that was trained by cross-entropy has an opinion between 0 and 1.
    probability = gan.blind_d_loss is not None and math.isclose(gan.blind_d_loss, 2 * math.log(2))
    found = {"trained": iteration, "shape": list(gan.shape or ()), "probability": probability}
    return found | ({"classes": len(gan.conditions)} if gan.conditions else {})


def content(room, runs):
    """Returns (what belongs into the file of a room, its picture or None), or None if a run is not there."""
    from gan_tf import restore
    from gan_tf.runs import live

    folders = {run: folder_of(runs, run) for run in ROOMS[room]}
    if None in folders.values() or (room == "completion" and not (Path(runs) / ENCODER).exists()):
        return None
    found, picture = {}, None
    gans = {run: restore.load_run(folder) for run, folder in folders.items()}
    for run, (gan, iteration) in gans.items():
        if room == "seqgan":
            found[run] = lstm(gan) | {"trained": iteration}
            found["oracle"] = oracle(gan.models["generator"].get_layer("words").input_dim)
        elif ROOMS[room][run]:
            found[run] = facts(gan, iteration) | dict(network(gan, each) for each in ROOMS[room][run])
    if room in ("conditional", "editing", "completion"):
        ((gan, _),) = gans.values()
        more = {"conditional": conditional, "editing": editing}.get(room)
        others, picture = more(gan) if more else completion(gan, Path(runs) / "completion")
        found |= others
    if room in PICTURES:
        gan, _ = gans[PICTURES[room]]
        picture = np.asarray(gan.sample(32))
        found["anchors"] = [live.floats(each) for each in anchors(gan)]
    return found, picture


def draw(picture, path):
    """Writes 32 pictures as four rows of eight, each pixel twice as large."""
    from PIL import Image

    n, height, width, channels = picture.shape
    grid = picture.reshape(4, 8, height, width, channels).swapaxes(1, 2).reshape(4 * height, 8 * width, channels)
    image = Image.fromarray(np.round(255 * grid).astype(np.uint8).repeat(2, 0).repeat(2, 1).squeeze())
    image.save(path, optimize=True)


def build(runs, out_dir):
    """Writes the data of all rooms whose runs are below `runs`. Returns {room: bytes, or None if it is left out}."""
    out_dir = Path(out_dir)
    for name in ("data", "pictures"):
        (out_dir / name).mkdir(parents=True, exist_ok=True)
    sizes = {}
    for room in ROOMS:
        found, path = content(room, runs), out_dir / "data" / f"{room}.js"
        sizes[room] = None
        if found is None:
            path.unlink(missing_ok=True)
            continue
        text = f'Playground.data("{room}", {json.dumps(found[0], separators=(",", ":"))});\n'
        path.write_text(text, encoding="utf-8")
        sizes[room] = len(text)
        if found[1] is not None:
            draw(found[1], out_dir / "pictures" / f"{room}.png")
    there = [room for room, size in sizes.items() if size is not None]
    (out_dir / "data" / "built.js").write_text(f"Playground.built({json.dumps(there)});\n", encoding="utf-8")
    shutil.copyfile(NETWORKS, out_dir / "networks.js")
    return sizes


def main():
    command_line.import_tensorflow()
    sizes = build(FLAGS.runs, FLAGS.out_dir)
    for room, size in sizes.items():
        runs = " and ".join([*ROOMS[room], *["completion"] * (room == "completion")])
        print(f"{room}: {size / 1e6:.2f} MB" if size is not None else f"{room}: left out; it needs the runs {runs}")
    if sum(filter(None, sizes.values())) > LIMIT:
        sys.exit(f"error: the rooms have more than {LIMIT / 1e6:.0f} MB; leave a run out.")


if __name__ == "__main__":
    flags.DEFINE_string("runs", "out", "Folder with the folders of the runs.")
    flags.DEFINE_string("out_dir", str(PLAYGROUND), "Folder of the playground.")
    command_line.run(main, {"Flags": ["runs", "out_dir"]}, (LoadError, RunError, OSError))
