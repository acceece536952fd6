"""The channel of eq. 22 in a training step: transition probabilities of the indices, and what arrives by them."""

from typing import Any

from keras import ops

from linksim.training.config import TrainConfig
from linksim.training.network import losses


def transition(config: TrainConfig, inputs: Any) -> Any:
    """`P(j | i)` of a step, `[K, K]`; None without a weight of eq. 22."""
    term = config.losses.channel_aware
    if not term.weight:
        return None
    if term.labelling == "symbols":
        return inputs["transition"]
    return losses.transition_matrix(config.model.codebook_size, inputs["bit_error_rate"][0], term.labelling)


def arrived(indices: Any, chance: Any, matrix: Any) -> Any:
    """As what indices int32 `[n, S, H]` arrive: each by its row of `P(j | i)` `[K, K]` and a uniform number `[n, S, H]`.

    Index j arrives where the number is between the sums of the row up to j and with it; itself where it is negative.
    """
    rows = ops.take(ops.cumsum(matrix, axis=-1), indices, axis=0)  # [n, S, H, K]
    passed = ops.sum(ops.cast(chance[..., None] >= rows[..., :-1], "int32"), -1)
    return ops.where(chance < 0, ops.cast(indices, "int32"), passed)


def expected_distances(z: Any, codebook: Any, matrix: Any) -> tuple[Any, Any]:
    """`sum_j P(j | i) ||z - e_j||^2 / D` of every pair, `[n, K]`, and `E[e_j | i]`, `[K, D]`.

    Channel-optimized vector quantization (Farvardin 1990), and CAVQ (arXiv 2510.18604).

    Args:
        z: features `[n, D]`.
        codebook: `[K, D]`.
        matrix: `P(j | i)`, `[K, K]`.
    """
    mean = ops.matmul(matrix, codebook)
    energy = ops.matmul(matrix, ops.sum(ops.square(codebook), -1)[:, None])[:, 0]
    own = ops.sum(ops.square(z), -1, keepdims=True)
    return (own - 2.0 * ops.matmul(z, ops.transpose(mean)) + energy[None, :]) / codebook.shape[-1], mean
