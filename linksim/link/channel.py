"""Flat fading, additive noise, what the receiver knows of the fading, and equalization. NumPy, seeded per block."""

import numpy as np

from linksim.link.config import LinkConfig


def _complex_normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """`CN(0, 1)`: variance 1/2 per real dimension."""
    return rng.standard_normal((size, 2)).astype(np.float32).view(np.complex64)[:, 0] * np.float32(np.sqrt(0.5))


def _scattered_power(config: LinkConfig) -> float:
    """Mean power of the part of the fading that is random: 0 for AWGN, 1 for Rayleigh, `1/(K+1)` for Rician."""
    channel = config.channel
    if channel.kind == "awgn":
        return 0.0
    if channel.kind == "rayleigh" or channel.k_factor_db is None:
        return 1.0
    return 1.0 / (1.0 + 10 ** (channel.k_factor_db / 10))


def send_block(
    config: LinkConfig, x: np.ndarray, es_no_db: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One block over the channel, equalized.

    `y = h x + n` with `E|h|^2 = 1`, `E|x|^2 = 1` and `n ~ CN(0, N0)`. The receiver sees `h + e`, `e ~ CN(0, v)`, takes the MMSE
    estimate `g` of `h` from it, and divides by `g`. The noise after that is `(N0 + residual variance of h) / |g|^2`, symbol by symbol;
    that, not N0, is what the demapper has to be given.

    Args:
        x: complex64 `[symbols]`.
        es_no_db: Es/N0 in dB, averaged over the fading.

    Returns:
        Equalized symbols complex64 `[symbols]` and their effective noise variance float32 `[symbols]`.
    """
    symbols = len(x)
    coherence = config.channel.coherence
    run = {"symbol": 1, "block": symbols}.get(coherence, coherence) if isinstance(coherence, str) else coherence
    scattered = _scattered_power(config)
    draws = -(-symbols // int(run))
    line_of_sight = np.float32(np.sqrt(1.0 - scattered))
    fading = np.repeat(_complex_normal(rng, draws), run)[:symbols] * np.float32(np.sqrt(scattered))
    no = np.float32(10 ** (-es_no_db / 10))
    y = (line_of_sight + fading) * x + np.sqrt(no) * _complex_normal(rng, symbols)

    v = config.csi.error_variance
    residual = 0.0
    if v and scattered:
        seen = fading + np.repeat(_complex_normal(rng, draws), run)[:symbols] * np.float32(np.sqrt(v))
        fading = np.float32(scattered / (scattered + v)) * seen
        residual = scattered * v / (scattered + v)
    g = line_of_sight + fading
    power = np.maximum(np.abs(g) ** 2, 1e-12)
    return (y * np.conj(g) / power).astype(np.complex64), ((no + residual) / power).astype(np.float32)
