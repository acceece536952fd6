"""PSNR, SSIM and MS-SSIM of uint8 images, as scikit-image and TensorFlow compute them."""

from collections.abc import Callable

import numpy as np

from linksim.common.errors import InputError

# Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003, finest scale first.
_SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW = 11
PSNR_CAP_DB = 100.0
"""PSNR of a perfect picture, in dB."""

_BATCH_PIXELS = 16 * 256 * 256


def check_pair(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`a` and `b` as uint8 `[batch, height, width, 3]`; a single image gets a batch axis.

    Raises:
        InputError: other shapes or types, or shapes that differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim not in (3, 4) or a.shape[-1] != 3 or a.dtype != np.uint8 or b.dtype != np.uint8:
        raise InputError(
            f"images of shapes {a.shape} and {b.shape}, types {a.dtype} and {b.dtype}, cannot be compared; "
            "give two uint8 arrays of one shape [batch, height, width, 3]"
        )
    return (a[None], b[None]) if a.ndim == 3 else (a, b)


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


def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity with the Gaussian 11 x 11 window of Wang et al. 2004, mean over positions and RGB channels.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images; at least 11 x 11 pixels.

    Returns:
        float64 `[batch]`, at most 1.
    """
    import tensorflow as tf

    return _batched(lambda x, y: tf.image.ssim(x, y, 255), a, b)


def ms_ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multi-scale structural similarity (Wang et al. 2003), mean over the RGB channels.

    Each of its five scales halves the image, so that it is defined from 176 pixels on. Smaller images have as many scales
    as keep the 11 x 11 window inside (four from 88 pixels, three from 44, ...) with their weights scaled to sum 1; such
    values compare with each other, not with those of larger images.

    Args:
        a, b: uint8 `[batch, height, width, 3]`, or single images; at least 11 x 11 pixels.

    Returns:
        float64 `[batch]`, at most 1.
    """
    import tensorflow as tf

    weights = _SCALE_WEIGHTS[: scales(min(np.shape(a)[-3:-1]))]
    if len(weights) < len(_SCALE_WEIGHTS):
        weights = weights / weights.sum()
    return _batched(lambda x, y: tf.image.ssim_multiscale(x, y, 255, power_factors=tuple(weights)), a, b)


def scales(side: int) -> int:
    """Number of MS-SSIM scales of an image whose shorter side is `side`: 1 to 5."""
    if side < _WINDOW:
        raise InputError(f"images of {side} pixels are too small for SSIM; at least {_WINDOW} x {_WINDOW} are needed")
    return min(len(_SCALE_WEIGHTS), int(np.log2(side / _WINDOW)) + 1)


def _batched(metric: Callable, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    a, b = check_pair(a, b)
    scales(min(a.shape[1:3]))
    step = max(1, _BATCH_PIXELS // (a.shape[1] * a.shape[2]))
    with tf.device("cpu"):
        parts = [metric(a[i : i + step], b[i : i + step]).numpy() for i in range(0, len(a), step)]
    return np.concatenate(parts or [np.zeros(0)]).astype(np.float64)
