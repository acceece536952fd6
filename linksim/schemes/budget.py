"""Budgets: the most channel uses that a scheme may take for an image, as a number or as another scheme's."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from linksim.common.reading.ratio import exact_ratio
from linksim.link.coding.config import HarqConfig
from linksim.link.config import LinkConfig

Unit = Literal["rho", "channel_uses", "bpp"]
MOST: dict[Unit, int] = {"rho": 1000, "channel_uses": 10**12, "bpp": 1000}
UNITS: tuple[Unit, ...] = ("rho", "channel_uses", "bpp")


@dataclass(frozen=True)
class Budget:
    """A budget that is given as a number.

    Attributes:
        unit: `rho`, channel uses per real source value (`3 H W` of them); `channel_uses`, per image; or `bpp`,
            payload bits per pixel over the scheme's link.
        value: the number, exact.
    """

    unit: Unit
    value: Fraction

    def channel_uses(self, size: tuple[int, int], link: LinkConfig) -> int:
        """Most channel uses for an image of `size` (height, width), never rounded up."""
        height, width = size
        if self.unit == "rho":
            return math.floor(self.value * 3 * height * width)
        if self.unit == "channel_uses":
            return math.floor(self.value)
        blocks = math.floor(self.value * height * width) // link.payload_bits_per_block
        return link.channel_uses(blocks * link.symbols_per_block)


def first_share(channel_uses: int, reserve: float, link: LinkConfig) -> int:
    """What a budget leaves for the first transmissions: all of it, or all but the share `reserve` with HARQ."""
    return math.floor(channel_uses * (1 - reserve)) if link.harq.repeats else channel_uses


def budget_number(unit: Unit, value: float | str) -> Fraction:
    """A number as a scenario gives it, `0.0833`, `2000` or `1/12`, exact.

    Raises:
        ValueError: it is no number above 0; one line that says what is allowed.
    """
    try:
        number = exact_ratio(value)
    except ValueError as error:
        raise ValueError(f"{unit}: {error}") from None
    if number > MOST[unit]:
        raise ValueError(
            f"{unit}: {str(value)[:40]} is not allowed; allowed: a number above 0 and at most {MOST[unit]:,}"
        )
    return number


def budget_chain(name: str, configs: Mapping[str, Any]) -> list[str]:
    """The scheme `name`, then the scheme that sets its budget (`rate_match`), and so on to one without.

    Args:
        configs: what has a `rate_match`, by name: configurations or schemes.

    Raises:
        ValueError: the chain names no scheme, or is a circle.
    """
    chain = [name]
    while (following := configs[chain[-1]].rate_match) is not None:
        if following not in configs:
            others = ", ".join(other for other in configs if other != chain[-1]) or "none"
            raise ValueError(f"schemes.{chain[-1]}.rate_match: no scheme is named {following!r}; allowed: {others}")
        if following in chain:
            raise ValueError(f"schemes: rate_match goes in a circle: {' -> '.join([*chain, following])}")
        chain.append(following)
    return chain


def refuse_open_budgets(link: LinkConfig, configs: Mapping[str, Any]) -> None:
    """Refuse a budget that follows a scheme which sends blocks again without a limit, and a share kept for nothing.

    Args:
        link: the scenario's.
        configs: the schemes' configurations by name.

    Raises:
        ValueError: nobody knows beforehand how many channel uses that other scheme takes; or a `reserve` without HARQ.
    """
    for name, config in configs.items():
        if getattr(config, "reserve", None) is not None and not _harq(config, link).repeats:
            raise ValueError(
                f"schemes.{name}.reserve: {config.reserve:g} is kept for sending blocks again, but harq is none; leave reserve out, "
                "or give link.harq"
            )
        followed = configs.get(config.rate_match)
        if followed is None or followed.rate_match is not None or getattr(followed, "budget", None) is not None:
            continue
        harq = _harq(followed, link)
        if harq.repeats:
            raise ValueError(
                f"schemes.{name}.rate_match: {followed.name!r} sends blocks again (harq {harq.kind}) without a budget of its "
                "own, so its channel uses are not known beforehand; give it one (rho, channel_uses or bpp) or "
                "harq: {kind: none}"
            )


def _harq(config: Any, link: LinkConfig) -> HarqConfig:
    """What a scheme sends again by: its own HARQ, or else the link's; none for symbols."""
    return HarqConfig() if getattr(config, "sends_symbols", False) else getattr(config, "harq", None) or link.harq
