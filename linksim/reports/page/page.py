"""The page: sections of every run, put together with style, script and pictures."""

import json
from html import escape
from importlib.resources import files
from typing import Any

from linksim.common.version import __version__
from linksim.metrics.measure import Measure
from linksim.metrics.registry import metrics
from linksim.reports.page.figure import colors, marker, metric_figure, style_class
from linksim.reports.page.headlines import decibel, headlines
from linksim.reports.page.load import Run
from linksim.reports.page.pictures import Gallery, gallery
from linksim.reports.page.tables import facts_table, ledger_table, numbers_table, outage_table, overview_tables
from linksim.results.measures import OUTAGE

# Nothing may be fetched: the browser itself enforces that the page is self-contained.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(runs: list[Run]) -> str:
    """The whole page as HTML."""
    pictures = gallery(runs)
    title = ", ".join(dict.fromkeys(run.name for run in runs))
    sections = "\n".join(_run(run, number, pictures) for number, run in enumerate(runs))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)} – linksim report</title>
<style>
{colors()}
{_asset("style.css")}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header class="top"><p class="brand">linksim report</p>{_navigation(runs)}</header>
<main id="main">
{_overview(runs)}{sections}
</main>
<footer>Written by linksim {escape(__version__)}. Bands and intervals are 95 % intervals of the mean.</footer>
<script type="application/json" id="data">{_data(runs, pictures)}</script>
<script>
{_asset("script.js")}</script>
</body>
</html>
"""


def _asset(name: str) -> str:
    return (files("linksim.reports.page") / name).read_text(encoding="utf-8")


def _data(runs: list[Run], pictures: Gallery) -> str:
    """What the script needs, as JSON that cannot end its element."""
    content = {
        "pictures": pictures.data,
        "runs": [
            {
                "snrs": run.snrs,
                "schemes": run.schemes,
                "images": images,
                "measures": [_values(run, m) for m in _shown(run)],
            }
            for run, images in zip(runs, pictures.runs, strict=True)
        ],
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _values(run: Run, measure: Measure) -> dict[str, Any]:
    by_snr = [run.values(measure.column, snr) for snr in run.snrs]
    return {
        "unit": measure.unit,
        "digits": measure.decimals,
        "higher": measure.higher_is_better,
        "values": [
            [
                round(values[scheme] * measure.scale, measure.decimals + 2) if scheme in values else None
                for scheme in run.schemes
            ]
            for values in by_snr
        ],
    }


def _shown(run: Run) -> list[Measure]:
    return [*run.measures, *([OUTAGE] if run.table["outage_rate"].notna().any() else [])]


def _navigation(runs: list[Run]) -> str:
    if len(runs) == 1:
        parts = {"figures": "Figures", "rates": "Rates and outage", "pictures": "Pictures", "scenario": "Scenario"}
        if not runs[0].examples:
            del parts["pictures"]
        links = "".join(f'<a href="#r0-{part}">{title}</a>' for part, title in parts.items())
    else:
        links = '<a href="#overview">Overview</a>'
        links += "".join(f'<a href="#r{i}">{escape(run.name)}</a>' for i, run in enumerate(runs))
    return f'<nav aria-label="Parts of this page">{links}</nav>'


def _overview(runs: list[Run]) -> str:
    if len(runs) == 1:
        return ""
    return f'<section id="overview"><h1>{len(runs)} runs side by side</h1>{overview_tables(runs)}</section>\n'


def _run(run: Run, number: int, pictures: Gallery) -> str:
    identity = f"r{number}"
    description = str(run.scenario.get("description") or "")
    lead = f'<p class="lead">{escape(description)}</p>' if description else ""
    paragraph, findings = headlines(run)
    items = "".join(f"<li>{escape(finding)}</li>" for finding in findings)
    return f"""<article class="run" id="{identity}" data-run="{number}" aria-labelledby="{identity}-h">
<h1 id="{identity}-h">{escape(run.name)}</h1>
{lead}{_warnings(run)}<p class="headline">{escape(paragraph)}</p>
<ul class="headline">{items}</ul>
{_figures(run, identity)}
<section id="{identity}-rates"><h2>Rates and outage</h2>
{ledger_table(run)}
<p class="hint">bpp: source bits per pixel. rho: complex channel uses per real source value, of which an image has three per pixel.</p>
{outage_table(run)}
<details><summary>All numbers</summary>{numbers_table(run)}</details></section>
{_pictures(run, identity, pictures.note if pictures.runs[number] else None)}
<section id="{identity}-scenario"><h2>Scenario and versions</h2>
{_scenario(run)}{facts_table(run) if run.info else ""}</section>
</article>"""


def _warnings(run: Run) -> str:
    notes = []
    if run.info.get("finished") is False:
        notes.append("This run is not finished: the numbers are of the points so far.")
    notes += [f"{metric} is not shown: {why}" for metric, why in run.info.get("metrics_unavailable", {}).items()]
    notes += [f"{m.label} is empty: {why}." for m in metrics().values() if (why := m.why_empty(run.lines))]
    notes += [f"Left out {image}: {why}" for image, why in run.info.get("images", {}).get("skipped", {}).items()]
    return "".join(f'<p class="warning" role="note">{escape(note)}</p>\n' for note in notes)


def _figures(run: Run, identity: str) -> str:
    legend = "".join(
        f'<button type="button" class="key {style_class(run, i)}" aria-pressed="true" data-scheme="{i}">'
        f'<svg viewBox="-14 -7 28 14" aria-hidden="true"><path class="line" d="M-14 0H14"/><path class="mark" d="{marker(i)}"/></svg>'
        f"{escape(scheme)}{' (bound)' if scheme in run.bounds else ''}</button>"
        for i, scheme in enumerate(run.schemes)
    )
    drawings = "".join(
        f'<figure data-measure="{i}" tabindex="0" role="group" aria-label="{escape(measure.label)} against SNR; arrow keys move the SNR">'
        f"<figcaption>{escape(measure.label)}</figcaption>{metric_figure(run, measure, f'{identity}-f{i}')}"
        f'<ol class="readout"></ol></figure>'
        for i, measure in enumerate(_shown(run))
    )
    return f"""<section id="{identity}-figures"><h2>Figures</h2>
<div class="bar">{_slider(run, f"{identity}-snr")}<div class="legend" role="group" aria-label="Schemes to show">{legend}</div></div>
<div class="figures">{drawings}</div></section>"""


def _slider(run: Run, identity: str) -> str:
    middle = run.snrs.index(run.middle_snr)
    return (
        f'<div class="slider"><label for="{identity}">SNR</label><input type="range" class="snr" id="{identity}" min="0" '
        f'max="{len(run.snrs) - 1}" step="1" value="{middle}" aria-valuetext="{decibel(run.middle_snr)}">'
        f'<output for="{identity}">{decibel(run.middle_snr)}</output></div>'
    )


def _pictures(run: Run, identity: str, note: str | None) -> str:
    """The grid's frame; the script fills it. `note` is None where there are no pictures."""
    if note is None:
        return ""
    hint = f'<p class="hint">{escape(note)}</p>' if note else ""
    return f"""<section id="{identity}-pictures"><h2>Received pictures</h2>
<div class="bar">{_slider(run, f"{identity}-psnr")}
<div class="slider"><label for="{identity}-image">Image</label><select id="{identity}-image" class="image"></select></div>
<div class="slider"><label for="{identity}-zoom">Magnifier</label><input type="range" class="zoom" id="{identity}-zoom" min="1" max="8" step="0.5" value="1" aria-valuetext="1 times">
<output for="{identity}-zoom">1×</output></div></div>
<p class="hint screen">Click a picture to magnify that spot in all of them, move to look around, click again to leave.
With the keyboard: focus the pictures, then + and − magnify, arrows move, Esc leaves.</p>
<div class="grid" tabindex="0" role="group" aria-label="Original and received pictures; plus and minus magnify, arrow keys move"></div>
<p class="visually-hidden" aria-live="polite"></p>{hint}
<noscript><p class="warning">The pictures need JavaScript; everything else on this page is there without it.</p></noscript></section>"""


def _scenario(run: Run) -> str:
    if not run.scenario_text:
        return ""
    return f'<pre tabindex="0" role="region" aria-label="The resolved scenario, scenario.yaml">{escape(run.scenario_text)}</pre>'
