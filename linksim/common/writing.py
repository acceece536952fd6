"""Writing files: in one step, and with one line that names the file where it cannot be done."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from linksim.common.errors import WriteError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An `OSError` inside becomes a `WriteError` that names `path`, such as a full disk or a folder that is read-only."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise WriteError(
            f"{path}: cannot be written ({reason}); give a writable place with room", error.errno
        ) from None


def make_writable(folder: Path) -> Path:
    """Make `folder` and write a byte into it, before there is work that could be lost.

    Raises:
        WriteError: it cannot be made or written.
    """
    probe = folder / f".{os.getpid()}.probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"?")
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(
            f"--out {folder}: cannot be written ({error.strerror}); give a writable folder", error.errno
        ) from None
    return folder


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Another path to write to, which takes the place of `path` at the end: readers see the old file or the new one.

    Where something goes wrong nothing is left of it. An `OSError` is the caller's to name.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill the file `path` in one step: a reader sees the old one or the new one, never a part.

    Raises:
        WriteError: it cannot be written.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_one_step(path) as partial, partial.open("wb") as file:
            write(file)


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` into the file `path` in one step. Raises `WriteError`: it cannot be written."""
    write_whole(path, lambda file: file.write(data))
