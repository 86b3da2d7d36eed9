"""Digits drawn from the fonts that come with matplotlib. They can replace MNIST without a download."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont  # Pillow: matplotlib requires it

FONTS = (
    "DejaVuSans DejaVuSans-Bold DejaVuSans-Oblique DejaVuSansMono DejaVuSansMono-Oblique DejaVuSerif "
    "DejaVuSerif-Bold DejaVuSerif-Italic STIXGeneral STIXGeneralBol STIXGeneralItalic STIXGeneralBolIta "
    "cmb10 cmr10 cmss10 cmtt10"
).split()
TOTAL = 70000  # MNIST's 60,000 training and 10,000 test images
SEED = 0  # of the data set, not of a run: everyone gets the same glyphs

BOX = 20  # MNIST fits each digit into 20x20 pixels and centres it by mass in 28x28 (LeCun et al. 1998)
SUPERSAMPLING = 3  # a glyph is first drawn larger: so many pixels wide for each pixel of the image
MARGIN = 8  # empty pixels around this drawing, so that points next to the glyph are background


def draw(first, count):
    """Draws glyphs number `first` … `first + count - 1` of 70,000.

    Returns (pixels uint8 [count, 28, 28, 1], labels int64 [count]). Each glyph has a random digit and a random font. It
    is rotated by up to 15 degrees and sheared by up to 0.3, and its width is multiplied by 0.8 … 1.2. Then it is scaled
    to fill 0.85 … 1 of MNIST's box of 20x20 pixels. Its centre of mass is placed up to half a pixel away from pixel
    (14, 14), because MNIST's digits are centred to whole pixels. All these numbers are uniform. In the final pixels the
    centre of mass can be a little further away: more than half a pixel in 2.8% of all glyphs, at most 0.89. Glyph i is
    always the same with the same versions of NumPy and Pillow.
    """
    random = np.random.Generator(np.random.Philox(key=SEED))
    labels = random.integers(0, 10, TOTAL)
    fonts = random.integers(0, len(FONTS), TOTAL)
    angle, shear, width, size, *shift = random.uniform(
        [-np.pi / 12, -0.3, 0.8, 0.85, -0.5, -0.5], [np.pi / 12, 0.3, 1.2, 1.0, 0.5, 0.5], [TOTAL, 6]
    ).T
    wanted = slice(first, first + count)
    changes = (each[wanted] for each in (angle, shear, width, size, np.stack(shift, 1)))
    return render(labels[wanted], fonts[wanted], *changes), labels[wanted]


def render(labels, fonts, angle, shear, width, size, shift):
    """Draws the digits `labels` in the fonts FONTS[fonts]: uint8 [n, 28, 28, 1].

    Each is changed as `draw` says: rotated by `angle`, sheared by `shear`, its width multiplied by `width`, scaled to
    `size` of MNIST's box, its centre moved by `shift` [n, 2]. The other arguments are [n].
    """
    cos, sin = np.cos(angle), np.sin(angle)
    # Rotation times shear times width. The columns say where the glyph's x axis and y axis go.
    maps = np.stack([cos * width, cos * shear - sin, sin * width, sin * shear + cos], 1).reshape(-1, 2, 2)
    pixels = np.empty([len(labels), 28, 28, 1], np.uint8)
    for label in range(10):
        for font, name in enumerate(FONTS):
            chosen = np.flatnonzero((labels == label) & (fonts == font))
            pixels[chosen] = _render(*_glyph(name, label), maps[chosen], size[chosen], shift[chosen])
    return pixels


def _glyph(font, digit):
    """Draws a digit, larger than in an image, and blurs it.

    Returns (pixels float32 [h, w] in [0, 255], centre of mass [2], points of the outline [k, 2]); points are x, y.
    """
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    type_face = ImageFont.truetype(path, 100)
    # Choose the font's size by the size of the digit: one pixel of an image then covers SUPERSAMPLING pixels here.
    left, top, right, bottom = type_face.getbbox(str(digit))
    type_face = ImageFont.truetype(path, 100 * BOX * SUPERSAMPLING / max(right - left, bottom - top))
    left, top, right, bottom = type_face.getbbox(str(digit))
    image = Image.new("L", (right - left + 2 * MARGIN, bottom - top + 2 * MARGIN))
    ImageDraw.Draw(image).text((MARGIN - left, MARGIN - top), str(digit), fill=255, font=type_face)
    glyph = np.asarray(image, np.float32)

    y, x = np.indices(glyph.shape)
    centre = np.array([(x * glyph).sum(), (y * glyph).sum()]) / glyph.sum()
    rows = np.flatnonzero(glyph.any(1))
    inked = glyph[rows] > 127
    ends = np.concatenate([inked.argmax(1), glyph.shape[1] - 1 - inked[:, ::-1].argmax(1)])
    outline = np.stack([ends, np.tile(rows, 2)], 1)
    # Replace each value by the mean over the area of one image pixel. Then single points are enough, without aliasing.
    for axis in (0, 1):
        glyph = sum(np.roll(glyph, k, axis) for k in range(-(SUPERSAMPLING // 2), SUPERSAMPLING // 2 + 1))
    return glyph / SUPERSAMPLING**2, centre, outline


def _render(glyph, centre, outline, maps, size, shift):
    """Draws one glyph m times, changed by each of the matrices `maps` [m, 2, 2]. Returns uint8 [m, 28, 28, 1].

    `glyph`, `centre` and `outline` are what `_glyph` returns. `size` [m] is the share of MNIST's box that the glyph
    fills, `shift` [m, 2] how far its centre of mass lies from pixel (14, 14).
    """
    extent = np.ptp(maps @ (outline - centre).T, axis=2).max(1)  # [m]
    maps = maps * ((BOX - 1) * size / extent)[:, None, None]  # from pixels of the glyph to pixels of the image
    inverse = np.linalg.inv(maps).astype(np.float32)
    y, x = np.indices([28, 28], np.float32).reshape(2, -1)
    target = np.stack([x, y])[None] - (14 + shift[:, :, None]).astype(np.float32)  # [m, 2, 784]
    x, y = np.moveaxis(inverse @ target + centre[:, None].astype(np.float32), 1, 0)
    # Bilinear interpolation. Points outside take the value of the empty margin.
    x, y = np.clip(x, 0, glyph.shape[1] - 1.001), np.clip(y, 0, glyph.shape[0] - 1.001)
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    corner = row * glyph.shape[1] + column
    flat = glyph.ravel()
    above = flat[corner] * (1 - x) + flat[corner + 1] * x
    corner += glyph.shape[1]
    below = flat[corner] * (1 - x) + flat[corner + 1] * x
    return np.rint(above * (1 - y) + below * y).astype(np.uint8).reshape(-1, 28, 28, 1)
