"""Real numbers of a grid to complex symbols and back, power, constellation, and what a receiver makes of the noise."""

from typing import Any

import numpy as np
from keras import ops


def symbols_of(reals: np.ndarray) -> np.ndarray:
    """Complex symbols `[B, n]` of mean power 1 for real numbers `[B, h, w, F]`, `n = ceil(h w F / 2)`.

    The first half of the numbers are the real parts, the second half the imaginary parts, channel after channel, so
    that the numbers of one cell lie far from each other on the way. An odd last symbol has no imaginary part.
    """
    flat = np.moveaxis(reals, -1, 1).reshape(len(reals), -1).astype(np.float64)
    flat = np.pad(flat, ((0, 0), (0, flat.shape[1] % 2)))
    real, imaginary = np.split(flat, 2, axis=1)
    symbols = real + 1j * imaginary
    return symbols / np.sqrt(np.mean(np.abs(symbols) ** 2, axis=1, keepdims=True))


def reals_of(symbols: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Real numbers `[B, *shape]` of symbols `[B, n]`, `shape = (h, w, F)`; of real values `[B, n]`, both parts get
    them.
    """
    parts = (symbols.real, symbols.imag) if np.iscomplexobj(symbols) else (symbols, symbols)
    height, width, count = shape
    flat = np.concatenate(parts, axis=1)[:, : height * width * count]
    return np.moveaxis(flat.reshape(-1, count, height, width), 1, -1).astype(np.float32)


def reliability(noise_variance: Any) -> Any:
    """`1 / (1 + v)`: the factor that takes an equalized symbol of unit power and noise `v` to its linear estimate of
    least error, and what tells the decoder how far to trust it.
    """
    return 1.0 / (1.0 + noise_variance)


def unit_power(reals: Any) -> Any:
    """Real numbers `[batch, h, w, F]` scaled to a mean square of 1/2 over each picture: symbols of mean power 1."""
    power = 2.0 * ops.mean(ops.square(reals), axis=(1, 2, 3), keepdims=True)
    return reals * ops.rsqrt(ops.maximum(power, 1e-12))


def amplitudes(bits_per_symbol: int) -> np.ndarray:
    """Amplitudes of each part of a square QAM of unit mean power, rising: float32 `[2**(bits / 2)]`."""
    count = 2 ** (bits_per_symbol // 2)
    odd = 2.0 * np.arange(count) - (count - 1)
    return (odd * np.sqrt(1.5 / (count**2 - 1))).astype(np.float32)


def quantized(reals: Any, bits_per_symbol: int, sharpness: Any) -> Any:
    """Real numbers of any power on the constellation, with a mean square of 1/2 over each picture.

    The numbers are brought to unit power, each is decided for the nearest amplitude, and the points are scaled to unit
    power again. The gradient is that of the mean amplitude with weights `softmax(-sharpness (x - a)^2)` (DeepJSCC-Q;
    Tung, Kurka, Jankowski and Gunduz 2022), which for a square QAM is that over its points.
    """
    levels = ops.convert_to_tensor(amplitudes(bits_per_symbol))
    x = unit_power(reals)
    distances = ops.square(x[..., None] - levels)
    soft = ops.sum(ops.softmax(-sharpness * distances, axis=-1) * levels, axis=-1)
    hard = ops.take(levels, ops.argmin(distances, axis=-1))
    return unit_power(soft + ops.stop_gradient(hard - soft))
