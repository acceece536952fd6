"""Semantic receivers: received bits and LLRs to features for the decoder."""

from typing import NamedTuple, Protocol

import numpy as np

from linksim.codebook.labels import BitErrorRate, bits_per_index, bits_to_labels, from_bsc, label_bits, valid_label
from linksim.common.errors import InputError

LLR_LIMIT = 1e4
"""Beyond it a bit is certain in float32; keeps infinite LLRs out of products with zero."""

KNOWN_LLR = 30.0
"""Of a bit that a CRC vouches for: exp(-30) is far below any error rate that a sweep can see."""

CHUNK_VALUES = 1 << 22
"""Posterior values held at once (32 MiB of float64)."""


PRIOR_FLOOR = 1e-3
"""Least prior of a codeword over the mean: one never used in training may be used by other images."""


def floored_prior(usage: np.ndarray) -> np.ndarray:
    """Prior float64 `[K]` of the codewords, sum 1: their `usage` `[K]`, at least `PRIOR_FLOOR` of the mean each."""
    prior = np.maximum(usage, PRIOR_FLOOR / len(usage))
    return np.asarray(prior / prior.sum(), np.float64)


class Estimate(NamedTuple):
    """Estimates of vectors from received indices.

    Attributes:
        features: float32 `[n, D]`.
        variance: expected squared error of the features per dimension, as far as the channel causes it, float32 `[n]`.
        bias: posterior mean minus features, float32 `[n, D]`; None where it is zero or not known.
    """

    features: np.ndarray
    variance: np.ndarray
    bias: np.ndarray | None = None


class Receiver(Protocol):
    """Received bits of the indices of one codebook to features."""

    def estimate(self, bits: np.ndarray, llr: np.ndarray, known: np.ndarray) -> Estimate:
        """The estimate of n vectors.

        Args:
            bits: decided bits 0/1 `[n * m]`.
            llr: `log P(b=1)/P(b=0)`, `[n * m]`.
            known: bits that are right because their block's CRC holds, whatever their LLRs, bool `[n * m]`.
        """


def hard_moments(
    codebook: np.ndarray, usage: np.ndarray, bit_error_rate: BitErrorRate
) -> tuple[np.ndarray, np.ndarray]:
    """What each decided codeword j stands for over a BSC, by Bayes' rule with the usage as prior.

    Returns:
        `E[||e_i - e_j||^2 | j] / D` of the codewords i that may have been sent, float32 `[K]`, and
        `E[e_i | j] - e_j`, float32 `[K, D]`.
    """
    e, prior = np.asarray(codebook, np.float64), floored_prior(usage)[:, None]
    norms = (e**2).sum(-1, keepdims=True)
    arrived = from_bsc(np.hstack([prior, prior * norms, prior * e]), bit_error_rate)
    total, energy, mean = np.maximum(arrived[:, :1], 1e-300), arrived[:, 1], arrived[:, 2:]
    spread = (energy - 2 * (e * mean).sum(-1)) / total[:, 0] + norms[:, 0]
    return (np.maximum(spread, 0) / e.shape[1]).astype(np.float32), (mean / total - e).astype(np.float32)


def hard_variance(codebook: np.ndarray, usage: np.ndarray, bit_error_rate: BitErrorRate) -> np.ndarray:
    """Expected squared error per dimension of each decided codeword over a BSC, float32 `[K]`."""
    return hard_moments(codebook, usage, bit_error_rate)[0]


def claimed_error_rates(llr: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Error rate float64 `[m]` that LLRs `[n, m]` claim for each bit of an index.

    The mean of `1 / (1 + exp|llr|)` over the bits that are not `known` (bool `[n, m]`); 0 if there are none.
    """
    size, doubtful = np.abs(llr.astype(np.float64)), ~known
    claimed = doubtful / (1 + np.exp(np.minimum(size, 700.0)))
    return np.asarray(claimed.sum(0) / np.maximum(doubtful.sum(0), 1))


class Hard:
    """Decided bits to codewords; a label that is none is taken for the nearest that is one.

    Of the LLRs it uses m numbers per picture: the error rates that they claim for the bits of an index. With them and
    the `usage` `[K]` of the codewords it tells the decoder how far off a decided codeword may be.
    """

    def __init__(self, codebook: np.ndarray, usage: np.ndarray | None = None) -> None:
        self.codebook = np.asarray(codebook, np.float32)
        self._usage = usage

    def estimate(self, bits: np.ndarray, llr: np.ndarray | None = None, known: np.ndarray | None = None) -> Estimate:
        """The decided codewords of bits `[n * m]`, as in `Receiver`; without `known` no bit is.

        Variance and bias are zero for an index whose bits are all known, and for all where the LLRs or the usage are
        not given.
        """
        size = len(self.codebook)
        indices = valid_label(bits_to_labels(bits, size), size)
        variance = np.zeros(len(indices), np.float32)
        if llr is None or self._usage is None:
            return Estimate(self.codebook[indices], variance)
        llr = llr.reshape(len(indices), -1)
        known = np.zeros(llr.shape, bool) if known is None else known.reshape(llr.shape)
        doubtful = ~known.all(-1)
        if not doubtful.any():
            return Estimate(self.codebook[indices], variance)
        bias = np.zeros((len(indices), self.codebook.shape[1]), np.float32)
        table = hard_moments(self.codebook, self._usage, claimed_error_rates(llr, known))
        variance[doubtful], bias[doubtful] = (column[indices[doubtful]] for column in table)
        return Estimate(self.codebook[indices], variance, bias)


class Soft:
    """Posterior over the codewords from LLRs `log P(b=1)/P(b=0)` and the usage of the codewords as prior.

    `log P(k | llr) = log p_k + sum_i b_i(k) llr_scale llr_i + const`, summed exactly over the K valid labels. A known
    bit is certain whatever its LLR: it leaves the codewords that have it.

    Args:
        codebook: `[K, D]`.
        usage: prior `[K]`, at least `PRIOR_FLOOR / K` each.
        estimate: `mmse`, the posterior mean; or `map`, the most probable codeword.
        llr_scale: factor on the LLRs, below 1 against over-confidence (`calibration.fit_llr_scale`).
    """

    def __init__(self, codebook: np.ndarray, usage: np.ndarray, estimate: str = "mmse", llr_scale: float = 1.0) -> None:
        if estimate not in ("mmse", "map"):
            raise InputError(f"estimate {estimate!r}: must be 'mmse' or 'map'")
        if not llr_scale > 0:
            raise InputError(f"llr_scale {llr_scale}: must be above 0")
        self.codebook = np.asarray(codebook, np.float32)
        size = len(self.codebook)
        self._log_prior = np.log(floored_prior(usage))
        # In float64: how a matrix product is summed depends on the number of threads, and float32 would show it.
        self._labels = label_bits(size).T.astype(np.float64)  # [m, K]
        self._estimate, self._scale = estimate, llr_scale

    def posterior(self, llr: np.ndarray, bits: np.ndarray | None = None, known: np.ndarray | None = None) -> np.ndarray:
        """Posterior float64 `[n, K]` of LLRs `[n * m]`; `bits` `[n * m]` hold where they are `known` (bool `[n * m]`;
        None: nowhere).

        Raises:
            InputError: a length that is no multiple of m, or an LLR that is not a number.
        """
        m = len(self._labels)
        self._check(llr)
        scaled = np.clip(self._scale * llr.reshape(-1, m), -LLR_LIMIT, LLR_LIMIT).astype(np.float64)
        if bits is not None and known is not None:
            scaled = self._with_known(scaled, bits.reshape(-1, m), known.reshape(-1, m))
        logits = scaled @ self._labels + self._log_prior
        logits -= logits.max(-1, keepdims=True)
        np.exp(logits, out=logits)
        return logits / logits.sum(-1, keepdims=True)

    def _check(self, llr: np.ndarray) -> None:
        m = len(self._labels)
        if llr.size % m:
            raise InputError(f"{llr.size} LLRs: not a multiple of the {m} bits of an index")
        if np.isnan(llr).any():
            raise InputError("an LLR is not a number; LLRs must be real or infinite")

    def _with_known(self, llr: np.ndarray, bits: np.ndarray, known: np.ndarray) -> np.ndarray:
        """LLRs `[n, m]` with those of known bits certain.

        If K is no power of two, doubtful bits may favour an invalid label and outvote a known bit. So their sum of
        `|LLR|` is added to it.
        """
        m, size = self._labels.shape
        against = np.zeros((1, 1)) if size == 2**m else np.abs(np.where(known, 0, llr)).sum(-1, keepdims=True)
        return np.where(known, np.where(bits > 0, 1, -1) * (KNOWN_LLR + against), llr)

    def estimate(self, bits: np.ndarray, llr: np.ndarray, known: np.ndarray | None = None) -> Estimate:
        """Posterior mean or maximum of LLRs `[n * m]` and the posterior variance around it, as in `Receiver`.

        Uses `bits` where they are `known` (None: nowhere), and the LLRs elsewhere. An index that is known as a whole is
        its codeword, without any variance.
        """
        self._check(llr)  # all of them, also those that are not looked at
        size, dim = self.codebook.shape
        m = bits_per_index(size)
        n = llr.size // m
        out, variance = np.empty((n, dim), np.float32), np.zeros(n, np.float32)
        bias = None if self._estimate == "mmse" else np.zeros((n, dim), np.float32)
        doubtful = np.arange(n)
        if known is not None:
            whole = known.reshape(n, m).all(-1)
            doubtful = np.flatnonzero(~whole)
            out[whole] = self.codebook[valid_label(bits_to_labels(bits.reshape(n, m)[whole].reshape(-1), size), size)]
            bits, llr, known = (array.reshape(n, m)[doubtful].reshape(-1) for array in (bits, llr, known))
        codebook = self.codebook.astype(np.float64)
        norms = (codebook**2).sum(-1)
        rows = max(1, CHUNK_VALUES // size)
        for start in range(0, max(len(doubtful), 1), rows):
            taken = slice(start * m, (start + rows) * m if start + rows < len(doubtful) else None)
            p = self.posterior(llr[taken], bits[taken], None if known is None else known[taken])
            part = doubtful[start : start + rows]
            mean = p @ codebook
            estimate = mean if self._estimate == "mmse" else codebook[p.argmax(-1)]
            out[part] = estimate
            # E||e - f||^2 = E||e||^2 - 2 f.E[e] + ||f||^2 for either estimate f.
            spread = p @ norms - 2 * (estimate * mean).sum(-1) + (estimate**2).sum(-1)
            variance[part] = np.maximum(spread, 0) / dim
            if bias is not None:
                bias[part] = mean - estimate
        return Estimate(out, variance, bias)
