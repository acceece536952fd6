"""Error-free deliveries: what a receiver makes of a transmission that arrived intact is computed once per image.

A receiver that knows a block's CRC to hold knows its bits. So the LLRs of such blocks are made certain before a
scheme sees them, and all intact receptions of a payload are the same one, whatever the SNR.
"""

import numpy as np

from linksim.link import Link, Reception
from linksim.link.vouching import certain_llr


def intact_reception(link: Link, bits: np.ndarray) -> Reception:
    """The reception of `bits` (uint8 0/1) when every block passes its CRC."""
    ledger = link.ledger(len(bits))
    return Reception(
        bits=bits.astype(np.uint8),
        llr=certain_llr(bits),
        block_ok=np.ones(ledger.n_blocks, bool),
        payload_bits_per_block=link.config.payload_bits_per_block,
        ledger=ledger,
        iterations=np.zeros(ledger.n_blocks, np.int32),
    )
