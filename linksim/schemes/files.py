"""Images as files of one codec: the best one within a number of bits, and back to images."""

from dataclasses import dataclass

import numpy as np

from linksim.codecs import jpeg
from linksim.codecs.ratematch import Encoded, best_bpg, best_jpeg, bpg_encoder
from linksim.schemes.config import BpgConfig, JpegConfig


@dataclass(frozen=True)
class FileCodec:
    """JPEG or BPG with the options of a scheme's configuration."""

    config: JpegConfig | BpgConfig

    @property
    def setting(self) -> str:
        """Name of what is searched: `quality` (high is good) or `qp` (low is good)."""
        return "quality" if isinstance(self.config, JpegConfig) else "qp"

    @property
    def fixed(self) -> int | None:
        """The setting that the configuration fixes, if it does."""
        return self.config.quality if isinstance(self.config, JpegConfig) else self.config.qp

    def best(self, image: np.ndarray, budget_bits: int) -> Encoded | None:
        """The best file of at most `budget_bits` bits; None where even the smallest is larger."""
        config, budget = self.config, budget_bits // 8
        if budget < 1:
            return None
        if isinstance(config, JpegConfig):
            return best_jpeg(image, budget, config.restart_blocks)
        return best_bpg(image, budget, config.chroma, config.preset, config.encoder)

    def encode(self, image: np.ndarray, setting: int) -> bytes:
        """The file at a quality or qp."""
        config = self.config
        if isinstance(config, JpegConfig):
            return jpeg.encode(image, setting, config.restart_blocks)
        return bpg_encoder(image, config.chroma, config.preset, config.encoder)(setting)

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`. Raises `DecodeError` where it is not one of `size`."""
        if isinstance(self.config, JpegConfig):
            return jpeg.decode(data, size)
        from linksim.codecs import bpg

        return bpg.decode(data, size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """What a decoder shows of a damaged file. Raises `DecodeError` where that is nothing."""
        if isinstance(self.config, JpegConfig):
            return jpeg.decode_partial(data, size)
        from linksim.codecs import bpg

        return bpg.decode_partial(data, size)
