"""Sizes of the networks and of the codebook, as a checkpoint stores them and a training file gives them."""

from typing import Annotated

from pydantic import Field

from linksim.common.model import StrictModel


class ModelConfig(StrictModel):
    """Size of the autoencoder and of the codebook `[codebook_size, latent_dim]`."""

    channels: Annotated[int, Field(ge=8, le=1024, multiple_of=2)] = 96
    encoder_blocks: Annotated[int, Field(ge=0, le=64)] = 2
    decoder_blocks: Annotated[int, Field(ge=0, le=64)] = 4
    latent_dim: Annotated[int, Field(ge=1, le=1024)] = 32
    codebook_size: Annotated[int, Field(ge=2, le=65536)] = 512

    @property
    def bits_per_index(self) -> int:
        """`m = ceil(log2 K)`."""
        return (self.codebook_size - 1).bit_length()
