"""`linksim plot` and `linksim report`: figures and the page of finished runs."""

import math
import sys
from pathlib import Path

from linksim.common.errors import InputError
from linksim.reports import page as report
from linksim.reports import plots
from linksim.results.reading.examples import load_examples


def plot_command(
    folders: list[Path],
    metric: str | None,
    schemes: list[str] | None,
    relative_to: str | None,
    formats: list[str],
    snr_range: str | None,
    ebn0_axis: bool,
    width: float,
    out: Path | None,
    x: str = "esn0",
) -> None:
    """Draw the figures; of gains, print the means too."""
    ends = parse_range(snr_range) if snr_range else None
    for path in plots.plot_run(folders, metric, formats, relative_to, out, ends, ebn0_axis, width, schemes, x):
        print(path)
    if relative_to and metric:
        for label, gain in plots.average_gains(folders, metric, relative_to, ends, schemes).items():
            interval = f" (95 % interval {gain.low:+.4g} to {gain.high:+.4g})" if math.isfinite(gain.low) else ""
            print(f"{label}: mean gain {gain.mean:+.4g} over {relative_to}{interval}")
        for note in plots.unequal_notes(folders, metric, relative_to, schemes):
            print(note)


def report_command(folders: list[Path], out: Path | None) -> None:
    """Write the page and print where it is, and which runs have no pictures for it."""
    page = report.write(folders, out or folders[0] / "report.html")
    for folder in folders:
        if not load_examples(folder):
            print(
                f"linksim: {folder}/examples is not there, so the page has no pictures of it; run the scenario again",
                file=sys.stderr,
            )
    print(page)


def parse_range(text: str) -> tuple[float, float]:
    """`0:20` as two numbers. Raises `InputError`."""
    low, _, high = text.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise InputError(f"--snr-range {text}: LOW:HIGH in dB is needed, such as 0:20") from None
    if ends[0] >= ends[1]:
        raise InputError(f"--snr-range {text}: the first number must be below the second, such as 0:20")
    return ends
