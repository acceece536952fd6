"""The known name that somebody meant who mistyped it."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean psnr?`, to be put behind an error; "" where no name in `known` is near."""
    close = difflib.get_close_matches(word[:60].lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
