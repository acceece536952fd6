"""Pairs of pictures that metrics take."""

import numpy as np

from linksim.common.errors import InputError


def check_pair(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`a` and `b` as uint8 `[batch, height, width, 3]`; a single image gets a batch axis.

    Raises:
        InputError: other shapes or types, or shapes that differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.ndim not in (3, 4) or a.shape[-1] != 3 or a.dtype != np.uint8 or b.dtype != np.uint8:
        raise InputError(
            f"images of shapes {a.shape} and {b.shape}, types {a.dtype} and {b.dtype}, cannot be compared; "
            "give two uint8 arrays of one shape [batch, height, width, 3]"
        )
    return (a[None], b[None]) if a.ndim == 3 else (a, b)
