"""Points that are in no part yet: where their lines lie, and their rows as columns, made as the points come.

So no line is parsed again, neither for tables in the middle of a run nor for a part, which would hold a run up for seconds.
"""

from collections.abc import Iterator

from linksim.results.storage.parts import Line, Part, in_memory

ROWS_PER_CHUNK = 1 << 14
"""Rows that are kept as they came, which takes more room than columns do."""


class Tail:
    """The points behind the last part, in the order in which they came."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._chunks: list[Part] = []
        self._fresh: list[Line] = []
        self._fresh_rows = 0
        self._last: tuple[int, Part] | None = None  # of `_fresh`, when it had so many lines
        self.rows = 0

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, point: str) -> bool:
        return point in self._places

    def place(self, point: str) -> tuple[int, int] | None:
        """Offset and length of a point's line; None where it is not here."""
        return self._places.get(point)

    def add(self, line: Line) -> None:
        """The next point."""
        self._places[line.record["point"]] = (line.offset, line.length)
        self._fresh.append(line)
        rows = len(line.record["rows"]["values"]) if "rows" in line.record else 0
        self.rows += rows
        self._fresh_rows += rows
        if self._fresh_rows >= ROWS_PER_CHUNK:
            self._chunks.append(in_memory(self._fresh))
            self._fresh, self._fresh_rows, self._last = [], 0, None

    def parts(self) -> Iterator[Part]:
        """All of them, as parts in memory."""
        yield from self._chunks
        if self._fresh:
            if self._last is None or self._last[0] != len(self._fresh):
                self._last = len(self._fresh), in_memory(self._fresh)
            yield self._last[1]
