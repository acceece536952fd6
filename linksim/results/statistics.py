"""Means and rates with 95 % intervals, over images: several fades of one image are not independent of each other.

Images are a sample, drawn once; fades are drawn anew for every image. So a value is an image's part plus a fade's part,
and an interval that takes images x fades for independent draws is too narrow as soon as an image is sent more than
once. Here the images are the sample (cluster sampling; Cochran, "Sampling techniques", 3rd ed. 1977, chapters 6 and
9A): values of an image are added up first, and the spread of the images' sums, with one degree of freedom less than
there are images, gives the interval. Where there is one image alone its fades are the sample, and the interval is
about that image.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

LEVEL = 0.975
"""Part of a distribution below the upper end of a 95 % interval."""


@dataclass(frozen=True)
class Estimate:
    """Mean and the ends of its 95 % interval; NaN where there is nothing to estimate from."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        """Half the interval's width, in the unit of the mean."""
        return (self.high - self.low) / 2

    def times(self, factor: float) -> "Estimate":
        """The estimate of `factor` times the quantity."""
        low, high = sorted((factor * self.low, factor * self.high))
        return Estimate(factor * self.mean, low, high, self.count)


@dataclass(frozen=True)
class Total:
    """What one member of the sample, an image or a fade, contributes: a sum of values and their number or weight."""

    value: float
    weight: float


@dataclass(frozen=True)
class Sample:
    """The totals of all members: sums of values float64 `[members]`, and their numbers or weights."""

    values: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, sample: "Sample | Sequence[Total]") -> "Sample":
        """A sequence of totals as a sample; a sample as it is."""
        if isinstance(sample, Sample):
            return sample
        return cls(np.array([total.value for total in sample]), np.array([total.weight for total in sample]))


def totals(values: Iterable[tuple[Hashable, float, float]]) -> list[Total]:
    """Sums by member of the sample, from (member, value, weight), without NaN values and members that have no other."""
    parts: dict[Hashable, list[tuple[float, float]]] = {}
    for member, value, weight in values:
        if not math.isnan(value) and weight > 0:
            parts.setdefault(member, []).append((value, weight))
    return [Total(math.fsum(v for v, _ in part), math.fsum(w for _, w in part)) for part in parts.values()]


def ratio(sample: Sample | Sequence[Total]) -> Estimate:
    """Sum of values over sum of weights, with Student's t interval from the spread of the sample's members.

    With weights 1 it is `mean +- t(0.975, n - 1) s / sqrt(n)`; otherwise `s` is of the residuals `value - mean
    weight`, over the mean weight (Cochran 1977, chapter 6). With fewer than two members the ends are NaN.
    """
    n = len(sample)
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    sample = Sample.of(sample)
    mean = _sum(sample.values) / _sum(sample.weights)
    if n == 1:
        return Estimate(mean, math.nan, math.nan, n)
    half = t_quantile(n - 1) * math.sqrt(variance_of_ratio(sample, mean))
    return Estimate(mean, mean - half, mean + half, n)


def variance_of_ratio(sample: Sample, mean: float) -> float:
    """Estimated variance of `mean`, the sum of the sample's values over its weights, for two members or more."""
    n = len(sample)
    spread = _sum((sample.values - mean * sample.weights) ** 2) / (n - 1)
    return spread / n / (_sum(sample.weights) / n) ** 2


def _sum(values: np.ndarray) -> float:
    """Rounded once, so that it does not depend on the order."""
    return math.fsum(values.tolist())


def estimate(values: Sequence[float]) -> Estimate:
    """Student's t interval of the mean of independent values, one for each image; NaN values are left out."""
    return ratio(totals((number, value, 1.0) for number, value in enumerate(values)))


def proportion(sample: Sample | Sequence[Total], sendings: int) -> Estimate:
    """A rate between 0 and 1 with Wilson's interval at the effective number of trials.

    Wilson's interval needs to know how many independent trials the rate is of. With one trial in each member of the
    sample that is their number. Otherwise it is the number that gives a rate the variance that the members' spread
    shows (Franco, Little, Louis, Slud, "Comparative study of confidence intervals for proportions in complex sample
    surveys", 2019), but not more than there are trials, and Student's t takes the place of the normal distribution.
    Where all trials end alike there is no spread to go by, and each sending of an image counts as one trial, since its
    blocks may share their fate.

    Args:
        sample: successes and trials of each member; with fewer than two members the ends are NaN.
        sendings: how often an image was sent in all.
    """
    n = len(sample)
    if n < 2:
        return ratio(sample)
    sample = Sample.of(sample)
    trials = _sum(sample.weights)
    rate = _sum(sample.values) / trials
    if rate in (0, 1) or trials == n:
        return _wilson(rate, min(sendings, trials), normal_quantile(), n)
    variance = variance_of_ratio(sample, rate)
    effective = min(trials, rate * (1 - rate) / variance) if variance > 0 else trials
    return _wilson(rate, effective, t_quantile(n - 1), n)


def _wilson(rate: float, trials: float, z: float, count: int) -> Estimate:
    middle = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2)
    return Estimate(rate, max(0.0, middle - half), min(1.0, middle + half), count)


@cache
def t_quantile(degrees: int) -> float:
    """0.975 quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, LEVEL))


@cache
def normal_quantile() -> float:
    """0.975 quantile of the normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(LEVEL))
