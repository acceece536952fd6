"""Labels along a chain: codewords that are near each other on a chain get amplitudes that are neighbours on an axis.

MOC-RVQ (arXiv 2401.01272): a greedy nearest-neighbour chain from the codeword nearest the mean, labelled along a Gray
sequence, here that of the axes of 3GPP TS 38.211, 5.1.
"""

import numpy as np

from linksim.codebook.labels import bits_per_index
from linksim.common.errors import InputError


def gray_sequence(bits: int) -> np.ndarray:
    """Labels by place on an axis, from the largest amplitude down: int64 `[2^bits]`; neighbours differ in one bit.

    The first bit is the sign, 0 for positive; the others are the label of the distance from the middle of that half,
    which grows inwards on the positive side and outwards on the negative one (TS 38.211, 5.1.3 to 5.1.6).
    """
    if bits == 0:
        return np.zeros(1, np.int64)
    half = gray_sequence(bits - 1)
    return np.concatenate([half[::-1], half + (1 << (bits - 1))])


def greedy_chain(codebook: np.ndarray) -> np.ndarray:
    """Codewords `[K, D]` in the order in which each is followed by the nearest of those left: int64 `[K]`.

    The first is that nearest the mean of all; of equally near ones the first in the codebook is taken.
    """
    e = np.asarray(codebook, np.float64)
    left = np.ones(len(e), bool)
    target, path = e.mean(0), []
    for _ in range(len(e)):
        distance = np.where(left, ((e - target) ** 2).sum(-1), np.inf)
        path.append(int(distance.argmin()))
        left[path[-1]] = False
        target = e[path[-1]]
    return np.array(path)


def chain(codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float = 0.0, seed: int = 0) -> np.ndarray:
    """Order `[K]` of the codewords `[K, D]` in which the place in `greedy_chain` is the amplitude's place on an axis.

    Usage, bit-error rate and seed are those of the searches beside it and change nothing.

    Raises:
        InputError: K is no power of two, so that places on the axis would stay empty.
    """
    size = len(codebook)
    if size & (size - 1):
        raise InputError(f"labels chain: {size} codewords leave places of an axis empty; use a power of two")
    order = np.empty(size, np.int64)
    order[gray_sequence(bits_per_index(size))] = greedy_chain(codebook)
    return order
