"""Fixtures: small data in MNIST's format, and the real MNIST where the environment names it."""

import gc
import gzip
import os
import struct

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads it at once: there is a test process for each core

import numpy as np
import pytest

import gan_tf.zoo  # noqa: F401  before TensorFlow: it decides on the kernels of this process, as of those it starts

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_collection_finish():
    """TensorFlow and all test files are loaded now, and stay: Python need not look for garbage among them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def write_idx(path, array):
    """Writes `array` as an IDX file of bytes, gzipped if the name says so."""
    header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wb") as file:
        file.write(header + array.astype(np.uint8).tobytes())


def write_idx_folder(folder, train=5200, test=40, suffix=".gz"):
    """Writes four IDX files of random images, and returns their pixels and labels by name."""
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", train), ("t10k", test)):
        arrays[f"{part}-images-idx3-ubyte"] = random.integers(0, 256, [count, 28, 28], np.uint8)
        arrays[f"{part}-labels-idx1-ubyte"] = random.integers(0, 10, count, np.uint8)
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        write_idx(folder / f"{name}{suffix}", array)
    return arrays


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Tests never use the cache of who runs them, nor their language."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setenv("GAN_TF_CACHE_DIR", os.environ.get("GAN_TF_TEST_CACHE") or str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def eagerly():
    """Training steps run line by line. To trace one takes seconds, which a call or two of it do not repay."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def idx_dir(tmp_path_factory):
    """A folder of four small IDX files, 200 images beyond the validation set."""
    folder = tmp_path_factory.mktemp("idx")
    write_idx_folder(folder)
    return folder


def _named_folder(variable, what):
    if not os.environ.get(variable):
        pytest.skip(f"needs {what}: name the folder in the environment variable {variable}")
    return os.environ[variable]


@pytest.fixture(scope="session")
def mnist_dir():
    """The folder of MNIST's original IDX files."""
    return _named_folder("GAN_TF_MNIST_DIR", "MNIST's IDX files")


@pytest.fixture(scope="session")
def tfds_dir():
    """A folder where tensorflow-datasets has prepared mnist."""
    return _named_folder("GAN_TF_TFDS_DIR", "MNIST as tensorflow-datasets prepares it")


@pytest.fixture
def know_few(monkeypatch):
    """`know_few(draw)`: scores know only 4,000 pictures of `draw`, such as `glyphs.draw`, not 10,000."""
    from gan_tf.data import dataset
    from gan_tf.metrics import pairs

    def know(draw):
        monkeypatch.setattr(pairs.data, "load", lambda name: dataset.make(name, "", *draw(5000, 4000)))

    pairs.known.cache_clear()
    yield know
    pairs.known.cache_clear()
