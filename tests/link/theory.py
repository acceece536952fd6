"""Closed forms that the link is compared with, derived here and not taken from the code under test."""

import math

import numpy as np
from scipy.special import erfc

from linksim.link.air.modulation import gray_pam


def _crossing_probability(distance: np.ndarray, es_no_db: float, rayleigh: bool) -> np.ndarray:
    """P(noise in one dimension exceeds `distance` (in units of sqrt(Es))); over Rayleigh fading, averaged over |h|^2.

    AWGN: `Q(d sqrt(2 Es/N0)) = erfc(d sqrt(Es/N0)) / 2`. Rayleigh: `(1 - sqrt(g / (1 + g))) / 2`, `g = d^2 Es/N0`
    (Proakis, Digital Communications, 14.3; odd in d for the other side).
    """
    snr = 10 ** (es_no_db / 10)
    if not rayleigh:
        return erfc(distance * math.sqrt(snr)) / 2
    g = distance**2 * snr
    return (1 - np.sign(distance) * np.sqrt(g / (1 + g))) / 2


def bit_error_rates(bits_per_symbol: int, es_no_db: float, rayleigh: bool) -> np.ndarray:
    """Exact error rate of each bit of one dimension of Gray QAM with hard decision by the nearest point: `[m]`.

    Sums, over sent amplitudes and over the decision intervals whose label has the other bit, the interval's probability.
    """
    by_label = gray_pam(bits_per_symbol).astype(float)
    order = np.argsort(by_label)
    points = by_label[order]
    edges = np.concatenate([[-np.inf], (points[1:] + points[:-1]) / 2, [np.inf]])
    m = len(points).bit_length() - 1
    rates = np.zeros(m)
    for sent, amplitude in zip(order, points, strict=True):
        above = np.array(
            [
                1.0
                if e == -np.inf
                else 0.0
                if e == np.inf
                else _crossing_probability(e - amplitude, es_no_db, rayleigh)
                for e in edges
            ]
        )
        inside = above[:-1] - above[1:]
        for bit in range(m):
            other = ((order >> (m - 1 - bit)) & 1) != ((sent >> (m - 1 - bit)) & 1)
            rates[bit] += inside[other].sum() / len(points)
    return rates
