"""Pictures in place of lost ones."""

from collections.abc import Callable

import numpy as np

from linksim.codecs import DecodeError
from linksim.schemes.base import Delivery

MEAN_COLOR = (117, 111, 99)
"""Mean RGB of the training images: over 434 pictures of VOC 2012's `train` split (every sixth of 2600) the mean of
their mean colours is (117.4, 111.2, 98.8) with a standard error of 1.4; over the 300 of BSDS500's `train` split it is
(109.9, 112.2, 93.9).
"""

GREY = 128


def flat_picture(size: tuple[int, int], concealment: str) -> np.ndarray:
    """A picture of one colour, uint8 `[height, width, 3]`: mid-grey for `grey`, else the mean of the training images."""
    return np.full((*size, 3), GREY if concealment == "grey" else MEAN_COLOR, np.uint8)


def conceal(concealment: str, size: tuple[int, int], decode_partial: Callable[[], np.ndarray]) -> Delivery:
    """The delivery of a lost picture.

    Args:
        concealment: `mean`, `grey`, `partial` or `exclude`.
        size: (height, width) in pixels.
        decode_partial: what the decoder makes of the damaged file; where that fails too, the mean colour is shown.
    """
    if concealment == "exclude":
        return Delivery(None, outage=True)
    if concealment == "partial":
        try:
            return Delivery(decode_partial(), outage=True)
        except DecodeError:
            pass
    return Delivery(flat_picture(size, concealment), outage=True)
