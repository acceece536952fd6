"""The repair block: a receiver's features to what the transmitter had quantized, before they are requantized.

It is the noise reduction block of MOC-RVQ (Zhou et al., arXiv 2401.01272), with residual 3 x 3 convolutions in place of
its Swin layers. Unlike that one it is told how far off each feature vector may be.
"""

from typing import Any

import keras
from keras import layers

from linksim.semantic.autoencoder import conv, relu, residual_blocks
from linksim.semantic.model import ModelConfig


def build_repair(model: ModelConfig, dtype: Any = "float32") -> keras.Model:
    """Network from received features `[batch, h, w, D]` and their variance per dimension `[batch, h, w, 1]` to
    features `[batch, h, w, D]`.

    What it computes is a correction, which is zero before training: it begins as the identity. Features come and go in
    float32 whatever `dtype` (e.g. `mixed_bfloat16`) it computes in.
    """
    features, variance = layers.Input((None, None, model.latent_dim)), layers.Input((None, None, 1))
    x = layers.Concatenate(dtype=dtype)([features, variance])
    x = conv("features", model.repair_channels, 3, dtype=dtype)(x)
    x = residual_blocks(x, model.downsampling, model.repair_blocks, model.repair_channels, dtype)
    correction = layers.Conv2D(
        model.latent_dim, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="correction"
    )
    repaired = layers.Add(dtype="float32")([features, correction(relu(x, dtype))])
    return keras.Model([features, variance], repaired, name="repair")
