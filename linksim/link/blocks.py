"""The physical chain from information bits to their LLRs, a code block to a slot."""

from typing import NamedTuple

import numpy as np

from linksim.common.errors import LinksimError
from linksim.link.air.air import Air, BlockKey
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


def run_blocks(
    config: LinkConfig, bits: np.ndarray | None, es_no_db: float, keys: list[BlockKey], transmissions: int = 1
) -> BlockResult:
    """Encode, scramble, map, fade, equalize, demap, descramble, decode, check the CRC.

    Args:
        config: the link.
        bits: information bits uint8 `[blocks, k]`, each row with its CRC; None for all zeros, whose codeword is all
            zeros: a reference, which is scrambled in any case.
        es_no_db: Es/N0 in dB averaged over the fading.
        keys: a key per block; equal keys see the same fading, noise and scrambling.
        transmissions: how often each block is sent, every time over a slot of its own; the LLRs of a bit add up.
    """
    code, air = code_of(config), air_of(config)
    versions = config.harq.versions(transmissions)
    scrambling, variables = np.zeros(0, np.uint8), np.zeros(0, np.float32)
    for number, version in enumerate(versions):
        own = [(*key[:-1], "transmission", number, key[-1]) for key in keys] if number else keys
        coded = None if bits is None else code.encode(bits, version)
        if coded is None or config.scrambling:
            llr, added = air.block_llrs(es_no_db, own, coded)
        else:
            llr, added = _unscrambled_llrs(air, es_no_db, own, coded)
        received = code.spread(llr, version, versions)
        scrambling, variables = (scrambling, variables + received) if number else (added, received)
    llr, iterations = code.decode(variables, versions)
    if not np.isfinite(llr).all():
        raise LinksimError(
            f"the link gives LLRs that are not finite at {es_no_db:g} dB; please report the scenario's `link`, and leave this SNR out"
        )
    if not llr.all():
        # A coin toss for the undecided: a fixed rule would favour zeros, hence the all-zero reference.
        coin = np.where(scrambling[:, : config.block_bits], UNDECIDED, -UNDECIDED)
        llr = np.where(llr == 0, coin, llr)
    return BlockResult(llr, crc.check((llr > 0).astype(np.uint8)), iterations)


def _unscrambled_llrs(
    air: Air, es_no_db: float, keys: list[BlockKey], coded: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `Air.block_llrs`, but the coded bits choose the points themselves: what they are scrambled with is added
    twice. Fades and noise are those of scrambled blocks with the same keys.
    """
    world = air.draw(es_no_db, keys)
    llr = air.llrs(coded ^ world.scrambling, world)
    return np.where(world.scrambling, -llr, llr), world.scrambling
