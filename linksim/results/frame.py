"""Rows as columns: what tables are computed from, however many there are."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Row = dict[str, Any]
"""Values by column; NaN where there is none."""


class Frame:
    """Some rows. Numbers are float64 with NaN for what is missing; words are numbers of a list of words, -1 for a missing one.

    Args:
        numbers: float64 `[rows]` by column.
        words: by column, int `[rows]` and the words that they stand for.
        length: number of rows.
    """

    def __init__(
        self, numbers: Mapping[str, np.ndarray], words: Mapping[str, tuple[np.ndarray, Sequence[str]]], length: int
    ) -> None:
        self._numbers, self._words, self._length = numbers, words, length

    @classmethod
    def of(cls, rows: "Frame | Iterable[Row]") -> "Frame":
        """A frame of rows; a frame as it is."""
        if isinstance(rows, Frame):
            return rows
        rows = list(rows)
        names = dict.fromkeys(name for row in rows for name in row)
        return cls.from_values({name: [row.get(name, math.nan) for row in rows] for name in names}, len(rows))

    @classmethod
    def from_values(cls, columns: Mapping[str, Sequence[Any]], length: int) -> "Frame":
        """A frame of columns of Python values; a column with a text in it is one of words."""
        numbers: dict[str, np.ndarray] = {}
        words: dict[str, tuple[np.ndarray, Sequence[str]]] = {}
        for name, values in columns.items():
            kinds = set(map(type, values))
            if any(issubclass(kind, str) for kind in kinds):
                found: dict[str, int] = {}
                codes = [found.setdefault(v, len(found)) if isinstance(v, str) else -1 for v in values]
                words[name] = np.array(codes, np.int32), list(found)
            else:
                known = [math.nan if v is None else v for v in values] if type(None) in kinds else values
                numbers[name] = np.array(known, np.float64)
        return cls(numbers, words, length)

    def __len__(self) -> int:
        return self._length

    def where(self, chosen: np.ndarray) -> "Frame":
        """The rows that a mask or an array of row numbers chooses."""
        numbers = {name: values[chosen] for name, values in self._numbers.items()}
        words = {name: (codes[chosen], texts) for name, (codes, texts) in self._words.items()}
        length = int(np.count_nonzero(chosen)) if chosen.dtype == bool else len(chosen)
        return Frame(numbers, words, length)

    def numbers(self, column: str) -> np.ndarray:
        """The column as float64 `[rows]`, NaN where there is no number."""
        found = self._numbers.get(column)
        return np.full(self._length, math.nan) if found is None else found

    def codes(self, column: str) -> np.ndarray:
        """Numbers `[rows]` that are equal where the column is."""
        return self._words[column][0] if column in self._words else self.numbers(column)

    def has_words(self, column: str) -> bool:
        """Whether the column is one of words."""
        return column in self._words

    def is_word(self, column: str, word: str) -> np.ndarray:
        """Where the column has this word, bool `[rows]`."""
        codes, texts = self.texts(column)
        return np.isin(codes, [code for code, text in enumerate(texts) if text == word])

    def words(self, column: str) -> list[str]:
        """The different words of a column, by their first row."""
        codes, texts = self.texts(column)
        found, places = np.unique(codes[codes >= 0], return_index=True)
        return [texts[code] for code in found[np.argsort(places)]]

    def first(self, column: str) -> Any:
        """The first row's value: a text, or a number."""
        if column in self._words:
            codes, texts = self._words[column]
            return texts[int(codes[0])] if codes[0] >= 0 else ""
        return float(self.numbers(column)[0])

    def texts(self, column: str) -> tuple[np.ndarray, Sequence[str]]:
        """A column of words as codes and their texts; -1 everywhere where there is no such column."""
        return self._words.get(column, (np.full(self._length, -1, np.int32), []))
