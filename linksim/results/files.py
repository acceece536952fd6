"""`results.csv` and `images.parquet` are written: derived from the stored points alone, so equal points give equal bytes."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.writing import in_one_step
from linksim.results.aggregates import Rows
from linksim.results.frame import Frame, Row
from linksim.results.row import Column, columns, result_columns
from linksim.results.storage.store import storage_error, write_atomically
from linksim.results.tables import summarize

SIGNIFICANT_DIGITS = 6


def write_tables(folder: Path, groups: Iterable[Rows], metrics: tuple[str, ...]) -> list[Row]:
    """Write both tables; returns the lines of `results.csv`.

    Args:
        folder: results folder.
        groups: for every scheme and SNR in order, all its rows; one group is in memory at a time.
        metrics: names of the metrics asked for.
    """
    lines: list[Row] = []

    def summarized() -> Iterator[Frame]:
        for rows in groups:
            frame = Frame.of(rows)
            lines.append(summarize(frame, metrics))
            yield frame

    frames = summarized()
    try:
        _write_images(folder / "images.parquet", frames, columns(metrics))
    finally:
        # The small table may still fit where the large one did not.
        for _ in frames:
            pass
        write_atomically(folder / "results.csv", results_csv(lines, metrics).encode())
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


def _write_images(path: Path, frames: Iterable[Frame], columns: Sequence[Column]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _arrow_type(column)) for column in columns])
    try:
        with in_one_step(path) as partial, pq.ParquetWriter(partial, schema) as writer:
            for frame in frames:
                writer.write_table(pa.table([_array(frame, column) for column in columns], schema=schema))
    except OSError as error:
        raise storage_error(path, error) from None


def _arrow_type(column: Column) -> Any:
    import pyarrow as pa

    return {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[column.type]


def _array(frame: Frame, column: Column) -> Any:
    """A column with missing numbers as nulls."""
    import pyarrow as pa

    if column.type is str:
        codes, texts = frame.texts(column.name)
        indices = pa.array(codes, mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string())).cast(pa.string())
    values = frame.numbers(column.name)
    missing = np.isnan(values)
    kind = {int: np.int64, float: np.float64, bool: np.bool_}[column.type]
    return pa.array(np.where(missing, 0, values).astype(kind), _arrow_type(column), mask=missing)
