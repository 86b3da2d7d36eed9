"""gan_tf.data.npz: images from an .npz file, and what is said of files that are none."""

import functools
import io
import os
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan_tf import data, limits
from gan_tf.data import npz

DRAWN = int(os.environ.get("GAN_TF_FUZZ", 100))  # files of each kind; more, by hand, find rarer mistakes
FIXTURES = settings(max_examples=DRAWN, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def npy(array):
    """An array as NumPy writes it into an archive."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(path, content, name="images.npy", method=zipfile.ZIP_DEFLATED):
    """Writes an .npz file whose array `images` is the bytes `content`."""
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr(name, content)


def header(text, version=(1, 0)):
    """The beginning of an .npy file with any header."""
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text.encode("latin1")


def refusal(path, most=10_000, shape=(28, 28, 1)):
    """What is said of the file: one line that names it."""
    with pytest.raises(data.DataError) as caught:
        npz.read_images(path, most, shape)
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text and len(text) < 400 + len(str(path))
    return text


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f4", "f8", "u1", "i8"])
@pytest.mark.parametrize("compress", [False, True])
def test_round_trip(tmp_path, dtype, compress):
    images = np.random.default_rng(0).integers(0, 2, [120, 28, 28]).astype(dtype)
    (np.savez_compressed if compress else np.savez)(tmp_path / "a.npz", images=images, others=np.zeros(3))
    read = npz.read_images(tmp_path / "a.npz", 120, (28, 28, 1))
    assert read.dtype == np.float32 and read.shape == (120, 28, 28, 1)
    np.testing.assert_array_equal(read[..., 0], images)
    np.savez(tmp_path / "b.npz", images=np.asfortranarray(images.reshape(-1, 784)))
    np.testing.assert_array_equal(npz.read_images(tmp_path / "b.npz", 120, (28, 28, 1)), read)
    assert "120 images are too many; 119 fit into this machine's memory" in refusal(tmp_path / "a.npz", 119)


@pytest.mark.parametrize("shape", [(3, 5, 3), (3, 5, 1)])
def test_any_shape(tmp_path, shape):
    """Height, width and channels keep their order. Grey pictures need no last dimension."""
    images = np.random.default_rng(0).random([100, *shape])
    forms = {"whole": images, "flat": images.reshape(100, -1), "short": images[..., 0]}
    for name, array in forms.items():
        np.savez(tmp_path / f"{name}.npz", images=array)
        if name == "short" and shape[2] == 3:
            assert "its array is float64 [100, 3, 5], not numbers [n, 3, 5, 3] or [n, 45]." in refusal(
                tmp_path / "short.npz", shape=shape
            )
            continue
        read = npz.read_images(tmp_path / f"{name}.npz", 100, shape)
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, images.astype(np.float32))
    for other in ((5, 3, shape[2]), (3, 5, 4 - shape[2]), (1, 15, shape[2])):
        assert f"not numbers [n, {other[0]}, {other[1]}, {other[2]}] or [n, " in refusal(
            tmp_path / "whole.npz", shape=other
        )


def test_any_array(tmp_path, monkeypatch):
    """Arrays of all shapes and types, whose headers are known before they are read; from .npy files, too."""
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"]), "c": np.array(7), "d": np.zeros([0, 5])}
    np.savez(tmp_path / "a.npz", **arrays)
    assert npz.shapes(tmp_path / "a.npz") == {"a": (2, 3), "b": (2,), "c": (), "d": (0, 5)}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        for read in (npz.read(tmp_path / "a.npz", name), npz.read_npy(tmp_path / f"{name}.npy")):
            assert read.dtype == array.dtype
            np.testing.assert_array_equal(read, array)
        assert npz.npy_shape(tmp_path / f"{name}.npy") == array.shape
    monkeypatch.setattr(limits, "memory", lambda: 4 * 6 * 8)
    npz.read(tmp_path / "a.npz", "a")
    monkeypatch.setattr(limits, "memory", lambda: 4 * 6 * 8 - 1)
    for read in (lambda: npz.read(tmp_path / "a.npz", "a"), lambda: npz.read_npy(tmp_path / "a.npy")):
        with pytest.raises(data.DataError, match="holds 48 bytes, too many for this machine's memory"):
            read()


def test_headers_that_lie(tmp_path):
    """Of an .npy file that announces 4 TB, and of one that holds objects, nothing is read."""
    objects = npy(np.array([{}], object))
    for content, message in [
        (header(FORM.format("'<f4'", f"({10**12},)")) + bytes(400), "too many for this machine's memory"),
        (header(FORM.format("'<f4'", "(101,)")) + bytes(400), "it has 400 bytes of numbers, not as many as its header"),
        (header(FORM.format("'<f4'", "(99,)")) + bytes(400), "it has 400 bytes of numbers, not as many as its header"),
        (header(FORM.format("'<f4'", "(-100,)")) + bytes(400), "not as many as its header says"),
        (objects, "holds Python objects, which could run any code"),
        (b"", "is not an .npy file, or it is damaged"),
    ]:
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(data.DataError, match=message):
            npz.read_npy(tmp_path / "a.npy")
        archive(tmp_path / "a.npz", content, "a.npy")
        with pytest.raises(data.DataError, match=message.replace(".npy", ".npz")):
            npz.read(tmp_path / "a.npz", "a")


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits for a writer
    assert "is not an ordinary file" in refusal(tmp_path / "pipe")
    assert "is a folder, not a file" in refusal(tmp_path)
    assert "cannot be read: No such file or directory" in refusal(tmp_path / "nothing")


SOUND = npy(np.zeros([100, 784], np.float32))
FORM = "{{'descr': {}, 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic"),
        (SOUND[:50], "EOF"),
        (SOUND[:-1], "not as many as its header says"),
        (SOUND + b"0", "not as many as its header says"),
        (header("{" * 300), "it is damaged"),
        (header("[" * 9000), "it is damaged"),
        (header("{}", version=(2, 0)), "its header is not that of an array of numbers"),
        (header(FORM.format("'|O'", "(100, 784)")) + bytes(100), "its array is object [100, 784], not numbers"),
        (header(FORM.format("'<c8'", "(100, 784)")), "its array is complex64 [100, 784], not numbers"),
        (header(FORM.format("'<f4'", "(-100, 784)")), "its array is float32 [-100, 784], not numbers"),
        (header(FORM.format("'<f4'", "(100, 28, 28, 1)")) + bytes(313600), None),
        (header(FORM.format("'<f4'", "(100, 1, 784)")) + bytes(313600), "not numbers [n, 28, 28, 1] or [n, 784] or"),
        (header(FORM.format("'<f4'", "(100, 1, 28, 28)")) + bytes(313600), "not numbers [n, 28, 28, 1] or [n, 784] or"),
        (header(FORM.format("'<f4'", f"({10**15}, 784)")), "images are too many"),
        (header(FORM.format("'<f4'", "(100, -28, -28)")), "not numbers"),
        (header(FORM.format("'<f4'", "(99, 784)")), "99 images are too few"),
        (header(FORM.format("'<f4'", "()")), "its array is float32 []"),
        (npy(np.full([100, 784], 1.5)), "its values are 1.5 to 1.5, not in [0, 1]"),
        (npy(np.full([100, 784], np.inf)), "its values are inf to inf, not in [0, 1]"),
        (npy(np.full([100, 784], np.nan)), "its values are nan to nan, not in [0, 1]"),
    ],
)
def test_damaged_arrays(tmp_path, content, message):
    archive(tmp_path / "a.npz", content)
    if message is None:
        assert npz.read_images(tmp_path / "a.npz", 100, (28, 28, 1)).shape == (100, 28, 28, 1)
    else:
        assert message in refusal(tmp_path / "a.npz")


def test_damaged_archives(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"")
    assert "File is not a zip file" in refusal(path)
    archive(path, SOUND, name="pictures.npy")
    assert "has no array images" in refusal(path)
    np.savez_compressed(path, images=np.random.default_rng(0).random([100, 784]))
    sound = path.read_bytes()
    path.write_bytes(sound[:1000] + b"\xff" * 400 + sound[1400:])
    assert "it is damaged" in refusal(path)
    archive(path, SOUND, method=zipfile.ZIP_STORED)
    stored = path.read_bytes()
    for place, value, what in ((6, 1, "encrypted"), (8, 99, "compression method is not supported")):
        changed = bytearray(stored)
        directory = stored.index(b"PK\1\2")
        for begin in (place, directory + place + 2):  # in the member's own header and in the directory
            changed[begin : begin + 2] = struct.pack("<H", value)
        path.write_bytes(changed)
        assert what in refusal(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """A hundred megabytes of zeros in a hundredth of that, as an array and with a header of 4 GB."""
    unpacked = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda file, n=-1: unpacked.append(n) or read(file, n))
    for begin in (header(FORM.format("'<f4'", "(40000, 784)")), b"\x93NUMPY\2\0\xff\xff\xff\xff"):
        with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            with file.open("images.npy", "w", force_zip64=True) as array:
                array.write(begin)
                for _ in range(30):
                    array.write(bytes(2**22))
        refusal(tmp_path / "a.npz")
        assert max(unpacked) < 2**16 and min(unpacked) >= 0


@functools.cache
def sound():
    """A sound file: its images and its bytes."""
    images, file = np.random.default_rng(0).integers(0, 2, [100, 784], np.uint8), io.BytesIO()
    np.savez_compressed(file, images=images)
    return images, file.getvalue()


@FIXTURES
@given(change=st.data())
def test_a_sound_file_changed(tmp_path, change):
    images, content = sound()
    path, content = tmp_path / "a.npz", bytearray(content)
    content[change.draw(st.integers(0, len(content) - 1))] ^= change.draw(st.integers(1, 255))
    path.write_bytes(content[: change.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))])
    try:
        np.testing.assert_array_equal(npz.read_images(path, 100, (28, 28, 1)).reshape(100, 784), images)
    except data.DataError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
