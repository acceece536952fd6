"""One figure of curves: axes, lines with bands, legend."""

import textwrap
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.plots import style
from linksim.reports.plots.gains import average_gain, gain, inequality_notes, reference_curve
from linksim.reports.plots.table import Curve
from linksim.results.measures import measure
from linksim.results.statistics import Estimate

TWO_COLUMN_LABEL = 24
"""Longest label, in characters, of which two fit side by side into a paper's column."""

NONE_SEEN = "open triangle: none seen, upper end of the 95 % interval"


def figure(
    curves: list[Curve],
    metric: str,
    relative_to: str | None = None,
    snr_range: tuple[float, float] | None = None,
    ebn0_axis: bool = False,
    width: float = style.COLUMN_WIDTH,
) -> Any:
    """The figure of a metric's curves, or of their gains over `relative_to`; see `plot_run` for the arguments."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    reference = reference_curve(curves, relative_to) if relative_to is not None else None
    labels = _labels(curves, metric, reference, snr_range)
    columns = 2 if max(map(len, labels.values()), default=0) <= TWO_COLUMN_LABEL * width / style.COLUMN_WIDTH else 1
    title = _legend_title(curves, metric, reference, width)
    rows = -(-len(labels) // columns) + (title or "").count("\n")
    with mpl.rc_context(style.RC):
        drawing = Figure(figsize=(width, 0.68 * width + 0.14 * rows + (0.35 if ebn0_axis else 0)), layout="constrained")
        axes = drawing.subplots()
        for curve in curves:
            if curve.label in labels:
                _draw(axes, curve, labels[curve.label], metric, reference)
        axes.set_xlabel("Es/N0 (dB)")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        shown = measure(metric).shown_as({measure(metric).size_column: s} for c in curves for s in c.sizes)
        axes.set_ylabel(shown.axis_label)
        if reference is not None:
            axes.axhline(0, color="0.4", linewidth=0.8, zorder=1)
            axes.set_ylabel("\n".join([f"{shown.gain_label} over", *textwrap.wrap(reference.label, int(8 * width))]))
        if snr_range:
            axes.set_xlim(*snr_range)
        if measure(metric).logarithmic and reference is None:
            axes.set_yscale("log")
        axes.grid(alpha=0.35)
        if ebn0_axis:
            _add_ebn0(axes, curves)
        drawing.legend(
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            handlelength=3.2,
            columnspacing=1.2,
            title=title,
            title_fontsize=6.5,
        )
    return drawing


def _labels(
    curves: list[Curve], metric: str, reference: Curve | None, snr_range: tuple[float, float] | None
) -> dict[str, str]:
    """Legend entries by curve; with a reference all curves but that, each with its mean gain."""
    if reference is None:
        return {curve.label: curve.label for curve in curves}
    means = {c.label: average_gain(c, reference, metric, snr_range) for c in curves if c is not reference}
    return {label: f"{label}: {_signed(mean)}" if np.isfinite(mean.mean) else label for label, mean in means.items()}


def _signed(mean: Estimate) -> str:
    half = mean.half_width
    return f"{mean.mean:+.3g} ± {half:.2g}" if np.isfinite(half) else f"{mean.mean:+.3g}"


def _legend_title(curves: list[Curve], metric: str, reference: Curve | None, width: float) -> str | None:
    if reference is not None:
        lines = ["mean gain over the SNRs that both have", *inequality_notes(curves, reference)]
        return "\n".join(part for line in lines for part in textwrap.wrap(line, int(20 * width)))
    zeros = measure(metric).logarithmic and any((curve.value == 0).any() for curve in curves)
    return NONE_SEEN if zeros else None


def _draw(axes: Any, curve: Curve, label: str, metric: str, reference: Curve | None) -> None:
    look = style.look(curve.number)
    snr_db, value, low, high = curve.snr_db, curve.value, curve.low, curve.high
    if reference is not None:
        snr_db, gains = gain(curve, reference, metric)
        value, low, high = np.array([(one.mean, one.low, one.high) for one in gains]).reshape(-1, 3).T
    elif measure(metric).logarithmic:
        # A logarithmic axis has no place for 0: what is known of such a rate is how large it may be.
        zero = value == 0
        marks = look | {"marker": "v", "markerfacecolor": "none", "markeredgecolor": look["color"], "linestyle": "none"}
        axes.plot(snr_db[zero], high[zero], zorder=3, **marks)
        value, low, high = (np.where(zero, np.nan, array) for array in (value, low, high))
    value, low, high = (measure(metric).scale * array for array in (value, low, high))
    axes.plot(snr_db, value, label=label, zorder=3, **look)
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        axes.fill_between(snr_db, low, high, where=known, color=look["color"], alpha=0.18, linewidth=0, zorder=2)


def _add_ebn0(axes: Any, curves: list[Curve]) -> None:
    offsets = np.concatenate([curve.ebn0_db - curve.snr_db for curve in curves])
    offsets = offsets[np.isfinite(offsets)]
    if not len(offsets) or np.ptp(offsets) > 0.05:
        raise InputError(
            "Eb/N0 axis: the schemes differ in bits per channel use; an axis for all of them does not exist"
        )
    shift = float(offsets.mean())
    top = axes.secondary_xaxis("top", functions=(lambda x: x + shift, lambda x: x - shift))
    top.set_xlabel("Eb/N0 (dB)")
