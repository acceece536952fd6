"""Curves relative to one scheme, and their mean over a range of SNRs, paired by image."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.plots.table import Curve
from linksim.results.differences import by_member, difference
from linksim.results.measures import measure
from linksim.results.statistics import Estimate, estimate


def reference_curve(curves: Sequence[Curve], scheme: str) -> Curve:
    """The curve whose label or scheme is `scheme`. Raises `InputError` where there is none, or more than one."""
    found = [c for c in curves if c.label == scheme] or [c for c in curves if c.scheme == scheme]
    if len(found) != 1:
        names = ", ".join(c.label for c in curves)
        problem = "no such scheme" if not found else "several runs have it; give it with its run's name"
        raise InputError(f"relative to {scheme!r}: {problem}; allowed: {names}")
    return found[0]


def gain(curve: Curve, reference: Curve, metric: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """SNRs in dB that both have, the gain there, positive where `curve` is better, and the ends of its 95 % interval.

    Gains are paired by image where the runs have their images' values; else they are differences of means, without interval.
    """
    snrs, here, there = np.intersect1d(curve.snr_db, reference.snr_db, return_indices=True)
    sign = measure(metric).sign
    gains, low, high = sign * (curve.value[here] - reference.value[there]), *np.full((2, len(snrs)), np.nan)
    for i, snr_db in enumerate(snrs):
        paired = difference(curve.values.get(snr_db, {}), reference.values.get(snr_db, {})).times(sign)
        if paired.count:
            gains[i], low[i], high[i] = paired.mean, paired.low, paired.high
    return snrs, gains, low, high


def average_gain(curve: Curve, reference: Curve, metric: str, snr_range: tuple[float, float] | None = None) -> Estimate:
    """Mean gain over a range of SNRs: the area between the curves over the range's width (as Bjontegaard did over rate).

    The gain is linear between the SNRs that both curves have; a range beyond those is cut to them. NaN where fewer than two are left.
    Its 95 % interval is over the images, each with its own mean gain; NaN where an SNR lacks some image.

    Args:
        curve, reference: curves of the same metric.
        metric: its name; where lower is better a gain is a reduction.
        snr_range: lowest and highest Es/N0 in dB; all if None.
    """
    snrs, gains, _, _ = gain(curve, reference, metric)
    inside = _inside(snrs, snr_range)
    if inside is None:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = _area(inside, snrs, gains)
    parts = [by_member(curve.values.get(snr, {}), reference.values.get(snr, {})) for snr in snrs]
    if not parts[0] or any(part.keys() != parts[0].keys() for part in parts):
        return Estimate(mean, math.nan, math.nan, 0)
    sign = measure(metric).sign
    each = [_area(inside, snrs, [sign * part[member] for part in parts]) for member in parts[0]]
    return replace(estimate(each), mean=mean)


def _inside(snrs: np.ndarray, snr_range: tuple[float, float] | None) -> np.ndarray | None:
    """The ends of the range and the SNRs between them; None where they leave no stretch."""
    if len(snrs) < 2:
        return None
    low, high = snr_range or (snrs[0], snrs[-1])
    low, high = max(low, snrs[0]), min(high, snrs[-1])
    return np.concatenate([[low], snrs[(snrs > low) & (snrs < high)], [high]]) if low < high else None


def _area(inside: np.ndarray, snrs: np.ndarray, gains: Sequence[float] | np.ndarray) -> float:
    return float(np.trapezoid(np.interp(inside, snrs, gains), inside) / (inside[-1] - inside[0]))
