"""The parts of a results folder together: which points they have, and rows of a scheme and SNR out of all of them."""

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linksim.results.frame import Frame
from linksim.results.storage.parts import FOLDER, Group, Part, Stretch, frame_of, keys_of, stored_parts, write_part


class Columns:
    """The parts that fit the journal.

    Args:
        folder: the results folder.
        checksum_at: the checksum of the journal's line that ends at a byte; "" where none does.
    """

    def __init__(self, folder: Path, checksum_at: Callable[[int], str]) -> None:
        self._folder, self._checksum_at = folder, checksum_at
        self.parts: list[Part] = []
        self.end = 0
        for stretch, part in stored_parts(folder):
            if stretch.start != self.end or checksum_at(stretch.end) != stretch.checksum:
                break
            self.parts.append(part)
            self.end = stretch.end
        self._index()

    def _index(self) -> None:
        """Keys of all points sorted by their first half, with the places of their lines."""
        nothing = np.zeros((0, 2), np.uint64)
        keys = np.concatenate([nothing, *(part.keys for part in self.parts)])
        order = np.argsort(keys[:, 0], kind="stable")
        self._keys = keys[order]
        places = [np.stack([part.offsets, part.lengths], -1) for part in self.parts]
        self._places = np.concatenate([np.zeros((0, 2), np.int64), *places])[order]

    def __len__(self) -> int:
        return len(self._keys)

    def known(self, points: Sequence[str]) -> np.ndarray:
        """Which of these points are there, bool `[points]`."""
        if not len(self._keys):
            return np.zeros(len(points), bool)
        return matches(self._keys, keys_of(points)) >= 0

    def place(self, point: str) -> tuple[int, int] | None:
        """Offset and length of a point's line; None where it is not there."""
        if not len(self._keys):
            return None
        found = int(matches(self._keys, keys_of([point]))[0])
        return None if found < 0 else (int(self._places[found, 0]), int(self._places[found, 1]))

    def add(self, end: int, parts: list[Part]) -> bool:
        """Make a part of those in memory that hold the journal's lines from the last part to byte `end`; False where it
        cannot be written.
        """
        if not self.parts:  # of another journal
            shutil.rmtree(self._folder / FOLDER, ignore_errors=True)
        stretch = Stretch(self.end, end, self._checksum_at(end))
        try:
            self.parts.append(write_part(self._folder, len(self.parts) + 1, stretch, parts))
        except OSError:
            return False
        self.end = end
        self._index()
        return True


def matches(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Number in `known` uint64 `[n, 2]`, sorted by its first column, of each key `wanted` `[m, 2]`; -1 for none."""
    if not len(known):
        return np.full(len(wanted), -1)
    found = np.minimum(np.searchsorted(known[:, 0], wanted[:, 0]), len(known) - 1)
    return np.where((known[found] == wanted).all(-1), found, -1)


def selected(parts: Sequence[Part], group: Group, points: Iterable[str]) -> tuple[Frame, list[dict[str, Any]]]:
    """The points of a scheme and SNR among `points` that the parts have, in the order of `points`.

    Returns:
        Their rows, and `seconds` and `skipped` of each.
    """
    chosen = [found for part in parts if (found := part.select(group)) is not None]
    asked = keys_of(points if chosen else ())
    if not len(asked):
        return Frame({}, {}, 0), []
    keys = np.concatenate([one.keys for one in chosen])
    counts = np.concatenate([one.counts for one in chosen])
    tables = [one.rows for one in chosen]
    before = np.cumsum([0, *(table.num_rows for table in tables)])[:-1]
    starts = np.concatenate([one.starts + rows for one, rows in zip(chosen, before, strict=True)])
    order = np.argsort(keys[:, 0], kind="stable")
    numbers = matches(keys[order], asked)
    places = order[numbers[numbers >= 0]]
    counts, starts = counts[places], starts[places]
    # The rows of each point lie together: their numbers are start, start + 1, ...
    firsts = np.cumsum(counts) - counts
    rows = np.repeat(starts - firsts, counts) + np.arange(int(counts.sum()))
    infos = [text for one in chosen for text in one.infos.to_pylist()]
    return frame_of(tables).where(rows), [json.loads(infos[place]) for place in places]
