"""Receptions: bits with their LLRs, or symbols with their noise, and the ledger of what was
sent.
"""

from dataclasses import dataclass, field

import numpy as np

from linksim.link.ledger import Ledger


@dataclass(frozen=True)
class Reception:
    """One payload of bits as the receiver has it.

    Attributes:
        bits: decided payload bits uint8 `[source_bits]`.
        llr: their LLRs `log P(b=1)/P(b=0)` float32 `[source_bits]`, descrambled; after the decoder, or of the channel
            where uncoded.
        block_ok: CRC result of each block, bool `[n_blocks]`.
        payload_bits_per_block: payload bit `i` lies in block `i // payload_bits_per_block`.
        ledger: what was sent.
        iterations: decoder iterations that each block needed, int32 `[n_blocks]`; 0 where uncoded.
    """

    bits: np.ndarray
    llr: np.ndarray
    block_ok: np.ndarray
    payload_bits_per_block: int
    ledger: Ledger
    iterations: np.ndarray = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every block passed its CRC."""
        return bool(self.block_ok.all())

    @property
    def known(self) -> np.ndarray:
        """Payload bits that the receiver knows because the CRC of their block holds: bool `[source_bits]`."""
        return np.repeat(self.block_ok, self.payload_bits_per_block)[: len(self.bits)]


@dataclass(frozen=True)
class SymbolReception:
    """Complex symbols that were sent without code, as the receiver has them.

    Attributes:
        symbols: equalized, complex64 `[n]`.
        noise_variance: of the error of each, float32 `[n]`.
        ledger: what was sent.
    """

    symbols: np.ndarray
    noise_variance: np.ndarray
    ledger: Ledger

    @property
    def ok(self) -> bool:
        """Never: no CRC says that symbols arrived as they were."""
        return False
