"""Labels: the `m = ceil(log2 K)` bits of an index, most significant first, and what a binary symmetric channel (BSC)
makes of them.
"""

from typing import Any

import numpy as np

from linksim.common.errors import InputError

BitErrorRate = float | np.ndarray
"""One for all bits of a label, or one for each, `[m]`, most significant first."""


def bits_per_index(size: int) -> int:
    """`m = ceil(log2 K)` for a codebook of `size` = K codewords.

    Raises:
        InputError: fewer than 2 codewords, which carry nothing.
    """
    if size < 2:
        raise InputError(f"codebook size {size}: at least 2 codewords are needed to send an index")
    return (int(size) - 1).bit_length()


def label_bits(size: int) -> np.ndarray:
    """Bits of every index of a codebook: uint8 `[K, m]`."""
    bits = bits_per_index(size)
    return ((np.arange(size)[:, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)


def indices_to_bits(indices: np.ndarray, size: int) -> np.ndarray:
    """Payload uint8 `[n * m]` of indices `[n]`, all in `0 .. K-1`.

    Raises:
        InputError: an index outside the codebook.
    """
    indices = np.asarray(indices)
    if indices.size and not 0 <= indices.min() <= indices.max() < size:
        raise InputError(f"indices {indices.min()}..{indices.max()}: a codebook of {size} has 0..{size - 1}")
    return label_bits(size)[indices].reshape(-1)


def bits_to_labels(bits: np.ndarray, size: int) -> np.ndarray:
    """Labels int64 `[n]` in `0 .. 2^m - 1` of a payload `[n * m]`; where K is no power of two some may be >= K.

    Raises:
        InputError: a length that is no multiple of m.
    """
    m = bits_per_index(size)
    bits = np.asarray(bits)
    if bits.size % m:
        raise InputError(f"{bits.size} bits: not a multiple of the {m} bits of an index (codebook of {size})")
    return bits.reshape(-1, m).astype(np.int64) @ (1 << np.arange(m - 1, -1, -1))


def valid_label(labels: np.ndarray, size: int) -> np.ndarray:
    """The valid label nearest in Hamming distance, of several the smallest.

    Clearing the first bit of a label >= K always gives one below K, at distance 1 and smaller than any other such
    neighbour.
    """
    return np.where(labels >= size, labels - (1 << (bits_per_index(size) - 1)), labels)


def through_bsc(values: np.ndarray, bit_error_rate: BitErrorRate) -> np.ndarray:
    """Expected value at the receiver for each sent index: `[K, ...]` -> float64 `[K, ...]`.

    `out[i] = sum_j P(j|i) values[j]`, P of the hard receiver over a memoryless BSC, `eps^d (1-eps)^(m-d)` summed over
    the labels that end at j. The bits of a label may differ in their rate.

    Raises:
        InputError: a bit-error rate outside [0, 1].
    """
    size, m = len(values), bits_per_index(len(values))
    return _flip(np.asarray(values, np.float64)[valid_label(np.arange(2**m), size)], bit_error_rate)[:size]


def from_bsc(weights: np.ndarray, bit_error_rate: BitErrorRate) -> np.ndarray:
    """Weights at the received indices: `out[j] = sum_i P(j|i) weights[i]`, `[K, ...]` -> float64
    `[K, ...]`.

    With index probabilities as weights, the probabilities of the received indices. The transpose of `through_bsc`.
    """
    size, m = len(weights), bits_per_index(len(weights))
    sent = np.zeros((2**m, *np.shape(weights)[1:]))
    sent[:size] = weights
    received = _flip(sent, bit_error_rate)
    out = received[:size]
    out[valid_label(np.arange(size, 2**m), size)] += received[size:]
    return out


def _flip(values: np.ndarray, bit_error_rate: BitErrorRate) -> np.ndarray:
    """`sum_j eps^d(i,j) (1-eps)^(m-d(i,j)) values[j]` of `[2^m, ...]`: m steps, since the matrix is a Kronecker
    product of 2 x 2 ones.
    """
    m = bits_per_index(len(values))
    rates = _checked_rates(bit_error_rate, m)
    out, shape = values, values.shape
    for bit, rate in enumerate(rates):
        pairs = out.reshape(2**bit, 2, -1)
        out = (1 - rate) * pairs + rate * pairs[:, ::-1]
    return out.reshape(shape)


def _checked_rates(bit_error_rate: BitErrorRate, m: int) -> np.ndarray:
    rates = np.broadcast_to(bit_error_rate, m)
    if not np.all((rates >= 0) & (rates <= 1)):
        raise InputError(f"bit_error_rate {bit_error_rate}: must be between 0 and 1")
    return rates


def transition_matrix(size: int, bit_error_rate: Any, xp: Any = np) -> Any:
    """`P[i, j] = P(j|i)` of index j received for i sent, hard receiver, exact labels: `[K, K]`, rows sum to 1.

    Args:
        size: K.
        bit_error_rate: one for all bits, or one for each, `[m]`.
        xp: whose arrays these are: NumPy (float64), or `keras.ops` (the dtype of the rates), through which gradients
            flow.

    Raises:
        InputError: a bit-error rate of NumPy outside [0, 1].
    """
    m = bits_per_index(size)
    rates = _checked_rates(bit_error_rate, m) if xp is np else xp.broadcast_to(bit_error_rate, (m,))
    out = xp.ones((1, 1), dtype=rates.dtype)
    for bit in range(m):  # a Kronecker product of 2 x 2 matrices
        rate = rates[bit]
        flip = xp.stack([xp.stack([1 - rate, rate]), xp.stack([rate, 1 - rate])])
        out = xp.reshape(out[:, None, :, None] * flip[None, :, None, :], (2 ** (bit + 1), 2 ** (bit + 1)))
    # The labels K .. 2^m - 1 end without their first bit, as in `valid_label`: at K - 2^(m-1) .. 2^(m-1) - 1.
    half, out = 2 ** (m - 1), out[:size]
    return xp.concatenate(
        [out[:, : size - half], out[:, size - half : half] + out[:, size:], out[:, half:size]], axis=1
    )
