"""Label assignment: order a codebook so that likely bit errors lead to near codewords (pseudo-Gray coding)."""

import numba
import numpy as np

from linksim.seeds import generator


@numba.njit(cache=True)
def _sweep(weights: np.ndarray, p: np.ndarray, weight_of: np.ndarray, label: np.ndarray, order: np.ndarray) -> int:
    """One pass over all pairs of codewords; swaps the labels of those that gain by it, and says how many did."""
    size, swaps = len(label), 0
    for first in range(size):
        a = order[first]
        for second in range(first + 1, size):
            b = order[second]
            change = 0.0
            for j in range(size):
                if j != a and j != b:
                    step = p[weight_of[label[b] ^ label[j]]] - p[weight_of[label[a] ^ label[j]]]
                    change += (weights[a, j] - weights[b, j]) * step
            if change < -1e-12:
                label[a], label[b] = label[b], label[a]
                swaps += 1
    return swaps


def binary_switching(
    codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, seed: int = 0, max_sweeps: int = 50
) -> np.ndarray:
    """Order `[K]` in which the codewords have to be put so that their new indices are good labels.

    Zeger and Gersho (1990): swap two labels wherever that lowers `D_c = sum_i p_i sum_j P(j|i) ||e_i - e_j||^2` (eq. 18, exact
    BSC), until no swap does. `D_c` of `codebook[order]` with `usage[order]` is never above that of the labels at the start.
    """
    size = len(codebook)
    bits = (size - 1).bit_length()
    d = np.arange(bits + 1)
    p = bit_error_rate**d * (1 - bit_error_rate) ** (bits - d)
    distances = ((codebook[:, None, :].astype(np.float64) - codebook[None]) ** 2).sum(-1)
    weights = (usage[:, None] + usage[None, :]) * distances
    label = np.arange(size)
    weight_of = np.bitwise_count(np.arange(2**bits)).astype(np.int64)
    for sweep in range(max_sweeps):
        order = generator(seed, sweep, "binary switching").permutation(size)
        if _sweep(weights / weights.mean(), p, weight_of, label, order) == 0:
            break
    return np.argsort(label)
