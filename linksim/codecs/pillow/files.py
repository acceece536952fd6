"""Pictures as files in memory, through Pillow, and back: one exception for whatever a damaged file makes it raise."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from linksim.codecs.checks import check_image, check_integer
from linksim.codecs.errors import DecodeError, check_size


def write(image: np.ndarray, form: str, most_side: int, **options: object) -> bytes:
    """A complete file of `image`.

    Args:
        image: uint8 `[height, width, 3]`, RGB.
        form: Pillow's name of the format.
        most_side: longest side in pixels that the format allows.
        options: Pillow's, for this format.

    Raises:
        InputError: no such image, or one that is too large for the format.
    """
    check_image(image)
    check_integer("image height", image.shape[0], 1, most_side)
    check_integer("image width", image.shape[1], 1, most_side)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, form, **options)
    return file.getvalue()


@contextmanager
def opened(data: bytes, form: str, expected_size: tuple[int, int] | None) -> Iterator[Image.Image]:
    """The picture of a file, its size checked before it is decoded; zeros behind the file do no harm.

    Args:
        data: the file.
        form: Pillow's name of the format; nothing else is opened.
        expected_size: (height, width) that it must have; None for any up to `MAX_PIXELS` pixels.

    Raises:
        DecodeError: whatever goes wrong inside.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # size warnings: check_size is stricter
            picture = Image.open(io.BytesIO(data), formats=[form])
            check_size(picture.height, picture.width, expected_size)
            yield picture
    except DecodeError:
        raise
    except Exception as error:  # Pillow's parsers raise a dozen types on damaged headers (struct.error, ...)
        raise DecodeError(f"not a decodable {form} file: {str(error) or type(error).__name__}") from error


def read(data: bytes, form: str, expected_size: tuple[int, int] | None) -> np.ndarray:
    """The picture, uint8 `[height, width, 3]`; see `opened`. Raises `DecodeError`."""
    with opened(data, form, expected_size) as picture:
        picture.load()
        return np.array(picture.convert("RGB"))
