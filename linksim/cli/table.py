"""Results as an aligned text table."""

import math
from typing import Any

from linksim.metrics.measure import Measure
from linksim.metrics.metric import Metric
from linksim.metrics.registry import metric


def results_table(lines: list[dict[str, Any]], metrics: tuple[str, ...]) -> str:
    """One line per scheme and SNR: metrics with half their 95 % interval, error rates, bandwidth ratio, status."""
    shown = [metric(name) for name in metrics]
    header = [
        "scheme",
        "snr_db",
        *(_heading(measure, lines) for measure in shown),
        "ber",
        "bler",
        "outage",
        "rho",
        "status",
    ]
    body = [
        [
            line["scheme"],
            f"{line['snr_db']:g}",
            *(_with_interval(line, measure) for measure in shown),
            _number(line["ber"], ".2e"),
            _number(line["bler"], ".3f"),
            _number(line["outage_rate"], ".2f"),
            _number(line["rho"], ".4f"),
            line["status"],
        ]
        for line in lines
    ]
    widths = [max(len(row[i]) for row in [header, *body]) for i in range(len(header))]
    rows = [header, ["-" * width for width in widths], *body]
    return "\n".join(_aligned(row, widths) for row in rows)


def _heading(metric: Metric, lines: list[dict[str, Any]]) -> str:
    """The column's name, with what its values are of where that is not the usual."""
    remark = metric.shown_as(lines).label.removeprefix(metric.label)
    return f"{metric.column}{remark}"


def _aligned(row: list[str], widths: list[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    return "  ".join(cells).rstrip()


def _with_interval(line: dict[str, Any], measure: Measure) -> str:
    column, decimals = measure.column, measure.decimals
    half = (line[f"{column}_high"] - line[f"{column}_low"]) / 2
    text = _number(line[column], f".{decimals}f")
    return text if math.isnan(half) or text == "-" else f"{text} ±{half:.{decimals}f}"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
