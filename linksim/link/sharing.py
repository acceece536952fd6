"""One channel, many schemes: simulate a block once and apply what happened to it to every payload.

With scrambled bits the coded bits of a block are uniform whatever the payload is, and the code, the interleaver and the channel treat
every codeword alike in distribution. So the errors of a block, and the LLRs relative to the bits that were sent, can be taken from a
run with random information bits and applied to any payload: `llr = relative * (2 b - 1)`. The reference run sends random bits
(not the all-zero word): with QAM the LLRs depend on the label that was sent.
"""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from linksim.link.blocks import BlockKey, add_crc, run_blocks
from linksim.link.config import LinkConfig
from linksim.seeds import generator


class Pattern(NamedTuple):
    """What happened to a block: LLRs relative to the sent bits float32 `[k]` (positive: decided right), CRC, iterations."""

    relative_llr: np.ndarray
    crc_ok: bool
    iterations: int


class SharedBlocks:
    """Patterns by (key, Es/N0), kept for the last `limit` blocks."""

    def __init__(self, config: LinkConfig, limit: int = 16384) -> None:
        self.config, self.limit = config, limit
        self._patterns: OrderedDict[tuple[BlockKey, float], Pattern] = OrderedDict()

    def get(self, keys: list[BlockKey], es_no_db: float) -> list[Pattern]:
        """Patterns of blocks, those not yet known simulated together."""
        missing = [key for key in dict.fromkeys(keys) if (key, es_no_db) not in self._patterns]
        fresh: dict[BlockKey, Pattern] = {}
        if missing:
            payload = np.stack(
                [
                    generator(*k, "reference").integers(0, 2, self.config.payload_bits_per_block, np.uint8)
                    for k in missing
                ]
            )
            bits = add_crc(payload)
            result = run_blocks(self.config, bits, es_no_db, missing)
            relative = result.llr * (2.0 * bits - 1.0).astype(np.float32)
            for i, key in enumerate(missing):
                fresh[key] = Pattern(relative[i], bool(result.crc_ok[i]), int(result.iterations[i]))
        patterns = [fresh[key] if key in fresh else self._patterns[key, es_no_db] for key in keys]
        for key, pattern in fresh.items():
            self._patterns[key, es_no_db] = pattern
        while len(self._patterns) > self.limit:
            self._patterns.popitem(last=False)
        return patterns
