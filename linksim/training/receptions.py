"""LLRs of a real link to train a receiver's decoder on: those of failed blocks beside those of blocks that a CRC
vouches for.
"""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.importance import level_permutation, stage_importance, undo
from linksim.codebook.payload import Layout
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.link.coding.config import UncodedConfig
from linksim.link.config import LinkConfig
from linksim.training.config import ReceptionConfig

IMAGE_SIDE = 256
"""Of the images whose indices are sent, in pixels: blocks cover the rows of such a grid, so losses come in stripes."""


@dataclass(frozen=True)
class LlrPool:
    """Received index bits, per SNR, `[images, h, w, S, H, m]` each; h x w features of an image.

    Attributes:
        grids: relative LLRs (positive: pointing to the sent bit), scaled, float32.
        known: bits that a CRC vouches for, bool.
        clean_share: share of the batches that are drawn without errors.
    """

    grids: tuple[np.ndarray, ...]
    known: tuple[np.ndarray, ...]
    clean_share: float

    def draw(self, shape: tuple[int, int, int], seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """LLRs float32 and known bits bool for a batch of grids `(B, h, w)`, none larger than an image's, at one SNR.

        Both are `[B, h, w, S, H, m]`. In a share of the batches all bits are known.
        """
        batch, height, width = shape
        rng = generator(seed, step, "llr")
        _, rows, columns, *bits = self.grids[0].shape
        if rng.random() < self.clean_share:
            return np.zeros((*shape, *bits), np.float32), np.ones((*shape, *bits), bool)
        snr = rng.integers(len(self.grids))
        out, known = np.empty((*shape, *bits), np.float32), np.empty((*shape, *bits), bool)
        for b in range(batch):
            top, left = rng.integers(rows - height + 1), rng.integers(columns - width + 1)
            place = (rng.integers(len(self.grids[snr])), slice(top, top + height), slice(left, left + width))
            out[b], known[b] = self.grids[snr][place], self.known[snr][place]
        return out, known


def gather_llrs(config: ReceptionConfig, stages: Stages, downsampling: int, seed: int) -> LlrPool:
    """Send `images` random index grids of 256 x 256 pixels at every SNR over the link; keep their relative LLRs,
    scaled, and which are known.

    Args:
        config: link, SNRs, protection.
        stages: from which a protection takes the importance of each bit.
        downsampling: pixels per feature vector, down and across.
        seed: of payloads and link.

    Raises:
        InputError: of protection axes, indices that are no axis of a symbol.
    """
    from linksim.link import Link

    link = Link(config.link)
    side = IMAGE_SIDE // downsampling
    layout = Layout.whole((side, side), (stages.bits_per_stage,) * stages.count)
    size = layout.source_bits
    order = np.arange(size)
    if config.protection == "bit-levels":
        block_bits = config.link.payload_bits_per_block
        order = level_permutation(stage_importance(stages), link.bit_levels(size), block_bits, layout.bit_of_vector())
    if config.protection == "axes":
        order = axes_order(size, stages, config.link)
    payloads = [generator(seed, i, "payload").integers(0, 2, size, np.uint8) for i in range(config.images)]

    def grids(received: list[np.ndarray]) -> np.ndarray:
        """Received payloads in the order of their vectors: `[images, h, w, S, H, m]`."""
        out = np.empty((len(received), layout.vectors, stages.count, stages.bits_per_stage), received[0].dtype)
        for i, values in enumerate(received):
            payload = undo(values, order)
            for s in range(stages.count):
                out[i, layout.order(s), s] = payload[layout.part(s)].reshape(-1, stages.bits_per_stage)
        return out.reshape(len(received), side, side, stages.count, stages.heads, stages.bits_per_index)

    llrs, known = [], []
    for es_no_db in config.es_no_db:
        keys: list[tuple[int | float | str, ...]] = [(seed, "reception", i) for i in range(config.images)]
        receptions = link.transmit(payloads, es_no_db, keys)
        relative = grids([r.llr * (2.0 * p - 1.0) for r, p in zip(receptions, payloads, strict=True)])
        llrs.append((config.llr_scale * relative).astype(np.float32))
        known.append(grids([r.known for r in receptions]))
    return LlrPool(tuple(llrs), tuple(known), config.clean_share)


def axes_order(size: int, stages: Stages, link: LinkConfig) -> np.ndarray:
    """Which bit of a payload of `size` bits is sent where, int64 `[size]`, if two indices are a symbol: their bits take
    turns, as in-phase and quadrature places do (3GPP TS 38.211, 5.1).

    Raises:
        InputError: a code, or indices that are no axis of the constellation.
    """
    m = link.modulation.bits_per_symbol
    if not isinstance(link.code, UncodedConfig) or 2 * stages.bits_per_index != m or stages.heads % 2:
        raise InputError(
            f"reception.protection: axes does not go with {stages.heads} heads of {stages.bits_per_index} bits, link.code "
            f"{link.code.kind} and {m} bits a symbol; give link: {{code: {{kind: none}}}}, heads in pairs, and two indices a symbol"
        )
    return np.arange(size).reshape(-1, 2, m // 2).transpose(0, 2, 1).reshape(-1)
