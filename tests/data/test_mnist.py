"""gan_tf.data.mnist: the IDX parser, TFDS, and what happens when neither is to be had."""

import gzip
import http.server
import os
import shutil
import socket
import struct
import threading
import tracemalloc

import numpy as np
import pytest
from conftest import write_idx, write_idx_folder

from gan_tf import data, limits
from gan_tf.data import mnist


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_round_trip(tmp_path, suffix):
    array = np.random.default_rng(0).integers(0, 256, [3, 28, 28], np.uint8)
    write_idx(tmp_path / f"images{suffix}", array)
    read = mnist.read_idx(tmp_path / f"images{suffix}", 3)
    np.testing.assert_array_equal(read, array)
    assert read.dtype == np.uint8


IMAGES = struct.pack(">4I", 0x803, 2, 28, 28) + bytes(2 * 784)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images", b"", "is truncated: it ends inside its header"),
        ("images", IMAGES[:10], "is truncated: it ends inside its header"),
        ("images", IMAGES[:-1], "is truncated: it holds fewer than the 1568 bytes"),
        ("images", IMAGES + b"\0", "is damaged: it holds more than the 1568 bytes"),
        ("images", struct.pack(">4I", 0x801, 2, 28, 28) + bytes(1568), "magic number is 0x00000801, not 0x00000803"),
        (
            "images",
            struct.pack(">4I", 0x803, 0, 2**32 - 1, 2**32 - 1),
            r"is damaged: its header announces \[0, 4",
        ),
        ("images", gzip.compress(IMAGES, mtime=0), "magic number"),
        ("images.gz", IMAGES, "is not a sound gzip file"),
        ("images.gz", gzip.compress(IMAGES, mtime=0)[:-12], "is truncated: the gzip stream breaks off"),
        ("images.gz", gzip.compress(IMAGES, mtime=0)[:-8] + bytes(8), "is not a sound gzip file .CRC check failed"),
        ("images.gz", gzip.compress(IMAGES, mtime=0)[:10] + b"\xff" * 50, "is not a sound gzip file"),
        ("images.gz", gzip.compress(IMAGES[:-1], mtime=0), "is truncated: it holds fewer"),
    ],
)
def test_damaged_idx(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(data.DataError, match=message) as caught:
        mnist.read_idx(path, 3)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_idx_that_is_no_file(tmp_path):
    for suffix in ("", ".gz"):  # whoever opens a named pipe waits for a writer
        os.mkfifo(tmp_path / f"train-images-idx3-ubyte{suffix}")
        with pytest.raises(data.DataError, match="is not an ordinary file"):
            mnist.read_idx(tmp_path / f"train-images-idx3-ubyte{suffix}", 3)
    with pytest.raises(data.DataError, match="is a folder, not a file"):
        mnist.read_idx(tmp_path, 3)
    with pytest.raises(data.DataError, match="cannot be read: No such file"):
        mnist.read_idx(tmp_path / "nothing", 3)


@pytest.fixture
def peak_memory():
    """A function that says how many bytes Python had allocated at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_header_cannot_make_it_allocate(tmp_path, suffix, peak_memory):
    """A header that claims 3.4 terabytes before 100 bytes."""
    path = tmp_path / f"images{suffix}"
    content = struct.pack(">4I", 0x803, 2**32 - 1, 28, 28) + bytes(100)
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(data.DataError, match=f"it holds fewer than the {(2**32 - 1) * 784} bytes"):
        mnist.read_idx(path, 3)
    assert peak_memory() < 4 * 2**20


def test_idx_beyond_its_header_is_not_read(tmp_path, peak_memory):
    """Two images, and behind them in the same gzip stream 100 MB of zeros."""
    path = tmp_path / "images.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(IMAGES)
        for _ in range(100):
            file.write(bytes(10**6))
    with pytest.raises(data.DataError, match="holds more"):
        mnist.read_idx(path, 3)
    assert peak_memory() < 4 * 2**20


def test_a_gzip_stream_that_cannot_hold_so_much_is_not_unpacked(tmp_path, monkeypatch):
    """Its header announces more than gzip can make of the file's bytes."""
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, 10**6, 28, 28) + bytes(10**5)))
    unpacked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda file, size: unpacked.append(size) or read(file, size))
    with pytest.raises(data.DataError, match="it holds fewer than the 784000000 bytes"):
        mnist.read_idx(path, 3)
    assert unpacked == [16], "only the header"


def test_more_than_memory_holds(tmp_path, monkeypatch):
    path = tmp_path / "images"
    write_idx(path, np.zeros([5, 28, 28]))
    monkeypatch.setattr(limits, "memory", lambda: 4 * 5 * 784)
    assert mnist.read_idx(path, 3).shape == (5, 28, 28)
    monkeypatch.setattr(limits, "memory", lambda: 4 * 5 * 784 - 1)
    with pytest.raises(data.DataError, match="holds 3,920 bytes, too many for this machine's memory"):
        mnist.read_idx(path, 3)


def test_missing_file_is_named(tmp_path):
    write_idx_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(data.DataError, match=r"lacks t10k-labels-idx1-ubyte \(plain, or gzipped as .gz\)"):
        data.load("mnist", tmp_path)


def test_wrong_image_size(tmp_path):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", np.zeros([5200, 32, 32]))
    with pytest.raises(data.DataError, match="holds images of 32x32 pixels, not 28x28"):
        data.load("mnist", tmp_path)


def test_counts_that_differ(tmp_path):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros([5199]))
    with pytest.raises(data.DataError, match="holds 5200 images, train-labels-idx1-ubyte.gz 5199 labels"):
        data.load("mnist", tmp_path)


def test_named_folder_without_data(tmp_path):
    """Never TFDS's own folder or a download instead: that would be another data set than the one asked for."""
    with pytest.raises(data.DataError, match="holds neither IDX files nor a prepared mnist.*--dataset=glyphs"):
        data.load("mnist", tmp_path)
    with pytest.raises(data.DataError, match="is not a folder.*--dataset=glyphs"):
        data.load("mnist", tmp_path / "typo")


def test_damaged_tfds_folder(tmp_path):
    prepared = tmp_path / "mnist" / "3.0.1"
    prepared.mkdir(parents=True)
    (prepared / "dataset_info.json").write_text("{")
    with pytest.raises(data.DataError, match="3.0.1 is damaged") as caught:
        data.load("mnist", tmp_path)
    assert "\n" not in str(caught.value)


def test_idx_is_mnist(mnist_dir):
    """The digests and counts of the original; three labels that anyone can look up."""
    for split, count in [("train", 55000), ("validation", 5000), ("test", 10000)]:
        dataset = data.load("mnist", mnist_dir, split)
        assert dataset.name == "mnist" and dataset.digest == mnist.DIGESTS[split]
        assert dataset.images.shape == (count, 784) and dataset.labels.shape == (count,)
    assert list(dataset.labels[:3]) == [7, 2, 1]


def test_both_sources_give_the_same(mnist_dir, tfds_dir):
    for split in data.SPLITS:
        idx, tfds = data.load("mnist", mnist_dir, split), data.load("mnist", tfds_dir, split)
        assert idx.digest == tfds.digest and tfds.name == "mnist"
        np.testing.assert_array_equal(idx.images, tfds.images)
        np.testing.assert_array_equal(idx.labels, tfds.labels)


def test_another_tfds_order_is_refused(tfds_dir, monkeypatch):
    monkeypatch.setattr(mnist.hashlib, "md5", mnist.hashlib.sha1)
    with pytest.raises(data.DataError, match="not MNIST's test images in the order of the IDX files"):
        data.load("mnist", tfds_dir, "test")


def test_truncated_tfds_folder(tfds_dir, tmp_path):
    shutil.copytree(tfds_dir, tmp_path / "copy", copy_function=shutil.copyfile)
    folder = tmp_path / "copy" / "mnist" / "3.0.1"
    folder.chmod(0o755)
    path = folder / "mnist-test.tfrecord-00000-of-00001"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(data.DataError, match="is damaged") as caught:
        data.load("mnist", tmp_path / "copy", "test")
    assert "\n" not in str(caught.value)


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
    assert mnist._answers(f"{url}/there")
    assert not mnist._answers(f"{url}/missing")
    server.shutdown()
    server.server_close()
    assert not mnist._answers(f"{url}/there")


def test_silence_is_no_answer():
    """A network that swallows packets, as behind some firewalls: the wait ends by itself."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not mnist._answers(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.5)


def test_more_labels_than_images(tmp_path):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros([5201]))
    with pytest.raises(data.DataError, match="holds 5200 images, train-labels-idx1-ubyte.gz 5201 labels"):
        data.load("mnist", tmp_path)


def test_the_plain_file_comes_before_the_gzipped_one(tmp_path):
    arrays = write_idx_folder(tmp_path)
    other = 255 - arrays["train-images-idx3-ubyte"]
    write_idx(tmp_path / "train-images-idx3-ubyte", other)
    np.testing.assert_array_equal(data.load("mnist", tmp_path).pixels, other[5000:].reshape(-1, 784))


def test_the_newest_prepared_version_is_taken(tmp_path):
    """By its numbers. A folder that is no version comes last, and one without its file does not count."""
    (tmp_path / "mnist" / "9.0.0").mkdir(parents=True)
    assert mnist._prepared(tmp_path) is None
    versions = ["copy of 4.0.0", "1.0.0", "3.0.2", "3.0.1", "3.0.9", "3.0.10", "3.0.9-old", "10.0.0", "3.1.0"]
    for version, newest in zip(versions, ["copy of 4.0.0", "1.0.0"] + 2 * ["3.0.2"] + ["3.0.9"], strict=False):
        (tmp_path / "mnist" / version).mkdir()
        (tmp_path / "mnist" / version / "dataset_info.json").touch()
        assert mnist._prepared(tmp_path) == tmp_path / "mnist" / newest
    for version, newest in zip(versions[5:], ["3.0.10", "3.0.10", "10.0.0", "10.0.0"], strict=True):
        (tmp_path / "mnist" / version).mkdir()
        (tmp_path / "mnist" / version / "dataset_info.json").touch()
        assert mnist._prepared(tmp_path) == tmp_path / "mnist" / newest
