"""A metric of many pictures, images of one size together."""

import math
from collections import defaultdict

import numpy as np

from linksim.metrics.metric import Metric


def measure(metric: Metric, originals: list[np.ndarray], pictures: list[np.ndarray | None]) -> list[float]:
    """The metric of each picture against its original.

    Args:
        metric: what is measured.
        originals: uint8 `[H, W, 3]`, of any sizes.
        pictures: the same sizes; None for a picture that the scheme leaves out (it gets NaN).

    Raises:
        InputError: as `Metric.values`.
    """
    results = [math.nan] * len(originals)
    by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, picture in enumerate(pictures):
        if picture is not None:
            by_size[picture.shape].append(i)
    for members in by_size.values():
        before = np.stack([originals[i] for i in members])
        after = np.stack([picture for i in members if (picture := pictures[i]) is not None])
        for i, value in zip(members, metric.values(before, after), strict=True):
            results[i] = float(value)
    return results
