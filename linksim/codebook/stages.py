"""Codebooks of a quantizer of one or more stages and heads, as arrays: what checkpoints hold and receivers know."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from linksim.codebook.labels import bits_per_index
from linksim.common.errors import InputError


@dataclass(frozen=True, eq=False)
class Stages:
    """Codewords and usage of S residual stages with H heads each (residual and product quantization).

    A vector of D dimensions is sent as S x H indices. Head h holds the dimensions `h D/H .. (h+1) D/H - 1`; each
    stage quantizes what the stages before it left over, so a vector's estimate is the sum over the stages of the
    heads' codewords put side by side. S = H = 1 is a plain codebook.

    Attributes:
        codewords: float32 `[S, H, K, D/H]`.
        usage: probabilities of the indices, float32 `[S, H, K]`, sum 1 over K.

    Raises:
        InputError: arrays of other shapes, or fewer than 2 codewords.
    """

    codewords: np.ndarray
    usage: np.ndarray

    def __post_init__(self) -> None:
        if self.codewords.ndim != 4 or self.usage.shape != self.codewords.shape[:3] or not self.codewords.size:
            raise InputError(
                f"codewords {self.codewords.shape} with usage {self.usage.shape}; "
                "give [stages, heads, K, D / heads] with [stages, heads, K]"
            )
        bits_per_index(self.size)

    @classmethod
    def single(cls, codebook: np.ndarray, usage: np.ndarray) -> "Stages":
        """One stage with one head: a codebook `[K, D]` with its usage `[K]`."""
        return cls(np.asarray(codebook)[None, None], np.asarray(usage)[None, None])

    @classmethod
    def of(cls, codec: Any) -> "Stages":
        """A codec's `stages`; of one that has none, its `codebook` and `usage`."""
        stages = getattr(codec, "stages", None)
        return stages if isinstance(stages, cls) else cls.single(codec.codebook, codec.usage)

    @property
    def count(self) -> int:
        """S."""
        return int(self.codewords.shape[0])

    @property
    def heads(self) -> int:
        """H."""
        return int(self.codewords.shape[1])

    @property
    def size(self) -> int:
        """K, codewords of each head of each stage."""
        return int(self.codewords.shape[2])

    @property
    def dim(self) -> int:
        """D."""
        return self.heads * int(self.codewords.shape[3])

    @property
    def bits_per_index(self) -> int:
        """`m = ceil(log2 K)`."""
        return bits_per_index(self.size)

    @property
    def bits_per_stage(self) -> int:
        """Bits of a vector in one stage, `H m`."""
        return self.heads * self.bits_per_index

    @property
    def bits(self) -> int:
        """Bits of a vector in all stages, `S H m`."""
        return self.count * self.bits_per_stage

    def first(self, count: int) -> "Stages":
        """The first `count` stages.

        Raises:
            InputError: none, or more than there are.
        """
        if not 1 <= count <= self.count:
            raise InputError(f"stages {count}: the codebook has {self.count}; give 1..{self.count}")
        return Stages(self.codewords[:count], self.usage[:count])

    def reordered(self, orders: np.ndarray) -> "Stages":
        """With codeword `orders[s, h, l]` (int `[S, H, K]`) at label l of head h of stage s."""
        return Stages(
            np.take_along_axis(self.codewords, orders[..., None], 2), np.take_along_axis(self.usage, orders, 2)
        )

    def estimate(self, indices: np.ndarray) -> np.ndarray:
        """Vectors float32 `[n, D]` of indices `[n, s, H]` of the first s stages: sums of the stages' codewords."""
        n, count, heads = indices.shape
        out = np.zeros((n, self.dim), np.float32)
        for s in range(count):
            out += np.concatenate([self.codewords[s, h, indices[:, s, h]] for h in range(heads)], axis=-1)
        return out
