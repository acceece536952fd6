"""PSNR of uint8 images."""

import numpy as np

from linksim.metrics.pixels import check_pair

PSNR_CAP_DB = 100.0
"""PSNR of a perfect picture, in dB."""


def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio in dB, `10 log10(255^2 / MSE)` over all three channels, at most `PSNR_CAP_DB`.

    Equal images have no error and would have an infinite PSNR, which no mean survives. They get the cap, and so does a
    picture of more than 51,262 pixels with a single value that is off by one.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images.

    Returns:
        float64 `[batch]`.
    """
    a, b = check_pair(a, b)
    differences = a.astype(np.int32) - b
    errors = np.mean(np.square(differences), axis=(1, 2, 3), dtype=np.float64)  # exact: whole numbers below 2^53
    with np.errstate(divide="ignore"):
        return np.minimum(10 * np.log10(255**2 / errors), PSNR_CAP_DB)
