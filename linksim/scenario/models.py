"""The scenario file as frozen, strict pydantic models. Light to import: no TensorFlow, no pandas."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from linksim.common.model import FILE_NAME, StrictModel
from linksim.data.images import MAX_BATCH_PIXELS
from linksim.link.config import LinkConfig
from linksim.metrics.registry import MetricName
from linksim.results.row import columns
from linksim.scenario.images import SentImages
from linksim.scenario.sweep import Sweep
from linksim.schemes.budget import budget_chain, refuse_open_budgets
from linksim.schemes.compute import ComputeConfig
from linksim.schemes.config import SchemeConfig
from linksim.schemes.plugins import check_plugin_names

MAX_POINTS = 10_000_000
"""Schemes times SNRs times repetitions: more than anyone means to ask for."""

MAX_BATCH_BITS = 2**25
"""Bits of one block of each image that is sent together; some 20 bytes each are in memory at a time."""


class Scenario(StrictModel):
    """One experiment. `linksim run FILE` executes it."""

    name: Annotated[str, Field(pattern=FILE_NAME, max_length=100)] = Field(description="names the results folder")
    description: str = ""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    images: SentImages = SentImages()
    link: LinkConfig = LinkConfig()
    sweep: Sweep
    metrics: Annotated[tuple[MetricName, ...], Field(min_length=1)] = ("psnr", "ms_ssim")
    compute: ComputeConfig = Field(ComputeConfig(), description="how networks are computed")
    schemes: Annotated[tuple[SchemeConfig, ...], Field(min_length=1, max_length=1000)]

    @field_validator("metrics")
    @classmethod
    def _each_metric_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError(f"{', '.join(value)}: each metric once")
        columns(value)  # each metric's column is its own
        return value

    @model_validator(mode="after")
    def _schemes_fit_together(self) -> "Scenario":
        for scheme in self.schemes:
            check_plugin_names(scheme)
        names = [scheme.name for scheme in self.schemes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"schemes: the name {name!r} is used {names.count(name)} times; names must be unique")
        by_name = {scheme.name: scheme for scheme in self.schemes}
        for name in names:
            budget_chain(name, by_name)
        refuse_open_budgets(self.link, by_name)
        if self.sweep.precision and self.sweep.precision.psnr_db is not None and "psnr" not in self.metrics:
            raise ValueError("sweep.precision.psnr_db needs psnr among the metrics")
        return self

    @model_validator(mode="after")
    def _not_too_much(self) -> "Scenario":
        sweep, size = self.sweep, self.images.size
        points = len(self.schemes) * len(sweep.snrs) * sweep.max_repetitions
        if points > MAX_POINTS:
            raise ValueError(
                f"sweep: {len(self.schemes)} schemes at {len(sweep.snrs)} SNRs, {sweep.max_repetitions} repetitions each, are "
                f"{points:,} points; at most {MAX_POINTS:,} are allowed in one run: fewer SNRs or repetitions"
            )
        if size and sweep.batch * size**2 > MAX_BATCH_PIXELS:
            raise ValueError(
                f"sweep.batch: {sweep.batch} images of {size} x {size} pixels are {sweep.batch * size**2:,} pixels; at most "
                f"{MAX_BATCH_PIXELS:,} are sent together: make sweep.batch at most {MAX_BATCH_PIXELS // size**2}"
            )
        if sweep.batch * self.link.block_bits > MAX_BATCH_BITS:
            raise ValueError(
                f"sweep.batch: {sweep.batch} images of at least one block of {self.link.block_bits:,} bits each; at most "
                f"{MAX_BATCH_BITS:,} bits are sent together: make sweep.batch or link.code.block_bits smaller"
            )
        return self
