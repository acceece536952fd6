"""QAM mapping and soft demapping by Sionna, in fixed batch shapes."""

from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.mapping import Constellation, Demapper, Mapper


class Modulation:
    """Mapper and demapper of one Gray-labelled constellation (3GPP TS 38.211, 5.1) of unit energy."""

    def __init__(self, bits_per_symbol: int, demapping: str) -> None:
        self.bits_per_symbol = bits_per_symbol
        kind = "pam" if bits_per_symbol == 1 else "qam"
        self._constellation = Constellation(kind, bits_per_symbol)
        self._mapper = Mapper(constellation=self._constellation)
        self._demapper = Demapper(demapping, constellation=self._constellation)

    @cached_property
    def points(self) -> np.ndarray:
        """Constellation points complex64 `[2**bits_per_symbol]`, by label with the first bit on top."""
        return np.asarray(self._constellation.points).astype(np.complex64)

    def map(self, bits: np.ndarray) -> np.ndarray:
        """Bits 0/1 `[blocks, n]` -> symbols complex64 `[blocks, n / bits_per_symbol]`."""
        return self._mapper(tf.constant(bits, tf.float32)).numpy()

    def demap(self, y: np.ndarray, no: np.ndarray) -> np.ndarray:
        """LLRs `log P(b=1)/P(b=0)` float32 `[blocks, n]` of symbols `y` with noise variances `no`, both `[blocks, symbols]`."""
        llr = self._demap(tf.constant(y.reshape(-1, 1)), tf.constant(no.reshape(-1, 1)))
        return llr.numpy().reshape(len(y), -1)

    @cached_property
    def _demap(self) -> Any:
        shapes = [tf.TensorSpec([None, 1], tf.complex64), tf.TensorSpec([None, 1], tf.float32)]
        return tf.function(lambda y, no: self._demapper(y, no), input_signature=shapes)
