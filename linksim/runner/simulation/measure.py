"""Metrics of many pictures, images of one size together."""

import math
from collections import defaultdict

import numpy as np

from linksim import metrics as metric_functions
from linksim.common.errors import DataUnavailableError, LinksimError

MetricValues = dict[str, float]


def measure(
    metrics: tuple[str, ...], originals: list[np.ndarray], pictures: list[np.ndarray | None]
) -> list[MetricValues]:
    """Metrics of each picture against its original.

    Args:
        metrics: names of functions in `linksim.metrics`.
        originals: uint8 `[H, W, 3]`, of any sizes.
        pictures: the same sizes; None for a picture that the scheme leaves out (its metrics are NaN).
    """
    results: list[MetricValues] = [dict.fromkeys(metrics, math.nan) for _ in originals]
    by_size: dict[tuple[int, ...], list[tuple[int, np.ndarray]]] = defaultdict(list)
    for i, picture in enumerate(pictures):
        if picture is not None:
            by_size[picture.shape].append((i, picture))
    for members in by_size.values():
        before = np.stack([originals[i] for i, _ in members])
        after = np.stack([picture for _, picture in members])
        for name in metrics:
            for (i, _), value in zip(members, getattr(metric_functions, name)(before, after), strict=True):
                results[i][name] = float(value)
    return results


def unavailable_reason(name: str) -> str:
    """Why a metric cannot be computed on this machine, in one line; "" if it can be."""
    probe = np.zeros((1, 64, 64, 3), np.uint8)
    try:
        getattr(metric_functions, name)(probe, probe)
    except DataUnavailableError as error:
        return str(error)
    except LinksimError as error:
        return f"{name}: {error}"
    return ""
