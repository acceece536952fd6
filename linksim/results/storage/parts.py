"""Stored points as columns: parts of the journal that are read by scheme and SNR without parsing it again.

A part holds the points of a stretch of the journal, `points.jsonl`, sorted by scheme and SNR. It is derived: it names the
stretch that it was made of and the checksum of its last line, and is made anew where they do not fit.

    DIR/points.columns/000001.rows.arrow      one record batch per scheme and SNR, rows of all their points
    DIR/points.columns/000001.points.arrow    one line per point: its key, its place in the journal and in the batch

The second file is written last: a part without it does not count.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.writing import in_one_step
from linksim.results.frame import Frame

FOLDER = "points.columns"
ROWS_PER_PART = 1 << 17
FORMAT = "1"

Group = tuple[str, float]
"""Scheme and SNR in dB."""


def keys_of(points: Iterable[str]) -> np.ndarray:
    """Ids of points as two numbers each, uint64 `[points, 2]`: 128 bits of their hash. No list of the ids is made."""
    digests = bytearray()
    for point in points:
        digests += hashlib.blake2b(point.encode(), digest_size=16).digest()
    return np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class Stretch:
    """What of the journal a part was made of: bytes `start` to `end`, and the checksum of its last line."""

    start: int
    end: int
    checksum: str


@dataclass(frozen=True)
class Line:
    """A record and where its line lies."""

    offset: int
    length: int
    record: dict[str, Any]


class Part:
    """Some points by group, in memory or on disk.

    Args:
        points: the table of points (see `part_of`).
        batches: rows of the groups, an Arrow table of one group by its number.
    """

    def __init__(self, points: Any, batches: Any) -> None:
        self._points, self._batches = points, batches
        keys = [points.column(name).to_numpy() for name in ("key_high", "key_low")]
        self.keys = np.stack(keys, -1)
        self.offsets, self.lengths = (points.column(name).to_numpy() for name in ("offset", "length"))
        self._starts, self._counts = (points.column(name).to_numpy() for name in ("start", "count"))
        groups = json.loads(points.schema.metadata[b"groups"])
        ends = np.cumsum([count for *_, count in groups], dtype=np.int64)
        self._groups = {
            (scheme, snr_db): (number, int(end) - count, int(end))
            for number, ((scheme, snr_db, count), end) in enumerate(zip(groups, ends, strict=True))
        }

    @property
    def groups(self) -> Iterable[Group]:
        """Schemes and SNRs of the points."""
        return self._groups

    def points_of(self, group: Group) -> Any:
        """The table of points of a group that is there."""
        _, first, last = self._groups[group]
        return self._points.slice(first, last - first)

    def select(self, group: Group) -> "Selection | None":
        """The points of a scheme and SNR; None where there are none."""
        if group not in self._groups:
            return None
        number, first, last = self._groups[group]
        place = slice(first, last)
        infos = self.points_of(group).column("info")
        return Selection(self.keys[place], self._starts[place], self._counts[place], infos, self._batches, number)


@dataclass(frozen=True)
class Selection:
    """Points of one scheme and SNR in a part."""

    keys: np.ndarray
    starts: np.ndarray
    counts: np.ndarray
    infos: Any
    batches: Any
    number: int

    @property
    def rows(self) -> Any:
        """Arrow table of the rows of all these points."""
        return self.batches(self.number)


def part_of(lines: list[Line]) -> tuple[Any, list[Any]]:
    """The table of points and the tables of rows of the groups, out of journal lines."""
    import pyarrow as pa

    by_group: dict[Group, list[Line]] = {}
    for line in lines:
        by_group.setdefault((line.record["scheme"], float(line.record["snr_db"])), []).append(line)
    ordered = [line for group in sorted(by_group) for line in by_group[group]]
    counts = np.array([len(line.record["rows"]["values"]) for line in ordered], np.int64)
    starts: list[int] = []
    batches = []
    place = 0
    for group in sorted(by_group):
        size = len(by_group[group])
        starts.extend(np.cumsum([0, *counts[place : place + size]])[:-1].tolist())
        batches.append(_table([line.record["rows"] for line in by_group[group]]))
        place += size
    keys = keys_of(line.record["point"] for line in ordered)
    info = [
        json.dumps({"seconds": line.record.get("seconds", {}), "skipped": line.record.get("skipped", {})})
        for line in ordered
    ]
    points = pa.table(
        {
            "key_high": keys[:, 0],
            "key_low": keys[:, 1],
            "offset": np.array([line.offset for line in ordered], np.int64),
            "length": np.array([line.length for line in ordered], np.int64),
            "start": np.array(starts, np.int64),
            "count": counts,
            "info": pa.array(info, pa.string()),
        }
    )
    return _with_groups(points, {group: len(by_group[group]) for group in sorted(by_group)}), batches


def _with_groups(points: Any, counts: dict[Group, int]) -> Any:
    """A table of points that says of which group they are, by the number of points of each, in order."""
    groups = [(scheme, snr_db, count) for (scheme, snr_db), count in counts.items()]
    return points.replace_schema_metadata({"groups": json.dumps(groups), "format": FORMAT})


def _merged(parts: Sequence[Part]) -> tuple[Any, list[Any]]:
    """The table of points and the tables of rows of the groups of several parts, each group's in the order of the parts."""
    import pyarrow as pa

    points, batches = [], []
    counts: dict[Group, int] = {}
    for group in sorted({group for part in parts for group in part.groups}):
        chosen = [(part.points_of(group), found.rows) for part in parts if (found := part.select(group)) is not None]
        place = 0
        for table, rows in chosen:
            starts = table.column("start").to_numpy() + place
            points.append(table.set_column(table.column_names.index("start"), "start", pa.array(starts)))
            place += rows.num_rows
        batches.append(_joined([rows for _, rows in chosen]))
        counts[group] = sum(table.num_rows for table, _ in chosen)
    return _with_groups(pa.concat_tables(points), counts), batches


def _table(packed: list[dict[str, Any]]) -> Any:
    """Packed rows of several points as one Arrow table: words as dictionaries, everything else as float64."""
    import pyarrow as pa

    names = list(
        dict.fromkeys(name for columns in {tuple(rows["columns"]): None for rows in packed} for name in columns)
    )
    values: dict[str, list[Any]] = {name: [] for name in names}
    for own, some in groupby(packed, key=itemgetter("columns")):  # nearly always one for all
        lines = [line for rows in some for line in rows["values"]]
        columns = dict(zip(own, zip(*lines, strict=True), strict=False))
        empty = [math.nan] * len(lines)
        for name in names:
            values[name].extend(columns.get(name, empty))
    frame = Frame.from_values(values, sum(len(rows["values"]) for rows in packed))
    arrays: dict[str, Any] = {}
    for name in names:
        if frame.has_words(name):
            codes, texts = frame.texts(name)
            indices = pa.array(codes, mask=codes < 0)
            arrays[name] = pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))
        else:
            arrays[name] = frame.numbers(name)
    return pa.table(arrays)


def _joined(tables: list[Any]) -> Any:
    """Tables of rows, one below the other, with one list of words for each column."""
    import pyarrow as pa

    words = {field.name for table in tables for field in table.schema if pa.types.is_dictionary(field.type)}
    alike = []
    for table in tables:
        for name in words & set(table.column_names):
            place = table.column_names.index(name)
            if not pa.types.is_dictionary(table.schema.field(place).type):  # nothing but missing values
                nothing = pa.nulls(table.num_rows, pa.dictionary(pa.int32(), pa.string()))
                table = table.set_column(place, name, nothing)
        alike.append(table)
    return pa.concat_tables(alike, promote_options="permissive").unify_dictionaries()


def in_memory(lines: list[Line]) -> Part:
    """A part of lines that stays in memory."""
    points, batches = part_of(lines)
    return Part(points, batches.__getitem__)


def write_part(folder: Path, number: int, stretch: Stretch, parts: Sequence[Part]) -> Part:
    """Make part `number` of a results folder out of those in memory of a stretch of its journal. Raises `OSError`."""
    import pyarrow as pa
    from pyarrow import ipc

    points, batches = _merged(parts)
    base = folder / FOLDER
    base.mkdir(exist_ok=True)
    whole = _joined(batches)
    options = ipc.IpcWriteOptions(compression="lz4")
    with (
        in_one_step(base / f"{number:06}.rows.arrow") as partial,
        ipc.new_file(partial, whole.schema, options=options) as writer,
    ):
        place = 0
        for batch in batches:
            found = whole.slice(place, batch.num_rows).combine_chunks().to_batches()
            writer.write_batch(found[0] if found else pa.RecordBatch.from_pylist([], whole.schema))
            place += batch.num_rows
    metadata = {"start": str(stretch.start), "end": str(stretch.end), "checksum": stretch.checksum}
    points = points.replace_schema_metadata({**points.schema.metadata, **metadata})
    with (
        in_one_step(base / f"{number:06}.points.arrow") as partial,
        ipc.new_file(partial, points.schema) as writer,  # as it is, so that it is read where it lies, not copied
    ):
        writer.write_table(points)
    return _OnDisk(base, number).part


class _OnDisk:
    """A part's two files, mapped into memory."""

    def __init__(self, base: Path, number: int) -> None:
        import pyarrow as pa
        from pyarrow import ipc

        self._rows = base / f"{number:06}.rows.arrow"
        with pa.memory_map(str(base / f"{number:06}.points.arrow")) as file:
            points = ipc.open_file(file).read_all().combine_chunks()
        if points.schema.metadata.get(b"format") != FORMAT.encode():
            raise ValueError("another format")
        said = {name: points.schema.metadata[name.encode()].decode() for name in ("start", "end", "checksum")}
        self.stretch = Stretch(int(said["start"]), int(said["end"]), said["checksum"])
        self.part = Part(points, self._batch)

    @cached_property
    def _reader(self) -> Any:
        import pyarrow as pa
        from pyarrow import ipc

        return ipc.open_file(pa.memory_map(str(self._rows)))

    def _batch(self, number: int) -> Any:
        import pyarrow as pa

        return pa.Table.from_batches([self._reader.get_batch(number)])


def stored_parts(folder: Path) -> Iterator[tuple[Stretch, Part]]:
    """The parts of a results folder in order, up to the first that is missing or cannot be read."""
    number = 1
    while (folder / FOLDER / f"{number:06}.points.arrow").is_file():
        try:
            found = _OnDisk(folder / FOLDER, number)
            found._reader  # noqa: B018
        except (OSError, ValueError, KeyError):
            return
        yield found.stretch, found.part
        number += 1


def frame_of(tables: list[Any]) -> Frame:
    """Arrow tables of rows as one frame."""
    import pyarrow as pa

    table = _joined(tables).combine_chunks()
    numbers: dict[str, np.ndarray] = {}
    words: dict[str, tuple[np.ndarray, list[str]]] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            chunks = column.chunks
            texts = chunks[0].dictionary.to_pylist() if chunks else []
            codes = [np.asarray(chunk.indices.fill_null(-1)) for chunk in chunks]
            words[name] = np.concatenate([np.zeros(0, np.int32), *codes]), texts
        else:
            numbers[name] = column.to_numpy() if column.null_count == 0 else column.fill_null(math.nan).to_numpy()
    return Frame(numbers, words, table.num_rows)
