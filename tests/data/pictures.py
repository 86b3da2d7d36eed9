"""A folder with every kind of picture that people have, and with what is none: python -m tests.data.pictures FOLDER.

Each good picture shows the same: the upper left quarter is red, the upper right green, the lower left blue, the lower
right white. So a turned, mirrored or wrongly cut picture is seen at its corners.
"""

import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = ((250, 10, 10), (10, 230, 10), (10, 10, 240), (250, 250, 250))  # of the quarters, row by row
GREYS = (83, 142, 40, 250)  # the same as Pillow turns them into grey, ITU-R BT.601, about


def corners(height=48, width=48, colours=COLOURS):
    """The picture, uint8 [height, width, channels]."""
    quarters = np.array(colours, np.uint8).reshape(2, 2, -1)
    return quarters.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def good(folder):
    """Writes the good pictures. Returns the names of those that have no colours."""
    picture, grey = Image.fromarray(corners()), Image.fromarray(corners(colours=[[g] for g in GREYS])[:, :, 0])
    for ending in ("png", "webp", "bmp", "gif"):
        picture.save(folder / f"plain.{ending}", **({"lossless": True} if ending == "webp" else {}))
    picture.save(folder / "plain.jpg", quality=100, subsampling=0)
    picture.save(folder / "CAPITALS.JPEG", format="JPEG", quality=100, subsampling=0)
    picture.save(folder / "a jpeg.png", format="JPEG", quality=100, subsampling=0)  # the content counts
    wide, thin = corners(48, 96), corners(96, 48)
    wide[:, :24], wide[:, 72:], thin[:24], thin[72:] = 0, 0, 0, 0  # what is cut off
    Image.fromarray(wide).save(folder / "wide.png")
    Image.fromarray(thin).save(folder / "thin.png")
    picture.resize((3000, 3000), Image.Resampling.NEAREST).save(folder / "large.jpg", quality=95, subsampling=0)
    picture.resize((6, 6), Image.Resampling.NEAREST).save(folder / "tiny.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me by 90 degrees clockwise"
    picture.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.jpg", exif=exif, quality=100, subsampling=0)
    exif[0x0112] = 2
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png", exif=exif)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=100, subsampling=0)
    picture.quantize(8).save(folder / "palette.png")
    see_through = picture.convert("RGBA")
    see_through.paste((0, 0, 0, 0), (24, 24, 48, 48))  # the white quarter is transparent black
    see_through.save(folder / "transparent.png")
    see_through.quantize(8).save(folder / "transparent palette.png")
    other = Image.fromarray(corners(colours=COLOURS[::-1]))
    picture.save(folder / "animated.gif", save_all=True, append_images=[other, other])
    picture.save(folder / "写真 نص Ωμέγα.png")
    picture.save(os.fsencode(folder) + b"/no text \xff.png")
    (folder / "deep" / "deeper").mkdir(parents=True)
    picture.save(folder / "deep" / "deeper" / "below.png")
    grey.save(folder / "grey.png")
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(folder / "sixteen bits.png")
    Image.merge("LA", [grey, Image.new("L", grey.size, 255)]).save(folder / "grey with alpha.png")
    return {"grey.png", "sixteen bits.png", "grey with alpha.png"}


def bad(folder):
    """Writes what is named like a picture and is none. Returns {name: a part of what is said of it}."""
    Image.fromarray(corners()).save(folder / "plain.tmp.png")
    content = (folder / "plain.tmp.png").read_bytes()
    (folder / "plain.tmp.png").unlink()
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut off.png").write_bytes(content[: len(content) // 2])
    (folder / "text.png").write_text("not a picture")
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (folder / "huge.png").write_bytes(content[:8] + chunk + content[33:])
    Image.fromarray(corners()).save(folder / "another format.png", format="TIFF")
    (folder / "nowhere.png").symlink_to("nothing")
    os.mkfifo(folder / "pipe.png")
    (folder / "circle").symlink_to(".")
    return {
        "empty.png": "empty",
        "cut off.png": "",
        "text.png": "no picture that can be read",
        "huge.png": "too many pixels",
        "another format.png": "no picture that can be read",
        "nowhere.png": "a link to nothing",
        "pipe.png": "not an ordinary file",
    }


def others(folder):
    """Writes what nobody takes for a picture. Returns how many files count as other files."""
    for name in ("Thumbs.db", "notes.txt", "more.txt", ".hidden.png", ".DS_Store"):
        (folder / name).write_text("something else")
    (folder / ".cache").mkdir()
    Image.fromarray(corners()).save(folder / ".cache" / "hidden.png")
    return 3


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True)
    good(place)
    bad(place)
    others(place)
