"""Printed digits with captions, such as "a bold slanted seven"."""

import numpy as np

from gan_tf.data import glyphs

DIGITS = "zero one two three four five six seven eight nine".split()
STYLES = ("bold", "slanted")
WORDS = [*STYLES, *DIGITS]
BOLD = "DejaVuSans-Bold DejaVuSerif-Bold STIXGeneralBol STIXGeneralBolIta cmb10".split()
SLANTED = "DejaVuSans-Oblique DejaVuSansMono-Oblique DejaVuSerif-Italic STIXGeneralItalic STIXGeneralBolIta".split()
SEED = 1  # of the data set, not of a run: everyone gets the same images


def _caption(number):
    styles = [style for place, style in enumerate(STYLES) if number // 10 >> place & 1]
    words = [*styles, DIGITS[number % 10]]
    return " ".join(["an" if words[0] == "eight" else "a", *words])


# Caption number digit + 10 · bold + 20 · slanted.
CAPTIONS = [_caption(number) for number in range(40)]


def vector_of(caption):
    """Returns a 1 for each of `WORDS` that is in the caption, else 0: a list of 12 numbers."""
    return [int(word in caption.split()) for word in WORDS]


def draw(first, count):
    """Draws digits number `first` … `first + count - 1` of 70,000.

    Returns (pixels uint8 [count, 28, 28, 1], the numbers of their captions int [count]). The digits are like those of
    `glyphs.draw`, but they stand straight, so that one sees whether a font is slanted: they are rotated by up to 3
    degrees, and not sheared. The 40 captions are equally frequent; so are the fonts of each style.
    """
    random = np.random.Generator(np.random.Philox(key=SEED))
    captions = random.integers(0, len(CAPTIONS), glyphs.TOTAL)
    angle, width, size, *shift, chosen = random.uniform(
        [-np.pi / 60, 0.8, 0.85, -0.5, -0.5, 0], [np.pi / 60, 1.2, 1.0, 0.5, 0.5, 1], [glyphs.TOTAL, 6]
    ).T
    fonts = np.empty(glyphs.TOTAL, int)
    for style in range(2 ** len(STYLES)):
        own = [n for n, name in enumerate(glyphs.FONTS) if (name in BOLD) + 2 * (name in SLANTED) == style]
        those = captions // 10 == style
        fonts[those] = np.array(own)[(chosen[those] * len(own)).astype(int)]
    wanted = slice(first, first + count)
    changes = (each[wanted] for each in (angle, 0 * angle, width, size, np.stack(shift, 1)))
    return glyphs.render(captions[wanted] % 10, fonts[wanted], *changes), captions[wanted]
