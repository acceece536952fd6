"""One channel, many schemes: simulate a block once and apply what happened to it to every payload.

Why that is right: the coded bits `c` are scrambled with uniform bits `s`, so the labels sent, `m = c + s`, are
uniform and independent of `c`. Given `m`, fading and noise, the demapper's LLRs multiplied by the signs `(-1)^s` are
those of the all-zero codeword multiplied by `(-1)^c`; the decoders' node rules are odd in every message, so their
result is that of the all-zero codeword multiplied by `(-1)^u`, `u` being the information bits. The CRC is linear, so
it fails for `u + e` exactly where it fails for the error pattern `e`. Hence the reference: the all-zero codeword with
random scrambling.

It is not the all-zero *label*: with QAM the LLRs of a bit depend on which point was sent, and `m` must stay uniform.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from linksim.link.blocks import BlockKey, BlockResult, run_blocks
from linksim.link.config import LinkConfig

BATCH_BITS = 256 * 3072
"""Coded bits simulated together, which bounds the memory in flight."""

CACHE_BYTES = 128 * 2**20
"""Memory for patterns per link."""


class Pattern(NamedTuple):
    """The fate of a block: LLRs relative to the sent bits float32 `[k]` (positive: decided right), CRC,
    iterations.
    """

    relative_llr: np.ndarray
    crc_ok: bool
    iterations: int


def batches(config: LinkConfig, n_blocks: int) -> list[slice]:
    """Slices of at most `BATCH_BITS` coded bits that cover `n_blocks` blocks."""
    size = max(1, BATCH_BITS // config.coded_bits_per_block)
    return [slice(start, min(start + size, n_blocks)) for start in range(0, n_blocks, size)]


class SharedBlocks:
    """Patterns by (key, Es/N0, number of transmissions). The least recently used go once they fill `cache_bytes`."""

    def __init__(self, config: LinkConfig, cache_bytes: int = CACHE_BYTES) -> None:
        self.config = config
        self.limit = max(1, cache_bytes // (4 * config.block_bits))
        self._patterns: OrderedDict[tuple[BlockKey, float, int], Pattern] = OrderedDict()

    def get(self, keys: list[BlockKey], es_no_db: float, transmissions: int = 1) -> list[Pattern]:
        """Patterns of blocks after so many transmissions, those not yet known simulated together."""

        def place(key: BlockKey) -> tuple[BlockKey, float, int]:
            return key, es_no_db, transmissions

        missing = [key for key in dict.fromkeys(keys) if place(key) not in self._patterns]
        fresh: dict[BlockKey, Pattern] = {}
        for part in batches(self.config, len(missing)):
            result = run_blocks(self.config, None, es_no_db, missing[part], transmissions)
            for i, key in enumerate(missing[part]):
                # A copy: a view would keep the whole batch in memory.
                fresh[key] = Pattern(-result.llr[i], bool(result.crc_ok[i]), int(result.iterations[i]))
        patterns = [fresh[key] if key in fresh else self._patterns[place(key)] for key in keys]
        for key, pattern in zip(keys, patterns, strict=True):
            self._patterns[place(key)] = pattern
            self._patterns.move_to_end(place(key))
        while len(self._patterns) > self.limit:
            self._patterns.popitem(last=False)
        return patterns

    def results(self, keys: list[BlockKey], es_no_db: float, transmissions: int = 1) -> BlockResult:
        """As `get`, side by side; LLRs relative to the sent bits float32 `[blocks, k]`."""
        patterns = self.get(keys, es_no_db, transmissions)
        return BlockResult(
            np.stack([pattern.relative_llr for pattern in patterns]),
            np.array([pattern.crc_ok for pattern in patterns], bool),
            np.array([pattern.iterations for pattern in patterns], np.int32),
        )
