"""A validation card: small measurements, what they are to be, where that is from, and what came out."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from linksim.common.errors import LinksimError
from linksim.data.store.catalog import GROUPS, ITEMS
from linksim.data.store.locate import find


@dataclass(frozen=True)
class Check:
    """One measured number and the range it has to lie in.

    Attributes:
        what: what was measured, such as `64-QAM at 19 dB`.
        measured: the number; one that is not finite never passes.
        expected: the published value or that of the closed form; None where a range alone is known.
        low, high: ends of the range, both allowed.
        unit: such as `dB`; empty for pure numbers.
    """

    what: str
    measured: float
    expected: float | None
    low: float
    high: float
    unit: str = ""

    @property
    def passed(self) -> bool:
        return math.isfinite(self.measured) and self.low <= self.measured <= self.high


def within(what: str, measured: float, expected: float, tolerance: float, unit: str = "") -> Check:
    """A check with `tolerance` to either side of `expected`."""
    return Check(what, float(measured), expected, expected - tolerance, expected + tolerance, unit)


def within_share(what: str, measured: float, expected: float, share: float, unit: str = "") -> Check:
    """A check with `share` of `expected` to either side of it."""
    return within(what, measured, expected, share * abs(expected), unit)


def between(what: str, measured: float, low: float, high: float, unit: str = "") -> Check:
    """A check of a range."""
    return Check(what, float(measured), None, low, high, unit)


@dataclass(frozen=True)
class Card:
    """A small computation with known results.

    Attributes:
        name: what `linksim verify` calls it.
        title: what is computed, in a few words.
        source: where the expected values are from.
        tolerance: why the ranges are as wide as they are.
        measure: gives the checks; True asks for the short form, which continuous integration runs.
        needs: names of data sets and weights (or groups of them) without which the card is skipped.
    """

    name: str
    title: str
    source: str
    tolerance: str
    measure: Callable[[bool], Iterable[Check]]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of a card; `reason` says why it was skipped, or what failed beside checks."""

    card: Card
    status: Literal["passed", "failed", "skipped"]
    checks: tuple[Check, ...] = ()
    reason: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; a number that is not finite is null."""
        card = self.card
        return {
            "card": card.name,
            "status": self.status,
            "title": card.title,
            "source": card.source,
            "tolerance": card.tolerance,
            "reason": self.reason,
            "seconds": round(self.seconds, 2),
            "checks": [
                {
                    "what": check.what,
                    "measured": check.measured if math.isfinite(check.measured) else None,
                    "expected": check.expected,
                    "low": check.low,
                    "high": check.high,
                    "unit": check.unit,
                    "passed": check.passed,
                }
                for check in self.checks
            ],
        }


def judge(card: Card, short: bool = False) -> Verdict:
    """Measure a card. An error of linksim's own fails it; data that is not on this machine skips it, and is not fetched."""
    absent = [name for name in card.needs if not all(find(ITEMS[item]) for item in GROUPS.get(name, (name,)))]
    if absent:
        return Verdict(card, "skipped", reason=f"{', '.join(absent)} missing; linksim data fetch {' '.join(absent)}")
    start = time.perf_counter()
    try:
        checks = tuple(card.measure(short))
    except LinksimError as error:
        return Verdict(card, "failed", reason=str(error), seconds=time.perf_counter() - start)
    passed = bool(checks) and all(check.passed for check in checks)
    return Verdict(card, "passed" if passed else "failed", checks, seconds=time.perf_counter() - start)
