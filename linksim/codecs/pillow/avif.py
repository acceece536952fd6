"""AVIF (AV1 still pictures in an ISO media file) as a `FileCodec`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linksim.codecs.cache import EncodeCache, kept_encoder
from linksim.codecs.checks import check_choice, check_integer
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.pillow.files import read, write
from linksim.codecs.pillow.libraries import library_version

MAX_SIDE = 65536
_SUBSAMPLING = {"420": "4:2:0", "422": "4:2:2", "444": "4:4:4", "grey": "4:0:0"}


class AvifCodec(FileCodec):
    """AVIF files by aom, full range, on one thread, which makes the same bytes on every run.

    Args:
        chroma: `420`, `422`, `444`, or `grey`, which drops the colour.
        speed: effort of the encoder, 0 (slow, small files) to 10.
        cache: where encodes are kept; the process's own if None.

    Raises:
        InputError: an unknown choice, or, when it encodes, Pillow without libavif or aom.
    """

    name, setting, settings = "avif", "quality", range(0, 101)
    may_end_in_zeros = True  # the last bytes are those of the arithmetic coder
    # Several qualities share a quantizer, and a finer one may be a few bytes shorter.
    slack = (1.04, 16)

    def __init__(self, chroma: str = "420", speed: int = 4, cache: EncodeCache | None = None) -> None:
        check_choice("chroma", chroma, tuple(_SUBSAMPLING))
        check_integer("speed", speed, 0, 10)
        self._chroma, self._speed, self._cache = chroma, speed, cache

    def encoder(self, image: np.ndarray) -> Callable[[Any], bytes]:
        """Function of the quality, 0 to 100."""
        options: dict[str, str | int] = {"codec": "avif", "chroma": self._chroma, "speed": self._speed}
        options["version"] = library_version("avif")
        return kept_encoder(self._cache, image, options, "quality", lambda quality: self._encode(image, quality))

    def _encode(self, image: np.ndarray, quality: int) -> bytes:
        check_integer("quality", quality, self.settings[0], self.settings[-1])
        options = {"quality": quality, "speed": self._speed, "subsampling": _SUBSAMPLING[self._chroma]}
        return write(image, "AVIF", MAX_SIDE, **options, codec="aom", max_threads=1, autotiling=False)

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`. Raises `DecodeError`."""
        return read(data, "AVIF", size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """What dav1d makes of a damaged file, which is all or nothing. Raises `DecodeError`."""
        return read(data, "AVIF", size)
