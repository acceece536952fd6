"""Append-only store of finished points: one checksummed line each, written by one process.

A line is `<16 hex digits of SHA-256> <JSON>\\n`. A kill or a full disk can only leave a torn line; it fails its
checksum and is skipped, so the point in it is simulated again and everything before and after it counts.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError, WriteError
from linksim.common.system import lock
from linksim.common.writing import in_one_step
from linksim.results.frame import Frame
from linksim.results.storage.columns import Columns, selected
from linksim.results.storage.parts import ROWS_PER_PART, Line
from linksim.results.storage.tail import Tail

FILE_NAME = "points.jsonl"

_USUAL_LINE, _LONGEST_LINE = 1 << 16, 1 << 24
"""Bytes before a place in which the line that ends there is looked for, first and at most."""


class StorageError(WriteError):
    """Results could not be written: disk full, folder read-only or gone. Exit status 1."""

    exit_status = 1


def _line(record: dict[str, Any]) -> bytes:
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(body).hexdigest()[:16].encode() + b" " + body + b"\n"


def _record(line: bytes) -> dict[str, Any] | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(body).hexdigest()[:16].encode() != checksum or not line.endswith(b"\n"):
        return None
    record: dict[str, Any] = json.loads(body)
    return record


def scan(path: Path, start: int = 0) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Offset, length and record of every whole line in the file from byte `start` on; torn lines are passed over."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        offset = start
        for line in file:
            record = _record(line)
            if record is not None:
                yield offset, len(line), record
            offset += len(line)


class PointStore:
    """Finished points of a results folder, by id.

    Its rows are held as columns, too: in parts on disk (`results.storage.parts`), so that a long file is parsed once, and the last ones in
    memory (`results.storage.tail`).

    Args:
        folder: the results folder.
        write: open for appending (creates the file, takes its lock) or for reading only.
        rows_per_part: rows after which the last lines become a part.

    Raises:
        InputError: another process is writing into the folder.
        StorageError: the file cannot be opened.
    """

    def __init__(self, folder: Path, write: bool = False, rows_per_part: int = ROWS_PER_PART) -> None:
        self.path = folder / FILE_NAME
        self._rows_per_part = rows_per_part
        self._file = self._open() if write else None
        self._columns = Columns(folder, self._checksum_at)
        self._tail = Tail()
        self._retry_at = rows_per_part  # rows of the tail with which a part is made
        self._end = self._columns.end
        self._torn = False
        for offset, length, record in scan(self.path, self._columns.end):
            if record["point"] not in self:
                self._enter(record, offset, length)
        if write:
            self._torn = self._ends_torn()

    def _open(self) -> Any:
        try:
            file = self.path.open("ab")
        except OSError as error:
            raise storage_error(self.path, error) from None
        try:
            lock(file, wait=False)
        except BlockingIOError:
            file.close()
            raise InputError(
                f"{self.path.parent}: another run is writing into this folder; wait for it or give another --out"
            ) from None
        except OSError as error:
            # Some network file systems have no locks; a lone writer needs none.
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise storage_error(self.path, error) from None
        return file

    def _checksum_at(self, end: int) -> str:
        """The checksum of the line that ends at byte `end` of the file; "" where none does."""
        try:
            with self.path.open("rb") as file:
                if end > os.fstat(file.fileno()).st_size:
                    return ""
                lines: list[bytes] = []
                before = _USUAL_LINE
                while len(lines) < 2 and before <= _LONGEST_LINE:  # the first of them is cut
                    start = max(0, end - before)
                    file.seek(start)
                    lines = file.read(end - start).splitlines(keepends=True)
                    if start == 0:
                        break
                    before *= 16
        except OSError:
            return ""
        return lines[-1][:16].decode("ascii", "replace") if lines and lines[-1].endswith(b"\n") else ""

    @property
    def end(self) -> int:
        """Bytes of the file up to the end of its last whole line."""
        return self._end

    def __contains__(self, point: str) -> bool:
        return point in self._tail or self._columns.place(point) is not None

    def known(self, points: Sequence[str]) -> np.ndarray:
        """Which of many points are there, bool `[points]`."""
        found = self._columns.known(points)
        return found | np.fromiter((point in self._tail for point in points), bool, len(points))

    def __len__(self) -> int:
        return len(self._tail) + len(self._columns)

    def __getitem__(self, point: str) -> dict[str, Any]:
        place = self._tail.place(point) or self._columns.place(point)
        if place is None:
            raise KeyError(point)
        with self.path.open("rb") as file:
            file.seek(place[0])
            record = _record(file.read(place[1]))
        if record is None:
            raise StorageError(f"{self.path}: changed while it was read; run again")
        return record

    def points(self, scheme: str, snr_db: float, points: Iterable[str]) -> tuple[Frame, list[dict[str, Any]]]:
        """Those of `points`, all of one scheme and SNR, that are there: their rows in this order, and `seconds` and
        `skipped` of each.
        """
        return selected([*self._columns.parts, *self._tail.parts()], (scheme, float(snr_db)), points)

    def add(self, record: dict[str, Any]) -> None:
        """Append a finished point (`record["point"]` is its id); on return it is in the operating system's hands.

        A point that is already there is left as it is, so work done twice is counted once.
        """
        if self._file is None:
            raise RuntimeError("the store is open for reading only")
        if record["point"] in self:
            return
        line = _line(record)
        try:
            if self._torn:
                line = b"\n" + line
            self._torn = True  # until all of it is written
            written = os.write(self._file.fileno(), line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            end = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise storage_error(self.path, error) from None
        self._torn = False
        length = len(line.lstrip(b"\n"))
        self._enter(record, end - length, length)

    def _enter(self, record: dict[str, Any], offset: int, length: int) -> None:
        self._tail.add(Line(offset, length, record))
        self._end = offset + length
        if self._file is not None and self._tail.rows >= self._retry_at:
            self._make_part()

    def _make_part(self) -> None:
        """Put the last points into a part. Where that fails, for want of space, they stay where they are."""
        if self._columns.add(self._end, list(self._tail.parts())):
            self._tail, self._retry_at = Tail(), self._rows_per_part
        else:
            self._retry_at = self._tail.rows + self._rows_per_part

    def _ends_torn(self) -> bool:
        """Whether the file ends in the middle of a line."""
        size = self.path.stat().st_size
        if size == 0:
            return False
        with self.path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) != b"\n"

    def close(self) -> None:
        """Give the file and its lock back; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def storage_error(path: Path, error: OSError) -> StorageError:
    """One line about a failed write, with what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "free some space and run again; the results so far are kept" if full else "give a writable --out"
    return StorageError(f"{path}: cannot be written ({error.strerror}); {advice}")


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` into `path` in one step: readers see the old file or the new one. Raises `StorageError`."""
    try:
        with in_one_step(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise storage_error(path, error) from None
