"""How often each point is sent: a fixed number, or until its interval is narrow enough."""

import math
from collections.abc import Callable

from linksim.results.aggregates import Row
from linksim.results.statistics import estimate
from linksim.runner.plan import Wanted
from linksim.scenario import Scenario


def first_round(scenario: Scenario) -> Wanted:
    """The repetitions that every point gets."""
    return {(s.name, snr): scenario.sweep.repetitions for s in scenario.schemes for snr in scenario.sweep.snrs}


def next_round(scenario: Scenario, wanted: Wanted, rows: Callable[[str, float], list[Row]]) -> Wanted:
    """Repetitions wanted after the intervals of the finished ones; equal to `wanted` when all points are done.

    The interval's half-width shrinks with one over the square root of the number of values, so the spread seen
    so far says how many repetitions will do. The decision looks at stored rows only: a resumed run takes the same.
    """
    precision = scenario.sweep.precision
    if precision is None:
        return wanted
    result = dict(wanted)
    for (scheme, snr_db), repetitions in wanted.items():
        values = [row["psnr_db"] for row in rows(scheme, snr_db) if row["status"] == "ok"]
        width = estimate(values).half_width
        if not math.isfinite(width) or width <= precision.psnr_db or repetitions >= precision.max_repetitions:
            continue
        needed = math.ceil(repetitions * (width / precision.psnr_db) ** 2)
        result[scheme, snr_db] = min(max(needed, repetitions + 1), precision.max_repetitions)
    return result
