"""The loss of a repair block (MOC-RVQ's second stage, arXiv 2401.01272)."""

from typing import Any

from keras import ops

from linksim.training.config import RepairLossConfig
from linksim.training.network.perceptual import gram_matrix

TERMS = ("loss", "repair_gram", "repair_mse")


def repair_terms(weights: RepairLossConfig, repaired: Any, clean: Any) -> dict[str, Any]:
    """`L = w_g ||G(z_r) - G(z_q)||_F^2 + w_m ||z_r - z_q||^2 / D` as `loss`, with its terms, means over the batch.

    G is the Gram matrix of eq. 25, over the places of an image's features; the second mean is over its places, too.

    Args:
        weights: `w_g` and `w_m`.
        repaired: `z_r`, what the block gives, `[B, h, w, D]`.
        clean: `z_q`, the quantized features without errors, `[B, h, w, D]`; no gradient goes there.
    """
    target = ops.stop_gradient(clean)
    difference = gram_matrix(repaired) - gram_matrix(target)
    gram = ops.mean(ops.sum(ops.square(difference), axis=(1, 2)))
    mse = ops.mean(ops.square(repaired - target))
    return {"loss": weights.gram * gram + weights.mse * mse, "repair_gram": gram, "repair_mse": mse}
