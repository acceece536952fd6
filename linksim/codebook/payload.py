"""The order of a payload: stage by stage, so that fewer stages are a prefix of more, as is a part of the last one."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from linksim.common.errors import InputError


@dataclass(frozen=True)
class Layout:
    """The order of the bits in a payload.

    The first stage goes from vector to vector along the rows of their grid. The vectors of each further stage come in
    `spread_order`, and the last stage may end before the grid does. Within a stage the bits of a vector stay
    together, head by head, most significant first.

    Attributes:
        grid: rows and columns of the vectors.
        stage_bits: bits of a vector in each stage that is sent.
        last: vectors of which the last of these stages is sent; 1 to all.

    Raises:
        InputError: no stage, or a part of the only one.
    """

    grid: tuple[int, int]
    stage_bits: tuple[int, ...]
    last: int

    def __post_init__(self) -> None:
        least = self.vectors if len(self.stage_bits) == 1 else min(1, self.vectors)
        if not self.stage_bits or not least <= self.last <= self.vectors:
            raise InputError(
                f"{len(self.stage_bits)} stages, the last of {self.last} of {self.vectors} vectors; "
                "give at least one stage, the first for all vectors, the last for 1 or more"
            )

    @classmethod
    def whole(cls, grid: tuple[int, int], stage_bits: tuple[int, ...]) -> "Layout":
        """All vectors of a grid in every stage."""
        return cls(grid, stage_bits, grid[0] * grid[1])

    @classmethod
    def that_fits(cls, grid: tuple[int, int], stage_bits: tuple[int, ...], most_bits: int) -> "Layout | None":
        """The longest payload of at most `most_bits` bits; None where not even the first stage fits.

        A function of what transmitter and receiver both know, so nothing about it has to be sent. It is also the
        longest of no more bits than it takes itself.
        """
        vectors = grid[0] * grid[1]
        if not vectors:
            return cls.whole(grid, stage_bits)
        if vectors * stage_bits[0] > most_bits:
            return None
        left, sent, last = most_bits, 0, vectors
        while sent < len(stage_bits) and last == vectors and left >= stage_bits[sent]:
            last = min(vectors, left // stage_bits[sent])
            left -= last * stage_bits[sent]
            sent += 1
        return cls(grid, stage_bits[:sent], last)

    @property
    def vectors(self) -> int:
        """Their number n."""
        return self.grid[0] * self.grid[1]

    def settings(self) -> dict[str, int]:
        """The layout as the settings of a row."""
        return {"stages": self.stages, "vectors_of_last_stage": self.last}

    @property
    def stages(self) -> int:
        """Stages that are sent, the last one perhaps for some vectors only."""
        return len(self.stage_bits)

    @property
    def counts(self) -> tuple[int, ...]:
        """Vectors that are sent in each stage."""
        return (*[self.vectors] * (self.stages - 1), self.last)

    @property
    def source_bits(self) -> int:
        """Length of the payload."""
        return sum(count * bits for count, bits in zip(self.counts, self.stage_bits, strict=True))

    def order(self, stage: int) -> np.ndarray | slice:
        """Numbers of the vectors that are sent in a stage (from 0), in the order in which they are sent."""
        if stage == 0:
            return slice(None)
        return spread_order(*self.grid)[: self.counts[stage]]

    def part(self, stage: int) -> slice:
        """Where in the payload a stage is."""
        first = sum(count * bits for count, bits in zip(self.counts[:stage], self.stage_bits[:stage], strict=True))
        return slice(first, first + self.counts[stage] * self.stage_bits[stage])

    def bit_of_vector(self) -> np.ndarray:
        """Place of each bit of the payload among the bits of its vector, `0 .. sum(stage_bits) - 1`: int64
        `[source_bits]`.
        """
        first = np.cumsum((0, *self.stage_bits))
        parts = [
            np.tile(np.arange(first[s], first[s] + self.stage_bits[s]), count) for s, count in enumerate(self.counts)
        ]
        return np.concatenate(parts)


@lru_cache(maxsize=32)
def spread_order(rows: int, columns: int) -> np.ndarray:
    """An order of the cells of a grid, int64 `[rows * columns]`, of which every beginning covers the grid evenly.

    Sorted by `row / g + column / g^2` modulo 1, g being the plastic number: the low-discrepancy lattice R2 (M.
    Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018).
    """
    g = 1.32471795724474602596
    row, column = np.divmod(np.arange(rows * columns), max(columns, 1))
    order = np.argsort((row / g + column / g**2) % 1.0, kind="stable")
    order.setflags(write=False)
    return order
