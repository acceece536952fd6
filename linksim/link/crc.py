"""CRC24A of 3GPP TS 38.212, 5.1."""

import numpy as np
from numba import njit, prange

from linksim.link.config import CRC_BITS

# g(D) = D^24+D^23+D^18+D^17+D^14+D^11+D^10+D^7+D^6+D^5+D^4+D^3+D+1, without its leading term.
GENERATOR = 0x864CFB


@njit(parallel=True, cache=True, nogil=True)
def remainders(blocks: np.ndarray) -> np.ndarray:  # pragma: no cover - compiled
    """CRC24A of each row.

    Args:
        blocks: uint8 `[batch, length]`, 0 or 1, most significant bit first.

    Returns:
        uint32 `[batch]`. The register starts at zero, so the CRC is linear, and that of a block that ends with its own
        CRC is 0.
    """
    batch, length = blocks.shape
    result = np.empty(batch, np.uint32)
    for b in prange(batch):
        register = np.uint32(0)
        for i in range(length):
            feedback = (register >> np.uint32(23)) ^ np.uint32(blocks[b, i])
            register = (register << np.uint32(1)) & np.uint32(0xFFFFFF)
            if feedback & np.uint32(1):
                register = register ^ np.uint32(GENERATOR)
        result[b] = register
    return result


def attach(payload: np.ndarray) -> np.ndarray:
    """Rows of `payload` uint8 `[batch, length]` with their 24 CRC bits appended: `[batch, length + 24]`."""
    shifts = np.arange(CRC_BITS - 1, -1, -1, dtype=np.uint32)
    parity = (remainders(payload)[:, None] >> shifts) & np.uint32(1)
    return np.concatenate([payload, parity.astype(np.uint8)], axis=1)


def check(blocks: np.ndarray) -> np.ndarray:
    """bool `[batch]`: whether the CRC that ends each row of `blocks` uint8 `[batch, length + 24]` is right."""
    return remainders(blocks) == 0
