"""Standard streams as a program needs them, also where a shell or a service manager has closed some."""

import codecs
import os
import sys
from typing import TextIO

PLAIN = "linksim.plain"
"""How characters are written that a console does not have."""

_PLAIN = {"±": "+-", "−": "-", "–": "-", "×": "x", "…": "...", "≥": ">=", "≤": "<="}


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Signs in other words, all else escaped."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in part), error.end


codecs.register_error(PLAIN, _plainly)


def open_streams() -> None:
    """Open what is closed, and let no character fail to be written.

    With stderr closed, messages go to stdout; with stdout closed, results go nowhere. The file descriptors 0 to 2 are filled in any
    case: the next file to be opened would get the number, and what libraries print would be written into it.
    """
    missing = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in missing:
        # The lowest free number is taken, so that this is `number`.
        os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = _writer(1)
    if sys.stderr is None:
        if 1 not in missing:
            os.dup2(1, 2)
        sys.stderr = _writer(2)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _writer(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", errors=PLAIN, buffering=1, closefd=False)
