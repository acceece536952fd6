"""Masked features: patches that are not sent, and received features that are not believed.

Masked VQ-VAE (Hu et al., arXiv 2206.04011): the decoder is given its mask token in their place.
"""

from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from linksim.codebook.receiver import Estimate
from linksim.common.errors import InputError
from linksim.common.model import StrictModel
from linksim.common.seeds import generator
from linksim.semantic.masking import cells_per_patch, draw_patches, without_masked

Grid = tuple[int, int]


class MaskConfig(StrictModel):
    """Features in whose place the decoder gets the checkpoint's mask token.

    Which patches are not sent is drawn from the scenario's seed and the size of the image alone, which both ends
    know: so it costs no bits, and all images of one size have the same patches masked.
    """

    share: Annotated[float, Field(ge=0, le=0.95)] = Field(
        0.0, description="of the patches that are not sent: neither bits nor channel uses; their number is rounded down"
    )
    patch: Annotated[int, Field(ge=4, le=1024)] = Field(
        16, description="pixels across a patch, a multiple of the checkpoint's downsampling"
    )
    doubtful: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        None,
        description="receive features whose variance per dimension is above this as if they were masked, 0 for all that "
        "no CRC vouches for; never if null",
    )

    @property
    def masks(self) -> bool:
        """Whether anything is ever masked."""
        return self.share > 0 or self.doubtful is not None


class Mask:
    """What transmitter and receiver make of a scheme's `mask`. Without one, everything is sent and believed.

    Args:
        config: of the scheme.
        downsampling: pixels per feature, down and across.
        seed: of the patches; both ends have it.

    Raises:
        ValueError: a patch that is no whole number of features.
    """

    def __init__(self, config: MaskConfig | None = None, downsampling: int = 1, seed: int = 0) -> None:
        self._config = config or MaskConfig()
        self._downsampling, self._seed = downsampling, seed
        self._cells = cells_per_patch(self._config.patch, downsampling) if self._config.masks else 1

    def masked(self, grid: Grid) -> np.ndarray:
        """Features that are not sent, bool `[h, w]`, of a grid `(h, w)`; not to be written to."""
        return _masked(grid, self._config.share, self._cells, self._seed)

    def sent_grid(self, grid: Grid) -> Grid:
        """Rows and columns that the features which are sent are laid out in: all, or the visible ones in one row."""
        left_out = int(self.masked(grid).sum())
        return (1, grid[0] * grid[1] - left_out) if left_out else grid

    def shown(self, image: np.ndarray) -> np.ndarray:
        """The image uint8 `[H, W, 3]` that the encoder is given: grey where nothing is sent."""
        if self._config.share == 0:
            return image
        height, width = (-(-side // self._downsampling) for side in image.shape[:2])
        return without_masked(image[None], self.masked((height, width)), self._downsampling)[0]

    def sent(self, features: np.ndarray) -> np.ndarray:
        """The features `[n, D]` that are sent, of all `[h, w, D]`, row by row."""
        return features[~self.masked((features.shape[0], features.shape[1]))]

    def filled(self, estimate: Estimate, grid: Grid, token: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """What the decoder is given: features float32 `[h, w, D]` and their variances float32 `[h, w]`.

        Args:
            estimate: of the features that were sent.
            grid: `(h, w)` of all features.
            token: `[D]`, in place of those that are masked; it has no variance, as in training.
        """
        features, variance = estimate.features, estimate.variance
        if self._config.doubtful is not None:
            doubtful = variance > self._config.doubtful
            features = np.where(doubtful[:, None], np.asarray(token, np.float32), features)
            variance = np.where(doubtful, np.float32(0), variance)
        masked = self.masked(grid)
        if not masked.any():
            return features.reshape(*grid, -1), variance.reshape(grid)
        whole = np.broadcast_to(np.asarray(token, np.float32), (*grid, features.shape[1])).copy()
        variances = np.zeros(grid, np.float32)
        whole[~masked], variances[~masked] = features, variance
        return whole, variances


@lru_cache(maxsize=64)
def _masked(grid: Grid, share: float, cells: int, seed: int) -> np.ndarray:
    masked = draw_patches(grid, share, cells, generator(seed, *grid, "mask"))
    masked.setflags(write=False)
    return masked


def mask_of(config: Any, seed: int, codecs: dict[str, Any]) -> Mask:
    """The mask of a semantic scheme's configuration.

    Args:
        config: the scheme's.
        seed: the scenario's.
        codecs: those that may decode, by the key that names the checkpoint of each.

    Raises:
        InputError: a patch that does not fit the features, a checkpoint without a mask token, or one with a repair block,
            which would take the token for a feature.
    """
    if config.mask is None or not config.mask.masks:
        return Mask()
    for key, codec in codecs.items():
        if token_of(codec) is None:
            raise InputError(
                f"schemes.{config.name}.mask: the {key} {getattr(config, key)!r} has no mask token; give one that was trained with "
                "mask, or leave mask out"
            )
        if getattr(codec, "repairs", False):
            raise InputError(
                f"schemes.{config.name}.mask: the {key} {getattr(config, key)!r} has a repair block, which knows no mask token; leave mask "
                "out, or give a checkpoint without one"
            )
    try:
        return Mask(config.mask, codecs["checkpoint"].downsampling, seed)
    except ValueError as error:
        raise InputError(f"schemes.{config.name}.{error}") from None


def token_of(codec: Any) -> np.ndarray | None:
    """A codec's mask token `[D]`; None where it has none."""
    token: np.ndarray | None = getattr(codec, "mask_token", None)
    return token
