"""The figures of a finished run: curves, and the strip of examples."""

import io
import os
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from linksim.common.errors import LinksimError
from linksim.results.lines import measured, read_lines
from linksim.results.reading.examples import load_examples, read_picture
from linksim.scenario import Scenario

_STRIP_SNRS = 4


def draw(folder: Path, scenario: Scenario) -> list[str]:
    """Draw the metrics' curves and the strip of examples into `folder`; a line for each figure that failed."""
    from linksim.reports import plots

    failed = []
    steps: list[Callable[[], object]] = [partial(plots.plot_run, folder, name) for name in measured(read_lines(folder))]
    steps.append(partial(_strip, folder, scenario))
    for step in steps:
        try:
            step()
        except Exception as error:  # the numbers are there: no figure may take them away
            text = str(error) if isinstance(error, LinksimError) else f"{type(error).__name__}: {error}"
            failed.append(f"a figure is missing: {' '.join(text.split())}")
            if os.environ.get("LINKSIM_DEBUG"):
                traceback.print_exc()
    return failed


def _strip(folder: Path, scenario: Scenario) -> None:
    """`examples.png`: the first image as each scheme delivers it, at the SNRs where the pictures differ most."""
    from linksim.reports import plots

    index = load_examples(folder)
    if not index:
        return

    first = index[0]
    received = {(entry["scheme"], entry["snr_db"]): entry for entry in first["received"]}
    quality = {
        snr_db: [(received.get((scheme.name, snr_db)) or {}).get("psnr_db") or 0.0 for scheme in scenario.schemes]
        for snr_db in sorted(scenario.sweep.snrs)
    }
    examples = []
    for scheme in scenario.schemes:
        for snr_db in telling(quality, _STRIP_SNRS):
            entry = received.get((scheme.name, snr_db))
            if entry is None:
                examples.append(plots.Example(scheme.name, snr_db, None, "infeasible"))
            else:
                image = _picture(folder, entry["file"]) if entry["file"] else None
                note = "outage" if entry["outage"] else ""
                examples.append(plots.Example(scheme.name, snr_db, image, note, entry["psnr_db"]))
    plots.plot_examples(_picture(folder, first["original"]), examples, folder / "examples.png", first["id"])


def _picture(folder: Path, name: str) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(read_picture(folder, name))).convert("RGB"))


def telling(quality: dict[float, list[float]], count: int) -> list[float]:
    """At most `count` SNRs whose pictures differ most: both ends of the sweep, then always the one farthest from
    those chosen.

    Args:
        quality: PSNRs of the schemes by SNR; above the cliff all are alike, and one of them is enough.
    """
    snrs = list(quality)
    if len(snrs) <= count:
        return snrs

    def distance(snr_db: float, chosen: list[float]) -> float:
        return min(sum(abs(a - b) for a, b in zip(quality[snr_db], quality[c], strict=True)) for c in chosen)

    chosen = [snrs[0], snrs[-1]]
    while len(chosen) < count:
        chosen.append(max((snr for snr in snrs if snr not in chosen), key=lambda snr: distance(snr, chosen)))
    return sorted(chosen)
