"""Error-free deliveries: what a receiver makes of a transmission that arrived intact is computed once per image."""

import numpy as np

from linksim.link import Link, Reception

# By image of the batch: metrics and outage of the error-free picture.
CleanPictures = dict[int, tuple[dict[str, float], bool]]

# LLR of a bit that its block's CRC vouches for: exp(-30) is far below any error rate that a sweep can see.
_CERTAIN = 30.0


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
