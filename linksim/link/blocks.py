"""What happens to code blocks on the way: the physical chain from information bits to their LLRs."""

from typing import NamedTuple

import numpy as np

from linksim.link.air.channel import draw
from linksim.link.air.demapping import channel_llrs
from linksim.link.air.modulation import gray_pam
from linksim.link.coding import crc
from linksim.link.coding.config import Ldpc5gConfig
from linksim.link.config import LinkConfig

BlockKey = tuple[int | float | str, ...]


UNDECIDED = np.float32(1e-6)
"""Magnitude that an LLR of exactly zero is given, so that hard decisions, CRC and LLRs agree."""


class BlockResult(NamedTuple):
    """LLRs of the information bits float32 `[blocks, k]`, CRC passed bool `[blocks]`, iterations int32 `[blocks]`."""

    llr: np.ndarray
    crc_ok: np.ndarray
    iterations: np.ndarray


def run_blocks(config: LinkConfig, bits: np.ndarray | None, es_no_db: float, keys: list[BlockKey]) -> BlockResult:
    """The physical chain: encode, scramble, map, fade, equalize, demap, descramble, decode, check the CRC.

    Scrambling (as in 3GPP TS 38.211, 7.3.1.1) adds pseudo-random bits that both ends know to the coded bits, so what is
    sent is uniform over the constellation whatever the codeword is.

    Args:
        bits: information bits uint8 `[blocks, k]`, each row with its CRC; None for all zeros, whose codeword is all zeros.
        es_no_db: Es/N0 in dB averaged over the fading.
        keys: a key per block; equal keys see the same fading, noise and scrambling.
    """
    world = draw(config, es_no_db, keys)
    coded = np.zeros_like(world.scrambling) if bits is None else _encode(config, bits)
    bits_per_symbol = config.modulation.bits_per_symbol
    llr = channel_llrs(
        coded,
        world.scrambling,
        gray_pam(bits_per_symbol),
        world.fading,
        world.estimate,
        world.noise,
        world.noise_variance,
        bits_per_symbol,
        config.demapping == "app",
    )
    llr, iterations = _decode(config, llr)
    if not llr.all():
        # A coin toss for the undecided: a fixed rule would favour zeros, hence the all-zero reference.
        coin = np.where(world.scrambling[:, : config.block_bits], UNDECIDED, -UNDECIDED)
        llr = np.where(llr == 0, coin, llr)
    return BlockResult(llr, crc.check((llr > 0).astype(np.uint8)), iterations)


def _encode(config: LinkConfig, bits: np.ndarray) -> np.ndarray:
    n = config.coded_bits_per_block
    if isinstance(config.code, Ldpc5gConfig):
        from linksim.link.coding.ldpc import code_of

        return code_of(config).encode(bits)
    return np.pad(bits, ((0, 0), (0, n - config.block_bits)))


def _decode(config: LinkConfig, llr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    code = config.code
    if not isinstance(code, Ldpc5gConfig):
        return llr[:, : config.block_bits], np.zeros(len(llr), np.int32)
    from linksim.link.coding.ldpc import code_of

    ldpc = code_of(config)
    if code.decoder == "layered":
        from linksim.link.coding.layered import decode_layered

        return decode_layered(ldpc, llr, code.iterations, early_termination=code.early_termination, with_crc=True)
    return ldpc.decode(llr, code.iterations, code.early_termination, with_crc=True)
