"""What every recipe of a training says: images, optimizer, steps. Light to import: no Keras here."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from linksim.common.model import FILE_NAME, StrictModel
from linksim.semantic.packing import WeightType

MAX_CROP_PIXELS = 2**26
"""Pixels of a batch of crops: the activations of the networks take some hundred times as many numbers."""

Rate = Annotated[float, Field(gt=0)]
Positive = Annotated[float, Field(ge=1e-6, le=1e6)]
NonNegative = Annotated[float, Field(ge=0, le=1e6)]
EsNoDb = Annotated[float, Field(ge=-100, le=100)]
Steps = Annotated[int, Field(ge=0, le=10**9)]


class DataConfig(StrictModel):
    """Training images; the first `validation` of their seeded shuffle are held out."""

    datasets: Annotated[tuple[Literal["voc2012", "bsds500", "samples", "folder"], ...], Field(min_length=1)] = (
        "voc2012",
        "bsds500",
    )
    path: str | None = Field(None, description="image folder, for datasets: [folder]")
    crop: Annotated[int, Field(ge=16, le=1024, multiple_of=4)] = 64
    batch: Annotated[int, Field(ge=1, le=4096)] = 16
    validation: Annotated[int, Field(ge=1, le=100_000)] = 48

    @model_validator(mode="after")
    def _folder_has_path(self) -> "DataConfig":
        if ("folder" in self.datasets) != (self.path is not None):
            raise ValueError("datasets: [folder] and path go together: give both or neither")
        return self

    @model_validator(mode="after")
    def _fits_memory(self) -> "DataConfig":
        if self.batch * self.crop**2 > MAX_CROP_PIXELS:
            raise ValueError(
                f"batch {self.batch} of crops of {self.crop} x {self.crop} pixels are {self.batch * self.crop**2:,} pixels; at "
                f"most {MAX_CROP_PIXELS:,} are allowed: make batch at most {MAX_CROP_PIXELS // self.crop**2}"
            )
        return self


class OptimizerConfig(StrictModel):
    """Adam with linear warm-up and cosine decay."""

    learning_rate: Rate = 1e-3
    final_learning_rate: Rate = 1e-5
    warmup_steps: Steps = 300
    clip_norm: Positive = 1.0


class Recipe(StrictModel):
    """What is common to the trainings that `linksim train FILE` knows."""

    name: Annotated[str, Field(pattern=FILE_NAME, max_length=100)]
    description: str = ""
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] = 1
    data: DataConfig = DataConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    steps: Annotated[int, Field(ge=1, le=10**9)] = 20000
    precision: Literal["auto", "float32", "mixed_bfloat16"] = Field(
        "auto", description="auto: mixed_bfloat16 where the machine computes in it, else float32"
    )
    weights: WeightType = Field(
        "float16",
        description="of the kernels in the checkpoint; int8: half the size, a step for each output channel; int8-decoder: those of "
        "the decoder alone, so that an encoder in float16 stays equal to that of initialize_from",
    )
    validate_every: Annotated[int, Field(ge=1, le=10**9)] = 1000
    checkpoint_every: Annotated[int, Field(ge=1, le=10**9)] = 500
