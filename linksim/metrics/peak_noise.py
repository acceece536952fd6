"""PSNR of uint8 images, as scikit-image computes it."""

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
    from skimage.metrics import peak_signal_noise_ratio

    a, b = check_pair(a, b)
    with np.errstate(divide="ignore"):
        values = [peak_signal_noise_ratio(x, y, data_range=255) for x, y in zip(a, b, strict=True)]
    return np.minimum(np.array(values, np.float64), PSNR_CAP_DB)
