"""One figure of curves: axes, lines with bands, legend."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.canvas import import_matplotlib, styled
from linksim.reports.lettering import as_written, columns, folded, fonts_for
from linksim.reports.plots import style
from linksim.reports.plots.abscissa import LABELS
from linksim.reports.plots.gains import average_gain, gain, inequality_notes, reference_curve
from linksim.reports.plots.table import Curve
from linksim.reports.plots.theory import ClosedForm
from linksim.results.measures import measure
from linksim.results.statistics import Estimate

TWO_COLUMN_LABEL = 24
"""Longest label, in characters, of which two fit side by side into a paper's column."""

CHARACTERS_PER_INCH = 18
"""Of a legend's text."""

NONE_SEEN = "open triangle: none seen, upper end of the 95 % interval"


def figure(
    curves: list[Curve],
    metric: str,
    relative_to: str | None = None,
    snr_range: tuple[float, float] | None = None,
    ebn0_axis: bool = False,
    width: float = style.COLUMN_WIDTH,
    x: str = "esn0",
    theory: Sequence[ClosedForm] = (),
) -> Any:
    """The figure of a metric's curves, or of their gains over `relative_to`; see `plot_run` for the arguments."""
    import_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter, MaxNLocator

    reference = reference_curve(curves, relative_to) if relative_to is not None else None
    labels = _labels(curves, metric, reference, snr_range)
    shown = measure(metric).shown_as({measure(metric).size_column: s} for c in curves for s in c.sizes)
    notes = _legend_notes(curves, metric, reference, theory)
    with styled(style.RC), fonts_for([*(c.label for c in curves), *notes, shown.axis_label]) as known:
        room = int(CHARACTERS_PER_INCH * width)
        entries = [folded(known(entry), room) for entry in labels.values()]
        title = "\n".join(folded(known(note), room, lines=4) for note in notes)
        widest = max((columns(line) for entry in entries for line in entry.split("\n")), default=0)
        ncols = 2 if widest <= TWO_COLUMN_LABEL * width / style.COLUMN_WIDTH else 1
        rows = -(-sum(entry.count("\n") + 1 for entry in entries) // ncols) + title.count("\n")
        drawing = Figure(figsize=(width, 0.68 * width + 0.14 * rows + (0.35 if ebn0_axis else 0)), layout="constrained")
        axes = drawing.subplots()
        handles = [_draw(axes, c, labels[c.label], metric, reference) for c in curves if c.label in labels]
        _refuse_empty(axes, metric, snr_range)
        _draw_theory(axes, theory, metric, x)
        axes.set_xlabel(LABELS[x])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        as_written(axes.yaxis.label).set_text(known(shown.axis_label))
        if reference is not None:
            over = folded(known(reference.label), int(8 * width))
            axes.yaxis.label.set_text(f"{known(shown.gain_label)} over\n{over}")
            axes.axhline(0, color="0.4", linewidth=0.8, zorder=1)
        if snr_range:
            axes.set_xlim(*snr_range)
        if _is_log(metric, curves) and reference is None:
            axes.set_yscale("log")
            if not shown.share:  # numbers of a few tens read better as they are than as powers
                axes.yaxis.set_major_formatter(LogFormatter())
                axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.5)))
        axes.grid(alpha=0.35)
        if ebn0_axis:
            _add_ebn0(axes, curves)
        # A legend leaves out labels that begin with `_`, and reads TeX in all of them: the words come after it is made.
        legend = drawing.legend(
            handles,
            [str(i) for i in range(len(handles))],
            loc="outside lower center",
            ncols=ncols,
            frameon=False,
            handlelength=3.2,
            columnspacing=1.2,
            title=title or None,
            title_fontsize=6.5,
        )
        as_written(legend.get_title())
        for text, entry in zip(legend.get_texts(), entries, strict=True):
            as_written(text).set_text(entry)
    return drawing


def _refuse_empty(axes: Any, metric: str, snr_range: tuple[float, float] | None) -> None:
    """Raise `InputError` where no curve has a point to draw: an empty figure must not take the place of a good one."""
    low, high = snr_range or (-math.inf, math.inf)
    points = np.concatenate([np.empty((0, 2)), *(line.get_xydata() for line in axes.lines)]).astype(float)
    seen = np.isfinite(points).all(1) & (points[:, 0] >= low) & (points[:, 0] <= high)
    if not seen.any():
        where = f" between {low:g} and {high:g} dB" if snr_range else ""
        raise InputError(f"metric {metric!r}: nothing to draw{where}; choose other SNRs, schemes or runs")


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


def _legend_notes(curves: list[Curve], metric: str, reference: Curve | None, theory: Sequence[ClosedForm]) -> list[str]:
    if reference is not None:
        return ["mean gain over the SNRs that both have", *inequality_notes(curves, reference)]
    zeros = _is_log(metric, curves) and any((curve.value == 0).any() for curve in curves)
    return [*([NONE_SEEN] if zeros else []), *(f"dotted: {line.text}" for line in theory)]


def _draw(axes: Any, curve: Curve, label: str, metric: str, reference: Curve | None) -> Any:
    look = style.look(curve.number)
    snr_db, value, low, high = curve.snr_db, curve.value, curve.low, curve.high
    if reference is not None:
        snr_db, gains = gain(curve, reference, metric)
        value, low, high = np.array([(one.mean, one.low, one.high) for one in gains]).reshape(-1, 3).T
    elif _is_log(metric, [curve]):
        # A logarithmic axis has no place for 0: what is known of such a rate is how large it may be.
        zero = value == 0
        marks = look | {"marker": "v", "markerfacecolor": "none", "markeredgecolor": look["color"], "linestyle": "none"}
        axes.plot(snr_db[zero], measure(metric).scale * high[zero], zorder=3, **marks)
        value, low, high = (np.where(zero, np.nan, array) for array in (value, low, high))
    value, low, high = (measure(metric).scale * array for array in (value, low, high))
    (line,) = axes.plot(snr_db, value, label=label, zorder=3, **look)
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        axes.fill_between(snr_db, low, high, where=known, color=look["color"], alpha=0.18, linewidth=0, zorder=2)
    return line


def _is_log(metric: str, curves: Sequence[Curve]) -> bool:
    """Whether the axis is logarithmic: a 0 that has no interval could not be shown there at all."""
    shown = measure(metric)
    return bool(shown.log_axis) and (shown.share or all((curve.value > 0).all() for curve in curves))


def _draw_theory(axes: Any, theory: Sequence[ClosedForm], metric: str, x: str) -> None:
    """Lines of theory within what the measured curves span, so that they do not stretch the axes; the legend's title says what they are."""
    bottom = min((float(y) for line in axes.lines for y in line.get_ydata() if y > 0), default=0.0)
    for line in theory:
        across = line.ebn0_db if x == "ebn0" else line.snr_db
        value = np.where(measure(metric).scale * line.value >= bottom / 2, measure(metric).scale * line.value, np.nan)
        axes.plot(across, value, color="0.35", linestyle=(0, (1, 1)), linewidth=1, zorder=1.5)


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
