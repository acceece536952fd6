"""A rate-matched 5G LDPC code: information bits to the bits of a transmission, and LLRs back to the code's variables."""

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from linksim.link.coding.config import base_graph
from linksim.link.coding.graph import Graph
from linksim.link.coding.mother import mother_code
from linksim.link.coding.rate_matching import RateMatching


class LdpcCode:
    """One 5G LDPC code (3GPP TS 38.212, 5.3.2 and 5.4.2) of `k` information and `n` coded bits a transmission.

    Args:
        k: information bits.
        n: coded bits after rate matching; more than the mother code has are repetitions.
        bits_per_symbol: of the constellation.
    """

    def __init__(self, k: int, n: int, bits_per_symbol: int) -> None:
        self.k, self.n = k, n
        self.mother = mother_code(k, base_graph(k, n))
        self.version = lru_cache(maxsize=4)(lambda version: RateMatching(self.mother, n, bits_per_symbol, version))

    def information_bit_levels(self, levels: np.ndarray) -> np.ndarray:
        """At which of the constellation's `levels` `[bits_per_symbol]` each information bit is first sent: int32 `[k]`.

        The first 2 Z ones, which are never sent (3GPP TS 38.212, 5.3.2), are one level below all others.
        """
        out = np.full(self.k, levels.max() + 1, np.int32)
        level = levels[np.arange(self.n) % len(levels)]
        sent_at = self.version(0).sent_at
        information = sent_at < self.k
        np.minimum.at(out, sent_at[information], level[information])
        return out

    def encode(self, bits: np.ndarray, version: int = 0) -> np.ndarray:
        """Information bits 0/1 `[blocks, k]` -> coded bits uint8 `[blocks, n]` of a redundancy version."""
        return self.mother.encode(bits)[:, self.version(version).sent_at]

    def spread(self, llr: np.ndarray, version: int = 0, versions: Collection[int] | None = None) -> np.ndarray:
        """Undo rate matching: `[blocks, n]` -> float32 `[blocks, variables]`, see `RateMatching.spread`; only the variables
        that matter where all that is received are these `versions`.
        """
        return self.version(version).spread(llr, None if versions is None else self.graph(versions).variables)

    def graph(self, versions: Collection[int] = (0,)) -> Graph:
        """What a decoder needs where these redundancy versions were received.

        With several it is the whole mother code, which they nearly fill and which all rates share.
        """
        if set(versions) != {0}:
            return self.mother.graph(self.mother.variables)
        return self.mother.graph(max(self.mother.core, self.version(0).needed))


@lru_cache(maxsize=64)
def ldpc_code(k: int, n: int, bits_per_symbol: int) -> LdpcCode:
    """The code for these sizes, built once."""
    return LdpcCode(k, n, bits_per_symbol)
