"""Metrics whose definition changes with the size of the image, and what may be averaged of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from linksim.common.errors import InputError


@dataclass(frozen=True)
class BySize:
    """A number in a metric's definition that depends on the image, such as the scales of MS-SSIM.

    Values with different numbers do not compare, so they are not averaged.

    Attributes:
        name: what it counts, e.g. `scales`.
        of: its value for an image of a height and width in pixels.
        usual: its value for images that are large enough, which needs no mention.
    """

    name: str
    of: Callable[[int, int], int]
    usual: int

    def found(self, sizes: Iterable[tuple[int, int]]) -> str:
        """Its value for images of these sizes, as `results.csv` has it: `5`, or `4 to 5` where they differ."""
        values = sorted({self.of(*size) for size in sizes})
        return "" if not values else str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}"

    def remark(self, cells: Iterable[Any]) -> str:
        """What a label has to say where a column has these values: "" for the usual one alone, else e.g. `4 scales`."""
        values = sorted({number for cell in cells for number in _numbers(cell)})
        if values in ([], [self.usual]):
            return ""
        return f"{' or '.join(map(str, values))} {self.name}" + (", which do not compare" if len(values) > 1 else "")

    def why_empty(self, cells: Iterable[Any]) -> str:
        """Why a column has no mean where images differ; "" where it has one everywhere."""
        mixed = sorted({str(cell) for cell in cells if " to " in str(cell)})
        advice = "whose values do not compare; give images.size, or images of one size"
        return f"images have different numbers of {self.name} ({', '.join(mixed)}), {advice}" if mixed else ""

    def require_one(self, sizes: Iterable[tuple[int, int]], what: str) -> None:
        """Raise `InputError` where images of these sizes cannot be averaged; `what` names them."""
        if reason := self.why_empty([self.found(sizes)]):
            raise InputError(f"{what}: {reason}")


def _numbers(cell: Any) -> list[int]:
    """`4`, `4.0` and `4 to 5` as numbers; none of an empty cell."""
    parts = str(cell).replace("nan", "").split(" to ")
    return [int(float(part)) for part in parts if part]
