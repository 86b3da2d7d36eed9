"""Measures images that a GAN drew for captions: do they show the digit, the weight and the slant of their caption?"""

from gan_tf.metrics.pairs import distance, read_nearest
from gan_tf.metrics.table import share


def rights(images, captions, what):
    """Returns {title: (share, error)}: how often `images` have the digit, the weight and the slant of `captions`."""
    parts = {"digit": lambda c: c % 10, "weight": lambda c: c // 10 % 2, "slant": lambda c: c // 20}
    found = read_nearest(images, "captions")
    return {
        f"{what}: {name} as said": share((part(found) == part(captions)).mean(), len(captions))
        for name, part in parts.items()
    }


def scores_of_captions(seen, real):
    """Returns {title: (value, standard error)}: the `rights` of images, and their FID to the images `real`.

    `seen` is {what: (images float32 [n, 28, 28, 1], their captions int [n])}. `real` itself gets no FID.
    """
    found = {}
    for what, (images, captions) in seen.items():
        found |= rights(images, captions, what)
        if images is not real:
            found[f"{what}: FID"] = distance(images, real)
    return found
