"""Which point an uncoded link decides for when another was sent: transition probabilities of Gray QAM, integrated
numerically.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.special import erfc

from linksim.link.air.modulation import bits_per_dimension, gray_pam

_CELLS = 2048
"""Of the axis on which decisions are looked for; where two of them meet is interpolated."""

_FADE_STEP = 0.1
"""Of the logarithm of the fade's amplitude: the trapezoidal rule converges exponentially there."""


@lru_cache(maxsize=256)
def symbol_transitions(bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool = True) -> np.ndarray:
    """`P[i, j] = P(j | i)`: symbol j is decided where i was sent, float64 `[M, M]`, rows sum to 1.

    A symbol's number is its bits in order, the first most significant (3GPP TS 38.211, 5.1); without scrambling. Each
    bit is decided by the sign of its LLR with perfect CSI, as the link does it. Given the fade the two axes are
    independent; their product is averaged over the fade.

    Args:
        bits_per_symbol: 1 (BPSK), 2, 4, 6 or 8.
        es_no_db: Es/N0 in dB, averaged over the fading.
        rayleigh: Rayleigh fading; else a constant channel.
        exact: decisions of exact LLRs; else of max-log ones, which are those of the nearest point.
    """
    weights, axis = _given_fade(bits_per_symbol, es_no_db, rayleigh, exact)
    side = axis.shape[1]
    if bits_per_symbol == 1:
        return _probabilities(np.tensordot(weights, axis, 1))
    flat = axis.reshape(len(axis), -1)
    both = ((weights[:, None] * flat).T @ flat).reshape(side, side, side, side)  # [sent I, got I, sent Q, got Q]
    real, imaginary = axis_labels(bits_per_symbol)
    return _probabilities(both[real[:, None], real, imaginary[:, None], imaginary])


@lru_cache(maxsize=256)
def axis_transitions(bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool = True) -> np.ndarray:
    """`P(j | i)` of the label of one axis, float64 `[sqrt(M), sqrt(M)]`; arguments as of `symbol_transitions`."""
    weights, axis = _given_fade(bits_per_symbol, es_no_db, rayleigh, exact)
    return _probabilities(np.tensordot(weights, axis, 1))


def axis_labels(bits_per_symbol: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the real and the imaginary part of each symbol by its number, int64 `[M]` each: bits alternate."""
    m = bits_per_dimension(bits_per_symbol)
    numbers = np.arange(2**bits_per_symbol)
    bits = (numbers[:, None] >> np.arange(bits_per_symbol - 1, -1, -1)) & 1
    weights = 1 << np.arange(m - 1, -1, -1)
    return bits[:, 0::2] @ weights, bits[:, 1::2] @ weights


def _probabilities(matrix: np.ndarray) -> np.ndarray:
    """Rows that sum to 1, not to be written to."""
    out = np.asarray(matrix / matrix.sum(-1, keepdims=True))
    out.setflags(write=False)
    return out


def _given_fade(bits_per_symbol: int, es_no_db: float, rayleigh: bool, exact: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights `[F]` of fades, and the transitions `[F, m, m]` of one axis at each of them."""
    snr = 10 ** (es_no_db / 10)
    if not rayleigh:
        return np.ones(1), _axis_at(bits_per_symbol, snr, exact)[None]
    # |h| = exp(t) has the density 2 r^2 exp(-r^2) over t; the part below the first t is below 1e-8 in sum.
    lowest = math.log(1e-4 * min(1.0, snr**-0.5))
    amplitude = np.exp(np.arange(lowest, math.log(6.5), _FADE_STEP))
    weights = _FADE_STEP * 2 * amplitude**2 * np.exp(-(amplitude**2))
    return weights, np.stack([_axis_at(bits_per_symbol, snr * r**2, exact) for r in amplitude])


def _axis_at(bits_per_symbol: int, snr: float, exact: bool) -> np.ndarray:
    """`P(j | i)` of one axis' labels without fading, `[m, m]`: the noise has the variance `1 / (2 snr)` per axis."""
    points = gray_pam(bits_per_symbol).astype(np.float64)
    reach = np.abs(points).max() + 6 / math.sqrt(2 * snr)
    y = np.linspace(-reach, reach, _CELLS)
    llr = _bit_llrs(y, points, snr, exact)  # [bits, cells]
    weights = 1 << np.arange(len(llr) - 1, -1, -1)
    decided = weights @ (llr > 0)
    at = np.flatnonzero(np.diff(decided))
    bit = np.abs(np.diff(llr > 0, axis=1)[:, at]).argmax(0)
    before, after = llr[bit, at], llr[bit, at + 1]
    edges = y[at] + (y[1] - y[0]) * before / (before - after)
    above = erfc((edges - points[:, None]) * math.sqrt(snr)) / 2
    above = np.hstack([np.ones((len(points), 1)), above, np.zeros((len(points), 1))])
    out = np.zeros((len(points), len(points)))
    labels = decided[np.append(at, len(y) - 1)]
    for interval, label in enumerate(labels):
        out[:, label] += above[:, interval] - above[:, interval + 1]
    return out


def _bit_llrs(y: np.ndarray, points: np.ndarray, snr: float, exact: bool) -> np.ndarray:
    """LLRs `[bits, n]` of what is received, `y` `[n]`, on one axis with the amplitudes `points` by label."""
    metrics = -snr * (y - points[:, None]) ** 2
    bits = len(points).bit_length() - 1
    add = np.logaddexp.reduce if exact else np.maximum.reduce
    ones = [(np.arange(len(points)) >> shift) & 1 == 1 for shift in range(bits - 1, -1, -1)]
    return np.stack([add(metrics[one], axis=0) - add(metrics[~one], axis=0) for one in ones])
