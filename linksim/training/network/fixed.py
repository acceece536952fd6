"""The quantizer of codewords that are not learned: evenly spaced levels, or signs, in every dimension."""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from linksim.common.errors import InputError
from linksim.training.config import TrainConfig
from linksim.training.network.quantizer import Quantized

SPAN = 4.0
"""Of all levels with their cells: two standard deviations of the normalized features to each side."""

FIRST_SHARPNESS = 4.0
"""Of bits that are drawn: the logit of a feature of 1."""


def level_codewords(size: int) -> np.ndarray:
    """The K = `size` levels of one dimension by label, float32 `[K]`; K a power of two.

    Cells of width 4 / K cover -2 .. 2, each level in the middle of its own. The level at place i along the axis has
    the Gray code of i as its label, so labels of neighbouring levels differ in one bit. K = 2 are the signs -1 and +1.
    """
    places = np.arange(size)
    levels = np.empty(size, np.float32)
    levels[gray(places)] = (places - (size - 1) / 2) * (SPAN / size)
    return levels


def gray(places: np.ndarray) -> np.ndarray:
    """Binary reflected Gray code of whole numbers."""
    return places ^ (places >> 1)


def on_sphere(z: Any) -> Any:
    """Features `[n, D]` on the sphere of radius `sqrt(D)`, on which their signs are too (BSQ, Zhao et al. 2024: there
    the radius is 1)."""
    norm = ops.sqrt(ops.sum(ops.square(z), -1, keepdims=True) + 1e-12)
    return z * (math.sqrt(z.shape[-1]) / norm)


class FixedQuantizer(layers.Layer):
    """Every dimension by itself to the nearest of K levels: FSQ (Mentzer et al. 2023), and with K = 2 the signs of LFQ,
    BSQ, NECST and BitSemCom.

    It has the members of `quantizer.Quantizer`, but only counts how often each codeword is used. FSQ bounds features by
    a tanh; here `FeatureNorm` does, which holds their mean variance at 1, and what is beyond the levels goes to the
    outermost one.

    Bits that are drawn have the logit `sharpness * z`. Where features are not normalized an encoder can make its bits
    as sure as it likes; this one trained number stands in for that. No checkpoint needs it, since its sign is z's.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(dtype="float32")
        model = config.model
        self.stages, self.heads, self.size = model.stages, model.heads, model.codebook_size
        self.head_dim = model.head_dim
        self.decay = config.codebook.decay
        self.ema = True
        self._kept = config.codebook.initialization == "keep"
        sizes = (self.stages, self.heads, self.size)
        self.codewords = self.add_weight(
            shape=(*sizes, self.head_dim), initializer="zeros", trainable=False, name="codewords"
        )
        self.codewords.assign(np.broadcast_to(level_codewords(self.size)[:, None], self.codewords.shape))
        self.counts = self.add_weight(shape=sizes, initializer="ones", trainable=False, name="counts")
        if config.codebook.bits != "decided":
            start = keras.initializers.Constant(math.log(FIRST_SHARPNESS))
            self.log_sharpness = self.add_weight(shape=(), initializer=start, name="log_sharpness")

    def call(self, z: Any) -> Quantized:
        """Features `[n, D]` to the nearest level of each dimension; 0, which is between two, to the lower one, whose
        label is smaller, as in `codebook.transmitter.Nearest`.
        """
        width = SPAN / self.size
        place = ops.clip(ops.ceil(ops.nan_to_num(z) / width + self.size / 2) - 1, 0, self.size - 1)
        table = gray(np.arange(self.size)).astype(np.int32)
        indices = ops.take(ops.convert_to_tensor(table), ops.cast(place, "int32"), axis=0)[:, None]
        distances = ops.square(z[..., None] - self.codewords[0, :, :, 0])  # [n, H, K]
        by_head = [distances[:, h] for h in range(self.heads)]
        return Quantized(indices, self.words(indices), z[:, None], [by_head])

    def head(self, values: Any, number: int) -> Any:
        """The dimension `[..., 1]` of head `number` of values `[..., D]`."""
        return values[..., number : number + 1]

    def words(self, indices: Any) -> Any:
        """Words `[n, 1, D]` of indices `[n, 1, H]`."""
        return ops.take(self.codewords[0, 0, :, 0], indices, axis=0)

    def logits(self, z: Any) -> Any:
        """Of the bits that are drawn from features `[n, D]`."""
        return ops.exp(self.log_sharpness) * z

    def usage(self) -> Any:
        """Moving average of the codewords' frequencies, `[1, H, K]`."""
        return self.counts / ops.sum(self.counts, axis=-1, keepdims=True)

    def follow(self, quantized: Quantized, transition: Any = None, gamma: float = 0.0) -> None:
        """One step of the moving average of the counts with a batch; the codewords stay."""
        one_hot = ops.one_hot(quantized.indices, self.size, dtype="float32")  # [n, 1, H, K]
        if quantized.weight is not None:
            one_hot = ops.reshape(quantized.weight, (-1, 1, 1, 1)) * one_hot
        counts = ops.sum(one_hot, 0)
        self.counts.assign(self.decay * self.counts + (1 - self.decay) * counts)

    def set_codewords(self, codewords: np.ndarray, counts: np.ndarray) -> None:
        """Take over the counts `[1, H, K]` of codewords `[1, H, K, 1]`, where they are these.

        Raises:
            InputError: the codebook is to be kept, and is another one.
        """
        if np.allclose(codewords, np.asarray(self.codewords), atol=1e-3):
            self.counts.assign(counts)
        elif self._kept:
            raise InputError(
                "codebook.initialization: keep, but the codewords of initialize_from are not those of codebook.kind; "
                "give codebook.kind: learned, or a checkpoint that was trained with this kind"
            )
