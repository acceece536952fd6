"""The paper's theory of a codebook over a binary symmetric channel: information (eqs. 8-11), distortion (15-20), size
(21).
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from linksim.codebook.labels import bits_per_index, through_bsc
from linksim.common.errors import InputError

IndexErrors = float | np.ndarray
"""The bit-error rate of a binary symmetric channel, or transition probabilities `P[i, j] = P(j|i)` of indices, `[K, K]`."""


def index_frequencies(indices: np.ndarray, size: int) -> np.ndarray:
    """`p_hat` (eq. 11): float64 `[K]`, sum 1, of indices of any shape."""
    flat = np.asarray(indices).reshape(-1)
    if not flat.size:
        raise InputError("no indices: frequencies need at least one")
    return np.bincount(flat, minlength=size) / flat.size


def entropy_bits(p: np.ndarray) -> float:
    """`H(S) = I(Z;S)` in bits (eqs. 8-10): at most `log2 K`, reached by uniform usage."""
    used = np.asarray(p, np.float64)
    used = used[used > 0]
    return float(-(used * np.log2(used)).sum())


def perplexity(p: np.ndarray) -> float:
    """`2^H`: the size of the uniformly used codebook with the same entropy."""
    return float(2 ** entropy_bits(p))


def flip_probability(m: int, bit_error_rate: float) -> np.ndarray:
    """`P(d_H = w)`, `w = 0..m` (eq. 15): float64 `[m + 1]`."""
    return np.array([comb(m, w) * bit_error_rate**w * (1 - bit_error_rate) ** (m - w) for w in range(m + 1)])


def index_error_probability(m: int, bit_error_rate: float) -> float:
    """`P_e = 1 - (1 - eps)^m` (eq. 16)."""
    return float(1 - (1 - bit_error_rate) ** m)


def mean_distance(codebook: np.ndarray, usage: np.ndarray) -> float:
    """`D_bar` (eq. 19): mean squared distance from a used codeword to the K - 1 others."""
    e = np.asarray(codebook, np.float64)
    norms = (e**2).sum(-1)
    to_all = len(e) * norms - 2 * e @ e.sum(0) + norms.sum()
    return float(usage @ to_all / (len(e) - 1))


def channel_distortion(
    codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, labelling: str = "exact"
) -> float:
    """`D_c` (eqs. 18, 19), squared distance per vector.

    Args:
        codebook: `[K, D]`.
        usage: `[K]`, sum 1.
        labelling: `random`, the paper's eq. 17; or `exact`, the codebook's own labels and the hard receiver.
    """
    if labelling == "random":
        error = index_error_probability(bits_per_index(len(codebook)), bit_error_rate)
        return error * mean_distance(codebook, usage)
    if labelling != "exact":
        raise InputError(f"labelling {labelling!r}: must be 'random' or 'exact'")
    mean, power = received_moments(codebook, bit_error_rate)
    e = np.asarray(codebook, np.float64)
    return float(usage @ ((e**2).sum(-1) - 2 * (e * mean).sum(-1) + power))


def received_moments(codebook: np.ndarray, errors: IndexErrors) -> tuple[np.ndarray, np.ndarray]:
    """`E[e_j | i]` `[K, D]` and `E[||e_j||^2 | i]` `[K]` of the codeword j received for i sent (exact labels)."""
    e = np.asarray(codebook, np.float64)
    norms = (e**2).sum(-1)
    if isinstance(errors, np.ndarray):
        return errors @ e, errors @ norms
    return through_bsc(e, errors), through_bsc(norms, errors)


def mean_error(codebook: np.ndarray, bit_error_rate: float, labelling: str = "exact") -> np.ndarray:
    """`e_i - E[e_j | i]` of each sent codeword i, float64 `[K, D]`, with labels as in `channel_distortion`."""
    e = np.asarray(codebook, np.float64)
    if labelling == "random":
        error = index_error_probability(bits_per_index(len(e)), bit_error_rate)
        return np.asarray(e - ((1 - error) * e + error * (e.sum(0) - e) / (len(e) - 1)))
    return np.asarray(e - received_moments(e, bit_error_rate)[0])


@dataclass(frozen=True)
class Distortion:
    """Squared distances per vector: `total = quantization + channel + cross` (eq. 20 and its cross term)."""

    quantization: float
    channel: float
    cross: float

    @property
    def total(self) -> float:
        """`E ||z - e_j||^2` from the sent feature to the received codeword."""
        return self.quantization + self.channel + self.cross


def distortion(
    features: np.ndarray, indices: np.ndarray, codebook: np.ndarray, bit_error_rate: float, labelling: str = "exact"
) -> Distortion:
    """Predicted distortion of features `[n, D]` sent as indices `[n]`.

    The cross term `2 E (z - e_s).(e_s - E[e_j|s])` vanishes where each codeword is the centroid of its cell, which
    that of a trained network only nearly is.
    """
    e = np.asarray(codebook, np.float64)
    usage = index_frequencies(indices, len(e))
    residual = np.asarray(features, np.float64) - e[indices]
    cross = 2 * (residual * mean_error(e, bit_error_rate, labelling)[indices]).sum(-1).mean()
    channel = channel_distortion(e, usage, bit_error_rate, labelling)
    return Distortion(float((residual**2).sum(-1).mean()), channel, float(cross))


def optimal_size(
    sizes: np.ndarray, quantization: np.ndarray, channel: np.ndarray, n_vectors: int, mu: float
) -> tuple[int, np.ndarray]:
    """`K*` and the curve `D_q(K) + D_c(K) + mu n ceil(log2 K)` over `sizes` (eq. 21); of equal minima the smallest K."""
    rate = n_vectors * np.array([bits_per_index(int(size)) for size in sizes])
    objective = np.asarray(quantization) + np.asarray(channel) + mu * rate
    return int(np.asarray(sizes)[np.argmin(objective)]), objective
