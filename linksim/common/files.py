"""A user's file as bytes, once its kind and size are known to be fit: devices, pipes and folders are refused unread."""

import os
import stat
from pathlib import Path

from linksim.common.errors import InputError

_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


def unfit(path: str | os.PathLike[str], most_bytes: int | None = None) -> str:
    """Why `path` is not read, in a few words; "" where it is a regular file of at most `most_bytes` bytes."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return "it is a link to nothing" if os.path.islink(path) else "no such file"
    except OSError as error:
        return str(error.strerror)
    except ValueError:  # a zero byte in the name
        return "no file can have such a name"
    if not stat.S_ISREG(status.st_mode):
        return next((words for is_kind, words in _KINDS if is_kind(status.st_mode)), "it is no regular file")
    if most_bytes is not None and status.st_size > most_bytes:
        return f"it has {status.st_size:,} bytes, more than {most_bytes:,}"
    return ""


def read_bytes(path: str | os.PathLike[str], most_bytes: int, advice: str) -> bytes:
    """The content of a regular file of at most `most_bytes` bytes.

    Raises:
        InputError: one line with the path, the reason and `advice` (what to give instead).
    """
    reason = unfit(path, most_bytes)
    data = b""
    if not reason:
        try:
            with Path(path).open("rb") as stream:
                data = stream.read(most_bytes + 1)
        except OSError as error:
            reason = str(error.strerror)
        if len(data) > most_bytes:  # files of the kernel have no size until they are read
            reason = f"it has more than {most_bytes:,} bytes"
    if not reason:
        return data
    said = reason if reason == "no such file" else f"cannot be read ({reason})"
    raise InputError(f"{shown(path)}: {said}; {advice}")


def shown(path: str | os.PathLike[str]) -> str:
    """The path in one line that every terminal can show: what is no printable character is escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
