"""The report's text: sentences whose every number is computed from the tables."""

import math
from itertools import groupby

from linksim.metrics.measure import Measure
from linksim.reports.page.load import Run
from linksim.results import Estimate
from linksim.results.differences import difference

LOW_OUTAGE, FEW_OUTAGES = 0.01, 0.1

_ALWAYS_SHOWN = ("semantic", "deepjscc", "deepjscc-q")
"""Kinds of schemes that show whatever arrives."""


def headlines(run: Run) -> tuple[str, list[str]]:
    """The text on a run.

    Returns:
        A paragraph on what was sent, and a list of sentences: for each metric and budget who leads
        by how much and where the lead changes, then where each scheme's outage ends and what did not fit its budget.
    """
    metrics = []
    for measure in run.measures:
        for rho, schemes in run.budgets:
            subject = measure.label if len(run.budgets) == 1 else f"{measure.label} at rho = {rho:.4f}"
            if text := f"{_lead(run, measure, schemes, subject)} {_reign(run, measure, schemes)}".strip():
                metrics.append(text)
    return " ".join(filter(None, [_subject(run), _bandwidth(run)])), [*metrics, *_outages(run), *_infeasible(run)]


def number(value: float, digits: int, unit: str = "") -> str:
    """`value` with so many decimals and a true minus sign, "none" for a missing one."""
    if math.isnan(value):
        return "none"
    text = f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(value) else "\N{INFINITY}"
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def decibel(snr_db: float) -> str:
    """An SNR as text."""
    return f"{snr_db + 0.0:g} dB".replace("-", "\N{MINUS SIGN}").replace(" ", "\N{NO-BREAK SPACE}")


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _subject(run: Run) -> str:
    images = int(run.table["n_images"].max())
    repetitions = int(run.table["repetitions"].max())
    fades = f", each sent {repetitions} times" if repetitions > 1 else ""
    snrs = run.snrs
    span = f"at {decibel(snrs[0])}" if len(snrs) == 1 else f"from {decibel(snrs[0])} to {decibel(snrs[-1])}"
    return (
        f"{len(run.schemes)} {'scheme' if len(run.schemes) == 1 else 'schemes'} over {images} "
        f"{'image' if images == 1 else 'images'}{fades}, {span} Es/N0."
    )


def _bandwidth(run: Run) -> str:
    rho = run.table["rho"].dropna()
    uses = run.table["channel_uses"].dropna()
    if rho.empty:
        return ""
    low, high = float(uses.min()), float(uses.max())
    if high - low <= 0.005 * high:
        return f"Every scheme takes about {high:,.0f} channel uses per image (rho = {rho.max():.4f})."
    least = run.table.loc[uses.idxmin(), "scheme"]
    most = run.table.loc[uses.idxmax(), "scheme"]
    return (
        f"Channel uses per image lie between {low:,.0f} ({least}, rho = {rho.min():.4f}) "
        f"and {high:,.0f} ({most}, rho = {rho.max():.4f})."
        + (" Only schemes of one budget are ranked." if len(run.budgets) > 1 else "")
    )


def _ranking(run: Run, measure: Measure, schemes: list[str], snr_db: float) -> list[tuple[str, float]]:
    values = {s: v for s, v in run.values(measure.column, snr_db).items() if s in schemes and s not in run.bounds}
    return sorted(values.items(), key=lambda item: item[1], reverse=measure.higher_is_better)


def _best(run: Run, measure: Measure, schemes: list[str], snr_db: float) -> str:
    """Who of `schemes` has the best mean; all whose mean reads the same. "" where fewer than two have one."""
    ranking = _ranking(run, measure, schemes, snr_db)
    if len(ranking) < 2:
        return ""
    level = {name for name, value in ranking if round(abs(value - ranking[0][1]), measure.decimals) == 0}
    names = [name for name in run.schemes if name in level]
    return names[0] if len(names) == 1 else f"{listed(names)} alike"


def _lead(run: Run, measure: Measure, schemes: list[str], subject: str) -> str:
    snr = run.middle_snr
    ranking = _ranking(run, measure, schemes, snr)
    if len(ranking) < 2:
        return ""
    (first, best), (second, next_best) = ranking[:2]
    value = number(best, measure.decimals, measure.unit)
    leaders = _best(run, measure, schemes, snr)
    if leaders != first:
        return f"{subject}: at {decibel(snr)} {leaders} have the best, {value}."
    gap = number(abs(best - next_best), measure.decimals, measure.unit)
    sense = "above" if measure.higher_is_better else "below"
    interval = _paired(run, measure, first, second, snr)
    return f"{subject}: at {decibel(snr)} {first} leads with {value}, {gap} {sense} {second}{interval}."


def _paired(run: Run, measure: Measure, first: str, second: str, snr_db: float) -> str:
    """The interval of the difference, as text."""
    gain = _difference(run, measure, first, second, snr_db)
    if math.isnan(gain.low):
        return ""
    low, high = number(gain.low, measure.decimals), number(gain.high, measure.decimals, measure.unit)
    verdict = "" if gain.low > 0 else ", so the lead is not certain"
    return f" (95 % interval of the difference {low} to {high}{verdict})"


def _difference(run: Run, measure: Measure, first: str, second: str, snr_db: float) -> Estimate:
    """How much better `first` is over the same images: narrower than the two intervals tell."""
    values = run.by_point(measure.column)
    return difference(values.get((first, snr_db), {}), values.get((second, snr_db), {})).times(measure.sign)


def _reign(run: Run, measure: Measure, schemes: list[str]) -> str:
    """Who of `schemes` has the best mean over which stretch of SNR, and where the lead over the next one is within
    its error.
    """
    best = [(snr, leaders) for snr in run.snrs if (leaders := _best(run, measure, schemes, snr))]
    stretches = []
    for name, members in groupby(best, key=lambda item: item[1]):
        snrs = [snr for snr, _ in members]
        where = f"at {decibel(snrs[0])}" if len(snrs) == 1 else f"from {decibel(snrs[0])} to {decibel(snrs[-1])}"
        stretches.append(f"{name} {where}")
    if len(best) < 2:
        return ""
    doubtful = [snr for snr, leaders in best if _is_doubtful(run, measure, schemes, snr, leaders)]
    doubt = f" Not certain (95 %): at {listed([decibel(snr) for snr in doubtful])}." if doubtful else ""
    if len(stretches) == 1:
        return f"The same holds at every SNR: {best[0][1]}.{doubt}"
    return f"Best mean: {', '.join(stretches)}.{doubt}"


def _is_doubtful(run: Run, measure: Measure, schemes: list[str], snr_db: float, leaders: str) -> bool:
    """Whether the one who leads may not be better than the next; several alike claim nothing."""
    first, second = (name for name, _ in _ranking(run, measure, schemes, snr_db)[:2])
    return first == leaders and _difference(run, measure, first, second, snr_db).low <= 0


def _outages(run: Run) -> list[str]:
    """Where each scheme's outage ends, schemes with the same answer together."""
    groups: dict[str, list[str]] = {}
    shown = {s["name"] for s in run.scenario.get("schemes", []) if s.get("kind") in _ALWAYS_SHOWN}
    for scheme in run.schemes:
        answer = "none, since whatever arrives is shown" if scheme in shown else _outage(run, scheme)
        if answer:
            groups.setdefault(answer, []).append(scheme)
    return [f"Outage of {listed(schemes)}: {answer}." for answer, schemes in groups.items()]


def _outage(run: Run, scheme: str) -> str:
    rows = run.rows(scheme)
    rows = rows[rows["outage_rate"].notna()]
    rates = dict(zip(rows["snr_db"].astype(float), rows["outage_rate"].astype(float), strict=True))
    if not rates:
        return ""
    lost = [snr for snr, rate in rates.items() if rate > LOW_OUTAGE]
    if not lost:
        return "at most 1 % at every SNR"
    last, end = max(lost), max(rates)
    first_received = min((snr for snr, rate in rates.items() if rate < 1), default=math.inf)
    total = [snr for snr in rates if snr < first_received]
    parts = [f"every picture lost up to {decibel(max(total))}"] if total and max(total) < last else []
    few, hardly_any = _from(rates, FEW_OUTAGES), _from(rates, LOW_OUTAGE)
    if few is not None and few != hardly_any:  # a long tail of rare losses is not a cliff
        parts.append(f"at most 10 % from {decibel(few)}")
    if hardly_any is None:
        return ", ".join([*parts, f"still {number(100 * rates[end], 1, '%')} at {decibel(end)}, the end of the sweep"])
    parts.append(
        f"at most 1 % from {decibel(hardly_any)}; at {decibel(last)} it is {number(100 * rates[last], 1, '%')}"
    )
    return ", ".join(parts)


def _from(rates: dict[float, float], limit: float) -> float | None:
    """The SNR from which on no rate is above `limit`; None where the last one is."""
    above = max((snr for snr, rate in rates.items() if rate > limit), default=-math.inf)
    return min((snr for snr in rates if snr > above), default=None)


def _infeasible(run: Run) -> list[str]:
    rows = run.table[run.table["status"] == "infeasible"]
    return [
        f"{scheme} does not fit its budget at {listed([decibel(snr) for snr in sorted(group['snr_db'])])}, "
        "so it has no values there."
        for scheme, group in rows.groupby("scheme", sort=False)
    ]
