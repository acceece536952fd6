"""What a CRC that holds tells a receiver: it knows the bits of that block."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from linksim.link.reception import Reception

CERTAIN_LLR = 30.0
"""LLR of a bit that its block's CRC vouches for: exp(-30) is far below any error rate that a sweep can see."""


def certain_llr(bits: np.ndarray) -> np.ndarray:
    """LLRs float32 of known bits 0/1, in their shape."""
    return np.where(bits > 0, CERTAIN_LLR, -CERTAIN_LLR).astype(np.float32)


def vouched(reception: "Reception") -> "Reception":
    """The reception with certain LLRs (float32 `[source_bits]`) in the blocks whose CRC holds."""
    known = np.repeat(reception.block_ok, reception.payload_bits_per_block)[: len(reception.bits)]
    return replace(reception, llr=np.where(known, certain_llr(reception.bits), reception.llr).astype(np.float32))
