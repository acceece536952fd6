"""What happens to one code block on the way: the physical chain from information bits to their LLRs."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy.fec.crc import CRCEncoder

from linksim.link.channel import send_block
from linksim.link.config import CRC_BITS, Ldpc5gConfig, LinkConfig
from linksim.link.ldpc import ldpc_code
from linksim.link.modulation import Modulation
from linksim.seeds import generator

BlockKey = tuple[int | float | str, ...]


class BlockResult(NamedTuple):
    """LLRs of the information bits float32 `[blocks, k]`, CRC passed bool `[blocks]`, iterations int32 `[blocks]`."""

    llr: np.ndarray
    crc_ok: np.ndarray
    iterations: np.ndarray


@lru_cache(maxsize=8)
def _modulation(bits_per_symbol: int, demapping: str) -> Modulation:
    return Modulation(bits_per_symbol, demapping)


@lru_cache(maxsize=8)
def _crc_matrix(payload_bits: int) -> np.ndarray:
    """Parity bits of every unit vector, uint8 `[payload_bits, 24]`: a CRC without initial value is linear."""
    unit = tf.eye(payload_bits, dtype=tf.float32)
    return CRCEncoder("CRC24A")(unit).numpy()[:, payload_bits:].astype(np.float32)


def add_crc(payload: np.ndarray) -> np.ndarray:
    """CRC24A (3GPP TS 38.212, 5.1) behind each row: uint8 `[blocks, p]` -> uint8 `[blocks, p + 24]`."""
    parity = (payload.astype(np.float32) @ _crc_matrix(payload.shape[1])).astype(np.int64) & 1
    return np.concatenate([payload, parity.astype(np.uint8)], axis=1)


def crc_ok(bits: np.ndarray) -> np.ndarray:
    """Whether the last 24 bits of each row are the CRC24A of the others: `[blocks, k]` -> bool `[blocks]`."""
    return np.all(add_crc(bits[:, :-CRC_BITS]) == bits, axis=1)


def scrambling(key: BlockKey, size: int) -> np.ndarray:
    """Pseudo-random bits uint8 `[size]` that both ends know and add to a block's information bits.

    They make what is sent uniform whatever the payload is, so that the errors of a block do not depend on the data.
    """
    return generator(*key, "scrambling").integers(0, 2, size, dtype=np.uint8)


def run_blocks(config: LinkConfig, bits: np.ndarray, es_no_db: float, keys: list[BlockKey]) -> BlockResult:
    """The physical chain: scramble, encode, map, fade, equalize, demap, decode, descramble, check the CRC.

    Args:
        bits: information bits uint8 `[blocks, k]`, each row with its CRC.
        es_no_db: Es/N0 in dB averaged over the fading.
        keys: a key per block; equal keys see the same fading and noise.
    """
    masks = np.stack([scrambling(key, config.block_bits) for key in keys])
    sent = bits ^ masks
    code = config.code
    modulation = _modulation(config.modulation.bits_per_symbol, config.demapping)
    n = config.coded_bits_per_block
    if isinstance(code, Ldpc5gConfig):
        ldpc = ldpc_code(config.block_bits, n, config.modulation.bits_per_symbol)
        coded = ldpc.encode(sent)
    else:
        coded = np.pad(sent, ((0, 0), (0, n - config.block_bits)))
    x = modulation.map(coded)
    received = [send_block(config, x[i], es_no_db, generator(*key, es_no_db, "channel")) for i, key in enumerate(keys)]
    llr = modulation.demap(np.stack([y for y, _ in received]), np.stack([no for _, no in received]))
    iterations = np.zeros(len(keys), np.int32)
    if isinstance(code, Ldpc5gConfig):
        if code.decoder == "layered":
            from linksim.link.layered import decode_layered

            llr, iterations = decode_layered(ldpc, llr, code.iterations)
        else:
            llr, iterations = ldpc.decode(llr, code.iterations)
    llr = llr[:, : config.block_bits] * (1.0 - 2.0 * masks).astype(np.float32)
    return BlockResult(llr, crc_ok((llr > 0).astype(np.uint8)), iterations)
