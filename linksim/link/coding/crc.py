"""CRC24A of 3GPP TS 38.212, 5.1."""

from functools import lru_cache

import numpy as np

from linksim.common.compiled.kept import kept_njit
from linksim.link.coding.config import CRC_BITS

# g(D) = D^24+D^23+D^18+D^17+D^14+D^11+D^10+D^7+D^6+D^5+D^4+D^3+D+1, without its leading term.
GENERATOR = 0x864CFB


@lru_cache(maxsize=32)
def bit_remainders(length: int) -> np.ndarray:
    """uint32 `[length]`: CRC24A of the block of `length` bits whose bit `i` alone is 1, i.e.

    `D^(length + 23 - i) mod g`.
    """
    table = np.empty(length, np.uint32)
    remainder = GENERATOR
    for i in range(length - 1, -1, -1):
        table[i] = remainder
        remainder <<= 1
        if remainder >> CRC_BITS:
            remainder = remainder & 0xFFFFFF ^ GENERATOR
    return table


@kept_njit()
def _sum_of_remainders(blocks, table):  # pragma: no cover - compiled
    batch, length = blocks.shape
    result = np.empty(batch, np.uint32)
    for b in range(batch):
        register = np.uint32(0)
        for i in range(length):
            register ^= np.uint32(blocks[b, i]) * table[i]
        result[b] = register
    return result


def remainders(blocks: np.ndarray) -> np.ndarray:
    """CRC24A of each row.

    The CRC is linear, so it is the sum over the bits that are 1 of what each alone leaves.

    Args:
        blocks: uint8 `[batch, length]`, 0 or 1, most significant bit first.

    Returns:
        uint32 `[batch]`. The register starts at zero, so the CRC of a block that ends with its own CRC is 0.
    """
    return _sum_of_remainders(blocks, bit_remainders(blocks.shape[1]))


def attach(payload: np.ndarray) -> np.ndarray:
    """Rows of `payload` uint8 `[batch, length]` with their 24 CRC bits appended: `[batch, length + 24]`."""
    shifts = np.arange(CRC_BITS - 1, -1, -1, dtype=np.uint32)
    parity = (remainders(payload)[:, None] >> shifts) & np.uint32(1)
    return np.concatenate([payload, parity.astype(np.uint8)], axis=1)


def check(blocks: np.ndarray) -> np.ndarray:
    """bool `[batch]`: whether the CRC that ends each row of `blocks` uint8 `[batch, length + 24]` is right."""
    return remainders(blocks) == 0
