"""Indices that are points of the constellation: an index is a symbol (CAVQ, arXiv 2510.18604), or one axis of it
(MOC-RVQ, arXiv 2401.01272).
"""

import math
from abc import abstractmethod
from dataclasses import replace

import numpy as np

from linksim.codebook.payload import Layout
from linksim.link.air.config import ChannelConfig
from linksim.link.air.modulation import map_bits
from linksim.link.air.waveform import SingleCarrierConfig
from linksim.link.coding.config import CRC_BITS, UncodedConfig
from linksim.link.config import LinkConfig
from linksim.link.transitions import axis_transitions, symbol_transitions
from linksim.schemes.base import Stream
from linksim.schemes.config import AxesProtection, SymbolProtection
from linksim.schemes.links import UnfitError
from linksim.schemes.semantic.protection import Carrier, Plain


class Points(Plain):
    """One stream without code and scrambling, in which whole symbols are indices.

    Without scrambling what is sent is as uniform as the codebook's usage, and its power not that of uniform points. So a picture's
    symbols are scaled to mean power 1, as those of every other scheme; the receiver knows the scale, as it knows the fades.
    `settings` tells the power before that as `symbol_power`.

    Args:
        link: the scheme's link.
        size: codewords K that an index chooses from; None where indices differ.
        stage_bits: bits of a vector in each stage.
        who: names scheme and protection in errors.

    Raises:
        UnfitError: link and codebook do not go together.
    """

    def __init__(self, link: LinkConfig, size: int | None, stage_bits: tuple[int, ...], who: str) -> None:
        m = link.modulation.bits_per_symbol
        if not isinstance(link.code, UncodedConfig):
            raise UnfitError(
                f"{who}: link.code {link.code.kind} takes the index bits apart; use an uncoded link, code: {{kind: none}} or mcs with rate: 1"
            )
        if link.payload_bits_per_block % m:
            raise UnfitError(
                f"{who}: blocks of {link.payload_bits_per_block} payload bits cut a symbol of {m} bits; give a link.code.block_bits "
                f"of {CRC_BITS} more than a multiple of {m}"
            )
        self._check_size(m, size, stage_bits, who)
        super().__init__(link.model_copy(update={"scrambling": False, "share_blocks": False}))

    @abstractmethod
    def _check_size(self, bits_per_symbol: int, size: int | None, stage_bits: tuple[int, ...], who: str) -> None:
        """Whether indices fill symbols. Raises `UnfitError`."""

    def index_transitions(self, es_no_db: float, power: float = 1.0) -> np.ndarray:
        """`P[i, j] = P(j|i)` of an index at the average Es/N0 in dB, float64 `[K, K]`; over what `known_points` lets pass.

        Args:
            es_no_db: of what is sent.
            power: mean power of the points that are chosen, which are scaled to 1; taken to a tenth of a dB.
        """
        link = self.link
        at = es_no_db - round(10 * math.log10(power), 1)
        return self._integrated(
            link.modulation.bits_per_symbol, at, link.channel.kind == "rayleigh", link.demapping == "app"
        )

    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """The payload, with the mean power of its points."""
        (stream,) = super().streams(payload, layout)
        points = map_bits(stream.bits[None], self.link.modulation.bits_per_symbol)
        return (replace(stream, power=float(np.mean(np.abs(points) ** 2)) if points.size else 1.0),)

    def settings(self, streams: tuple[Stream, ...]) -> dict[str, float]:
        """The mean power of a picture's points, which was scaled to 1."""
        return {"symbol_power": round(streams[0].power, 4)}

    @abstractmethod
    def _integrated(self, bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool) -> np.ndarray:
        """The matrix of an index."""


class Symbols(Points):
    """Each index is a symbol; its bits are the symbol's in order."""

    def _check_size(self, bits_per_symbol: int, size: int | None, stage_bits: tuple[int, ...], who: str) -> None:
        if size != 2**bits_per_symbol:
            raise UnfitError(
                f"{who}: {_codewords(size)} are not the {2**bits_per_symbol} points of a symbol of {bits_per_symbol} bits; "
                f"give modulation.bits_per_symbol or a codebook so that they are as many"
            )

    def _integrated(self, bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool) -> np.ndarray:
        return symbol_transitions(bits_per_symbol, es_no_db, rayleigh, exact)


class Axes(Points):
    """Two indices are a symbol: the first one's bits take the in-phase places, the second one's the quadrature places.

    3GPP TS 38.211 alternates these, so the bits of two indices alternate, too.
    """

    def _check_size(self, bits_per_symbol: int, size: int | None, stage_bits: tuple[int, ...], who: str) -> None:
        points = 2**bits_per_symbol
        if size is None or size**2 != points:
            raise UnfitError(
                f"{who}: {_codewords(size)} are not the amplitudes of an axis of {points} points; give modulation.bits_per_symbol "
                "twice the bits of an index"
            )
        if any(bits % bits_per_symbol for bits in stage_bits):
            raise UnfitError(
                f"{who}: {2 * stage_bits[0] // bits_per_symbol} heads are no pairs of in-phase and quadrature; use a codebook with an "
                "even number of heads"
            )

    def _integrated(self, bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool) -> np.ndarray:
        return axis_transitions(bits_per_symbol, es_no_db, rayleigh, exact)

    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """The payload with the bits of two indices taking turns."""
        pairs = payload.reshape(-1, 2, self.link.modulation.bits_per_symbol // 2)
        return super().streams(pairs.transpose(0, 2, 1).reshape(-1), layout)

    def join(self, received: tuple[np.ndarray, ...], layout: Layout) -> np.ndarray:
        """One index after the other again."""
        pairs = super().join(received, layout).reshape(-1, self.link.modulation.bits_per_symbol // 2, 2)
        return pairs.transpose(0, 2, 1).reshape(-1)


def build_points(
    config: SymbolProtection | AxesProtection,
    link: LinkConfig,
    size: int | None,
    stage_bits: tuple[int, ...],
    who: str,
) -> Points:
    """The carrier of a configuration; arguments and errors as of `Points`, `who` naming the scheme alone."""
    kind = Axes if isinstance(config, AxesProtection) else Symbols
    return kind(link, size, stage_bits, f"{who}: protection {config.kind}")


def known_points(carrier: Carrier, who: str) -> Points:
    """The carrier, if the transitions of its indices are known.

    Raises:
        UnfitError: indices are no points, or the channel is neither AWGN nor Rayleigh fading that the receiver knows.
    """
    if not isinstance(carrier, Points):
        raise UnfitError(
            f"{who}: indices are no points of the constellation here; give protection: {{kind: symbols}} or {{kind: axes}}"
        )
    link = carrier.link
    flat = isinstance(link.waveform, SingleCarrierConfig) and isinstance(link.channel, ChannelConfig)
    if not flat or link.channel.kind not in ("awgn", "rayleigh"):
        raise UnfitError(
            f"{who}: nothing is known of points over link.channel {link.channel.kind} with waveform {link.waveform.kind}; allowed: awgn "
            "and rayleigh on a single carrier, or errors: bits"
        )
    if link.csi.error_variance:
        raise UnfitError(
            f"{who}: csi.error_variance {link.csi.error_variance:g}: the points are those of a known fade; give 0, or errors: bits"
        )
    return carrier


def _codewords(size: int | None) -> str:
    return "codewords of different numbers" if size is None else f"{size} codewords"
