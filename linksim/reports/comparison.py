"""Differences of schemes or runs with their certainty: paired by image, at equal images, size and budget."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linksim.common.errors import InputError
from linksim.metrics.registry import metric as metric_of
from linksim.reports.plots.curves import chosen
from linksim.reports.plots.gains import average_gain, gain, inequalities, reference_curve
from linksim.reports.plots.table import Curve, read_curves, with_values
from linksim.results.statistics import Estimate


@dataclass(frozen=True)
class Comparison:
    """One curve against another.

    Attributes:
        label: of the curve.
        reference: label of the other one.
        gains: by SNR in dB, positive where the curve is better, with their 95 % intervals.
        mean: over the SNRs that both have.
    """

    label: str
    reference: str
    gains: dict[float, Estimate]
    mean: Estimate


def verdict(gain: Estimate) -> str:
    """`better` or `worse` where the 95 % interval says so, else `equal` or `not certain`."""
    if gain.low > 0:
        return "better"
    if gain.high < 0:
        return "worse"
    return "equal" if gain.low == gain.high == 0 else "not certain"


def compare(
    folders: Sequence[Path], metric: str, relative_to: str | None = None, schemes: Sequence[str] | None = None
) -> list[Comparison]:
    """Every curve of the runs against `relative_to`; without it, the schemes of later runs against those of the first.

    Args:
        folders: of the runs, with their `images.parquet`.
        metric: its name.
        relative_to: a scheme, by its name or its label with the run's name.
        schemes: those to compare; all if None.

    Raises:
        InputError: nothing to compare with; or images, their size or the budgets differ, so that a difference would
            be no merit of a scheme.
    """
    metric_of(metric)
    for folder in folders:
        if not os.path.lexists(folder / "images.parquet"):
            raise InputError(f"{folder}: holds no images.parquet, without which nothing can be paired; run it again")
    curves = with_values(chosen(read_curves(folders, metric), schemes, relative_to), folders, metric)
    pairs = _pairs(curves, folders, relative_to)
    for curve, reference in pairs:
        for label, reason in inequalities([curve], reference).items():
            advice = "choose schemes that compare with --scheme, or runs of equal images, size and budget"
            raise InputError(f"{label} does not compare with {reference.label}, it has {reason}; {advice}")
    return [_comparison(curve, reference, metric) for curve, reference in pairs]


def _pairs(curves: list[Curve], folders: Sequence[Path], relative_to: str | None) -> list[tuple[Curve, Curve]]:
    if relative_to is not None:
        reference = reference_curve(curves, relative_to)
        pairs = [(curve, reference) for curve in curves if curve is not reference]
    else:
        first = {curve.scheme: curve for curve in curves if curve.folder == folders[0]}
        later = [curve for curve in curves if curve.folder != folders[0]]
        pairs = [(curve, first[curve.scheme]) for curve in later if curve.scheme in first]
    if not pairs:
        names = ", ".join(curve.label for curve in curves)
        raise InputError(
            f"nothing to compare: the runs share no scheme; give --relative-to with one of: {names}"
            if len(folders) > 1
            else f"one run: give --relative-to with one of: {names}; or a second run"
        )
    return pairs


def _comparison(curve: Curve, reference: Curve, metric: str) -> Comparison:
    gains = dict(zip(*gain(curve, reference, metric), strict=True))
    return Comparison(curve.label, reference.label, gains, average_gain(curve, reference, metric))
