"""The mask token in a trained model, on any Keras backend."""

from typing import Any

from keras import layers, ops

from linksim.semantic.masking import GREY


class MaskToken(layers.Layer):
    """A trained vector `[D]` that the decoder is given where a feature is masked.

    It begins at zero, the mean of the features. `masked` is bool `[B, h, w]` throughout.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dtype="float32")
        self.token = self.add_weight(shape=(dim,), initializer="zeros", name="token")

    def call(self, features: Any, masked: Any) -> Any:
        """Features `[B, h, w, D]` with the token in place of those that are masked, to which no gradient goes."""
        return ops.where(masked[..., None], self.token, features)


def hidden(image: Any, masked: Any, downsampling: int) -> Any:
    """Images `[B, H, W, 3]` in [0, 1] with grey in place of masked cells, as `semantic.masking.without_masked`."""
    pixels = ops.repeat(ops.repeat(masked, downsampling, axis=1), downsampling, axis=2)
    return ops.where(pixels[..., None], GREY / 255.0, image)


def weight_of_visible(masked: Any) -> Any:
    """What each cell counts in a mean over the visible ones, float32 `[B, h, w]`: 0 where masked; 1 in the mean."""
    visible = 1.0 - ops.cast(masked, "float32")
    return visible / ops.maximum(ops.mean(visible), 1e-6)


def without_variance(variance: Any, masked: Any) -> Any:
    """Variances `[B, h, w, 1]` for the decoder: 0 at a token, which says all that is to be said."""
    return ops.where(masked[..., None], 0.0, variance)
