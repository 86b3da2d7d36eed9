"""idx.read against files that are anything but IDX: its own error, and no more memory than the file."""

import gzip
import math
import os
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gan_tf import data
from gan_tf.data import idx

MIB = 2**20
# Each run of the tests draws others. GAN_TF_FUZZ=2000 draws so many.
EXAMPLES = int(os.environ.get("GAN_TF_FUZZ", "300"))
FIXTURES = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def good_file(shape):
    """A sound IDX file."""
    header = struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape)
    return header + bytes(range(256)) * (int(np.prod(shape)) // 256 + 1)


def read(path, content):
    """The array, or None where idx.read raises DataError; anything else is an error of the test."""
    path.write_bytes(content)
    try:
        return idx.read(path)
    except data.DataError as error:
        assert str(path) in str(error) and "\n" not in str(error)
        return None


@FIXTURES
@given(
    begin=st.sampled_from(
        [b"", b"\0\0\x08\1", b"\3\x08\0\0", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"PK\3\4", b"<html>"]
    ),
    content=st.binary(max_size=200),
    suffix=st.sampled_from(["", ".gz"]),
)
def test_any_bytes(tmp_path, begin, content, suffix):
    read(tmp_path / f"file{suffix}", begin + content)


@FIXTURES
@given(
    magic=st.one_of(st.just(0x803), st.just(0x03080000), st.integers(0, 2**32 - 1)),
    shape=st.tuples(*3 * [st.one_of(st.integers(0, 5), st.integers(0, 2**32 - 1))]),
    body=st.binary(max_size=130),
    compress=st.booleans(),
)
@example(0x803, (2, 3, 4), bytes(range(24)), False)  # what chance rarely draws: headers that say what is there
@example(0x903, (4, 1, 5), bytes(range(20)), True)
@example(0x03080000, (2 << 24, 3 << 24, 4 << 24), bytes(range(24)), False)
@example(0x803, (2, 3, 4), bytes(23), False)
@example(0x803, (2, 3, 4), bytes(25), True)
@example(0x803, (2**32 - 1, 2**32 - 1, 2**32 - 1), bytes(100), True)
@example(0x803, (0, 2**32 - 1, 2**32 - 1), b"", False)
@example(0x803, (0, 5, 5), b"", False)
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
    swapped = struct.unpack("<3I", struct.pack(">3I", *shape))
    one_byte = magic in (0x803, 0x903, 0x03080000, 0x03090000)
    shapes = [shape, swapped] if magic < 2**16 else [swapped, shape]
    fitting = [each for each in shapes if math.prod(each) == len(body)] if one_byte else []
    # What NumPy can hold, even of no bytes.
    sound = bool(fitting) and math.prod(max(size, 1) for size in fitting[0]) < 2**63
    if one_byte or array is None:  # other types are rare here
        assert (array is not None) == sound
    if sound:
        assert array.shape == fitting[0] and array.tobytes() == body


@FIXTURES
@given(change=st.data(), compress=st.booleans())
def test_a_sound_file_cut_or_changed(tmp_path, change, compress):
    size = 7 * 28 * 28
    content = good_file((7, 28, 28))[: 16 + size]
    if compress:
        content = gzip.compress(content, mtime=0)
    cut = change.draw(st.integers(0, len(content)))
    path = tmp_path / ("file.gz" if compress else "file")
    assert (read(path, content[:cut]) is None) == (cut < len(content))
    changed = bytearray(content)
    changed[change.draw(st.integers(0, len(content) - 1))] ^= change.draw(st.integers(1, 255))
    array = read(path, bytes(changed))
    assert array is None or array.nbytes == size


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
        with pytest.raises(data.DataError):
            idx.read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The second header lies about its size, so all that there is gets unpacked before that can be known.
    assert peak < (4 * MIB if shape[0] == 7 else 64 * MIB * 2)
