"""The structure of a 5G LDPC code: encoder, parity checks, and where each bit is sent."""

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import tensorflow as tf
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder


class LdpcCode:
    """One 5G LDPC code (3GPP TS 38.212, 5.3.2 and 5.4.2) of `k` information and `n` coded bits.

    Args:
        k: information bits.
        n: coded bits after rate matching.
        bits_per_symbol: for the bit interleaver of 5.4.2.2, which spreads the bits over the constellation's levels;
            BPSK has one level and no interleaver.
    """

    def __init__(self, k: int, n: int, bits_per_symbol: int) -> None:
        self.k, self.n = k, n
        interleaved = bits_per_symbol > 1
        self.encoder = LDPC5GEncoder(k, n, num_bits_per_symbol=bits_per_symbol if interleaved else None)
        # Sionna's 5G decoder prunes the graph to what the rate needs; decoding itself is that of its parent class,
        # used here directly because the parity checks need the bits of the whole graph.
        never_sent = self.encoder.n_ldpc - (self.encoder.k_ldpc - k) - n - 2 * self.encoder.z
        pruned = LDPC5GDecoder(self.encoder, prune_pcm=never_sent > 0).pcm  # with none to prune it would drop all
        self.parity_checks = scipy.sparse.csr_matrix(pruned).astype(np.int32)
        self.parity_checks.sort_indices()
        self.filler = slice(k, self.encoder.k_ldpc)
        order = np.asarray(self.encoder.out_int) if interleaved else np.arange(n)
        index = 2 * self.encoder.z + order  # the first 2 Z systematic bits are never sent
        self.sent_at = np.where(index < k, index, index + self.encoder.k_ldpc - k)

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

    def spread(self, llr: np.ndarray) -> np.ndarray:
        """Undo interleaving, puncturing and shortening: `[blocks, n]` -> `[blocks, graph variables]`.

        Variables that were not sent are 0, filler bits too: what is known of them is the decoder's to add.
        """
        graph = np.zeros((len(llr), self.parity_checks.shape[1]), np.float32)
        graph[:, self.sent_at] = llr
        return graph

    def fulfilled(self, decided: np.ndarray) -> np.ndarray:
        """Which rows of decided bits `[blocks, graph variables]` fulfil every parity check."""
        return ~np.any(self.parity_checks @ decided.T.astype(np.int32) & 1, axis=0)
