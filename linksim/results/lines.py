"""The lines of a `results.csv`, read back as numbers and words, once the file is known to be whole."""

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.metrics.registry import metrics
from linksim.results.frame import Row
from linksim.results.row import result_columns

TEXT = ("scheme", "status", "settings")
IDENTITY = ("scheme", "snr_db", "status")
"""Columns without which nothing can be read of a table."""

MAX_BYTES = 1 << 26
"""64 MiB: of a `results.csv`."""
AGAIN = "run the scenario again to write it anew"
_ADVICE = "give a folder that `linksim run` has written"


def read_lines(folder: Path, needed: Sequence[str] = ()) -> list[Row]:
    """The lines of a run's `results.csv`; empty cells are NaN.

    Raises:
        InputError: there is none, it is damaged, it has no lines, or it lacks a column of `needed`.
    """
    return parse_lines(folder, table_text(folder), needed)


def parse_lines(folder: Path, text: str, needed: Sequence[str] = ()) -> list[Row]:
    """The lines in the `text` of a run's `results.csv`, as of `read_lines`."""
    path = Path(folder) / "results.csv"
    header, *lines = _cells(path, text)
    for name in (*IDENTITY, *needed):
        if name not in header:
            raise InputError(f"{path}: has no column {name}, as a table of another version or program; {AGAIN}")
    if not lines:
        raise InputError(f"{path}: no results in it; run the scenario first")
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    numeric = _numeric(header)
    return [_checked(path, i, row, numeric) for i, row in enumerate(rows, start=2)]


def table_text(folder: Path) -> str:
    """The text of a run's `results.csv`. Raises `InputError` where there is none."""
    path = Path(folder) / "results.csv"
    if not os.path.lexists(path):
        raise InputError(f"{folder}: holds no results.csv; {_ADVICE}")
    try:
        text = read_bytes(path, MAX_BYTES, AGAIN).decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no table (not UTF-8 text); {AGAIN}") from None
    if not text.strip():
        raise InputError(f"{path}: is empty; {AGAIN}")
    return text


def _cells(path: Path, text: str) -> list[list[str]]:
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: is no table ({error}); {AGAIN}") from None
    if "\0" in text:
        raise InputError(f"{path}: is no table (a zero byte); {AGAIN}")
    if len(set(table[0])) < len(table[0]):
        raise InputError(f"{path}: is no table (two columns of one name); {AGAIN}")
    for number, line in enumerate(table, start=1):
        if len(line) != len(table[0]):
            what = f"line {number} has {len(line)} cells, not {len(table[0])} as the first"
            raise InputError(f"{path}: is cut or damaged ({what}); {AGAIN}")
    if not text.endswith("\n"):
        raise InputError(f"{path}: is cut or damaged (its last line does not end); {AGAIN}")
    return table


def _checked(path: Path, number: int, line: dict[str, str], numeric: Sequence[str]) -> Row:
    """A line with its numbers, those of the columns `numeric` among them. Raises `InputError` for one that no run has written."""
    row: Row = {name: text if name in TEXT else _value(text) for name, text in line.items()}
    wrong = next((name for name in numeric if isinstance(row[name], str)), "")
    if not wrong and not (isinstance(row["snr_db"], float) and math.isfinite(row["snr_db"])):
        wrong = "snr_db"
    if wrong:
        raise InputError(
            f"{path}: is damaged (line {number}: {wrong} is {line[wrong][:40]!r}, not a finite number); {AGAIN}"
        )
    if not row["scheme"].strip() or row["status"] not in ("ok", "infeasible"):
        what = f"scheme {row['scheme'][:40]!r} has status {row['status'][:40]!r}"
        raise InputError(f"{path}: is damaged (line {number}: {what}); {AGAIN}")
    return row


def _numeric(header: Sequence[str]) -> list[str]:
    """Columns that hold numbers alone; those of metrics that are not installed here are not known."""
    words = {*TEXT, *(m.size_column for m in metrics().values())}
    return [name for name in result_columns(metrics()) if name in header and name not in words]


def _value(text: str) -> float | str:
    """The finite number in a cell, NaN for an empty one, the text where it is neither."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def number(line: Row, column: str) -> float:
    """The finite number in a column; NaN where there is none."""
    value = line.get(column, math.nan)
    return value if isinstance(value, int | float) and math.isfinite(value) else math.nan


def measured(lines: Iterable[Row]) -> list[str]:
    """Names of the metrics that have a value in one of the lines."""
    lines = list(lines)
    return [name for name, m in metrics().items() if any(not math.isnan(number(line, m.column)) for line in lines)]
