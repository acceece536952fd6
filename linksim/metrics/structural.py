"""SSIM and MS-SSIM of uint8 images, as TensorFlow computes them."""

from collections.abc import Callable

import numpy as np

from linksim.common.errors import InputError
from linksim.metrics.pixels import check_pair

# Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003, finest scale first.
_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW = 11


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity with the Gaussian 11 x 11 window of Wang et al. 2004, mean over positions and RGB channels.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images; at least 11 x 11 pixels.

    Returns:
        float64 `[batch]`, at most 1.
    """
    import tensorflow as tf

    return _each(lambda x, y: tf.image.ssim(x, y, 255), a, b)


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
    import tensorflow as tf

    weights = _SCALE_WEIGHTS[: scales(min(np.shape(a)[-3:-1]))]
    if len(weights) < len(_SCALE_WEIGHTS):
        weights = weights / weights.sum()
    return _each(lambda x, y: tf.image.ssim_multiscale(x, y, 255, power_factors=tuple(weights)), a, b)


def scales(side: int) -> int:
    """Number of MS-SSIM scales of an image whose shorter side is `side`: 1 to 5."""
    if side < _WINDOW:
        raise InputError(f"images of {side} pixels are too small for SSIM; at least {_WINDOW} x {_WINDOW} are needed")
    count = 1
    while count < len(_SCALE_WEIGHTS) and (side := -(-side // 2)) >= _WINDOW:
        count += 1
    return count


def scales_of(height: int, width: int) -> int:
    """Number of MS-SSIM scales of an image of this size in pixels."""
    return scales(min(height, width))


def _each(metric: Callable, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The metric pair by pair: sums over a batch would let the images beside it change an image's last bits."""
    import tensorflow as tf

    a, b = check_pair(a, b)
    scales(min(a.shape[1:3]))
    with tf.device("cpu"):
        values = [metric(a[i : i + 1], b[i : i + 1]).numpy()[0] for i in range(len(a))]
    return np.array(values, np.float64)
