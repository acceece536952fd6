"""JPEG 2000 (ITU-T T.800) as a `FileCodec`, its files made for a size and not for a quality."""

from collections.abc import Callable
from typing import Any

import numpy as np

from linksim.codecs.cache import EncodeCache, kept_encoder
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.pillow.files import read, write
from linksim.codecs.pillow.libraries import library_version
from linksim.codecs.ratematch import Encoded, best_file
from linksim.common.errors import InputError

MAX_SIDE = 65535
RATIOS = (1.0, 1e6)
"""Least and most compression ratio: bytes of the pixels over those of the file."""


class Jpeg2000Codec(FileCodec):
    """JPEG 2000 codestreams by OpenJPEG: YCbCr, irreversible 9/7 wavelet, one quality layer, 64 x 64 code-blocks.

    The codestream alone is sent (a `.j2k` file), which is some 85 bytes shorter than with the boxes of a `.jp2` file
    around it.

    Args:
        cache: where encodes are kept; the process's own if None.

    Raises:
        InputError: when it encodes, Pillow without OpenJPEG.
    """

    name, setting = "jpeg2000", "ratio"
    settings = (768, 384, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 4, 2, 1)

    def __init__(self, cache: EncodeCache | None = None) -> None:
        self._cache = cache

    def encoder(self, image: np.ndarray) -> Callable[[Any], bytes]:
        """Function of the compression ratio, 1 to 1,000,000; files come out a few percent smaller or larger."""
        options: dict[str, str | int] = {"codec": "jpeg2000", "version": library_version("jpeg2000")}
        return kept_encoder(self._cache, image, options, "ratio", lambda ratio: self._encode(image, ratio))

    @staticmethod
    def _encode(image: np.ndarray, ratio: float) -> bytes:
        if not RATIOS[0] <= ratio <= RATIOS[1]:
            raise InputError(f"ratio: {ratio:g}; allowed are the numbers {RATIOS[0]:g} to {RATIOS[1]:,.0f}")
        rate = {"quality_mode": "rates", "quality_layers": [ratio]}
        # One character, because without a comment OpenJPEG writes a longer one of its own.
        return write(image, "JPEG2000", MAX_SIDE, **rate, irreversible=True, mct=1, no_jp2=True, comment=" ")

    def best(self, image: np.ndarray, budget_bytes: int) -> Encoded | None:
        """The largest file of at most `budget_bytes`, which is the best one; None where even the smallest is larger.

        OpenJPEG meets a size within a few percent, so the search is among the sizes around the budget.
        """
        if budget_bytes < 1:
            return None
        encode = self.encoder(image)

        def ratio(n_bytes: float) -> float:
            return float(f"{min(max(image.size / n_bytes, RATIOS[0]), RATIOS[1]):.6g}")

        def of_size(n_bytes: float) -> bytes:
            return encode(ratio(n_bytes))

        around = budget_bytes // 8 + 16
        lowest, step = max(1, budget_bytes - around), max(1, budget_bytes // 500)
        found = best_file(of_size, range(lowest, budget_bytes + around, step), budget_bytes, self.slack)
        found = found or best_file(of_size, range(1, lowest), budget_bytes, self.slack)
        return found and Encoded(found.data, ratio(found.setting))

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`. Raises `DecodeError`."""
        return read(data, "JPEG2000", size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """What OpenJPEG makes of a damaged file: code-blocks that cannot be decoded are left out. Raises `DecodeError`."""
        return read(data, "JPEG2000", size)
