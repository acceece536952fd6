"""Results as LaTeX tables with booktabs: schemes down, SNRs across, one table per measure."""

import math
import re
from collections.abc import Iterable, Sequence

from linksim.metrics.measure import Measure
from linksim.results.frame import Row
from linksim.results.lines import number
from linksim.results.measures import measure

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def latex_tables(lines: Sequence[Row], names: Iterable[str]) -> str:
    """The tables as text, each a `tabular` with a comment that says what it shows; needs `\\usepackage{booktabs}`.

    Args:
        lines: those of `results.csv`.
        names: of the measures.
    """
    return "\n".join(_table(lines, measure(name).shown_as(lines)) for name in names)


def escaped(text: str) -> str:
    """`text` as LaTeX prints it."""
    return re.sub(r"[\\~^&%$#_{}]", lambda match: _SPECIAL[match[0]], text)


def _table(lines: Sequence[Row], shown: Measure) -> str:
    snrs = sorted({float(line["snr_db"]) for line in lines})
    schemes = list(dict.fromkeys(str(line["scheme"]) for line in lines))
    cells = {(str(line["scheme"]), float(line["snr_db"])): _cell(line, shown) for line in lines}
    rows = [" & ".join([escaped(scheme), *(cells.get((scheme, snr), "") for snr in snrs)]) for scheme in schemes]
    heading = " & ".join([r"$E_s/N_0$ (dB)", *(f"${snr:g}$" for snr in snrs)])
    interval = "ends of the 95 % interval" if shown.share else "half of the 95 % interval"
    return "\n".join(
        [
            f"% {shown.axis_label}: mean and {interval}",
            rf"\begin{{tabular}}{{l{'r' * len(snrs)}}}",
            r"\toprule",
            rf"{heading} \\",
            r"\midrule",
            *(rf"{row} \\" for row in rows),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _cell(line: Row, shown: Measure) -> str:
    value, low, high = (number(line, f"{shown.column}{end}") for end in ("", "_low", "_high"))
    if math.isnan(value):
        return "--"
    if math.isnan(low):
        return f"${_number(value, shown)}$"
    if shown.share:
        return f"${_number(value, shown)}$ [${_number(low, shown)}$, ${_number(high, shown)}$]"
    return rf"${_number(value, shown)} \pm {_number((high - low) / 2, shown)}$"


def _number(value: float, shown: Measure) -> str:
    if value == 0 and shown.logarithmic:
        return "0"
    digits, _, power = shown.text(value).partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits
