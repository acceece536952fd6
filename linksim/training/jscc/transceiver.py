"""Encoder, power, constellation, channel and decoder as one trainable model."""

from typing import Any, TypedDict

import numpy as np
from keras import ops

from linksim.jscc.networks import build_decoder, build_encoder
from linksim.jscc.symbols import quantized, unit_power
from linksim.training.jscc.config import JsccRecipe
from linksim.training.network.reported import Reported

LOSS_SCALE = 100.0
"""On the mean squared error: it keeps gradients far above the epsilon of Adam."""


class Inputs(TypedDict):
    """A batch of B images with everything that was drawn for it; h x w cells of F real numbers.

    Attributes:
        image: float32 `[B, H, W, 3]` in [0, 1].
        snr: float32 `[B, 1]`, as `networks.scaled_snr` gives it.
        reliability, noise: float32 `[B, h, w, F]`, see `channel.draw_channel`.
        sharpness: float32 `[1]`, of the softened constellation.
    """

    image: np.ndarray
    snr: np.ndarray
    reliability: np.ndarray
    noise: np.ndarray
    sharpness: np.ndarray


class Transceiver(Reported):
    """`Inputs` to received images; the mean squared error is added on the way."""

    def __init__(self, config: JsccRecipe, dtype: Any = "float32") -> None:
        super().__init__(dtype="float32")
        self.config = config
        self.encoder = build_encoder(config.model, dtype)
        self.decoder = build_decoder(config.model, dtype)
        self.start_report(["loss", "mse"])

    def call(self, inputs: Any, training: bool = False) -> Any:
        image, snr = inputs["image"], inputs["snr"]
        reals = self.encoder([image, snr])
        bits = self.config.model.constellation_bits
        sent = unit_power(reals) if bits is None else quantized(reals, bits, inputs["sharpness"][0])
        received = inputs["reliability"] * sent + inputs["noise"]
        x_hat = self.decoder([received, inputs["reliability"], snr])
        mse = ops.mean(ops.square(image - x_hat))
        if training:
            self.follow_report({"loss": LOSS_SCALE * mse, "mse": mse})
        self.add_loss(LOSS_SCALE * mse)
        return x_hat
