"""Losses of the theoretically-grounded codebook: eqs. 5, 10-14 and 22 of `A Theoretically-Grounded Codebook`.

All squared distances are means over the D dimensions of a feature vector, so that the weights do not depend on D. The
features have unit variance per dimension (see `normalization.FeatureNorm`), which keeps a shrinking codebook from
passing for a robust one.
"""

from typing import Any, Literal

from keras import ops

from linksim.codebook import labels

Labelling = Literal["random", "exact"]


def squared_distances(z: Any, codebook: Any) -> Any:
    """`||z - e_k||^2 / D` of every pair: `[n, D]`, `[K, D]` -> `[n, K]`."""
    dim = codebook.shape[-1]
    cross = ops.matmul(z, ops.transpose(codebook))
    norms = ops.sum(z * z, -1, keepdims=True) + ops.sum(codebook * codebook, -1)[None, :]
    return ops.maximum(norms - 2.0 * cross, 0.0) / dim


def weighted(values: Any, weight: Any) -> Any:
    """`values` `[n, ...]`, each times its `weight` `[n]` of mean 1, so that a mean over them is a weighted one; as they
    are without.
    """
    return values if weight is None else ops.reshape(weight, (-1, *[1] * (len(values.shape) - 1))) * values


def vq_loss(z: Any, e: Any, beta: float, codebook_term: bool = True, weight: Any = None) -> Any:
    """Eq. 5: `||sg[z] - e||^2 + beta ||z - sg[e]||^2` of features `[n, D]` and their codewords `[n, D]`.

    Without `codebook_term` only the commitment remains, as when the codebook follows by moving averages. `weight` is
    that of `weighted`.
    """
    commitment = ops.mean(weighted(ops.square(z - ops.stop_gradient(e)), weight))
    if not codebook_term:
        return beta * commitment
    return ops.mean(weighted(ops.square(ops.stop_gradient(z) - e), weight)) + beta * commitment


def index_entropy(distances: Any, indices: Any, temperature: float, running: Any = None, weight: Any = None) -> Any:
    """Eqs. 10-11: empirical entropy of the indices of a batch, in nats, with a usable gradient.

    Forward, `p_hat` are the hard counts of `indices` `[n]`; backward, those of the soft assignments
    `softmax(-||z - e_k||^2 / temperature)` (straight-through), since counts alone have no gradient. `distances` is
    `[n, K]`.

    A batch of a few images uses few of the codewords, whatever the usage over all images is. So `running` `[K]`,
    frequencies of many batches, may stand for `p_hat`: the gradient of eq. 14 is then taken at the usage of the whole
    training set. `weight` is that of `weighted`.
    """
    size = distances.shape[-1]
    soft = ops.mean(weighted(ops.softmax(-distances / temperature, axis=-1), weight), axis=0)
    counted = running is None
    hard = ops.mean(weighted(ops.one_hot(indices, size, dtype=soft.dtype), weight), axis=0) if counted else running
    return entropy(soft + ops.stop_gradient(hard - soft))


def entropy(p: Any) -> Any:
    """Eq. 10: `-sum_k p_k log p_k` in nats of frequencies `[K]`; its gradient is `-(log p_k + 1)` (eq. 14)."""
    return -ops.sum(p * ops.log(ops.maximum(p, 1e-10)))


def transition_matrix(size: int, bit_error_rate: Any, labelling: Labelling) -> Any:
    """`P(j | i)` of a binary symmetric channel, `[K, K]`, rows sum to 1, differentiable in `bit_error_rate`.

    `exact`: that of the labels and the hard receiver, `linksim.codebook.labels.transition_matrix`. `random`: eq. 17,
    `P_e / (K - 1)` off the diagonal with `P_e` of eq. 16.
    """
    eps = ops.clip(ops.convert_to_tensor(bit_error_rate, "float32"), 1e-7, 0.5)
    if labelling == "exact":
        return labels.transition_matrix(size, eps, ops)
    p_error = 1.0 - ops.power(1.0 - eps, labels.bits_per_index(size))
    eye = ops.eye(size)
    return (1.0 - p_error) * eye + p_error / (size - 1) * (1.0 - eye)


def channel_aware_distortion(
    z: Any, indices: Any, codewords: Any, transition: Any, used: Any, weight: Any = None
) -> Any:
    """Eq. 22: `E_z E_j ||z - sum_t e_{j_t}||^2 / D`, where each index that was sent arrives as `j` with `P(j | i)` of
    its own.

    The sum over j is taken once per codeword, by the mean and the energy of what arrives when `i` was sent, so its
    cost does not grow with `n K`. Errors of different stages and heads are independent: their means add, and so do
    their variances.

    Args:
        z: features `[n, D]`.
        indices: `[n, S, H]`, sent of each stage and head.
        codewords: `[S, H, K, D / H]`.
        transition: `P(j | i)`, `[K, K]`.
        used: `[n, S]`, 1 for the stages that are sent, else 0.
        weight: that of `weighted`.
    """
    stages, heads = codewords.shape[:2]
    means = ops.matmul(transition, codewords)  # [S, H, K, D / H]
    energies = ops.matmul(transition, ops.sum(ops.square(codewords), -1)[..., None])[..., 0]
    mean, variance = ops.zeros_like(z), ops.zeros_like(z[:, 0])
    for s in range(stages):
        arriving = [ops.take(means[s, h], indices[:, s, h], axis=0) for h in range(heads)]
        energy = sum(ops.take(energies[s, h], indices[:, s, h], axis=0) for h in range(heads))
        arrives = ops.concatenate(arriving, -1)
        mean = mean + used[:, s : s + 1] * arrives
        variance = variance + used[:, s] * (energy - ops.sum(ops.square(arrives), -1))
    return ops.mean(weighted(ops.sum(ops.square(z - mean), -1) + variance, weight)) / z.shape[-1]
