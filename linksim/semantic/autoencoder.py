"""Convolutional encoder and decoder of the VQ-VAE (van den Oord et al. 2017), in Keras 3 on any backend.

Most of the work is done at a quarter of the resolution: the encoder leaves the pixel grid by two strided convolutions
and the decoder returns to it by two sub-pixel convolutions (Shi et al. 2016), so that one index stands for 4 x 4 pixels.
"""

from typing import Any

import keras
from keras import layers, ops

DOWNSAMPLING = 4


def pixel_shuffle(x: Any, factor: int) -> Any:
    """Rearrange `[batch, h, w, factor**2 * c]` to `[batch, h * factor, w * factor, c]` (sub-pixel convolution)."""
    height, width, channels = ops.shape(x)[1], ops.shape(x)[2], x.shape[-1] // factor**2
    x = ops.reshape(x, (-1, height, width, factor, factor, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height * factor, width * factor, channels))


class PixelShuffle(layers.Layer):
    """`pixel_shuffle` as a layer."""

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return pixel_shuffle(x, self.factor)


def _conv(filters: int, size: int, stride: int = 1, dtype: Any = None, scale: float = 1.0) -> layers.Conv2D:
    initializer = keras.initializers.VarianceScaling(2.0 * scale)
    return layers.Conv2D(filters, size, stride, padding="same", kernel_initializer=initializer, dtype=dtype)


def _residual_block(x: Any, channels: int, dtype: Any) -> Any:
    y = layers.Activation("relu", dtype=dtype)(x)
    y = _conv(channels, 3, dtype=dtype)(y)
    y = layers.Activation("relu", dtype=dtype)(y)
    # A small start makes the block an identity at first, which trains deep stacks without normalization layers.
    y = _conv(channels, 3, dtype=dtype, scale=0.01)(y)
    return layers.Add(dtype=dtype)([x, y])


def build_encoder(channels: int, blocks: int, latent_dim: int, dtype: Any = "float32") -> keras.Model:
    """Network from images `[batch, H, W, 3]` in [0, 1] to features `[batch, H/4, W/4, latent_dim]`.

    `H` and `W` are multiples of 4. The features leave it in float32 whatever `dtype` (e.g. `mixed_bfloat16`) it computes in.
    """
    image = layers.Input((None, None, 3))
    x = layers.Rescaling(2.0, -1.0, dtype=dtype)(image)
    x = _conv(channels // 2, 4, stride=2, dtype=dtype)(x)
    x = layers.Activation("relu", dtype=dtype)(x)
    x = _conv(channels, 4, stride=2, dtype=dtype)(x)
    for _ in range(blocks):
        x = _residual_block(x, channels, dtype)
    x = layers.Activation("relu", dtype=dtype)(x)
    return keras.Model(image, _conv(latent_dim, 1, dtype="float32", scale=0.5)(x), name="encoder")


def build_decoder(
    channels: int, blocks: int, latent_dim: int, dtype: Any = "float32", with_variance: bool = False
) -> keras.Model:
    """Network from codewords `[batch, h, w, latent_dim]` to images `[batch, 4 h, 4 w, 3]`, not yet clipped to [0, 1].

    With `with_variance` it takes a second input `[batch, h, w, 1]`: the posterior variance of each feature vector (per
    dimension) that a soft receiver knows.
    """
    feature = layers.Input((None, None, latent_dim))
    inputs = [feature]
    x = feature
    if with_variance:
        inputs.append(layers.Input((None, None, 1)))
        x = layers.Concatenate(dtype=dtype)([feature, inputs[1]])
    x = _conv(channels, 3, dtype=dtype)(x)
    for _ in range(blocks):
        x = _residual_block(x, channels, dtype)
    x = layers.Activation("relu", dtype=dtype)(x)
    half = channels // 2
    x = PixelShuffle(2, dtype=dtype)(_conv(4 * half, 1, dtype=dtype)(x))
    x = layers.Activation("relu", dtype=dtype)(x)
    x = _conv(half, 3, dtype=dtype)(x)
    x = layers.Activation("relu", dtype=dtype)(x)
    x = PixelShuffle(2, dtype="float32")(_conv(12, 3, dtype=dtype, scale=0.1)(x))
    x = layers.Rescaling(0.5, 0.5, dtype="float32")(x)
    return keras.Model(inputs if with_variance else feature, x, name="decoder")
