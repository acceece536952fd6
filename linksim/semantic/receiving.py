"""What a receiver of indices hands to the decoder: its estimates, or those repaired where a codec has a block for that."""

from typing import Any

import numpy as np

from linksim.codebook.payload import Layout
from linksim.codebook.quantizer import Quantizer
from linksim.codebook.requantization import requantized


def repaired(
    codec: Any,
    quantizer: Quantizer,
    features: np.ndarray,
    variance: np.ndarray,
    layout: Layout,
    requantize: bool = True,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Features float32 `[1, h, w, D]` for the decoder and their variance `[1, h, w]`, as a `FeatureCodec` takes them, of
    a receiver's.

    Those of a codec with a repair block (its `repairs`) are what the block makes of the receiver's, and then, with
    `requantize`, the words nearest to that (MOC-RVQ, arXiv 2401.01272). How far off these may be is not known: None.
    """
    if not getattr(codec, "repairs", False):
        return features, variance
    features = codec.repair(features, variance)
    if requantize:
        vectors = features.reshape(layout.vectors, -1)
        features = requantized(vectors, quantizer, layout).reshape(features.shape)
    return features, None
