"""Looks at solids of 16x16x16 cubes: pictures of them, their measures, and how these compare with real furniture."""

import numpy as np
import scipy.ndimage
import scipy.stats

from gan_tf.data.furniture import SIDE
from gan_tf.metrics.table import share

VIEW = (28, 28, 1)  # the shape of a picture of a solid


def view(solids):
    """Pictures of solids, float32 [n, 4096]: [n, 28, 28, 1] in [0, 1], seen from the right, front and above.

    A cube is drawn if it is more filled than 1/2. Nearer cubes hide those behind; sides are darker than tops.
    """
    filled = np.pad(np.asarray(solids).reshape(-1, SIDE, SIDE, SIDE) > 0.5, [(0, 0), (0, 1), (0, 1), (0, 1)])
    pictures = np.zeros([len(filled), *VIEW], np.float32)
    x, y, z = (each.ravel() for each in np.indices([SIDE, SIDE, SIDE]))
    for place in np.argsort(y * 10 - x - z, kind="stable")[::-1]:  # from the back to the front
        i, j, k = x[place], y[place], z[place]
        cube = filled[:, i, j, k]
        if not cube.any():
            continue
        row, column = int(26 - 1.1 * k - 0.5 * j), int(1 + 1.1 * i + 0.5 * j)
        free_above, free_right = ~filled[:, i, j, k + 1], ~filled[:, i + 1, j, k]
        shade = 0.55 + 0.45 * free_above - 0.2 * (free_right & ~free_above)
        for up, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            where = pictures[:, row - up, column + right, 0]
            pictures[:, row - up, column + right, 0] = np.where(cube, shade, where)
    return pictures


def measures(solids):
    """Measures solids, float32 [n, 4096]. Returns {name: float64 [n]}.

    "whole" is 1 if all filled cubes are one piece (they touch by faces) and some of them stand on the floor, else 0.
    "height" is that of the highest filled cube, "filled" the share of filled cubes, "legs" the number of pieces in the
    layer above the floor.
    """
    found = {name: [] for name in ("whole", "height", "filled", "legs")}
    for solid in np.asarray(solids).reshape(-1, SIDE, SIDE, SIDE) > 0.5:
        pieces = scipy.ndimage.label(solid)[1]
        heights = np.flatnonzero(solid.any(axis=(0, 1)))
        found["whole"].append(pieces == 1 and solid[:, :, 0].any())
        found["height"].append(heights[-1] + 1 if len(heights) else 0)
        found["filled"].append(solid.mean())
        found["legs"].append(scipy.ndimage.label(solid[:, :, 1])[1])
    return {name: np.array(values, np.float64) for name, values in found.items()}


def compare(made, real, what):
    """Returns {title: (value, error)}: shares of the solids, and Wasserstein's distance of each measure to `real`'s.

    The shares are those of whole pieces, and of solids with as many legs as some of `real`. Distances are in standard
    deviations of the real furniture's measure.
    """
    ours, theirs = measures(made), measures(real)
    return {
        f"{what}: one piece, on the floor": share(ours.pop("whole").mean(), len(made)),
        f"{what}: as many legs as furniture": share(np.isin(ours["legs"], theirs["legs"]).mean(), len(made)),
    } | {
        f"{what}: distance of {name}": (scipy.stats.wasserstein_distance(each, theirs[name]) / theirs[name].std(), None)
        for name, each in ours.items()
    }
