"""The adversarial term: a small network learns to tell pictures from originals, patch by patch, and the decoder to
deceive it.
"""

from itertools import pairwise
from typing import Any

import keras
from keras import ops

_STRIDES = (2, 2, 1)
_SIDE = 4
_SLOPE = 0.2


class Adversary(keras.layers.Layer):
    """Discriminator of patches (Isola et al. 2017): three convolutions of 4 x 4, two of them strided, and leaky ReLUs.

    Each of its outputs judges 22 x 22 pixels. Both sides learn in the same step and with the same optimizer: each
    loss is taken with the other side's weights held fixed.

    Args:
        channels: of the first convolution; the second has twice as many.
        dtype: what it computes in; its losses are float32.
    """

    def __init__(self, channels: int, dtype: Any = "float32") -> None:
        super().__init__(dtype=dtype)
        self.built = True  # its weights are made here
        widths = (3, channels, 2 * channels, 1)
        self._convolutions = [
            (
                self.add_weight(shape=(_SIDE, _SIDE, given, made), initializer="he_normal", name=f"kernel_{i}"),
                self.add_weight(shape=(made,), initializer="zeros", name=f"bias_{i}"),
            )
            for i, (given, made) in enumerate(pairwise(widths))
        ]

    def judge(self, images: Any, learns: bool) -> Any:
        """How much like an original each patch of images `[B, H, W, 3]` in [0, 1] is, float32 `[B, h, w, 1]`.

        With `learns` the gradient flows into the weights, else through them into the images alone.
        """
        x = ops.cast(2.0 * images - 1.0, self.compute_dtype)
        for i, stride in enumerate(_STRIDES):
            kernel, bias = (ops.cast(ops.convert_to_tensor(w), self.compute_dtype) for w in self._convolutions[i])
            if not learns:
                kernel, bias = ops.stop_gradient(kernel), ops.stop_gradient(bias)
            x = ops.leaky_relu(x, _SLOPE) if i else x
            x = ops.conv(x, kernel, strides=stride, padding="same") + bias
        return ops.cast(x, "float32")

    def own_loss(self, x: Any, x_hat: Any) -> Any:
        """Hinge loss of telling `x` from `x_hat` (Lim and Ye 2017); `x_hat` is taken as it is."""
        real, made = self.judge(x, learns=True), self.judge(ops.stop_gradient(x_hat), learns=True)
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + made))

    def deceived(self, x_hat: Any) -> Any:
        """What the decoder makes small: minus the mean judgement of its pictures; the gradient flows into `x_hat`."""
        return -ops.mean(self.judge(x_hat, learns=False))
