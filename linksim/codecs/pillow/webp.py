"""Lossy WebP (RFC 9649, VP8) as a `FileCodec`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linksim.codecs.cache import EncodeCache, kept_encoder
from linksim.codecs.checks import check_integer
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.pillow.files import read, write
from linksim.codecs.pillow.libraries import library_version

MAX_SIDE = 16383


class WebpCodec(FileCodec):
    """WebP files: 4:2:0, always.

    Args:
        method: effort of the encoder, 0 (fast) to 6 (small files).
        cache: where encodes are kept; the process's own if None.

    Raises:
        InputError: an unknown method, or, when it encodes, Pillow without libwebp.
    """

    name, setting, settings = "webp", "quality", range(0, 101)
    may_end_in_zeros = True  # chunks are filled up to even lengths
    # With little effort (method 0) a finer file can be a tenth shorter.
    slack = (1.15, 64)

    def __init__(self, method: int = 6, cache: EncodeCache | None = None) -> None:
        check_integer("method", method, 0, 6)
        self._method, self._cache = method, cache

    def encoder(self, image: np.ndarray) -> Callable[[Any], bytes]:
        """Function of the quality, 0 to 100."""
        options: dict[str, str | int] = {"codec": "webp", "method": self._method, "version": library_version("webp")}
        return kept_encoder(self._cache, image, options, "quality", lambda quality: self._encode(image, quality))

    def _encode(self, image: np.ndarray, quality: int) -> bytes:
        check_integer("quality", quality, self.settings[0], self.settings[-1])
        return write(image, "WEBP", MAX_SIDE, quality=quality, method=self._method)

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`. Raises `DecodeError`."""
        return read(data, "WEBP", size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """What libwebp makes of a damaged file, which is all or nothing. Raises `DecodeError`."""
        return read(data, "WEBP", size)
