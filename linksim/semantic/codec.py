"""Images to features and features to images: what a semantic scheme needs of a network, and the networks of a
checkpoint.
"""

import hashlib
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from linksim.codebook.kmeans import nearest
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint
from linksim.semantic.model import ModelConfig
from linksim.semantic.network import Network, shared_network

NORM_EPSILON = 1e-6
"""Added to the variance that features are normalized by."""


class FeatureCodec(Protocol):
    """An encoder and a decoder with a grid of feature vectors between them. Both pad and crop, so that an image may
    have any size.

    Attributes:
        downsampling: pixels per feature vector, down and across.
        dim: D, dimensions of a feature vector.
    """

    downsampling: int
    dim: int

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Features float32 `[B, h, w, D]` of uint8 images `[B, H, W, 3]`, `h = ceil(H / downsampling)`; zero mean,
        unit mean variance.
        """
        ...

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None) -> np.ndarray:
        """Images uint8 `[B, H, W, 3]`, `size = (H, W)`, of received features `[B, h, w, D]`.

        `variance` `[B, h, w]` is how far off the features may be, squared, per dimension (None: not at all). A
        decoder may ignore it.
        """
        ...


class KerasCodec:
    """A `FeatureCodec` of two Keras networks, on any backend, with the mean `[D]` and the variance that normalize its
    features; and a third network where it has a repair block.

    Attributes:
        mask_token: what the decoder takes in place of a masked feature, `[D]`; None where it was not trained for that.
    """

    encoder: Any
    decoder: Any
    repair_network: Any
    name = ""
    mask_token: np.ndarray | None = None

    def __init__(
        self, model: ModelConfig, norm_mean: np.ndarray, norm_variance: np.ndarray, takes_variance: bool
    ) -> None:
        self.model = model
        self.downsampling, self.dim = int(model.downsampling), model.latent_dim
        self.takes_variance = takes_variance
        self._mean, self._variance = norm_mean, norm_variance

    @property
    def repairs(self) -> bool:
        """Whether there is a repair block."""
        return self.model.repair_blocks > 0

    def repair(self, features: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """What the repair block makes of received features `[B, h, w, D]` and their variance `[B, h, w]`."""
        inputs = [features.astype(np.float32), variance[..., None].astype(np.float32)]
        return finite_output(np.asarray(self.repair_network.predict_on_batch(inputs)), "repair block", self.name)

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Number of feature vectors down and across for an image of `height` x `width`, its padding counted."""
        return -(-height // self.downsampling), -(-width // self.downsampling)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Normalized features; sides that are no multiple of `downsampling` are padded by their edge."""
        height, width = images.shape[1:3]
        rows, columns = self.grid(height, width)
        bottom, right = rows * self.downsampling - height, columns * self.downsampling - width
        x = np.pad(images, ((0, 0), (0, bottom), (0, right), (0, 0)), mode="edge").astype(np.float32) / 255.0
        z = np.asarray(self.encoder.predict_on_batch(x))
        return finite_output((z - self._mean) / np.sqrt(self._variance + NORM_EPSILON), "encoder", self.name)

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None) -> np.ndarray:
        """Images, cropped to `size`; only decoders trained with the variance look at it."""
        features = features.astype(np.float32)
        inputs: Any = features
        if self.takes_variance:
            if variance is None:
                variance = np.zeros(features.shape[:3], np.float32)
            inputs = [features, variance[..., None].astype(np.float32)]
        x = finite_output(np.asarray(self.decoder.predict_on_batch(inputs)), "decoder", self.name)
        x = x[:, : size[0], : size[1]]
        return np.clip(np.rint(x * 255.0), 0, 255).astype(np.uint8)


def finite_output(values: np.ndarray, network: str, name: str) -> np.ndarray:
    """What a network gave. Raises `InputError` where a value is not finite: finite weights may still be far too large."""
    if not np.isfinite(values).all():
        raise InputError(
            f"checkpoint {name or 'in training'}: its {network} gives values that are not finite; train it anew, or give "
            "another one"
        )
    return values


class LiveCodec(KerasCodec):
    """The networks of a training as they are now: encoder, decoder, repair block (None where there is none)."""

    def __init__(
        self,
        model: ModelConfig,
        networks: tuple[Any, Any, Any],
        norm: tuple[np.ndarray, np.ndarray],
        takes_variance: bool,
    ) -> None:
        super().__init__(model, *norm, takes_variance)
        self.encoder, self.decoder, self.repair_network = networks


class SemanticCodec(KerasCodec):
    """A checkpoint with its networks, built when they are needed, and its quantizer.

    The arrays that `encode` and `decode` give are remembered and not to be written to.
    """

    def __init__(self, checkpoint: Checkpoint, sha256: str = "", name: str = "", dtype: str = "float32") -> None:
        super().__init__(
            checkpoint.model, checkpoint.norm_mean, checkpoint.norm_variance, checkpoint.decoder_takes_variance
        )
        self.checkpoint = checkpoint
        self.mask_token = checkpoint.mask_token
        self.sha256 = sha256
        self._dtype = "float32" if dtype == "float32" else f"mixed_{dtype}"
        self.name = name
        self.card = checkpoint.card
        self.bits_per_index = checkpoint.model.bits_per_index

    @property
    def stages(self) -> Stages:
        """The quantizer: codewords and their usage, per stage and head."""
        return self.checkpoint.stages

    @property
    def codebook(self) -> np.ndarray:
        """Codewords `[K, D]` where there is one stage of one head. Raises `InputError` where there are more."""
        self._refuse_several()
        return self.stages.codewords[0, 0]

    @property
    def usage(self) -> np.ndarray:
        """Usage `[K]` of the codewords where there is one stage of one head.

        Raises `InputError` where there are more.
        """
        self._refuse_several()
        return self.stages.usage[0, 0]

    def _refuse_several(self) -> None:
        stages, heads = self.stages.usage.shape[:2]
        if stages * heads > 1:
            raise InputError(
                f"{self.name or 'checkpoint'}: {stages} stages of {heads} heads; one codebook is needed here, give a checkpoint with one"
            )

    @cached_property
    def _encoder_network(self) -> Network:
        return shared_network("encoder", self.model.without_repair, self.checkpoint.encoder, self._dtype)

    @cached_property
    def _decoder_network(self) -> Network:
        weights, options = self.checkpoint.decoder, {"with_variance": self.takes_variance}
        return shared_network("decoder", self.model.without_repair, weights, self._dtype, **options)

    @cached_property
    def _repair_network(self) -> Network:
        return shared_network("repair", self.model, self.checkpoint.repair, self._dtype)

    @property
    def encoder(self) -> Any:  # type: ignore[override]
        return self._encoder_network.model

    @property
    def decoder(self) -> Any:  # type: ignore[override]
        return self._decoder_network.model

    @property
    def repair_network(self) -> Any:  # type: ignore[override]
        return self._repair_network.model

    def encode(self, images: np.ndarray) -> np.ndarray:
        """As of `KerasCodec`, each batch computed once while it is remembered."""
        inputs = (images, self._mean, np.asarray(self._variance))
        return self._encoder_network.remembered(inputs, lambda: super(SemanticCodec, self).encode(images))

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None) -> np.ndarray:
        """As of `KerasCodec`, each batch computed once while it is remembered."""
        inputs = (features, np.array(size), *([variance] if self.takes_variance and variance is not None else []))
        return self._decoder_network.remembered(
            inputs, lambda: super(SemanticCodec, self).decode(features, size, variance)
        )

    def repair(self, features: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """As of `KerasCodec`, each batch computed once while it is remembered."""
        return self._repair_network.remembered(
            (features, variance), lambda: super(SemanticCodec, self).repair(features, variance)
        )

    @staticmethod
    def indices_of(features: np.ndarray, codebook: np.ndarray) -> np.ndarray:
        """Nearest codewords (eq. 1): features `[..., D]`, codebook `[K, D]` -> int32 `[...]`."""
        return nearest(features.reshape(-1, features.shape[-1]), codebook).astype(np.int32).reshape(features.shape[:-1])


def load_checkpoint(name: str, dtype: str = "float32") -> SemanticCodec:
    """Codec of a shipped checkpoint's name or of an `.npz` file's path.

    Its networks compute in `dtype`, `float32` or `bfloat16`; their inputs, outputs and weights are float32.

    Raises:
        InputError: unknown name, no such file, or not a checkpoint.
    """
    where, data = find_checkpoint(name)
    return SemanticCodec(Checkpoint.from_bytes(data, where), hashlib.sha256(data).hexdigest(), name, dtype)
