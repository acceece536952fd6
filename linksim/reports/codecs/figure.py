"""Figure of rate-distortion curves, and their distance from published ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linksim.metrics.registry import metric
from linksim.reports.canvas import save, styled
from linksim.reports.codecs.curve import Curve
from linksim.reports.lettering import as_written, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PUBLISHED: dict[str, tuple[tuple[float, float], ...]] = {
    "bpg-444": ((0.161, 28.68), (0.352, 31.59), (0.685, 34.86)),
    "jpeg-annex-k": ((0.327, 26.58), (0.508, 29.04)),
    "jpeg2000": ((0.239, 28.42), (0.479, 31.07), (1.198, 35.68)),
    "webp": ((0.234, 28.33), (0.513, 31.44), (0.998, 35.10)),
}
"""(bpp, PSNR in dB) over the 24 Kodak images as CompressAI publishes them: BPG 0.9.8 with x265, Pillow's JPEG and WebP (of
2020, method 4), ffmpeg's JPEG 2000.
"""

_SIGNS = {"bpg-444": "+", "jpeg-annex-k": "x", "jpeg2000": "1", "webp": "2"}

COLUMNS = "codec,bpp,published_psnr_db,measured_psnr_db,difference_db"


def psnr_at(curve: Curve, bpp: float) -> float:
    """PSNR in dB at `bpp`, linear in log(bpp) between neighbouring points; NaN outside the curve."""
    order = np.argsort(curve.bpp)
    rates, values = np.log(np.array(curve.bpp)[order]), np.array(curve.quality["psnr"])[order]
    return float(np.interp(np.log(bpp), rates, values, left=np.nan, right=np.nan))


def comparison(curves: Sequence[Curve], published: Mapping[str, tuple[tuple[float, float], ...]]) -> str:
    """CSV of the published points and the measured PSNR at the same rate."""
    rows = [COLUMNS]
    for curve in curves:
        for bpp, theirs in published.get(curve.name, ()):
            ours = psnr_at(curve, bpp)
            rows.append(f"{curve.name},{bpp},{theirs},{ours:.3f},{ours - theirs:+.3f}")
    return "\n".join(rows) + "\n"


def figure(
    curves: Sequence[Curve],
    looks: Mapping[str, tuple[str, str]],
    published: Mapping[str, tuple[tuple[float, float], ...]],
    image_set: str,
    folder: Path,
) -> None:
    """Each metric against bits per pixel, MS-SSIM in dB (-10 log10(1 - MS-SSIM)): `rd.png` and `rd.pdf` in `folder`.

    Args:
        curves: what was measured.
        looks: line style and marker by curve.
        published: points to draw beside them.
        image_set: for the title.
        folder: of the files.
    """
    with styled({}):
        drawing = _drawing(curves, looks, published, image_set)
        for form in ("png", "pdf"):
            save(drawing, folder / f"rd.{form}", form, dpi=200)


def _drawing(
    curves: Sequence[Curve],
    looks: Mapping[str, tuple[str, str]],
    published: Mapping[str, tuple[tuple[float, float], ...]],
    image_set: str,
) -> "Figure":
    from matplotlib.figure import Figure

    names = list(curves[0].quality)
    drawing = Figure(figsize=(3.6 * len(names), 3.4), layout="constrained")
    for name, axes in zip(names, drawing.subplots(1, len(names), squeeze=False)[0], strict=True):
        for curve in curves:
            line, marker = looks[curve.name]
            look = {"linestyle": line, "marker": marker, "markersize": 3, "linewidth": 1, "label": curve.name}
            values = np.array(curve.quality[name])
            axes.plot(curve.bpp, -10 * np.log10(1 - values) if name == "ms_ssim" else values, **look)
        for codec, points in published.items() if name == "psnr" else ():
            if codec in {curve.name for curve in curves}:
                axes.plot(*zip(*points, strict=True), f"k{_SIGNS[codec]}", label=f"{codec}, published")
        axes.set_ylabel("MS-SSIM (dB)" if name == "ms_ssim" else metric(name).axis_label)
        axes.set_xlabel("bits per pixel")
        axes.set_xscale("log")
        axes.grid(alpha=0.3)
    lines = drawing.axes[0].get_legend_handles_labels()
    drawing.legend(*lines, loc="outside lower center", ncols=3 * len(names), fontsize=7)
    as_written(drawing.suptitle(f"Codecs on {plain(image_set)}" if image_set else "Codecs", fontsize=9))
    return drawing
