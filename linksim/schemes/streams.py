"""The streams of an image: bits over a link, symbols over its channel, or a file that an ideal code stands for."""

import math
from dataclasses import dataclass

import numpy as np

from linksim.link import Reception, SymbolReception
from linksim.link.config import LinkConfig
from linksim.link.ledger import Ledger, ledger_of, symbol_ledger
from linksim.link.reception import intact_reception


@dataclass(frozen=True)
class Stream:
    """Bits for one link. Most schemes send one stream; unequal protection sends several.

    Attributes:
        bits: payload 0/1, uint8 `[source_bits]`.
        link: the link that carries them.
        power: mean power of the constellation's points that the bits choose, where they are not scrambled. The transmitter scales
            them to mean power 1, and the receiver knows by how much.
    """

    bits: np.ndarray
    link: LinkConfig
    power: float = 1.0

    def es_no_db(self, es_no_db: float) -> float:
        """Es/N0 in dB at which the points arrive as they stand in the constellation, where sent ones have `es_no_db`."""
        return es_no_db - 10 * math.log10(self.power)

    def ledger(self) -> Ledger:
        """The cost of the bits where every block is sent once, filler and CRCs included."""
        return ledger_of(self.link, len(self.bits))

    def intact(self) -> Reception:
        """What arrives where nothing goes wrong."""
        return intact_reception(self.link, self.bits)


@dataclass(frozen=True)
class SymbolStream:
    """Complex symbols that go over a link's channel as they are, without code and CRC.

    Attributes:
        symbols: complex `[n]`, mean power 1 over the picture.
        link: whose channel carries them.
    """

    symbols: np.ndarray
    link: LinkConfig

    def es_no_db(self, es_no_db: float) -> float:
        """Es/N0 in dB as it is: they are of mean power 1."""
        return es_no_db

    def ledger(self) -> Ledger:
        """One channel use a symbol, and what the waveform adds."""
        return symbol_ledger(self.link, len(self.symbols))

    def intact(self) -> None:
        """Symbols never arrive as they were."""


@dataclass(frozen=True)
class IdealStream:
    """A file that an ideal code delivers whole or not at all; nothing is simulated.

    Attributes:
        source_bits: length of the file, 0 where there is none.
        channel_uses: complex symbols that the ideal code takes.
        delivered: the file, or None where it is lost.
    """

    source_bits: int
    channel_uses: int
    delivered: bytes | None

    def ledger(self) -> Ledger:
        """The file's bits and the code's channel uses; an ideal code has neither CRC nor filler nor blocks."""
        return Ledger(self.source_bits, 0, 0, self.source_bits, 0, self.channel_uses, 0, 0)

    def intact(self) -> "IdealReception":
        """What arrives: an ideal code delivers what it can."""
        return IdealReception(self.delivered, self.ledger())


@dataclass(frozen=True)
class IdealReception:
    """The file of an `IdealStream` where it arrived.

    Attributes:
        data: the file, or None where it is lost.
        ledger: what was sent.
    """

    data: bytes | None
    ledger: Ledger

    @property
    def ok(self) -> bool:
        """Never: there is no CRC."""
        return False


AnyStream = Stream | SymbolStream | IdealStream
AnyReception = Reception | SymbolReception | IdealReception
