"""Vectors back onto a codebook, as if they were what a receiver had decided."""

import numpy as np

from linksim.codebook.payload import Layout
from linksim.codebook.quantizer import Quantizer


def requantized(features: np.ndarray, quantizer: Quantizer, layout: Layout) -> np.ndarray:
    """The words that a transmitter would send for features `[n, D]`, float32 `[n, D]`: the nearest ones, stage by stage
    over the stages of `layout`.

    They are read as a receiver reads bits that are all known. So a vector that the last stage was not sent for gets no
    word of it, and any quantizer can do it.
    """
    bits = quantizer.to_bits(quantizer.encode(features, layout.stages), layout)
    certain = np.where(bits > 0, np.float32(1), np.float32(-1))
    return quantizer.decode(bits, certain, np.ones(len(bits), bool), layout).features
