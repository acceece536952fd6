"""The seam of image codecs: an image to a file at a setting, the best file within a budget, and back to an image."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from linksim.codecs.errors import DecodeError
from linksim.codecs.ratematch import Encoded, best_file


class FileCodec(ABC):
    """A codec with its options.

    Attributes:
        name: of the format, as errors call it.
        setting: what is searched, e.g. `quality` or `qp`; it names the choice in results.
        settings: its values, those with the worst picture first.
        may_end_in_zeros: whether a file may end in zero bytes. Its decoder is then given the zeros that fill the last
            block, too, and has to find the end by itself.
        slack: how far beyond the budget files of better settings may dip below it again, see `best_file`.
    """

    name: str
    setting: str
    settings: Sequence[float]
    may_end_in_zeros: bool = False
    slack: tuple[float, int] = (1.0, 0)

    @abstractmethod
    def encoder(self, image: np.ndarray) -> Callable[[Any], bytes]:
        """Function of the setting that encodes `image`, uint8 `[height, width, 3]`, as a complete file."""

    @abstractmethod
    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`.

        Raises `DecodeError` where it is not one of `size` (height, width).
        """

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture of a damaged file. Raises `DecodeError` where that is nothing."""
        raise DecodeError(f"{self.name} shows nothing of a damaged file")

    def best(self, image: np.ndarray, budget_bytes: int) -> Encoded | None:
        """The best file of at most `budget_bytes`, header and tables included; None where even the smallest is larger."""
        if budget_bytes < 1:
            return None
        return best_file(self.encoder(image), self.settings, budget_bytes, self.slack)
