"""Normalization of the features."""

from typing import Any

from keras import layers, ops

from linksim.semantic.codec import NORM_EPSILON


class FeatureNorm(layers.Layer):
    """Zero mean per dimension and unit mean variance over all dimensions, without learned scale.

    It fixes the scale of the features, so that neither commitment nor channel-aware distortion can be made small by
    shrinking the codebook. Training uses the statistics of the batch, inference their moving averages.
    """

    def __init__(self, dim: int, momentum: float = 0.99) -> None:
        super().__init__(dtype="float32")
        self.momentum = momentum
        self.mean = self.add_weight(shape=(dim,), initializer="zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape=(), initializer="ones", trainable=False, name="variance")

    def call(self, z: Any, training: bool = False, weight: Any = None) -> Any:
        """Features `[B, h, w, D]`, normalized; `weight` `[B, h, w]` of mean 1 is what each counts in the statistics (None:
        all alike).
        """
        if not training:
            return (z - self.mean) / ops.sqrt(self.variance + NORM_EPSILON)
        counted = 1.0 if weight is None else weight[..., None]
        mean = ops.mean(counted * z, axis=(0, 1, 2))
        variance = ops.mean(counted * ops.square(z - mean))
        m = self.momentum
        self.mean.assign(m * self.mean + (1 - m) * ops.stop_gradient(mean))
        self.variance.assign(m * self.variance + (1 - m) * ops.stop_gradient(variance))
        return (z - mean) / ops.sqrt(variance + NORM_EPSILON)
