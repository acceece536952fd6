"""No channel code: information bits are sent as they are, filled up to whole symbols."""

from collections.abc import Collection

import numpy as np

from linksim.link.coding.code import Decoded


class Uncoded:
    """The `Code` of `link.code: {kind: none}`; the variables are the coded bits."""

    def __init__(self, k: int, n: int) -> None:
        self.k, self.n = k, n

    def encode(self, bits: np.ndarray, version: int = 0) -> np.ndarray:
        """The bits and `n - k` zeros: uint8 `[blocks, n]`."""
        return np.pad(bits, ((0, 0), (0, self.n - self.k)))

    def spread(self, llr: np.ndarray, version: int = 0, versions: Collection[int] | None = None) -> np.ndarray:
        """The LLRs as they are."""
        return llr

    def decode(self, variables: np.ndarray, versions: Collection[int] = (0,)) -> Decoded:
        """The channel's LLRs of the information bits; no iterations."""
        return Decoded(variables[:, : self.k], np.zeros(len(variables), np.int32))

    def information_bit_levels(self, levels: np.ndarray) -> np.ndarray:
        """The levels in turn."""
        return levels[np.arange(self.k) % len(levels)].astype(np.int32)
