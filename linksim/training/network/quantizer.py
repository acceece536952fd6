"""The trainable quantizer: residual stages of heads of codewords, each of which follows the features that come to it."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from linksim.training.config import TrainConfig
from linksim.training.network import losses, transitions


@dataclass(frozen=True)
class Quantized:
    """Features `[n, D]` after the quantizer; S stages, H heads, K codewords each.

    Attributes:
        indices: chosen codewords, int32 `[n, S, H]`.
        words: their vectors, the heads side by side, `[n, S, D]`.
        residuals: what each stage quantized, `[n, S, D]`: the features without the (expected) words of the stages before.
        distances: squared distance per dimension to every codeword, `[n, K]` by `[stage][head]`.
        weight: what each feature counts in the codebook's losses and statistics, `[n]` of mean 1; None: all alike.
    """

    indices: Any
    words: Any
    residuals: Any
    distances: list[list[Any]]
    weight: Any = None


class Quantizer(layers.Layer):
    """Nearest-neighbour quantizer (eq. 1), stage by stage, whose codewords follow by moving averages or by gradient.

    With moving averages (EMA) the codewords of a stage and head minimize eq. 23 for the present partition of its
    residuals: with counts `n_i` and sums `S_i`, codeword `e_j = sum_i W_ij S_i / sum_i W_ij n_i`, `W = I + gamma P`.
    For gamma = 0 these are the centroids; else the generalized centroids of channel-optimized vector quantization
    (Farvardin 1990). With `optimized` assignment they are those alone, `W = P`: what arrives as a word is all that
    counts.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(dtype="float32")
        model = config.model
        sizes = (model.stages, model.heads, model.codebook_size)
        self.stages, self.heads, self.size = sizes
        self.head_dim = model.head_dim
        self.decay = config.codebook.decay
        self.ema = config.codebook.update == "ema"
        self.optimized = config.losses.channel_aware.assignment == "channel-optimized"
        self._add_codewords((*sizes, model.head_dim), config)

    def _add_codewords(self, shape: tuple[int, ...], config: TrainConfig) -> None:
        """The variables: codewords `[S, H, K, D / H]`, and the moving averages of their counts and sums."""
        self._codewords = self.add_weight(
            shape=shape,
            initializer=keras.initializers.RandomNormal(0.0, 1.0, seed=config.seed),
            trainable=not self.ema,
            name="codewords",
        )
        self._counts = self.add_weight(shape=shape[:-1], initializer="ones", trainable=False, name="counts")
        self._sums = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="sums")

    @property
    def codewords(self) -> Any:
        """`[S, H, K, D / H]`."""
        return self._codewords

    @property
    def counts(self) -> Any:
        """Moving averages of how often a batch has each codeword, `[S, H, K]`."""
        return self._counts

    @property
    def sums(self) -> Any:
        """Moving averages of the sums of what came to each codeword, `[S, H, K, D / H]`."""
        return self._sums

    def put(self, codewords: Any, counts: Any, sums: Any) -> None:
        """Put in codewords and moving averages."""
        self._codewords.assign(codewords)
        self._counts.assign(counts)
        self._sums.assign(sums)

    def call(self, z: Any, transition: Any = None) -> Quantized:
        """Features `[n, D]` to the nearest words of every stage, each for what the stages before it left.

        Given `P(j | i)` `[K, K]`, to the words of least expected distortion; what a stage leaves is what is off from
        the word that arrives on average, as in `codebook.quantizer.ResidualQuantizer`.
        """
        indices, words, residuals, distances = [], [], [], []
        residual = z
        for stage in range(self.stages):
            found = [
                losses.squared_distances(self.head(residual, h), self.codewords[stage, h]) for h in range(self.heads)
            ]
            prices, arriving = found, self.codewords[stage]
            if transition is not None:
                expected = [
                    transitions.expected_distances(self.head(residual, h), arriving[h], transition)
                    for h in range(self.heads)
                ]
                prices, arriving = [price for price, _ in expected], ops.stack([mean for _, mean in expected])
            prices = [self._choosable(price) for price in prices]
            chosen = ops.stack([ops.cast(ops.argmin(d, axis=-1), "int32") for d in prices], axis=-1)  # [n, H]
            word = self._words(stage, chosen)
            indices.append(chosen)
            words.append(word)
            residuals.append(residual)
            distances.append([self._choosable(distance) for distance in found])
            residual = residual - ops.stop_gradient(self._taken(arriving, chosen))
        return Quantized(ops.stack(indices, 1), ops.stack(words, 1), ops.stack(residuals, 1), distances)

    def _choosable(self, distances: Any) -> Any:
        """Distances `[n, K]` with those of words that may not be chosen out of reach: of a whole codebook none."""
        return distances

    def head(self, values: Any, number: int) -> Any:
        """The dimensions `[..., D / H]` of head `number` of values `[..., D]`."""
        return values[..., number * self.head_dim : (number + 1) * self.head_dim]

    def words(self, indices: Any) -> Any:
        """Words `[n, S, D]` of indices `[n, S, H]`."""
        return ops.stack([self._words(s, indices[:, s]) for s in range(self.stages)], axis=1)

    def _words(self, stage: int, indices: Any) -> Any:
        return self._taken(self.codewords[stage], indices)

    def _taken(self, words: Any, indices: Any) -> Any:
        """Of words `[H, K, D / H]` those of indices `[n, H]`, side by side: `[n, D]`."""
        parts = [ops.take(words[h], indices[:, h], axis=0) for h in range(self.heads)]
        return ops.concatenate(parts, axis=-1) if self.heads > 1 else parts[0]

    def usage(self) -> Any:
        """Moving average of the codewords' frequencies, `[S, H, K]`."""
        return self.counts / ops.sum(self.counts, axis=-1, keepdims=True)

    def follow(self, quantized: Quantized, transition: Any, gamma: float) -> None:
        """One step of the moving averages: counts and sums with a batch, then the codewords."""
        counts, sums = [], []
        for stage in range(self.stages):
            for h in range(self.heads):
                one_hot = ops.one_hot(quantized.indices[:, stage, h], self.size, dtype="float32")
                if quantized.weight is not None:
                    one_hot = quantized.weight[:, None] * one_hot
                residual = ops.stop_gradient(self.head(quantized.residuals[:, stage], h))
                counts.append(ops.sum(one_hot, 0))
                sums.append(ops.matmul(ops.transpose(one_hot), residual))
        shape = (self.stages, self.heads, self.size, self.head_dim)
        mean_counts = self.decay * self.counts + (1 - self.decay) * ops.reshape(ops.stack(counts), shape[:-1])
        mean_sums = self.decay * self.sums + (1 - self.decay) * ops.reshape(ops.stack(sums), shape)
        self.put(self._centroids(mean_counts, mean_sums, transition, gamma), mean_counts, mean_sums)

    def _centroids(self, counts: Any, sums: Any, transition: Any, gamma: float) -> Any:
        """`e_j = sum_i W_ij S_i / sum_i W_ij n_i`; codewords that (nearly) nothing comes to stay where they are."""
        if gamma:
            arriving, own = ops.transpose(transition), 0.0 if self.optimized else 1.0
            sums = own * sums + gamma * ops.matmul(arriving, sums)
            counts = own * counts + gamma * ops.matmul(arriving, counts[..., None])[..., 0]
        used = counts > 1e-3
        return ops.where(used[..., None], sums / ops.maximum(counts, 1e-3)[..., None], self.codewords)

    def set_codewords(self, codewords: np.ndarray, counts: np.ndarray) -> None:
        """Put in codewords `[S, H, K, D / H]` with the counts `[S, H, K]` that the moving averages go on from."""
        self.put(codewords, counts, codewords * counts[..., None])
