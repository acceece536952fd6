"""WebP files over the scenario's link: the best quality that fits the budget, an outage where a block is lost."""

import io
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linksim.link import Link, Reception
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, Transmission

QUALITIES = range(0, 101)
GREY = 128


class WebpConfig(BaseModel):
    """The scheme's keys in a scenario. `name`, `kind` and `rate_match` are needed; the others are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["webp"] = "webp"
    rate_match: str | None = None
    quality: Annotated[int, Field(ge=0, le=100)] | None = None

    @model_validator(mode="after")
    def _quality_or_budget(self) -> "WebpConfig":
        if (self.quality is None) == (self.rate_match is None):
            raise ValueError("exactly one of quality and rate_match is needed")
        return self


def encode(image: np.ndarray, quality: int) -> bytes:
    """A complete lossy WebP file of a uint8 `[height, width, 3]` image."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=quality)
    return file.getvalue()


def best_file(image: np.ndarray, budget_bytes: int) -> tuple[bytes, int] | None:
    """The file of the highest quality with at most `budget_bytes` and its quality; None where none fits."""
    found, low, high = None, QUALITIES[0], QUALITIES[-1]
    while low <= high:
        quality = (low + high) // 2
        data = encode(image, quality)
        if len(data) <= budget_bytes:
            found, low = (data, quality), quality + 1
        else:
            high = quality - 1
    return found


class WebpScheme(Scheme):
    """The whole file is sent; the link adds CRCs and filler and counts them."""

    def __init__(self, config: WebpConfig, context: SchemeContext) -> None:
        self.name, self.rate_match = config.name, config.rate_match
        self.quality = config.quality
        self.link = Link(context.link)

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        return [self._transmit(image, budget) for image, budget in zip(images, budgets, strict=True)]

    def _transmit(self, image: np.ndarray, budget: int | None) -> Transmission:
        size = (image.shape[0], image.shape[1])
        if self.quality is not None:
            found = (encode(image, self.quality), self.quality)
        else:
            assert budget is not None  # there is a rate_match, so the runner gives a budget
            found = best_file(image, self.link.capacity_bits(budget) // 8)
            if found is None:
                return Transmission((), size, infeasible=f"no WebP file fits {budget} channel uses")
        data, quality = found
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        return Transmission((Stream(bits, self.link.config),), size, settings={"quality": quality})

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[Reception, ...]], es_no_db: float
    ) -> list[Delivery]:
        pairs = zip(transmissions, receptions, strict=True)
        return [self._receive(transmission.size, reception) for transmission, (reception,) in pairs]

    def _receive(self, size: tuple[int, int], reception: Reception) -> Delivery:
        # A receiver finds a loss by CRC or by the codec failing, never by looking at the original.
        if reception.ok:
            try:
                picture = Image.open(io.BytesIO(np.packbits(reception.bits).tobytes()), formats=["WEBP"])
                if picture.size == (size[1], size[0]):
                    return Delivery(np.array(picture.convert("RGB")), outage=False)
            except OSError:
                pass
        return Delivery(np.full((*size, 3), GREY, np.uint8), outage=True)


config = WebpConfig


def build(config: WebpConfig, context: SchemeContext) -> WebpScheme:
    """The scheme of a checked configuration; linksim calls it once per scenario and process."""
    return WebpScheme(config, context)
