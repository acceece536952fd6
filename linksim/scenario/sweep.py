"""The sweep of a scenario: SNRs as a list or a range, repetitions, and how narrow an interval has to be."""

import math
import re
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from linksim.common.model import StrictModel

MAX_SNR_POINTS = 10_000
SNR_DB = (-100.0, 100.0)
"""Least and most Es/N0; far beyond, powers leave the range of single precision."""


class SnrRange(StrictModel):
    """Es/N0 from `start` to `stop` in steps of `step` dB, both ends included."""

    start: float
    stop: float
    step: Annotated[float, Field(ge=0.001, le=200)] = 2.0

    @model_validator(mode="after")
    def _not_empty(self) -> "SnrRange":
        if self.stop < self.start:
            raise ValueError(f"start {self.start:g} is above stop {self.stop:g}: the range is empty; swap them")
        if (self.stop - self.start) / self.step >= MAX_SNR_POINTS:
            raise ValueError(f"more than {MAX_SNR_POINTS} SNRs; make step larger")
        if abs(self.start + self._steps * self.step - self.stop) > 1e-6:
            below = math.floor((self.stop - self.start) / self.step)
            before, after = (round(self.start + n * self.step, 9) for n in (below, below + 1))
            raise ValueError(
                f"from start {self.start:g}, steps of {self.step:g} miss stop {self.stop:g}: the nearest stops are "
                f"{before:.9g} and {after:.9g}; change stop or step, or give a list of SNRs"
            )
        return self

    @property
    def _steps(self) -> int:
        return round((self.stop - self.start) / self.step)

    def values(self) -> tuple[float, ...]:
        """The SNRs in dB, free of accumulated rounding."""
        inner = (round(self.start + i * self.step, 9) for i in range(self._steps))
        return (*inner, round(self.stop, 9))


class Precision(StrictModel):
    """Adaptive repetitions: go on at a point until its 95 % intervals are this narrow.

    Repetitions narrow what fades contribute to an interval; where the images differ too much for what is asked, a
    point ends early and the run says so.
    """

    psnr_db: Annotated[float, Field(ge=0.001, le=100)] | None = Field(
        None, description="half-width of the PSNR interval in dB"
    )
    bler: Annotated[float, Field(ge=0.001, le=1)] | None = Field(
        None, description="half-width of the block-error rate's interval, as a part of the rate, such as 0.1"
    )
    max_repetitions: Annotated[int, Field(ge=1, le=10_000)] = 50

    @model_validator(mode="after")
    def _something_is_asked(self) -> "Precision":
        if self.psnr_db is None and self.bler is None:
            raise ValueError("neither psnr_db nor bler is given; give one of them, or both")
        return self


def _snr_form(value: Any) -> str:
    return "range" if isinstance(value, dict | SnrRange) else "list"


SnrList = Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_SNR_POINTS)]


_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*"
_RANGE = re.compile(rf"{_NUMBER}(?::|\.\.\.?|to|-|–){_NUMBER}(?:(?::|by|step|in steps of){_NUMBER})?(?:dB)?\s*")


def _as_text(item: Any) -> str:
    """`1:20` as it was written, also where YAML took `1: 20` in a list for a mapping; "" for anything else."""
    if isinstance(item, dict) and len(item) == 1:
        ((key, value),) = item.items()
        return f"{key}: {value}" if isinstance(value, int | float | str) and re.fullmatch(_NUMBER, str(key)) else ""
    return item if isinstance(item, str) else ""


def _range_meant(text: str) -> str:
    """What somebody meant who wrote the SNRs as `1:20`, `0:2:20` or `0, 5, 10`, in our words; "" where that is not
    plain.
    """
    if len(text) > 200:
        return ""
    if found := _RANGE.fullmatch(text):
        parts = [float(part) for part in found.groups() if part]
        # `start:step:stop` and `start:stop:step` both exist; the larger of the last two is the stop.
        start, stop, step = (parts[0], max(parts[1:]), min(parts[1:])) if len(parts) == 3 else (*parts, 1.0)
        if start < stop and step > 0:
            return f"{{start: {start:g}, stop: {stop:g}, step: {step:g}}}"
    numbers = re.split(r"[,;\s]+", text.strip())
    if len(numbers) > 1 and all(re.fullmatch(_NUMBER, number) for number in numbers):
        return f"[{', '.join(numbers)}]"
    return ""


class Sweep(StrictModel):
    """The sweep: Es/N0 in dB, averaged over the fading, and how often each image is sent."""

    snr_db: Annotated[Annotated[SnrList, Tag("list")] | Annotated[SnrRange, Tag("range")], Discriminator(_snr_form)] = (
        Field(description="a list of Es/N0 in dB, or {start, stop, step}")
    )
    repetitions: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="fades per image")
    precision: Precision | None = Field(None, description="go on until the interval is narrow; repetitions come first")
    batch: Annotated[int, Field(ge=1, le=256)] = Field(4, description="images sent together; bounds the memory")

    @field_validator("snr_db", mode="before")
    @classmethod
    def _written_as_a_list_or_range(cls, value: Any) -> Any:
        items = value if isinstance(value, list | tuple) else [value]
        meant = _range_meant(" ".join(_as_text(item) for item in items)) if any(map(_as_text, items)) else ""
        if meant:
            raise ValueError(f"{_as_text(items[0])!r} is no number; did you mean {meant}?")
        return tuple(value) if isinstance(value, list) else value  # strict, a tuple is no list outside JSON

    @field_validator("snr_db")
    @classmethod
    def _distinct_and_in_range(cls, value: tuple[float, ...] | SnrRange) -> tuple[float, ...] | SnrRange:
        low, high = SNR_DB
        for snr in value if isinstance(value, tuple) else (value.start, value.stop):
            if not low <= snr <= high:
                raise ValueError(f"{snr:g} dB is not allowed; allowed: {low:g} to {high:g} dB of Es/N0")
        if isinstance(value, tuple) and len(set(value)) < len(value):
            twice = next(snr for snr in value if value.count(snr) > 1)
            raise ValueError(f"{twice:g} is given twice; each SNR once")
        return value

    @model_validator(mode="after")
    def _room_to_adapt(self) -> "Sweep":
        if self.precision and self.precision.max_repetitions < self.repetitions:
            raise ValueError(
                f"precision.max_repetitions {self.precision.max_repetitions} is below repetitions {self.repetitions}"
            )
        return self

    @property
    def snrs(self) -> tuple[float, ...]:
        """All Es/N0 in dB, in the order of the file (-0.0 is 0.0)."""
        values = self.snr_db.values() if isinstance(self.snr_db, SnrRange) else self.snr_db
        return tuple(value + 0.0 for value in values)

    @property
    def max_repetitions(self) -> int:
        """Most repetitions that a point may get."""
        return self.precision.max_repetitions if self.precision else self.repetitions
