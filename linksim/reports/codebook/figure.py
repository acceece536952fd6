"""The figure of `linksim codebook`."""

from typing import TYPE_CHECKING

import numpy as np

from linksim.codebook.labels import bits_per_index
from linksim.codebook.theory import perplexity
from linksim.reports.codebook.meter import BSC, LINK, CodebookMeter, DistortionRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def principal_plane(codebook: np.ndarray) -> tuple[np.ndarray, float]:
    """Codewords on their two directions of largest variance `[K, 2]`, and the share of the variance that these hold."""
    centred = np.asarray(codebook, np.float64) - np.mean(codebook, 0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return (u * s)[:, :2], float((s[:2] ** 2).sum() / (s**2).sum())


def draw(meter: CodebookMeter, rows: list[DistortionRow]) -> "Figure":
    """Three panels: usage in falling order, distortion against the bit-error rate, codewords in their principal plane."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.2), layout="constrained")
    usage, curve, plane = figure.subplots(1, 3)
    _draw_usage(usage, meter.usage)
    _draw_distortion(curve, meter, rows)
    xy, share = principal_plane(meter.codebook)
    size = len(meter.codebook)
    shade = LogNorm(0.05, 20, clip=True)
    dots = plane.scatter(*xy.T, c=meter.usage * size, s=14, cmap="viridis", norm=shade, linewidths=0)
    figure.colorbar(dots, ax=plane, extend="both", label="usage / uniform usage")
    plane.set(xlabel="first principal component", ylabel="second principal component")
    plane.set_title(f"codewords; the plane holds {100 * share:.0f} % of their variance")
    for axes in (usage, curve, plane):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_usage(axes: "Axes", usage: np.ndarray) -> None:
    size = len(usage)
    axes.fill_between(np.arange(size), np.sort(usage)[::-1] * size, step="mid", alpha=0.7)
    axes.axhline(1, color="0.4", lw=1, ls="--", label="uniform")
    axes.set(xlabel="codeword, most used first", ylabel="usage / uniform usage", xlim=(0, size - 1), ylim=(0, None))
    axes.set_title(f"perplexity {perplexity(usage):.0f} of {size} ({bits_per_index(size)} bits)")
    axes.legend(frameon=False)


def _draw_distortion(axes: "Axes", meter: CodebookMeter, rows: list[DistortionRow]) -> None:
    rates = np.linspace(0, 1.1 * max(row.bit_error_rate for row in rows), 31)
    parts = [meter.predict(rate) for rate in rates]
    axes.plot(rates, [p.total for p in parts], label="$D$ predicted")
    axes.plot(rates, [p.channel for p in parts], label="$D_c$, exact labels")
    axes.plot(rates, [meter.predict_random(rate) for rate in rates], ls="--", label="$D_c$, random labels")
    axes.plot(rates, [p.quantization for p in parts], label="$D_q$")
    for channel, marker, fill in ((BSC, "o", "none"), (LINK, "s", "0.2")):
        here = [row for row in rows if row.channel == channel]
        if here:
            x, y = [row.bit_error_rate for row in here], [row.measured for row in here]
            half = [row.half_width for row in here]
            axes.errorbar(
                x, y, half, fmt=marker, color="0.2", mfc=fill, ms=6, capsize=2, label=f"$D$ measured, {channel}"
            )
    axes.set(xlabel="bit-error rate", ylabel="squared distance per vector", xlim=(0, rates[-1]), ylim=(0, None))
    axes.locator_params(axis="x", nbins=5)
    axes.set_title("distortion over the channel")
    axes.legend(frameon=False, fontsize=8)
