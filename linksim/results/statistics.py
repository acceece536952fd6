"""Means with 95 % intervals, over images x fades."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """Mean and the ends of its 95 % interval; NaN where there is nothing to estimate from."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        """Half the interval's width, in the metric's unit."""
        return (self.high - self.low) / 2


def estimate(values: Sequence[float]) -> Estimate:
    """Student's t interval of the mean: `mean +- t(0.975, n - 1) s / sqrt(n)`.

    The values are taken as independent draws of (image, fade). NaN values are left out. With fewer than two
    values the ends are NaN.
    """
    kept = [value for value in values if not math.isnan(value)]
    n = len(kept)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = math.fsum(kept) / n
    if n == 1 or math.isinf(mean):
        return Estimate(mean, math.nan, math.nan, n)
    variance = math.fsum((value - mean) ** 2 for value in kept) / (n - 1)
    half = t_quantile(n - 1) * math.sqrt(variance / n)
    return Estimate(mean, mean - half, mean + half, n)


def t_quantile(degrees: int) -> float:
    """0.975 quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))
