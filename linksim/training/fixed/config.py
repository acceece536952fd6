"""Keys of codebooks that are not learned, and which of them fit each other."""

from typing import Any

from pydantic import Field

from linksim.common.model import StrictModel
from linksim.training.recipe import NonNegative, Positive


class BitEntropyConfig(StrictModel):
    """Entropies of the bits of `codebook.kind: signs` (LFQ, Yu et al. 2023; BSQ, Zhao et al. 2024): that of each bit of
    a feature is made small, that of each bit over all features large.
    """

    weight: NonNegative = Field(0.0, description="of both; 0 leaves them out")
    temperature: Positive = Field(
        1.0,
        description="a bit of the feature z is taken to be 1 with probability sigmoid(4 z / temperature); LFQ has 0.01, BSQ with D bits D",
    )
    diversity: NonNegative = Field(1.0, description="weight of the entropy over all features, beside that of each")


def refuse_misfits(codebook: Any, model: Any, losses: Any, reception: Any, flips: Any) -> None:
    """Whether the parts of a `TrainConfig` fit its `codebook.kind`. Raises ValueError, one line, where they do not."""
    kind = codebook.kind
    if kind != "signs":
        for key, given, plain in (
            ("codebook.projection", codebook.projection, "none"),
            ("codebook.bits", codebook.bits, "decided"),
            ("losses.bit_entropy.weight", losses.bit_entropy.weight, 0.0),
        ):
            if given != plain:
                raise ValueError(
                    f"{key}: {given} with codebook.kind: {kind}; only signs have it: leave it out, or make kind signs"
                )
    if codebook.bits != "decided" and reception is not None:
        raise ValueError(
            f"codebook.bits: {codebook.bits} with reception, whose link carries decided bits; leave codebook.bits out"
        )
    if codebook.bits == "folded" and flips.errors == "symbols":
        raise ValueError(
            "codebook.bits: folded has the errors of flips.bit_error_rate in its bits, and flips.errors: symbols would add others; "
            "leave one of them out"
        )
    if kind == "learned":
        return
    if model.stages != 1 or model.latent_dim != model.heads:
        raise ValueError(
            f"codebook.kind: {kind} with stages: {model.stages}, heads: {model.heads}, latent_dim: {model.latent_dim}; "
            "it has one stage and a head for each dimension: give stages: 1 and heads the same number as latent_dim"
        )
    if kind == "signs" and model.codebook_size != 2:
        raise ValueError(f"codebook.kind: signs with codebook_size: {model.codebook_size}; a sign is one of 2: give 2")
    if model.codebook_size & (model.codebook_size - 1):
        raise ValueError(
            f"codebook.kind: levels with codebook_size: {model.codebook_size}; Gray labels need a power of two: "
            "give 2, 4, 8, ..."
        )
    if losses.channel_aware.assignment == "channel-optimized":
        raise ValueError(
            f"losses.channel_aware.assignment: channel-optimized with codebook.kind: {kind}, which takes the nearest; leave it out"
        )
    if losses.channel_aware.initial_labels == "matched":
        raise ValueError(
            f"losses.channel_aware.initial_labels: matched with codebook.kind: {kind}, whose labels are fixed; leave it out"
        )
