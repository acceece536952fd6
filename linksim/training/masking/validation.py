"""What a masked codebook does on held-out images."""

import numpy as np

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.common.seeds import generator
from linksim.metrics.peak_noise import psnr
from linksim.semantic.card import MASKED_KEY
from linksim.semantic.codec import KerasCodec
from linksim.semantic.masking import draw_patches, without_masked
from linksim.training.batches import centre_crop
from linksim.training.masking.config import MaskTrainingConfig

SIDE = 160
"""Of the centre of an image that is looked at, in pixels."""


def validate_masked(
    codec: KerasCodec, stages: Stages, images: list[np.ndarray], config: MaskTrainingConfig, seed: int
) -> dict[str, float]:
    """Mean PSNR in dB over all pixels without bit errors, with the mean share of the recipe's patches masked.

    Args:
        codec: with a `mask_token`.
        stages: its quantizer.
        images: uint8 `[H, W, 3]` each, of which the centre of 160 x 160 is taken.
        config: the recipe's `mask`.
        seed: of the patches.
    """
    assert codec.mask_token is not None
    quantizer, cells = ResidualQuantizer(stages), config.cells(codec.downsampling)
    values = []
    for i, image in enumerate(images):
        x = centre_crop(image, SIDE, codec.downsampling)[None]
        grid = codec.grid(*x.shape[1:3])
        masked = draw_patches(grid, float(np.mean(config.share)), cells, generator(seed, i, "masked validation"))
        features = codec.encode(without_masked(x, masked, codec.downsampling))[0]
        shown = np.broadcast_to(codec.mask_token, features.shape).copy()
        shown[~masked] = stages.estimate(quantizer.encode(features[~masked], stages.count))
        values.append(float(psnr(x, codec.decode(shown[None], x.shape[1:3]))[0]))
    return {MASKED_KEY: float(np.mean(values))}
