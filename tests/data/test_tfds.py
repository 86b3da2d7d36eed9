"""gan_tf.data.tfds: --dataset=tfds:NAME, with small data sets that are prepared here, without a network."""

import http.server
import re
import shutil
import socket
import threading

import numpy as np
import pytest

from gan_tf import data, limits
from gan_tf.data import mnist, tfds

library = pytest.importorskip("tensorflow_datasets")

_random = np.random.default_rng(0)
PIXELS, TESTS = (_random.integers(0, 256, [n, 9, 11, 3], np.uint8) for n in (40, 12))
LABELS, TEST_LABELS = np.arange(40) * 7 % 3, np.arange(12) * 5 % 3
NAMES = ["shoe", "bag", "coat"]
DEEP = _random.integers(0, 2**16, [40, 9, 9, 1], np.uint16)
HELD_OUT = [0, 7, 9, 10, 33]  # of 40 pictures
IMAGE, LABEL = library.features.Image, library.features.ClassLabel(names=NAMES)


def prepare(folder, name, features, shards=1, config=None, version="1.0.0", shuffled=False, **splits):
    """Prepares a data set in `folder`, as tensorflow-datasets does. `splits` are {feature: [value of each example]}.

    The examples keep their order, if they are not `shuffled`.
    """
    examples = {
        split: [
            (i, dict(zip(columns, each, strict=True))) for i, each in enumerate(zip(*columns.values(), strict=True))
        ]
        for split, columns in splits.items()
    }
    library.dataset_builders.store_as_tfds_dataset(
        name,
        version=version,
        data_dir=folder,
        config=config,
        split_datasets=examples,
        features=library.features.FeaturesDict(features),
        download_config=library.download.DownloadConfig(num_shards=shards),
        disable_shuffling=not shuffled,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data sets of several kinds."""
    folder = tmp_path_factory.mktemp("tfds")
    whole = {"image": IMAGE(shape=(9, 11, 3)), "label": LABEL}
    train, test = {"image": PIXELS, "label": LABELS}, {"image": TESTS, "label": TEST_LABELS}
    prepare(folder, "clothes", whole, train=train, test=test)
    prepare(folder, "whole", whole, shards=3, train=train)
    several = {"number": np.int64, "cover": IMAGE(shape=(9, 11, 1)), "image": IMAGE(shape=(9, 11, 3)), "kind": LABEL}
    several_train = {"number": np.arange(40), "cover": PIXELS[..., :1], "image": PIXELS, "kind": LABELS}
    prepare(folder, "several", several, train=several_train)
    prepare(folder, "grey", {"picture": IMAGE(shape=(9, 11, 1))}, train={"picture": PIXELS[..., :1]})
    sizes = [each[:height] for each, height in zip(PIXELS, np.arange(40) % 5 + 4, strict=True)]
    prepare(folder, "sizes", {"image": IMAGE(shape=(None, 11, 3)), "label": LABEL}, train={**train, "image": sizes})
    see_through = np.concatenate([PIXELS, np.full_like(PIXELS[..., :1], 255)], 3)[:, :, :9]
    see_through[:, 0, 0, 3] = 0
    prepare(folder, "see_through", {"image": IMAGE(shape=(9, 9, 4))}, train={"image": see_through})
    prepare(folder, "deep", {"image": IMAGE(shape=(9, 9, 1), dtype=np.uint16)}, train={"image": DEEP})
    prepare(folder, "words", {"text": library.features.Text()}, train={"text": ["a", "b"]})
    prepare(folder, "tests", whole, test=test)
    prepare(folder, "unlabelled", whole, train=train, test={"image": TESTS, "label": np.full(12, -1)})
    prepare(folder, "same", {"image": IMAGE(shape=(9, 11, 3))}, train={"image": PIXELS[[3, 3, 3]]})
    prepare(folder, "emnist", {"image": IMAGE(shape=(11, 9, 1))}, config="letters", train={"image": turned()})
    prepare(folder, "emnist", {"image": IMAGE(shape=(11, 9, 1))}, config="digits", train={"image": 255 - turned()})
    prepare(folder, "single", whole, config="plain", train=train)
    prepare(folder, "single", whole, config="plain", version="1.2.0", train={**train, "image": 255 - PIXELS})
    return folder


def turned():
    """Pictures on their side."""
    return PIXELS[..., :1].swapaxes(1, 2)


def load(folder, name, split="train", size=None, channels=None):
    return data.load(f"tfds:{name}", folder, split, size, channels)


def refusal(folder, name, size=None, channels=None, split="train"):
    """What is said, in one line."""
    with pytest.raises(data.DataError) as caught:
        load(folder, name, split, size, channels)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_own_tests(folder):
    for split, pixels, labels in (("train", PIXELS, LABELS), ("test", TESTS, TEST_LABELS)):
        dataset = load(folder, "clothes", split)
        np.testing.assert_array_equal(dataset.pixels, pixels)
        np.testing.assert_array_equal(dataset.labels, labels)
        assert dataset.pixels.dtype == np.uint8 and dataset.labels.dtype == np.int64
        assert (dataset.name, dataset.classes, dataset.classifier) == ("tfds:clothes", tuple(NAMES), None)
        assert dataset.source == f"clothes, prepared by tensorflow-datasets in {folder}/clothes/1.0.0"
    nothing = load(folder, "clothes", "validation")
    assert nothing.pixels.shape == (0, 9, 11, 3) and nothing.labels.shape == (0,) and nothing.classes == tuple(NAMES)


@pytest.mark.parametrize("name", ["whole", "several"])
def test_held_out_tests(folder, name):
    """A tenth of the training pictures; in several files and among other features."""
    train, test = load(folder, name), load(folder, name, "test")
    rest = np.setdiff1d(np.arange(40), HELD_OUT)
    for dataset, chosen in ((train, rest), (test, HELD_OUT)):
        np.testing.assert_array_equal(dataset.pixels, PIXELS[chosen])
        np.testing.assert_array_equal(dataset.labels, LABELS[chosen])
        assert dataset.classes == tuple(NAMES) and dataset.source.endswith("1.0.0, a tenth held out for tests")
    assert load(folder, name, "validation").pixels.shape == (0, 9, 11, 3)


def test_the_order_is_that_of_the_files(tmp_path):
    """One file after the other. By default TFDS takes 16 pictures of each in turn."""
    prepare(tmp_path, "many", {"image": IMAGE(shape=(9, 11, 3))}, 2, shuffled=True, train={"image": PIXELS})
    builder = library.builder_from_directory(tmp_path / "many" / "1.0.0")
    known = builder.as_dataset(split="train", read_config=library.ReadConfig(add_tfds_id=True))
    numbered = {each["tfds_id"]: each["image"] for each in library.as_numpy(known)}
    first = {name: int(name.split(b"__")[1]) for name in numbered}
    ordered = np.stack(
        [numbered[name] for name in sorted(numbered, key=lambda name: (name.split(b"__")[0], first[name]))]
    )
    assert not np.array_equal(ordered, np.stack(list(numbered.values()))) and not np.array_equal(ordered, PIXELS)
    np.testing.assert_array_equal(load(tmp_path, "many", "test").pixels, ordered[HELD_OUT])


def test_no_labels(folder):
    """And a feature that is not called image."""
    dataset = load(folder, "grey", "test")
    np.testing.assert_array_equal(dataset.pixels, PIXELS[HELD_OUT][..., :1])
    assert dataset.classes == () and dataset.labels.tolist() == 5 * [0]


def test_labels_of_minus_one_are_none(folder):
    assert load(folder, "unlabelled").classes == tuple(NAMES)
    tests = load(folder, "unlabelled", "test")
    assert tests.classes == () and tests.labels.tolist() == 12 * [0]


@pytest.mark.parametrize(("size", "channels"), [(16, None), (16, 1), (20, 3)])
def test_size_and_channels(folder, size, channels):
    """Each picture is fitted; the feature's channels are kept if none are asked for."""
    from PIL import Image

    from gan_tf.data.fitting import fit

    for name, pixels in (("sizes", PIXELS), ("clothes", PIXELS), ("grey", PIXELS[..., 0])):
        heights = np.arange(40) % 5 + 4 if name == "sizes" else np.full(40, 9)
        depth = channels or (1 if name == "grey" else 3)
        wanted = [
            fit(Image.fromarray(each[:height]), size, depth) for each, height in zip(pixels, heights, strict=True)
        ]
        dataset = load(folder, name, size=size, channels=channels)
        chosen = np.arange(40) if name == "clothes" else np.setdiff1d(np.arange(40), HELD_OUT)
        np.testing.assert_array_equal(dataset.pixels, np.stack(wanted)[chosen])


def test_pictures_of_different_sizes_need_a_size(folder):
    assert refusal(folder, "sizes") == "tfds:sizes has pictures of different sizes: add --size=64, for example."


def test_channels_of_squares(folder):
    """They need no size: transparency becomes white, 16 bits become 8."""
    test = load(folder, "see_through", "test").pixels
    assert test.shape == (5, 9, 9, 3) and (test[:, 0, 0] == 255).all()
    np.testing.assert_array_equal(test[:, 1:], PIXELS[HELD_OUT, 1:, :9])
    grey = np.rint(DEEP[HELD_OUT] / 257)
    np.testing.assert_array_equal(load(folder, "deep", "test").pixels, grey)
    np.testing.assert_array_equal(load(folder, "deep", "test", channels=3).pixels, np.repeat(grey, 3, 3))


def test_what_is_refused(folder, tmp_path, monkeypatch):
    assert "pictures of 11x9, which must become squares: add --size=64" in refusal(folder, "clothes", channels=1)
    assert refusal(folder, "words") == "tfds:words has no pictures; its features: text."
    assert refusal(folder, "tests") == "tfds:tests has no training pictures; its splits: test."
    assert refusal(folder, "same") == "tfds:same: all 3 training pictures are the same."
    assert refusal(folder, "../clothes").startswith(
        "--dataset=tfds:../clothes: this is no name of a data set; see http"
    )
    assert "is not a folder; remove --data_dir to download clothes" in refusal(tmp_path / "typo", "clothes")
    prepare(tmp_path, "clothes", {"image": IMAGE(shape=(9, 11, 3))}, train={"image": PIXELS})
    assert refusal(tmp_path, "whole") == (
        f"--data_dir={tmp_path} holds no whole that tensorflow-datasets has prepared. "
        f"It holds clothes: use --dataset=tfds:clothes --data_dir={tmp_path}. To download whole, remove --data_dir."
    )
    monkeypatch.setattr(limits, "memory", lambda: 4 * 40 * 9 * 11 * 3)
    assert len(load(tmp_path, "clothes").pixels) == 35
    monkeypatch.setattr(limits, "memory", lambda: 4 * 40 * 9 * 11 * 3 - 1)
    assert "40 pictures of 9x11x3 are too many for this machine's memory" in refusal(tmp_path, "clothes")


def test_emnist_is_turned(folder):
    """And its variants must be named, if there are several."""
    np.testing.assert_array_equal(load(folder, "emnist/letters", "test").pixels, PIXELS[HELD_OUT][..., :1])
    np.testing.assert_array_equal(load(folder, "emnist/digits", "test").pixels, 255 - PIXELS[HELD_OUT][..., :1])
    assert refusal(folder, "emnist") == (
        f"{folder}/emnist holds 2 variants; name one with --dataset: tfds:emnist/digits, tfds:emnist/letters."
    )


def test_variants_and_versions(folder):
    for name, pixels in (
        ("single", 255 - PIXELS),
        ("single/plain", 255 - PIXELS),
        ("single:1.0.0", PIXELS),
        ("single/plain:1.0.0", PIXELS),
    ):
        np.testing.assert_array_equal(load(folder, name, "test").pixels, pixels[HELD_OUT])
    assert "holds no single:1.1.0 that" in refusal(folder, "single:1.1.0")
    assert tfds.found(folder / "single") == [("single/plain", folder)]


def test_damaged(folder, tmp_path):
    for damage, message in [
        (lambda path: path.write_bytes(path.read_bytes()[:-99]), "is damaged, delete it or name another"),
        (lambda path: path.unlink(), "is damaged, delete it or name another"),
        (lambda path: (path.unlink(), path.mkdir()), "is no ordinary file"),
    ]:
        shutil.copytree(folder / "whole", tmp_path / "whole")
        damage(tmp_path / "whole" / "1.0.0" / "whole-train.tfrecord-00001-of-00003")
        assert message in refusal(tmp_path, "whole")
        shutil.rmtree(tmp_path / "whole")
    shutil.copytree(folder / "whole", tmp_path / "whole")
    info = tmp_path / "whole" / "1.0.0" / "dataset_info.json"
    sound = info.read_text()
    for lie in ("15", "12"):  # the files hold 13 or 14 pictures each
        changed = re.sub(r'("shardLengths": \[\s*)"1."', rf'\1"{lie}"', sound)
        assert changed != sound
        info.write_text(changed)
        assert "is damaged, delete it or name another" in refusal(tmp_path, "whole")
    info.write_text(sound)
    (tmp_path / "whole" / "1.0.0" / "features.json").write_text("{")
    assert "is damaged, delete it or name another" in refusal(tmp_path, "whole")


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    """TFDS's own folder is empty, and no server answers. Returns the list of addresses that were asked."""
    asked = []
    monkeypatch.setattr(library.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds, "answers", lambda url: asked.append(url))
    return asked


def test_no_download(no_network):
    for name, message in [
        ("fashion_mnist", "fashion_mnist is not on this machine, and the server that has it cannot be reached (http"),
        ("fashion_mnits", "tensorflow-datasets knows no data set fashion_mnits; do you mean tfds:fashion_mnist?"),
        ("qqqqqqqqqqqqqqq", "knows no data set qqqqqqqqqqqqqqq; see https://www.tensorflow.org"),
        ("emnist/lettres", "tensorflow-datasets cannot load emnist/lettres: "),
        ("cats_vs_dogs", "tfds:cats_vs_dogs has pictures of different sizes: add --size=64, for example."),
        ("ag_news_subset", "tfds:ag_news_subset has no pictures; its features: "),
        ("imagenet2012", "tfds:imagenet2012 has pictures of different sizes"),
        ("mnist", "mnist is not on this machine, and the server that has it cannot be reached"),
    ]:
        assert message in refusal(None, name)
    assert len(no_network) == 2
    assert "imagenet2012 must be downloaded by hand: see https" in refusal(None, "imagenet2012", size=64)
    refusal(None, "cats_vs_dogs", size=64)
    assert len(no_network) == 3


def test_own_folder(folder, monkeypatch):
    monkeypatch.setattr(library.core.constants, "DATA_DIR", str(folder))
    np.testing.assert_array_equal(load(None, "clothes").pixels, PIXELS)


@pytest.mark.parametrize(
    ("split", "count"),
    [
        ("test", 10000),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in [("train", 55000), ("validation", 5000)]),
    ],
)
def test_mnist_is_itself(tfds_dir, split, count):
    dataset = load(tfds_dir, "mnist", split)
    assert dataset.digest == mnist.DIGESTS[split] and len(dataset.labels) == count
    assert (dataset.name, dataset.classifier, dataset.classes) == ("mnist", "mnist", tuple("0123456789"))


@pytest.mark.slow
def test_mnist_of_another_size_is_another_set(tfds_dir):
    dataset = load(tfds_dir, "mnist", "test", size=20)
    assert dataset.pixels.shape == (10_000, 20, 20, 1) and dataset.name == "tfds:mnist" and dataset.classifier is None
    assert dataset.classes == tuple("0123456789")


def test_the_newest_prepared_version_is_taken(tmp_path):
    """By its numbers. A folder that is no version comes last, and one without its file does not count."""
    (tmp_path / "mnist" / "9.0.0").mkdir(parents=True)
    assert tfds.prepared(tmp_path, "mnist") is None
    versions = ["copy of 4.0.0", "1.0.0", "3.0.2", "3.0.1", "3.0.9", "3.0.10", "3.0.9-old", "10.0.0", "3.1.0"]
    for version, newest in zip(versions, ["copy of 4.0.0", "1.0.0"] + 2 * ["3.0.2"] + ["3.0.9"], strict=False):
        (tmp_path / "mnist" / version).mkdir()
        (tmp_path / "mnist" / version / "dataset_info.json").touch()
        assert tfds.prepared(tmp_path, "mnist") == tmp_path / "mnist" / newest
    for version, newest in zip(versions[5:], ["3.0.10", "3.0.10", "10.0.0", "10.0.0"], strict=True):
        (tmp_path / "mnist" / version).mkdir()
        (tmp_path / "mnist" / version / "dataset_info.json").touch()
        assert tfds.prepared(tmp_path, "mnist") == tmp_path / "mnist" / newest


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every HEAD request."""

    def do_HEAD(self):
        """200 for anything but /missing."""
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()

    def log_message(self, *args):
        """Nothing: stderr belongs to pytest."""


def test_answers():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    assert tfds.answers(f"{url}/there")
    assert not tfds.answers(f"{url}/missing")
    server.shutdown()
    server.server_close()
    assert not tfds.answers(f"{url}/there")


def test_silence_is_no_answer():
    """A network that swallows packets, as behind some firewalls: the wait ends by itself."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not tfds.answers(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.5)
