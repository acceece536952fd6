"""Images and an SNR to symbols, and received symbols to images."""

import hashlib
from functools import cached_property
from typing import Any

import numpy as np

from linksim.jscc.checkpoint import KIND, JsccCheckpoint
from linksim.jscc.model import JsccModel
from linksim.semantic.codec import finite_output
from linksim.semantic.finding import find_checkpoint

FINAL_SHARPNESS = 1e4
"""Of the softened constellation where no gradient is wanted: any value gives the same points."""


class JsccCodec:
    """An encoder and a decoder that both know the SNR. Images of any size are padded by their edge and cropped."""

    encoder: Any
    decoder: Any
    name = ""

    def __init__(self, model: JsccModel) -> None:
        self.model = model

    def grid(self, height: int, width: int) -> tuple[int, int, int]:
        """Shape (h, w, F) of the real numbers of an image of `height` x `width`."""
        return -(-height // self.model.downsampling), -(-width // self.model.downsampling), self.model.reals

    def symbol_count(self, height: int, width: int) -> int:
        """Complex symbols that an image of `height` x `width` takes."""
        return -(-int(np.prod(self.grid(height, width))) // 2)

    def encode(self, images: np.ndarray, es_no_db: float) -> np.ndarray:
        """Symbols complex `[B, n]`, of mean power 1 for each image, of uint8 images `[B, H, W, 3]`."""
        from linksim.jscc.networks import scaled_snr
        from linksim.jscc.symbols import quantized, symbols_of

        height, width = images.shape[1:3]
        rows, columns, _ = self.grid(height, width)
        bottom, right = rows * self.model.downsampling - height, columns * self.model.downsampling - width
        x = np.pad(images, ((0, 0), (0, bottom), (0, right), (0, 0)), mode="edge").astype(np.float32) / 255.0
        snr = np.full((len(images), 1), scaled_snr(es_no_db), np.float32)
        reals = finite_output(np.asarray(self.encoder.predict_on_batch([x, snr])), "encoder", self.name)
        if self.model.constellation_bits is not None:
            reals = quantized(reals, self.model.constellation_bits, FINAL_SHARPNESS)
        return symbols_of(np.asarray(reals))

    def decode(
        self, symbols: np.ndarray, noise_variance: np.ndarray, size: tuple[int, int], es_no_db: float
    ) -> np.ndarray:
        """Images uint8 `[B, H, W, 3]`, `size = (H, W)`, of equalized symbols `[B, n]` and their noise variances."""
        from linksim.jscc.networks import scaled_snr
        from linksim.jscc.symbols import reals_of, reliability

        shape = self.grid(*size)
        trust = reliability(noise_variance)
        snr = np.full((len(symbols), 1), scaled_snr(es_no_db), np.float32)
        inputs = [reals_of(trust * symbols, shape), reals_of(trust, shape), snr]
        x = finite_output(np.asarray(self.decoder.predict_on_batch(inputs)), "decoder", self.name)
        x = x[:, : size[0], : size[1]]
        return np.clip(np.rint(x * 255.0), 0, 255).astype(np.uint8)


class LiveJscc(JsccCodec):
    """The networks of a training as they are now."""

    def __init__(self, model: JsccModel, encoder: Any, decoder: Any) -> None:
        super().__init__(model)
        self.encoder, self.decoder = encoder, decoder


class TrainedJscc(JsccCodec):
    """A checkpoint with its networks, built when they are needed."""

    def __init__(self, checkpoint: JsccCheckpoint, sha256: str = "", name: str = "") -> None:
        super().__init__(checkpoint.model)
        self.checkpoint, self.sha256, self.name, self.card = checkpoint, sha256, name, checkpoint.card

    @cached_property
    def encoder(self) -> Any:  # type: ignore[override]
        from linksim.jscc.networks import build_encoder
        from linksim.semantic.autoencoder import set_weights

        network = build_encoder(self.model)
        set_weights(network, self.checkpoint.encoder)
        return network

    @cached_property
    def decoder(self) -> Any:  # type: ignore[override]
        from linksim.jscc.networks import build_decoder
        from linksim.semantic.autoencoder import set_weights

        network = build_decoder(self.model)
        set_weights(network, self.checkpoint.decoder)
        return network


def load_jscc(name: str) -> TrainedJscc:
    """Codec of a shipped checkpoint's name or of an `.npz` file's path.

    Raises:
        InputError: unknown name, no such file, or a checkpoint of another kind.
    """
    where, data = find_checkpoint(name, kind=KIND)
    return TrainedJscc(JsccCheckpoint.from_bytes(data, where), hashlib.sha256(data).hexdigest(), name)
