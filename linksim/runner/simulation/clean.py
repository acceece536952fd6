"""Error-free deliveries: what a receiver makes of a transmission that arrived intact is computed once per image.

A receiver that knows a block's CRC to hold knows its bits, whatever their LLRs are. So all intact receptions of a
payload are the same one to it, whatever the SNR, and here they have the same LLRs.
"""

import numpy as np

from linksim.link import Link, Reception

_LLR = np.float32(30.0)
"""Magnitude of the LLRs of an intact reception, which a receiver has no need to look at."""


def intact_reception(link: Link, bits: np.ndarray) -> Reception:
    """The reception of `bits` (uint8 0/1) when every block passes its CRC."""
    ledger = link.ledger(len(bits))
    return Reception(
        bits=bits.astype(np.uint8),
        llr=np.where(bits > 0, _LLR, -_LLR),
        block_ok=np.ones(ledger.n_blocks, bool),
        payload_bits_per_block=link.config.payload_bits_per_block,
        ledger=ledger,
        iterations=np.zeros(ledger.n_blocks, np.int32),
    )
