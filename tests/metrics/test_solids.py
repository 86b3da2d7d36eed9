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
    """More cubes fill more pixels; a cube that is half filled or less is not drawn; nothing is black."""
    solids = np.zeros([4, 16, 16, 16], np.float32)
    solids[0, 3, 3, 3] = 0.5
    solids[1, 5, 5, 5] = 0.51
    solids[2, 5, 5, 5] = solids[2, 5, 4, 5] = 1
    solids[3] = 1
    pictures = view(solids.reshape(4, -1))
    assert pictures.shape == (4, 28, 28, 1) and pictures.dtype == np.float32
    lit = (pictures > 0).sum(axis=(1, 2, 3))
    assert lit[0] == 0 and lit[1] == 4 and lit[1] < lit[2] <= 8 and lit[3] > 500
    assert pictures.min() == 0 and pictures.max() <= 1


@pytest.mark.parametrize(
    ("near", "far"),
    [((5, 4, 5), (5, 5, 5)), ((6, 5, 5), (5, 5, 5)), ((5, 5, 10), (5, 5, 9))],
    ids=["in front", "to the right", "above"],
)
def test_a_nearer_cube_hides_one_behind_it(near, far):
    """Where both are drawn, one sees the nearer one. Each is drawn alone first."""
    solids = np.zeros([3, 16, 16, 16], np.float32)
    solids[(0, *near)] = solids[(1, *far)] = solids[(2, *near)] = solids[(2, *far)] = 1
    if near[2] == far[2]:  # another cube on top of the nearer one makes its side darker
        solids[(0, near[0], near[1], near[2] + 1)] = solids[(2, near[0], near[1], near[2] + 1)] = 1
    alone, behind, both = view(solids.reshape(3, -1))[..., 0]
    overlap = (alone > 0) & (behind > 0)
    assert overlap.any() and (behind > 0).sum() == 4
    np.testing.assert_array_equal(both[alone > 0], alone[alone > 0])
    np.testing.assert_allclose(both[(behind > 0) & ~overlap], (0.35 if near[2] > far[2] else 1.0), rtol=1e-6)
    if near[2] == far[2]:
        assert (alone[overlap] < 0.99).any(), "the shades differ"


def test_the_shades_and_places_of_a_view():
    """Tops are 1, sides 0.55, sides with nothing to the right 0.35; x goes to the right, y back and up, z up."""
    solid = np.zeros([16, 16, 16], np.float32)
    solid[2, 3, [4, 5]] = solid[3, 3, 4] = solid[10, 12, 1] = solid[10, 12, 2] = 1
    picture = view(solid.reshape(1, -1))[0, ..., 0]
    expected = np.zeros([28, 28])
    # Row 26 - 1.1 z - 0.5 y and column 1 + 1.1 x + 0.5 y, cut to whole numbers: the lower left of 2x2 pixels.
    for row, column, shade in ((20, 4, 0.55), (20, 5, 1), (19, 4, 1), (18, 18, 0.35), (17, 18, 1)):
        expected[row - 1 : row + 1, column : column + 2] = shade
    np.testing.assert_allclose(picture, expected, rtol=1e-6)
