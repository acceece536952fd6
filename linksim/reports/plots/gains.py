"""Curves relative to one scheme, and their mean over a range of SNRs."""

from collections.abc import Sequence

import numpy as np

from linksim.common.errors import InputError
from linksim.metrics.registry import metric as metric_of
from linksim.reports.plots.table import Curve


def reference_curve(curves: Sequence[Curve], scheme: str) -> Curve:
    """The curve whose label or scheme is `scheme`. Raises `InputError` where there is none, or more than one."""
    found = [c for c in curves if c.label == scheme] or [c for c in curves if c.scheme == scheme]
    if len(found) != 1:
        names = ", ".join(c.label for c in curves)
        problem = "no such scheme" if not found else "several runs have it; give it with its run's name"
        raise InputError(f"relative to {scheme!r}: {problem}; allowed: {names}")
    return found[0]


def gain(curve: Curve, reference: Curve, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """SNRs in dB that both have and the gain there, positive where `curve` is better."""
    snrs, here, there = np.intersect1d(curve.snr_db, reference.snr_db, return_indices=True)
    return snrs, metric_of(metric).sign * (curve.value[here] - reference.value[there])


def average_gain(curve: Curve, reference: Curve, metric: str, snr_range: tuple[float, float] | None = None) -> float:
    """Mean gain over a range of SNRs: the area between the curves over the range's width (as Bjontegaard did over rate).

    The gain is linear between the SNRs that both curves have; a range beyond those is cut to them. NaN where fewer than two are left.

    Args:
        curve, reference: curves of the same metric.
        metric: its name; where lower is better a gain is a reduction.
        snr_range: lowest and highest Es/N0 in dB; all if None.
    """
    snrs, gains = gain(curve, reference, metric)
    if len(snrs) < 2:
        return float("nan")
    low, high = snr_range or (snrs[0], snrs[-1])
    low, high = max(low, snrs[0]), min(high, snrs[-1])
    if not low < high:
        return float("nan")
    inside = np.concatenate([[low], snrs[(snrs > low) & (snrs < high)], [high]])
    return float(np.trapezoid(np.interp(inside, snrs, gains), inside) / (high - low))
