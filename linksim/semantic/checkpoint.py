"""Checkpoints: a `.npz` of plain arrays (never pickled objects) with its card inside, and the codec that uses one."""

import hashlib
import io
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from linksim.codebook.kmeans import nearest
from linksim.common.errors import InputError
from linksim.semantic.model import ModelConfig

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a semantic scheme needs, as arrays.

    Attributes:
        model: sizes of the networks.
        codebook: float32 `[K, D]`.
        usage: float32 `[K]`, index probabilities on the training images, sum 1.
        encoder, decoder: weights of the networks in Keras' order, float16 on disk.
        norm_mean, norm_variance: `FeatureNorm`'s moving averages, `[D]` and scalar.
        decoder_takes_variance: whether the decoder's second input is the posterior variance.
        card: what it was trained with and what was measured, JSON-like.
    """

    model: ModelConfig
    codebook: np.ndarray
    usage: np.ndarray
    encoder: list[np.ndarray]
    decoder: list[np.ndarray]
    norm_mean: np.ndarray
    norm_variance: np.ndarray
    decoder_takes_variance: bool = False
    card: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The `.npz` file's bytes."""
        meta = {
            "format": FORMAT,
            "model": self.model.model_dump(mode="json"),
            "decoder_takes_variance": self.decoder_takes_variance,
            "card": self.card,
        }
        arrays: dict[str, np.ndarray] = {
            "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
            "codebook": self.codebook.astype(np.float32),
            "usage": self.usage.astype(np.float32),
            "norm_mean": self.norm_mean.astype(np.float32),
            "norm_variance": np.asarray(self.norm_variance, np.float32),
        }
        for part, weights in (("encoder", self.encoder), ("decoder", self.decoder)):
            for i, weight in enumerate(weights):
                arrays[f"{part}/{i:03d}"] = weight.astype(np.float16)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    def save(self, path: Path) -> None:
        """Write the file in one step: a reader sees the old one or the new one, never a part."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(self.to_bytes())
        partial.replace(path)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint") -> "Checkpoint":
        """Read what `to_bytes` wrote.

        Raises:
            InputError: where the bytes are not such a file.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            meta = json.loads(arrays["meta"].tobytes())
            parts = {
                part: [arrays[key].astype(np.float32) for key in sorted(arrays) if key.startswith(f"{part}/")]
                for part in ("encoder", "decoder")
            }
            if meta["format"] != FORMAT:
                raise InputError(f"{name}: checkpoint format {meta['format']}; this version reads format {FORMAT}")
            return cls(
                model=ModelConfig(**meta["model"]),
                codebook=arrays["codebook"],
                usage=arrays["usage"],
                encoder=parts["encoder"],
                decoder=parts["decoder"],
                norm_mean=arrays["norm_mean"],
                norm_variance=arrays["norm_variance"],
                decoder_takes_variance=meta["decoder_takes_variance"],
                card=meta["card"],
            )
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"{name}: not a linksim checkpoint ({type(error).__name__}); give an .npz that `linksim train` wrote"
            ) from error


def pretrained_names() -> list[str]:
    """Names of the checkpoints that come with linksim."""
    folder = resources.files("linksim") / "pretrained"
    return sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith(".npz"))


def find_checkpoint(name: str, key: str = "checkpoint") -> tuple[str, bytes]:
    """Where a checkpoint is and its bytes: a path to an `.npz` file, or the name of one that comes with linksim.

    Raises:
        InputError: where there is none; it begins with `key`, what the file calls it.
    """
    if name.endswith(".npz") or "/" in name:
        path = Path(name)
        if not path.is_file():
            raise InputError(
                f"{key}: no file {name!r}; give an .npz that `linksim train` wrote, or one of {pretrained_names()}"
            )
        return str(path), path.read_bytes()
    entry = resources.files("linksim") / "pretrained" / f"{name}.npz"
    if not entry.is_file():
        import difflib

        near = difflib.get_close_matches(name, pretrained_names(), 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise InputError(
            f"{key}: unknown name {name!r}{hint}; known are {pretrained_names()}, or give a path to an .npz file"
        )
    return name, entry.read_bytes()


class SemanticCodec:
    """A checkpoint with its networks: images to features and features to images, on any Keras backend."""

    def __init__(self, checkpoint: Checkpoint, sha256: str = "", name: str = "") -> None:
        self.checkpoint = checkpoint
        self.sha256 = sha256
        self.name = name
        self.codebook = checkpoint.codebook
        self.usage = checkpoint.usage
        self.card = checkpoint.card
        self.bits_per_index = checkpoint.model.bits_per_index
        self.takes_variance = checkpoint.decoder_takes_variance

    @property
    def downsampling(self) -> int:
        """Pixels per index in each direction."""
        return 4

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Number of indices down and across for an image of `height` x `width`, its padding counted."""
        return -(-height // self.downsampling), -(-width // self.downsampling)

    @cached_property
    def _encoder(self) -> Any:
        from linksim.semantic.autoencoder import build_encoder

        model = self.checkpoint.model
        network = build_encoder(model.channels, model.encoder_blocks, model.latent_dim)
        network.set_weights(self.checkpoint.encoder)
        return network

    @cached_property
    def _decoder(self) -> Any:
        from linksim.semantic.autoencoder import build_decoder

        model = self.checkpoint.model
        network = build_decoder(
            model.channels, model.decoder_blocks, model.latent_dim, with_variance=self.takes_variance
        )
        network.set_weights(self.checkpoint.decoder)
        return network

    def encode_features(self, images: np.ndarray) -> np.ndarray:
        """Normalized features float32 `[B, h, w, D]` of uint8 images `[B, H, W, 3]`; sides that are no multiple of 4 are padded by
        their edge."""
        height, width = images.shape[1:3]
        rows, columns = self.grid(height, width)
        pad = (
            (0, 0),
            (0, rows * self.downsampling - height),
            (0, columns * self.downsampling - width),
            (0, 0),
        )
        x = np.pad(images, pad, mode="edge").astype(np.float32) / 255.0
        z = np.asarray(self._encoder.predict_on_batch(x))
        return (z - self.checkpoint.norm_mean) / np.sqrt(self.checkpoint.norm_variance + 1e-6)

    def decode_features(
        self, features: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None
    ) -> np.ndarray:
        """Images uint8 `[B, H, W, 3]` of received features `[B, h, w, D]`, cropped to `size = (H, W)`.

        `variance` `[B, h, w]` is the posterior variance per dimension; only decoders trained with it look at it (None: no errors).
        """
        features = features.astype(np.float32)
        inputs: Any = features
        if self.takes_variance:
            if variance is None:
                variance = np.zeros(features.shape[:3], np.float32)
            inputs = [features, variance[..., None].astype(np.float32)]
        x = np.asarray(self._decoder.predict_on_batch(inputs))[:, : size[0], : size[1]]
        return np.clip(np.rint(x * 255.0), 0, 255).astype(np.uint8)

    @staticmethod
    def indices_of(features: np.ndarray, codebook: np.ndarray) -> np.ndarray:
        """Nearest codewords (eq. 1): features `[..., D]`, codebook `[K, D]` -> int32 `[...]`."""
        return nearest(features.reshape(-1, features.shape[-1]), codebook).astype(np.int32).reshape(features.shape[:-1])


def load_checkpoint(name: str) -> SemanticCodec:
    """Codec of a shipped checkpoint's name or of an `.npz` file's path.

    Raises:
        InputError: unknown name, no such file, or not a checkpoint.
    """
    where, data = find_checkpoint(name)
    return SemanticCodec(Checkpoint.from_bytes(data, where), hashlib.sha256(data).hexdigest(), name)
