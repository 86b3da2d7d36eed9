"""Brings pictures of any size, mode and orientation to one shape."""

import numpy as np
from PIL import Image, ImageOps


def fit(picture, size, channels=3):
    """Returns a PIL picture as uint8 [size, size, channels]; `channels` is 1 (grey) or 3 (red, green, blue).

    The largest square in its middle is cut out and resized by Lanczos's filter. A camera's note of its rotation (EXIF)
    is applied. Transparent parts become white. 16 bits become 8. Palettes and CMYK become red, green and blue.
    """
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = Image.fromarray((np.asarray(picture).clip(0, 65535) / 257).round().astype(np.uint8))
    if "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("L" if channels == 1 else "RGB")
    picture = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(size, size, channels)
