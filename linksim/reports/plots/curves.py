"""Metrics against SNR: one figure per metric, of one run or several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.metrics.registry import metric as metric_of
from linksim.reports.plots import style
from linksim.reports.plots.gains import average_gain, gain, reference_curve
from linksim.reports.plots.table import Curve, measured_metrics, read_curves, with_values
from linksim.results.statistics import Estimate

FORMATS = ("png", "pdf", "svg", "pgf")

TWO_COLUMN_LABEL = 24
"""Longest label, in characters, of which two fit side by side into a paper's column."""


def plot_run(
    dirs: str | Path | Sequence[str | Path],
    metric: str | None = None,
    formats: Sequence[str] = ("png", "pdf"),
    relative_to: str | None = None,
    out: str | Path | None = None,
    snr_range: tuple[float, float] | None = None,
    ebn0_axis: bool = False,
    width: float = style.COLUMN_WIDTH,
    schemes: Sequence[str] | None = None,
) -> list[Path]:
    """Draw metrics against Es/N0 with 95 % bands, or gains over one scheme, with bands of their own.

    Args:
        dirs: results folder or folders; several come into one figure.
        metric: its name; all that were measured if None.
        formats: of `png`, `pdf`, `svg`, `pgf`.
        relative_to: a scheme; curves become gains over it, with their means over the SNRs in the legend.
        out: folder of the figures; the first of `dirs` if None.
        snr_range: lowest and highest Es/N0 in dB to draw and to average over.
        ebn0_axis: Eb/N0 on a second axis at the top, where all schemes have the same offset to Es/N0.
        width: inches; 3.5 is a column of a two-column paper.
        schemes: those to draw, by name or by name and run as in the legend; all if None. A curve looks the same in every choice.

    Returns:
        The files written, `psnr.png` and so on; gains are `psnr-gain.png`.

    Raises:
        InputError: no results, unknown metric, format or scheme, or a folder that cannot be written.
    """
    folders = [Path(folder) for folder in ([dirs] if isinstance(dirs, str | Path) else dirs)]
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"format {name!r}: allowed are {', '.join(FORMATS)}")
    if not folders:
        raise InputError("no results folder given; give at least one")
    target = Path(out) if out is not None else folders[0]
    written = []
    for name in [metric] if metric else measured_metrics(folders):
        curves = _chosen(read_curves(folders, name), schemes, relative_to)
        curves = with_values(curves, folders, name) if relative_to else curves
        figure = _figure(curves, name, relative_to, snr_range, ebn0_axis, width)
        written += _save(figure, target, f"{name}-gain" if relative_to else name, formats)
    return written


def average_gains(
    dirs: Sequence[str | Path],
    metric: str,
    relative_to: str,
    snr_range: tuple[float, float] | None = None,
    schemes: Sequence[str] | None = None,
) -> dict[str, Estimate]:
    """Mean gain over `relative_to` of every other curve (or those of `schemes`) by its label, with its 95 % interval.

    See `linksim.reports.plots.gains.average_gain`.
    """
    folders = [Path(folder) for folder in dirs]
    curves = with_values(_chosen(read_curves(folders, metric), schemes, relative_to), folders, metric)
    reference = reference_curve(curves, relative_to)
    return {c.label: average_gain(c, reference, metric, snr_range) for c in curves if c is not reference}


def _chosen(curves: list[Curve], schemes: Sequence[str] | None, relative_to: str | None) -> list[Curve]:
    """The curves of `schemes` and of the one that they are drawn relative to. Raises `InputError` for a name that is none."""
    if not schemes:
        return curves
    known = {name for curve in curves for name in (curve.scheme, curve.label)}
    for name in schemes:
        if name not in known:
            raise InputError(f"scheme {name!r}: allowed are {', '.join(repr(curve.label) for curve in curves)}")
    wanted = {*schemes, relative_to}
    return [curve for curve in curves if curve.scheme in wanted or curve.label in wanted]


def _figure(
    curves: list[Curve],
    metric: str,
    relative_to: str | None,
    snr_range: tuple[float, float] | None,
    ebn0_axis: bool,
    width: float,
) -> Any:
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    reference = reference_curve(curves, relative_to) if relative_to is not None else None
    labels = _labels(curves, metric, reference, snr_range)
    columns = 2 if max(map(len, labels.values()), default=0) <= TWO_COLUMN_LABEL * width / style.COLUMN_WIDTH else 1
    rows = -(-len(labels) // columns)
    with mpl.rc_context(style.RC):
        figure = Figure(figsize=(width, 0.68 * width + 0.14 * rows + (0.35 if ebn0_axis else 0)), layout="constrained")
        axes = figure.subplots()
        for curve in curves:
            if curve.label in labels:
                _draw(axes, curve, labels[curve.label], metric, reference)
        axes.set_xlabel("Es/N0 (dB)")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        shown = metric_of(metric).shown_as({metric_of(metric).size_column: s} for c in curves for s in c.sizes)
        axes.set_ylabel(shown.axis_label)
        if reference is not None:
            axes.axhline(0, color="0.4", linewidth=0.8, zorder=1)
            axes.set_ylabel(f"{shown.gain_label} over\n{reference.label}")
        if snr_range:
            axes.set_xlim(*snr_range)
        axes.grid(alpha=0.35)
        if ebn0_axis:
            _add_ebn0(axes, curves)
        figure.legend(
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            handlelength=3.2,
            columnspacing=1.2,
            title="mean gain over the SNRs that both have" if reference is not None else None,
            title_fontsize=6.5,
        )
    return figure


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


def _draw(axes: Any, curve: Curve, label: str, metric: str, reference: Curve | None) -> None:
    look = style.look(curve.number)
    snr_db, value, low, high = curve.snr_db, curve.value, curve.low, curve.high
    if reference is not None:
        snr_db, value, low, high = gain(curve, reference, metric)
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


def _save(figure: Any, target: Path, stem: str, formats: Sequence[str]) -> list[Path]:
    import matplotlib as mpl

    # Dates and random ids in the files would make equal figures differ.
    metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    written = []
    for name in formats:
        path = target / f"{stem}.{name}"
        try:
            target.mkdir(parents=True, exist_ok=True)
            with mpl.rc_context(style.RC):
                figure.savefig(path, dpi=300, metadata=metadata.get(name))
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error}); give another folder") from error
        except RuntimeError as error:
            if name != "pgf":
                raise
            raise InputError(f"format 'pgf': {error}; or use pdf") from error
        written.append(path)
    return written
