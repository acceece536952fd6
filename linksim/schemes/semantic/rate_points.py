"""Rate points: how many stages of a quantizer are sent, for an image and within a budget."""

from typing import NamedTuple

import numpy as np

from linksim.codebook.payload import Layout
from linksim.common.errors import InputError
from linksim.link.config import LinkConfig
from linksim.link.ledger import capacity_bits, ledger_of
from linksim.schemes.budget import first_share
from linksim.schemes.config import AxesProtection, SemanticConfig, SymbolProtection
from linksim.schemes.semantic.mask import Mask
from linksim.schemes.semantic.points import build_points
from linksim.schemes.semantic.protection import Carrier, build_carrier


class Allotment(NamedTuple):
    """What transmitter and receiver both know before anything is sent; what is sent follows from it.

    Attributes:
        grid: rows and columns of the image's features, which follow from its size.
        budget: most channel uses, as they are scheduled for the image; None without a limit.
    """

    grid: tuple[int, int]
    budget: int | None

    def without_limit(self) -> "Allotment":
        """Of the same features, with no budget."""
        return self._replace(budget=None)


class RatePoints:
    """Layouts that a scheme may send over its link, and the carrier of each.

    Without a budget all stages up to `stages` are sent. Within one, as many as fit; the last one for a part of the
    features, evenly spread in an order that is always the same, or with `last_stage: whole` for all of them or none.
    So the number of stages needs no signalling: the receiver computes it from the allotment as the transmitter does.
    (An order by importance would need the features before they are received, or the earlier stages without an error.)

    Args:
        config: the scheme's configuration.
        link: the scheme's link.
        stage_bits: bits of a vector in each stage.
        importance: of each of these bits.
        mask: of the features, those that are not sent.
        size: codewords that an index chooses from, where all indices are alike; None where they are not.

    Raises:
        InputError: more stages than there are, or a protection that does not go with the link.
    """

    def __init__(
        self,
        config: SemanticConfig,
        link: LinkConfig,
        stage_bits: tuple[int, ...],
        importance: np.ndarray,
        mask: Mask | None = None,
        size: int | None = None,
    ) -> None:
        self._config, self._link, self._importance, self._size = config, link, importance, size
        self._mask = mask or Mask()
        if (config.stages or 1) > len(stage_bits):
            raise InputError(
                f"schemes.{config.name}.stages: {config.stages} is not allowed; allowed: 1 to {len(stage_bits)}, the stages "
                f"of {config.checkpoint!r}"
            )
        self.stage_bits = stage_bits[: config.stages]
        self._carriers: dict[int, Carrier] = {}
        limited = config.rate_match is not None or config.budget is not None
        for count in range(1 if limited else len(self.stage_bits), len(self.stage_bits) + 1):
            self._carrier(count)

    def carrier(self, layout: Layout) -> Carrier:
        """How the bits of a layout travel."""
        return self._carrier(layout.stages)

    def _carrier(self, stages: int) -> Carrier:
        if stages not in self._carriers:
            importance = self._importance[: sum(self.stage_bits[:stages])]
            config, who = self._config, f"scheme {self._config.name!r}"
            if isinstance(config.protection, SymbolProtection | AxesProtection):
                self._carriers[stages] = build_points(
                    config.protection, self._link, self._size, self.stage_bits[:stages], who
                )
            else:
                self._carriers[stages] = build_carrier(config.protection, self._link, importance, who)
        return self._carriers[stages]

    @property
    def finest(self) -> Carrier:
        """The carrier of all stages."""
        return self._carrier(len(self.stage_bits))

    def layout(self, allotment: Allotment) -> Layout | None:
        """What is sent within an allotment; None where not even the first stage fits."""
        grid, budget = self._mask.sent_grid(allotment.grid), allotment.budget
        if budget is None:
            return Layout.whole(grid, self.stage_bits)
        most = first_share(budget, self._config.kept_share, self._link)
        layout = Layout.that_fits(grid, self.stage_bits, capacity_bits(self._link, most))
        if layout is None:
            # Two streams may take a little less than one of all the bits; and a reserve is given up before the picture.
            first = Layout.whole(grid, self.stage_bits[:1])
            return first if self.least(allotment.grid) <= budget else None
        if self._config.last_stage == "whole" and layout.last < layout.vectors:
            return Layout.whole(grid, layout.stage_bits[:-1])
        return layout

    def too_small(self, allotment: Allotment) -> str:
        """Why nothing can be sent within an allotment."""
        what = "the indices" if len(self.stage_bits) == 1 else "the indices of the first stage"
        return f"{what} take {self.least(allotment.grid)} channel uses, the budget is {allotment.budget}"

    def least(self, grid: tuple[int, int]) -> int:
        """Channel uses of the first stage alone."""
        layout = Layout.whole(self._mask.sent_grid(grid), self.stage_bits[:1])
        streams = self.carrier(layout).streams(np.zeros(layout.source_bits, np.uint8), layout)
        return sum(ledger_of(stream.link, len(stream.bits)).channel_uses for stream in streams)
