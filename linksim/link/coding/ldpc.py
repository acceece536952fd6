"""5G LDPC encoder and Sionna's sum-product decoder, compiled by XLA and stopped early.

Sionna's decoder has no early termination. Here it runs in stages that continue from its state (equal, bit for bit, to running
through). After each stage the blocks whose decided bits fulfil every parity check leave the batch, and the rest go on in a
smaller one.
"""

from functools import cached_property, lru_cache
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
import tensorflow as tf
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder, LDPCBPDecoder

from linksim.link.coding import crc
from linksim.link.config import LinkConfig

BATCH_SIZES = (16, 64, 128)
"""The only batch shapes that are ever traced; a batch is padded up to the next one.

Multiples of 16, because below the width of a vector register XLA evaluates tanh differently in the last bits, and a block's
LLRs must not depend on how many blocks go with it."""

STAGES = (4, 2, 2, 4, 4, 4)
"""Iterations between parity checks; the last one repeats until the limit."""

LLR_MAX = 20.0
"""Sionna's limit on the magnitude of messages, also what known filler bits are given."""


class Decoded(NamedTuple):
    """LLRs of the information bits float32 `[blocks, k]` and the iterations that each block needed, int32 `[blocks]`.

    Needed until every parity check was seen to hold, whether or not decoding went on after that; all of them where it never was.
    """

    llr: np.ndarray
    iterations: np.ndarray


class LdpcCode:
    """One 5G LDPC code (3GPP TS 38.212, 5.3.2 and 5.4.2) of `k` information and `n` coded bits.

    Args:
        k: information bits.
        n: coded bits after rate matching.
        bits_per_symbol: for the bit interleaver of 5.4.2.2, which spreads the bits over the constellation's levels; BPSK has
            one level and no interleaver.
    """

    def __init__(self, k: int, n: int, bits_per_symbol: int) -> None:
        self.k, self.n = k, n
        interleaved = bits_per_symbol > 1
        self.encoder = LDPC5GEncoder(k, n, num_bits_per_symbol=bits_per_symbol if interleaved else None)
        # Sionna's 5G decoder prunes the graph to what the rate needs; decoding itself is that of its parent class, used here
        # directly because the parity checks need the bits of the whole graph.
        never_sent = self.encoder.n_ldpc - (self.encoder.k_ldpc - k) - n - 2 * self.encoder.z
        pruned = LDPC5GDecoder(self.encoder, prune_pcm=never_sent > 0).pcm  # with none to prune it would drop all
        self.parity_checks = scipy.sparse.csr_matrix(pruned).astype(np.int32)
        self.parity_checks.sort_indices()
        self.filler = slice(k, self.encoder.k_ldpc)
        order = np.asarray(self.encoder.out_int) if interleaved else np.arange(n)
        index = 2 * self.encoder.z + order  # the first 2 Z systematic bits are never sent
        self.sent_at = np.where(index < k, index, index + self.encoder.k_ldpc - k)
        # Built here, not when first traced: it keeps tensors that must not belong to a traced function.
        self._decoder = LDPCBPDecoder(
            self.parity_checks.astype(np.float32),
            cn_update="boxplus",
            hard_out=False,
            return_state=True,
            llr_max=LLR_MAX,
        )
        # The decoder's first messages are the channel's LLRs, edge by edge, sorted by variable.
        self._edges = np.sort(self.parity_checks.indices)

    @cached_property
    def _encode(self) -> Any:
        return tf.function(lambda u: self.encoder(u), input_signature=[tf.TensorSpec([None, self.k], tf.float32)])

    def information_bit_levels(self, levels: np.ndarray) -> np.ndarray:
        """At which of the constellation's `levels` `[bits_per_symbol]` each information bit is sent: int32 `[k]`.

        The first 2 Z ones, which are never sent (3GPP TS 38.212, 5.3.2), are one level below all others.
        """
        out = np.full(self.k, levels.max() + 1, np.int32)
        information = self.sent_at < self.k
        out[self.sent_at[information]] = levels[np.arange(self.n) % len(levels)][information]
        return out

    def encode(self, bits: np.ndarray) -> np.ndarray:
        """Information bits 0/1 `[blocks, k]` -> coded bits uint8 `[blocks, n]`."""
        return self._encode(tf.constant(bits, tf.float32)).numpy().astype(np.uint8)

    def recover_rate(self, llr: np.ndarray) -> np.ndarray:
        """Undo interleaving, puncturing and shortening: `[blocks, n]` -> `[blocks, graph variables]`."""
        graph = np.zeros((len(llr), self.parity_checks.shape[1]), np.float32)
        graph[:, self.filler] = -LLR_MAX
        graph[:, self.sent_at] = np.clip(llr, -LLR_MAX, LLR_MAX)
        return graph

    def fulfilled(self, decided: np.ndarray) -> np.ndarray:
        """Which rows of decided bits `[blocks, graph variables]` fulfil every parity check."""
        return ~np.any(self.parity_checks @ decided.T.astype(np.int32) & 1, axis=0)

    def _arrived(self, soft: np.ndarray, with_crc: bool) -> np.ndarray:
        """Which rows of LLRs fulfil every parity check, and the CRC. An undecided bit (0) fulfils nothing: taking it for either
        value would favour one codeword over another."""
        decided = soft > 0
        arrived = self.fulfilled(decided) & np.all(soft != 0, axis=1)
        if with_crc:
            arrived[arrived] = crc.check(decided[arrived, : self.k].astype(np.uint8))
        return arrived

    @cached_property
    def _stage(self) -> Any:
        """Compiled: (LLRs, iterations, state) -> (LLRs after them, state). Traced once per batch shape."""
        run = lambda llr, n, state: self._decoder(llr, num_iter=n, msg_v2c=state)  # noqa: E731
        return tf.function(run, jit_compile=True)

    def decode(
        self, llr: np.ndarray, iterations: int, early_termination: bool = True, with_crc: bool = False
    ) -> Decoded:
        """Sum-product decoding with flooding schedule.

        Args:
            llr: channel LLRs `log P(b=1)/P(b=0)`, float32 `[blocks, n]`.
            iterations: the most that a block is given.
            early_termination: let blocks go once every parity check is fulfilled.
            with_crc: the information bits end with a CRC24A, which has to hold, too. A short code may come to rest on a wrong codeword.
        """
        out = np.empty((len(llr), self.k), np.float32)
        taken = np.zeros(len(llr), np.int32)
        for start in range(0, len(llr), BATCH_SIZES[-1]):
            part = slice(start, start + BATCH_SIZES[-1])
            out[part], taken[part] = self._decode_batch(llr[part], iterations, early_termination, with_crc)
        return Decoded(out, taken)

    def _decode_batch(self, llr: np.ndarray, iterations: int, early_termination: bool, with_crc: bool) -> Decoded:
        out = np.empty((len(llr), self.k), np.float32)
        taken = np.zeros(len(llr), np.int32)
        active = np.arange(len(llr))
        x = tf.gather(tf.constant(self.recover_rate(llr)), _padded(active))
        state: Any = tf.gather(tf.transpose(x), self._edges)
        done = 0
        for stage in chain(STAGES, repeat(STAGES[-1])):
            step = min(stage, iterations - done)
            soft, state = self._stage(x, tf.constant(step, tf.int32), state)
            done += step
            soft = soft.numpy()[: len(active)]
            last = np.full(len(active), done >= iterations)
            settled = last if last.all() else self._arrived(soft, with_crc)
            taken[active[settled & (taken[active] == 0)]] = done
            finished = settled if early_termination else last
            out[active[finished]] = soft[finished, : self.k]
            if finished.all():
                break
            if finished.any():
                kept = np.flatnonzero(~finished)
                active = active[kept]
                x, state = tf.gather(x, _padded(kept)), tf.gather(state, _padded(kept), axis=1)
        return Decoded(out, taken)


def _padded(rows: np.ndarray) -> np.ndarray:
    """Rows of a batch, repeated up to the next size that is traced."""
    return np.resize(rows, next(size for size in BATCH_SIZES if size >= len(rows)))


def code_of(config: LinkConfig) -> LdpcCode:
    """The code of a link with LDPC."""
    return ldpc_code(config.block_bits, config.coded_bits_per_block, config.modulation.bits_per_symbol)


@lru_cache(maxsize=16)
def ldpc_code(k: int, n: int, bits_per_symbol: int) -> LdpcCode:
    """The code for these sizes, built once."""
    return LdpcCode(k, n, bits_per_symbol)
