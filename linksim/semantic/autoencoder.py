"""Convolutional encoder and decoder of the VQ-VAE (van den Oord et al. 2017), in Keras 3 on any backend.

The encoder leaves the pixel grid by strided convolutions, each of which halves the resolution; the decoder returns to
it by sub-pixel convolutions (Shi et al. 2016). Most of the work is done on the features' own grid. Every layer that
has weights has a name, which is that of its weights in a checkpoint (`linksim.semantic.layout`).
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from linksim.semantic.model import ModelConfig


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


def conv(name: str, filters: int, size: int, stride: int = 1, dtype: Any = None, scale: float = 1.0) -> layers.Conv2D:
    """A convolution that keeps the size (divided by `stride`); `scale` is that of its first weights' variance."""
    initializer = keras.initializers.VarianceScaling(2.0 * scale)
    return layers.Conv2D(filters, size, stride, padding="same", kernel_initializer=initializer, dtype=dtype, name=name)


Convolution = Callable[..., layers.Layer]
"""Makes a layer as `conv` does: what the networks are built of. A training may bring another."""


def relu(x: Any, dtype: Any) -> Any:
    """The rectifier as a layer."""
    return layers.Activation("relu", dtype=dtype)(x)


def residual_blocks(x: Any, grid: int, count: int, channels: int, dtype: Any, conv: Convolution = conv) -> Any:
    """`count` pairs of 3 x 3 convolutions, each added to what went in, on the grid of 1/`grid` of the resolution."""
    for i in range(1, count + 1):
        y = conv(f"grid{grid}_block{i}_first", channels, 3, dtype=dtype)(relu(x, dtype))
        # A small start makes the block an identity at first, which trains deep stacks without normalization layers.
        y = conv(f"grid{grid}_block{i}_second", channels, 3, dtype=dtype, scale=0.01)(relu(y, dtype))
        x = layers.Add(dtype=dtype)([x, y])
    return x


def build_encoder(model: ModelConfig, dtype: Any = "float32", conv: Convolution = conv) -> keras.Model:
    """Network from images `[batch, H, W, 3]` in [0, 1] to features `[batch, H/s, W/s, latent_dim]`, `s` the
    downsampling.

    `H` and `W` are multiples of `s`. The features leave it in float32 whatever `dtype` (e.g. `mixed_bfloat16`) it
    computes in.
    """
    image = layers.Input((None, None, 3))
    x = layers.Rescaling(2.0, -1.0, dtype=dtype)(image)
    for i in reversed(range(model.grids)):
        grid = model.downsampling >> i
        x = conv(f"grid{grid}_down", model.widths[i], 4, stride=2, dtype=dtype)(x)
        x = residual_blocks(x, grid, model.encoder_depths[i], model.widths[i], dtype, conv)
        x = relu(x, dtype)
    return keras.Model(image, conv("features", model.latent_dim, 1, dtype="float32", scale=0.5)(x), name="encoder")


def build_decoder(
    model: ModelConfig, dtype: Any = "float32", with_variance: bool = False, conv: Convolution = conv
) -> keras.Model:
    """Network from codewords `[batch, h, w, latent_dim]` to images `[batch, s h, s w, 3]`, not yet clipped to [0, 1].

    With `with_variance` it takes a second input `[batch, h, w, 1]`: the posterior variance of each feature vector (per
    dimension) that a receiver knows.
    """
    feature = layers.Input((None, None, model.latent_dim))
    inputs, x = [feature], feature
    if with_variance:
        inputs.append(layers.Input((None, None, 1)))
        x = layers.Concatenate(dtype=dtype)(inputs)
    x = conv("features", model.widths[0], 3, dtype=dtype)(x)
    x = residual_blocks(x, model.downsampling, model.decoder_depths[0], model.widths[0], dtype, conv)
    for i in range(1, model.grids):
        grid, width = model.downsampling >> i, model.widths[i]
        x = PixelShuffle(2, dtype=dtype)(conv(f"grid{grid}_up", 4 * width, 1, dtype=dtype)(relu(x, dtype)))
        x = conv(f"grid{grid}_smooth", width, 3, dtype=dtype)(relu(x, dtype))
        x = residual_blocks(x, grid, model.decoder_depths[i], width, dtype, conv)
    x = PixelShuffle(2, dtype="float32")(conv("pixels", 12, 3, dtype=dtype, scale=0.1)(relu(x, dtype)))
    x = layers.Rescaling(0.5, 0.5, dtype="float32")(x)
    return keras.Model(inputs if with_variance else feature, x, name="decoder")


def get_weights(network: keras.Model) -> dict[str, Any]:
    """The weights of a network under their names, as arrays.

    A layer that stands for a plain convolution (it has `plain_weights` and `put_plain`) gives the weights of that.
    """
    found: dict[str, Any] = {}
    for layer in network.layers:
        plain = getattr(layer, "plain_weights", None)
        own = plain() if plain else {w.name: ops.convert_to_numpy(w) for w in layer.weights}
        found |= {f"{layer.name}/{name}": value for name, value in own.items()}
    return found


def set_weights(network: keras.Model, weights: dict[str, Any]) -> None:
    """Put `weights` into a network that has exactly these names and shapes."""
    own = get_weights(network)
    if own.keys() != weights.keys():
        raise ValueError(f"weights {sorted(own.keys() ^ weights.keys())} are on one side only")
    for layer in network.layers:
        if put := getattr(layer, "put_plain", None):
            put(**{name: weights[f"{layer.name}/{name}"] for name in layer.plain_weights()})
            continue
        for variable in layer.weights:
            variable.assign(weights[f"{layer.name}/{variable.name}"])
