"""A trained model as arrays: its quantizer, its codec, its checkpoint."""

from typing import Any

import numpy as np

from linksim.codebook.assignment.search import order_stages
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.semantic.autoencoder import get_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import LiveCodec


def stages(model: Any) -> Stages:
    """The codebook of a `VQVAE`, with the moving average of its usage."""
    counts = np.asarray(model.quantizer.counts)
    return Stages(np.array(model.quantizer.codewords), counts / counts.sum(-1, keepdims=True))


def live_codec(model: Any) -> LiveCodec:
    """The networks of a `VQVAE` as they are now."""
    norm = np.asarray(model.norm.mean), np.asarray(model.norm.variance)
    networks = (model.encoder, model.decoder, model.repair)
    codec = LiveCodec(model.config.model, networks, norm, model.config.decoder_takes_variance)
    codec.mask_token = _mask_token(model)
    return codec


def _mask_token(model: Any) -> np.ndarray | None:
    return None if model.mask_token is None else np.array(model.mask_token.token)


def checkpoint(model: Any, features: np.ndarray, card: dict[str, Any]) -> Checkpoint:
    """A `VQVAE` as a checkpoint with a card.

    Codewords that were trained are rounded to float16, in which a file keeps them. Their usage is that by `features`
    `[n, D]`, where every codeword is taken to be used half a time more than it is.
    """
    trained = stages(model)
    codewords = trained.codewords
    if not model.encoder_frozen:
        codewords = codewords.astype(np.float16).astype(np.float32)
    indices = ResidualQuantizer(Stages(codewords, trained.usage)).encode(features, trained.count)
    counts = np.full(trained.usage.shape, 0.5)
    for s, h in np.ndindex(counts.shape[:2]):
        counts[s, h] += np.bincount(indices[:, s, h], minlength=trained.size)
    kept = Stages(codewords, (counts / counts.sum(-1, keepdims=True)).astype(np.float32))
    if model.config.codebook.labels == "chain":
        kept = kept.reordered(order_stages(kept, 0.0, "chain"))
    return Checkpoint(
        model=model.config.model,
        stages=kept,
        encoder=get_weights(model.encoder),
        decoder=get_weights(model.decoder),
        norm_mean=np.asarray(model.norm.mean),
        norm_variance=np.asarray(model.norm.variance),
        decoder_takes_variance=model.config.decoder_takes_variance,
        card=card,
        weights=model.config.weights,
        repair={} if model.repair is None else get_weights(model.repair),
        mask_token=_mask_token(model),
    )
