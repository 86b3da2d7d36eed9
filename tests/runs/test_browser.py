"""Keras models in a browser: networks.js computes what Keras does."""

import base64
import importlib
import json
import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import keras
import numpy as np
import pytest
from keras import layers, ops
from nodes import NETWORKS, run_in_node

from gan_tf.gan import Gan
from gan_tf.members import GANS
from gan_tf.noise import stream_noise
from gan_tf.runs import browser, live

RANDOM = np.random.default_rng(0)
SMALL = {"width": 4}
# Member → settings that make its networks small; several where the layers depend on them.
MEMBERS = {
    "reference": [{}],
    "dcgan": [
        SMALL | {"shape": (21, 14, 3)},
        SMALL | {"pooling": True, "shape": (14, 21, 1)},
        SMALL | {"batch_norm": False},
    ],
    "conditional": [SMALL | {"classes": ("a", "b", "c"), "shape": (14, 11, 3)}],
    "semi_supervised": [{}],
    "infogan": [SMALL],
    "loss_sensitive": [{"shape": (9, 7, 3)}],
    "regularised": [{"shape": (9, 7, 3), "ema": 0.9}],
    "sngan": [SMALL | {"shape": (13, 18, 3)}],
    "r3gan": [{"width": 8, "shape": (18, 21, 3)}],
    "adversarial_autoencoder": [{"code": 2, "shape": (5, 4, 1)}],
    "stackgan": [SMALL, SMALL | {"one_stage": True}],
}


def shaken(model):
    """Gives all weights other values than they begin with: zeros and ones would hide mistakes. Returns the model."""
    for weight in model.variables:
        if weight.dtype == "float32":
            value, noise = np.asarray(weight), RANDOM.normal(size=weight.shape)
            positive = "variance" in weight.path
            weight.assign(value + 0.3 * np.abs(noise) if positive else value + 0.05 * noise)
    return model


def inputs_of(model):
    return [np.float32(RANDOM.normal(size=[1, *tensor.shape[1:]])) for tensor in model.inputs]


def assert_agree(models, tmp_path, inputs=None, bits=32, tolerance=1e-5):
    """networks.js computes what Keras does, of random inputs; the outputs are not all alike."""
    inputs = inputs or [inputs_of(model) for model in models]
    cases = [(browser.describe(model, bits), x) for model, x in zip(models, inputs, strict=True)]
    for model, x, ours in zip(models, inputs, run_in_node(cases, tmp_path), strict=True):
        theirs = browser.outputs_of(model, x)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b.ravel(), atol=tolerance * max(1, np.abs(b).max()), err_msg=model.name)
            assert b.size == 1 or np.ptp(b) > 0, model.name


@pytest.fixture(scope="module")
def members():
    """{name: its `Gan`}, all members that draw from noise, with other weights than they begin with."""
    found = {}
    for name, settings in MEMBERS.items():
        for number, each in enumerate(settings):
            gan = importlib.import_module(GANS[name]).make(None, **each)
            for model in gan.models.values():
                shaken(model)
            found[f"{name} {number}"] = gan
    return found


@pytest.fixture(scope="module")
def judged(members):
    """{name: (what the page has, noise, pictures, D's inputs or None, D's outputs or None)} of each member."""
    found = {}
    for name, gan in members.items():
        networks = live.networks(gan, room=1e8)
        _, noise, drawn = live.drawing(gan)
        given = outputs = None
        if networks["discriminator"]:
            model, judge = live.judging(gan)
            given = live.judged(model, judge, drawn, gan)
            outputs = browser.outputs_of(model, given)[judge["output"]]
            # with all digits, for comparison
            networks["discriminator"] = browser.describe(model)
        networks["generator"] = browser.describe(live.drawing(gan)[0])
        found[name] = (networks, noise, drawn, given, outputs)
    return found


def test_every_member_that_draws_is_live(judged, members, tmp_path):
    """What G draws of noise agrees to 1e-5, and so does what D says of it, for two examples of each member."""
    assert {name.split()[0] for name in judged} == set(GANS) - {
        "cyclegan", "pix2pix", "super_resolution", "gan_3d", "seqgan", "imitation",
    }  # fmt: skip
    cases, expected = [], []
    for name, (networks, noise, drawn, given, outputs) in judged.items():
        for row in (0, 3):
            cases.append((networks["generator"], [noise[row]]))
            expected.append((name, 0, np.asarray(members[name].generate(noise))[row]))
            if given:
                cases.append((networks["discriminator"], [each[row] for each in given]))
                expected.append((name, networks["judge"]["output"], outputs[row]))
        assert np.ptp(drawn, axis=0).max() > 1e-3, "it must not ignore its noise"
    for (name, place, theirs), ours in zip(expected, run_in_node(cases, tmp_path), strict=True):
        np.testing.assert_allclose(ours[place], np.ravel(theirs), atol=1e-5, err_msg=name)


def test_which_networks_are_live_and_why_not(judged):
    why = {name: networks["why"] for name, (networks, *_) in judged.items() if networks["why"]}
    no_logit = {"discriminator": {"key": "no_logit"}}
    assert why == {"semi_supervised 0": no_logit, "adversarial_autoencoder 0": no_logit}
    others = {
        name: live.networks(importlib.import_module(GANS[name]).make(None, **small), 1e8)
        for name, small in (("pix2pix", SMALL), ("super_resolution", SMALL), ("gan_3d", SMALL), ("seqgan", {}))
    }
    assert all(each["why"]["generator"] == {"key": "no_noise"} for each in others.values())
    assert others["super_resolution"]["discriminator"] and not others["pix2pix"]["discriminator"]
    deviation = importlib.import_module(GANS["regularised"]).make(None, deviation=True)
    layer = {"discriminator": {"key": "layer", "layer": "Deviation"}}
    assert live.networks(deviation, 1e8)["why"] == layer
    assert live.networks(deviation, 250_000)["why"]["generator"] == {"key": "size", "megabytes": 0.4}
    room = live.size_of(live.networks(deviation, 1e8)["generator"])
    assert live.networks(deviation, room)["generator"] and not live.networks(deviation, room - 1)["generator"]


def test_what_the_page_says_of_the_outputs(judged):
    """Only the sigmoid of a cross-entropy's D is a probability."""
    probability = {name.split()[0] for name, (networks, *_) in judged.items() if networks["probability"]}
    hidden = {"sngan", "r3gan", "loss_sensitive", "infogan", "conditional", "stackgan", "semi_supervised"}
    assert probability == set(MEMBERS) - hidden | {"adversarial_autoencoder"}


def test_real_images_as_bytes(monkeypatch):
    """At most 16, and at most so many as the page has room for, but at least one."""
    gan = importlib.import_module(GANS["reference"]).make(None)
    gan.real_pictures = np.float32(RANDOM.random([20, 28, 28, 1]))
    for most, count in ((65_536, 16), (3 * 784 + 5, 3), (10, 1)):
        monkeypatch.setattr(live, "REAL_BYTES", most)
        real = np.frombuffer(base64.b64decode(live.networks(gan, 1e8)["real"]), np.uint8)
        np.testing.assert_array_equal(real, np.round(255 * gan.real_pictures[:count]).astype(np.uint8).ravel())


def test_conditions_and_codes(judged):
    """The columns of the noise that say a condition; each row is that of `make_noise`."""
    about = {name: networks["noise"] for name, (networks, *_) in judged.items()}
    asked = about["conditional 0"]["conditions"]
    assert asked["columns"] == [100, 101, 102]
    assert asked["rows"] == [["a", [1, 0, 0]], ["b", [0, 1, 0]], ["c", [0, 0, 1]]]
    captions = about["stackgan 0"]["conditions"]
    assert captions["columns"] == list(range(120, 132)) and len(captions["rows"]) == 40
    assert dict(captions["rows"])["a bold slanted seven"] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    codes = [["category", 62, 72], ["first number", 72, 73], ["second number", 73, 74]]
    assert about["infogan 0"]["codes"] == codes and about["reference 0"]["codes"] == []
    assert about["reference 0"]["conditions"] is None and {each["kind"] for each in about.values()} == {"uniform"}


def test_noise_of_other_kinds():
    """Normal noise is known, too; what is neither is not guessed."""
    model = keras.Sequential([keras.Input([6]), layers.Dense(4, "sigmoid"), layers.Reshape([2, 2, 1])])

    def gan(make_noise):
        return Gan({"generator": model}, None, 0, shape=(2, 2, 1), make_noise=make_noise, generate=model)

    def random(seed, stream, count):
        return np.random.default_rng(seed).normal(size=[count, 6]).astype(np.float32)

    assert live.networks(gan(random), 1e8)["noise"]["kind"] == "normal"
    assert live.networks(gan(lambda *given: 3 * random(*given)), 1e8)["why"]["generator"] == {"key": "noise"}
    near = gan(lambda *given: stream_noise(*given, noise_dim=6))
    assert live.networks(near, 1e8)["noise"]["kind"] == "uniform"
    near.generate = lambda noise: 1 - model(np.asarray(noise))  # no model draws this
    assert live.networks(near, 1e8)["why"]["generator"] == {"key": "no_noise"}
    near.generate = lambda noise: 1 - np.asarray(model(np.asarray(noise))) + 0 * model(noise)
    assert live.networks(near, 1e8)["why"]["generator"] == {"key": "no_noise"}


LAYERS = {
    "convolution with strides": ((7, 9, 3), layers.Conv2D(5, (3, 2), (2, 3), "same", activation="relu")),
    "convolution, valid": ((7, 9, 3), layers.Conv2D(2, (4, 3), (2, 1), activation="tanh", use_bias=False)),
    "dilated": ((9, 8, 2), layers.Conv2D(3, 3, padding="same", dilation_rate=(2, 3))),
    "one axis": ((11, 2), layers.Conv1D(3, 4, 3, "same")),
    "three axes": ((5, 4, 6, 2), layers.Conv3D(3, (3, 2, 4), (2, 1, 3), "same")),
    "transposed": ((4, 3, 6), layers.Conv2DTranspose(5, (5, 4), (2, 3), "same")),
    "transposed, odd": ((4, 3, 2), layers.Conv2DTranspose(3, 5, 2, "same", output_padding=(0, 1))),
    "transposed, valid": ((4, 3, 2), layers.Conv2DTranspose(3, (3, 2), (1, 3))),
    "transposed, three axes": ((2, 3, 2, 3), layers.Conv3DTranspose(2, 4, 2, "same", activation="sigmoid")),
    "depthwise": ((6, 5, 3), layers.DepthwiseConv2D(3, 2, "same", depth_multiplier=2)),
    "separable": ((6, 5, 3), layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, activation="elu")),
    "spectral": ((6, 5, 3), layers.SpectralNormalization(layers.Conv2D(4, 3, activation="silu"))),
    "dense": ((5,), layers.Dense(7, "softplus")),
    "dense of many": ((3, 5), layers.Dense(7, "softmax")),
    "batch": ((4, 3, 5), layers.BatchNormalization(epsilon=0.1)),
    "batch, plain": ((4, 3, 5), layers.BatchNormalization(center=False, scale=False)),
    "groups": ((4, 3, 6), layers.GroupNormalization(3, epsilon=0.1)),
    "each channel": ((4, 3, 6), layers.GroupNormalization(-1, scale=False, center=False)),
    "max": ((7, 6, 3), layers.MaxPooling2D((3, 2), (2, 3), "same")),
    "mean": ((7, 6, 3), layers.AveragePooling2D(3, 2, "same")),
    "mean, valid": ((7, 6, 3), layers.AveragePooling2D((2, 3))),
    "three axes, max": ((4, 5, 3, 2), layers.MaxPooling3D(2)),
    "all": ((4, 5, 3), layers.GlobalAveragePooling2D()),
    "largest": ((4, 5, 3), layers.GlobalMaxPooling2D()),
    "nearest": ((3, 4, 2), layers.UpSampling2D((2, 3))),
    "bilinear": ((3, 4, 2), layers.UpSampling2D((2, 3), interpolation="bilinear")),
    "upsampling, three axes": ((2, 3, 4, 2), layers.UpSampling3D((3, 2, 1))),
    "cropping": ((6, 7, 2), layers.Cropping2D(((1, 2), (3, 0)))),
    "padding": ((3, 4, 2), layers.ZeroPadding2D(((1, 2), (0, 3)))),
    "permuted": ((2, 3, 4), layers.Permute((3, 1, 2))),
    "repeated": ((3,), layers.RepeatVector(4)),
    "rescaled": ((3,), layers.Rescaling(2.5, -1.25)),
    "leaky": ((9,), layers.LeakyReLU(0.3)),
    "relu": ((9,), layers.ReLU(negative_slope=0.1)),
    "prelu": ((3, 2, 4), layers.PReLU(shared_axes=[1, 2])),
    "softmax": ((2, 5), layers.Softmax()),
    "exponential": ((4,), layers.Activation("exponential")),
    "dropped": ((4,), layers.Dropout(0.5)),
    "after many zeros": ((40,), keras.Sequential([layers.ReLU(), layers.Dense(3)])),
}


def test_layers(tmp_path):
    """One by one, with sizes that differ on every axis."""
    models = [keras.Sequential([keras.Input(shape), layer]) for shape, layer in LAYERS.values()]
    assert_agree([shaken(model) for model in models], tmp_path)


def test_graphs(tmp_path):
    """Two inputs, two outputs, a layer that is used twice, sums and products, models within models, and operations."""
    a, b = keras.Input([4, 3, 2]), keras.Input([4, 3, 2])
    shared = layers.Conv2D(2, 3, padding="same")
    inner = keras.Sequential([keras.Input([4, 3, 2]), layers.ReLU(), layers.Conv2D(2, 1)])
    x, y = shared(a), inner(shared(b))
    total = layers.Add()([x, y, inner(x)])
    both = layers.Concatenate(axis=2)([layers.Multiply()([x, y]), total])
    last = layers.Concatenate()([layers.Flatten()(both), layers.Flatten()(a)])
    graph = keras.Model([b, a], [layers.Dense(3)(last), total])
    z = keras.Input([9])
    mu, sigma = ops.split(layers.Dense(6)(z), 2, axis=1)
    noise = 1.5 * ops.erfinv(ops.clip(0.4 * z[:, 5:8], -0.999, 0.9)) + 0.25
    drawn = mu + ops.exp(sigma) * noise
    chosen = keras.Model(z, ops.concatenate([drawn, z[:, :2]], axis=1))
    assert_agree([shaken(graph), shaken(chosen)], tmp_path)
    described = browser.describe(graph)
    assert len(described["weights"]) * 3 / 4 < 4 * (graph.count_params() + 1), "shared weights are there once"


def test_words_and_numbers(tmp_path):
    """An embedding takes whole numbers."""
    model = keras.Sequential([keras.Input([5]), layers.Embedding(7, 3), layers.GlobalAveragePooling1D()])
    assert_agree([shaken(model)], tmp_path, [[np.float32([[0, 6, 3, 3, 1]])]])


def test_the_inverse_of_the_error_function(tmp_path):
    x = keras.Input([201])
    model = keras.Model(x, ops.erfinv(x))
    inputs = np.linspace(-1 + 2**-20, 1 - 2**-20, 201, dtype=np.float32)[None]
    assert_agree([model], tmp_path, [[inputs]], tolerance=1e-6)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.LSTM(2), "the page cannot compute LSTM"),
        (layers.Conv1D(4, 2, groups=2), "the page cannot compute Conv1D with groups"),
        (layers.Dense(2, "gelu"), "the page cannot compute the activation gelu"),
        (layers.Conv1D(4, 2, padding="causal"), "the page cannot compute Conv1D with padding=causal"),
        (layers.ReLU(max_value=6.0), "the page cannot compute ReLU with a limit"),
        (layers.BatchNormalization(axis=1), "the page cannot compute BatchNormalization with another axis"),
        (layers.SpectralNormalization(layers.EinsumDense("abc,cd->abd", (None, 3))), "the page cannot compute Einsum"),
    ],
)
def test_what_it_cannot_compute(layer, words):
    model = keras.Sequential([keras.Input([4, 6]), layer])
    with pytest.raises(browser.UnknownLayerError, match=words) as error:
        browser.describe(model)
    assert len(str(error.value).splitlines()) == 1


def test_layers_that_only_share_a_name():
    """A class of somebody else that is called Dense may compute anything."""

    class Dense(layers.Dense):
        pass

    with pytest.raises(browser.UnknownLayerError, match="the page cannot compute Dense"):
        browser.describe(keras.Sequential([keras.Input([4]), Dense(2)]))


def test_sixteen_bits(tmp_path, monkeypatch):
    """Half the text, where it changes the outputs little. Infinity, or a large change, needs 32 bits."""
    model = keras.Sequential([keras.Input([50]), layers.Dense(300, "relu"), layers.Dense(9, "sigmoid")])
    before = shaken(model).get_weights()
    inputs = [np.float32(RANDOM.uniform(-1, 1, [16, 50]))]
    small, large = browser.describe_small(model, inputs), browser.describe(model)
    assert small["bits"] == 16 and large["bits"] == 32
    assert len(small["weights"]) == pytest.approx(len(large["weights"]) / 2, rel=0.01)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    ours = run_in_node([(small, [inputs[0][3]]), (large, [inputs[0][3]])], tmp_path)
    (exact,) = browser.outputs_of(model, inputs)
    assert 1e-6 < np.abs(ours[0][0] - exact[3]).max() < 1 / 255
    np.testing.assert_allclose(ours[1][0], exact[3], atol=1e-6)
    with monkeypatch.context() as changed:
        changed.setattr(browser, "SEEN", 1e-6)
        assert browser.describe_small(model, inputs)["bits"] == 32
    large = keras.Sequential([keras.Input([50]), layers.Dense(3, kernel_initializer="ones")])  # its outputs are large
    large.layers[0].kernel.assign(np.float32(RANDOM.uniform(900, 1000, [50, 3])))
    large.layers[0].bias.assign(np.full(3, 30_001, np.float32))
    assert browser.describe_small(large, inputs)["bits"] == 16
    model.layers[0].bias.assign(np.full(300, 70_000, np.float32))  # more than 16 bits can hold
    assert browser.describe_small(model, inputs)["bits"] == 32


def test_all_floats_of_sixteen_bits(tmp_path):
    """Also the smallest ones, and zeros with a sign."""
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = np.concatenate([numbers[np.isfinite(numbers)], np.zeros(64, np.float16)])[: 62 * 1024]
    model = keras.Sequential([keras.Input([1]), layers.Dense(len(numbers), use_bias=False)])
    model.layers[0].kernel.assign(numbers[None].astype(np.float32))
    (ours,) = run_in_node([(browser.describe(model, 16), [np.ones(1)])], tmp_path)[0]
    np.testing.assert_array_equal(np.float32(ours), numbers.astype(np.float32))


def test_an_input_of_another_size_is_refused(tmp_path):
    model = keras.Sequential([keras.Input([3]), layers.Dense(2)])
    with pytest.raises(AssertionError, match="input 0 takes 3 numbers, not 4"):
        run_in_node([(browser.describe(model), [np.ones(4)])], tmp_path)


# ---- In browsers ----

PAGE = """<!DOCTYPE html><meta charset="utf-8"><script src="/networks.js"></script><script>
fetch("/cases").then(answer => answer.json()).then(cases => {
  const outputs = cases.map(([description, inputs]) => Networks.load(description).run(inputs).map(y => Array.from(y)));
  return fetch("/outputs", { method: "POST", body: JSON.stringify(outputs) });
}).catch(error => fetch("/outputs", { method: "POST", body: JSON.stringify(String(error)) }));
</script>"""

BROWSERS = {
    "chromium": ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--user-data-dir={}"),
    "firefox": ("--headless", "--no-remote", "--profile", "{}"),
}


@pytest.mark.parametrize("name", ["chromium", pytest.param("firefox", marks=pytest.mark.slow)])
def test_in_a_browser(name, judged, tmp_path):
    """Every member's G and D, in a real browser: it asks a server for the networks, and sends the outputs back."""
    binary = next(filter(None, map(shutil.which, (name, f"{name}-esr", f"{name}-browser"))), None)
    if not binary:
        pytest.skip(f"needs {name}")
    cases, expected = [], []
    for networks, noise, drawn, given, outputs in judged.values():
        cases.append([networks["generator"], [noise[1].tolist()]])
        expected.append((0, drawn[1]))
        if given:
            cases.append([networks["discriminator"], [each[1].ravel().tolist() for each in given]])
            expected.append((networks["judge"]["output"], outputs[1]))
    files = {"/": PAGE, "/networks.js": NETWORKS.read_text(), "/cases": json.dumps(cases)}
    found, done = [], threading.Event()

    class Server(BaseHTTPRequestHandler):
        def log_message(self, *given):
            """Says nothing."""

        def do_GET(self):
            kind = {"/": "text/html", "/networks.js": "text/javascript"}.get(self.path, "application/json")
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(files.get(self.path, "").encode())

        def do_POST(self):
            found.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            done.set()

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "profile").mkdir()
    flags = [each.format(tmp_path / "profile") for each in BROWSERS[name]]
    process = subprocess.Popen(
        [binary, *flags, f"http://127.0.0.1:{server.server_port}/"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"MOZ_HEADLESS": "1", "HOME": str(tmp_path)},
    )
    try:
        assert done.wait(120), "the browser sent nothing"
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()
    assert isinstance(found[0], list), found[0]
    for (place, theirs), ours in zip(expected, found[0], strict=True):
        np.testing.assert_allclose(ours[place], np.ravel(theirs), atol=1e-4)
