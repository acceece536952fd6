"""Sizes of the networks and of the quantizer, as a checkpoint stores them and a training file gives them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from linksim.common.model import StrictModel

Channels = Annotated[int, Field(ge=8, le=1024, multiple_of=2)]
REPAIR_KEYS = ("repair_blocks", "repair_channels")
Blocks = Annotated[int, Field(ge=0, le=64)]


class ModelConfig(StrictModel):
    """Size of the autoencoder and of its quantizer: residual stages of heads of codewords.

    The networks work on the grids of 1/2, 1/4, ... of the resolution down to that of the features. What is a list has
    one number per grid, beginning at the features' own; a single number is for the features' grid (`channels`: for
    all but the finest, which has half).
    """

    downsampling: Literal[4, 8, 16] = Field(4, description="pixels per feature vector, down and across")
    channels: Channels | tuple[Channels, ...] = 96
    encoder_blocks: Blocks | tuple[Blocks, ...] = 2
    decoder_blocks: Blocks | tuple[Blocks, ...] = 4
    latent_dim: Annotated[int, Field(ge=1, le=1024)] = 32
    codebook_size: Annotated[int, Field(ge=2, le=65536)] = 512
    stages: Annotated[int, Field(ge=1, le=64)] = Field(
        1,
        description="of the residual quantizer, each with codewords for what the stages before it left; any first n may be sent",
    )
    heads: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="equal groups of the D dimensions, each with codewords of its own"
    )
    repair_blocks: Blocks = Field(
        0, description="residual blocks of the network that repairs received features; 0: there is none"
    )
    repair_channels: Channels = Field(96, description="of that network")

    @model_validator(mode="after")
    def _consistent(self) -> "ModelConfig":
        for name in ("channels", "encoder_blocks", "decoder_blocks"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != self.grids:
                raise ValueError(
                    f"{name}: {list(value)} has {len(value)} numbers; downsampling: {self.downsampling} has {self.grids} grids"
                )
        if self.latent_dim % self.heads:
            raise ValueError(f"latent_dim: {self.latent_dim} is no multiple of heads: {self.heads}")
        return self

    @property
    def grids(self) -> int:
        """Number of resolutions that the networks work on, the features' to half that of the image."""
        return self.downsampling.bit_length() - 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels on each grid, from the features' to the finest."""
        c = self.channels
        return c if isinstance(c, tuple) else (*[c] * (self.grids - 1), c // 2)

    @property
    def encoder_depths(self) -> tuple[int, ...]:
        """Residual blocks of the encoder on each grid, from the features' to the finest."""
        return self._depths(self.encoder_blocks)

    @property
    def decoder_depths(self) -> tuple[int, ...]:
        """Residual blocks of the decoder on each grid, from the features' to the finest."""
        return self._depths(self.decoder_blocks)

    def _depths(self, blocks: int | tuple[int, ...]) -> tuple[int, ...]:
        return blocks if isinstance(blocks, tuple) else (blocks, *[0] * (self.grids - 1))

    @property
    def without_repair(self) -> "ModelConfig":
        """Encoder, quantizer and decoder alone, which a repair block leaves as they are."""
        return self.model_copy(update={key: type(self).model_fields[key].default for key in REPAIR_KEYS})

    @property
    def head_dim(self) -> int:
        """Dimensions of a codeword, `D / heads`."""
        return self.latent_dim // self.heads

    @property
    def bits_per_index(self) -> int:
        """`m = ceil(log2 K)`."""
        return (self.codebook_size - 1).bit_length()

    def bits_per_pixel(self, stages: int | None = None) -> float:
        """Rate of the first `stages` stages (all if None), for sides that are multiples of `downsampling`."""
        return (stages or self.stages) * self.heads * self.bits_per_index / self.downsampling**2
