"""gan_tf.data.captions: the captions are true, and each image is always the same."""

import numpy as np

from gan_tf import data
from gan_tf.data import captions, glyphs


def test_captions():
    assert captions.CAPTIONS[7] == "a seven" and captions.CAPTIONS[12] == "a bold two"
    assert captions.CAPTIONS[20] == "a slanted zero" and captions.CAPTIONS[39] == "a bold slanted nine"
    assert captions.CAPTIONS[8] == "an eight" and captions.CAPTIONS[18] == "a bold eight"
    assert len(set(captions.CAPTIONS)) == 40
    assert captions.vector_of("a bold slanted two") == [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert set(captions.BOLD) | set(captions.SLANTED) < set(glyphs.FONTS)


def test_images():
    """Bold digits have more ink than others of the same slant, and all captions are there."""
    pixels, numbers = captions.draw(0, 4000)
    again, same = captions.draw(3000, 100)
    np.testing.assert_array_equal(again, pixels[3000:3100])
    np.testing.assert_array_equal(same, numbers[3000:3100])
    assert set(numbers) == set(range(40)) and pixels.shape == (4000, 28, 28, 1)
    ink = pixels.reshape(4000, -1).mean(axis=1)
    for slanted in (0, 1):
        plain, bold = (ink[numbers // 10 == 2 * slanted + weight].mean() for weight in (0, 1))
        assert bold > 1.15 * plain


def test_slanted_digits_lean():
    """A straight 1 and a slanted 1: the top is further to the right than the bottom."""
    pixels, numbers = captions.draw(0, 8000)
    pixels = pixels[..., 0]
    x = np.arange(28)

    def lean(images):
        rows = [images[:, part].astype(float).sum(axis=1) for part in (slice(5, 11), slice(17, 23))]
        top, bottom = ((row * x).sum(axis=1) / row.sum(axis=1) for row in rows)
        return (top - bottom).mean()

    assert lean(pixels[numbers == 21]) > lean(pixels[numbers == 1]) + 1


def test_how_digits_are_changed(monkeypatch):
    """Rotated by up to 3 degrees to both sides, not sheared, whatever the style; all fonts of a style come as often."""
    seen = []
    monkeypatch.setattr(glyphs, "render", lambda *given: seen.append(given))
    _, numbers = captions.draw(2000, 16_000)
    ((digits, fonts, angle, shear, width, size, shift),) = seen
    np.testing.assert_array_equal(digits, numbers % 10)
    assert not shear.any() and len(angle) == 16_000
    for style in range(4):
        those = numbers // 10 == style
        limits = np.radians(3), (0.8, 1.2), (0.85, 1.0), (-0.5, 0.5)
        for found, limit in zip((angle, width, size, *shift.T), [(-limits[0], limits[0]), *limits[1:]], strict=False):
            slack = 0.01 * (limit[1] - limit[0])
            assert limit[0] <= found[those].min() < limit[0] + slack
            assert limit[1] - slack < found[those].max() <= limit[1]
        names, counts = np.unique([glyphs.FONTS[font] for font in fonts[those]], return_counts=True)
        bold, slanted = style % 2 == 1, style // 2 == 1
        own = [
            name for name in glyphs.FONTS if (name in captions.BOLD) == bold and (name in captions.SLANTED) == slanted
        ]
        assert sorted(names) == sorted(own)
        assert np.ptp(counts) <= 6 * counts.mean() ** 0.5
    assert abs(np.corrcoef(shift.T)[0, 1]) < 0.05 and abs(np.corrcoef(angle, width)[0, 1]) < 0.05


def test_the_data_stay_the_same(monkeypatch):
    """Images 40,000 to 40,005, of all styles: the numbers that NumPy draws. Other rotations would be other data."""
    seen = []
    monkeypatch.setattr(glyphs, "render", lambda *given: seen.append(given))
    _, numbers = captions.draw(40_000, 6)
    _, fonts, angle, shear, width, size, shift = seen[0]
    np.testing.assert_array_equal(numbers, [19, 19, 21, 14, 35, 4])
    names = "cmb10 STIXGeneralBol DejaVuSans-Oblique STIXGeneralBol STIXGeneralBolIta DejaVuSansMono".split()
    assert [glyphs.FONTS[font] for font in fonts] == names and not shear.any()
    for found, expected in (
        (angle, [0.024751, 0.010247, 0.049821, 0.036755, -0.022927, -0.007848]),
        (width, [0.863777, 1.141885, 1.150839, 1.174634, 0.977556, 1.019075]),
        (size, [0.951922, 0.951529, 0.867193, 0.981732, 0.981623, 0.997893]),
        (shift[:, 0], [-0.17644, 0.035369, 0.486586, 0.097623, -0.011586, 0.203145]),
        (shift[:, 1], [0.291554, -0.447807, 0.150629, 0.245603, -0.331805, 0.408488]),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_it_can_be_loaded():
    test = data.load("captions", split="test")
    assert test.pixels.shape == (10_000, 28, 28, 1) and test.name == "captions" and test.labels.max() == 39
