"""Baseline JPEG (ITU-T T.81) through Pillow, with optimized Huffman tables and 4:2:0 chroma."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageFile

from linksim.codecs.checks import check_image, check_integer
from linksim.codecs.pillow.files import opened

QUALITIES = range(1, 96)
"""Qualities of the encoder, worst first. Above 95 files grow without visible gain (libjpeg's own advice)."""

MAX_SIDE = 65500
"""Longest side libjpeg encodes, in pixels."""

END_OF_IMAGE = b"\xff\xd9"


def encode(image: np.ndarray, quality: int, restart_blocks: int = 0, optimize: bool = True) -> bytes:
    """Encode an image as a complete JPEG file.

    Args:
        image: uint8 `[height, width, 3]`, RGB.
        quality: 1 (smallest file) to 95 (best picture), libjpeg's scale.
        restart_blocks: a restart marker after this many MCUs (16 x 16 pixels each); 0 writes none. Behind a
            damaged part the decoder finds its place again at the next marker.
        optimize: Huffman tables made for this image; else those of the standard's Annex K, as published curves of
            "JPEG" mostly have them (about 0.07 bit per pixel more on 768 x 512 photographs, the same pixels).

    Returns:
        The file, header and tables included.

    Raises:
        InputError: an argument outside these ranges.
    """
    check_image(image)
    check_integer("image height", image.shape[0], 1, MAX_SIDE)
    check_integer("image width", image.shape[1], 1, MAX_SIDE)
    check_integer("quality", quality, QUALITIES[0], QUALITIES[-1])
    check_integer("restart_blocks", restart_blocks, 0, 65535)
    restarts = {"restart_marker_blocks": int(restart_blocks)} if restart_blocks else {}
    file = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(image))
    with _room_for(image.size):
        picture.save(file, "JPEG", quality=int(quality), optimize=optimize, subsampling="4:2:0", **restarts)
    return file.getvalue()


@contextmanager
def _room_for(n_bytes: int) -> Iterator[None]:
    """Inside, Pillow's buffer holds `n_bytes` and a header: its own guess, a byte per pixel, is too small for noise."""
    before = ImageFile.MAXBLOCK
    ImageFile.MAXBLOCK = max(before, 2 * n_bytes + 65536)
    try:
        yield
    finally:
        ImageFile.MAXBLOCK = before


def decode(data: bytes, expected_size: tuple[int, int] | None = None) -> np.ndarray:
    """Decode a JPEG file: uint8 `[height, width, 3]`, RGB.

    Args:
        data: the file.
        expected_size: (height, width) that the picture must have; None accepts any size up to `MAX_PIXELS`.

    Raises:
        DecodeError: not a JPEG file, truncated, found damaged by the decoder, or of another size.
    """
    return _decode(data, expected_size, partial=False)


def decode_partial(data: bytes, expected_size: tuple[int, int]) -> np.ndarray:
    """Decode what an ordinary decoder (libjpeg) shows of a truncated or damaged file.

    Blocks that cannot be decoded keep the decoder's filling (grey, or the last DC value); rows that it never
    reached are black. Damage inside the coded data can smear over all blocks up to the next restart marker.

    Args:
        data: the file as received.
        expected_size: (height, width) that the receiver knows.

    Returns:
        uint8 `[height, width, 3]`.

    Raises:
        DecodeError: the header is too damaged to show anything of this size.
    """
    return _decode(data, expected_size, partial=True)


def _decode(data: bytes, expected_size: tuple[int, int] | None, partial: bool) -> np.ndarray:
    # An end marker behind a truncated file makes libjpeg fill up what is missing, as viewers do.
    with opened(bytes(data) + END_OF_IMAGE if partial else bytes(data), "JPEG", expected_size) as picture:
        _load(picture, partial)
        return np.array(picture.convert("RGB"))


def _load(picture: Image.Image, partial: bool) -> None:
    try:
        picture.load()
    except OSError:
        if not partial:
            raise
        picture.tile = []  # type: ignore[attr-defined]  # keeps the rows decoded so far; load() has nothing left to do
