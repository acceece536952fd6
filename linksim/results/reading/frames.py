"""The tables of a results folder as pandas frames, once their files are known to be sound."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.files import unfit
from linksim.metrics.registry import OWN
from linksim.results.lines import AGAIN, parse_lines, table_text
from linksim.results.reading.trial import INVALID, lethal, recorded_sha256
from linksim.results.row import COLUMNS

MAX_BYTES = 1 << 32
"""Of the columns of an `images.parquet` together, once unpacked: 4 GiB."""
_TYPES = {
    str: {"string", "large_string"},
    int: {"int64", "double"},
    float: {"double", "int64"},
    bool: {"bool"},
}
_ANY = set().union(*_TYPES.values(), {"null"})
_COLUMN_TYPES = {column.name: column.type for column in COLUMNS} | {m.column: float for m in OWN}
_NEEDED = ("scheme", "snr_db", "image", "repetition")


def read_results(folder: Path) -> Any:
    """`results.csv` of a folder as a pandas frame. Raises `InputError` where there is none, or it is damaged."""
    import pandas as pd

    text = table_text(folder)
    parse_lines(folder, text)
    types = {"scheme": str, "status": str, "settings": str}
    return pd.read_csv(io.StringIO(text), dtype=types, keep_default_na=False, na_values=[""])


def read_images(folder: Path, columns: Sequence[str] | None = None) -> Any:
    """`images.parquet` of a folder as a pandas frame, or those of `columns` that it has.

    Raises `InputError` where there is none, or it is damaged.
    """
    path = Path(folder) / "images.parquet"
    if not os.path.lexists(path):
        raise InputError(f"{folder}: holds no images.parquet; give a folder that `linksim run` has written")
    reason = unfit(path) or lethal(path, recorded_sha256(folder)) or unlike(path)
    if reason:
        raise _damaged(path, reason)
    import pandas as pd
    import pyarrow.parquet as pq

    try:
        if columns is not None:
            there = pq.read_schema(path).names
            columns = [name for name in columns if name in there]
        return pd.read_parquet(path, columns=columns)
    except Exception as error:  # pyarrow raises a dozen types on damaged pages
        raise _damaged(path, _said(error)) from error


def try_images(path: str) -> None:
    """Read all of an `images.parquet`, in a process that may end by it.

    Exits with `INVALID` for values that are none, such as text that is not UTF-8; what else is wrong is for others to say.
    """
    import pyarrow.parquet as pq

    if unlike(Path(path)):
        return
    try:
        table = pq.read_table(path)
    except Exception:  # said where it is read
        return
    try:
        table.validate(full=True)
    except Exception:
        sys.exit(INVALID)


def _empty(groups: Sequence[Any], column: str) -> bool:
    """Whether a column has no value in any row: whatever type it was written with, nothing is lost."""
    for group in groups:
        parts = [group.column(i) for i in range(group.num_columns)]
        found = [part.statistics for part in parts if part.path_in_schema == column]
        if len(found) != 1 or found[0] is None or not found[0].has_null_count or found[0].null_count != group.num_rows:
            return False
    return True


def unlike(path: Path) -> str:
    """Why a file is no `images.parquet`, by what its footer claims, before memory is taken for it; "" where it is."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            found, schema = file.metadata, file.schema_arrow
            groups = [found.row_group(i) for i in range(found.num_row_groups)]
            size = sum(group.column(i).total_uncompressed_size for group in groups for i in range(group.num_columns))
            rows = sum(group.num_rows for group in groups)
    except Exception as error:
        return _said(error)
    if size > MAX_BYTES or size < 0:
        return f"its columns claim {size:,} bytes, more than {MAX_BYTES:,}"
    if rows != found.num_rows or not 0 <= rows * len(schema.names) <= MAX_BYTES // 8:
        return f"it claims {found.num_rows:,} rows of {len(schema.names)} columns"
    for name in _NEEDED:
        if schema.names.count(name) != 1:
            return f"it has no column {name}, as a table of another version or program"
    for column in schema.names:
        kind, allowed = str(schema.field(column).type), _TYPES.get(_COLUMN_TYPES.get(column, object), _ANY)
        if kind not in allowed and not _empty(groups, column):
            return f"its column {column} is of type {kind}, not {' or '.join(sorted(allowed))}"
    return ""


def _said(error: Exception) -> str:
    return " ".join(str(error)[:160].split()) or type(error).__name__


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: is no table of linksim ({reason}); {AGAIN}")
