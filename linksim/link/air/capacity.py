"""Constellation-constrained capacity of flat fading channels with perfect CSI at the receiver, by Gauss-Hermite
quadrature.

With `x` uniform over a constellation of `2^m` points of unit energy, `y = h x + n`, `n ~ CN(0, N0)` and
`g = |h|^2 Es/N0`:

- coded modulation: `C(g) = m - E log2 sum_j exp(-|sqrt(g) (x_i - x_j) + n|^2 + |n|^2)`,
- bit-interleaved with Gray labels: `m - sum_b E log2 (sum_j p(y|x_j) / sum_{j: bit b as sent} p(y|x_j))`
  (Caire, Taricco, Biglieri 1998).

Square QAM and BPSK are products of real PAMs with separate Gray labels, so one real quadrature does: `C_QAM = 2 C_PAM`.
"""

import math
from functools import lru_cache

import numpy as np

from linksim.common.errors import InputError
from linksim.link.air.config import ChannelConfig
from linksim.link.air.fading import FadingConfig, plugin_power_quantile
from linksim.link.air.modulation import gray_pam

NOISE_NODES = 48
# The SNR grid on which the capacity without fading is tabulated; outside it is 0 or m to 1e-5 bit.
GRID_DB = np.arange(-60.0, 70.0, 0.25)


def _pam_levels(bits: int) -> np.ndarray:
    """Levels of unit mean energy by Gray label, float64 `[2**bits]`."""
    levels = gray_pam(1 if bits == 1 else 2 * bits).astype(np.float64)
    return levels / np.sqrt(np.mean(levels**2))


@lru_cache(maxsize=64)
def _pam_capacity(bits: int, interleaved: bool) -> np.ndarray:
    """Bits per real use on `GRID_DB` as SNR `E|x|^2 / sigma^2` of a real channel, `[len(GRID_DB)]`."""
    levels = _pam_levels(bits)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NOISE_NODES)
    weights = weights / weights.sum()
    labels = np.arange(2**bits)
    same = (labels[:, None] >> np.arange(bits)) & 1  # [label, bit]
    agree = same[:, None, :] == same[None, :, :]  # [sent, candidate, bit]
    capacity = np.empty(len(GRID_DB))
    for position, snr_db in enumerate(GRID_DB):
        points = levels * 10 ** (snr_db / 20)  # noise variance 1
        y = points[:, None] + nodes  # [sent, noise]
        metric = -0.5 * (y[..., None] - points) ** 2  # [sent, noise, candidate]
        metric -= metric.max(axis=-1, keepdims=True)
        likelihood = np.exp(metric)
        total = likelihood.sum(axis=-1)
        if interleaved:
            matching = np.einsum("inj,ijb->inb", likelihood, agree)
            loss = np.log2(total[..., None] / matching).sum(axis=-1)
        else:
            loss = np.log2(total) - metric[labels, :, labels] / math.log(2)
        capacity[position] = bits - float(np.mean(loss @ weights))
    return np.clip(capacity, 0.0, bits)


def awgn_capacity(es_no_db: np.ndarray | float, bits_per_symbol: int, interleaved: bool = False) -> np.ndarray:
    """Bits per complex channel use at Es/N0 in dB without fading, in the shape of `es_no_db`.

    Args:
        es_no_db: Es/N0 in dB.
        bits_per_symbol: 1 (BPSK), 2, 4, 6 or 8.
        interleaved: bit-interleaved coded modulation with Gray labels; else coded modulation.

    Raises:
        InputError: another number of bits per symbol.
    """
    if bits_per_symbol not in (1, 2, 4, 6, 8):
        raise InputError(f"bits_per_symbol: {bits_per_symbol}; allowed are 1, 2, 4, 6, 8")
    if bits_per_symbol == 1:  # all energy against the real half of the noise
        return np.interp(np.asarray(es_no_db) + 10 * math.log10(2), GRID_DB, _pam_capacity(1, interleaved))
    # Half the energy and half the noise per real dimension.
    return 2 * np.interp(es_no_db, GRID_DB, _pam_capacity(bits_per_symbol // 2, interleaved))


@lru_cache(maxsize=64)
def fading_powers(channel: FadingConfig, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature over `|h|^2` of unit mean: values `[n]` and probabilities `[n]`, by its quantiles (midpoint rule).

    Rayleigh: exponential. Rician: noncentral chi-square with two degrees of freedom, K the power of the line of sight
    over the rest. Channels of other packages bring their `power_quantile`.
    """
    if channel.kind == "awgn":
        return np.ones(1), np.ones(1)
    return fading_quantile((np.arange(count) + 0.5) / count, channel), np.full(count, 1 / count)


def fading_quantile(probability: np.ndarray | float, channel: FadingConfig) -> np.ndarray:
    """The `|h|^2` that the fading stays below with `probability`."""
    if not isinstance(channel, ChannelConfig):
        return plugin_power_quantile(channel, np.asarray(probability, float))
    if channel.kind == "awgn":
        return np.ones_like(np.asarray(probability, float))
    if channel.kind == "rayleigh":
        return -np.log1p(-np.asarray(probability, float))
    if channel.kind != "rician" or channel.k_factor_db is None:
        raise ValueError(f"channel {channel.kind}: its fading has no law here")
    from scipy.stats import ncx2

    k = 10 ** (channel.k_factor_db / 10)
    return np.asarray(ncx2.ppf(probability, 2, 2 * k)) / (2 * (1 + k))


def ergodic_capacity(es_no_db: float, bits_per_symbol: int, channel: FadingConfig, interleaved: bool = False) -> float:
    """Bits per complex channel use of a code that sees all fades, at the average Es/N0 in dB."""
    powers, probabilities = fading_powers(channel)
    return float(probabilities @ awgn_capacity(es_no_db + 10 * np.log10(powers), bits_per_symbol, interleaved))


def outage_capacity(
    es_no_db: float, bits_per_symbol: int, channel: FadingConfig, outage_probability: float, interleaved: bool = False
) -> float:
    """The rate in bits per complex channel use that one fade carries but for `outage_probability`."""
    power = fading_quantile(outage_probability, channel)
    return float(awgn_capacity(es_no_db + 10 * np.log10(power), bits_per_symbol, interleaved))
