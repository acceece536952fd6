"""The mother code of a 5G LDPC code: all of its variables, before rate matching takes those that are sent."""

from functools import lru_cache

import numpy as np
import scipy.sparse
import tensorflow as tf
from sionna.phy.fec.ldpc import LDPC5GEncoder

from linksim.link.coding.config import BaseGraph
from linksim.link.coding.graph import Graph

LOWEST_RATE_INVERSE: dict[BaseGraph, int] = {1: 3, 2: 5}
"""Coded bits per information bit up to which Sionna encodes; the variables beyond follow from the parity checks."""


class MotherCode:
    """Codewords of a base graph (3GPP TS 38.212, 5.3.2) lifted for `k` information bits.

    Attributes:
        k: information bits.
        base_graph: 1 or 2.
        z: lifting size.
        filler: variables that are zeros behind the information bits.
        variables: their number: information bits, filler, parity bits.
    """

    def __init__(self, k: int, base_graph: BaseGraph) -> None:
        self.k, self.base_graph = k, base_graph
        self._encoder = LDPC5GEncoder(k, LOWEST_RATE_INVERSE[base_graph] * k, bg=f"bg{base_graph}")
        self.z: int = self._encoder.z
        self.variables: int = self._encoder.n_ldpc
        self.filler = slice(k, self._encoder.k_ldpc)
        self._parity_checks = scipy.sparse.csr_matrix(self._encoder.pcm).astype(np.int32)
        self._parity_checks.sort_indices()
        self.graph = lru_cache(maxsize=32)(self._graph)
        self._encode = tf.function(self._encoder, input_signature=[tf.TensorSpec([None, k], tf.float32)])

    @property
    def core(self) -> int:
        """Variables of the part that every rate needs: all but the parity bits that a single check has."""
        return self.filler.stop + 4 * self.z

    def _graph(self, variables: int) -> Graph:
        """The first `variables` variables with the checks that say something of them.

        A parity bit beyond the core lies in one check. Where it is not sent, neither says anything of the others.
        """
        return Graph(self.k, self.filler, self._parity_checks[: variables - self.filler.stop, :variables])

    def encode(self, bits: np.ndarray) -> np.ndarray:
        """Information bits 0/1 `[blocks, k]` to all variables, uint8 `[blocks, variables]`."""
        word = np.zeros((len(bits), self.variables), np.uint8)
        word[:, : self.k] = bits
        coded = self._encode(tf.constant(bits, tf.float32)).numpy().astype(np.uint8)
        parity = coded[:, self.k - 2 * self.z :][:, : self.variables - self.filler.stop]
        known = self.filler.stop + parity.shape[1]
        word[:, self.filler.stop : known] = parity
        # Each of the others is the sum of what else is in its check.
        checks = self._parity_checks[known - self.filler.stop :, : self.core]
        word[:, known:] = (checks @ word[:, : self.core].T.astype(np.int32) & 1).T
        return word


@lru_cache(maxsize=16)
def mother_code(k: int, base_graph: BaseGraph) -> MotherCode:
    """The mother code of these sizes, built once."""
    return MotherCode(k, base_graph)
