"""LLRs of a real link to train a receiver's decoder on: those of failed blocks beside those of blocks that a CRC vouches for."""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.importance import bit_importance, level_permutation, undo
from linksim.codebook.labels import bits_per_index
from linksim.common.seeds import generator
from linksim.training.config import ReceptionConfig

IMAGE_GRID = 64
"""Indices across an image of 256 pixels: blocks cover the rows of such a grid, so losses come in stripes."""


@dataclass(frozen=True)
class LlrPool:
    """What was received of the index bits, per SNR, `[images, 64, 64, m]` each.

    Attributes:
        grids: relative LLRs (positive: pointing to the sent bit), scaled, float32.
        known: bits that a CRC vouches for, bool.
        clean_share: share of the batches that are drawn without errors.
    """

    grids: tuple[np.ndarray, ...]
    known: tuple[np.ndarray, ...]
    clean_share: float

    def draw(self, shape: tuple[int, int, int], seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """LLRs float32 and known bits bool for a batch of index grids `(B, h, w)`, `h, w <= 64`, at one SNR: `[B, h, w, m]` each.

        In a share of the batches all bits are known.
        """
        batch, height, width = shape
        rng = generator(seed, step, "llr")
        bits = self.grids[0].shape[-1]
        if rng.random() < self.clean_share:
            return np.zeros((*shape, bits), np.float32), np.ones((*shape, bits), bool)
        snr = rng.integers(len(self.grids))
        out, known = np.empty((*shape, bits), np.float32), np.empty((*shape, bits), bool)
        for b in range(batch):
            top, left = rng.integers(IMAGE_GRID - height + 1), rng.integers(IMAGE_GRID - width + 1)
            place = (rng.integers(len(self.grids[snr])), slice(top, top + height), slice(left, left + width))
            out[b], known[b] = self.grids[snr][place], self.known[snr][place]
        return out, known


def gather_llrs(config: ReceptionConfig, codebook: np.ndarray, usage: np.ndarray, seed: int) -> LlrPool:
    """Send `images` random index grids of 64 x 64 at every SNR over the link and keep their relative LLRs, scaled, and which are known.

    Args:
        config: link, SNRs, protection.
        codebook, usage: `[K, D]` and `[K]`, from which a protection takes the importance of each bit.
        seed: of payloads and link.
    """
    from linksim.link import Link

    link = Link(config.link)
    bits = bits_per_index(len(codebook))
    size = IMAGE_GRID * IMAGE_GRID * bits
    order = np.arange(size)
    if config.protection == "bit-levels":
        importance = bit_importance(codebook, usage)
        order = level_permutation(importance, link.bit_levels(size), config.link.payload_bits_per_block)
    payloads = [generator(seed, i, "payload").integers(0, 2, size, np.uint8) for i in range(config.images)]
    shape = (config.images, IMAGE_GRID, IMAGE_GRID, bits)
    grids, known = [], []
    for es_no_db in config.es_no_db:
        keys: list[tuple[int | float | str, ...]] = [(seed, "reception", i) for i in range(config.images)]
        receptions = link.transmit(payloads, es_no_db, keys)
        relative = [undo(r.llr * (2.0 * p - 1.0), order) for r, p in zip(receptions, payloads, strict=True)]
        grids.append((config.llr_scale * np.stack(relative).reshape(shape)).astype(np.float32))
        known.append(np.stack([undo(r.known, order) for r in receptions]).reshape(shape))
    return LlrPool(tuple(grids), tuple(known), config.clean_share)
