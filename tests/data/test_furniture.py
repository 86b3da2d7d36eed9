"""gan_tf.data.furniture: pieces that stand, of three kinds, always the same."""

import hashlib

import numpy as np
import pytest

from gan_tf import data
from gan_tf.data import furniture
from gan_tf.metrics.solids import measures


def test_all_pieces_are_whole_and_stand_on_the_floor():
    solids, kinds = furniture.draw(0, 300)
    found = measures(solids.reshape(300, -1) / 255)
    assert found["whole"].all() and set(kinds) == {0, 1, 2}
    assert set(found["legs"][kinds < 2]) == {4} and set(found["legs"][kinds == 2]) <= {1, 2}
    assert found["height"].min() >= 7 and found["height"].max() == 16
    assert len({hashlib.sha256(solid).digest() for solid in solids}) > 250


def test_a_piece_does_not_depend_on_the_others():
    whole, kinds = furniture.draw(0, 20)
    part, same = furniture.draw(12, 5)
    np.testing.assert_array_equal(part, whole[12:17])
    np.testing.assert_array_equal(same, kinds[12:17])


def test_splits():
    sizes = {split: data.load("furniture", split=split).pixels.shape for split in data.SPLITS}
    assert sizes == {"train": (10_000, 4096), "validation": (5_000, 4096), "test": (2_000, 4096)}
    with pytest.raises(data.DataError, match="furniture is made, not read"):
        data.load("furniture", "folder")
