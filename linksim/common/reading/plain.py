"""Data of Python callers as plain data: text, numbers, true, false, None, lists and mappings, as a YAML file would
give them.
"""

import os
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from linksim.common.errors import InputError
from linksim.common.reading.yaml_core import MAX_DEPTH, MAX_VALUES

_MAX_BITS = 340
"""Of a whole number: about as many as `MAX_DIGITS` decimal digits have."""


def plain(data: Any, source: str) -> Any:
    """A copy of `data` made of plain values.

    Tuples, ranges and arrays (NumPy, pandas, TensorFlow, PyTorch) become lists, numbers of NumPy become Python's,
    paths their text, exact fractions `numerator/denominator`, and pydantic models their fields.

    Raises:
        InputError: another kind of value, a key that is no text, or a structure that is too deep or too large, as one
            with itself inside; one line that names the place.
    """
    return _Copy(source).of(data, ())


class _Copy:
    def __init__(self, source: str) -> None:
        self._source = source
        self._values = 0

    def of(self, value: Any, place: tuple[str, ...]) -> Any:
        self._count(1, place)
        if len(place) > MAX_DEPTH:
            raise self._problem(place[:3], f"nested deeper than {MAX_DEPTH} levels, or contains itself")
        if value is None or type(value) in (bool, float):
            return value
        if type(value) is int:
            if value.bit_length() > _MAX_BITS:
                raise self._problem(place, f"a number of {value.bit_length():,} bits is too large")
            return value
        if type(value) is str:
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise self._problem(place, "the text is no valid Unicode")
            return value
        if isinstance(value, Mapping):
            return {self._key(key, place): self.of(item, (*place, str(key))) for key, item in value.items()}
        if isinstance(value, list | tuple | range):
            self._count(len(value), place)
            return [self.of(item, (*place, str(number))) for number, item in enumerate(value)]
        if isinstance(value, Fraction):
            return str(value)
        if isinstance(value, str):  # a subclass, such as numpy.str_; `str(value)` would be an Enum's own name
            return self.of(str.__str__(value), place)
        if isinstance(value, int):
            return self.of(int(value), place)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, os.PathLike):
            return self.of(os.fspath(value), place)
        if hasattr(value, "model_dump"):
            return self.of(value.model_dump(mode="json"), place)
        if hasattr(value, "__array__"):
            return self._array(value, place)
        raise self._problem(
            place, f"a value of type {type(value).__name__} cannot be used; give a number, text, a list or a mapping"
        )

    def _array(self, value: Any, place: tuple[str, ...]) -> Any:
        import numpy as np

        try:
            array = np.asarray(value)
        except Exception as error:  # whatever the array's own library raises, e.g. for one on a GPU
            raise self._problem(
                place, f"a value of type {type(value).__name__} cannot be read as an array ({error})"
            ) from error
        if array.dtype.kind not in "biufUO":
            raise self._problem(place, f"an array of {array.dtype} cannot be used; give real numbers or text")
        self._count(array.size, place)
        return self.of(array.tolist(), place)

    def _key(self, key: Any, place: tuple[str, ...]) -> str:
        if not isinstance(key, str):
            raise self._problem(place, f"key {str(key)[:40]!r} is no text; put it in quotes")
        return str(key)

    def _count(self, more: int, place: tuple[str, ...]) -> None:
        self._values += more
        if self._values > MAX_VALUES:
            raise self._problem(place[:3], f"more than {MAX_VALUES:,} values")

    def _problem(self, place: tuple[str, ...], what: str) -> InputError:
        where = f"{'.'.join(place)[:100]}: " if place else ""
        return InputError(" ".join(f"{self._source}: {where}{what}".split()))
