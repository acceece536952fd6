"""Image files to uint8 RGB arrays, with one rule for every pixel format, and one line for files that are no image."""

from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError

MIN_SIDE = 16


def read_image(path: Path, size: int | None = None) -> np.ndarray:
    """Image of `path` as uint8 `[height, width, 3]`, sRGB values as stored.

    Conversions: grey and palette images get three channels; CMYK becomes RGB by Pillow's formula (colour profiles are
    not applied); 16-bit values are scaled by 255/65535 and rounded; transparency is laid over white; the EXIF
    orientation is applied; of several frames the first is taken.

    Args:
        path: file in any format that Pillow reads.
        size: if given, the largest central square is taken and resized to `size` x `size` (Lanczos), which is the
            same as resizing the short side to `size` and cropping the centre. Smaller images are enlarged.

    Raises:
        InputError: unreadable or truncated file, a side of less than 16 pixels, or pixels without a fixed range.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            opened.load()
            image: Any = ImageOps.exif_transpose(opened)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"image {path}: unreadable or truncated ({reason}); replace it, or set images.on_error: skip"
        ) from error
    if min(image.size) < MIN_SIDE:
        raise InputError(
            f"image {path}: {image.width} x {image.height} pixels; at least {MIN_SIDE} x {MIN_SIDE} are needed; "
            "remove it, or set images.on_error: skip"
        )
    image = _to_rgb(image, path)
    if size is not None and image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    return np.array(image, np.uint8)


def _to_rgb(image: Any, path: Path) -> Any:
    from PIL import Image

    if image.mode.startswith("I"):  # one channel of 16 bits, which some formats deliver in 32-bit integers
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise InputError(f"image {path}: 32-bit integer pixels have no fixed range; save it with 8 or 16 bits")
        return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise InputError(f"image {path}: floating-point pixels have no fixed range; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
