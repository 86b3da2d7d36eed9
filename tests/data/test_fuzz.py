"""mnist.read_idx against files that are anything but IDX: its own error, and no more memory than the file."""

import gzip
import math
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan_tf.data import mnist

MIB = 2**20
FIXTURES = settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def good_file(shape):
    """A sound IDX file."""
    header = struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape)
    return header + bytes(range(256)) * (int(np.prod(shape)) // 256 + 1)


def read(path, content, ndim=3):
    """The array, or None where read_idx raises DataError; anything else is an error of the test."""
    path.write_bytes(content)
    try:
        return mnist.read_idx(path, ndim)
    except mnist.DataError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return None


@FIXTURES
@given(content=st.binary(max_size=200), ndim=st.sampled_from([1, 3]), suffix=st.sampled_from(["", ".gz"]))
def test_any_bytes(tmp_path, content, ndim, suffix):
    read(tmp_path / f"file{suffix}", content, ndim)


@FIXTURES
@given(
    magic=st.one_of(st.just(0x803), st.integers(0, 2**32 - 1)),
    shape=st.tuples(*3 * [st.one_of(st.integers(0, 5), st.integers(0, 2**32 - 1))]),
    body=st.binary(max_size=130),
    compress=st.booleans(),
)
def test_any_header(tmp_path, magic, shape, body, compress):
    """It is read exactly if it says what is there; whatever it claims, memory is not taken for it."""
    content = struct.pack(">4I", magic, *shape) + body
    path = tmp_path / ("file.gz" if compress else "file")
    tracemalloc.start()
    try:
        array = read(path, gzip.compress(content) if compress else content)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    sound = magic == 0x803 and math.prod(shape) == len(body)
    sound = sound and math.prod(max(size, 1) for size in shape) < 2**63  # what NumPy can hold, even of no bytes
    assert (array is not None) == sound
    if sound:
        assert array.shape == shape and array.tobytes() == body


@FIXTURES
@given(data=st.data(), compress=st.booleans())
def test_a_sound_file_cut_or_changed(tmp_path, data, compress):
    size = 7 * 28 * 28
    content = good_file((7, 28, 28))[: 16 + size]
    if compress:
        content = gzip.compress(content, mtime=0)
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / ("file.gz" if compress else "file")
    assert (read(path, content[:cut]) is None) == (cut < len(content))
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    array = read(path, bytes(changed))
    assert array is None or array.size == size


@pytest.mark.parametrize("shape", [(7, 28, 28), (2**32 - 1, 2**32 - 1, 2**32 - 1)])
def test_gzip_bomb(tmp_path, shape):
    """512 MiB of zeros in half a megabyte: no more is unpacked than the header announces, and nothing in one piece."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(struct.pack(">4I", 0x803, *shape))
        for _ in range(512 if shape[0] == 7 else 64):
            file.write(bytes(MIB))
    tracemalloc.start()
    try:
        with pytest.raises(mnist.DataError):
            mnist.read_idx(path, 3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The second header lies about its size, so all that there is gets unpacked before that can be known.
    assert peak < (4 * MIB if shape[0] == 7 else 64 * MIB * 2)
