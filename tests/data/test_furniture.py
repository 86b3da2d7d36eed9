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


def measures_of(solid):
    """Begin and end of the filled cubes in each direction: [(x, x), (y, y), (z, z)]."""
    places = np.argwhere(solid)
    return list(zip(places.min(axis=0), places.max(axis=0) + 1, strict=True))


def test_tables_chairs_and_shelves():
    """Their sizes and parts by hand. A chair's back is at the far end, y; a shelf's sides are at both ends of x."""
    solids, kinds = furniture.draw(0, 2000)
    sizes = {kind: [] for kind in range(3)}
    for solid, kind in zip(solids > 0, kinds, strict=True):
        x, y, z = measures_of(solid)
        sizes[kind].append([x[1] - x[0], y[1] - y[0], z[1]])
        assert z[0] == 0 and all(low + high in (15, 16) for low, high in (x, y)), "in the middle of the room"
        whole = np.zeros([16, 16], bool)
        whole[x[0] : x[1], y[0] : y[1]] = True
        if kind == 0:  # the top is a whole board; below it are the legs at the corners
            np.testing.assert_array_equal(solid[:, :, z[1] - 1], whole)
            assert solid[x[0], y[0], : z[1]].all() and not solid[7:9, 7:9, : z[1] - 2].any()
        if kind == 1:  # above the seat there is only the back
            seat = next(height for height in range(16) if (solid[:, :, height] == whole).all())
            assert 5 <= seat <= 7
            back = solid[:, :, z[1] - 1]
            assert not back[:, : y[1] - 2].any() and back[x[0] : x[1], y[1] - 1].all()
            for corner in ((x[0], y[0]), (x[0], y[1] - 1), (x[1] - 1, y[0]), (x[1] - 1, y[1] - 1)):
                assert solid[(*corner, slice(0, seat))].all()
        if kind == 2:  # two sides from the floor to the top, and boards between them
            sides = solid[x[0], y[0] : y[1], : z[1]], solid[x[1] - 1, y[0] : y[1], : z[1]]
            assert all(side.all() for side in sides)
            middle = solid[8, y[0] : y[1]]
            boards = middle.all(axis=0)
            assert boards[[2, z[1] - 1]].all() and 2 <= boards.sum() <= 4 and (middle.any(axis=0) == boards).all()
    limits = {0: [(8, 14), (8, 14), (7, 13)], 1: [(6, 9), (6, 9), (12, 16)], 2: [(8, 13), (4, 6), (11, 16)]}
    for kind, found in sizes.items():
        assert list(zip(np.min(found, axis=0), np.max(found, axis=0), strict=True)) == limits[kind]
        assert len(found) == pytest.approx(2000 / 3, abs=100)


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
