"""gan_tf.data.heads: always the same, counted as said, and the pictures show what the attributes say."""

import doctest
import hashlib
import itertools
import subprocess
import sys

import numpy as np
import PIL
import pytest

from gan_tf import data
from gan_tf.data import heads

ODD = {"hair": "blue", "style": "short", "eyes": "green", "eye_size": "large", "look": "ahead", "mouth": "flat"}
ODD |= {"glasses": "no", "skin": "light", "background": "yellow"}


@pytest.fixture(scope="module")
def some():
    """The first 600 heads and their attributes."""
    return heads.draw(0, 600)


@pytest.fixture
def posed(monkeypatch):
    """Draws 30 heads that have the attributes ODD and those that are named, and all else their own: float64."""
    original = heads._attributes

    def attributes(random, values):
        drawn = original(random)  # so that all later random numbers stay the same
        return {name: np.full_like(drawn[name], heads.ATTRIBUTES[name].index(values[name])) for name in drawn}

    def draw(**values):
        monkeypatch.setattr(heads, "_attributes", lambda random: attributes(random, ODD | values))
        return heads.draw(500, 30)[0].astype(np.float64)

    return draw


def near(pixels, colour, distance):
    """Which pixels are at most so far from a colour, in each channel: bool [..., h, w]."""
    return (np.abs(pixels - colour) <= distance).all(-1)


def changed(pixels, others):
    """Which pixels differ clearly: bool [n, h, w]."""
    return np.abs(pixels - others).max(-1) > 30


def box(where):
    """The first and last row and column of the pixels that `where` [n, h, w] marks in any picture."""
    rows, columns = np.flatnonzero(where.any((0, 2))), np.flatnonzero(where.any((0, 1)))
    return rows[0], rows[-1], columns[0], columns[-1]


def middle(where, axis):
    """The mean row (axis 1) or column (axis 2) of the pixels marked in each picture: [n]."""
    return (where.sum(3 - axis) * np.arange(64)).sum(1) / where.sum((1, 2))


def test_shapes(some):
    pixels, attributes = some
    assert pixels.shape == (600, 64, 64, 3) and pixels.dtype == np.uint8
    assert list(attributes) == list(heads.ATTRIBUTES)
    for name, places in attributes.items():
        assert places.shape == (600,) and places.dtype == np.int64
        assert set(places.tolist()) == set(range(len(heads.ATTRIBUTES[name])))
    for name, colours in heads.COLOURS.items():
        assert len(colours) == len(heads.ATTRIBUTES[name])


def test_any_range_has_the_same_heads(some):
    pixels, attributes = heads.draw(170, 40)
    np.testing.assert_array_equal(pixels, some[0][170:210])
    for name, places in attributes.items():
        np.testing.assert_array_equal(places, some[1][name][170:210])


def test_same_in_another_process(some):
    code = "import hashlib; from gan_tf.data import heads; print(hashlib.sha256(heads.draw(0, 100)[0]).hexdigest())"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == hashlib.sha256(some[0][:100]).hexdigest()


@pytest.mark.skipif(PIL.__version__.startswith("11.1."), reason="Pillow 11.1 fills polygons differently")
def test_the_heads_that_everyone_has(some):
    """These came from Pillow 10.0, 12.0 and 13.0, and from NumPy 1.26 and 2.4, with and without AVX."""
    assert (
        hashlib.sha256(some[0][:500]).hexdigest() == "90fe8307fe2703baab5d76ab8cb3d8afbf8596e3128d35327dfb7ff1ed3cb40f"
    )


def test_no_two_heads_are_the_same(some, posed):
    assert len(np.unique(some[0].reshape(600, -1), axis=0)) == 600
    pixels = posed()
    for one, other in itertools.combinations(pixels, 2):  # same attributes
        assert changed(one, other).mean() > 0.02


def test_shares_are_equal_and_independent():
    attributes = heads.attributes("train")
    for name, places in attributes.items():
        _equal_shares(places, len(heads.ATTRIBUTES[name]))
    for one, other in itertools.combinations(attributes, 2):
        many = len(heads.ATTRIBUTES[other])
        _equal_shares(attributes[one] * many + attributes[other], many * len(heads.ATTRIBUTES[one]))


def _equal_shares(places, kinds):
    """Five standard deviations of a binomial number."""
    share = 1 / kinds
    counts = np.bincount(places, minlength=kinds)
    assert len(counts) == kinds
    assert (np.abs(counts - len(places) * share) < 5 * np.sqrt(len(places) * share * (1 - share))).all()


def test_splits(monkeypatch):
    test = data.load("heads", split="test")
    assert test.name == "heads" and test.classifier == "heads" and test.shape == (64, 64, 3)
    assert test.classes == ("black", "brown", "blond", "red", "pink", "blue", "green", "white")
    pixels, attributes = heads.draw(20_700, 20)
    np.testing.assert_array_equal(test.pixels[700:720], pixels)
    np.testing.assert_array_equal(test.labels[700:720], attributes["hair"])
    assert test.pixels.shape == (2000, 64, 64, 3) and test.labels.dtype == np.int64
    for name, places in heads.attributes("test").items():
        assert places.shape == (2000,)
        np.testing.assert_array_equal(places[700:720], attributes[name])

    empty = data.load("heads", split="validation")
    assert empty.pixels.shape == (0, 64, 64, 3) and empty.pixels.dtype == np.uint8 and empty.labels.shape == (0,)
    assert all(places.shape == (0,) for places in heads.attributes("validation").values())

    calls, original = [], heads.draw  # all training heads would take many seconds
    monkeypatch.setattr(heads, "draw", lambda first, count: calls.append((first, count)) or original(first, 8))
    train = heads.load("train", keep=False)  # the cache is for whole sets
    assert calls == [(0, 20_000)]
    np.testing.assert_array_equal(train.labels, heads.attributes("train")["hair"])
    assert {len(places) for places in heads.attributes("train").values()} == {20_000}


def test_hair_can_be_read(some):
    """The colour that the middle of the hair is nearest to. The labels of other heads show what a guess reaches."""
    pixels, attributes = some
    patch = np.median(pixels[:, 8:18, 26:38].reshape(len(pixels), -1, 3), axis=1)
    read = np.abs(patch[:, None] - np.array(heads.COLOURS["hair"])).sum(-1).argmin(1)
    assert (read == attributes["hair"]).mean() >= 0.99
    assert (read == np.roll(attributes["hair"], 1)).mean() < 0.2


def test_skin_can_be_read(some):
    """The colour that most pixels of the lower face are near to."""
    pixels, attributes = some
    faces = pixels[:, 40:54, 22:42].astype(int)
    votes = np.stack([near(faces, colour, 10).sum((1, 2)) for colour in heads.COLOURS["skin"]], 1)
    assert (votes.argmax(1) == attributes["skin"]).mean() >= 0.99
    assert (votes.argmax(1) == np.roll(attributes["skin"], 1)).mean() < 0.42


def test_background_can_be_read(some):
    """In the upper corners, with or without the lighter disc."""
    pixels, attributes = some
    colours = np.array(heads.COLOURS["background"])
    both = np.concatenate([colours, colours + 0.3 * (255 - colours)])
    for corner in (pixels[:, :3, :3], pixels[:, :3, -3:]):
        patch = np.median(corner.reshape(len(pixels), -1, 3), axis=1)
        read = np.abs(patch[:, None] - both).sum(-1).argmin(1) % len(colours)
        assert (read == attributes["background"]).mean() >= 0.99
        assert (read == np.roll(attributes["background"], 1)).mean() < 0.3


def test_eye_colours_can_be_read(some):
    """The iris' colour that most pixels of both eyes are near to."""
    pixels, attributes = some
    eyes = np.concatenate([pixels[:, 35:41, 19:29], pixels[:, 35:41, 36:46]], axis=2).astype(int)
    votes = np.stack([near(eyes, colour, 24).sum((1, 2)) for colour in heads.COLOURS["eyes"]], 1)
    assert (votes.argmax(1) == attributes["eyes"]).mean() >= 0.99
    assert (votes.argmax(1) == np.roll(attributes["eyes"], 1)).mean() < 0.3


def test_names_of_colours():
    """A red is mostly red, and so on."""
    for name, colours in heads.COLOURS.items():
        named = dict(zip(heads.ATTRIBUTES[name], colours, strict=True))
        for channel, colour in enumerate(("red", "green", "blue")):
            assert colour not in named or np.argmax(named[colour]) == channel
        for colour, order in {"yellow": (2, 1, 0), "blond": (2, 1, 0), "amber": (2, 1, 0), "brown": (2, 1, 0)}.items():
            assert colour not in named or tuple(np.argsort(named[colour])) == order
        for colour, order in {"pink": (1, 2, 0), "violet": (1, 0, 2)}.items():
            assert colour not in named or tuple(np.argsort(named[colour])) == order
        for colour in ("black", "white", "grey"):
            assert colour not in named or np.ptp(named[colour]) <= 12
    assert max(heads.COLOURS["hair"][0]) < 60 and min(heads.COLOURS["hair"][7]) > 220
    assert (np.diff(np.mean(heads.COLOURS["skin"], axis=1)) < -30).all()  # light, tan, dark


def test_colours_of_one_attribute_are_far_apart():
    """In at least one channel: more than twice as far as the jitter can bring two of them together."""
    for colours in heads.COLOURS.values():
        for one, other in itertools.combinations(colours, 2):
            assert np.abs(np.subtract(one, other)).max() >= 40


def test_gaze_moves_the_pupils(posed):
    """By 1.9 pixels of a head whose size is 1.06 to 1.17. Nothing but the eyes changes."""
    pupils = {}
    for look in ("left", "ahead", "right"):
        pixels = posed(look=look)
        dark = near(pixels, (15, 26, 38), 15)  # nearly black, with a little of the iris' green
        dark[:, :34] = dark[:, 43:] = False  # the lashes, and the mouth
        for eye, columns in (("left", slice(17, 31)), ("right", slice(33, 47))):
            own = np.zeros_like(dark)
            own[:, :, columns] = dark[:, :, columns]
            pupils[look, eye] = middle(own, 2)
    for eye in ("left", "right"):
        assert abs((pupils["ahead", eye] - pupils["left", eye]).mean() - 2.1) < 0.1
        assert abs((pupils["right", eye] - pupils["ahead", eye]).mean() - 2.1) < 0.1
        assert (pupils["left", eye] < pupils["ahead", eye]).all() and (
            pupils["ahead", eye] < pupils["right", eye]
        ).all()
    where = changed(posed(look="left"), posed(look="right"))
    assert box(where)[0] >= 28 and box(where)[1] <= 46


def test_small_eyes_and_large_ones(posed):
    small, large = posed(eye_size="small"), posed(eye_size="large")
    areas = [near(each, (255, 255, 255), 10)[:, 28:46].sum((1, 2)) for each in (small, large)]
    assert (areas[1] > 1.3 * areas[0]).all()
    greens = [near(each, heads.COLOURS["eyes"][2], 30)[:, 28:46].sum((1, 2)) for each in (small, large)]
    assert (greens[1] > 1.5 * greens[0]).all()
    first, last, _, _ = box(changed(small, large))
    assert first >= 20 and last <= 48  # with the brows


def test_mouths(posed, monkeypatch):
    """A smile is lower in its middle than at its ends, a frown higher, and an open mouth has an area."""
    pictures = {mouth: posed(mouth=mouth) for mouth in heads.ATTRIBUTES["mouth"]}
    monkeypatch.setattr(heads, "_mouth", lambda *_: None)
    ink = {mouth: changed(pixels, posed()) for mouth, pixels in pictures.items()}
    first, last, left, right = box(np.concatenate(list(ink.values())))
    assert first >= 43 and last <= 56 and left >= 24 and right <= 40

    def bend(where):
        """How much lower the middle of a mouth is than its ends, on average."""
        columns = where.any(1)
        rows = (where * np.arange(64)[:, None]).sum(1) / np.maximum(where.sum(1), 1)
        bends = []
        for marked, row in zip(columns, rows, strict=True):
            place = np.flatnonzero(marked)
            bends.append(row[place[len(place) // 2]] - (row[place[0]] + row[place[-1]]) / 2)
        return np.array(bends)

    assert (bend(ink["smile"]) > 1.2).all() and (bend(ink["frown"]) < -1.2).all()
    assert (np.abs(bend(ink["flat"])) < 0.8).all()
    assert (ink["open"].sum((1, 2)) > 1.5 * ink["flat"].sum((1, 2))).all()
    for one, other in itertools.combinations(pictures.values(), 2):
        assert changed(one, other).sum((1, 2)).min() >= 8


def test_glasses(posed):
    """Two dark rings around the eyes. Nothing else changes."""
    without, with_them = posed(), posed(glasses="yes")
    where = changed(without, with_them)
    assert near(with_them, (36, 36, 48), 80)[where].mean() > 0.6 > 0.1 > near(without, (36, 36, 48), 80)[where].mean()
    assert (with_them.mean(-1)[where] < without.mean(-1)[where]).mean() > 0.9
    share = where.mean((1, 2))
    assert 0.02 < share.min() and share.max() < 0.06
    first, last, left, right = box(where)
    assert first >= 26 and last <= 49 and left >= 9 and right <= 55
    # In the middle, between the eyes, is the bridge.
    assert where[:, 33:42, 31:34].any((1, 2)).all()
    assert (np.abs(middle(where, 2) - 31.5) < 2.5).all() and (np.abs(middle(where, 1) - 39.4) < 2.3).all()


def test_styles(posed):
    """Where the hair is, in shares of these parts of the picture."""
    hair = {}
    for style in heads.ATTRIBUTES["style"]:
        pixels = posed(style=style)
        hair[style] = pixels[..., 2] - pixels[..., 0] > 60  # blue and its shades, in front of yellow
    parts = {
        "bottom": (slice(58, 64), slice(4, 60)),
        "cheeks": (slice(42, 50), slice(0, 64)),
        "edges": (slice(22, 42), [0, 1, 2, 3, 4, 59, 60, 61, 62, 63]),
        "corners": (slice(4, 14), [*range(8, 20), *range(44, 56)]),
    }
    shares = {part: {style: hair[style][:, *parts[part]].mean((1, 2)) for style in hair} for part in parts}
    _only(shares["bottom"], {"long"})
    _only(shares["edges"], {"twintails"})
    _only(shares["corners"], {"buns"})
    _only(shares["cheeks"], {"bob", "long", "twintails"})
    # How much the upper edge of the hair goes up and down.
    edges = {style: hair[style][:, :, 22:43].argmax(1) for style in hair}
    rough = {style: np.abs(np.diff(edge, 2)).sum(1).mean() for style, edge in edges.items()}
    assert all(rough["spiky"] > 1.4 * rough[style] for style in rough if style != "spiky")
    spikes = hair["spiky"] & ~hair["short"]
    assert spikes.mean((1, 2)).min() > 0.02


def _only(shares, styles):
    """Each picture of these styles has more hair in a part than any of the others."""
    least = min(shares[style].min() for style in styles)
    assert least > 0.02
    assert all(shares[style].max() < least for style in shares if style not in styles)


def test_the_face_fills_the_picture(posed):
    """The background is a small part of it, and the head is in the middle."""
    head = ~near(posed(), (252, 236, 160), 12) & ~near(posed(), (253, 242, 188), 12)
    assert 0.4 < head.mean((1, 2)).min() and head.mean((1, 2)).max() < 0.65
    off = middle(head, 2) - 31.5
    assert abs(off.mean()) < 0.6 and 0.5 < off.std() < 2


def test_anti_aliased(some, monkeypatch):
    """Drawn without supersampling, a head has only about 30 colours."""

    def colours(pixels):
        return [len(np.unique(each.reshape(-1, 3), axis=0)) for each in pixels]

    assert min(colours(some[0][:50])) > 200
    monkeypatch.setattr(heads, "SUPERSAMPLING", 1)
    assert max(colours(heads.draw(0, 50)[0])) < 40


def test_docstring():
    assert doctest.testmod(heads).failed == 0 and doctest.testmod(heads).attempted == 3
