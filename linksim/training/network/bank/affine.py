"""Convolutions that all states share, with a scale and a bias of each state's own.

They take the place of the switchable batch normalization of uJSCC (Huh et al. 2025, arXiv 2405.10749), which the
networks here have none of: per state, a gamma and a beta without the moments. A scale after a convolution is a factor
on its kernel, so a state alone is a network of plain convolutions.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from linksim.training.network.bank.drawn import Drawn


class AffineConv(layers.Layer):
    """`a_v (W * x) + c_v` with the kernel W `[s, s, in, out]` of all states, scales a and biases c `[V, out]`."""

    def __init__(self, drawn: Drawn, filters: int, size: int, stride: int, initializer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._of_state = drawn.of
        self._states = drawn.count
        self._filters, self._size, self._stride, self._initializer = filters, size, stride, initializer

    def build(self, shape: Any) -> None:
        """Make the weights for inputs `[batch, h, w, in]`."""
        kernel = (self._size, self._size, shape[-1], self._filters)
        per_state = (self._states, self._filters)
        self.kernel = self.add_weight(shape=kernel, initializer=self._initializer, name="kernel")
        self.scales = self.add_weight(shape=per_state, initializer="ones", name="scales")
        self.biases = self.add_weight(shape=per_state, initializer="zeros", name="biases")

    def call(self, x: Any) -> Any:
        kernel = self.kernel * self._of_state(self.scales)
        return ops.conv(x, kernel, strides=self._stride, padding="same") + self._of_state(self.biases)

    def compute_output_shape(self, shape: Any) -> Any:
        """`[batch, h / stride, w / stride, out]`, rounded up."""
        return (shape[0], *(None if side is None else -(-side // self._stride) for side in shape[1:3]), self._filters)

    def plain_weights(self) -> dict[str, np.ndarray]:
        """Kernel and bias of the plain convolution that this is in the state looked at."""
        scale = ops.convert_to_numpy(self._of_state(self.scales))
        bias = ops.convert_to_numpy(self._of_state(self.biases))
        return {"kernel": ops.convert_to_numpy(self.kernel) * scale, "bias": bias}

    def put_plain(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        """Become a plain convolution in every state."""
        self.kernel.assign(kernel)
        self.scales.assign(np.ones(self.scales.shape, np.float32))
        self.biases.assign(np.broadcast_to(bias, self.biases.shape))


class AffineConvs:
    """Makes `AffineConv` layers in place of `autoencoder.conv`."""

    def __init__(self, drawn: Drawn) -> None:
        self._drawn = drawn

    def __call__(
        self, name: str, filters: int, size: int, stride: int = 1, dtype: Any = None, scale: float = 1.0
    ) -> AffineConv:
        initializer = keras.initializers.VarianceScaling(2.0 * scale)
        return AffineConv(self._drawn, filters, size, stride, initializer, dtype=dtype, name=name)
