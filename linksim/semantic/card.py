"""The card of a checkpoint: what it is, what it was trained with, what was measured, as Markdown."""

from typing import Any

import yaml

from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.model import ModelConfig

STAGE_KEY = "psnr_db_of_"
"""Of the PSNR with the first so many stages, in a card's validation."""

MASKED_KEY = "psnr_db_masked"
"""Of the PSNR with patches masked, in a card's validation."""

_UNITS = {
    "psnr_db": "PSNR without errors (dB)",
    MASKED_KEY: "PSNR without errors, the mean share of the patches masked (dB)",
    "psnr_db_at_ber_0.16": "PSNR over a BSC at 0.16 (dB)",
    "perplexity": "perplexity",
}


def card_markdown(checkpoint: Checkpoint) -> str:
    """Card of a checkpoint that `linksim train` wrote."""
    card, model = checkpoint.card, checkpoint.model
    training = card["training"]
    receiver = "features and their variance" if checkpoint.decoder_takes_variance else "codewords"
    flips, reception = training["flips"], training.get("reception")
    state = card.get("state")
    if state:
        rate = state["bit_error_rate"]
        seen = f"indices flipped at a bit-error rate of {rate:.3g}" if rate else "clean codewords"
        seen += f" in the steps of this state; {_states(state, training['bank'])}"
    elif reception:
        snrs = ", ".join(f"{snr:g}" for snr in reception["es_no_db"])
        protection = reception.get("protection", "none")
        protected = "" if protection == "none" else f" with protection {protection}"
        seen = (
            f"what a {reception['receiver']} receiver makes of the link{protected} at Es/N0 {snrs} dB; "
            f"{reception['clean_share']:.0%} of the batches without errors"
        )
    elif flips["bit_error_rate"][1] > 0:
        low, high = flips["bit_error_rate"]
        seen = f"indices flipped at a bit-error rate drawn from {low:g} to {high:g}; {flips['clean_share']:.0%} of the batches without flips"
    else:
        seen = "clean codewords (no channel in the loop)"
    images = " (VOC-2012: animal classes alone)" if "voc2012" in training["data"]["datasets"] else ""
    measured = "\n".join(f"| {_quantity(key)} | {value:.2f} |" for key, value in card["validation"].items())
    return f"""# {card["name"]}

{card["description"] or "A codebook"}.
{_labels(card["labels"]) if "labels" in card else ""}
- Sizes: {_quantizer(model)}, {_listed(model.channels)} channels,
  {_listed(model.encoder_blocks)} and {_listed(model.decoder_blocks)} residual blocks; the decoder takes {receiver}.{_repair(model)}
- Images: {card["training_images"]} of {", ".join(training["data"]["datasets"])}{images}, random crops of {training["data"]["crop"]} x {training["data"]["crop"]}, batches of {training["data"]["batch"]}.
- Trained: {training["train_only"]} parts, {training["steps"]} steps, seed {training["seed"]}, precision {training["precision"]}, starting from {training["initialize_from"] or "random weights"}.
- The {"repair block" if model.repair_blocks else "decoder"} saw {seen}.{_mask(training.get("mask"))}
- Features have zero mean and unit mean variance (fixed, not learned), so distortions are per dimension and comparable between checkpoints.

On the {training["data"]["validation"]} held-out training images (centre 160 x 160, hard decisions):

| quantity | value |
| --- | --- |
{measured}

Everything it was trained with:

```yaml
{yaml.safe_dump(training, sort_keys=False, default_flow_style=None, width=120).strip()}
```
"""


def _states(state: dict[str, Any], bank: dict[str, Any]) -> str:
    """Which of a bank's states a checkpoint is of, and what the states share."""
    names = [own["name"] for own in bank["states"]]
    shared = (
        "the kernels of encoder and decoder, not their scales and biases" if bank["affine"] else "encoder and decoder"
    )
    how = ", a rate that was trained" if bank["trainable"] else ""
    return f"state {state['name']} of {', '.join(names)}{how}, which share {shared}"


def _quantizer(model: ModelConfig) -> str:
    """Sizes of the quantizer, and its rate."""
    cell = f"{model.downsampling} x {model.downsampling} pixels"
    words = f"K = {model.codebook_size} codewords of D = {model.latent_dim}"
    if model.stages * model.heads == 1:
        return f"{words}, {model.bits_per_index} bits for {cell} ({model.bits_per_pixel():.4g} bpp)"
    heads = f" of {model.heads} heads" if model.heads > 1 else ""
    return (
        f"{model.stages} stages{heads} with {words}, {model.heads * model.bits_per_index} bits a stage for {cell} "
        f"({model.bits_per_pixel(1):.4g} to {model.bits_per_pixel():.4g} bpp)"
    )


def _repair(model: ModelConfig) -> str:
    """Sizes of the repair block, where there is one."""
    if not model.repair_blocks:
        return ""
    return (
        f"\n  Received features go through a repair block of {model.repair_blocks} residual blocks with {model.repair_channels} channels "
        "and are quantized again, where a block of the link failed."
    )


def _mask(mask: dict[str, Any] | None) -> str:
    """What a training with masked patches did."""
    if mask is None:
        return ""
    low, high = mask["share"]
    return (
        f"\n- Masked: {low:.0%} to {high:.0%} of the patches of {mask['patch']} x {mask['patch']} pixels, grey to the encoder and a "
        "trained token to the decoder."
    )


def _listed(value: int | tuple[int, ...]) -> str:
    return str(value) if isinstance(value, int) else "+".join(map(str, value))


def _quantity(key: str) -> str:
    """What a figure of the validation is."""
    count = key.removeprefix(STAGE_KEY)
    return f"PSNR without errors, the first {count} of the stages (dB)" if count != key else _UNITS.get(key, key)


def _labels(labels: dict[str, Any]) -> str:
    """What `linksim labels` did."""
    rows = "\n".join(
        f"| {rate} | {old:.3f} | {new:.3f} | {100 * (new / old - 1):+.1f} % |"
        for rate, (old, new) in labels["distortion"].items()
    )
    return f"""
Relabelled: the codewords of `{labels["from"]}` in {_order(labels)}. Nothing else differs;
without bit errors the pictures are the same. D_c, the squared distance per vector that bit errors cause (eq. 18):

| bit-error rate | labels of training | these labels | change |
| --- | --- | --- | --- |
{rows}
"""


def _order(labels: dict[str, Any]) -> str:
    """Which order of the codewords the labels are."""
    if labels["method"] == "chain":
        return "the order of a greedy nearest-neighbour chain, labelled along the amplitudes of an axis"
    return f"the order that {labels['method']} found for a bit-error rate of {labels['bit_error_rate']:g}"
