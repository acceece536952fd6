"""The physical chain from information bits to their LLRs, a code block to a slot."""

from typing import NamedTuple

import numpy as np

from linksim.link.air.air import BlockKey
from linksim.link.coding import crc
from linksim.link.config import LinkConfig
from linksim.link.parts import air_of, code_of

UNDECIDED = np.float32(1e-6)
"""Magnitude that an LLR of exactly zero is given, so that hard decisions, CRC and LLRs agree."""


class BlockResult(NamedTuple):
    """LLRs of the information bits float32 `[blocks, k]`, CRC passed bool `[blocks]`, iterations int32 `[blocks]`."""

    llr: np.ndarray
    crc_ok: np.ndarray
    iterations: np.ndarray


def run_blocks(config: LinkConfig, bits: np.ndarray | None, es_no_db: float, keys: list[BlockKey]) -> BlockResult:
    """Encode, scramble, map, fade, equalize, demap, descramble, decode, check the CRC.

    Args:
        bits: information bits uint8 `[blocks, k]`, each row with its CRC; None for all zeros, whose codeword is all
            zeros.
        es_no_db: Es/N0 in dB averaged over the fading.
        keys: a key per block; equal keys see the same fading, noise and scrambling.
    """
    code, air = code_of(config), air_of(config)
    world = air.draw(es_no_db, keys)
    coded = np.zeros_like(world.scrambling) if bits is None else code.encode(bits)
    llr, iterations = code.decode(code.spread(air.llrs(coded, world)))
    if not llr.all():
        # A coin toss for the undecided: a fixed rule would favour zeros, hence the all-zero reference.
        coin = np.where(world.scrambling[:, : config.block_bits], UNDECIDED, -UNDECIDED)
        llr = np.where(llr == 0, coin, llr)
    return BlockResult(llr, crc.check((llr > 0).astype(np.uint8)), iterations)
