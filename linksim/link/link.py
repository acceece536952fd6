"""The link: payload bits or symbols in, what was received of them out, with the ledger of all that was sent."""

from functools import lru_cache
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.link.air.modulation import bit_levels
from linksim.link.blocks import BlockKey, BlockResult, run_blocks
from linksim.link.coding import crc
from linksim.link.config import LinkConfig
from linksim.link.ledger import Ledger, capacity_bits, ledger_of
from linksim.link.parts import code_of
from linksim.link.reception import Reception, SymbolReception
from linksim.link.sharing import Pattern, SharedBlocks, batches
from linksim.link.symbols import send_symbols


class Link:
    """CRC, segmentation, scrambling, 5G LDPC, QAM, fading, equalization, demapping, decoding (see `LinkConfig`).

    A payload is cut into blocks of `block_bits - 24` bits, the last one filled with zeros that are sent and counted;
    each block gets a CRC24A. With equal keys the blocks of two payloads see the same fading and noise, slot by slot.
    """

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self._shared = SharedBlocks(config)

    def ledger(self, source_bits: int) -> Ledger:
        """The ledger of a payload of `source_bits` bits."""
        return ledger_of(self.config, source_bits)

    def capacity_bits(self, channel_uses: int) -> int:
        """The most payload bits that fit into `channel_uses` complex symbols."""
        return capacity_bits(self.config, channel_uses)

    def transmit(self, payloads: list[np.ndarray], es_no_db: float, keys: list[BlockKey]) -> list[Any]:
        """Send payloads, each of them bits or complex symbols.

        Args:
            payloads: bits 0/1, uint8 `[source_bits]`, or symbols of mean power 1, complex `[n]`.
            es_no_db: Es/N0 in dB averaged over the fading (Es = 1).
            keys: one per payload, e.g. (seed, image id, repetition); it and Es/N0 determine fading and noise.

        Returns:
            A `Reception` for bits, a `SymbolReception` for symbols. With `share_blocks`, payloads with equal keys
            meet the same errors, block by block. Symbols meet the fades and the noise of the bits with the same key,
            symbol by symbol.

        Raises:
            InputError: a payload is neither, or Es/N0 is not finite.
        """
        es_no_db = float(es_no_db)
        if not np.isfinite(es_no_db):
            raise InputError(f"es_no_db is {es_no_db}; give a finite number of dB")
        out: dict[int, Reception | SymbolReception] = {}
        analog = [i for i, payload in enumerate(payloads) if np.iscomplexobj(payload)]
        for i in analog:
            out[i] = send_symbols(self.config, payloads[i], es_no_db, keys[i])
        digital = [i for i in range(len(payloads)) if i not in out]
        received = self._transmit_bits([payloads[i] for i in digital], es_no_db, [keys[i] for i in digital])
        out.update(zip(digital, received, strict=True))
        return [out[i] for i in range(len(payloads))]

    def _transmit_bits(self, payloads: list[np.ndarray], es_no_db: float, keys: list[BlockKey]) -> list[Reception]:
        for payload in payloads:
            if np.ndim(payload) != 1 or (len(payload) and np.max(payload) > 1):
                raise InputError(f"payload of shape {np.shape(payload)}; give one row of bits, 0 or 1")
        ledgers = [self.ledger(len(payload)) for payload in payloads]
        block_keys = [
            (*key, slot) for key, ledger in zip(keys, ledgers, strict=True) for slot in range(ledger.n_blocks)
        ]
        if not block_keys:
            return [self._reception(np.zeros((0, self.config.block_bits)), [], [], ledger) for ledger in ledgers]
        blocks = np.concatenate([self._segment(p, ledger) for p, ledger in zip(payloads, ledgers, strict=True)])
        if self.config.share_blocks:
            patterns: list[Pattern] = self._shared.get(block_keys, es_no_db)
            llr = np.stack([p.relative_llr for p in patterns])
            llr *= 2 * blocks.view(np.int8) - 1
            ok, iterations = [p.crc_ok for p in patterns], [p.iterations for p in patterns]
        else:
            parts = [
                run_blocks(self.config, blocks[part], es_no_db, block_keys[part])
                for part in batches(self.config, len(blocks))
            ]
            result = BlockResult(*(np.concatenate(column) for column in zip(*parts, strict=True)))
            llr, ok, iterations = result.llr, result.crc_ok.tolist(), result.iterations.tolist()
        receptions, first = [], 0
        for ledger in ledgers:
            last = first + ledger.n_blocks
            receptions.append(self._reception(llr[first:last], ok[first:last], iterations[first:last], ledger))
            first = last
        return receptions

    def _segment(self, payload: np.ndarray, ledger: Ledger) -> np.ndarray:
        """Information bits uint8 `[n_blocks, k]` of a payload: filled up, cut, with CRCs."""
        filled = np.pad(payload.astype(np.uint8), (0, ledger.filler_bits))
        return crc.attach(filled.reshape(ledger.n_blocks, self.config.payload_bits_per_block))

    def _reception(self, llr: np.ndarray, ok: list[bool], iterations: list[int], ledger: Ledger) -> Reception:
        payload_llr = (
            llr[:, : self.config.payload_bits_per_block]
            .reshape(-1)[: ledger.source_bits]
            .astype(np.float32, copy=False)
        )
        return Reception(
            bits=(payload_llr > 0).astype(np.uint8),
            llr=payload_llr,
            block_ok=np.array(ok, bool),
            payload_bits_per_block=self.config.payload_bits_per_block,
            ledger=ledger,
            iterations=np.array(iterations, np.int32),
        )

    def bit_levels(self, source_bits: int) -> np.ndarray:
        """Reliability level of each payload bit, int32 `[source_bits]`; 0 is the most reliable.

        In Gray-labelled square QAM (3GPP TS 38.211, 5.1) bits 2l and 2l+1 of a label have level l. 5G LDPC codes are
        systematic: an information bit has the level at which it is sent, and the worst one where it is punctured. It
        shows in blocks that fail.
        """
        levels = bit_levels(self.config.modulation.bits_per_symbol)
        position = np.arange(source_bits) % self.config.payload_bits_per_block
        return code_of(self.config).information_bit_levels(levels)[position]

    def expected_bit_error_rate(self, es_no_db: float, blocks: int = 48) -> float:
        """Bit-error rate of the delivered information bits at an average Es/N0, by a seeded simulation of `blocks`
        blocks.
        """
        return _expected_bit_error_rate(self.config, float(es_no_db), blocks)


@lru_cache(maxsize=256)
def _expected_bit_error_rate(config: LinkConfig, es_no_db: float, blocks: int) -> float:
    keys: list[BlockKey] = [("expected bit-error rate", i) for i in range(blocks)]
    patterns = SharedBlocks(config).get(keys, es_no_db)
    payload = config.payload_bits_per_block
    return float(np.mean([np.mean(p.relative_llr[:payload] <= 0) for p in patterns]))
