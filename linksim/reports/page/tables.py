"""The report's tables as HTML: what was sent, how often a picture was lost, every number, versions."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from linksim.reports.page.headlines import decibel, number
from linksim.reports.page.load import Run

_LEDGER = (
    ("source_bits", "Source bits", 0),
    ("crc_bits", "CRC bits", 0),
    ("filler_bits", "Filler bits", 0),
    ("information_bits", "Information bits", 0),
    ("coded_bits", "Coded bits", 0),
    ("channel_uses", "Channel uses", 0),
    ("bpp", "bpp", 3),
    ("rho", "rho", 4),
)


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], extra_class: str = "") -> str:
    """A table; the cells are HTML already, the first of each row is its heading."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{extra_class}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def ledger_table(run: Run) -> str:
    """Means per image of everything sent; a range where the scheme adapts to the SNR."""
    rows = [
        [escape(scheme), *(_span(run, scheme, name, digits) for name, _, digits in _LEDGER)] for scheme in run.schemes
    ]
    return table("Sent per image, on average", ["Scheme", *(title for _, title, _ in _LEDGER)], rows)


def _span(run: Run, scheme: str, column: str, digits: int) -> str:
    source = run.images if run.images is not None and "status" in run.images.columns else run.table
    if column not in source.columns:
        return "–"
    rows = source[(source["scheme"] == scheme) & (source["status"] == "ok")]
    means = rows.groupby("snr_db")[column].mean().dropna()
    if means.empty:
        return "–"
    low, high = number(float(means.min()), digits), number(float(means.max()), digits)
    return low if low == high else f"{low} to {high}"


def outage_table(run: Run) -> str:
    """Part of the pictures that the receiver knows to be lost, by scheme and SNR."""
    rows = [[escape(scheme), *(_outage_cell(run, scheme, snr) for snr in run.snrs)] for scheme in run.schemes]
    return table("Outage: pictures known to be lost", ["Scheme", *map(decibel, run.snrs)], rows, "heat")


def _outage_cell(run: Run, scheme: str, snr_db: float) -> str:
    value = run.values("outage_rate", snr_db).get(scheme)
    if value is None:
        return "–"
    percent = 100 * value
    text = f"{percent:.1f}" if 0 < percent < 10 or 90 < percent < 100 else f"{percent:.0f}"
    return f'<td style="--heat:{value:.3f}">{text} %</td>'


def numbers_table(run: Run) -> str:
    """Every mean with its interval, error rates and the settings that an adaptive scheme chose."""
    header = ["Scheme", "SNR", *(measure.label for measure in run.measures), "BER", "BLER", "Settings"]
    rows = []
    for scheme in run.schemes:
        for _, line in run.rows(scheme).iterrows():
            rows.append(
                [
                    escape(scheme),
                    decibel(float(line["snr_db"])),
                    *(_metric_cell(line, m.column, m.decimals) for m in run.measures),
                    _rate_cell(line, "ber", ".2e"),
                    _rate_cell(line, "bler", ".3f"),
                    _settings(line),
                ]
            )
    return table("Means with 95 % intervals", header, rows)


def _metric_cell(line: Any, column: str, digits: int) -> str:
    mean, low, high = (float(line[name]) for name in (column, f"{column}_low", f"{column}_high"))
    if math.isnan(mean):
        return "infeasible" if line["status"] == "infeasible" else "–"
    if math.isnan(low):
        return number(mean, digits)
    return f'{number(mean, digits)} <span class="quiet">{number(low, digits)} to {number(high, digits)}</span>'


def _rate_cell(line: Any, column: str, form: str) -> str:
    value = _plain(line[column], form)
    low, high = (float(line.get(f"{column}{end}", math.nan)) for end in ("_low", "_high"))
    if math.isnan(low):
        return value
    return f'{value} <span class="quiet">{_plain(low, form)} to {_plain(high, form)}</span>'


def _plain(value: Any, form: str) -> str:
    value = float(value)
    return "–" if math.isnan(value) else format(value, form) if value else "0"


def _settings(line: Any) -> str:
    import json

    text = line.get("settings", "{}")
    settings = json.loads(text) if isinstance(text, str) else {}
    return (
        escape(
            ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in settings.items()
            )
        )
        or "–"
    )


def facts_table(run: Run) -> str:
    """Versions, seeds, hashes and times of `run.json`."""
    return table(
        "Versions, hashes and times",
        ["What", "Value"],
        [[escape(k), escape(v)] for k, v in _facts(run.info, "")],
        "facts",
    )


def _facts(data: dict[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in data.items():
        name = f"{prefix}{str(key).replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _facts(value, f"{name}: ")
        else:
            yield name, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def overview_tables(runs: list[Run]) -> str:
    """Several runs side by side: each metric at the middle of the SNRs they share, schemes by runs."""
    shared = sorted(set.intersection(*(set(run.snrs) for run in runs)))
    if not shared:
        return "<p>The runs share no SNR, so they cannot be set side by side.</p>"
    snr = shared[(len(shared) - 1) // 2]
    schemes = list(dict.fromkeys(scheme for run in runs for scheme in run.schemes))
    measures = list(dict.fromkeys(measure for run in runs for measure in run.measures))
    tables = []
    for measure in measures:
        values = [run.values(measure.column, snr) if measure in run.measures else {} for run in runs]
        rows = [
            [escape(s), *(number(v.get(s, math.nan), measure.decimals).replace("none", "–") for v in values)]
            for s in schemes
        ]
        unit = f" in {measure.unit}" if measure.unit else ""
        tables.append(table(f"{measure.label}{unit} at {decibel(snr)}", ["Scheme", *(run.name for run in runs)], rows))
    return "".join(tables)
