"""gan_tf.metrics.solids: measures and pictures of solids that one can count."""

import numpy as np
import pytest

from gan_tf.metrics.solids import compare, measures, view


def test_measures():
    """A table, the same in the air, two pieces, and nothing."""
    table = np.zeros([16, 16, 16], np.float32)
    table[4:12, 4:12, 6] = 1
    for x in (4, 11):
        for y in (4, 11):
            table[x, y, :6] = 1
    air, two = np.roll(table, 3, axis=2), table.copy()
    two[0, 0, 0] = 1
    found = measures(np.stack([table, air, two, 0 * table]).reshape(4, -1))
    np.testing.assert_array_equal(found["whole"], [1, 0, 0, 0])
    np.testing.assert_array_equal(found["height"], [7, 10, 7, 0])
    np.testing.assert_array_equal(found["legs"], [4, 0, 4, 0])
    np.testing.assert_allclose(found["filled"], [88 / 4096, 88 / 4096, 89 / 4096, 0])


def test_comparing_with_real_furniture():
    """Four and two legs are right where some furniture has them; three are not. Distances by hand."""
    four = np.zeros([16, 16, 16], np.float32)
    four[4:12, 4:12, 6] = 1
    four[[4, 4, 11, 11], [4, 11, 4, 11], :6] = 1
    three, chair = four.copy(), four.copy()
    three[4, 4, :6] = 0
    chair[4:12, 4, 6:12] = 1
    chair[4, [4, 11], :6] = 0  # two legs
    real, made = (np.stack(each).reshape(2, -1) for each in ([four, chair], [four, three]))
    found = compare(made, real, "made")
    assert found["made: one piece, on the floor"][0] == 1
    assert found["made: as many legs as furniture"] == (0.5, pytest.approx(0.5 / 2**0.5))
    np.testing.assert_allclose(found["made: distance of height"][0], 2.5 / 2.5)  # heights 7 and 7; 7 and 12
    filled = np.array([each.sum() for each in (four, chair, four, three)])
    expected = np.abs(np.sort(filled[:2]) - np.sort(filled[2:])).mean() / filled[:2].std()
    np.testing.assert_allclose(found["made: distance of filled"][0], expected)


def test_a_view():
    """A cube in front hides one behind it; more cubes fill more pixels; nothing is black."""
    solids = np.zeros([4, 16, 16, 16], np.float32)
    solids[1, 5, 5, 5] = 1
    solids[2, 5, 5, 5] = solids[2, 5, 4, 5] = 1
    solids[3] = 1
    pictures = view(solids.reshape(4, -1))
    assert pictures.shape == (4, 28, 28, 1)
    lit = (pictures > 0).sum(axis=(1, 2, 3))
    assert lit[0] == 0 and 1 <= lit[1] <= 4 and lit[1] < lit[2] <= 8 and lit[3] > 500
    assert pictures.min() == 0 and pictures.max() <= 1
