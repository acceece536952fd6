"""The start of a training: the networks and the codebook of a checkpoint."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.semantic.autoencoder import get_weights, set_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint
from linksim.semantic.layout import Shape, decoder_shapes, encoder_shapes
from linksim.semantic.model import REPAIR_KEYS, ModelConfig
from linksim.training.config import TrainConfig

_QUANTIZER = ("stages", "heads", "codebook_size")


def read_start(config: TrainConfig) -> Checkpoint | None:
    """The checkpoint that a run starts from, None if it starts from random weights.

    Raises:
        InputError: its networks have other sizes; or its quantizer, where that is kept; or, of `initialize_layers`
            matching, not one of its layers has a layer's name and shape.
    """
    if config.initialize_from is None:
        return None
    where, data = find_checkpoint(config.initialize_from, "initialize_from")
    start = Checkpoint.from_bytes(data, where)
    if config.initialize_layers == "matching":
        if not any(_matching(shapes, part) for shapes, part in _networks(config.model, start)):
            raise InputError(
                f"initialize_from: {config.initialize_from!r} has the model {start.model}, this run {config.model}; no layer has the "
                "same name and shape, give a start of a like backbone"
            )
        return start
    changed: dict[str, Any] = {}
    if config.train_only == "decoder" and _deeper(config.model, start.model):
        changed["decoder_blocks"] = start.model.decoder_blocks
    if config.train_only == "repair":
        _refuse_variance(config, start)
        if not start.repair:
            changed |= {key: getattr(start.model, key) for key in REPAIR_KEYS}
    if config.codebook.initialization != "keep":
        changed |= {key: getattr(start.model, key) for key in _QUANTIZER}
    if start.model != config.model.model_copy(update=changed):
        raise InputError(
            f"initialize_from: {config.initialize_from!r} has the model {start.model}, this run {config.model}; they must be the same, "
            "except that train_only: decoder may have more decoder_blocks, train_only: repair a repair block, and a codebook that is "
            "not kept other sizes"
        )
    return start


def _networks(model: ModelConfig, start: Checkpoint) -> list[tuple[dict[str, Shape], dict[str, np.ndarray]]]:
    """Shapes of a model's encoder and decoder, each with the weights of the start's."""
    return [
        (encoder_shapes(model), start.encoder),
        (decoder_shapes(model, with_variance=False), start.decoder),
    ]


def _matching(shapes: Mapping[str, Shape], weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights of the layers whose kernels have these names and shapes, with their biases."""
    layers = {
        name.rpartition("/")[0]
        for name, shape in shapes.items()
        if name.endswith("/kernel") and name in weights and weights[name].shape == shape
    }
    return {name: weight for name, weight in weights.items() if name.rpartition("/")[0] in layers}


def _refuse_variance(config: TrainConfig, start: Checkpoint) -> None:
    """A repaired feature has no variance that a decoder could be given."""
    if start.decoder_takes_variance:
        raise InputError(
            f"initialize_from: the decoder of {config.initialize_from!r} takes the variance of its features, which a repair block "
            "does not give; start from a checkpoint whose decoder takes codewords alone, as of train_only: all"
        )


def _deeper(model: ModelConfig, than: ModelConfig) -> bool:
    pairs = zip(model.decoder_depths, than.decoder_depths, strict=False)
    return model.grids == than.grids and all(new >= old for new, old in pairs)


def put_in(start: Checkpoint, model: Any) -> None:
    """The start's networks into a `VQVAE`, whose decoder may have more blocks or take the variance where the start's
    does not.

    Further residual blocks begin as (nearly) the identity, the variance as an input without weight. Of `initialize_layers`
    matching the layers that the start has not keep their random weights; if the one that makes the features is among
    them, these are normalized anew.
    """
    if model.config.initialize_layers == "matching":
        for network, (shapes, weights) in zip(
            (model.encoder, model.decoder), _networks(model.config.model, start), strict=True
        ):
            set_weights(network, get_weights(network) | _matching(shapes, weights))
        if encoder_shapes(model.config.model)["features/kernel"] == start.encoder["features/kernel"].shape:
            _put_in_norm(start, model)
        return
    set_weights(model.encoder, start.encoder)
    weights = get_weights(model.decoder) | start.decoder
    if model.config.decoder_takes_variance and not start.decoder_takes_variance:
        kernel = weights["features/kernel"]
        weights["features/kernel"] = np.concatenate([kernel, np.zeros_like(kernel[:, :, :1])], axis=2)
    set_weights(model.decoder, weights)
    if start.repair:
        set_weights(model.repair, start.repair)
    _put_in_norm(start, model)


def _put_in_norm(start: Checkpoint, model: Any) -> None:
    """What belongs to the features: their normalization, and the mask token where both have one."""
    if model.mask_token is not None and start.mask_token is not None:
        model.mask_token.token.assign(start.mask_token)
    model.norm.start(start.norm_mean, start.norm_variance)
