"""The link: payload bits or symbols in, what was received of them out, with the ledger of all that was sent."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.link.air.modulation import bit_levels
from linksim.link.blocks import BlockKey, BlockResult, run_blocks
from linksim.link.coding import crc
from linksim.link.config import LinkConfig
from linksim.link.harq import send_until_delivered, with_retransmissions
from linksim.link.ledger import Ledger, capacity_bits, ledger_of
from linksim.link.parts import code_of
from linksim.link.reception import Reception, SymbolReception
from linksim.link.sharing import CACHE_BYTES, SharedBlocks, batches
from linksim.link.symbols import send_symbols


class Link:
    """CRC, segmentation, scrambling, 5G LDPC, QAM, fading, equalization, demapping, decoding (see `LinkConfig`).

    A payload is cut into blocks of `block_bits - 24` bits, the last one filled with zeros that are sent and counted;
    each block gets a CRC24A. With `harq`, blocks whose CRC fails are sent again. With equal keys the blocks of two payloads see the same fading and noise, slot by slot.
    """

    def __init__(self, config: LinkConfig, cache_bytes: int = CACHE_BYTES) -> None:
        self.config = config
        self._shared = SharedBlocks(config, cache_bytes)

    def ledger(self, source_bits: int) -> Ledger:
        """The ledger of a payload of `source_bits` bits."""
        return ledger_of(self.config, source_bits)

    def capacity_bits(self, channel_uses: int) -> int:
        """The most payload bits that fit into `channel_uses` complex symbols."""
        return capacity_bits(self.config, channel_uses)

    def transmit(
        self,
        payloads: list[np.ndarray],
        es_no_db: float,
        keys: list[BlockKey],
        budgets: Sequence[int | None] | None = None,
    ) -> list[Any]:
        """Send payloads, each of them bits or complex symbols.

        Args:
            payloads: bits 0/1, uint8 `[source_bits]`, or symbols of mean power 1, complex `[n]`.
            es_no_db: Es/N0 in dB averaged over the fading (Es = 1).
            keys: one per payload, e.g. (seed, image id, repetition); it and Es/N0 determine fading and noise.
            budgets: of each payload the most channel uses, up to which failed blocks are sent again (`config.harq`);
                None for no limit. Its first transmission is sent in any case.

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
        limits = [budgets[i] if budgets is not None else None for i in digital]
        received = self._transmit_bits([payloads[i] for i in digital], es_no_db, [keys[i] for i in digital], limits)
        out.update(zip(digital, received, strict=True))
        return [out[i] for i in range(len(payloads))]

    def _transmit_bits(
        self, payloads: list[np.ndarray], es_no_db: float, keys: list[BlockKey], budgets: list[int | None]
    ) -> list[Reception]:
        for payload in payloads:
            if np.ndim(payload) != 1 or (len(payload) and np.max(payload) > 1):
                raise InputError(f"payload of shape {np.shape(payload)}; give one row of bits, 0 or 1")
        ledgers = [self.ledger(len(payload)) for payload in payloads]
        counts = [ledger.n_blocks for ledger in ledgers]
        block_keys = [(*key, slot) for key, count in zip(keys, counts, strict=True) for slot in range(count)]
        blocks = np.zeros((0, self.config.block_bits), np.uint8)
        if block_keys:
            blocks = np.concatenate([self._segment(p, ledger) for p, ledger in zip(payloads, ledgers, strict=True)])
        (llr, ok, iterations), transmissions = send_until_delivered(
            self.config,
            lambda numbers, sent: self._blocks(blocks[numbers], es_no_db, [block_keys[i] for i in numbers], sent),
            [None if most is None else most - once.channel_uses for most, once in zip(budgets, ledgers, strict=True)],
            np.repeat(np.arange(len(payloads)), counts),
        )
        receptions, first = [], 0
        for ledger in ledgers:
            own = slice(first, first + ledger.n_blocks)
            result = BlockResult(llr[own], ok[own], iterations[own])
            receptions.append(self._reception(result, transmissions[own], ledger))
            first += ledger.n_blocks
        return receptions

    def _blocks(self, blocks: np.ndarray, es_no_db: float, keys: list[BlockKey], transmissions: int) -> BlockResult:
        """Blocks uint8 `[blocks, k]` after so many transmissions; with `share_blocks` by the patterns of their keys."""
        if not keys:
            return BlockResult(np.zeros(blocks.shape, np.float32), np.zeros(0, bool), np.zeros(0, np.int32))
        if self.config.share_blocks:
            relative = self._shared.results(keys, es_no_db, transmissions)
            return relative._replace(llr=relative.llr * (2 * blocks.view(np.int8) - 1))
        parts = [
            run_blocks(self.config, blocks[part], es_no_db, keys[part], transmissions)
            for part in batches(self.config, len(blocks))
        ]
        return BlockResult(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _segment(self, payload: np.ndarray, ledger: Ledger) -> np.ndarray:
        """Information bits uint8 `[n_blocks, k]` of a payload: filled up, cut, with CRCs."""
        filled = np.pad(payload.astype(np.uint8), (0, ledger.filler_bits))
        return crc.attach(filled.reshape(ledger.n_blocks, self.config.payload_bits_per_block))

    def _reception(self, result: BlockResult, transmissions: np.ndarray, ledger: Ledger) -> Reception:
        payload_llr = (
            result.llr[:, : self.config.payload_bits_per_block]
            .reshape(-1)[: ledger.source_bits]
            .astype(np.float32, copy=False)
        )
        return Reception(
            bits=(payload_llr > 0).astype(np.uint8),
            llr=payload_llr,
            block_ok=result.crc_ok,
            payload_bits_per_block=self.config.payload_bits_per_block,
            ledger=with_retransmissions(self.config, ledger, transmissions),
            iterations=result.iterations,
            transmissions=transmissions,
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
    shared = SharedBlocks(config)
    (llr, _, _), _ = send_until_delivered(
        config,
        lambda numbers, sent: shared.results([keys[i] for i in numbers], es_no_db, sent),
        [None],
        np.zeros(blocks, int),
    )
    return float(np.mean(llr[:, : config.payload_bits_per_block] <= 0))
