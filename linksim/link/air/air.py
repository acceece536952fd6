"""The seam of waveforms and channels: symbols in, equalized symbols with their effective noise out."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol

import numpy as np

from linksim.link.air.demapping import demap
from linksim.link.air.modulation import gray_pam, map_bits

SlotKey = tuple[int | float | str, ...]
"""The randomness of a slot: equal keys meet the same fading and noise."""


class Equalized(NamedTuple):
    """Symbols after equalization, `x_hat = x + error`.

    Attributes:
        symbols: `x_hat`, complex64 `[slots, symbols]`.
        noise_variance: of the error of each symbol, float32 `[slots, symbols]`.
    """

    symbols: np.ndarray
    noise_variance: np.ndarray


class Realization(Protocol):
    """Everything random that some slots meet. Only `scrambling` is looked at from outside.

    Attributes:
        scrambling: uniform bits that both ends know, uint8 `[slots, bits]`.
    """

    @property
    def scrambling(self) -> np.ndarray: ...


class Air(ABC):
    """The way of symbols from mapper to demapper: pilots, antennas, fading, noise, channel estimation, equalization.

    A subclass says how slots are drawn and what becomes of symbols. It may override `llrs` with something faster that
    gives the same. A second transmission of a block is a slot with a key of its own.

    Attributes:
        bits_per_symbol: of the constellation that carries bits.
        exact: whether bits get exact LLRs; else max-log ones.
        symbols_per_slot: data symbols that a slot carries, those of one code block.
    """

    bits_per_symbol: int
    exact: bool
    symbols_per_slot: int

    @abstractmethod
    def draw(self, es_no_db: float, keys: list[SlotKey]) -> Any:
        """A `Realization` of one slot per key at an average Es/N0 in dB; no slot depends on those beside it."""

    @abstractmethod
    def send(self, symbols: np.ndarray, realization: Any) -> Equalized:
        """Send symbols complex64 `[slots, symbols]` of mean power 1; fewer than `symbols_per_slot` take a slot's
        first ones.
        """

    def llrs(self, coded: np.ndarray, realization: Any) -> np.ndarray:
        """Scramble, map, send and demap coded bits uint8 `[slots, bits]`; LLRs of the bits before scrambling, float32
        `[slots, bits]`.

        Scrambling (as in 3GPP TS 38.211, 7.3.1.1) makes what is sent uniform over the constellation whatever the
        codeword is.
        """
        scrambling = realization.scrambling
        received = self.send(map_bits(coded ^ scrambling, self.bits_per_symbol), realization)
        amplitudes = gray_pam(self.bits_per_symbol)
        llr = demap(received.symbols, received.noise_variance, amplitudes, self.bits_per_symbol, self.exact)
        return np.where(scrambling, -llr, llr)
