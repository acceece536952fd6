"""Progressive JPEG files over the scenario's link: the best quality that fits the budget, an outage where a block is lost."""

import io
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linksim.codecs import DecodeError
from linksim.codecs.file_codec import FileCodec
from linksim.schemes.base import SchemeContext
from linksim.schemes.classical.over_link import ClassicalScheme


class ProgressiveConfig(BaseModel):
    """The scheme's keys in a scenario. `name`, `kind` and `rate_match` are needed; the others are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["progressive-jpeg"] = "progressive-jpeg"
    rate_match: str | None = None
    quality: Annotated[int, Field(ge=1, le=95)] | None = None
    concealment: Literal["mean", "grey", "exclude"] = "grey"
    budget: None = None  # a number of channel uses, which this scheme does not take

    @model_validator(mode="after")
    def _quality_or_budget(self) -> "ProgressiveConfig":
        if (self.quality is None) == (self.rate_match is None):
            raise ValueError("exactly one of quality and rate_match is needed")
        return self


class ProgressiveCodec(FileCodec):
    """Progressive JPEG, whose scans refine the whole picture. The search for the best file within a budget is linksim's."""

    name, setting, settings = "progressive-jpeg", "quality", range(1, 96)
    slack = (1.25, 256)  # a finer file may be a little shorter

    def encoder(self, image: np.ndarray) -> Callable[[int], bytes]:
        """Function of the quality that gives a complete file."""

        def encode(quality: int) -> bytes:
            file = io.BytesIO()
            Image.fromarray(image).save(file, "JPEG", quality=quality, progressive=True, optimize=True)
            return file.getvalue()

        return encode

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """The picture, uint8 `[height, width, 3]`."""
        try:
            picture = Image.open(io.BytesIO(data), formats=["JPEG"])
            if picture.size != (size[1], size[0]):
                raise DecodeError(f"{picture.size[0]} x {picture.size[1]} pixels, expected were {size[1]} x {size[0]}")
            return np.array(picture.convert("RGB"))
        except OSError as error:
            raise DecodeError(f"no JPEG picture ({error})") from error


config = ProgressiveConfig


def build(config: ProgressiveConfig, context: SchemeContext) -> ClassicalScheme:
    """The scheme of a checked configuration; linksim calls it once per scenario and process."""
    return ClassicalScheme(config, context, ProgressiveCodec(), config.quality)
