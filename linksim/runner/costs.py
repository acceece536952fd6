"""What every scheme of a scenario sends for an image, counted without simulating anything."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.data.images import open_images
from linksim.link.ledger import Ledger
from linksim.runner.identity import scheme_identities
from linksim.scenario import Scenario
from linksim.schemes.adaptive.scheme import AdaptiveScheme
from linksim.schemes.base import Scheme, Transmission
from linksim.schemes.budget import budget_chain
from linksim.schemes.config import ChannelOptimizedTransmitter, NearestTransmitter
from linksim.schemes.encodings import Encodings
from linksim.schemes.programs import check_programs
from linksim.schemes.registry import build_schemes


@dataclass(frozen=True)
class Cost:
    """What one scheme sends for the image.

    Attributes:
        scheme: its name.
        sent: with what, where that is not one thing: an SNR, or a code and constellation of an adaptive scheme.
        budget: most channel uses; None without a limit, or where it is not known.
        ledger: what is sent; None where nothing is, or where that is not known without a run.
        note: why nothing is sent, or is not known; "" else.
        settings: what was chosen for the image.
    """

    scheme: str
    sent: str = ""
    budget: int | None = None
    ledger: Ledger | None = None
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def as_dict(self, size: tuple[int, int]) -> dict[str, Any]:
        """Everything as plain values, with `rho` and `bpp` for an image of `size` (height, width)."""
        values = asdict(self)
        ledger = values.pop("ledger") or {}
        if self.ledger:
            pixels = size[0] * size[1]
            ledger |= {"rho": self.ledger.channel_uses / (3 * pixels), "bpp": self.ledger.source_bits / pixels}
        return values | ledger


def first_image(scenario: Scenario) -> tuple[str, np.ndarray]:
    """Id and pixels (uint8 `[height, width, 3]`) of the first image that can be read. Raises `InputError`."""
    source = open_images(scenario.images, "images")
    for i, image in source.readable():
        return source.ids[i], image
    raise InputError(f"images: none of {len(source)} could be read; check the files")


def costs(scenario: Scenario, image_id: str, image: np.ndarray) -> list[Cost]:
    """The cost of an image by every scheme, in the scenario's order; an adaptive scheme has one for each choice.

    What depends on the SNR is counted at the lowest and the highest one.

    Args:
        scenario: the scenario.
        image_id: the image's name.
        image: uint8 `[height, width, 3]`.

    Raises:
        InputError: a scheme lacks what it needs (checkpoint, program, library).
    """
    check_programs(scenario.schemes)
    scheme_identities(scenario)  # says in one line what is missing
    configs = tuple(_cheapest(config) for config in scenario.schemes)
    schemes = build_schemes(scenario.link, configs, scenario.seed)
    encodings = Encodings(schemes, scenario.link, [image], [image_id])
    ends = sorted({min(scenario.sweep.snrs), max(scenario.sweep.snrs)})
    found: list[Cost] = []
    for name, scheme in schemes.items():
        chain = budget_chain(name, schemes)
        unknown = next((member for member in chain[1:] if isinstance(schemes[member], AdaptiveScheme)), None)
        if unknown:
            found.append(
                Cost(name, note=f"its budget is what {unknown} takes, which a run chooses on validation images")
            )
        elif isinstance(scheme, AdaptiveScheme):
            found += _of_choices(scheme, image_id, image, encodings.budgets(scheme, ends[0]), ends[0])
        else:
            found += _at_snrs(scheme, encodings, ends)
    return found


def _cheapest(config: Any) -> Any:
    """The configuration with a transmitter that costs the same bits and needs no channel statistics."""
    sender = getattr(config, "transmitter", None)
    if isinstance(sender, ChannelOptimizedTransmitter):
        return config.model_copy(update={"transmitter": NearestTransmitter()})
    return config


def _of_choices(
    scheme: AdaptiveScheme, image_id: str, image: np.ndarray, budgets: list[int | None], snr_db: float
) -> Iterator[Cost]:
    for choice in scheme.choices:
        (sent,) = scheme.fixed(*choice).transmit([image], [image_id], budgets, snr_db)
        other = f", alternative {choice.variant}" if choice.variant else ""
        other += f", reserve {choice.reserve:g}" if choice.reserve else ""
        text = f"rate {choice.mcs.rate:.4g}, {choice.mcs.bits_per_symbol} bits a symbol{other}"
        yield _cost(scheme.name, text, budgets[0], sent)


def _at_snrs(scheme: Scheme, encodings: Encodings, snrs: list[float]) -> Iterator[Cost]:
    for snr_db in snrs:
        depends = encodings.key(scheme.name, snr_db)[1] is not None
        (budget,) = encodings.budgets(scheme, snr_db)
        yield _cost(scheme.name, f"{snr_db:g} dB" if depends else "", budget, encodings.of(scheme.name, snr_db)[0])
        if not depends:
            return


def _cost(name: str, sent_as: str, budget: int | None, sent: Transmission) -> Cost:
    if sent.infeasible:
        return Cost(name, sent_as, budget, note=f"infeasible: {sent.infeasible}")
    ledger = reduce(add, (stream.ledger() for stream in sent.streams))
    return Cost(name, sent_as, budget, ledger, settings=sent.settings)
