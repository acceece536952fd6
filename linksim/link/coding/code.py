"""The seam of channel codes: information bits to coded bits, and LLRs back to information bits."""

from collections.abc import Collection
from typing import NamedTuple, Protocol

import numpy as np


class Decoded(NamedTuple):
    """The result of decoding some blocks.

    Attributes:
        llr: LLRs `log P(b=1)/P(b=0)` of the information bits, float32 `[blocks, k]`.
        iterations: iterations until all parity checks (and the CRC) first held, the limit if they never did, int32
            `[blocks]`.
    """

    llr: np.ndarray
    iterations: np.ndarray


class Code(Protocol):
    """One channel code of `k` information bits, CRC24A included, and `n` coded bits a transmission.

    Decoding has two steps, so that several transmissions of a block (HARQ) add up: `spread` puts received LLRs at the
    code's own variables, zero where nothing was received, sums of `spread` are what all transmissions together say,
    and `decode` takes the sum. Transmissions differ in their redundancy version (0 to 3); one without versions sends
    the same bits every time.
    """

    k: int
    n: int

    def encode(self, bits: np.ndarray, version: int = 0) -> np.ndarray:
        """Information bits 0/1 uint8 `[blocks, k]` to the coded bits of a redundancy version, uint8 `[blocks, n]`."""

    def spread(self, llr: np.ndarray, version: int = 0, versions: Collection[int] | None = None) -> np.ndarray:
        """LLRs of the coded bits float32 `[blocks, n]` at the code's variables, float32 `[blocks, variables]`; at those
        alone that `decode` looks at with these `versions`, where they are given.
        """

    def decode(self, variables: np.ndarray, versions: Collection[int] = (0,)) -> Decoded:
        """LLRs of the code's variables float32 `[blocks, variables]`, of the redundancy versions that were received, to
        information bits.
        """

    def information_bit_levels(self, levels: np.ndarray) -> np.ndarray:
        """Reliability level of each information bit, int32 `[k]`, from the constellation's `levels`
        `[bits_per_symbol]`.
        """
