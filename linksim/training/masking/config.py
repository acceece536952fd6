"""Masked patches as a recipe has them, and those of a batch. Light to import: no Keras here."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from linksim.common.model import StrictModel
from linksim.common.seeds import generator
from linksim.semantic.masking import cells_per_patch, draw_patches

Share = Annotated[float, Field(ge=0, le=0.95)]


class MaskTrainingConfig(StrictModel):
    """Hide patches from the encoder; the decoder gets a trained token in their place and is to show all pixels.

    Masked VQ-VAE (Hu et al., arXiv 2206.04011), its reconstruction version. Codebook, commitment, entropy and
    normalization follow the visible features alone.
    """

    share: tuple[Share, Share] = Field((0.0, 0.75), description="of the patches: lowest and highest, drawn per image")
    patch: Annotated[int, Field(ge=4, le=1024)] = Field(
        16, description="pixels across a patch, a multiple of model.downsampling"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "MaskTrainingConfig":
        low, high = self.share
        if low > high:
            raise ValueError(f"share: [{low}, {high}] must be [lowest, highest]")
        if high == 0:
            raise ValueError(f"share: [{low}, {high}] masks nothing; give a highest share above 0, or leave mask out")
        return self

    def cells(self, downsampling: int) -> int:
        """Cells of the features across a patch. Raises `ValueError` where a patch is no whole number of them."""
        return cells_per_patch(self.patch, downsampling)


def draw_masked(
    config: MaskTrainingConfig, downsampling: int, shape: tuple[int, int, int], seed: int, step: int
) -> np.ndarray:
    """Masked cells of a batch of grids `(B, h, w)`, bool in that shape: a share and its patches for each image."""
    rng, cells = generator(seed, step, "mask"), config.cells(downsampling)
    return np.stack([draw_patches(shape[1:], rng.uniform(*config.share), cells, rng) for _ in range(shape[0])])
