"""A figure full of pictures as a PNG of bounded size: the exact pictures are elsewhere, this one is to look at."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.writing import write_bytes

MAX_BYTES = 600_000
"""Of a file; folders of results are kept in repositories."""

_LEAST_DPI = 40


def write_small(figure: Any, path: Path, dpi: int) -> Path:
    """Write the figure as a PNG of at most `MAX_BYTES`.

    In full colour where that fits, else in 256 colours of its own, at fewer pixels per inch where even that does not.

    Raises:
        InputError: it cannot be written.
    """
    pixels, quick = _pixels(figure, dpi)
    # A tight PNG is seldom less than half of one made quickly, and takes long.
    for colours in (None, 256) if quick <= 2 * MAX_BYTES else (256,):
        data = _png(pixels, colours)
        if len(data) <= MAX_BYTES:
            break
    while len(data) > MAX_BYTES:
        # The bytes grow with the pixels, a little less than in proportion.
        dpi = min(dpi - 4, int(dpi * (MAX_BYTES / len(data)) ** 0.5))
        if dpi < _LEAST_DPI:
            break
        data = _png(_pixels(figure, dpi)[0], 256)
    write_bytes(path, data)
    return path


def _pixels(figure: Any, dpi: int) -> tuple[np.ndarray, int]:
    """uint8 `[H, W, 3]`, and the bytes of a PNG of them that is made quickly."""
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=dpi, format="png", pil_kwargs={"compress_level": 1})
    return np.asarray(Image.open(buffer).convert("RGB")), buffer.getbuffer().nbytes


def _png(pixels: np.ndarray, colours: int | None) -> bytes:
    from PIL import Image

    picture = Image.fromarray(pixels)
    if colours is not None:
        picture = picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
