"""The receivers of `linksim.codebook.receiver` in Keras, for a decoder to be trained on what they deliver.

Each takes the LLRs relative to the bits that were sent (positive: pointing to the sent bit), since a training knows
these. For one codebook they return estimates `[n, d]`, expected squared errors `[n]`, and biases `[n, d]`: posterior
mean minus estimate.
"""

from typing import Any

import numpy as np
from keras import ops

from linksim.codebook.labels import bits_per_index, label_bits, transition_matrix, valid_label
from linksim.codebook.receiver import KNOWN_LLR, PRIOR_FLOOR


def floored_prior(usage: Any) -> Any:
    """Prior of codewords from their usage `[..., K]`, with the receivers' floor."""
    prior = ops.maximum(usage, PRIOR_FLOOR / usage.shape[-1])
    return prior / ops.sum(prior, -1, keepdims=True)


def soft(indices: Any, llr: Any, known: Any, codebook: Any, prior: Any) -> tuple[Any, Any, Any]:
    """Posterior means and variances, as `receiver.Soft`: prior times the likelihood of every label.

    Args:
        indices: sent, `[n]`.
        llr: relative to the sent bits, `[n, m]`.
        known: bits whose block passed its CRC, bool `[n, m]`.
        codebook: `[K, d]`.
        prior: `[K]`.
    """
    labels = label_bits(codebook.shape[0]).astype("float32")  # [K, m]
    sent = ops.take(labels, indices, axis=0)
    absolute = ops.where(known, KNOWN_LLR, llr) * (2.0 * sent - 1.0)
    posterior = ops.softmax(ops.matmul(absolute, labels.T) + ops.log(prior), axis=-1)
    mean = ops.matmul(posterior, codebook)
    energy = ops.matmul(posterior, ops.sum(ops.square(codebook), -1, keepdims=True))[:, 0]
    return mean, ops.maximum(energy - ops.sum(ops.square(mean), -1), 0.0), ops.zeros_like(mean)


def hard(indices: Any, llr: Any, known: Any, codebook: Any, prior: Any) -> tuple[Any, Any, Any]:
    """Decided codewords and their expected squared errors, as `receiver.Hard`; arguments as of `soft`.

    The error rates of the m bits are taken over all n, which are sent at one SNR.
    """
    size = codebook.shape[0]
    bits = bits_per_index(size)
    doubtful = 1.0 - ops.cast(known, "float32")
    weights = ops.cast(2 ** np.arange(bits - 1, -1, -1), "int32")
    flips = ops.sum(ops.cast(doubtful * llr < 0, "int32") * weights, -1)
    received = arrived(indices, flips, size)
    rates = ops.sum(doubtful * ops.sigmoid(-ops.abs(llr)), 0) / ops.maximum(ops.sum(doubtful, 0), 1.0)
    transition = transition_matrix(size, rates, ops)  # [sent, decided]
    posterior = ops.transpose(transition * prior[:, None])
    posterior = posterior / ops.sum(posterior, -1, keepdims=True)
    norms = ops.sum(ops.square(codebook), -1, keepdims=True)
    mean, energy = ops.matmul(posterior, codebook), ops.matmul(posterior, norms)
    spread = (energy - 2.0 * ops.sum(codebook * mean, -1, keepdims=True) + norms)[:, 0]
    doubted = ops.max(doubtful, -1)
    error = ops.take(ops.maximum(spread, 0.0), received, axis=0) * doubted
    bias = ops.take(mean - codebook, received, axis=0) * doubted[:, None]
    return ops.take(codebook, received, axis=0), error, bias


def arrived(indices: Any, flips: Any, size: int) -> Any:
    """Indices of a codebook of `size` that arrive of sent ones with the error pattern `flips` (XOR), in one shape."""
    valid = valid_label(np.arange(2 ** bits_per_index(size)), size).astype("int32")
    return ops.take(valid, ops.bitwise_xor(ops.cast(indices, "int32"), flips), axis=0)


KINDS = {"soft": soft, "hard": hard}
