"""Error-free deliveries: what a receiver makes of a transmission that arrived intact is computed once per image.

A receiver that knows a block's CRC to hold knows its bits. So the LLRs of such blocks are made certain before a
scheme sees them, and all intact receptions of a payload are the same one, whatever the SNR.
"""

from dataclasses import replace

import numpy as np

from linksim.link import Link, Reception

# By image of the batch: metrics, outage, and for the images that serve as examples the error-free picture.
CleanPictures = dict[int, tuple[dict[str, float], bool, np.ndarray | None]]

# LLR of a bit that its block's CRC vouches for: exp(-30) is far below any error rate that a sweep can see.
_CERTAIN = 30.0


def vouched(reception: Reception) -> Reception:
    """The reception with certain LLRs (float32 `[source_bits]`) in the blocks whose CRC holds."""
    known = np.repeat(reception.block_ok, reception.payload_bits_per_block)[: len(reception.bits)]
    certain = np.where(reception.bits > 0, _CERTAIN, -_CERTAIN)
    return replace(reception, llr=np.where(known, certain, reception.llr).astype(np.float32))


def intact_reception(link: Link, bits: np.ndarray) -> Reception:
    """The reception of `bits` (uint8 0/1) when every block passes its CRC."""
    ledger = link.ledger(len(bits))
    return Reception(
        bits=bits.astype(np.uint8),
        llr=np.where(bits > 0, _CERTAIN, -_CERTAIN).astype(np.float32),
        block_ok=np.ones(ledger.n_blocks, bool),
        payload_bits_per_block=link.config.payload_bits_per_block,
        ledger=ledger,
        iterations=np.zeros(ledger.n_blocks, np.int32),
    )
