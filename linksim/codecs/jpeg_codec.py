"""JPEG as a `FileCodec`."""

from collections.abc import Callable

import numpy as np

from linksim.codecs import jpeg
from linksim.codecs.file_codec import FileCodec


class JpegCodec(FileCodec):
    """JPEG files by Pillow; `restart_blocks` and `optimize` as in `jpeg.encode`."""

    name, setting, settings = "jpeg", "quality", jpeg.QUALITIES
    # Optimized Huffman tables can make a finer JPEG up to 5 % or 19 bytes shorter (photographs, noise, gratings, flat
    # pictures).
    slack = (1.25, 256)

    def __init__(self, restart_blocks: int = 0, optimize: bool = True) -> None:
        self._restart_blocks, self._optimize = restart_blocks, optimize

    def encoder(self, image: np.ndarray) -> Callable[[int], bytes]:
        """Function of the quality, 1 to 95."""
        return lambda quality: jpeg.encode(image, quality, self._restart_blocks, self._optimize)

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """As `jpeg.decode`."""
        return jpeg.decode(data, size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """As `jpeg.decode_partial`."""
        return jpeg.decode_partial(data, size)
