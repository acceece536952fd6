"""Convolutional encoder and decoder that know the SNR, in Keras 3 on any backend.

As in DeepJSCC (Bourtsoulatze, Kurka and Gunduz 2019) strided convolutions with PReLU lead from pixels to real numbers
that are sent as symbols, and a mirrored network leads back. Between them stand residual blocks, each with an attention
over its channels that sees the SNR (the AF module of ADJSCC; Xu et al. 2022). The decoder returns to the pixels by
sub-pixel convolutions. Most of the work is done on the symbols' own grid. Every layer that has weights has a name,
which is that of its weights in a checkpoint (`linksim.jscc.layout`).
"""

from typing import Any

import keras
from keras import layers

from linksim.jscc.layout import ATTENTION_REDUCTION
from linksim.jscc.model import JsccModel
from linksim.semantic.autoencoder import PixelShuffle, conv


def scaled_snr(es_no_db: Any) -> Any:
    """Es/N0 in dB as the networks take it, near -1 to 1."""
    return (es_no_db - 10.0) / 10.0


def _prelu(x: Any, name: str, dtype: Any) -> Any:
    start = keras.initializers.Constant(0.25)
    return layers.PReLU(start, shared_axes=[1, 2], dtype=dtype, name=name)(x)


def _attention(x: Any, snr: Any, name: str, dtype: Any) -> Any:
    """Channels scaled by factors of 0 to 2 (1 at the start) that depend on their means over the picture and the SNR."""
    channels = x.shape[-1]
    means = layers.GlobalAveragePooling2D(dtype="float32")(x)
    known = layers.Concatenate(dtype="float32")([means, snr])
    hidden = layers.Dense(channels // ATTENTION_REDUCTION, "relu", dtype="float32", name=f"{name}_squeeze")(known)
    start = keras.initializers.VarianceScaling(0.1)
    factors = layers.Dense(channels, "sigmoid", kernel_initializer=start, dtype="float32", name=f"{name}_excite")(
        hidden
    )
    factors = layers.Rescaling(2.0, dtype="float32")(layers.Reshape((1, 1, channels), dtype="float32")(factors))
    return layers.Multiply(dtype=dtype)([x, factors])


def _blocks(x: Any, snr: Any, grid: int, count: int, channels: int, dtype: Any) -> Any:
    for i in range(1, count + 1):
        name = f"grid{grid}_block{i}"
        y = conv(f"{name}_first", channels, 3, dtype=dtype)(_prelu(x, f"{name}_prelu1", dtype))
        # A small start makes the block nearly an identity at first.
        y = conv(f"{name}_second", channels, 3, dtype=dtype, scale=0.05)(_prelu(y, f"{name}_prelu2", dtype))
        x = layers.Add(dtype=dtype)([x, _attention(y, snr, name, dtype)])
    return x


def build_encoder(model: JsccModel, dtype: Any = "float32") -> keras.Model:
    """Network from images `[batch, H, W, 3]` in [0, 1] and their scaled SNR `[batch, 1]` to real numbers
    `[batch, H/s, W/s, reals]`, `s` the downsampling, of any power.

    `H` and `W` are multiples of `s`. The numbers leave it in float32 whatever `dtype` it computes in.
    """
    image, snr = layers.Input((None, None, 3)), layers.Input((1,))
    x = layers.Rescaling(2.0, -1.0, dtype=dtype)(image)
    for i in reversed(range(model.grids)):
        grid, first = model.downsampling >> i, i == model.grids - 1
        size, stride = (8, 4) if first else (4, 2)
        if not first:
            x = _prelu(x, f"grid{grid}_prelu", dtype)
        x = conv(f"grid{grid}_down", model.channels[i], size, stride=stride, dtype=dtype)(x)
        x = _blocks(x, snr, grid, model.encoder_blocks[i], model.channels[i], dtype)
    x = conv("reals", model.reals, 3, dtype="float32", scale=0.5)(_prelu(x, "reals_prelu", dtype))
    return keras.Model([image, snr], x, name="encoder")


def build_decoder(model: JsccModel, dtype: Any = "float32") -> keras.Model:
    """Network from received real numbers and their reliabilities, both `[batch, h, w, reals]`, and the scaled SNR
    `[batch, 1]` to images `[batch, s h, s w, 3]`, not yet clipped to [0, 1].
    """
    shape = (None, None, model.reals)
    received, reliability, snr = layers.Input(shape), layers.Input(shape), layers.Input((1,))
    x = layers.Concatenate(dtype=dtype)([received, reliability])
    x = conv("reals", model.channels[0], 3, dtype=dtype)(x)
    for i in range(model.grids):
        grid, width = model.downsampling >> i, model.channels[i]
        if i:
            x = conv(f"grid{grid}_up", 4 * width, 1, dtype=dtype)(_prelu(x, f"grid{grid}_prelu", dtype))
            x = PixelShuffle(2, dtype=dtype)(x)
        x = _blocks(x, snr, grid, model.decoder_blocks[i], width, dtype)
    x = conv("pixels", 48, 3, dtype=dtype, scale=0.1)(_prelu(x, "pixels_prelu", dtype))
    x = PixelShuffle(4, dtype="float32")(x)
    x = layers.Rescaling(0.5, 0.5, dtype="float32")(x)
    return keras.Model([received, reliability, snr], x, name="decoder")
