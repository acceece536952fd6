"""Numbers that stay exact: `0.0833`, `1/12` and "1/12" in a YAML file as fractions."""

import math
import re
from fractions import Fraction
from typing import Any

MAX_CHARACTERS = 40
"""Of a text; a longer one is a mistake, and exact arithmetic with it is slow."""
_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_TEXT = re.compile(rf"\s*\+?({_NUMBER})(?:[eE]([-+]?[0-9]{{1,3}}))?\s*(?:/\s*({_NUMBER})\s*)?", re.ASCII)


def exact_ratio(value: Any) -> Fraction:
    """A number above 0 as a fraction, decimals as they are written: 0.0833 is 833/10000, and 1/12 is no decimal at all.

    Args:
        value: a number of Python or NumPy, a `Fraction`, or a text such as `0.0833`, `1e-2` or `1/12`.

    Raises:
        ValueError: it is no number, not above 0, not finite, or divides by 0; says what is allowed.
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy
        value = value.item()
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        ratio = Fraction(value)
    elif isinstance(value, float) and math.isfinite(value):
        ratio = Fraction(repr(value))
    elif isinstance(value, str):
        ratio = _of_text(value)
    else:
        raise _problem(value)
    if ratio <= 0:
        raise _problem(value)
    return ratio


def _of_text(text: str) -> Fraction:
    found = _TEXT.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if not found:
        raise _problem(text)
    above, exponent, below = found.groups()
    ratio = Fraction(_decimal(above)) * Fraction(10) ** int(exponent or 0)
    divisor = Fraction(_decimal(below)) if below else Fraction(1)
    if divisor == 0:
        raise _problem(text)
    return ratio / divisor


def _decimal(text: str) -> str:
    return f"0{text}" if text.startswith(".") else text.rstrip(".") if text.endswith(".") else text


def _problem(value: Any) -> ValueError:
    text = repr(value)
    shown = text if len(text) <= 60 else text[:57] + "..."
    return ValueError(f"{shown} is not allowed; allowed: a number above 0, such as 0.0833 or 1/12")
