"""Metrics against SNR: one figure per metric, of one run or several."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError, LinksimError
from linksim.reports.canvas import save, styled
from linksim.reports.plots import style
from linksim.reports.plots.abscissa import against
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.gains import average_gain, inequality_notes, reference_curve
from linksim.reports.plots.table import Curve, measured_metrics, read_curves, with_values
from linksim.reports.plots.theory import ClosedForm, closed_forms
from linksim.results.statistics import Estimate

FORMATS = ("png", "pdf", "svg", "pgf")
WIDTHS = (1.0, 30.0)
"""Least and most inches across a figure: beyond them Matplotlib fails, or takes gigabytes."""


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
    x: str = "esn0",
) -> list[Path]:
    """Draw metrics against Es/N0 with 95 % bands, or gains over one scheme, with bands of their own.

    Args:
        dirs: results folder or folders; several come into one figure.
        metric: a metric, or `ber`, `bler`, `outage`, `iterations`, `transmissions`; all metrics that were measured if None.
        formats: of `png`, `pdf`, `svg`, `pgf`.
        relative_to: a scheme; curves become gains over it, with their means over the SNRs in the legend.
        out: folder of the figures; the first of `dirs` if None.
        snr_range: lowest and highest Es/N0 in dB to draw and to average over.
        ebn0_axis: Eb/N0 on a second axis at the top, where all schemes have the same offset to Es/N0.
        width: inches, 1 to 30; 3.5 is a column of a two-column paper.
        schemes: those to draw, by name or by name and run as in the legend; all if None. A curve looks the same in
            every choice.
        x: `esn0` or `ebn0`, what curves are drawn against; figures over Eb/N0 are `psnr-ebn0.png` and so on, and
            `snr_range` is then in Eb/N0.

    Where a run's link has a closed form of the measure (see `linksim.reports.plots.theory`), it is drawn beside.

    Returns:
        The files written, `psnr.png` and so on; gains are `psnr-gain.png`.

    Raises:
        InputError: no results, unknown metric, format or scheme, or a folder that cannot be written.
    """
    folders = [Path(folder) for folder in ([dirs] if isinstance(dirs, str | Path) else dirs)]
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"format {name!r}: allowed are {', '.join(FORMATS)}")
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InputError(f"width {width:g}: {WIDTHS[0]:g} to {WIDTHS[1]:g} inches are allowed; 3.5 is a column of two")
    if not folders:
        raise InputError("no results folder given; give at least one")
    if x != "esn0" and (relative_to or ebn0_axis):
        raise InputError(
            f"x {x!r}: gains are at equal Es/N0, and a second axis has Es/N0 below it; leave out --relative-to and --ebn0-axis"
        )
    target = Path(out) if out is not None else folders[0]
    written = []
    names = [metric] if metric else measured_metrics(folders)
    if not names:
        raise InputError(f"{', '.join(map(str, folders))}: no metric has a value, so there is nothing to draw")
    failed: list[LinksimError] = []
    for name in names:
        try:
            drawing, stem = _draw(folders, name, relative_to, snr_range, ebn0_axis, width, schemes, x)
        except LinksimError as error:  # the other figures are drawn all the same
            failed.append(error)
            continue
        for form in formats:
            try:
                with styled(style.RC):
                    written.append(save(drawing, target / f"{stem}.{form}", form))
            except LinksimError as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return written


def _draw(
    folders: list[Path],
    name: str,
    relative_to: str | None,
    snr_range: tuple[float, float] | None,
    ebn0_axis: bool,
    width: float,
    schemes: Sequence[str] | None,
    x: str,
) -> tuple[Any, str]:
    """The figure of one metric and the stem of its files; see `plot_run`."""
    curves = chosen(read_curves(folders, name), schemes, relative_to)
    curves = with_values(curves, folders, name) if relative_to else curves
    theory = [] if relative_to else _theory(curves, name)
    drawing = figure(against(curves, x), name, relative_to, snr_range, ebn0_axis, width, x, theory)
    return drawing, f"{name}-gain" if relative_to else f"{name}-ebn0" if x == "ebn0" else name


def _theory(curves: Sequence[Curve], metric: str) -> list[ClosedForm]:
    """Closed forms for the runs of the curves, over the SNRs that these have."""
    folders = list(dict.fromkeys(curve.folder for curve in curves))
    snrs = [float(snr) for curve in curves for snr in curve.snr_db]
    return closed_forms(folders, metric, min(snrs), max(snrs))


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
    curves = with_values(chosen(read_curves(folders, metric), schemes, relative_to), folders, metric)
    reference = reference_curve(curves, relative_to)
    return {c.label: average_gain(c, reference, metric, snr_range) for c in curves if c is not reference}


def unequal_notes(
    dirs: Sequence[str | Path], metric: str, relative_to: str, schemes: Sequence[str] | None = None
) -> list[str]:
    """Lines about curves that were not measured on the images, at the size and with the budget of `relative_to`."""
    curves = chosen(read_curves([Path(folder) for folder in dirs], metric), schemes, relative_to)
    return inequality_notes(curves, reference_curve(curves, relative_to))


def chosen(curves: list[Curve], schemes: Sequence[str] | None, relative_to: str | None) -> list[Curve]:
    """The curves of `schemes` and of the one that they are drawn relative to.

    Raises `InputError` for a name that is none.
    """
    if not schemes:
        return curves
    known = {name for curve in curves for name in (curve.scheme, curve.label)}
    for name in schemes:
        if name not in known:
            raise InputError(f"scheme {name!r}: allowed are {', '.join(repr(curve.label) for curve in curves)}")
    wanted = {*schemes, relative_to}
    return [curve for curve in curves if curve.scheme in wanted or curve.label in wanted]
