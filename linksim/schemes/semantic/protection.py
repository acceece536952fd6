"""How the bits of the indices travel: as one stream, sorted to the strong bit levels, or as two streams of different
code rates.
"""

from abc import ABC, abstractmethod
from functools import lru_cache

import numpy as np

from linksim.codebook.importance import Split, level_permutation, undo
from linksim.codebook.payload import Layout
from linksim.common.errors import InputError
from linksim.link import Link, LinkConfig
from linksim.link.coding.config import HIGHEST_CODE_RATE
from linksim.schemes.base import Stream
from linksim.schemes.config import BitLevelProtection, CodeRateProtection, NoProtection
from linksim.schemes.links import UnfitError, coded, with_rate


class Carrier(ABC):
    """Payload bits to streams and what came back of the streams to the payload's order."""

    @abstractmethod
    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """Streams of a payload uint8 `[layout.source_bits]`. They cost no more than one stream of the scheme's link."""

    @abstractmethod
    def join(self, received: tuple[np.ndarray, ...], layout: Layout) -> np.ndarray:
        """Bits, LLRs or known flags of each stream as one array in the payload's order."""

    @abstractmethod
    def expected_bit_error_rate(self, es_no_db: float) -> float:
        """Of the payload's bits, at the average Es/N0 in dB."""

    def settings(self, streams: tuple[Stream, ...]) -> dict[str, float]:
        """What a row is to tell of the streams beside their cost."""
        return {}


class Plain(Carrier):
    """One stream, every bit alike."""

    def __init__(self, link: LinkConfig) -> None:
        self.link = link

    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """The payload as it is."""
        return (Stream(payload, self.link),)

    def join(self, received: tuple[np.ndarray, ...], layout: Layout) -> np.ndarray:
        """The one stream."""
        return received[0]

    def expected_bit_error_rate(self, es_no_db: float) -> float:
        """The link's."""
        return Link(self.link).expected_bit_error_rate(es_no_db)


class BitLevels(Plain):
    """One stream, sorted so that the most important bits of each block take its most reliable positions."""

    def __init__(self, link: LinkConfig, importance: np.ndarray) -> None:
        super().__init__(link)
        self._importance = importance
        self._order = lru_cache(maxsize=8)(self._compute_order)

    def _compute_order(self, layout: Layout) -> np.ndarray:
        levels = Link(self.link).bit_levels(layout.source_bits)
        return level_permutation(self._importance, levels, self.link.payload_bits_per_block, layout.bit_of_vector())

    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """The payload, sorted."""
        return (Stream(payload[self._order(layout)], self.link),)

    def join(self, received: tuple[np.ndarray, ...], layout: Layout) -> np.ndarray:
        """The payload's order again."""
        return undo(received[0], self._order(layout))


class CodeRates(Carrier):
    """Two streams: the important bits of every vector behind a stronger code, the others behind a weaker one.

    The weak code is the strongest with which both together take no more channel uses than one stream at the link's
    rate, the filling of the last block of each counted.
    """

    def __init__(self, link: LinkConfig, importance: np.ndarray, config: CodeRateProtection, who: str) -> None:
        self._who = f"{who}: protection code-rates"
        self._link = link
        code_rate = coded(link, self._who).rate
        if config.strong_rate >= code_rate:
            raise UnfitError(
                f"{self._who}: strong_rate {config.strong_rate:.4g} is no stronger than the link's code of rate {code_rate:.4g}; "
                "give a lower one"
            )
        try:
            self.split = Split.most_important(importance, config.strong_bits)
            weak_rate = self.split.weak_rate(code_rate, config.strong_rate)
        except InputError as error:
            raise UnfitError(f"{self._who}: {error}") from None
        # Of a long payload, where filling does not count.
        self.links = (with_rate(link, config.strong_rate, self._who), with_rate(link, weak_rate, self._who))
        self._weak_link = lru_cache(maxsize=8)(self._fit_weak_link)

    def _fit_weak_link(self, strong_bits: int, weak_bits: int) -> LinkConfig:
        """The weak stream's link in what the strong stream leaves of the budget."""
        budget = Link(self._link).ledger(strong_bits + weak_bits).channel_uses
        left = budget - Link(self.links[0]).ledger(strong_bits).channel_uses
        blocks = Link(self.links[1]).ledger(weak_bits).n_blocks
        coded_bits = max(left, 0) // blocks * self._link.modulation.bits_per_symbol
        if coded_bits * HIGHEST_CODE_RATE < self._link.block_bits:
            raise InputError(
                f"{self._who}: {strong_bits + weak_bits} bits of an image fill {budget} channel uses, which two streams in blocks of "
                f"{self._link.block_bits} bits do not fit; use larger images, a smaller link.code.block_bits, or a higher strong_rate"
            )
        return with_rate(self._link, self._link.block_bits / coded_bits, self._who)

    def streams(self, payload: np.ndarray, layout: Layout) -> tuple[Stream, ...]:
        """Strong and weak stream. Raises `InputError` where the blocks are too few to be divided."""
        strong, weak = self.split.streams(payload, layout.bit_of_vector())
        return Stream(strong, self.links[0]), Stream(weak, self._weak_link(len(strong), len(weak)))

    def join(self, received: tuple[np.ndarray, ...], layout: Layout) -> np.ndarray:
        """Both streams, interleaved again."""
        strong, weak = received
        return self.split.join(strong, weak, layout.bit_of_vector())

    def expected_bit_error_rate(self, es_no_db: float) -> float:
        """Mean over the bits of a vector."""
        strong, weak = (Link(link).expected_bit_error_rate(es_no_db) for link in self.links)
        return float(np.where(self.split.strong, strong, weak).mean())


def build_carrier(
    config: NoProtection | BitLevelProtection | CodeRateProtection,
    link: LinkConfig,
    importance: np.ndarray,
    who: str,
) -> Carrier:
    """The carrier of a configuration.

    Args:
        config: the scheme's `protection`.
        link: the link of the scheme.
        importance: of each bit of a vector that is sent, `[m]`, as of `Quantizer.importance`.
        who: names the scheme in errors.

    Raises:
        InputError: a protection that does not go with the link.
    """
    if isinstance(config, NoProtection):
        return Plain(link)
    if isinstance(config, BitLevelProtection):
        return BitLevels(link, importance)
    return CodeRates(link, importance, config, who)
