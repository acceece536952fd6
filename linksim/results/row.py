"""The columns of a row, the one place that lists them: name, type, and what `results.csv` says of them.

A row is of one image, sent once by one scheme at one SNR. A column of metrics comes with its metric; any other new
column is one line at the end of `COLUMNS`, and what `results.csv` makes of it comes last there.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from linksim.common.errors import InputError
from linksim.metrics.registry import ALWAYS, OWN, metric
from linksim.results.aggregates import (
    MakeAggregate,
    Row,
    count_as,
    feasibility,
    first,
    mean,
    per_block,
    quality_of,
    rate_as,
    share_as,
    shared_settings,
)


@dataclass(frozen=True)
class Column:
    """A column of the rows.

    Attributes:
        name: in `images.parquet`.
        type: `str`, `int`, `float` or `bool`; numbers may be missing.
        aggregate: what `results.csv` makes of it; None for nothing.
        ledger: whether it counts something that was sent, and streams of an image add up.
    """

    name: str
    type: type
    aggregate: MakeAggregate | None = None
    ledger: bool = False


COLUMNS = (
    Column("scheme", str, first),
    Column("snr_db", float, first),
    Column("repetition", int, count_as("repetitions")),
    Column("image", str, count_as("n_images")),
    Column("height", int),
    Column("width", int),
    Column("status", str, feasibility),
    Column("reason", str),
    Column("ebn0_db", float, mean),
    Column("source_bits", int, ledger=True),
    Column("filler_bits", int, ledger=True),
    Column("crc_bits", int, ledger=True),
    Column("information_bits", int, ledger=True),
    Column("coded_bits", int, ledger=True),
    Column("channel_uses", int, mean, ledger=True),
    Column("n_blocks", int, ledger=True),
    Column("rho", float, mean),
    Column("bpp", float, mean),
    Column("bit_errors", int, rate_as("ber", "source_bits")),
    Column("block_errors", int, rate_as("bler", "n_blocks")),
    Column("outage", bool, rate_as("outage_rate")),
    Column("iterations", float, mean),
    Column("settings", str, shared_settings),
    Column("prefix_samples", int, share_as("time_overhead", "channel_uses"), ledger=True),
    Column("n_transmissions", int, ledger=True),
    Column("transmissions", float, per_block),
    Column("blocks_by_transmissions", str),
)

LEDGER = tuple(column.name for column in COLUMNS if column.ledger)
"""Columns that count what was sent: the fields of `linksim.link.Ledger`."""

# Readers find these columns of `results.csv` by their place; later ones come behind them.
_FRONT = ("scheme", "snr_db", "ebn0_db", "n_images")
_BEHIND_METRICS = (
    *("ber", "bler", "outage_rate", "rho", "bpp", "channel_uses", "status"),
    *("repetitions", "n_infeasible", "iterations"),
)


def columns(metrics: Iterable[str] = ()) -> tuple[Column, ...]:
    """All columns of a row, in order, metrics before the settings.

    Those of linksim's own metrics are always there, so that tables can be stacked.

    Raises:
        InputError: a metric's column has the name of another column.
    """
    taken = {name for column in COLUMNS for name in (column.name, *_made_of(column))}
    found: list[Column] = []
    for name in dict.fromkeys((*(own.name for own in OWN), *metrics)):
        column = Column(metric(name).column, float, quality_of(metric(name)))
        new = {column.name, *_made_of(column)}
        if taken & new:
            raise InputError(f"metric {name!r}: its column {column.name!r} is another one's; give it another `column`")
        found.append(column)
        taken |= new
    place = [column.name for column in COLUMNS].index("settings")
    return (*COLUMNS[:place], *found, *COLUMNS[place:])


def _made_of(column: Column) -> tuple[str, ...]:
    return column.aggregate(column.name).columns if column.aggregate else ()


def table_metrics(metrics: Iterable[str]) -> tuple[str, ...]:
    """Metrics with columns in `results.csv`: those that are always there, then the others asked for."""
    return tuple(dict.fromkeys((*ALWAYS, *metrics)))


def result_columns(metrics: Iterable[str]) -> list[str]:
    """Columns of `results.csv`, in order."""
    shown = [metric(name).column for name in table_metrics(metrics)]
    order = [*_FRONT, *(f"{name}{end}" for name in shown for end in ("", "_low", "_high")), *_BEHIND_METRICS]
    order += [*(f"{name}_given_success" for name in shown), "settings"]
    further = [name for column in COLUMNS for name in _made_of(column)]
    further += [size for name in table_metrics(metrics) if (size := metric(name).size_column)]
    return list(dict.fromkeys((*order, *further)))


def empty_row(scheme: str, snr_db: float, repetition: int, image_id: str, size: tuple[int, int]) -> Row:
    """Row with the identity filled in and every measured value missing (NaN)."""
    row: Row = dict.fromkeys(_own_names(), math.nan)
    row.update(
        scheme=scheme,
        snr_db=snr_db,
        repetition=repetition,
        image=image_id,
        height=size[0],
        width=size[1],
        status="infeasible",
        reason="",
        outage=False,
        settings="{}",
    )
    return row


@cache
def _own_names() -> tuple[str, ...]:
    """Names of the columns that every row has."""
    return tuple(column.name for column in columns())


def pack(rows: list[Row]) -> dict[str, Any]:
    """Rows as columns and values, without repeating the names."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {"columns": names, "values": [[row.get(name, math.nan) for name in names] for row in rows]}


def unpack(packed: dict[str, Any]) -> list[Row]:
    """Inverse of `pack`."""
    return [dict(zip(packed["columns"], values, strict=True)) for values in packed["values"]]
