"""The lines of a `results.csv`, read back as numbers and words."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from linksim.common.errors import InputError
from linksim.metrics.registry import metrics
from linksim.results.aggregates import Row

TEXT = ("scheme", "status", "settings")


def read_lines(folder: Path) -> list[Row]:
    """The lines of a run's `results.csv`; empty cells are NaN. Raises `InputError` where there are none."""
    path = Path(folder) / "results.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{folder}: holds no results.csv; give a folder that `linksim run` has written") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give a folder that `linksim run` has written") from error
    if not lines or not {"scheme", "snr_db", "status"} <= set(lines[0]):
        raise InputError(f"{path}: no results in it; run the scenario first")
    return [{name: text if name in TEXT else _value(text or "") for name, text in line.items()} for line in lines]


def _value(text: str) -> float | str:
    """The number in a cell, NaN for an empty one, the text where it is no number."""
    try:
        return float(text or "nan")
    except ValueError:
        return text


def number(line: Row, column: str) -> float:
    """The finite number in a column; NaN where there is none."""
    value = line.get(column, math.nan)
    return value if isinstance(value, int | float) and math.isfinite(value) else math.nan


def measured(lines: Iterable[Row]) -> list[str]:
    """Names of the metrics that have a value in one of the lines."""
    lines = list(lines)
    return [name for name, m in metrics().items() if any(not math.isnan(number(line, m.column)) for line in lines)]
