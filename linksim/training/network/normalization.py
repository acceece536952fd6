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
        self._add_moments(dim)

    def _add_moments(self, dim: int) -> None:
        """The variables: the moving averages."""
        self._mean = self.add_weight(shape=(dim,), initializer="zeros", trainable=False, name="mean")
        self._variance = self.add_weight(shape=(), initializer="ones", trainable=False, name="variance")

    @property
    def mean(self) -> Any:
        """Moving average of the mean, `[D]`."""
        return self._mean

    @property
    def variance(self) -> Any:
        """Moving average of the variance, a number."""
        return self._variance

    def put(self, mean: Any, variance: Any) -> None:
        """Put in moving averages."""
        self._mean.assign(mean)
        self._variance.assign(variance)

    def start(self, mean: Any, variance: Any) -> None:
        """Begin with the moving averages of another training."""
        self.put(mean, variance)

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
        self.put(
            m * self.mean + (1 - m) * ops.stop_gradient(mean),
            m * self.variance + (1 - m) * ops.stop_gradient(variance),
        )
        return (z - mean) / ops.sqrt(variance + NORM_EPSILON)
