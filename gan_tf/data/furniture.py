"""Solid furniture made by a program: tables, chairs and shelves of 16x16x16 small cubes (voxels)."""

import numpy as np

SIDE = 16  # cubes in each direction
TOTAL = 17_000
SEED = 0  # of the data set, not of a run: everyone gets the same furniture
KINDS = ("table", "chair", "shelf")


def draw(first, count):
    """Makes pieces of furniture number `first` … `first + count - 1` of 17,000.

    Returns (solids uint8 [count, 16, 16, 16], kinds int64 [count]). A cube is 255 if it is filled, else 0. The axes are
    x, y and the height z, from the floor upwards. All pieces stand on the floor, in the middle of the room. Kinds are
    places in `KINDS`. All measures are random: width and depth, height, how thick boards and legs are, the height of a
    chair's back, the number of a shelf's boards. Piece i is always the same with the same version of NumPy.
    """
    random = np.random.Generator(np.random.Philox(key=SEED))
    kinds = random.integers(0, len(KINDS), TOTAL)
    numbers = random.random([TOTAL, 8])
    solids = np.zeros([count, SIDE, SIDE, SIDE], np.uint8)
    for solid, kind, own in zip(solids, kinds[first : first + count], numbers[first : first + count], strict=True):
        (_table, _chair, _shelf)[kind](solid, own)
    return solids, kinds[first : first + count]


def _between(low, high, number):
    """An integer low … high, from a random number in [0, 1)."""
    return low + int(number * (high - low + 1))


def _middle(size):
    """Where `size` cubes in the middle of a side begin and end."""
    begin = (SIDE - size) // 2
    return begin, begin + size


def _legs(solid, x, y, height, thick):
    for i in (slice(x[0], x[0] + thick), slice(x[1] - thick, x[1])):
        for j in (slice(y[0], y[0] + thick), slice(y[1] - thick, y[1])):
            solid[i, j, :height] = 255


def _table(solid, own):
    x, y = _middle(_between(8, 14, own[0])), _middle(_between(8, 14, own[1]))
    height, thick = _between(6, 11, own[2]), _between(1, 2, own[3])
    solid[slice(*x), slice(*y), height : height + thick] = 255
    _legs(solid, x, y, height, _between(1, 2, own[4]))


def _chair(solid, own):
    x, y = _middle(_between(6, 9, own[0])), _middle(_between(6, 9, own[1]))
    seat, thick, leg = _between(5, 7, own[2]), _between(1, 2, own[3]), _between(1, 2, own[4])
    solid[slice(*x), slice(*y), seat : seat + thick] = 255
    solid[slice(*x), y[1] - thick : y[1], seat : _between(12, 16, own[5])] = 255  # the back
    _legs(solid, x, y, seat, leg)


def _shelf(solid, own):
    x, y = _middle(_between(8, 13, own[0])), _middle(_between(4, 6, own[1]))
    height, thick, boards = _between(11, 16, own[2]), _between(1, 2, own[3]), _between(2, 4, own[4])
    solid[x[0] : x[0] + thick, slice(*y), :height] = 255
    solid[x[1] - thick : x[1], slice(*y), :height] = 255
    for place in np.linspace(2, height - 1, boards).astype(int):
        solid[slice(*x), slice(*y), place] = 255
