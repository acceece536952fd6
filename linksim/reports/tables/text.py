"""Results as an aligned text table."""

import math
from collections.abc import Iterable, Sequence

from linksim.metrics.measure import Measure
from linksim.results.frame import Row
from linksim.results.lines import number
from linksim.results.measures import measure

COLUMNS = ("ber", "bler", "outage_rate", "rho")
"""What the table shows of every run beside the measures."""


def results_table(lines: Sequence[Row], names: Iterable[str], rates: bool = True) -> str:
    """One line per scheme and SNR: the measures with their 95 % intervals, bandwidth ratio, status.

    Args:
        lines: those of `results.csv`.
        names: of the measures; metrics are shown with half their interval, rates with its ends.
        rates: whether columns with `ber`, `bler` and `outage` follow.
    """
    shown = [measure(name) for name in names]
    header = ["scheme", "snr_db", *(_heading(one, lines) for one in shown)]
    header += [*(["ber", "bler", "outage"] if rates else []), "rho", "status"]
    body = [
        [
            line["scheme"],
            f"{line['snr_db']:g}",
            *(with_interval(line, one) for one in shown),
            *([_plain(line["ber"], ".2e"), _plain(line["bler"], ".3f"), _plain(line["outage_rate"], ".2f")] * rates),
            _plain(line["rho"], ".4f"),
            line["status"],
        ]
        for line in lines
    ]
    return aligned(header, body)


def aligned(header: list[str], body: list[list[str]]) -> str:
    """The cells in columns, the first one to the left and the others to the right."""
    widths = [max(len(row[i]) for row in [header, *body]) for i in range(len(header))]
    rows = [header, ["-" * width for width in widths], *body]
    return "\n".join(_row(row, widths) for row in rows)


def _row(row: list[str], widths: list[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    return "  ".join(cells).rstrip()


def _heading(shown: Measure, lines: Sequence[Row]) -> str:
    """The column's name, with what its values are of where that is not the usual."""
    remark = shown.shown_as(lines).label.removeprefix(shown.label)
    unit = f" ({shown.unit})" if shown.scale != 1 else ""
    return f"{shown.column}{unit}{remark}"


def with_interval(line: Row, shown: Measure) -> str:
    """A value with half its interval, or with its ends where it lies between them unevenly; `-` for none."""
    value, low, high = (number(line, f"{shown.column}{end}") for end in ("", "_low", "_high"))
    if math.isnan(value):
        return "-"
    if math.isnan(low):
        return shown.text(value)
    if shown.share:
        return f"{shown.text(value)} [{shown.text(low)}, {shown.text(high)}]"
    return f"{shown.text(value)} ±{shown.text((high - low) / 2)}"


def _plain(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
