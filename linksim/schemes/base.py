"""What every transmission scheme is to the runner: an image to payload bits, and what the link returned of them to an image."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from linksim.link.config import LinkConfig
from linksim.link.ledger import ledger_of

if TYPE_CHECKING:
    from linksim.link import Reception


@dataclass(frozen=True)
class Stream:
    """Bits for one link. Most schemes send one; unequal protection sends several.

    Attributes:
        bits: payload 0/1, uint8 `[source_bits]`.
        link: the link that carries them; its ledger counts what they cost.
    """

    bits: np.ndarray
    link: LinkConfig


@dataclass(frozen=True)
class Transmission:
    """What a scheme sends for one image.

    Attributes:
        streams: the payloads; empty where the image cannot be sent, or where an ideal code stands in for the link.
        size: (height, width) of the image in pixels, known to the receiver.
        context: what else the receiver legitimately knows (never the original image).
        infeasible: why the image cannot be sent within its budget; "" where it can.
        settings: what was chosen for this image, e.g. `{"quality": 40}`, for its row of results.
    """

    streams: tuple[Stream, ...]
    size: tuple[int, int]
    context: Any = None
    infeasible: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.infeasible and self.streams:
            raise ValueError(f"an infeasible transmission ({self.infeasible}) has no streams")

    @property
    def channel_uses(self) -> int:
        """What it costs: all its streams, or what an ideal code takes; 0, so that nothing fits, where it is infeasible."""
        if not self.streams:
            return int(self.settings.get("ideal_channel_uses", 0))
        return sum(ledger_of(stream.link, len(stream.bits)).channel_uses for stream in self.streams)


@dataclass(frozen=True)
class Delivery:
    """What the receiver shows.

    Attributes:
        image: uint8 `[height, width, 3]`; None where the scheme excludes lost pictures.
        outage: whether the receiver found the picture lost, by CRC or by the codec failing.
    """

    image: np.ndarray | None
    outage: bool


@dataclass(frozen=True)
class SchemeContext:
    """What a scheme knows of the experiment it is built for.

    Attributes:
        link: the link of the scenario.
        schemes: the configurations of all schemes of the scenario, so that an adaptive one can learn its budget on validation
            images from the scheme it is matched to.
        seed: the scenario's seed.
    """

    link: LinkConfig
    schemes: tuple[Any, ...] = ()
    seed: int = 1


class Scheme(ABC):
    """A transmit/receive pair.

    Attributes:
        name: as in the scenario.
        rate_match: name of the scheme whose channel uses, image by image, are this one's budget; None without a budget.
        transmit_depends_on_snr: whether what is sent depends on the average SNR, which the transmitter then knows.
    """

    name: str
    rate_match: str | None = None
    transmit_depends_on_snr: bool = False

    @abstractmethod
    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """What to send for each image.

        Args:
            images: uint8 `[height, width, 3]` each, of any sizes.
            image_ids: their names, for randomness only.
            budgets: most complex channel uses of each; None for no limit.
            es_no_db: average Es/N0 in dB where `transmit_depends_on_snr`.
        """

    @abstractmethod
    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple["Reception", ...]], es_no_db: float
    ) -> list[Delivery]:
        """Pictures out of what the link returned, one tuple of receptions (a reception per stream) for each transmission.

        Of a transmission only `size`, `context`, `settings` and the streams' links are known to a receiver, never its bits.
        """
