"""A codebook without a network: mean colours of cells, sent as indices of a regular palette, with a receiver that may doubt.

linksim's own `SemanticScheme` does the rest: indices, bits, link, and back. It takes any object with the members of `PaletteCodec`.
"""

from functools import partial
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.receiver import Estimate, Soft
from linksim.codebook.stages import Stages
from linksim.schemes.base import Scheme, SchemeContext
from linksim.schemes.config import SemanticConfig
from linksim.schemes.semantic.scheme import SemanticScheme


class PaletteConfig(BaseModel):
    """The scheme's keys in a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["palette"] = "palette"
    rate_match: str | None = None
    levels: Annotated[int, Field(ge=2, le=16)] = 4
    cell: Annotated[int, Field(ge=2, le=32)] = 8
    doubt: Annotated[float, Field(gt=0)] | None = None


class PaletteCodec:
    """A `linksim.semantic.codec.FeatureCodec` with a codebook: what `SemanticScheme` needs.

    Attributes:
        downsampling: pixels per colour, down and across.
        dim: 3, dimensions of a colour.
        codebook: float32 `[K, 3]`, colours in [0, 1]; K = levels^3 need not be a power of two.
        usage: float32 `[K]`, prior of a soft receiver.
    """

    def __init__(self, levels: int, cell: int) -> None:
        steps = (np.arange(levels) + 0.5) / levels
        self.codebook = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
        self.usage = np.full(len(self.codebook), 1 / len(self.codebook), np.float32)
        self.downsampling, self.dim = cell, 3

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Mean colours float32 `[B, h, w, 3]` of uint8 images `[B, H, W, 3]`, which are padded by their edge to whole cells."""
        cell = self.downsampling
        pad = [(0, 0), (0, -images.shape[1] % cell), (0, -images.shape[2] % cell), (0, 0)]
        x = np.pad(images, pad, mode="edge").astype(np.float32) / 255
        batch, height, width, _ = x.shape
        return x.reshape(batch, height // cell, cell, width // cell, cell, 3).mean((2, 4))

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None) -> np.ndarray:
        """Cells of one colour: uint8 `[B, H, W, 3]` of features `[B, h, w, 3]`."""
        x = features.repeat(self.downsampling, 1).repeat(self.downsampling, 2)[:, : size[0], : size[1]]
        return np.clip(np.rint(x * 255), 0, 255).astype(np.uint8)


class Doubting(Soft):
    """The most probable codeword, or the palette's mean where the posterior variance is above `doubt`."""

    def __init__(self, codebook: np.ndarray, usage: np.ndarray, doubt: float) -> None:
        super().__init__(codebook, usage, estimate="map")
        self._mean, self._doubt = usage @ codebook, doubt

    def estimate(self, bits: np.ndarray, llr: np.ndarray, known: np.ndarray | None = None) -> Estimate:
        """Features float32 `[n, D]` and their variance float32 `[n]`, as of any receiver."""
        features, variance, _ = super().estimate(bits, llr, known)
        features[variance > self._doubt] = self._mean
        return Estimate(features, variance)


config = PaletteConfig


def build(config: PaletteConfig, context: SchemeContext) -> Scheme:
    """The scheme of a checked configuration."""
    codec = PaletteCodec(config.levels, config.cell)
    # The checkpoint's name is not looked up, because the codec is given.
    semantic = SemanticConfig(name=config.name, rate_match=config.rate_match, checkpoint="palette")
    if config.doubt is None:
        return SemanticScheme(semantic, context, codec)
    doubting = partial(Doubting, doubt=config.doubt)
    return SemanticScheme(semantic, context, codec, ResidualQuantizer(Stages.of(codec), doubting))
