"""Rate matching of the 5G LDPC code (3GPP TS 38.212, 5.4.2): which variables are sent, in which order.

The variables but the first `2 Z` stand in a circular buffer. A transmission reads `n` of them from where its redundancy
version begins, leaving out the filler bits, and goes round as often as it takes: that is repetition. The buffer is the
whole codeword; the limited one of terminals with little memory (`I_LBRM = 1`) is left out.
"""

from functools import cached_property

import numpy as np
from numba import prange

from linksim.common.compiled.kept import kept_njit
from linksim.link.coding.config import BaseGraph
from linksim.link.coding.mother import MotherCode

STARTS: dict[BaseGraph, tuple[int, int, int, int]] = {1: (0, 17, 33, 56), 2: (0, 13, 25, 43)}
"""Where redundancy versions 0 to 3 begin, in units of Z: Table 5.4.2.1-2 with the whole buffer of 66 Z or 50 Z bits."""


class RateMatching:
    """One redundancy version of `n` bits.

    Args:
        mother: the code.
        n: coded bits of a transmission, a multiple of `bits_per_symbol`.
        bits_per_symbol: for the bit interleaver of 5.4.2.2, which spreads the bits over the constellation's levels.
        version: redundancy version, 0 to 3.
    """

    def __init__(self, mother: MotherCode, n: int, bits_per_symbol: int, version: int = 0) -> None:
        self.n, self._variables = n, mother.variables
        in_buffer = np.arange(2 * mother.z, mother.variables)
        sendable = in_buffer[(in_buffer < mother.filler.start) | (in_buffer >= mother.filler.stop)]
        begin = (2 + STARTS[mother.base_graph][version]) * mother.z
        self._selected = sendable[(np.searchsorted(sendable, begin) + np.arange(n)) % len(sendable)]
        # Bit i of symbol j is the selected bit i n / Qm + j.
        order = np.arange(n).reshape(bits_per_symbol, -1).T.reshape(-1)
        self._position = np.argsort(order)
        self.sent_at: np.ndarray = self._selected[order]

    @cached_property
    def needed(self) -> int:
        """How many of the variables reach to the last one that is sent."""
        return int(self._selected.max()) + 1

    def spread(self, llr: np.ndarray, variables: int | None = None) -> np.ndarray:
        """LLRs of the sent bits `[blocks, n]` at the variables, float32 `[blocks, variables]`, of which the first
        `variables` hold all that is sent; None for all.

        Those of a bit that is sent several times add up. Variables that were not sent are 0, filler bits too: what is
        known of them is the decoder's to add.
        """
        out = np.empty((len(llr), self._variables if variables is None else variables), np.float32)
        _spread(np.asarray(llr, np.float32), self._selected, self._position, out)
        return out


@kept_njit(parallel=True)
def _spread(llr, selected, position, out):  # pragma: no cover - compiled
    """Add the LLR at each `position` to its `selected` variable, in the order in which the buffer is read."""
    for b in prange(llr.shape[0]):
        out[b] = 0
        for i in range(selected.size):
            out[b, selected[i]] += llr[b, position[i]]
