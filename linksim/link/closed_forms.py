"""Closed forms of what an uncoded link does, to hold simulations against and to draw beside them."""

import math

import numpy as np
from scipy.special import erfc, exp1

from linksim.link.air.modulation import gray_pam


def bit_error_rate(bits_per_symbol: int, es_no_db: float, rayleigh: bool = False, branches: int = 1) -> float:
    """Bit-error rate of Gray BPSK or square QAM with hard decision by the nearest point, perfect CSI.

    Args:
        bits_per_symbol: 1 (BPSK), 2, 4, 6 or 8.
        es_no_db: Es/N0 in dB; with `rayleigh` averaged over the fading, of each branch.
        rayleigh: Rayleigh fading; else a constant channel.
        branches: receive antennas with independent fades, combined for the largest SNR.
    """
    return float(bit_error_rates(bits_per_symbol, es_no_db, rayleigh, branches).mean())


def bit_error_rates(bits_per_symbol: int, es_no_db: float, rayleigh: bool = False, branches: int = 1) -> np.ndarray:
    """Exact error rate of each bit of one dimension, most significant first: float64 `[bits per dimension]`.

    Sums, over sent amplitudes and over the decision intervals whose label has the other bit, the interval's probability.
    """
    by_label = gray_pam(bits_per_symbol).astype(float)
    order = np.argsort(by_label)
    points = by_label[order]
    edges = (points[1:] + points[:-1]) / 2
    m = len(points).bit_length() - 1
    rates = np.zeros(m)
    for sent, amplitude in zip(order, points, strict=True):
        above = np.concatenate([[1.0], _crossing(edges - amplitude, es_no_db, rayleigh, branches), [0.0]])
        inside = above[:-1] - above[1:]
        for bit in range(m):
            other = ((order >> (m - 1 - bit)) & 1) != ((sent >> (m - 1 - bit)) & 1)
            rates[bit] += inside[other].sum() / len(points)
    return rates


def _crossing(distance: np.ndarray, es_no_db: float, rayleigh: bool, branches: int) -> np.ndarray:
    """P(noise in one dimension exceeds `distance`, in units of sqrt(Es)), averaged over the fading.

    Constant: `erfc(d sqrt(L Es/N0)) / 2`. Rayleigh, L branches: `((1 - u) / 2)^L sum_k C(L-1+k, k) ((1 + u) / 2)^k`,
    `u = d sqrt(Es/N0 / (1 + d^2 Es/N0))` (Proakis, Digital Communications, 4th ed., 14.4-15).
    """
    snr = 10 ** (es_no_db / 10)
    if not rayleigh:
        return erfc(distance * math.sqrt(branches * snr)) / 2
    g = distance**2 * snr
    u = np.sign(distance) * np.sqrt(g / (1 + g))
    terms = [math.comb(branches - 1 + k, k) * ((1 + u) / 2) ** k for k in range(branches)]
    return ((1 - u) / 2) ** branches * sum(terms)


def rayleigh_capacity(es_no_db: float) -> float:
    """Bits per complex channel use of Gaussian signals over Rayleigh fading with perfect CSI at the receiver.

    `exp(1 / g) E1(1 / g) / ln 2`, g the mean SNR (Lee, IEEE Trans. Veh. Technol. 39 (3), 1990): the limit of every
    constellation, which large ones reach at low SNR.
    """
    g = 10 ** (es_no_db / 10)
    return float(np.exp(1 / g) * exp1(1 / g) / math.log(2))


def uncoded_block_error_rate(bits_per_symbol: int, es_no_db: float, symbols: int, branches: int = 1) -> float:
    """Probability that one of `symbols` symbols of a block is decided wrongly over AWGN: `1 - (1 - P_s)^symbols`.

    P_s is that of BPSK, or of square QAM: `1 - (1 - p)^2` with `p = 2 (1 - 1/sqrt(M)) Q(sqrt(3 L Es/N0 / (M - 1)))`
    (Proakis, Digital Communications, 4th ed., 5.2-78 and 5.2-79).

    Args:
        bits_per_symbol: 1 (BPSK), 2, 4, 6 or 8.
        es_no_db: Es/N0 in dB of each branch.
        symbols: of a block.
        branches: receive antennas L.
    """
    snr = branches * 10 ** (es_no_db / 10)
    if bits_per_symbol == 1:
        log_right = math.log1p(-float(erfc(math.sqrt(snr))) / 2)
    else:
        side = 2 ** (bits_per_symbol // 2)
        one_axis = (1 - 1 / side) * float(erfc(math.sqrt(1.5 * snr / (side**2 - 1))))
        log_right = 2 * math.log1p(-one_axis)
    return -math.expm1(symbols * log_right)
