"""The figures of a finished run: curves, and the strip of examples."""

from pathlib import Path

from linksim.results.examples import FOLDER, load_examples
from linksim.scenario import Scenario

_STRIP_SNRS = 4


def draw(folder: Path, scenario: Scenario) -> None:
    """Draw the metrics' curves and the strip of examples into `folder`."""
    from linksim.reports import plots

    plots.plot_run(folder)
    _strip(folder, scenario)


def _strip(folder: Path, scenario: Scenario) -> None:
    """`examples.png`: the first image as each scheme delivers it, at the SNRs where the pictures differ most."""
    import numpy as np
    from PIL import Image

    from linksim.reports import plots

    index = load_examples(folder)
    if not index:
        return

    def picture(name: str) -> np.ndarray:
        return np.asarray(Image.open(folder / FOLDER / name).convert("RGB"))

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
                image = picture(entry["file"]) if entry["file"] else None
                note = "outage" if entry["outage"] else ""
                examples.append(plots.Example(scheme.name, snr_db, image, note, entry["psnr_db"]))
    plots.plot_examples(picture(first["original"]), examples, folder / "examples.png", first["id"])


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
