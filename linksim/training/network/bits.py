"""Bits as latent: how a bit is drawn from its feature in training, and the entropies that make bits sure and diverse.

A bit stands for the codeword -1 or +1. The functions take logits or features of any shape and keep it.
"""

from typing import Any, Literal

from keras import ops

from linksim.training.network.losses import weighted

Drawing = Literal["folded", "gumbel"]

GUMBEL_TEMPERATURE = 1.0
"""Of BitSemCom."""

_LEAST = 1e-6
"""Keeps logarithms of uniform numbers finite."""


def draw(kind: Drawing, logits: Any, uniform: Any, bit_error_rate: Any) -> tuple[Any, Any]:
    """Bits int32 drawn from their logits, and what the gradient flows through in the place of their codewords.

    Args:
        kind: `folded` or `gumbel`.
        logits: `log P(b=1) / P(b=0)` of the encoder.
        uniform: as many numbers in [0, 1).
        bit_error_rate: of the channel that `folded` takes into the probability.
    """
    return folded(logits, uniform, bit_error_rate) if kind == "folded" else gumbel(logits, uniform)


def folded(logits: Any, uniform: Any, bit_error_rate: Any) -> tuple[Any, Any]:
    """Bits as a binary symmetric channel delivers them, drawn in one step, and their expected codewords (NECST, Choi
    et al. 2019).

    A bit that is 1 with probability `p` and flipped with `eps` arrives as 1 with `p + eps - 2 p eps`. NECST takes the
    gradient of that expectation with VIMCO, or with Gumbel noise; here it flows straight through the probability.
    """
    p = ops.sigmoid(logits)
    arriving = p + bit_error_rate - 2.0 * p * bit_error_rate
    return ops.cast(uniform < arriving, "int32"), 2.0 * arriving - 1.0


def gumbel(logits: Any, uniform: Any, temperature: float = GUMBEL_TEMPERATURE) -> tuple[Any, Any]:
    """Bits of a hard Gumbel-softmax over two classes, and the codewords of the soft one (BitSemCom, arXiv 2510.26225).

    Of two classes only the difference of their Gumbel numbers matters, which is a logistic one: `log u / (1 - u)`.
    """
    u = ops.clip(uniform, _LEAST, 1.0 - _LEAST)
    noisy = logits + ops.log(u) - ops.log(1.0 - u)
    return ops.cast(noisy > 0, "int32"), 2.0 * ops.sigmoid(noisy / temperature) - 1.0


def bit_entropy(z: Any, temperature: float, diversity: float, weight: Any = None) -> Any:
    """`E_z[sum_d H(p_d(z))] - diversity sum_d H(E_z[p_d])` of features `[n, D]` in nats, `p = sigmoid(4 z / temperature)`.

    That `p` is the soft assignment `softmax(-(z - c)^2 / temperature)` to the codewords c = -1, +1 of one dimension.
    The soft assignments of a vector to its 2^D codewords are their product, so the first sum is their entropy exactly;
    the second is the entropy of the mean assignment as if bits were independent, which is BSQ's with groups of one bit
    and no less than the joint one of LFQ. `weight` is that of `losses.weighted`.
    """
    logits = 4.0 * z / temperature
    own = ops.mean(weighted(ops.sum(_entropy(ops.sigmoid(logits), ops.sigmoid(-logits)), -1), weight))
    mean = ops.mean(weighted(ops.sigmoid(logits), weight), 0)
    return own - diversity * ops.sum(_entropy(mean, 1.0 - mean))


def _entropy(one: Any, zero: Any) -> Any:
    """In nats, of bits with these probabilities."""
    return -sum(p * ops.log(ops.maximum(p, 1e-10)) for p in (one, zero))
