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
    """Three panels: usage in falling order, distortion against the bit-error rate, and one of the codewords.

    The last is the principal plane of a codebook of one stage and head; of several, distortion against stages.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.2), layout="constrained")
    panels = figure.subplots(1, 3)
    _draw_usage(panels[0], meter.usage)
    _draw_distortion(panels[1], meter, rows)
    if meter.usage.shape[:2] == (1, 1):
        _draw_plane(figure, panels[2], meter.stages.codewords[0, 0], meter.usage[0, 0])
    else:
        _draw_stages(panels[2], meter, rows)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_plane(figure: "Figure", plane: "Axes", codebook: np.ndarray, usage: np.ndarray) -> None:
    from matplotlib.colors import LogNorm

    xy, share = principal_plane(codebook)
    size = len(codebook)
    shade = LogNorm(0.05, 20, clip=True)
    dots = plane.scatter(xy[:, 0], xy[:, 1], c=usage * size, s=14, cmap="viridis", norm=shade, linewidths=0)
    figure.colorbar(dots, ax=plane, extend="both", label="usage / uniform usage")
    plane.set(xlabel="first principal component", ylabel="second principal component")
    plane.set_title(f"codewords; the plane holds {100 * share:.0f} % of their variance")


def _draw_stages(axes: "Axes", meter: CodebookMeter, rows: list[DistortionRow]) -> None:
    """D_q and the predicted distortion at the simulated bit-error rates against the number of stages."""
    counts = range(1, meter.stages.count + 1)
    axes.plot(counts, [meter.predict(0.0, count).quantization for count in counts], "o-", color="0.2", label="$D_q$")
    for rate in dict.fromkeys(row.bit_error_rate for row in rows if row.channel == BSC):
        axes.plot(counts, [meter.predict(rate, count).total for count in counts], "o-", label=f"$D$ at {rate:g}")
    axes.set(xlabel="stages that are sent", ylabel="squared distance per vector", xticks=counts)
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])  # room for the legend
    axes.set_title(f"more stages, {meter.stages.bits_per_stage} bits each")
    axes.legend(frameon=False, fontsize=8, loc="upper left")


def _draw_usage(axes: "Axes", usage: np.ndarray) -> None:
    size = usage.shape[2]
    if usage.shape[:2] == (1, 1):
        axes.fill_between(np.arange(size), np.sort(usage[0, 0])[::-1] * size, step="mid", alpha=0.7)
        axes.set_title(f"perplexity {perplexity(usage[0, 0]):.0f} of {size} ({bits_per_index(size)} bits)")
    else:
        for s, heads in enumerate(usage):
            for h, p in enumerate(heads):
                label = f"stage {s + 1}: {perplexity(p):.0f}" if h == 0 else None
                axes.step(np.arange(size), np.sort(p)[::-1] * size, where="mid", color=f"C{s}", label=label)
        axes.set_title(f"perplexity of {size} ({bits_per_index(size)} bits)")
    axes.axhline(1, color="0.4", lw=1, ls="--", label="uniform")
    axes.set(xlabel="codeword, most used first", ylabel="usage / uniform usage", xlim=(0, size - 1), ylim=(0, None))
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
