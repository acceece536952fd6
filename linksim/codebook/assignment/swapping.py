"""Swaps of labels and what they add to the channel distortion D_c: the compiled part of `assignment`.

`D_c = sum_ij p_i P(label_j | label_i) ||e_i - e_j||^2` (eq. 18) has rank 2 D + 3 in the codewords. With

    u_i = [-2 p_i e_i, p_i, -2 e_i, ||e_i||^2, 1]     f_j = [e_j, ||e_j||^2, p_j e_j, p_j, p_j ||e_j||^2]

what codeword i costs with label l, as sender and as receiver, is `u_i . w(l)` up to a constant, where `w(l)` sums the
first D + 1 elements of `f_j` by `P(label_j | l)` and the others by `P(l | label_j)`. So a swap is priced in O(D) and
made in O(K D), and no K x K matrix is needed.
"""

from typing import NamedTuple

import numpy as np

from linksim.codebook.labels import bits_per_index, from_bsc, through_bsc
from linksim.common.compiled.kept import kept_njit


class State(NamedTuple):
    """Codewords and their present labels; `label` and `w` change in place. Codewords are columns, so that loops over
    them are dense.

    Attributes:
        e: codewords around their mean, float32 `[D, K]`.
        p: usage, float32 `[K]`.
        u, f: the factors above, float32 `[2 D + 3, K]`.
        w: `w(label_i)` in column i, float32 `[2 D + 3, K]`.
        label: of each codeword, int64 `[K]`.
        stay: `P(l | l)` of each label, float32 `[K]`.
        by_distance: `eps^d (1-eps)^(m-d)`, float32 `[m + 1]`.
        ones: number of ones of each of the 2^m labels, int64 `[2^m]`.
    """

    e: np.ndarray
    p: np.ndarray
    u: np.ndarray
    f: np.ndarray
    w: np.ndarray
    label: np.ndarray
    stay: np.ndarray
    by_distance: np.ndarray
    ones: np.ndarray


def start(codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, order: np.ndarray) -> State:
    """The state in which codeword `order[l]` has label l."""
    p = np.asarray(usage, np.float64)
    e = np.asarray(codebook, np.float64) - p @ codebook / p.sum()
    size, m = len(e), bits_per_index(len(codebook))
    norm = (e**2).sum(-1, keepdims=True)
    u = np.hstack([-2 * p[:, None] * e, p[:, None], -2 * e, norm, np.ones((size, 1))])
    f = np.hstack([e, norm, p[:, None] * e, p[:, None], p[:, None] * norm])
    half = e.shape[1] + 1
    w = np.empty_like(f)
    w[order, :half] = through_bsc(f[order, :half], bit_error_rate)
    w[order, half:] = from_bsc(f[order, half:], bit_error_rate)
    distance = np.arange(m + 1)
    by_distance = bit_error_rate**distance * (1 - bit_error_rate) ** (m - distance)
    stay = by_distance[0] + by_distance[1] * (np.arange(size) + 2 ** (m - 1) >= size) * (np.arange(size) < 2 ** (m - 1))
    ones = np.array([label.bit_count() for label in range(2**m)])
    return State(
        e=np.ascontiguousarray(e.T, np.float32),
        p=p.astype(np.float32),
        u=np.ascontiguousarray(u.T, np.float32),
        f=np.ascontiguousarray(f.T, np.float32),
        w=np.ascontiguousarray(w.T, np.float32),
        label=np.argsort(order),
        stay=stay.astype(np.float32),
        by_distance=by_distance.astype(np.float32),
        ones=ones,
    )


@kept_njit()
def _transitions(state: State, fixed: int) -> tuple[np.ndarray, np.ndarray]:
    """`P(fixed | label_i)` and `P(label_i | fixed)` of a label `fixed`, float32 `[K]` each.

    Of the hard receiver, to which a received label >= K is the one without its first bit.
    """
    label, ones, by_distance = state.label, state.ones, state.by_distance
    size, first_bit = len(label), len(ones) // 2
    to, back = np.empty_like(state.p), np.empty_like(state.p)
    for i in range(size):
        to[i] = back[i] = by_distance[ones[label[i] ^ fixed]]
        if size <= label[i] + first_bit < 2 * first_bit:
            back[i] += by_distance[ones[(label[i] + first_bit) ^ fixed]]
        if size <= fixed + first_bit < 2 * first_bit:
            to[i] += by_distance[ones[label[i] ^ (fixed + first_bit)]]
    return to, back


@kept_njit(fastmath=True)
def price(state: State, a: int) -> np.ndarray:
    """Change of D_c where codeword a swaps labels with each codeword, float32 `[K]`."""
    added, apart = np.zeros_like(state.p), np.zeros_like(state.p)
    for d in range(len(state.u)):
        ua, wa, u, w = state.u[d, a], state.w[d, a], state.u[d], state.w[d]
        for b in range(len(added)):
            added[b] += (ua - u[b]) * (w[b] - wa)
    for d in range(len(state.e)):
        ea, e = state.e[d, a], state.e[d]
        for b in range(len(added)):
            apart[b] += (ea - e[b]) ** 2
    # So far a and b were counted against each other's old places; put that right.
    to, back = _transitions(state, state.label[a])
    stay = state.stay[state.label[a]] + state.stay[state.label]
    added -= (state.p[a] + state.p) * apart * (stay - to - back)
    added[a] = 0
    return added


@kept_njit(fastmath=True)
def swap(state: State, a: int, b: int) -> None:
    """Swap the labels of codewords a and b."""
    label = state.label
    to_a, back_a = _transitions(state, label[a])
    to_b, back_b = _transitions(state, label[b])
    sent, received = to_b - to_a, back_b - back_a
    for d in range(len(state.f)):
        row, step = state.w[d], state.f[d, a] - state.f[d, b]
        weight = sent if d <= len(state.e) else received
        for i in range(len(row)):
            row[i] += weight[i] * step
        row[a], row[b] = row[b], row[a]
    label[a], label[b] = label[b], label[a]


@kept_njit()
def sweep(state: State, order: np.ndarray, least: float) -> int:
    """One pass: each codeword in turn swaps labels with the one that lowers D_c most, by more than `least`.

    The number of swaps.
    """
    swaps = 0
    for a in order:
        added = price(state, a)
        b = int(np.argmin(added))
        if added[b] < -least:
            swap(state, a, b)
            swaps += 1
    return swaps


@kept_njit()
def heat_bath(state: State, order: np.ndarray, uniform: np.ndarray, temperature: float) -> None:
    """One pass of annealing: each codeword in turn swaps labels with one drawn by `exp(-change of D_c / temperature)`.

    `uniform` holds a number in [0, 1) per codeword of `order`.
    """
    for step, a in enumerate(order):
        added = price(state, a)
        chance = np.cumsum(np.exp((added.min() - added) / np.float32(temperature)))
        b = min(np.searchsorted(chance, np.float32(uniform[step]) * chance[-1], "right"), len(chance) - 1)
        if b != a:
            swap(state, a, b)
