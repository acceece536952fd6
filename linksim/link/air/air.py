"""The seam of waveforms and channels: symbols in, equalized symbols with their effective noise out."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Protocol

import numpy as np

from linksim.link.air.demapping import demap
from linksim.link.air.modulation import map_bits

BlockKey = tuple[int | float | str, ...]
"""The randomness of a block: equal keys meet the same fading and noise.

The last element is the number of the block in its payload, or in what is sent again of it; the others name the
payload and, where a block is sent again, the transmission. Blocks of one payload lie behind each other on the air.
"""


class Equalized(NamedTuple):
    """Symbols after equalization, `x_hat = x + error`.

    Attributes:
        symbols: `x_hat`, complex64 `[blocks, symbols]`.
        noise_variance: of the error of each symbol, float32 `[blocks, symbols]`.
    """

    symbols: np.ndarray
    noise_variance: np.ndarray


class Realization(Protocol):
    """Everything random that some blocks meet. Only `scrambling` is looked at from outside.

    Attributes:
        scrambling: uniform bits that both ends know, uint8 `[blocks, bits]`.
    """

    @property
    def scrambling(self) -> np.ndarray: ...


class Air(ABC):
    """The way of symbols from mapper to demapper: pilots, antennas, fading, noise, channel estimation, equalization.

    A subclass says what is drawn for blocks and what becomes of their symbols. It may override `llrs` with another way
    to the same. A second transmission of a block is a block with a key of its own.

    Attributes:
        bits_per_symbol: of the constellation that carries bits.
        exact: whether bits get exact LLRs; else max-log ones.
        symbols_per_block: data symbols of one code block.
    """

    bits_per_symbol: int
    exact: bool
    symbols_per_block: int

    @abstractmethod
    def draw(self, es_no_db: float, keys: list[BlockKey]) -> Any:
        """A `Realization` of one block per key at an average Es/N0 in dB; no block depends on which others are drawn
        with it.
        """

    @abstractmethod
    def send(self, symbols: np.ndarray, realization: Any) -> Equalized:
        """Send symbols complex64 `[blocks, symbols]` of mean power 1; fewer than `symbols_per_block` take the first
        places of a block.
        """

    def llrs(self, coded: np.ndarray, realization: Any) -> np.ndarray:
        """Scramble, map, send and demap coded bits uint8 `[blocks, bits]`; LLRs of the bits before scrambling, float32
        `[blocks, bits]`.

        Scrambling (as in 3GPP TS 38.211, 7.3.1.1) makes what is sent uniform over the constellation whatever the
        codeword is.
        """
        scrambling = realization.scrambling
        received = self.send(map_bits(coded ^ scrambling, self.bits_per_symbol), realization)
        llr = demap(received.symbols, received.noise_variance, self.bits_per_symbol, self.exact)
        return np.where(scrambling, -llr, llr)

    def block_llrs(
        self, es_no_db: float, keys: list[BlockKey], coded: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`draw` and `llrs` of whole blocks.

        Args:
            es_no_db: average Es/N0 in dB.
            keys: one per block.
            coded: bits uint8 `[blocks, bits]`; None for all zeros.

        Returns:
            LLRs of the coded bits float32 `[blocks, bits]`, and the scrambling uint8 `[blocks, bits]`.
        """
        world = self.draw(es_no_db, keys)
        sent = np.zeros_like(world.scrambling) if coded is None else coded
        return self.llrs(sent, world), world.scrambling
