"""Semantic transmitters: features to indices."""

import numpy as np

from linksim.codebook.kmeans import nearest
from linksim.codebook.theory import IndexErrors, received_moments


class Nearest:
    """The nearest codeword (eq. 1).

    Attributes:
        expected: what arrives on average for each index, float32 `[K, D]`: here the codewords.
    """

    def __init__(self, codebook: np.ndarray) -> None:
        self.expected = np.asarray(codebook, np.float32)

    def indices(self, features: np.ndarray) -> np.ndarray:
        """Features `[n, D]` -> int64 `[n]`."""
        return nearest(features, self.expected)


class ChannelOptimized:
    """The index of least expected distortion over a channel (Farvardin 1990), for the hard receiver.

    `sum_j P(j|i) ||z - e_j||^2 = ||z||^2 - 2 z.E[e|i] + E[||e||^2 | i]`: as cheap as the nearest codeword.

    Args:
        codebook: `[K, D]`.
        errors: the bit-error rate of a BSC, or `P[i, j] = P(j|i)` of the indices, `[K, K]`.

    Attributes:
        expected: `E[e|i]`, what arrives on average for each index, float32 `[K, D]`.
    """

    def __init__(self, codebook: np.ndarray, errors: IndexErrors) -> None:
        mean, power = received_moments(codebook, errors)
        self.expected, self._half_power = mean.astype(np.float32), (0.5 * power).astype(np.float32)

    def indices(self, features: np.ndarray, chunk: int = 8192) -> np.ndarray:
        """Features `[n, D]` -> int64 `[n]`."""
        parts = [
            np.argmax(features[i : i + chunk] @ self.expected.T - self._half_power, -1)
            for i in range(0, max(len(features), 1), chunk)
        ]
        return np.concatenate(parts)
