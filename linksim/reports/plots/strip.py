"""A strip of pictures: the original, and what each scheme delivers at a few SNRs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.canvas import import_matplotlib, styled
from linksim.reports.lettering import as_written, folded, fonts_for, plain
from linksim.reports.plots import style
from linksim.reports.plots.raster import write_small

CELL = 1.7
"""Inches across a picture."""
TITLE = 20
"""Columns of text above or on a picture."""


@dataclass(frozen=True)
class Example:
    """A received picture.

    Attributes:
        scheme: name of the scheme.
        snr_db: Es/N0 in dB.
        image: uint8 `[H, W, 3]`; None for a picture that was not sent or is left out.
        note: what to write on an absent picture, e.g. `infeasible`; or beside the PSNR, e.g. `outage`.
        psnr_db: as it was measured, where `image` is a compressed copy; None: computed from `image`.
    """

    scheme: str
    snr_db: float
    image: np.ndarray | None
    note: str = ""
    psnr_db: float | None = None


def plot_examples(
    original: np.ndarray, examples: Sequence[Example], out: str | Path, title: str = "", dpi: int = 160
) -> Path:
    """Write the strip: a row per SNR, a column per scheme, the original first; each picture with its PSNR.

    Args:
        original: uint8 `[H, W, 3]`.
        examples: what was received, in any order; schemes and SNRs appear in the order of their first example and by
            rising SNR.
        out: the file to write.
        title: above the original, e.g. the image's name.
        dpi: pixels per inch, fewer where the file would be too large.

    Raises:
        InputError: no examples, or a file that cannot be written.
    """
    if not examples:
        raise InputError("examples: none given; at least one received picture is needed")
    import_matplotlib()
    from matplotlib.figure import Figure

    schemes = list(dict.fromkeys(example.scheme for example in examples))
    snrs = sorted({example.snr_db for example in examples})
    by_cell = {(example.scheme, example.snr_db): example for example in examples}
    height = CELL * original.shape[0] / original.shape[1]
    titles = [title or "original", *schemes]
    with styled(style.RC), fonts_for([*titles, *(example.note for example in examples)]) as known:
        size = (CELL * (len(schemes) + 1) + 0.35, (height + 0.34) * len(snrs) + 0.2)
        figure = Figure(figsize=size, layout="constrained")
        figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.01)  # type: ignore[union-attr, call-arg]
        grid = figure.subplots(len(snrs), len(schemes) + 1, squeeze=False)
        for axes in grid.flat:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_linewidth(0.4)
        for row, snr_db in enumerate(snrs):
            _show(grid[row, 0], original, "original")
            grid[row, 0].set_ylabel(f"Es/N0 {snr_db:g} dB", fontsize=8)
            for column, scheme in enumerate(schemes, start=1):
                example = by_cell.get((scheme, snr_db))
                _show_example(grid[row, column], original, example)
        for column, name in enumerate(titles):
            as_written(grid[0, column].set_title(folded(known(name), TITLE), fontsize=8))
        figure.canvas.draw()
        return write_small(figure, Path(out), dpi)


def _show(axes: Any, image: np.ndarray, caption: str) -> None:
    axes.imshow(image, interpolation="lanczos" if image.shape[1] > 512 else "nearest")
    as_written(axes.set_xlabel(plain(caption), fontsize=7.5, labelpad=2))


def _show_example(axes: Any, original: np.ndarray, example: Example | None) -> None:
    if example is None or example.image is None:
        blank = np.full_like(original, 240)
        _show(axes, blank, "")
        text = example.note if example and example.note else "no picture"
        text = folded(plain(text), TITLE)
        as_written(axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=8))
        return
    from linksim.metrics import psnr

    value = example.psnr_db if example.psnr_db is not None else float(psnr(original[None], example.image[None])[0])
    _show(axes, example.image, f"PSNR {value:.1f} dB" + (f", {example.note}" if example.note else ""))
