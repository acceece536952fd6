"""How the rows of one scheme and SNR become one line: what each kind of column contributes to `results.csv`."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

from linksim.metrics.metric import Metric
from linksim.results.statistics import Estimate, Total, members, proportion, ratio, totals

Row = dict[str, Any]
"""Values by column; NaN where there is none."""


@dataclass(frozen=True)
class Aggregate:
    """Columns of `results.csv` that are made of a column of the rows.

    Attributes:
        columns: their names.
        of: from the rows to their values.
        always: whether a point that is infeasible has them, too. They are then made of all rows, otherwise of those
            that were sent.
    """

    columns: tuple[str, ...]
    of: Callable[[Sequence[Row]], tuple[Any, ...]]
    always: bool = False


MakeAggregate = Callable[[str], Aggregate]
"""From a column's name to what the line says of it."""


def values_of(rows: Sequence[Row], column: str) -> list[float]:
    """The column as numbers, without the missing ones."""
    values = (float(row.get(column, math.nan)) for row in rows)
    return [value for value in values if not math.isnan(value)]


def sample_of(rows: Sequence[Row], column: str, weight: str = "") -> list[Total]:
    """Sums of the column over each image of `rows`, or over each fade of a lone image; weights are 1 or a column."""
    whose = members([row["image"] for row in rows], [row["repetition"] for row in rows])
    return totals(
        (member, float(row.get(column, math.nan)), float(row[weight]) if weight else 1.0)
        for member, row in zip(whose, rows, strict=True)
    )


def estimate_of(rows: Sequence[Row], column: str) -> Estimate:
    """Mean of a metric with its interval."""
    return ratio(sample_of(rows, column))


def first(column: str) -> Aggregate:
    """The value that all rows share."""
    return Aggregate((column,), lambda rows: (rows[0][column],), always=True)


def count_as(name: str) -> MakeAggregate:
    """How many different values there are."""
    return lambda column: Aggregate((name,), lambda rows: (len({row[column] for row in rows}),), always=True)


def mean(column: str) -> Aggregate:
    """Mean of the values that are there."""

    def of(rows: Sequence[Row]) -> float:
        values = values_of(rows, column)
        return math.fsum(values) / len(values) if values else math.nan

    return Aggregate((column,), lambda rows: (of(rows),))


def rate_as(name: str, total: str = "") -> MakeAggregate:
    """Sum of the column over the number of rows or the sum of the column `total`, with its 95 % interval."""

    def of(rows: Sequence[Row], column: str) -> tuple[float, ...]:
        rate = proportion(sample_of(rows, column, total), len(rows))
        return rate.mean, rate.low, rate.high

    return lambda column: Aggregate((name, f"{name}_low", f"{name}_high"), lambda rows: of(rows, column))


def share_as(name: str, total: str) -> MakeAggregate:
    """Sum of the column over the sum of the column `total`, without an interval."""

    def of(rows: Sequence[Row], column: str) -> tuple[float]:
        whole = math.fsum(values_of(rows, total))
        return (math.fsum(values_of(rows, column)) / whole if whole else math.nan,)

    return lambda column: Aggregate((name,), lambda rows: of(rows, column))


def per_block(column: str) -> Aggregate:
    """Mean number of transmissions of a block with its 95 % interval, and the 95th percentile over the blocks of all images:
    the least number that so large a part of them did not exceed.
    """

    def of(rows: Sequence[Row]) -> tuple[float, ...]:
        blocks = [
            json.loads(row["blocks_by_transmissions"])
            for row in rows
            if isinstance(row.get("blocks_by_transmissions"), str)
        ]
        counts = [sum(taken) for taken in zip_longest(*blocks, fillvalue=0)]
        if not sum(counts):
            return (math.nan,) * 4
        estimate = ratio(sample_of(rows, "n_transmissions", "n_blocks"))
        reached = [so_far >= 0.95 * sum(counts) for so_far in accumulate(counts)]
        return estimate.mean, estimate.low, estimate.high, 1 + reached.index(True)

    return Aggregate((column, *(f"{column}_{end}" for end in ("low", "high", "p95"))), of)


def quality_of(metric: Metric) -> MakeAggregate:
    """Mean of a metric with its 95 % interval, and its mean over the pictures that were not lost.

    Where the metric depends on the image's size there is a column more that says how. Images that differ in it have
    no mean.
    """

    def of(rows: Sequence[Row], column: str) -> tuple[Any, ...]:
        every = estimate_of(rows, column)
        success = estimate_of([row for row in rows if not row["outage"]], column)
        values = every.mean, every.low, every.high, success.mean
        if not metric.by_size:
            return values
        found = metric.by_size.found(
            (row["height"], row["width"]) for row in rows if not math.isnan(row.get(column, math.nan))
        )
        return (*([math.nan] * len(values) if metric.by_size.why_empty([found]) else values), found)

    names = ("", "_low", "_high", "_given_success", *([f"_{metric.by_size.name}"] if metric.by_size else []))
    return lambda column: Aggregate(tuple(f"{column}{name}" for name in names), lambda rows: of(rows, column))


def feasibility(column: str) -> Aggregate:
    """`status`, infeasible if any image is, and how many are."""

    def of(rows: Sequence[Row]) -> tuple[str, int]:
        unsent = len({row["image"] for row in rows if row[column] != "ok"})
        return ("infeasible" if unsent else "ok"), unsent

    return Aggregate((column, "n_infeasible"), of, always=True)


def shared_settings(column: str) -> Aggregate:
    """The settings that all sent images share, such as the code an adaptive scheme chose, as JSON."""

    def of(rows: Sequence[Row]) -> tuple[str]:
        settings = [json.loads(row[column]) for row in rows if row["status"] == "ok"]
        if not settings:
            return ("{}",)
        shared = {key: value for key, value in settings[0].items() if all(s.get(key) == value for s in settings)}
        return (json.dumps(shared, sort_keys=True),)

    return Aggregate((column,), of, always=True)
