"""A table that a run did not leave as it is now is read in another process first.

What reads Parquet files ends the whole process for some kinds of damage, where an exception would be due. A file with
the hash that its run recorded is what was written, and is read at once.
"""

import hashlib
import subprocess
from functools import lru_cache
from pathlib import Path

from linksim.common.errors import InputError
from linksim.common.system import python
from linksim.results.reading.described import read_info

INVALID = 3
"""Exit status of a trial that finds values which are none."""
_SECONDS, _BYTES_PER_SECOND = 15, 2e7
"""A trial may take so long, and longer for a large file: some damage has it go on for ever."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recorded_sha256(folder: Path) -> str:
    """The hash of `images.parquet` that `run.json` has; "" where it has none."""
    try:
        tables = read_info(folder).get("tables")
    except InputError:
        return ""
    return str(tables.get("images.parquet", "")) if isinstance(tables, dict) else ""


def lethal(path: Path, recorded: str) -> str:
    """Why reading `path` would end this process, in a few words; "" where it does not.

    Args:
        path: a Parquet file, regular.
        recorded: the hash it was written with; another one, or "", has it tried.
    """
    try:
        status = path.stat()
        found = _hashed(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        return str(error.strerror)
    return "" if found == recorded else _tried(path, found)


@lru_cache(maxsize=64)
def _hashed(path: Path, _changed_ns: int, _bytes: int) -> str:
    """The hash of a file, which a command that reads it several times asks for each time."""
    return file_sha256(path)


@lru_cache(maxsize=64)
def _tried(path: Path, _sha256: str) -> str:
    """The outcome for a file of this content."""
    most = _SECONDS + path.stat().st_size / _BYTES_PER_SECOND
    code = "import sys; from linksim.results.reading.frames import try_images; try_images(sys.argv[1])"
    try:
        done = subprocess.run(
            [*python(code), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=most,
        )
    except subprocess.TimeoutExpired:
        return f"reading it takes more than {most:.0f} s"
    if done.returncode == INVALID:
        return "it holds values that are none, such as text that is not UTF-8"
    return f"what reads it ends with signal {-done.returncode}" if done.returncode < 0 else ""
