"""The seam of schemes: an image to streams, and what came back of the streams to an image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linksim.link.config import LinkConfig
from linksim.schemes.budget import Budget
from linksim.schemes.compute import Dtype
from linksim.schemes.streams import AnyReception, AnyStream, Stream, SymbolStream

__all__ = ["Delivery", "Scheme", "SchemeContext", "Stream", "SymbolStream", "Transmission"]


@dataclass(frozen=True)
class Transmission:
    """One image on its way: the streams of a scheme.

    Attributes:
        streams: what travels, at least one; none where the image cannot be sent.
        size: (height, width) of the image in pixels, known to the receiver.
        context: what else the receiver legitimately knows (never the original image, nor what was sent).
        infeasible: why the image cannot be sent within its budget; "" where it can.
        settings: what was chosen for this image, e.g. `{"quality": 40}`, for its row of results. Nothing is computed
            from it.
    """

    streams: tuple[AnyStream, ...]
    size: tuple[int, int]
    context: Any = None
    infeasible: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.infeasible and self.streams:
            raise ValueError(f"an infeasible transmission ({self.infeasible}) has no streams")

    @property
    def channel_uses(self) -> int:
        """Complex channel uses of all streams, each block sent once; 0 where the image cannot be sent, so that nothing
        matched to it fits.
        """
        return sum(stream.ledger().channel_uses for stream in self.streams)

    @property
    def repeats(self) -> bool:
        """Whether blocks that fail are sent again."""
        return any(isinstance(stream, Stream) and stream.link.harq.repeats for stream in self.streams)


@dataclass(frozen=True)
class Delivery:
    """The picture that the receiver shows.

    Attributes:
        image: uint8 `[height, width, 3]`; None where the scheme excludes lost pictures.
        outage: whether the receiver found the picture lost, by CRC or by the codec failing.
    """

    image: np.ndarray | None
    outage: bool


@dataclass(frozen=True)
class SchemeContext:
    """The experiment as a scheme knows it.

    Attributes:
        link: the link of the scenario.
        schemes: the configurations of all schemes of the scenario, so that an adaptive one can learn its budget on
            validation images from the scheme it is matched to.
        seed: the scenario's seed.
        dtype: what networks compute in.
    """

    link: LinkConfig
    schemes: tuple[Any, ...] = ()
    seed: int = 1
    dtype: Dtype = "float32"


class Scheme(ABC):
    """A transmit/receive pair.

    Attributes:
        name: as in the scenario.
        rate_match: name of the scheme whose channel uses, image by image, are this one's budget; None without one.
        budget: a budget that is given as a number; None without one. A scheme has one of the two or neither.
        transmit_depends_on_snr: whether what is sent depends on the average SNR, which the transmitter then knows.
        receive_depends_on_snr: whether the picture of an intact reception depends on the average SNR. If not, it is
            computed once and used at every SNR.
    """

    name: str
    rate_match: str | None = None
    budget: Budget | None = None
    transmit_depends_on_snr: bool = False
    receive_depends_on_snr: bool = True

    @abstractmethod
    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """Encode images: one transmission for each.

        Args:
            images: uint8 `[height, width, 3]` each, of any sizes.
            image_ids: their names, for randomness only.
            budgets: most complex channel uses of each; None for no limit.
            es_no_db: average Es/N0 in dB where `transmit_depends_on_snr`.
        """

    @abstractmethod
    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[AnyReception, ...]], es_no_db: float
    ) -> list[Delivery]:
        """Pictures out of what arrived.

        Args:
            transmissions: of each only `size`, `context`, `settings` and the streams' links are known to a receiver.
            receptions: one reception per stream of each transmission: a `Reception` of bits, a `SymbolReception` of
                symbols.
            es_no_db: average Es/N0 in dB.
        """
