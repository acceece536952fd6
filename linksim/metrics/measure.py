"""How a column of numbers is called and shown, in tables, figures and pages alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from linksim.common.errors import InputError
from linksim.common.nearest import did_you_mean


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A quantity that a run gives for each scheme and SNR.

    Attributes:
        name: in a scenario, behind `--metric` and as a figure's file name, e.g. `psnr`.
        label: as axes and tables write it, e.g. `PSNR`.
        higher_is_better: whether larger values are better ones.
        unit: e.g. `dB`; "" where there is none.
        decimals: how many are shown.
        column: in `results.csv` and `images.parquet`; the name if it is not given.
        scale: factor from the column's values to those that are shown.
        share: whether it is a part between 0 and 1, whose interval is not even on both sides.
        logarithmic: whether its values are written with powers of ten, as rates of rare events are.
        log_axis: whether it is drawn over a logarithmic axis; as `logarithmic` if it is not given.
    """

    name: str
    label: str
    higher_is_better: bool
    unit: str = ""
    decimals: int = 4
    column: str = ""
    scale: float = 1.0
    logarithmic: bool = False
    log_axis: bool | None = None
    share: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", self.column or self.name)
        if self.log_axis is None:
            object.__setattr__(self, "log_axis", self.logarithmic)

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def axis_label(self) -> str:
        """For an axis of values, e.g. `PSNR (dB)` or `LPIPS (lower is better)`."""
        notes = [self.unit] if self.unit else []
        notes += [] if self.higher_is_better else ["lower is better"]
        return f"{self.label} ({', '.join(notes)})" if notes else self.label

    @property
    def gain_label(self) -> str:
        """For an axis of differences that are positive where a scheme is better, e.g. `LPIPS reduction`."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.label} {'gain' if self.higher_is_better else 'reduction'}{unit}"

    @property
    def size_column(self) -> str:
        """Column of `results.csv` with what depends on the image's size; "" where nothing does."""
        return ""

    def shown_as(self, lines: Iterable[Mapping[str, Any]]) -> Self:
        """The measure with a label that says what its values in these lines of `results.csv` are of."""
        return self

    def text(self, value: float) -> str:
        """A value of the column as tables show it, with the unit left out."""
        return f"{value * self.scale:.{self.decimals}{'e' if self.logarithmic else 'f'}}"


M = TypeVar("M", bound=Measure)


def find_measure(name: str, table: Mapping[str, M]) -> M:
    """The measure with this name or this column. Raises `InputError`, which has the nearest name."""
    known = dict(table) | {one.column: one for one in table.values()}
    if name not in known:
        raise InputError(f"metric {name!r}: allowed are {', '.join(table)}{did_you_mean(name, known)}")
    return known[name]
