"""Append-only store of finished points: one checksummed line each, written by one process.

A line is `<16 hex digits of SHA-256> <JSON>\\n`. A kill or a full disk can only leave a torn line; it fails its
checksum and is skipped, so the point in it is simulated again and everything before and after it counts.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError, LinksimError
from linksim.common.system import lock
from linksim.common.writing import in_one_step

FILE_NAME = "points.jsonl"


class StorageError(LinksimError):
    """Results could not be written: disk full, folder read-only or gone."""


def _line(record: dict[str, Any]) -> bytes:
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(body).hexdigest()[:16].encode() + b" " + body + b"\n"


def _record(line: bytes) -> dict[str, Any] | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(body).hexdigest()[:16].encode() != checksum or not line.endswith(b"\n"):
        return None
    record: dict[str, Any] = json.loads(body)
    return record


def scan(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Offset, length and record of every whole line in the file; torn lines are passed over."""
    if not path.exists():
        return
    with path.open("rb") as file:
        offset = 0
        for line in file:
            record = _record(line)
            if record is not None:
                yield offset, len(line), record
            offset += len(line)


class PointStore:
    """Finished points of a results folder, by id.

    Only where each point lies in the file is kept in memory, not the rows.

    Args:
        folder: the results folder.
        write: open for appending (creates the file, takes its lock) or for reading only.

    Raises:
        InputError: another process is writing into the folder.
        StorageError: the file cannot be opened.
    """

    def __init__(self, folder: Path, write: bool = False) -> None:
        self.path = folder / FILE_NAME
        self._file = self._open() if write else None
        self._places = {record["point"]: (offset, length) for offset, length, record in scan(self.path)}

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

    def __contains__(self, point: str) -> bool:
        return point in self._places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, point: str) -> dict[str, Any]:
        offset, length = self._places[point]
        with self.path.open("rb") as file:
            file.seek(offset)
            record = _record(file.read(length))
        if record is None:
            raise StorageError(f"{self.path}: changed while it was read; run again")
        return record

    def add(self, record: dict[str, Any]) -> None:
        """Append a finished point (`record["point"]` is its id); on return it is in the operating system's hands.

        A point that is already there is left as it is, so work done twice is counted once.
        """
        if self._file is None:
            raise RuntimeError("the store is open for reading only")
        if record["point"] in self._places:
            return
        line = _line(record)
        try:
            if self._torn():
                line = b"\n" + line
            written = os.write(self._file.fileno(), line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            end = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise storage_error(self.path, error) from None
        length = len(line.lstrip(b"\n"))
        self._places[record["point"]] = (end - length, length)

    def _torn(self) -> bool:
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
