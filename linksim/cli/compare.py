"""`linksim compare`: which differences of schemes or runs are certain."""

import math
from pathlib import Path

from linksim.metrics.registry import metric as metric_of
from linksim.reports.comparison import Comparison, compare, verdict
from linksim.reports.tables.text import aligned
from linksim.results.lines import measured, read_lines
from linksim.results.statistics import Estimate


def compare_command(folders: list[Path], metrics: list[str], relative_to: str | None, schemes: list[str]) -> None:
    """Print a table for each metric, and how far certainty goes."""
    names = metrics or measured(line for folder in folders for line in read_lines(folder))
    for name in names:
        print(_table(compare(folders, name, relative_to, schemes or None), name))
        print()
    print("Gains are paired by image. Each interval is a 95 % interval by itself: of 20 of them one misses on average.")


def _table(comparisons: list[Comparison], metric: str) -> str:
    decimals = metric_of(metric).decimals
    header = ["scheme", "against", "snr_db", metric_of(metric).gain_label, "95 % interval", "verdict"]
    body = []
    for one in comparisons:
        for snr, gain in one.gains.items():
            body.append([one.label, one.reference, f"{snr:g}", *_cells(gain, decimals)])
        if not math.isnan(one.mean.mean):
            body.append([one.label, one.reference, "mean", *_cells(one.mean, decimals)])
    return aligned(header, body)


def _cells(gain: Estimate, decimals: int) -> list[str]:
    if math.isnan(gain.low):
        return [f"{gain.mean:+.{decimals}f}", "-", "not known"]
    return [f"{gain.mean:+.{decimals}f}", f"{gain.low:+.{decimals}f} to {gain.high:+.{decimals}f}", verdict(gain)]
