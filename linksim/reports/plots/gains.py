"""Curves relative to one scheme, and their mean over a range of SNRs, paired by image."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.plots.table import Curve
from linksim.results.conditions import conditions, unequal
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


def inequalities(curves: Sequence[Curve], reference: Curve) -> dict[str, str]:
    """By label, what makes a comparison with `reference` unfair: other images, another size, another budget."""
    folders = {curve.folder for curve in (*curves, reference)}
    measured = {folder: conditions(folder) for folder in folders}
    there = measured[reference.folder][reference.scheme]
    found = {c.label: unequal(measured[c.folder][c.scheme], there) for c in curves if c is not reference}
    return {label: reason for label, reason in found.items() if reason}


def inequality_notes(curves: Sequence[Curve], reference: Curve) -> list[str]:
    """The same in words, curves with the same trouble together."""
    groups: dict[str, list[str]] = {}
    for label, reason in inequalities(curves, reference).items():
        groups.setdefault(reason, []).append(label)
    return [f"Not equal to {reference.label}: {', '.join(labels)}: {reason}" for reason, labels in groups.items()]


def gain(curve: Curve, reference: Curve, metric: str) -> tuple[np.ndarray, list[Estimate]]:
    """SNRs in dB that both have, and the gain at each, positive where `curve` is better, with its 95 % interval.

    Gains are paired by image where the runs have their images' values; else they are differences of means, without
    interval.
    """
    snrs, here, there = np.intersect1d(curve.snr_db, reference.snr_db, return_indices=True)
    sign = measure(metric).sign
    gains = []
    for snr_db, mean in zip(snrs, curve.value[here] - reference.value[there], strict=True):
        paired = difference(curve.values.get(snr_db, {}), reference.values.get(snr_db, {}))
        plain = Estimate(float(mean), math.nan, math.nan, 0)
        gains.append((paired if paired.count else plain).times(sign))
    return snrs, gains


def average_gain(curve: Curve, reference: Curve, metric: str, snr_range: tuple[float, float] | None = None) -> Estimate:
    """Mean gain over a range of SNRs: the area between the curves over the range's width (as Bjontegaard did over
    rate).

    The gain is linear between the SNRs that both curves have; a range beyond those is cut to them. NaN where fewer
    than two are left. Its 95 % interval is over the images, each with its own mean gain; NaN where an SNR lacks some
    image.

    Args:
        curve, reference: curves of the same metric.
        metric: its name; where lower is better a gain is a reduction.
        snr_range: lowest and highest Es/N0 in dB; all if None.
    """
    snrs, gains = gain(curve, reference, metric)
    inside = _inside(snrs, snr_range)
    if inside is None:
        return Estimate(math.nan, math.nan, math.nan, 0)
    mean = _area(inside, snrs, [one.mean for one in gains])
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
