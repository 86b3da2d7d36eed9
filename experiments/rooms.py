"""What the rooms of the playground show besides their networks: data for the page, and a picture for its first page.

Each function in SHOWN takes the GANs of a room, {run: Gan}, and the folder of the runs. It returns (data, a dict for
JSON; picture, 32 images of one size, four rows of eight, or None). experiments/playground.py writes both. The tests
compare the page with the pictures, since these are drawn with the same data by Keras.
"""

import json
from pathlib import Path

import numpy as np

VECTORS = 16  # noise vectors of a room that steps through them
DIGITS = 20  # that a room begins with
REACH = 3  # the largest number of a code on the map of the room "adversarial_autoencoder"
CHECKED = 3  # inputs of a network with what Keras computes of them
ENCODER = "completion/encoder.keras"  # below the runs, for the room "completion"


def first_noise(gan, count=VECTORS):
    """The first `count` noise vectors for users, the same for all visitors, float32 [count, …]."""
    from gan_tf.noise import USER_NOISE

    return np.asarray(gan.noise(0, USER_NOISE, count), np.float32)


def floats(arrays):
    """A list of arrays as the page reads them."""
    from gan_tf.runs import live

    return [live.floats(each) for each in arrays]


def described(model, given):
    """The description of a network, with what Keras computes of the inputs `given`, a list of arrays [n, …].

    A check is [the inputs of one example, the output].
    """
    from gan_tf.runs import browser

    found = browser.describe_small(model, given)
    (computed,) = browser.outputs_of(model, given)
    found["checks"] = [[floats(x), *floats([y])] for *x, y in zip(*given, computed, strict=True)]
    return found


# ---- A plane of noise ----


def plane(gans, runs):
    """The nine points of a plane of the last GAN's noise, and 32 samples."""
    gan = list(gans.values())[-1]
    return {"anchors": floats(anchors(gan))}, np.asarray(gan.sample(32))


def anchors(gan):
    """The nine points of a plane of noise, [9, n]: of the first 64 for users, those whose pictures differ most.

    The first is the first. Each next one has the picture that is farthest from its nearest one so far.
    """
    noise = first_noise(gan, 64)
    pictures = np.asarray(gan.generate(noise)).reshape(64, -1)
    chosen = [0]
    while len(chosen) < 9:
        distances = np.linalg.norm(pictures[:, None] - pictures[chosen], axis=-1)
        chosen.append(int(distances.min(axis=1).argmax()))
    return noise[chosen]


# ---- A G that is told what to draw ----


def drawn(gan, z, classes):
    """What G draws of z, [n, 100], if it is asked for `classes`, int [n]."""
    from gan_tf.zoo.conditional import ask

    return np.asarray(gan.generate(ask(z, classes, len(gan.conditions))))


def handwritings(gan):
    """16 noise vectors, [16, 100], for a G that is also told a class."""
    return first_noise(gan)[:, :100]


def digits_of(gans):
    """The digits 0 to 9, and again, as the conditional GAN among the GANs draws them: float32 [20, 28, 28, 1]."""
    gan = gans["conditional_residual"]
    classes, rounds = len(gan.conditions), DIGITS // len(gan.conditions)
    noise = np.repeat(handwritings(gan)[:rounds], classes, axis=0)
    return drawn(gan, noise, np.tile(np.arange(classes), rounds))


def conditional(gans, runs):
    """The noise vectors. Each row of the picture has one noise and the digits 0 to 7."""
    (gan,) = gans.values()
    noise = handwritings(gan)
    rows = [drawn(gan, np.repeat(each[None], 8, axis=0), np.arange(8)) for each in noise[:4]]
    return {"handwritings": floats(noise)}, np.concatenate(rows)


def editing(gans, runs):
    """The directions, [100] each, by name. The picture has two digits, from light to heavy and from left to right."""
    from gan_tf.gan import in_batches
    from gan_tf.runs import live
    from gan_tf.zoo import editing

    (gan,) = gans.values()
    noise = first_noise(gan, editing.SAMPLES)
    samples, digits = in_batches(gan.generate, noise), gan.asked(noise)
    found = {
        name: editing.direction_of(attribute, noise[:, :100], samples, digits)
        for name, attribute in editing.ATTRIBUTES.items()
    }
    random = np.random.default_rng(0).normal(size=100).astype(np.float32)
    rows = [
        drawn(gan, np.clip(z + np.linspace(-2.5, 2.5, 8, dtype=np.float32)[:, None] * along, -1, 1), np.full(8, digit))
        for z, digit in zip(handwritings(gan), (5, 2), strict=False)
        for along in found.values()
    ]
    found["random"] = random / np.linalg.norm(random)
    return {"directions": {name: live.floats(each) for name, each in found.items()}}, np.concatenate(rows)


def heads(gans, runs):
    """The noise vectors and the eight hair colours. Each row of the picture has one noise and all colours."""
    (gan,) = gans.values()
    noise = handwritings(gan)
    rows = [drawn(gan, np.repeat(each[None], 8, axis=0), np.arange(8)) for each in noise[:4]]
    return {"noise": floats(noise), "colours": list(gan.conditions)}, np.concatenate(rows)


# ---- A code that means something ----


def infogan(gans, runs):
    """The noise vectors z, [16, 62].

    Two rows of the picture have one z each and eight categories. The other two have the first z and the first category,
    and go through one of the two numbers each, from -2 to 2.
    """
    from gan_tf.zoo.infogan import CATEGORIES, NOISE, NUMBERS

    (gan,) = gans.values()
    noise, categories = first_noise(gan)[:, :NOISE], np.eye(CATEGORIES, dtype=np.float32)
    inputs = np.zeros([4, 8, NOISE + CATEGORIES + NUMBERS], np.float32)
    inputs[:, :, :NOISE] = noise[[0, 1, 0, 0], None]
    inputs[:2, :, NOISE:-NUMBERS], inputs[2:, :, NOISE:-NUMBERS] = categories[:8], categories[0]
    for number in range(NUMBERS):
        inputs[2 + number, :, NOISE + CATEGORIES + number] = np.linspace(-2, 2, 8)
    found = {"noise": floats(noise), "categories": CATEGORIES}
    return found, np.asarray(gan.generate(inputs.reshape(32, -1)))


def adversarial_autoencoder(gans, runs):
    """How far the map goes. The picture has the middle four rows of the map: decoded codes, evenly spaced."""
    (gan,) = gans.values()
    places = REACH * (np.arange(8) * 2 - 7) / 8
    right, up = np.meshgrid(places, places[5:1:-1])
    codes = np.stack([right.ravel(), up.ravel()], axis=1).astype(np.float32)
    return {"reach": REACH}, np.asarray(gan.models["decoder"](codes)).reshape(-1, *gan.shape)


# ---- A picture from a picture ----


def pix2pix(gans, runs):
    """Outlines of 20 digits. The picture has outlines, and below them what G draws of them."""
    from gan_tf.zoo.pix2pix import outlines

    lines = outlines(digits_of(gans))
    drawn = np.asarray(gans["pix2pix"].models["generator"](lines))
    return {"outlines": floats(lines)}, np.concatenate([lines[:8], drawn[:8], lines[10:18], drawn[10:18]])


def super_resolution(gans, runs):
    """20 digits of 7x7 pixels. The picture has small digits, and below them what G draws of them."""
    from gan_tf.zoo.super_resolution import nearest, shrunk

    small = shrunk(digits_of(gans))
    drawn, seen = np.asarray(gans["super_resolution"].models["generator"](small)), nearest(small)
    return {"small": floats(small)}, np.concatenate([seen[:8], drawn[:8], seen[10:18], drawn[10:18]])


def cyclegan(gans, runs):
    """20 printed digits that nothing trained on, 0 to 9 twice, and 20 written ones.

    The picture has printed digits, the same written; then written ones, and the same printed.
    """
    from gan_tf.metrics.translated import held_out

    images, labels = held_out()
    printed = np.stack([images[labels == digit][turn] for turn in range(DIGITS // 10) for digit in range(10)])
    written = digits_of(gans)
    networks = gans["cyclegan"].models
    to_written, to_printed = (np.asarray(networks[n](x)) for n, x in (("to_written", printed), ("to_printed", written)))
    picture = np.concatenate([each[:8] for each in (printed, to_written, written, to_printed)])
    return {"printed": floats(printed), "written": floats(written)}, picture


def stackgan(gans, runs):
    """z and normal noise, [16, 100] and [16, 16]; the words of captions. The picture has a row for each style."""
    from gan_tf.data.captions import WORDS
    from gan_tf.zoo.blocks import normal_of
    from gan_tf.zoo.stackgan import CLOUD, NOISE, with_captions

    (gan,) = gans.values()
    uniform = first_noise(gan)
    random, normal = uniform[:, :NOISE], np.asarray(normal_of(uniform[:, NOISE : NOISE + CLOUD]))
    captions = np.array([10 * style + digit for style in range(4) for digit in range(8)])
    picture = np.asarray(gan.generate(with_captions(np.repeat(uniform[:1, : -len(WORDS)], 32, axis=0), captions)))
    return {"noise": floats(random), "normal": floats(normal), "words": WORDS}, picture


def completion(gans, runs):
    """The network that guesses, the size of its hole, and the noise of 20 digits.

    `runs` has the results of gan_tf.zoo.completion. The picture has digits that G draws, the same with a hole, with the
    hole filled, and the whole images that G drew to fill them.
    """
    import keras

    from gan_tf.zoo.completion import fill, hole

    (gan,) = gans.values()
    encoder = keras.saving.load_model(Path(runs) / ENCODER, compile=False)
    size = json.loads((Path(runs) / ENCODER).with_name("completion.json").read_text())["hole"]
    noise = first_noise(gan, DIGITS)
    digits, mask = np.asarray(gan.generate(noise)), hole(size, gan.shape)
    hidden = fill(digits, mask, 0)
    guessed = np.asarray(gan.generate(np.asarray(encoder(hidden))))
    rows = [digits, fill(digits, mask, 0.45), fill(digits, mask, guessed), guessed]
    found = {"encoder": described(encoder, [hidden[:CHECKED]]), "hole": size, "digits": floats(noise)}
    return found, np.concatenate([each[:8] for each in rows])


# ---- Solids and sentences ----


def gan_3d(gans, runs):
    """16 noise vectors, and pictures of the first 32 solids."""
    from gan_tf.metrics.solids import view

    (gan,) = gans.values()
    noise = first_noise(gan, 32)
    return {"noise": floats(noise[:VECTORS])}, view(gan.models["generator"](noise))


def seqgan(gans, runs):
    """The weights of both G and of the oracle, by the names of gan_tf/data/oracle.py. No picture."""
    found = {run: lstm(gan) for run, gan in gans.items()}
    words = list(gans.values())[0].models["generator"].get_layer("words").input_dim
    return found | {"oracle": oracle(words)}, None


def lstm(gan):
    """The weights of SeqGAN's G, with a check: words, and the last logits."""
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


SHOWN = {
    "digits": plane,
    "r3gan": plane,
    "conditional": conditional,
    "infogan": infogan,
    "pix2pix": pix2pix,
    "cyclegan": cyclegan,
    "super_resolution": super_resolution,
    "stackgan": stackgan,
    "completion": completion,
    "editing": editing,
    "adversarial_autoencoder": adversarial_autoencoder,
    "gan_3d": gan_3d,
    "heads": heads,
    "seqgan": seqgan,
}
