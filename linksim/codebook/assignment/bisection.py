"""A first order of codewords for label assignment: halved again and again along directions that all groups share."""

import numpy as np

from linksim.codebook.labels import bits_per_index


def bisection_order(codebook: np.ndarray) -> np.ndarray:
    """Order `[K]` of the codewords `[K, D]` in which every bit of the index is the side of a cut.

    Bit by bit, from the first: the direction of largest variance within the groups so far is found, and each group is
    cut across it, the lower part to bit 0. One direction for all groups makes a bit mean the same in each of them, so
    that a flip of an earlier bit leaves the sides of the later cuts as they are.
    """
    e = np.asarray(codebook, np.float64)
    groups = [np.arange(len(e))]
    for bit in range(bits_per_index(len(e)) - 1, -1, -1):
        residual = np.concatenate([e[group] - e[group].mean(0) for group in groups])
        direction = np.linalg.eigh(residual.T @ residual)[1][:, -1]
        groups = [part for group in groups for part in _cut(group, e[group] @ direction, 1 << bit)]
    return np.concatenate(groups)


def _cut(group: np.ndarray, height: np.ndarray, most: int) -> list[np.ndarray]:
    """The lower part, with as many codewords as the labels of a 0 allow, and what is left, if anything."""
    sorted_group = group[np.argsort(height, kind="stable")]
    return [part for part in (sorted_group[:most], sorted_group[most:]) if len(part)]
