"""The figures of a finished run: curves, and the strip of examples."""

from pathlib import Path

from linksim.results.examples import FOLDER, load_examples
from linksim.scenario import Scenario

_STRIP_SNRS = 4


def draw(folder: Path, scenario: Scenario) -> None:
    """Draw the metrics' curves and the strip of examples into `folder`."""
    from linksim import plots

    plots.plot_run(folder)
    _strip(folder, scenario)


def _strip(folder: Path, scenario: Scenario) -> None:
    """`examples.png`: the first image as each scheme delivers it, at SNRs spread over the sweep."""
    import numpy as np
    from PIL import Image

    from linksim import plots

    index = load_examples(folder)
    if not index:
        return

    def picture(name: str) -> np.ndarray:
        return np.asarray(Image.open(folder / FOLDER / name).convert("RGB"))

    first = index[0]
    received = {(entry["scheme"], entry["snr_db"]): entry for entry in first["received"]}
    examples = []
    for scheme in scenario.schemes:
        for snr_db in spread(sorted(scenario.sweep.snrs), _STRIP_SNRS):
            entry = received.get((scheme.name, snr_db))
            if entry is None:
                examples.append(plots.Example(scheme.name, snr_db, None, "infeasible"))
            else:
                image = picture(entry["file"]) if entry["file"] else None
                examples.append(plots.Example(scheme.name, snr_db, image, "outage" if entry["outage"] else ""))
    plots.plot_examples(picture(first["original"]), examples, folder / "examples.png", first["id"])


def spread(values: list[float], count: int) -> list[float]:
    """At most `count` of the sorted `values`, both ends among them, evenly spread."""
    if len(values) <= count:
        return values
    return [values[round(i * (len(values) - 1) / (count - 1))] for i in range(count)]
