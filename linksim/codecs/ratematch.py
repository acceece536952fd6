"""The best picture that fits a budget of bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Encoded:
    """A file and the setting that made it, such as JPEG's quality or BPG's qp."""

    data: bytes
    setting: float


def best_file(
    encode: Callable[[Any], bytes], settings: Sequence[float], budget_bytes: int, slack: tuple[float, int]
) -> Encoded | None:
    """The last of `settings` (worst picture first) whose file has at most `budget_bytes`; None if even the first has
    more.

    A bisection finds one where the size crosses the budget; from there on, every better setting is tried until the
    size is beyond the slack, since sizes need not grow strictly: `slack` is a factor on the budget and bytes beside it.
    """
    files: dict[int, bytes] = {}

    def size(position: int) -> int:
        if position not in files:
            files[position] = encode(settings[position])
        return len(files[position])

    best, above = -1, len(settings)  # up to `best` it fits, from `above` on it does not, as far as is known
    while above - best > 1:
        middle = (best + above) // 2
        if size(middle) <= budget_bytes:
            best = middle
        else:
            above = middle
    for position in range(above, len(settings)):
        if size(position) > slack[0] * budget_bytes + slack[1]:
            break
        if size(position) <= budget_bytes:
            best = position
    return Encoded(files[best], settings[best]) if best >= 0 else None
