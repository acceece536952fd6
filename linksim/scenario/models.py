"""The scenario file as frozen, strict pydantic models. Light to import: no TensorFlow, no pandas."""

import math
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from linksim.common.model import StrictModel
from linksim.data.images import ImagesConfig
from linksim.link.config import LinkConfig
from linksim.metrics.registry import MetricName
from linksim.results.row import columns
from linksim.schemes.budget import budget_chain
from linksim.schemes.config import SchemeConfig

MAX_SNR_POINTS = 10_000


class SnrRange(StrictModel):
    """Es/N0 from `start` to `stop` in steps of `step` dB, both ends included."""

    start: float
    stop: float
    step: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="after")
    def _not_empty(self) -> "SnrRange":
        if self.stop < self.start:
            raise ValueError(f"start {self.start:g} is above stop {self.stop:g}: the range is empty; swap them")
        if (self.stop - self.start) / self.step >= MAX_SNR_POINTS:
            raise ValueError(f"more than {MAX_SNR_POINTS} SNRs; make step larger")
        return self

    def values(self) -> tuple[float, ...]:
        """The SNRs in dB, free of accumulated rounding."""
        count = math.floor((self.stop - self.start) / self.step + 1e-9) + 1
        return tuple(round(self.start + i * self.step, 9) for i in range(count))


class Precision(StrictModel):
    """Adaptive repetitions: go on at a point until the 95 % interval is this narrow."""

    psnr_db: Annotated[float, Field(gt=0)] = Field(description="half-width of the PSNR interval in dB")
    max_repetitions: Annotated[int, Field(ge=1)] = 50


def _snr_form(value: Any) -> str:
    return "range" if isinstance(value, dict | SnrRange) else "list"


SnrList = Annotated[tuple[float, ...], Field(min_length=1, max_length=MAX_SNR_POINTS)]


class Sweep(StrictModel):
    """What is swept: Es/N0 in dB, averaged over the fading, and how often each image is sent."""

    snr_db: Annotated[Annotated[SnrList, Tag("list")] | Annotated[SnrRange, Tag("range")], Discriminator(_snr_form)] = (
        Field(description="a list of Es/N0 in dB, or {start, stop, step}")
    )
    repetitions: Annotated[int, Field(ge=1)] = Field(1, description="fades per image")
    precision: Precision | None = Field(None, description="go on until the interval is narrow; repetitions come first")
    batch: Annotated[int, Field(ge=1, le=256)] = Field(4, description="images sent together; bounds the memory")

    @field_validator("snr_db")
    @classmethod
    def _distinct(cls, value: tuple[float, ...] | SnrRange) -> tuple[float, ...] | SnrRange:
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


class Scenario(StrictModel):
    """One experiment. `linksim run FILE` executes it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = Field(description="names the results folder")
    description: str = ""
    seed: Annotated[int, Field(ge=0)] = 1
    images: ImagesConfig = ImagesConfig()
    link: LinkConfig = LinkConfig()
    sweep: Sweep
    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1)] = ("psnr", "ms_ssim")
    schemes: Annotated[tuple[SchemeConfig, ...], Field(min_length=1)]

    @field_validator("metrics")
    @classmethod
    def _each_metric_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{', '.join(value)}: each metric once")
        columns(value)  # each metric's column is its own
        return value

    @model_validator(mode="after")
    def _schemes_fit_together(self) -> "Scenario":
        names = [scheme.name for scheme in self.schemes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"schemes: the name {name!r} is used {names.count(name)} times; names must be unique")
        by_name = {scheme.name: scheme for scheme in self.schemes}
        for name in names:
            budget_chain(name, by_name)
        if self.sweep.precision and "psnr" not in self.metrics:
            raise ValueError("sweep.precision.psnr_db needs psnr among the metrics")
        return self
