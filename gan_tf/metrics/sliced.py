"""Scores of pictures that need no classifier: the sliced Wasserstein distance, and a search for copies.

The sliced Wasserstein distance compares small patches of two sets of pictures, separately for fine and for coarse
details. The search for copies looks up the nearest training picture of each sample. `table` computes all of them, next
to the same scores of held-out real pictures.
"""

import numpy as np
import scipy.ndimage

from gan_tf.data.dataset import scaled
from gan_tf.grids import spread
from gan_tf.metrics import scores
from gan_tf.metrics.table import NEIGHBOURS, mean, share
from gan_tf.parts import in_batches

# Karras et al. 2018, section 5: patches of 7x7 pixels, 128 of each picture and level, 512 projections. The authors'
# program multiplies the distances by 1000, and its levels end at 16 pixels.
PATCH, PATCHES, DIRECTIONS, FACTOR = 7, 128, 512, 1000
KERNEL = np.array([1, 4, 6, 4, 1]) / 16  # of Burt and Adelson 1983, in each direction; also the program's

SMALLEST = 16  # the smallest side of a picture
# The smallest side of a level. So 28x28 has a second level, and powers of two end at 16 as in the program.
COARSEST = 14
FLAT = 1e-5  # a channel with a smaller standard deviation is flat: the rest is rounding
FOR_ERROR = 32  # the standard error is computed from so many patches of a picture and so many directions
AT_ONCE = 2**22  # numbers in one part of a set of pictures, which saves memory

MOST = 2000  # pictures that `table` compares
FEWEST = 10  # held-out pictures that `table` compares with
COPIES = 0.01  # the share of held-out real pictures that count as copies


def sliced_wasserstein(made, real, seed=0):
    """Returns the sliced Wasserstein distance, times 1000, for each level of the Laplacian pyramid.

    `made` and `real` are [n, height, width, channels], uint8 or float32 in [0, 1], with the same shape and sides of at
    least 16. The result is {level: (distance, standard error)}, from fine to coarse, and the mean over the levels as
    "mean". A level's name is its size, height first, such as "64x64". All levels but the last show the details that
    the next smaller size loses; the last one is the small picture itself.

    From each picture and level the function takes 128 random patches of 7x7 pixels, with all channels. In each of the
    two sets, the patches' channels are shifted and scaled to mean 0 and standard deviation 1. So a patch is a vector x
    with 49 * channels numbers. For a random direction v with ‖v‖ = 1, both sets of numbers v·x are sorted. This gives
    a_1 ≤ a_2 ≤ … and b_1 ≤ b_2 ≤ …, and their Wasserstein distance is the mean of |a_i - b_i|. The distance of the
    level is the mean over 512 directions.

    Lower is better, but two sets of real pictures do not reach 0: with few pictures the distance is too large, by
    roughly a constant / √n. Compare it only with the distance of held-out real pictures, with the same n. The distance
    does not see the brightness or the contrast of a level, because each set is scaled by itself. It hardly sees where
    in the picture a patch is.

    The standard error is a jackknife over the pictures (`scores.jackknife`) with 32 patches of a picture and 32
    directions. It contains the choice of pictures in both sets. With MNIST it was 0.6 to 2.4 times the standard
    deviation over independent sets, and too large mostly for sets of the same kind. It is None for fewer than 10
    pictures. The error of the mean is the mean of the levels' errors, as if all were wrong in the same direction.

    The result depends on the pictures and `seed` alone; another order of the pictures changes it by less than the
    error. Raises ValueError if the shapes differ, or a side is too small.

    Source: Karras et al. 2018 (arXiv:1710.10196), section 5, and metrics/sliced_wasserstein.py of their program,
    https://github.com/tkarras/progressive_growing_of_gans. Departures:

    1. Sides need not be powers of two, and there may be any number of channels. Each level has half the side of the one
       before; half of an odd side is rounded up. The levels end before a side is below 14; the program's end at 16.
       Both give the same levels for powers of two.
    2. Pictures are in [0, 1] and not rounded to bytes. The scale makes no difference.
    3. There may be any number of pictures. The paper compares 16,384, so it has a smaller bias.
    4. A channel with a standard deviation below 1e-5 is shifted but not scaled. Otherwise pictures of one colour would
       show their rounding errors, or divide by 0.
    5. The standard error is ours. The program takes four times 128 directions, and the mean of four means.
    """
    if made.shape != real.shape:
        raise ValueError(f"both sets need the same shape, not {list(made.shape)} and {list(real.shape)}")
    made, real = scaled(made), scaled(real)
    random = np.random.Generator(np.random.Philox(key=seed))
    found, levels = {}, sizes(*made.shape[1:3])
    for height, width in levels:
        coarsest = (height, width) == levels[-1]
        found[f"{height}x{width}"], made, real = _level(made, real, coarsest, random)
    values, errors = zip(*found.values(), strict=True)
    return found | {"mean": (float(np.mean(values)), None if None in errors else float(np.mean(errors)))}


def sizes(height, width):
    """Returns [(height, width)] of each level, the largest first. Raises ValueError if a side is below 16."""
    if min(height, width) < SMALLEST:
        raise ValueError(f"pictures need at least {SMALLEST}x{SMALLEST} pixels, not {height}x{width}")
    found = []
    while min(height, width) >= COARSEST:
        found.append((height, width))
        height, width = (height + 1) // 2, (width + 1) // 2
    return found


def blurred(images):
    """Returns `images` [n, height, width, channels] after Burt and Adelson's 5x5 filter, mirrored at the borders."""
    for axis in (1, 2):
        images = scipy.ndimage.convolve1d(images, KERNEL, axis, mode="mirror")
    return images


def smaller(images):
    """Halves the sides of `images`: blurs them, and leaves out every second row and column."""
    return blurred(images)[:, ::2, ::2]


def larger(images, height, width):
    """Doubles the sides of `images`, to `height` and `width`: puts zeros in between, blurs, and multiplies by 4."""
    spaced = np.zeros([len(images), height, width, images.shape[3]], np.float32)
    spaced[:, ::2, ::2] = images
    return 4 * blurred(spaced)


def patches(images, tops, lefts):
    """Cuts patches of 7x7 pixels out of `images`.

    `tops` and `lefts` are [n, k], the first row and column of each patch. Returns float32 [n, k, channels, 7, 7].
    """
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
    return windows[np.arange(len(images))[:, None], tops, lefts]


def _level(made, real, coarsest, random):
    """Returns ((distance, standard error) of this level, the pictures of the next level, made and real)."""
    made_patches, made = _take_patches(made, coarsest, random)
    real_patches, real = _take_patches(real, coarsest, random)
    directions = random.normal(size=[DIRECTIONS, *made_patches.shape[2:]])
    directions /= np.sqrt((directions**2).sum(axis=(1, 2, 3), keepdims=True))
    error = _error(made_patches[:, :FOR_ERROR], real_patches[:, :FOR_ERROR], directions[:FOR_ERROR])
    return (distance(made_patches, real_patches, directions), error), made, real


def _take_patches(images, coarsest, random):
    """Returns (random patches of this level, the pictures of the next level); of the coarsest level, (patches, None).

    `images` are the pictures of this level, before the details are taken out of them.
    """
    n, height, width, channels = images.shape
    tops, lefts = (random.integers(0, side - PATCH + 1, [n, PATCHES]) for side in (height, width))
    found, small = np.empty([n, PATCHES, channels, PATCH, PATCH], np.float32), []
    size = max(1, AT_ONCE // images[0].size)
    for part in (slice(first, first + size) for first in range(0, n, size)):
        details = images[part]
        if not coarsest:
            small.append(smaller(details))
            details = details - larger(small[-1], height, width)
        found[part] = patches(details, tops[part], lefts[part])
    return found, None if coarsest else np.concatenate(small)


def distance(made, real, directions):
    """Returns the mean Wasserstein distance, times 1000, of projected patches, after they are normalised.

    The patches are float32 [n, k, channels, 7, 7], the directions [d, channels, 7, 7].
    """
    moments = [_moments(each) for each in (made, real)]
    distances, size = [], max(16, AT_ONCE // (made.shape[0] * made.shape[1]))
    for first in range(0, len(directions), size):
        some = directions[first : first + size]
        a, b = (_sorted_projections(each, *of, some) for each, of in zip((made, real), moments, strict=True))
        distances.append(np.abs(a - b).mean(axis=1, dtype=np.float64))
    return float(FACTOR * np.concatenate(distances).mean())


def _moments(found):
    """Returns the mean and the standard deviation of each channel of patches, both float64 [channels]."""
    centre = found.mean(axis=(0, 1, 3, 4), dtype=np.float64)
    shift = centre.astype(np.float32)[:, None, None]
    squares = in_batches(lambda part: np.square(part - shift).mean(axis=(1, 3, 4)), found, 100)
    return centre, np.sqrt(squares.mean(axis=0, dtype=np.float64))


def _sorted_projections(found, centre, deviation, directions):
    """Returns the projections of normalised patches, sorted for each direction: float32 [directions, n * k].

    It normalises the directions in place of the patches, because they are fewer: v·(x - m)/s = (v/s)·x - (v/s)·m.
    """
    weights = directions / np.where(deviation < FLAT, 1, deviation)[:, None, None]
    offsets = (weights * centre[:, None, None]).sum(axis=(1, 2, 3))
    weights = weights.reshape(len(weights), -1).astype(np.float32)
    projections = weights @ found.reshape(-1, weights.shape[1]).T
    projections -= offsets.astype(np.float32)[:, None]
    projections.sort(axis=1)
    return projections


def _error(made, real, directions):
    """Returns the standard error of `distance`, by the jackknife over the pictures."""
    if len(made) < 10:  # groups of the jackknife
        return None
    return scores.jackknife(lambda a, b: distance(a, b, directions), made, real)


def nearest_training(images, training):
    """Finds the training picture nearest to each of `images`.

    `images` is [n, height, width, channels] and `training` is [m, height, width, channels], both uint8 or float32 in
    [0, 1]. `training` may be an array mapped from a file; it is read in parts. Returns (distances float64 [n],
    indices int64 [n]). A distance is the root of the mean squared difference of a pixel, in [0, 1], so it does not
    grow with the size of the pictures. If several pictures are nearest, up to rounding in float32, any of them may be
    returned. To find mirrored copies, call it with images[:, :, ::-1].
    """
    rows = np.ascontiguousarray(scaled(images)).reshape(len(images), -1)
    least, indices = np.full(len(rows), np.inf, np.float32), np.zeros(len(rows), np.int64)
    size = max(1, AT_ONCE // max(rows.shape))
    for first in range(0, len(training), size):
        part = scaled(training[first : first + size]).reshape(-1, rows.shape[1])
        # ‖x - t‖² without ‖x‖², which is the same for all t.
        squares = np.square(part).sum(axis=1) - 2 * (rows @ part.T)
        found = squares.argmin(axis=1)
        value = np.take_along_axis(squares, found[:, None], axis=1)[:, 0]
        indices = np.where(value < least, first + found, indices)
        least = np.minimum(least, value)
    # The sums above are rounded, and a copy would not get 0. So each distance is computed again from the difference.
    pairs = zip(rows, indices, strict=True)
    squares = [np.square(row - scaled(training[i]).reshape(-1)).mean(dtype=np.float64) for row, i in pairs]
    return np.sqrt(squares), indices


def copy_threshold(real_distances):
    """Returns (the distance below which a sample counts as a copy, the share of independent pictures below it).

    `real_distances` are the distances of m held-out real pictures to their nearest training pictures. The threshold is
    the k-th smallest of them, where k is 1% of m, rounded down, but at least 1. With fewer than 200 held-out pictures
    it is their smallest distance. A new picture of the same kind is below it with a probability of k / (m + 1): about
    1% with many held-out pictures, but 1 in 21 with twenty.
    """
    k = max(1, int(len(real_distances) * COPIES))
    return float(np.partition(real_distances, k - 1)[k - 1]), k / (len(real_distances) + 1)


def copies(distances, real_distances):
    """Returns the share of samples that are nearer to a training picture than real pictures are: the share of copies.

    `distances` and `real_distances` are what `nearest_training` returns for samples and for held-out real pictures.
    `copy_threshold` says below which distance a sample counts as a copy, and which share to expect of pictures that are
    no copies. A larger share can have another reason: a plain, blurred or faint picture is near to many pictures, and
    so are samples of one simple kind, such as the digit 1. So look at the pairs. If the held-out pictures have copies
    of their own among the training pictures, the threshold is too low and copies are not seen.
    """
    return float(np.mean(distances < copy_threshold(real_distances)[0]))


def table(made, held_out, training, seed=0):
    """Returns the scores of samples and of held-out real pictures.

    `made`, `held_out` and `training` are pictures [n, height, width, channels], uint8 or float32 in [0, 1]; `training`
    may be mapped from a file. The result is {"samples": {name: (value, standard error or None)}, "real": the same,
    "note": text}. `titles` has words for the names.

    sliced_wasserstein: the mean of the levels' distances to training pictures
    sliced_wasserstein_64x64 and so on: the distance of each level
    spread: `grids.spread`
    nearest_training: the mean distance to the nearest of all training pictures
    copies: the share of copies; for real pictures, the share to expect of pictures that are no copies. Its error does
        not contain that of the threshold, which is large with few held-out pictures

    Sliced Wasserstein distance and spread depend on the number of pictures. So they use equal numbers of samples,
    held-out and training pictures: as many as the smallest set has, and at most 2,000. The other scores use at most
    1,000 samples and 1,000 held-out pictures. Pictures are chosen at random by `seed`, because folders are often in
    order. With fewer than 10 held-out pictures, "real" is empty, there are no copies, and "note" says why in one line.
    Otherwise "note" is empty.
    """
    random = np.random.Generator(np.random.Philox(key=seed))
    enough = len(held_out) >= FEWEST
    count = min(MOST, len(made), len(training), *([len(held_out)] if enough else []))
    compared = _some(training, count, random)

    def of(images):
        some, queries = _some(images, count, random), _some(images, NEIGHBOURS, random)
        levels = sliced_wasserstein(some, compared, seed)
        found = {"sliced_wasserstein": levels.pop("mean")}
        found |= {f"sliced_wasserstein_{level}": pair for level, pair in levels.items()}
        found["spread"] = spread(some), scores.jackknife(spread, some) if count >= FEWEST else None
        distances = nearest_training(queries, training)[0]
        return found | {"nearest_training": mean(distances)}, distances

    samples, distances = of(made)
    if not enough:
        note = f"Only {len(held_out)} real pictures are held out; a comparison with them takes at least {FEWEST}."
        return {"samples": samples, "real": {}, "note": note}
    real, real_distances = of(held_out)
    samples["copies"] = share(copies(distances, real_distances), len(distances))
    real["copies"] = copy_threshold(real_distances)[1], None
    return {"samples": samples, "real": real, "note": ""}


def _some(images, count, random):
    """Returns `count` of `images`, or all if there are fewer, as float32; the choice is random, the order stays."""
    chosen = random.choice(len(images), min(count, len(images)), replace=False)
    return scaled(images[np.sort(chosen)])


TITLES = {
    "sliced_wasserstein": "sliced Wasserstein distance (x 1000)",
    "spread": "spread",
    "nearest_training": "distance to nearest training picture, per pixel",
    "copies": "share of copies of training pictures",
}


def titles(names):
    """Returns {name: title} for names of the scores in `table`."""
    level = "sliced_wasserstein_"
    return {n: f"its level {n.removeprefix(level)}" if n.startswith(level) else TITLES[n] for n in names}
