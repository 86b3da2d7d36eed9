"""Heads of cartoon figures, drawn by a program: 22,000 pictures of 64x64 pixels in colour, with known attributes.

>>> pixels, attributes = draw(7, 2)
>>> pixels.shape, pixels.dtype
((2, 64, 64, 3), dtype('uint8'))
>>> ATTRIBUTES["hair"][attributes["hair"][0]], ATTRIBUTES["style"][attributes["style"][0]]
('pink', 'buns')
"""

import types
from pathlib import Path

import numpy as np
import PIL  # Pillow: matplotlib requires it
from absl import logging
from PIL import Image, ImageDraw

from gan_tf.data import cache, dataset

SIDE = 64
TOTAL = 22_000
SPLITS = {"train": (0, 20_000), "validation": (0, 0), "test": (20_000, 2000)}  # the first head, and how many
SEED = 0  # of the data set, not of a run: everyone gets the same heads

SUPERSAMPLING = 3  # a head is first drawn larger: so many pixels wide for each pixel of the picture

# What a picture shows. All values of an attribute are equally likely, and the attributes are independent.
ATTRIBUTES = {
    "hair": ("black", "brown", "blond", "red", "pink", "blue", "green", "white"),
    "style": ("short", "spiky", "bob", "long", "twintails", "buns"),
    "eyes": ("amber", "red", "green", "blue", "violet"),
    "eye_size": ("small", "large"),
    "look": ("left", "ahead", "right"),  # the left of the picture
    "mouth": ("smile", "open", "flat", "frown"),
    "glasses": ("no", "yes"),
    "skin": ("light", "tan", "dark"),
    "background": ("blue", "green", "yellow", "violet", "grey"),
}
COLOURS = {  # of the values above, in the same order
    "hair": (
        (40, 38, 50),
        (118, 70, 40),
        (240, 200, 84),
        (206, 48, 40),
        (246, 142, 186),
        (62, 100, 210),
        (62, 158, 84),
        (226, 228, 238),
    ),
    "eyes": ((236, 160, 24), (220, 40, 50), (40, 176, 84), (44, 124, 236), (158, 72, 220)),
    "skin": ((255, 226, 206), (232, 182, 140), (158, 104, 74)),
    "background": ((150, 204, 242), (160, 222, 168), (252, 236, 160), (192, 168, 234), (168, 171, 178)),
}
JITTER = 7  # a head's colours differ from these by up to so much in each channel

# What else differs from head to head: uniform between two bounds. Lengths are in pixels of the picture.
CHANGES = {
    "x": (-1.5, 1.5),  # where the head is
    "y": (-1.5, 1.5),
    "tilt": (-7, 7),  # degrees
    "size": (1.06, 1.17),
    "width": (0.95, 1.05),  # of face and hair
    "chin": (18, 20.5),
    "jaw": (0.12, 0.32),  # how much narrower than an ellipse
    "eye_x": (7.8, 8.8),
    "eye_y": (2, 3.5),
    "eye_scale": (0.94, 1.06),
    "brow": (-0.12, 0.2),  # slope
    "mouth_y": (12.8, 13.8),
    "mouth_width": (3.6, 4.6),
    "part": (-9, 9),  # where the fringe parts
    "fringe": (-7.5, -5),  # how far down it hangs
    "locks": (0, 1),  # how long the locks next to the cheeks are
    "length": (0, 1),  # of the hair behind the head; of buns the size
    "cloth": (0, 1),  # which of CLOTHES
    "light_x": (10, 54),  # the lighter disc of the background
    "light_y": (10, 54),
    "light": (14, 26),
}
STRANDS = 20  # further numbers in [-1, 1) for strands of hair

CIRCLE = np.exp(2j * np.pi * np.arange(24) / 24)
WHITE, INK = (255, 255, 255), (46, 34, 46)
CLOTHES = ((250, 250, 250), (52, 60, 104), (184, 60, 72), (84, 132, 112), (90, 80, 96))


def draw(first, count):
    """Draws heads number `first` … `first + count - 1` of 22,000.

    Returns (pixels uint8 [count, 64, 64, 3], attributes). Attributes are a dict: for each name in `ATTRIBUTES` the
    places of the heads' values in ATTRIBUTES[name], int64 [count]. Positions, sizes, proportions, strands and shades
    are random, see `CHANGES`. Head i is always the same with the same versions of NumPy and Pillow. All heads
    are the same with Pillow 11.2 to 13.0. With 10.0 to 11.0 nine heads differ in one pixel, and with 11.1, which fills
    polygons differently, nearly all heads differ in about ten.
    """
    random = np.random.Generator(np.random.Philox(key=SEED))
    wanted = slice(first, first + count)
    attributes = {name: places[wanted] for name, places in _attributes(random).items()}
    changes = random.uniform(*np.transpose(list(CHANGES.values())), [TOTAL, len(CHANGES)])[wanted]
    strands = random.uniform(-1, 1, [TOTAL, STRANDS])[wanted]
    jitter = {name: random.integers(-JITTER, JITTER + 1, [TOTAL, 3])[wanted] for name in COLOURS}
    colours = {
        name: np.clip(np.array(values)[attributes[name]] + jitter[name], 0, 255) for name, values in COLOURS.items()
    }
    pixels = np.empty([count, SIDE, SIDE, 3], np.uint8)
    for i in range(count):
        value = types.SimpleNamespace(**{name: ATTRIBUTES[name][places[i]] for name, places in attributes.items()})
        colour = types.SimpleNamespace(**{name: tuple(each[i].tolist()) for name, each in colours.items()})
        own = types.SimpleNamespace(**dict(zip(CHANGES, changes[i].tolist(), strict=True)), strands=strands[i])
        pixels[i] = _render(value, colour, own)
    return pixels, attributes


def attributes(split):
    """Returns the attributes of the heads of a split, as `draw` does, without drawing them."""
    first, count = SPLITS[split]
    random = np.random.Generator(np.random.Philox(key=SEED))
    return {name: places[first : first + count] for name, places in _attributes(random).items()}


def load(split, keep=True):
    """Draws the heads of a split. Returns a `Dataset`; its labels are the colours of the hair.

    "train" has the first 20,000 heads and "test" the other 2,000. "validation" has none. The heads are drawn once, and
    kept in the cache folder (`keep`).
    """

    def drawn():
        if split == "train":
            logging.info("drawing 20,000 heads, which takes about 15 seconds, only the first time")
        yield from draw(*SPLITS[split])[0]
        return {}

    code = Path(__file__).read_text(encoding="utf-8")  # when it changes, the heads are drawn again
    key = cache.key_of(code, SPLITS[split], PIL.__version__, np.__version__)
    pixels, _ = cache.cached(key, (SIDE, SIDE, 3), drawn, keep)
    source = "heads of cartoon figures, drawn by a program"
    return dataset.make("heads", source, pixels, attributes(split)["hair"], ATTRIBUTES["hair"], "heads")


def _attributes(random):
    return {name: random.integers(0, len(values), TOTAL) for name, values in ATTRIBUTES.items()}


class _Pen:
    """Draws on a large canvas in the coordinates of a head.

    A point is a complex number x + iy: then one product turns and scales it. The middle of the face is 0, y goes down.
    The unit is about a pixel of the final picture, and exactly this in a head of size 1.
    """

    def __init__(self, background, middle, turn):
        self.image = Image.new("RGB", (SIDE * SUPERSAMPLING, SIDE * SUPERSAMPLING), background)
        self.canvas = ImageDraw.Draw(self.image)
        self.middle, self.turn = middle * SUPERSAMPLING, turn * SUPERSAMPLING

    def fill(self, points, colour, outline=None):
        places = (points * self.turn + self.middle).view(np.float64).tolist()
        self.canvas.polygon(places, colour)
        if outline:
            self.canvas.line(places + places[:2], outline, SUPERSAMPLING - 1)

    def line(self, points, colour, width):
        places = (points * self.turn + self.middle).view(np.float64).tolist()
        self.canvas.line(places, colour, round(width * SUPERSAMPLING))


def _mix(colour, other, share):
    """A colour, and `share` of another."""
    return tuple(round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))


def _oval(middle, width, height):
    """An ellipse; `width` and `height` are half of its axes."""
    return middle + width * CIRCLE.real + 1j * height * CIRCLE.imag


# Shapes of which several parts are made.
ACROSS = np.linspace(-1, 1, 13)
TEETH = np.array([1, -0.4] * 6 + [1])
ARC = np.exp(-1j * np.linspace(np.pi, 0, 19))  # from left to right, over the top
GAPS = np.linspace(0.9, -0.9, 7)
BROW = np.array([-3.2 + 0.3j, -0.9j, 3.4 + 0.3j])
BEND = np.array([0, 0.25, 0.5, 0.75])  # where each piece of a curve is computed


def _smooth(*points):
    """A closed curve along points, a quadratic B-spline. A point that is named twice is a corner."""
    points = np.array([points[-1], *points, points[0]])
    middles = (points[1:] + points[:-1])[:, None] / 2
    return (
        middles[:-1] * (1 - BEND) ** 2 + points[1:-1, None] * (2 * BEND * (1 - BEND)) + middles[1:] * BEND**2
    ).ravel()


def _sides(points):
    """Points on the right side of the head, and their mirror image on the left."""
    return points, -points.conj()


def _render(value, colour, own):
    """Draws one head, from back to front. Returns uint8 [64, 64, 3].

    `value.hair`, `value.style`, … are the names of its attributes, `colour.hair`, … its colours, `own.x`, … its numbers
    of `CHANGES`, and `own.strands` its further numbers.
    """
    turn = own.size * np.exp(1j * np.radians(own.tilt))
    pen = _Pen(colour.background, complex(32 + own.x, 35 + own.y), turn)
    x, y, r = (SUPERSAMPLING * each for each in (own.light_x, own.light_y, own.light))
    pen.canvas.ellipse([x - r, y - r, x + r, y + r], _mix(colour.background, WHITE, 0.3))
    _back_hair(pen, value, colour.hair, own)
    _body(pen, colour.skin, own)
    _face(pen, colour.skin, own)
    _eyes(pen, value, colour, own)
    _mouth(pen, value.mouth, colour.skin, own)
    _front_hair(pen, value, colour, own)
    if value.glasses == "yes":
        _glasses(pen, own)
    return np.asarray(pen.image.reduce(SUPERSAMPLING))


def _tones(colour):
    """Of a colour of hair: its shade, its light, and its outline."""
    return _mix(colour, (40, 20, 70), 0.3), _mix(colour, WHITE, 0.4), _mix(colour, (20, 10, 30), 0.62)


def _back_hair(pen, value, colour, own):
    """The hair behind the head."""
    shade, light, line = _tones(colour)
    w, s, more = 20.5 * own.width, own.strands, own.length
    if value.style in ("bob", "long"):
        if value.style == "bob":
            low = 15 + 4 * more
            ends = [w + 3 + low * 1j, w - 1 + (low + 1) * 1j, w - 7 + low * 1j]
        else:
            ends = [w + 3 + 16j + 2 * more, w + 5 + 36j + 2 * more, 12 + 36j]
        right = np.array([w - 4 - 25j, w + 2 - 12j, w + 3 + 4j, *ends])
        pen.fill(_smooth(-27j, *right, *-right[::-1].conj()), shade, line)
        low = ends[0].imag - 3
        for side in _sides(np.array([w - 1 - 8j, w + 0.5 + 2j, w + 0.5 + s[0] + low * 1j])):
            pen.line(side, line, 0.7)
    elif value.style != "spiky":
        pen.fill(_oval(-6j, w - 0.5, 20), shade, line)
    if value.style == "twintails":
        end = 25.5 + s[3] + (17 + 9 * more) * 1j
        tail = 18 - 15j, 18 - 15j, 24 - 19j, 29.5 - 10j + s[0], 29.5 + 4j + s[1], end, end, 23 + 8j + s[2], 21.5 - 4j
        for side in _sides(_smooth(*tail)):
            pen.fill(side, colour, line)
        for side in _sides(np.array([21 - 13j, 25 - 6j, 26 + 4j, 25.5 + 12j])):
            pen.line(side, shade, 1)
        for side in _sides(_oval(25.5 - 11j, 1.6, 1)):
            pen.fill(side, light)
    elif value.style == "buns":
        middle = 15.5 + s[0] - (21.5 + s[1]) * 1j
        for side in _sides(_oval(middle, 7 + more, 6.8 + more)):
            pen.fill(side, colour, line)
        for side in _sides(middle + 3.5 * CIRCLE[10:22]):
            pen.line(side, shade, 1)
        for side in _sides(_oval(middle + 1 - 3j, 2.5, 1.3)):
            pen.fill(side, light)


def _body(pen, skin, own):
    """Shoulders, neck, and the soft shade of the chin on it."""
    cloth = CLOTHES[int(own.cloth * len(CLOTHES))]
    pen.fill(_oval(39j, 24, 17), cloth, _mix(cloth, INK, 0.6))
    neck = np.array([-5 + 12j, 5 + 12j, 5.5 + 23.5j, 0 + 28j, -5.5 + 23.5j])
    pen.fill(neck, skin, _mix(skin, (90, 20, 30), 0.5))
    shade = np.array([-4.6 + 12j, 4.6 + 12j, 4.8 + 20j, 1 + (own.chin + 3.5) * 1j, -4.8 + 20j])
    pen.fill(shade, _mix(skin, (150, 40, 60), 0.3))


def _face(pen, skin, own):
    """Ears, face, cheeks and nose."""
    line = _mix(skin, (90, 20, 30), 0.5)
    w = 17.5 * own.width
    for ear in _sides(_oval(w + 0.3 + 4j, 2.8, 4)):
        pen.fill(ear, skin, line)
    x, y = CIRCLE.real, CIRCLE.imag
    pen.fill(w * x * (1 - own.jaw * np.maximum(y, 0) ** 2) + 1j * np.where(y > 0, own.chin, 20) * y, skin, line)
    for cheek in _sides(_oval(own.eye_x + 2.6 + (own.eye_y + 7.8) * 1j, 3, 1.5)):
        pen.fill(cheek, _mix(skin, (250, 70, 90), 0.24))
    pen.line(np.array([-0.2 + 9j, 0.7 + 10j, -0.3 + 10.3j]), line, 0.6)


def _eyes(pen, value, colour, own):
    """Both eyes, with lashes. The irises look where `value.look` says."""
    large = value.eye_size == "large"
    width, height = (5.5, 6.6) if large else (4.4, 3.8)  # half of the eye's
    w, h = (3.8, 6.0) if large else (2.9, 3.7)  # half of the iris'
    width, height, w, h = (each * own.eye_scale for each in (width, height, w, h))
    gaze = {"left": -1.9, "ahead": 0, "right": 1.9}[value.look]
    right, left = own.eye_x + 1j * own.eye_y, -own.eye_x + 1j * own.eye_y

    lash = _oval(-1.1j, width + 0.8, height + 0.6)  # the white of the eye will cover most of it
    corner = np.array([width - 1.2 - height * 0.75j, width + 2.2 - height * 0.45j, width + 0.2 + 0.2j])
    for points in (right + lash, left + lash, right + corner, left - corner.conj()):
        pen.fill(points, INK)
    iris = colour.eyes
    tones = (
        WHITE,
        _mix(iris, (20, 0, 50), 0.6),
        iris,
        _mix(iris, WHITE, 0.45),
        _mix(iris, (10, 0, 30), 0.85),
        WHITE,
        WHITE,
    )
    ovals = np.array(
        [
            [0, width, height],
            [gaze, w, h],
            [gaze + 0.16j * h, w - 0.5, 0.84 * h - 0.5],
            [gaze + 0.6j * h, 0.6 * w, 0.25 * h],
            [gaze - 0.1j * h, 0.4 * w, 0.45 * h],  # the pupil
            [gaze - 0.32 * w - 0.45j * h, 0.36 * w, 0.24 * h],
            [gaze + 0.42 * w + 0.3j * h, 0.2 * w, 0.12 * h],
        ]
    )
    points = _oval(ovals[:, :1], ovals[:, 1:2].real, ovals[:, 2:].real)
    points /= np.maximum(1, np.abs(points.real / width + 1j * points.imag / height))  # no farther than the eye's edge
    for shape, tone in zip(points, tones, strict=True):
        pen.fill(right + shape, tone)
        pen.fill(left + shape, tone)


def _mouth(pen, kind, skin, own):
    middle, w = own.mouth_y * 1j, own.mouth_width
    ink = _mix(skin, (90, 0, 25), 0.85)
    if kind == "open":
        pen.fill(middle - 0.6j + w * CIRCLE[:13].real + 4.6j * CIRCLE[:13].imag, (140, 24, 40), ink)
        pen.fill(middle + _oval(2.2j, 0.55 * w, 1.2), (244, 124, 124))
    else:
        depth = {"smile": 3, "flat": 0, "frown": -3}[kind]
        pen.line(middle + w * ACROSS + 1j * depth * (0.5 - ACROSS**2), ink, 1.2)


def _front_hair(pen, value, colour, own):
    """The hair before the face, its shade on the forehead, and the brows."""
    hair, s = colour.hair, own.strands
    shade, light, line = _tones(hair)
    w = 20 * own.width
    # The fringe, from the right to the left: strands between gaps. They fall away from where the hair parts.
    gaps = w * GAPS
    gaps[1:-1] += 1.2 * s[:5]
    tips = (gaps[1:] + gaps[:-1]) / 2
    tips = tips + 2 * np.sign(tips - own.part) + 1j * (own.fringe + 1.4 * s[5:11] + 5 * (tips / w) ** 2)
    gaps = gaps + 1j * (own.fringe - 5 + 5 * (gaps / w) ** 2 - 6 * np.exp(-(((gaps - own.part) / 4) ** 2)))
    fringe = np.empty(11, complex)
    fringe[::2], fringe[1::2] = tips, gaps[1:-1]
    shadow = np.concatenate([fringe + 1.6j, [-w + 3 - 16j, w - 3 - 16j]])
    pen.fill(shadow, _mix(colour.skin, (150, 40, 60), 0.28))
    # The top, from the left to the right.
    top = w * ARC.real + 21.5j * ARC.imag - 5.5j
    if value.style == "spiky":
        top[1::2] = (w + 6 + 1.5 * s[11:20]) * ARC[1::2].real + 1j * (27 + 2 * s[11:20]) * ARC[1::2].imag - 3j
    pen.fill(np.concatenate([top, [w - 0.8 + 3j], fringe, [-w + 0.8 + 3j]]), hair, line)
    for gap in gaps[1:-1]:  # a line where strands meet
        pen.line(np.array([gap, gap * 0.75 - 3.5j, gap * 0.6 - 7j]), shade, 0.8)
    # The light on the hair is a ring with teeth.
    ring = 0.7 * w * ACROSS - 17j * np.sqrt(1 - (0.7 * ACROSS) ** 2) - 3.5j
    pen.fill(np.concatenate([ring - 1.5j + 0.5j * TEETH, (ring + 1.2j + 1.3j * TEETH)[::-1]]), light)
    # A lock next to each cheek. An oval hides the line between lock and fringe.
    low = {"short": -1, "spiky": 0, "bob": 13, "long": 22, "twintails": 10, "buns": 8}[value.style] + 4 * own.locks
    end = w - 2.6 + low * 1j
    lock = _smooth(w - 4 - 12j, w + 0.5 - 6j, w + 0.3 + low * 0.5j, end, end, w - 3.8 + low * 0.5j)
    for side in _sides(lock):
        pen.fill(side, hair, line)
    for side in _sides(_oval(w - 2.4 - 7j, 2.2, 5)):
        pen.fill(side, hair)
    if value.style == "twintails":
        for tie in _sides(_oval(w - 0.5 - 15j, 2.2, 3)):
            pen.fill(tie, (236, 72, 96), (120, 30, 50))
    height = own.eye_y - (9.8 if value.eye_size == "large" else 7.8)
    for brow in _sides(own.eye_x + BROW + 1j * (own.brow * BROW.real + height)):
        pen.line(brow, line, 1)


def _glasses(pen, own):
    frame = (36, 36, 48)
    middle = own.eye_x + (own.eye_y + 0.2) * 1j
    for rim in _sides(middle + np.append(CIRCLE, CIRCLE[:2]) * 7.3):
        pen.line(rim, frame, 1.3)
    for arm in _sides(np.array([middle + 7.2, 18.5 + (own.eye_y - 1) * 1j])):
        pen.line(arm, frame, 1.3)
    pen.line(np.array([middle - 7.1, 7.1 - middle.conjugate()]), frame, 1.3)
