"""What a training measures on held-out images: PSNR over the link's channel."""

from itertools import groupby

import numpy as np

from linksim.jscc.codec import JsccCodec
from linksim.link.config import LinkConfig
from linksim.link.symbols import send_symbols
from linksim.metrics.peak_noise import psnr
from linksim.training.batches import centre_crop
from linksim.training.jscc.config import JsccRecipe

SNRS_DB = (0.0, 10.0, 20.0)
SIDE = 160
"""Of the centre of an image that is looked at, in pixels."""


def validate(codec: JsccCodec, config: JsccRecipe, images: list[np.ndarray]) -> dict[str, float]:
    """Mean PSNR in dB at each of `SNRS_DB` over the channel of the recipe, e.g. `psnr_db_at_10_db`.

    Args:
        images: uint8 `[H, W, 3]` each, of which the centre of 160 x 160 is taken.
    """
    link = LinkConfig(channel=config.channel)
    patches = sorted((centre_crop(image, SIDE, codec.model.downsampling) for image in images), key=lambda p: p.shape)
    found: dict[float, list[float]] = {snr: [] for snr in SNRS_DB}
    for shape, group in groupby(patches, key=lambda p: p.shape):
        x = np.stack(list(group))
        for snr, values in found.items():
            sent = codec.encode(x, snr)
            received = [send_symbols(link, s, snr, (config.seed, *shape[:2], i)) for i, s in enumerate(sent)]
            symbols, variances = (
                np.stack([getattr(r, name) for r in received]) for name in ("symbols", "noise_variance")
            )
            values += psnr(x, codec.decode(symbols, variances, shape[:2], snr)).tolist()
    return {f"psnr_db_at_{snr:g}_db": float(np.mean(values)) for snr, values in found.items()}
