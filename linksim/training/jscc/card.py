"""The card of a checkpoint of joint source-channel coding as Markdown."""

import yaml

from linksim.jscc.checkpoint import JsccCheckpoint


def card_markdown(checkpoint: JsccCheckpoint) -> str:
    """Card of a checkpoint that `linksim train` wrote."""
    card, model = checkpoint.card, checkpoint.model
    training = card["training"]
    data, (low, high) = training["data"], training["es_no_db"]
    images = " (VOC-2012: animal classes alone)" if "voc2012" in data["datasets"] else ""
    bits = model.constellation_bits
    sent = "any complex numbers" if bits is None else f"points of {2**bits}-QAM, scaled to unit power over the picture"
    rows = "\n".join(
        f"| PSNR at {key.removeprefix('psnr_db_at_').removesuffix('_db')} dB (dB) | {value:.2f} |"
        for key, value in card["validation"].items()
    )
    return f"""# {card["name"]}

{card["description"] or "Deep joint source-channel coding"}.

- Sends {sent}: {model.reals} real numbers ({model.reals / 2:g} complex symbols) for {model.downsampling} x {model.downsampling} pixels, rho {model.rho:.4f}.
- Sizes: {"+".join(map(str, model.channels))} channels, {"+".join(map(str, model.encoder_blocks))} and {"+".join(map(str, model.decoder_blocks))} residual blocks with attention to the SNR.
- Images: {card["training_images"]} of {", ".join(data["datasets"])}{images}, random crops of {data["crop"]} x {data["crop"]}, batches of {data["batch"]}.
- Trained: {training["steps"]} steps, seed {training["seed"]}, precision {training["precision"]}, starting from {training["initialize_from"] or "random weights"}.
- Channel in training: {training["channel"]["kind"]} fading known to the receiver, a fade per {training["channel"]["coherence"]}, Es/N0 drawn from {low:g} to {high:g} dB for each image.

On the {data["validation"]} held-out training images (centre 160 x 160), over the same channel:

| quantity | value |
| --- | --- |
{rows}

Everything it was trained with:

```yaml
{yaml.safe_dump(training, sort_keys=False, default_flow_style=None, width=120).strip()}
```
"""
