"""Sizes of the networks of deep joint source-channel coding, as a checkpoint stores them and a recipe gives them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from linksim.common.model import StrictModel

Channels = Annotated[int, Field(ge=8, le=1024, multiple_of=8)]
Blocks = Annotated[int, Field(ge=0, le=64)]


class JsccModel(StrictModel):
    """Size of the encoder from images to symbols and of the decoder back.

    The networks work on the grids of 1/4, 1/8, ... of the resolution down to that of the symbols. Lists have one number
    per grid, beginning at the symbols' own.
    """

    downsampling: Literal[4, 8, 16] = Field(8, description="pixels per cell of symbols, down and across")
    reals: Annotated[int, Field(ge=1, le=1024)] = Field(
        24, description="real numbers per cell, two of which make a complex symbol"
    )
    channels: tuple[Channels, ...] = (112, 80)
    encoder_blocks: tuple[Blocks, ...] = (2, 1)
    decoder_blocks: tuple[Blocks, ...] = (3, 2)
    constellation_bits: Literal[2, 4, 6, 8] | None = Field(
        None, description="bits per symbol of the square QAM that symbols are quantized to; null: any complex number"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "JsccModel":
        for name in ("channels", "encoder_blocks", "decoder_blocks"):
            given = getattr(self, name)
            if len(given) != self.grids:
                raise ValueError(
                    f"{name}: {list(given)} has {len(given)} numbers; downsampling: {self.downsampling} has {self.grids} grids"
                )
        return self

    @property
    def grids(self) -> int:
        """Number of resolutions that the networks work on, the symbols' to a quarter of that of the image."""
        return self.downsampling.bit_length() - 2

    @property
    def rho(self) -> float:
        """Complex channel uses per real number of the image, for sides that are multiples of `downsampling`."""
        return self.reals / 2 / (3 * self.downsampling**2)
