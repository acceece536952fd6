"""What a training measures on held-out images: what a run without a link would give, and one over a binary symmetric
channel.
"""

from itertools import groupby

import numpy as np

from linksim.codebook.payload import Layout
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.receiver import Estimate, Hard
from linksim.codebook.stages import Stages
from linksim.codebook.theory import index_frequencies, perplexity
from linksim.common.seeds import generator
from linksim.metrics.peak_noise import psnr
from linksim.semantic.card import STAGE_KEY
from linksim.semantic.codec import KerasCodec
from linksim.semantic.receiving import repaired
from linksim.training.batches import centre_crop

BIT_ERROR_RATE = 0.16
SIDE = 160
"""Of the centre of an image that is looked at, in pixels."""


def validate(codec: KerasCodec, stages: Stages, images: list[np.ndarray], seed: int) -> dict[str, float]:
    """PSNR in dB without errors for each number of stages and over a BSC at 0.16, and the codebook's perplexity (mean
    over stages, heads).

    Args:
        images: uint8 `[H, W, 3]` each, of which the centre of 160 x 160 is taken.
        seed: of the bit errors.
    """
    quantizer = ResidualQuantizer(stages, Hard)
    patches = sorted((centre_crop(image, SIDE, codec.downsampling) for image in images), key=lambda p: p.shape)
    clean: list[list[float]] = [[] for _ in range(stages.count)]
    with_errors: list[float] = []
    all_indices = []
    for shape, group in groupby(patches, key=lambda p: p.shape):
        x = np.stack(list(group))
        features = codec.encode(x)
        indices = quantizer.encode(features.reshape(-1, codec.dim), stages.count)
        all_indices.append(indices)
        for count in range(1, stages.count + 1):
            y = codec.decode(stages.estimate(indices[:, :count]).reshape(features.shape), shape[:2])
            clean[count - 1] += psnr(x, y).tolist()
        layout = Layout.whole((features.shape[1], features.shape[2]), quantizer.stage_bits)
        for i, own in enumerate(indices.reshape(len(x), layout.vectors, stages.count, stages.heads)):
            received = _over_bsc(quantizer, own, layout, generator(seed, *shape[:2], i, "validation"))
            z, spread = (part.reshape(1, *layout.grid, -1) for part in (received.features, received.variance))
            z, variance = repaired(codec, quantizer, z, spread[..., 0], layout)
            with_errors += psnr(x[i : i + 1], codec.decode(z, shape[:2], variance)).tolist()
    sent = np.concatenate(all_indices)
    by_stage = {f"{STAGE_KEY}{n}": float(np.mean(clean[n - 1])) for n in range(1, stages.count)}
    return {
        "psnr_db": float(np.mean(clean[-1])),
        f"psnr_db_at_ber_{BIT_ERROR_RATE}": float(np.mean(with_errors)),
        "perplexity": float(
            np.mean(
                [perplexity(index_frequencies(i, stages.size)) for i in np.moveaxis(sent, 0, -1).reshape(-1, len(sent))]
            )
        ),
        **by_stage,
    }


def _over_bsc(quantizer: ResidualQuantizer, indices: np.ndarray, layout: Layout, rng: np.random.Generator) -> Estimate:
    """What a hard receiver makes of an image's indices `[n, S, H]` over a BSC whose error rate it knows."""
    sent = quantizer.to_bits(indices, layout)
    bits = sent ^ (rng.random(len(sent)) < BIT_ERROR_RATE)
    certainty = np.float32(np.log((1 - BIT_ERROR_RATE) / BIT_ERROR_RATE))
    return quantizer.decode(bits, np.where(bits > 0, certainty, -certainty), np.zeros(len(bits), bool), layout)
