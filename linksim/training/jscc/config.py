"""The recipe of deep joint source-channel coding as a frozen, strict model. Light to import: no Keras here."""

from typing import Literal

from pydantic import Field, model_validator

from linksim.jscc.model import JsccModel
from linksim.link.air.config import ChannelConfig
from linksim.training.recipe import EsNoDb, Positive, Recipe


class JsccRecipe(Recipe):
    """One training of an encoder and a decoder with the channel between them. `linksim train FILE` reads it."""

    kind: Literal["deepjscc"]
    initialize_from: str | None = Field(
        None, description="checkpoint whose weights this run starts from; it may send more real numbers per cell"
    )
    model: JsccModel = JsccModel()
    channel: ChannelConfig = Field(
        ChannelConfig(kind="rayleigh"), description="between encoder and decoder, known to the receiver"
    )
    es_no_db: tuple[EsNoDb, EsNoDb] = Field((-2.0, 22.0), description="lowest and highest; drawn for each image")
    sharpness: tuple[Positive, Positive] = Field(
        (10.0, 200.0), description="of the softened constellation, at the first and at the last step"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "JsccRecipe":
        if self.data.crop % self.model.downsampling:
            raise ValueError(
                f"data.crop: {self.data.crop} is no multiple of model.downsampling: {self.model.downsampling}"
            )
        low, high = self.es_no_db
        if low > high:
            raise ValueError(f"es_no_db: [{low}, {high}] must be [lowest, highest]")
        return self
