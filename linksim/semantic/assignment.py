"""Label assignment: order a codebook so that likely bit errors lead to near codewords (pseudo-Gray coding).

Both searches swap labels to lower `D_c = sum_ab A[a,b] Q[label a, label b]` (eq. 18), `A[a,b] = p_a ||e_a - e_b||^2` and Q the exact
BSC transition of the hard receiver, any K. `G[a, l] = sum_j A[a,j] Q[l, label j] + A[j,a] Q[label j, l]` prices all swaps in O(1)
each; a swap that is made updates G by two outer products, O(K^2).
"""

import numba
import numpy as np

from linksim.seeds import generator
from linksim.semantic.labels import transition_matrix


@numba.njit(cache=True)
def _change(a: int, b: int, cost: np.ndarray, q: np.ndarray, g: np.ndarray, label: np.ndarray) -> float:
    """What swapping the labels of a and b adds to D_c."""
    la, lb = label[a], label[b]
    moved = g[a, lb] - g[a, la] + g[b, la] - g[b, lb]
    # G counts a and b against each other's old places; put that right.
    return moved - (cost[a, b] + cost[b, a]) * (q[la, la] + q[lb, lb] - q[la, lb] - q[lb, la])


@numba.njit(cache=True)
def _swap(a: int, b: int, cost: np.ndarray, q: np.ndarray, g: np.ndarray, label: np.ndarray) -> None:
    la, lb = label[a], label[b]
    column, row = q[:, lb] - q[:, la], q[lb] - q[la]
    for i in range(len(label)):
        sent, received = cost[i, a] - cost[i, b], cost[a, i] - cost[b, i]
        for k in range(len(label)):
            g[i, k] += sent * column[k] + received * row[k]
    label[a], label[b] = lb, la


@numba.njit(cache=True)
def _sweep(cost: np.ndarray, q: np.ndarray, g: np.ndarray, label: np.ndarray, order: np.ndarray, least: float) -> int:
    """One pass: each codeword in turn swaps labels with the one that gains most by it. Returns the number of swaps."""
    swaps = 0
    for a in order:
        best, partner = -least, -1
        for b in range(len(label)):
            change = _change(a, b, cost, q, g, label)
            if b != a and change < best:
                best, partner = change, b
        if partner >= 0:
            _swap(a, partner, cost, q, g, label)
            swaps += 1
    return swaps


@numba.njit(cache=True)
def _anneal(
    cost: np.ndarray,
    q: np.ndarray,
    g: np.ndarray,
    label: np.ndarray,
    pairs: np.ndarray,
    thresholds: np.ndarray,
) -> None:
    """Swap each pair in turn where that adds no more to D_c than its threshold (Metropolis, drawn beforehand)."""
    for step in range(len(pairs)):
        a, b = pairs[step]
        if a != b and _change(a, b, cost, q, g, label) < thresholds[step]:
            _swap(a, b, cost, q, g, label)


class _Search:
    def __init__(self, codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float) -> None:
        e = np.asarray(codebook, np.float64)
        norms = (e**2).sum(-1)
        squared = np.maximum(norms[:, None] + norms - 2 * e @ e.T, 0)
        np.fill_diagonal(squared, 0)
        self.cost = np.asarray(usage, np.float64)[:, None] * squared
        self.q = transition_matrix(len(e), bit_error_rate)
        self.label = np.arange(len(e))
        self.start = self.price()

    def price(self) -> float:
        """D_c of the present labels, and G made anew, free of rounding errors of many updates."""
        order = np.argsort(self.label)
        cost = self.cost[:, order]  # second codeword in order of its label
        self.g = cost @ self.q.T + self.cost[order].T @ self.q
        return float((cost * self.q[self.label]).sum())

    def descend(self, seed: int, max_sweeps: int) -> np.ndarray:
        least = 1e-9 * max(self.start, 1e-300)
        for sweep in range(max_sweeps):
            order = generator(seed, sweep, "binary switching").permutation(len(self.label))
            if _sweep(self.cost, self.q, self.g, self.label, order, least) == 0:
                break
        if self.price() > self.start:
            return np.arange(len(self.label))
        return np.argsort(self.label)


def binary_switching(
    codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, seed: int = 0, max_sweeps: int = 50
) -> np.ndarray:
    """Order `[K]` in which the codewords have to be put so that their new indices are good labels.

    Zeger and Gersho (1990): swap two labels wherever that lowers D_c, until no swap does. `D_c` of `codebook[order]` with
    `usage[order]` is never above that of the labels at the start.
    """
    return _Search(codebook, usage, bit_error_rate).descend(seed, max_sweeps)


def simulated_annealing(
    codebook: np.ndarray,
    usage: np.ndarray,
    bit_error_rate: float,
    seed: int = 0,
    steps_per_codeword: int = 400,
    max_sweeps: int = 50,
) -> np.ndarray:
    """Like `binary_switching`, after random swaps under a falling temperature that may leave a local minimum.

    The temperature falls geometrically from a tenth to a ten-thousandth of the typical change of a random swap.
    """
    search = _Search(codebook, usage, bit_error_rate)
    size = len(codebook)
    rng = generator(seed, "simulated annealing")
    pairs = rng.integers(0, size, (steps_per_codeword * size, 2))
    typical = np.mean(
        [abs(_change(a, b, search.cost, search.q, search.g, search.label)) for a, b in pairs[:1000] if a != b]
    )
    temperature = typical * np.geomspace(1e-1, 1e-4, len(pairs))
    _anneal(search.cost, search.q, search.g, search.label, pairs, temperature * rng.exponential(size=len(pairs)))
    search.price()
    return search.descend(seed, max_sweeps)
