"""LLRs of a real link to train a receiver's decoder on: those of failed blocks beside those of blocks that a CRC vouches for."""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.importance import bit_importance, level_permutation, undo
from linksim.codebook.labels import bits_per_index
from linksim.common.seeds import generator
from linksim.link.vouching import CERTAIN_LLR, vouched
from linksim.training.config import ReceptionConfig

IMAGE_GRID = 64
"""Indices across an image of 256 pixels: blocks cover the rows of such a grid, so losses come in stripes."""


@dataclass(frozen=True)
class LlrPool:
    """Relative LLRs (positive: pointing to the sent bit) per SNR, float32 `[images, 64, 64, m]` each."""

    grids: tuple[np.ndarray, ...]
    clean_share: float

    def draw(self, shape: tuple[int, int, int], seed: int, step: int) -> np.ndarray:
        """LLRs for a batch of index grids `(B, h, w)`, `h, w <= 64`, at one SNR: float32 `[B, h, w, m]`.

        A share of the batches has none of the errors: LLRs so large that every posterior is a single codeword.
        """
        batch, height, width = shape
        rng = generator(seed, step, "llr")
        bits = self.grids[0].shape[-1]
        if rng.random() < self.clean_share:
            return np.full((*shape, bits), CERTAIN_LLR, np.float32)
        grids = self.grids[rng.integers(len(self.grids))]
        out = np.empty((*shape, bits), np.float32)
        for b in range(batch):
            top, left = rng.integers(IMAGE_GRID - height + 1), rng.integers(IMAGE_GRID - width + 1)
            out[b] = grids[rng.integers(len(grids)), top : top + height, left : left + width]
        return out


def gather_llrs(config: ReceptionConfig, codebook: np.ndarray, usage: np.ndarray, seed: int) -> LlrPool:
    """Send `images` random index grids of 64 x 64 at every SNR over the link and keep their relative LLRs, scaled.

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
    grids = []
    for es_no_db in config.es_no_db:
        keys: list[tuple[int | float | str, ...]] = [(seed, "reception", i) for i in range(config.images)]
        receptions = [vouched(r) for r in link.transmit(payloads, es_no_db, keys)]
        relative = [undo(r.llr * (2.0 * p - 1.0), order) for r, p in zip(receptions, payloads, strict=True)]
        grid = np.stack(relative).reshape(config.images, IMAGE_GRID, IMAGE_GRID, bits)
        grids.append((config.llr_scale * grid).astype(np.float32))
    return LlrPool(tuple(grids), config.clean_share)
