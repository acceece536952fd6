"""How the rows of one scheme and SNR become one line: what each kind of column contributes to `results.csv`."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

import numpy as np

from linksim.metrics.metric import Metric
from linksim.results.frame import Frame, Row
from linksim.results.statistics import Estimate, Sample, proportion, ratio

Rows = Frame | Iterable[Row]
"""Rows as a frame, or one by one."""


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
    of: Callable[[Frame], tuple[Any, ...]]
    always: bool = False


MakeAggregate = Callable[[str], Aggregate]
"""From a column's name to what the line says of it."""


def values_of(rows: Frame, column: str) -> np.ndarray:
    """The column as numbers, without the missing ones."""
    values = rows.numbers(column)
    return values[~np.isnan(values)]


def sample_of(rows: Rows, column: str, weight: str = "") -> Sample:
    """Sums of the column over each image of `rows`, or over each fade of a lone image; weights are 1 or a column.

    Missing values are left out, and so are members of the sample that have no other.
    """
    frame = Frame.of(rows)
    images = frame.codes("image")
    lone = len(frame) == 0 or bool((images == images[0]).all())
    members = frame.codes("repetition") if lone else images
    values = frame.numbers(column)
    weights = frame.numbers(weight) if weight else np.ones(len(values))
    there = ~np.isnan(values) & (weights > 0)
    # By their first row, so that the sample does not depend on how members are numbered.
    _, places, numbers = np.unique(members[there], return_index=True, return_inverse=True)
    order = np.argsort(places)
    sums = [np.bincount(numbers, part[there], len(places))[order] for part in (values, weights)]
    return Sample(*sums)


def estimate_of(rows: Rows, column: str) -> Estimate:
    """Mean of a metric with its interval."""
    return ratio(sample_of(rows, column))


def first(column: str) -> Aggregate:
    """The value that all rows share."""
    return Aggregate((column,), lambda rows: (rows.first(column),), always=True)


def count_as(name: str) -> MakeAggregate:
    """How many different values there are."""
    return lambda column: Aggregate((name,), lambda rows: (len(np.unique(rows.codes(column))),), always=True)


def mean(column: str) -> Aggregate:
    """Mean of the values that are there."""

    def of(rows: Frame) -> float:
        values = values_of(rows, column).tolist()
        return math.fsum(values) / len(values) if values else math.nan

    return Aggregate((column,), lambda rows: (of(rows),))


def rate_as(name: str, total: str = "") -> MakeAggregate:
    """Sum of the column over the number of rows or the sum of the column `total`, with its 95 % interval."""

    def of(rows: Frame, column: str) -> tuple[float, ...]:
        rate = proportion(sample_of(rows, column, total), len(rows))
        return rate.mean, rate.low, rate.high

    return lambda column: Aggregate((name, f"{name}_low", f"{name}_high"), lambda rows: of(rows, column))


def share_as(name: str, total: str) -> MakeAggregate:
    """Sum of the column over the sum of the column `total`, without an interval."""

    def of(rows: Frame, column: str) -> tuple[float]:
        whole = math.fsum(values_of(rows, total))
        return (math.fsum(values_of(rows, column)) / whole if whole else math.nan,)

    return lambda column: Aggregate((name,), lambda rows: of(rows, column))


def per_block(column: str) -> Aggregate:
    """Mean number of transmissions of a block with its 95 % interval, and the 95th percentile over the blocks of all images:
    the least number that so large a part of them did not exceed.
    """

    def of(rows: Frame) -> tuple[float, ...]:
        codes, texts = rows.texts("blocks_by_transmissions")
        found, times = np.unique(codes[codes >= 0], return_counts=True)
        blocks = [[int(n) * count for count in json.loads(texts[i])] for i, n in zip(found, times, strict=True)]
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

    def of(rows: Frame, column: str) -> tuple[Any, ...]:
        every = estimate_of(rows, column)
        success = estimate_of(rows.where(rows.numbers("outage") == 0), column)
        values = every.mean, every.low, every.high, success.mean
        if not metric.by_size:
            return values
        measured = ~np.isnan(rows.numbers(column))
        sizes = np.unique(np.stack([rows.numbers("height")[measured], rows.numbers("width")[measured]], -1), axis=0)
        found = metric.by_size.found((int(height), int(width)) for height, width in sizes)
        return (*([math.nan] * len(values) if metric.by_size.why_empty([found]) else values), found)

    names = ("", "_low", "_high", "_given_success", *([f"_{metric.by_size.name}"] if metric.by_size else []))
    return lambda column: Aggregate(tuple(f"{column}{name}" for name in names), lambda rows: of(rows, column))


def feasibility(column: str) -> Aggregate:
    """`status`, infeasible if any image is, and how many are."""

    def of(rows: Frame) -> tuple[str, int]:
        unsent = len(np.unique(rows.codes("image")[~rows.is_word(column, "ok")]))
        return ("infeasible" if unsent else "ok"), unsent

    return Aggregate((column, "n_infeasible"), of, always=True)


def shared_settings(column: str) -> Aggregate:
    """The settings that all sent images share, such as the code an adaptive scheme chose, as JSON."""

    def of(rows: Frame) -> tuple[str]:
        settings = [json.loads(text) for text in rows.where(rows.is_word("status", "ok")).words(column)]
        if not settings:
            return ("{}",)
        shared = {key: value for key, value in settings[0].items() if all(s.get(key) == value for s in settings)}
        return (json.dumps(shared, sort_keys=True),)

    return Aggregate((column,), of, always=True)
