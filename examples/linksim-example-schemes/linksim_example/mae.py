"""Mean absolute error: a metric of one line."""

import numpy as np

label = "Mean absolute error"
unit = "grey levels"
decimals = 2
higher_is_better = False


def compute(originals: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Of each picture over pixels and channels, float `[batch]`; both uint8 `[batch, height, width, 3]`."""
    return np.abs(originals.astype(float) - pictures).mean(axis=(1, 2, 3))
