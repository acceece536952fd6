"""SSIM and MS-SSIM of uint8 images: what TensorFlow and scikit-image compute, in a compiled pass.

Each picture is computed by itself, so nothing beside it can change its last bits.
"""

import numpy as np

from linksim.common.errors import InputError
from linksim.metrics.pixels import check_pair
from linksim.metrics.structural_pass import TAPS, factors, window

# Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003, finest scale first.
_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity with the Gaussian 11 x 11 window of Wang et al. 2004, mean over positions and RGB channels.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images; at least 11 x 11 pixels.

    Returns:
        float64 `[batch]`, at most 1.
    """
    return np.array([both[0].mean() for both, _ in _factors(a, b, 1)])


def ms_ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multi-scale structural similarity (Wang et al. 2003), mean over the RGB channels.

    Each of its five scales halves the image and rounds up, so that it is defined from 161 pixels on, as in TensorFlow
    and pytorch-msssim. Smaller images have as many scales as keep the 11 x 11 window inside (four from 81 pixels,
    three from 41, two from 21) with their weights scaled to sum 1; such values compare with each other, not with
    those of larger images.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images; at least 11 x 11 pixels.

    Returns:
        float64 `[batch]`, at most 1.
    """
    count = scales(min(np.shape(a)[-3:-1]))
    weights = _SCALE_WEIGHTS[:count]
    if count < len(_SCALE_WEIGHTS):
        weights = weights / weights.sum()
    # The luminance counts at the coarsest scale alone. What is below zero has no root and counts as zero.
    parts = [np.maximum([*contrast[:-1], both[-1]], 0.0) for both, contrast in _factors(a, b, count)]
    return np.array([np.prod(part ** weights[:, None], axis=0).mean() for part in parts])


def scales(side: int) -> int:
    """Number of MS-SSIM scales of an image whose shorter side is `side`: 1 to 5."""
    if side < TAPS:
        raise InputError(f"images of {side} pixels are too small for SSIM; at least {TAPS} x {TAPS} are needed")
    count = 1
    while count < len(_SCALE_WEIGHTS) and (side := -(-side // 2)) >= TAPS:
        count += 1
    return count


def scales_of(height: int, width: int) -> int:
    """Number of MS-SSIM scales of an image of this size in pixels."""
    return scales(min(height, width))


def _factors(a: np.ndarray, b: np.ndarray, count: int) -> list[np.ndarray]:
    """For each pair `[2, scales, channels]` as of `structural_pass.factors`."""
    a, b = check_pair(a, b)
    scales(min(a.shape[1:3]))
    taps = window()
    return [factors(np.ascontiguousarray(x), np.ascontiguousarray(y), count, taps) for x, y in zip(a, b, strict=True)]
