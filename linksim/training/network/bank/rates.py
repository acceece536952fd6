"""Bit-error rates that are trained, by flips that are relaxed to numbers between 0 and 1.

BlindSC (arXiv 2501.02273) trains with a binary symmetric channel whose rates it learns; ESC-MVQ (arXiv 2504.11709)
gives each of its codebooks such rates. The flip of a bit is a binary Concrete variable: for u uniform in (0, 1) it
happens where `log(mu / (1 - mu)) + log(u / (1 - u)) > 0`, which has probability mu, and its relaxation is a tanh of
that sum over a temperature.
"""

from typing import Any

import numpy as np
from keras import layers, ops

from linksim.codebook.labels import bits_per_index, label_bits, valid_label
from linksim.training.network.bank.drawn import Drawn

SMALLEST = 1e-6
"""Of u, and its distance from 1."""


class Rates(layers.Layer):
    """The rate `mu = sigmoid(theta) / 2` of each state, with theta `[V]` trained."""

    def __init__(self, starts: tuple[float, ...], temperature: float, drawn: Drawn) -> None:
        super().__init__(dtype="float32")
        self._of_state, self.temperature = drawn.of, temperature
        self.theta = self.add_weight(shape=(len(starts),), initializer="zeros", name="theta")
        twice = 2.0 * np.array(starts)
        self.theta.assign(np.log(twice / (1.0 - twice)))

    def rate(self) -> Any:
        """mu of the state."""
        return 0.5 * ops.sigmoid(self._of_state(self.theta))

    def reward(self) -> Any:
        """`-log(2 mu)`, the regularizer: 0 at the rate 1/2, without bound towards 0."""
        return ops.softplus(-self._of_state(self.theta))

    def flips(self, uniform: Any) -> tuple[Any, Any]:
        """Flips of bits: as they happen, 0 or 1, and relaxed, both float32 in the shape of `uniform`.

        Args:
            uniform: drawn from (0, 1); where it is 0 nothing is flipped.
        """
        u = ops.clip(uniform, SMALLEST, 1.0 - SMALLEST)
        mu = self.rate()
        drawn = ops.log(mu) - ops.log(1.0 - mu) + ops.log(u) - ops.log(1.0 - u)
        there = ops.cast(uniform > 0, "float32")
        return there * ops.cast(drawn > 0, "float32"), there * 0.5 * (1.0 + ops.tanh(drawn / self.temperature))


def error_patterns(flips: Any) -> Any:
    """Error patterns (XOR) int32 `[...]` of flips 0 or 1 `[..., m]`, the most significant bit first."""
    weights = 2 ** np.arange(flips.shape[-1] - 1, -1, -1)
    return ops.sum(ops.cast(flips, "int32") * ops.cast(weights, "int32"), axis=-1)


def relaxed_words(indices: Any, flips: Any, codewords: Any) -> Any:
    """Words `[n, d]` that arrive of indices `[n]` whose bits are flipped in part: the mean over all labels, each bit
    being the other one with probability `flips` `[n, m]`, m bits most significant first. Codewords are `[K, d]`.
    """
    size = codewords.shape[0]
    bits = bits_per_index(size)
    sent = ops.take(label_bits(size).astype("float32"), indices, axis=0)  # [n, m]
    one = sent + (1.0 - 2.0 * sent) * flips
    weights = ops.ones_like(one[:, :1])
    for bit in range(bits):
        pair = ops.stack([1.0 - one[:, bit], one[:, bit]], axis=-1)
        weights = ops.reshape(weights[:, :, None] * pair[:, None, :], (-1, 2 ** (bit + 1)))
    arriving = ops.take(codewords, valid_label(np.arange(2**bits), size), axis=0)
    return ops.matmul(weights, arriving)
