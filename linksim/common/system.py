"""What differs between operating systems: cores that may be used, other processes of this Python, and locks on files."""

import os
import sys
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def cache_folder() -> Path:
    """The user's cache: the folder `LINKSIM_CACHE`, or else the platform's, e.g. `~/.cache/linksim`."""
    if name := os.environ.get("LINKSIM_CACHE"):
        return Path(name)
    import pooch

    return Path(pooch.os_cache("linksim"))


def usable_cores() -> int:
    """Cores that this process may use: those it is bound to, or all where the system (macOS, Windows) has no such binding."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def python(code: str) -> list[str]:
    """The command that runs `code` in another process of this Python, which finds the modules that this one finds."""
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]


def lock(file: Any, wait: bool) -> None:
    """Lock an open file, or its descriptor, against other processes; the lock goes with the file, however the process ends.

    Raises:
        BlockingIOError: another process has it, and `wait` is false.
        OSError: the file system has no locks.
    """
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        _lock_on_windows(file if isinstance(file, int) else file.fileno(), wait)


_FAR = 2**40
"""Byte that is locked on Windows, where a lock keeps others from reading: far behind the end of any file."""


def _lock_on_windows(descriptor: int, wait: bool) -> None:
    import errno
    import msvcrt  # type: ignore[import-not-found, unused-ignore]
    import time

    locking: Any = msvcrt
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        while True:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            try:
                locking.locking(descriptor, locking.LK_NBLCK, 1)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):
                    raise
                if not wait:
                    raise BlockingIOError(errno.EAGAIN, "another process has the lock") from None
            time.sleep(0.1)
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)
