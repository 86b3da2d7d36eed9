"""gan_tf.data.folder and fitting: every kind of picture in tests/data/pictures.py, and what each should give."""

import logging
import os
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from gan_tf import data
from gan_tf.data import fitting, folder
from tests.data import pictures

CENTRES = [(4, 4), (4, 11), (11, 4), (11, 11)]  # of the quarters, in 16x16 pixels


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A folder with everything: (folder, names of the grey ones, what is said of the bad ones, other files)."""
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "photos"
    place.mkdir()
    return place, pictures.good(place), pictures.bad(place), pictures.others(place)


def both(place, **options):
    """All pictures of a folder, the training pictures first, and both sets."""
    train, test = (data.load("folder", place, split, **options) for split in ("train", "test"))
    return np.concatenate([train.pixels, test.pixels]), train, test


def test_every_kind_of_picture(made, caplog):
    """The quarters are where they belong, in colour and in grey, whatever the format, size, mode or orientation."""
    place, grey_ones, bad, others = made
    with caplog.at_level(logging.INFO):
        pixels, train, test = both(place, size=16)
    names = sorted(
        os.path.relpath(os.path.join(at, file), place)
        for at, _, files in os.walk(place)
        for file in files
        if "/." not in at and not file.startswith(".") and file not in bad and file.lower().endswith(folder.ENDINGS)
    )
    held = data.dataset.held_out(names)
    names = [name for keep in (False, True) for name, test_one in zip(names, held, strict=True) if test_one == keep]
    assert len(names) == len(pixels) == 24 and len(test.pixels) == held.sum() > 0
    assert pixels.shape[1:] == (16, 16, 3) and pixels.dtype == np.uint8 and train.classes == ()
    for name, picture in zip(names, pixels, strict=True):
        found = np.array([picture[at] for at in CENTRES]).astype(int)
        expected = np.repeat(np.array(pictures.GREYS)[:, None], 3, 1) if name in grey_ones else pictures.COLOURS
        expected = np.array(expected)
        if "transparent" in name:
            expected[3] = 255  # on white
        tolerance = 40 if name == "cmyk.jpg" else 12
        np.testing.assert_allclose(found, expected, atol=tolerance, err_msg=name)
    warning = next(each for each in caplog.messages if "are skipped" in each)
    assert warning.startswith(f"{len(bad)} files are skipped: ") and warning.count("(") == 3
    assert f"{others} other files are no pictures: 2 .txt, 1 .db" in caplog.messages
    assert any(re.match("only 2[0-9] pictures to train on: expect", each) for each in caplog.messages)


def test_what_is_wrong_with_each_bad_file(made, monkeypatch, caplog):
    """All are named if there were room; nothing of another format is half read, no pipe is opened."""
    place, _, bad, _ = made
    monkeypatch.setattr(folder, "NAMED", 100)
    data.load("folder", place, size=16)
    warning = next(each for each in caplog.messages if "are skipped" in each)
    for name, words in bad.items():
        assert re.search(rf"{re.escape(name)} \([^)]*{words}", warning), (name, warning)


def test_grey(made):
    place, *_ = made
    pixels, *_ = both(place, size=32, channels=1)
    assert pixels.shape[1:] == (32, 32, 1)
    plain = data.load("folder", place, size=32).pixels
    assert plain.shape[1:] == (32, 32, 3)


def test_the_second_start_opens_no_picture(made, monkeypatch):
    """Nor after the folder has moved; but when a file has changed, or another size is asked for."""
    place, *_ = made
    first = data.load("folder", place, size=16)
    opened, open_it = [], Image.open
    monkeypatch.setattr(folder.Image, "open", lambda *args, **options: opened.append(args) or open_it(*args, **options))
    again = data.load("folder", place, size=16)
    assert not opened and again.digest == first.digest
    np.testing.assert_array_equal(again.pixels, first.pixels)
    assert isinstance(again.pixels, np.memmap) and not again.pixels.flags.writeable
    data.load("folder", place, size=16, channels=1)
    opened.clear()
    assert data.load("folder", place, size=16).digest == first.digest and not opened, "grey has a cache of its own"
    shutil.move(place, place.with_name("moved"))
    assert data.load("folder", place.with_name("moved"), size=16).digest == first.digest and not opened
    data.load("folder", place.with_name("moved"), size=17)
    assert opened
    opened.clear()
    path = place.with_name("moved") / "plain.png"
    Image.fromarray(pictures.corners(colours=pictures.COLOURS[::-1])).save(path)
    os.utime(path, ns=(1, 1))
    other = data.load("folder", place.with_name("moved"), size=16)
    assert opened and other.digest != first.digest
    opened.clear()
    data.load("folder", place.with_name("moved"), size=16, cache=False)
    assert opened, "without the cache they are read each time"


def many(place, count, start=0):
    place.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        Image.new("RGB", (20, 20), (number % 256, 10, 200)).save(place / f"{number}.png")
    return place


def test_subfolders_are_classes(tmp_path, monkeypatch):
    """Those of the first level, by name; not if pictures lie next to them."""
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "pets"
    many(place / "dogs" / "small", 30, 100)
    many(place / "dogs", 10, 150)
    many(place / "cats", 20)
    _, train, test = both(place, size=16)
    assert train.classes == test.classes == ("cats", "dogs")
    for each in (train, test):
        np.testing.assert_array_equal(each.labels, each.pixels[:, 8, 8, 0] >= 100)
    assert len(train.pixels) + len(test.pixels) == 60 and 1 <= len(test.pixels) <= 15
    names = [f"cats/{n}.png" for n in range(20)]
    held = {n for n, out in zip(range(20), data.dataset.held_out(names), strict=True) if out}
    assert {int(p) for p in test.pixels[test.labels == 0][:, 8, 8, 0]} == held
    assert data.load("folder", place, "validation", size=16).pixels.shape == (0, 16, 16, 3)
    many(place, 1, 250)
    assert data.load("folder", place, size=16).classes == ()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"holds no pictures \(PNG, JPEG, WebP, BMP or GIF\): it has no files at all\.$"),
        (["a.txt", "b.txt", "c.mp4"], r"holds no pictures .*, but 3 other files \(2 \.txt, 1 \.mp4\)\.$"),
        (
            ["train-images-idx3-ubyte.gz"],
            r"but 1 other file \(1 \.gz\); files in MNIST's format need --dataset=mnist\.$",
        ),
        (["a.png"], r"holds 0 pictures that can be read, and a GAN needs at least 2\.$"),
    ],
)
def test_folders_without_pictures(tmp_path, monkeypatch, files, message):
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "place"
    place.mkdir()
    for name in files:
        (place / name).write_text("text")
    with pytest.raises(data.DataError, match=message) as error:
        data.load("folder", place, size=16)
    assert str(error.value).startswith(f"--data_dir={place} ") and "\n" not in str(error.value)


def test_too_few_pictures(tmp_path, monkeypatch):
    """One is too few, and so are two of the same. Two that differ are enough; then both are to train on."""
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "cache"))
    place = many(tmp_path / "place", 1)
    with pytest.raises(data.DataError, match="holds 1 picture that can be read, and a GAN needs at least 2"):
        data.load("folder", place, size=16)
    shutil.copy(place / "0.png", place / "copy.png")
    with pytest.raises(data.DataError, match="all 2 pictures are the same"):
        data.load("folder", place, size=16)
    many(place, 2)
    (place / "copy.png").unlink()
    assert len(data.load("folder", place, size=16).pixels) == 2


def test_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for name, words in (("nothing", "is not there; name a folder."), ("file", "is a file; name a folder.")):
        with pytest.raises(data.DataError, match=words):
            data.load("folder", tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("GAN_TF_CACHE_DIR", str(tmp_path / "cache"))
    place = many(tmp_path / "place", 20)
    (place / "3.png").chmod(0)
    data.load("folder", place, size=16)
    assert any("1 files are skipped: 3.png (Permission denied)" in each for each in caplog.messages)


def test_sixteen_bits_become_eight():
    """257 times a grey of 8 bits is the same grey, from black to white."""
    greys = np.arange(256, dtype=np.uint16).reshape(16, 16)
    picture = Image.fromarray(greys * 257)
    assert picture.mode == "I;16"
    np.testing.assert_array_equal(fitting.fit(picture, 16, 1)[..., 0], greys)


def test_a_picture_is_smoothed_when_it_shrinks():
    """Stripes one pixel wide become grey, and the mean stays."""
    stripes = np.zeros([128, 128, 3], np.uint8)
    stripes[:, ::2] = 255
    found = fitting.fit(Image.fromarray(stripes), 16)
    assert found.shape == (16, 16, 3) and np.abs(found.astype(int) - 127).max() < 16
