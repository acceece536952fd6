"""The seam between features and bits: vectors in, payload bits out, and back as estimates with their variances."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

from linksim.codebook.importance import stage_importance
from linksim.codebook.labels import indices_to_bits
from linksim.codebook.payload import Layout
from linksim.codebook.receiver import Estimate, Hard, Receiver
from linksim.codebook.stages import Stages
from linksim.codebook.theory import IndexErrors
from linksim.codebook.transmitter import ChannelOptimized, Nearest


class Quantizer(Protocol):
    """The quantizer of a semantic scheme; anything with these members goes between an encoder and the link.

    Attributes:
        dim: dimensions D of a vector.
        stage_bits: bits of a vector in each stage; every beginning of the stages is a coarser description of the
            vector.
    """

    @property
    def dim(self) -> int: ...

    @property
    def stage_bits(self) -> tuple[int, ...]: ...

    def encode(self, features: np.ndarray, stages: int, errors: IndexErrors | None = None) -> np.ndarray:
        """Indices int64 `[n, stages, heads]` of features `[n, D]`.

        Given errors (a bit-error rate, or transition probabilities of the indices), those of least expected
        distortion; else of the nearest codewords.
        """

    def to_bits(self, indices: np.ndarray, layout: Layout) -> np.ndarray:
        """Payload uint8 `[layout.source_bits]` of indices `[n, stages, heads]`."""

    def decode(self, bits: np.ndarray, llr: np.ndarray, known: np.ndarray, layout: Layout) -> Estimate:
        """Features and their variance out of what was received of a payload, `[layout.source_bits]` each.

        Args:
            bits: decided bits 0/1.
            llr: `log P(b=1)/P(b=0)`.
            known: bits that are right because their block's CRC holds, whatever their LLRs, bool.
            layout: what was sent.
        """

    def importance(self) -> np.ndarray:
        """Of each bit of a vector in its stages' order: mean squared distance that a flip causes, float64
        `[sum(stage_bits)]`.
        """


class ResidualQuantizer:
    """Residual stages, each of one or more heads; with one of both, plain vector quantization.

    Encoding is greedy: each stage takes the best index for what the stages before it are expected to leave over.
    Estimates add over the stages and stand side by side over the heads. A stage that is not sent adds nothing: what
    it would have refined is quantization error.

    Args:
        stages: codewords and usage.
        receiver: makes the receiver of one head of one stage out of its codebook `[K, D/H]` and usage `[K]`.
    """

    def __init__(self, stages: Stages, receiver: Callable[[np.ndarray, np.ndarray], Receiver] = Hard) -> None:
        self.stages = stages
        self._receivers = [
            [receiver(codebook, usage) for codebook, usage in zip(*stage, strict=True)]
            for stage in zip(stages.codewords, stages.usage, strict=True)
        ]

    @property
    def dim(self) -> int:
        """D."""
        return self.stages.dim

    @property
    def stage_bits(self) -> tuple[int, ...]:
        """`H m`, S times."""
        return (self.stages.bits_per_stage,) * self.stages.count

    def encode(self, features: np.ndarray, stages: int, errors: IndexErrors | None = None) -> np.ndarray:
        """Indices int64 `[n, stages, H]` of features `[n, D]`, as in `Quantizer`."""
        used = self.stages.first(stages)
        make = Nearest if errors is None else partial(ChannelOptimized, errors=errors)
        out = np.empty((len(features), stages, used.heads), np.int64)
        heads = [np.ascontiguousarray(part) for part in np.split(features, used.heads, axis=-1)]
        for s in range(stages):
            for h in range(used.heads):
                sender = make(used.codewords[s, h])
                out[:, s, h] = sender.indices(heads[h])
                if s + 1 < stages:
                    heads[h] = heads[h] - sender.expected[out[:, s, h]]
        return out

    def to_bits(self, indices: np.ndarray, layout: Layout) -> np.ndarray:
        """Payload uint8 `[layout.source_bits]` of indices `[n, stages, H]`."""
        parts = [
            indices_to_bits(indices[layout.order(s), s].reshape(-1), self.stages.size) for s in range(layout.stages)
        ]
        return np.concatenate(parts)

    def decode(self, bits: np.ndarray, llr: np.ndarray, known: np.ndarray, layout: Layout) -> Estimate:
        """Features float32 `[n, D]` and their variance per dimension float32 `[n]`, as in `Quantizer`.

        The indices are taken as independent. Then spreads around the posterior means add, and so do the biases of
        estimates that are no means: `E||f - e||^2 = sum_s (E||f_s - e_s||^2 - ||b_s||^2) + ||sum_s b_s||^2`.
        """
        features = np.zeros((layout.vectors, self.dim), np.float32)
        variance = np.zeros(layout.vectors, np.float32)
        bias: np.ndarray | None = None
        for s in range(layout.stages):
            part, order = layout.part(s), layout.order(s)
            stage = self._decode_stage(s, bits[part], llr[part], known[part])
            features[order] += stage.features
            variance[order] += stage.variance
            if stage.bias is not None:
                bias = np.zeros_like(features) if bias is None else bias
                variance[order] += 2 * np.mean(bias[order] * stage.bias, axis=-1)
                bias[order] += stage.bias
        return Estimate(features, np.maximum(variance, 0), bias)

    def _decode_stage(self, s: int, bits: np.ndarray, llr: np.ndarray, known: np.ndarray) -> Estimate:
        """The estimate of what one stage adds to the vectors that it is sent for."""
        heads, m = self.stages.heads, self.stages.bits_per_index
        received = [array.reshape(-1, heads, m) for array in (bits, llr, known)]
        parts = [self._receivers[s][h].estimate(*(array[:, h].reshape(-1) for array in received)) for h in range(heads)]
        biases = [np.zeros_like(p.features) if p.bias is None else p.bias for p in parts]
        return Estimate(
            np.concatenate([p.features for p in parts], axis=-1),
            np.mean([p.variance for p in parts], axis=0),
            None if all(p.bias is None for p in parts) else np.concatenate(biases, axis=-1),
        )

    def importance(self) -> np.ndarray:
        """Of each bit of a vector, float64 `[S H m]`, as in `Quantizer`."""
        return stage_importance(self.stages)
