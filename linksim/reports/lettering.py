"""Names in figures as they are written: nothing is read as TeX, and what no font has is escaped, not a box.

Matplotlib takes `$...$` for mathematics, leaves legend entries that begin with `_` out, and draws a box where a font lacks a
character. Names of schemes, runs and pictures are their users' own and may be in any script.
"""

import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

FIRST_FONT = "DejaVu Sans"
"""Comes with Matplotlib."""

_INVISIBLE = "\u200c\u200d\ufe0e\ufe0f"
"""Joiners and variants inside of words and emoji: they have no glyph of their own."""


def plain(name: str) -> str:
    """`name` in one line: control characters and line breaks escaped, letters and their accents put together."""
    text = unicodedata.normalize("NFC", name)
    return "".join(c if c.isprintable() or c in _INVISIBLE else _escaped(c) for c in text)


def folded(name: str, width: int, lines: int = 3) -> str:
    """`name` over at most `lines` lines of `width` columns; an ellipsis stands for the rest.

    Wide characters (Unicode Standard Annex 11) take two columns.
    """
    rows, left = [""], name.strip()
    while left:
        end = _fitting(left, width)
        space = left.rfind(" ", 1, end + 1)
        end = space if end < len(left) and space > 0 else end
        rows.append(left[:end].rstrip())
        left = left[end:].lstrip()
    rows = rows[1:]
    if len(rows) > lines:
        last = rows[lines - 1]
        rows = [*rows[: lines - 1], _cut(last, width - 1) + "\N{HORIZONTAL ELLIPSIS}"]
    return "\n".join(rows)


def columns(text: str) -> int:
    """How many columns of a terminal the text is wide."""
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or character in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(text: str, width: int) -> str:
    """As much of the beginning as fits, nothing where that is too wide."""
    end = _fitting(text, width)
    return text[:end] if columns(text[:end]) <= width else ""


def _fitting(text: str, width: int) -> int:
    """How many characters of the text fit, at least one."""
    used = 0
    for i, character in enumerate(text):
        used += _columns(character)
        if used > width and i:
            return i
    return len(text)


@contextmanager
def fonts_for(texts: Iterable[str]) -> Iterator[Callable[[str], str]]:
    """Let Matplotlib use what fonts the `texts` need, in figures that are made and drawn inside.

    Gives `plain` for them, which also escapes characters that no font has; a warning names those.
    """
    import matplotlib as mpl

    needed = {c for text in texts for c in plain(text) if not c.isspace() and c not in _INVISIBLE}
    families, missing = _families(frozenset(needed - _characters_of(FIRST_FONT)))
    if missing - _named:
        _named.update(missing)
        shown = "".join(sorted(missing))[:20]
        warnings.warn(
            f"figures: no font of this machine has {shown}, so it is escaped there; install one, such as Noto Sans CJK",
            stacklevel=3,
        )
    with mpl.rc_context({"font.family": [FIRST_FONT, *families]}):
        yield lambda text: "".join(_escaped(c) if c in missing else c for c in plain(text))


_named: set[str] = set()
"""Characters that a warning has named already."""


def as_written(text: Any) -> Any:
    """The Matplotlib text, with its words taken literally."""
    text.set_parse_math(False)
    text.set_usetex(False)
    return text


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else repr(character)[1:-1]


@cache
def _families(characters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Installed families that together have `characters`, those with most of them first, and what none has."""
    missing, chosen = set(characters), []
    names = sorted(_files()) if missing else []
    while missing:
        best = max(names, key=lambda name: (len(missing & _characters_of(name)), "Sans" in name), default="")
        found = missing & _characters_of(best)
        if not found:
            break
        chosen.append(best)
        missing -= found
    return tuple(chosen), frozenset(missing)


@cache
def _files() -> dict[str, str]:
    """Files of the installed families that can be taken: upright, of usual weight, outlines."""
    from matplotlib.font_manager import fontManager

    # A font of last resort has a box for every character; emoji in colours are no outlines.
    no_outlines = ("Last Resort", "LastResort", "Color")
    return {
        entry.name: entry.fname
        for entry in fontManager.ttflist
        if entry.weight in (400, "normal", "regular", "book")
        and entry.style == "normal"
        and not any(words in entry.name for words in no_outlines)
    }


@cache
def _characters_of(family: str) -> frozenset[str]:
    """Those that a family has glyphs for; none where its file cannot be used."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(map(chr, get_font(_files()[family]).get_charmap()))
    except Exception:  # fonts that are damaged, gone, or of bitmaps
        return frozenset()
