"""The start of a training: the networks of a checkpoint, whose symbols may be more."""

from typing import Any

from linksim.common.errors import InputError
from linksim.jscc.checkpoint import KIND, JsccCheckpoint
from linksim.semantic.autoencoder import set_weights
from linksim.semantic.finding import find_checkpoint
from linksim.training.jscc.config import JsccRecipe


def read_start(config: JsccRecipe) -> JsccCheckpoint | None:
    """The checkpoint that a run starts from, None if it starts from random weights.

    Raises:
        InputError: its networks have other sizes; its real numbers per cell may be more, its constellation any.
    """
    if config.initialize_from is None:
        return None
    where, data = find_checkpoint(config.initialize_from, "initialize_from", KIND)
    start = JsccCheckpoint.from_bytes(data, where)
    free = {"constellation_bits": config.model.constellation_bits, "reals": config.model.reals}
    if start.model.model_copy(update=free) != config.model or start.model.reals < config.model.reals:
        raise InputError(
            f"initialize_from: {config.initialize_from!r} has the model {start.model}, this run {config.model}; they must "
            "be the same, except that the start may have more reals and any constellation_bits"
        )
    return start


def put_in(start: JsccCheckpoint, model: Any) -> None:
    """The start's networks into a `Transceiver`; of its real numbers per cell, the first that are sent here."""
    had, kept = start.model.reals, model.config.model.reals
    encoder, decoder = dict(start.encoder), dict(start.decoder)
    for name in ("reals/kernel", "reals/bias"):
        encoder[name] = encoder[name][..., :kept]
    inputs = [*range(kept), *range(had, had + kept)]
    decoder["reals/kernel"] = decoder["reals/kernel"][:, :, inputs]
    set_weights(model.encoder, encoder)
    set_weights(model.decoder, decoder)
