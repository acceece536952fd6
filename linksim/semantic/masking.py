"""Masked patches of an image: which cells of its features are left out, and the image without them.

Masked VQ-VAE (Hu et al., "Robust Semantic Communications with Masked VQ-VAE Enabled Codebook", arXiv 2206.04011) drops
square patches at random, and its encoder, a transformer, is given the others alone. A convolutional encoder cannot
leave places out, so here the pixels of masked patches are grey, which stands in for that.
"""

import numpy as np

GREY = 128
"""What a masked pixel is shown as, of 0 to 255."""


def cells_per_patch(patch: int, downsampling: int) -> int:
    """Cells of the features across a patch of `patch` x `patch` pixels.

    Raises:
        ValueError: a patch that is no whole number of cells.
    """
    if patch < 1 or patch % downsampling:
        raise ValueError(
            f"mask.patch: {patch} is no multiple of the {downsampling} pixels between features; give a multiple of {downsampling}"
        )
    return patch // downsampling


def draw_patches(grid: tuple[int, int], share: float, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Cells of masked patches, bool `[h, w]`: True where a cell is masked.

    Args:
        grid: `(h, w)`, rows and columns of the features; patches at the lower and right border may be cut.
        share: of the patches that are masked, 0 to below 1; their number is rounded down, so one at least stays.
        cells: of a patch, across.
        rng: draws them; of one generator, a larger share masks what a smaller one does, and more.
    """
    rows, columns = (-(-side // cells) for side in grid)
    patches = np.zeros(rows * columns, bool)
    patches[rng.permutation(len(patches))[: int(share * len(patches) + 1e-9)]] = True
    return patches.reshape(rows, columns).repeat(cells, 0).repeat(cells, 1)[: grid[0], : grid[1]]


def without_masked(images: np.ndarray, masked: np.ndarray, downsampling: int) -> np.ndarray:
    """Images uint8 `[B, H, W, 3]` with the pixels of masked cells (bool `[h, w]` or `[B, h, w]`) in grey."""
    height, width = images.shape[1:3]
    pixels = masked.repeat(downsampling, -2).repeat(downsampling, -1)[..., :height, :width]
    return np.where(pixels[..., None], np.uint8(GREY), images)
