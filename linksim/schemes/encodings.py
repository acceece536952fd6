"""Images encoded by every scheme of a scenario, each once, with the budgets that schemes set for each other."""

from collections.abc import Mapping

import numpy as np

from linksim.link.config import LinkConfig
from linksim.schemes.base import Scheme, Transmission
from linksim.schemes.budget import budget_chain

EncodingKey = tuple[str, float | None]


class Encodings:
    """Transmissions of some images.

    Args:
        schemes: by name; those that set a budget among them.
        link: the scenario's, which carries budgets in bits per pixel.
        images: uint8 `[height, width, 3]` each.
        image_ids: their names.
    """

    def __init__(
        self, schemes: Mapping[str, Scheme], link: LinkConfig, images: list[np.ndarray], image_ids: list[str]
    ) -> None:
        self._schemes, self._link, self._images, self._ids = schemes, link, images, image_ids
        self._sent: dict[EncodingKey, list[Transmission]] = {}

    def key(self, name: str, snr_db: float) -> EncodingKey:
        """The scheme and the SNR that what it sends depends on, through itself or its budget; None if on none."""
        chain = (self._schemes[member] for member in budget_chain(name, self._schemes))
        return name, snr_db if any(scheme.transmit_depends_on_snr for scheme in chain) else None

    def of(self, name: str, snr_db: float) -> list[Transmission]:
        """The scheme's transmissions of the images at an average Es/N0 in dB."""
        key = self.key(name, snr_db)
        if key not in self._sent:
            scheme = self._schemes[name]
            self._sent[key] = scheme.transmit(self._images, self._ids, self.budgets(scheme, snr_db), key[1])
        return self._sent[key]

    def budgets(self, scheme: Scheme, snr_db: float) -> list[int | None]:
        """Most channel uses of each image for a scheme; None without a limit.

        Those of the scheme that sets it, or its whole budget where it may send blocks again.
        """
        if scheme.rate_match is not None:
            sent, limits = self.of(scheme.rate_match, snr_db), self.budgets(self._schemes[scheme.rate_match], snr_db)
            return [
                limit if limit is not None and transmission.repeats else transmission.channel_uses
                for transmission, limit in zip(sent, limits, strict=True)
            ]
        if scheme.budget is not None:
            sizes = [(image.shape[0], image.shape[1]) for image in self._images]
            return [scheme.budget.channel_uses(size, self._link) for size in sizes]
        return [None] * len(self._images)
