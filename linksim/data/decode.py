"""Image files to uint8 RGB arrays, with one rule for every pixel format, and one line for files that are no image."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.files import shown, unfit

MIN_SIDE = 16
MAX_PIXELS = 2**26
"""A file that claims more is not decoded; in memory that would take more than 1 GB."""
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM")
"""Formats that are opened, whatever a file is called: Pillow knows others, some of which start programs."""

_EXIF_ORIENTATION = 0x0112
# A 16-bit value as 8 bits, rounded: `[65536]`.
_EIGHT_BITS = ((np.arange(65536, dtype=np.int64) * 255 + 32767) // 65535).astype(np.uint8)


def read_image(path: Path, size: int | None = None) -> np.ndarray:
    """Image of `path` as uint8 `[height, width, 3]`, sRGB values as stored.

    Conversions: grey and palette images get three channels; CMYK becomes RGB by Pillow's formula (colour profiles are
    not applied); 16-bit values are scaled by 255/65535 and rounded; transparency is laid over white; the EXIF
    orientation is applied; of several frames the first is taken.

    Args:
        path: a PNG, JPEG, BMP, TIFF, WebP or PPM file.
        size: if given, the largest central square is taken and resized to `size` x `size` (Lanczos), which is the
            same as resizing the short side to `size` and cropping the centre. Smaller images are enlarged.

    Raises:
        InputError: unreadable or truncated file, a side of less than 16 pixels, or pixels without a fixed range.
    """
    from PIL import Image, ImageOps

    with _opened(path) as picture:
        picture.load()
        image = _to_rgb(_upright(picture))
        if size is not None and image.size != (size, size):
            image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
        return np.array(image, np.uint8)


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of an image in pixels, from its header where the rest of the file looks complete.

    Raises:
        InputError: as `read_image` would; damage in the middle of a file may show only there.
    """
    with _opened(path) as picture:
        orientation = _orientation(picture)
        width, height = picture.size
        whole = picture.mode not in ("F", "I") and _ends_properly(path, picture.format)
    if not whole:
        return read_image(path).shape[:2]  # type: ignore[return-value]
    return (width, height) if orientation >= 5 else (height, width)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The open picture; whatever Pillow raises inside comes out as `InputError` that names the file."""
    from PIL import Image, UnidentifiedImageError

    reason = unfit(path)
    if reason:
        raise _unusable(path, f"unreadable or truncated ({reason})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, on odd metadata; a size is checked more strictly below
            with Image.open(path, formats=FORMATS) as picture:
                _check_size(path, *picture.size)
                yield picture
    except InputError:
        raise
    except UnidentifiedImageError as error:
        empty = os.path.getsize(path) == 0
        what = "the file is empty" if empty else f"it is none of {', '.join(FORMATS)}"
        raise _unusable(path, f"unreadable or truncated ({what})") from error
    except Image.DecompressionBombError as error:
        raise _unusable(path, f"unreadable or truncated (it claims more than {MAX_PIXELS:,} pixels)") from error
    except Exception as error:  # Pillow's decoders raise a dozen types on damaged files (struct.error, IndexError, ...)
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _unusable(path, f"unreadable or truncated ({text})") from error


def _check_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise _unusable(path, f"{width} x {height} pixels; at least {MIN_SIDE} x {MIN_SIDE} are needed")
    if width * height > MAX_PIXELS:
        raise _unusable(path, f"{width} x {height} pixels; at most {MAX_PIXELS:,} are allowed")


def _unusable(path: Path, what: str) -> InputError:
    return InputError(f"image {shown(path)}: {what}; replace or remove it")


def _ends_properly(path: Path, format_: str | None) -> bool:
    """Whether the last bytes are those of a complete file; False also where that cannot be told."""
    length = os.path.getsize(path)
    with path.open("rb") as stream:
        head = stream.read(12)
        stream.seek(max(0, length - 16))
        tail = stream.read()
    if format_ == "PNG":
        return tail.endswith(b"IEND\xaeB`\x82")
    if format_ == "JPEG":
        return tail.endswith(b"\xff\xd9")
    return format_ == "WEBP" and int.from_bytes(head[4:8], "little") + 8 <= length


def _orientation(picture: Any) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none that can be read."""
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # damaged metadata is no reason to refuse the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(picture: Any) -> Any:
    """The picture as its EXIF orientation says; metadata is not written back, which fails for much that cameras write."""
    from PIL.Image import Transpose

    method = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(_orientation(picture))
    return picture if method is None else picture.transpose(method)


def _to_rgb(image: Any) -> Any:
    from PIL import Image

    if image.mode.startswith("I"):  # one channel of 16 bits, which some formats deliver in 32-bit integers
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("32-bit integer pixels have no fixed range; save it with 8 or 16 bits")
        return Image.fromarray(_EIGHT_BITS[values]).convert("RGB")
    if image.mode == "F":
        raise ValueError("floating-point pixels have no fixed range; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
