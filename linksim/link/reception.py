"""Receptions: bits with their LLRs, or symbols with their noise, and the ledger of what was
sent.
"""

from dataclasses import dataclass, field

import numpy as np

from linksim.link.config import LinkConfig
from linksim.link.ledger import Ledger, ledger_of


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
        iterations: decoder iterations that each block needed after its last transmission, int32 `[n_blocks]`; 0 where
            uncoded.
        transmissions: how often each block was sent, int32 `[n_blocks]`; 1 without HARQ.
    """

    bits: np.ndarray
    llr: np.ndarray
    block_ok: np.ndarray
    payload_bits_per_block: int
    ledger: Ledger
    iterations: np.ndarray = field(repr=False)
    transmissions: np.ndarray = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every block passed its CRC."""
        return bool(self.block_ok.all())

    @property
    def known(self) -> np.ndarray:
        """Payload bits that the receiver knows because the CRC of their block holds: bool `[source_bits]`."""
        return np.repeat(self.block_ok, self.payload_bits_per_block)[: len(self.bits)]


INTACT_LLR = np.float32(30.0)
"""Magnitude of the LLRs of an intact reception, which a receiver has no need to look at."""


def intact_reception(config: LinkConfig, bits: np.ndarray) -> Reception:
    """The reception of `bits` (uint8 0/1) when every block passes its CRC at the first transmission."""
    ledger = ledger_of(config, len(bits))
    return Reception(
        bits=bits.astype(np.uint8),
        llr=np.where(bits > 0, INTACT_LLR, -INTACT_LLR),
        block_ok=np.ones(ledger.n_blocks, bool),
        payload_bits_per_block=config.payload_bits_per_block,
        ledger=ledger,
        iterations=np.zeros(ledger.n_blocks, np.int32),
        transmissions=np.ones(ledger.n_blocks, np.int32),
    )


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
