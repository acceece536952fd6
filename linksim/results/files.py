"""`results.csv` and `images.parquet` are written: derived from the stored points alone, so equal points give equal bytes."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from linksim.common.writing import in_one_step
from linksim.results.aggregates import Row
from linksim.results.row import Column, columns, result_columns
from linksim.results.store import storage_error, write_atomically
from linksim.results.tables import summarize

SIGNIFICANT_DIGITS = 6


def write_tables(folder: Path, groups: Callable[[], Iterable[list[Row]]], metrics: tuple[str, ...]) -> list[Row]:
    """Write both tables; returns the lines of `results.csv`.

    Args:
        folder: results folder.
        groups: gives, for every scheme and SNR in order, all its rows; one group is in memory at a time.
        metrics: names of the metrics asked for.
    """
    lines = [summarize(rows, metrics) for rows in groups()]
    # The small table first: it may still fit where the large one does not.
    write_atomically(folder / "results.csv", results_csv(lines, metrics).encode())
    _write_images(folder / "images.parquet", groups(), columns(metrics))
    return lines


def results_csv(lines: list[Row], metrics: tuple[str, ...]) -> str:
    """Text of `results.csv`; numbers with six significant digits, cells without a value empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = result_columns(metrics)
    writer.writerow(names)
    writer.writerows([_cell(line[name]) for name in names] for line in lines)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.{SIGNIFICANT_DIGITS}g}"


def _write_images(path: Path, groups: Iterable[list[Row]], columns: Sequence[Column]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    try:
        with in_one_step(path) as partial, pq.ParquetWriter(partial, schema) as writer:
            for rows in groups:
                writer.write_table(pa.Table.from_pylist([_plain(row, columns) for row in rows], schema=schema))
    except OSError as error:
        raise storage_error(path, error) from None


def _plain(row: Row, columns: Sequence[Column]) -> Row:
    """The row with missing numbers as nulls."""
    values = {column.name: row.get(column.name) for column in columns}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}
