"""Closed forms beside what was measured, where a run's link has one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from linksim.common.errors import InputError
from linksim.link.closed_forms import bit_error_rate, uncoded_block_error_rate
from linksim.link.config import LinkConfig
from linksim.results.reading.described import read_described_scenario

_POINTS = 121
_LAW = {"awgn": "AWGN", "rayleigh": "Rayleigh fading"}
_NAMES = {1: "BPSK", 2: "QPSK"}


@dataclass(frozen=True)
class ClosedForm:
    """A line of theory.

    Attributes:
        text: what it is.
        snr_db: Es/N0 in dB `[n]`.
        ebn0_db: Eb/N0 in dB `[n]`; NaN where there is none.
        value: in the unit of the measure's column `[n]`.
    """

    text: str
    snr_db: np.ndarray
    ebn0_db: np.ndarray
    value: np.ndarray


def closed_forms(folders: Sequence[Path], metric: str, low: float, high: float) -> list[ClosedForm]:
    """The lines of theory for the runs in `folders` from Es/N0 `low` to `high` in dB, each once; most have none.

    `ber`: an uncoded link over AWGN or Rayleigh fading with perfect channel knowledge, any number of receive antennas.
    `bler`: the same over AWGN, where the symbols of a block are independent. `outage_rate` of an ideal code: the
    outage probability that it was built for.
    """
    found: dict[str, ClosedForm] = {}
    for folder in folders:
        scenario = _scenario(folder)
        lines = _outages(scenario, low, high) if metric == "outage" else _errors(scenario, metric, low, high)
        found |= {line.text: line for line in lines}
    return list(found.values())


def _scenario(folder: Path) -> dict[str, Any]:
    """The scenario of a run; {} where it cannot be read, since a figure does without."""
    try:
        return read_described_scenario(folder)
    except InputError:
        return {}


def _outages(scenario: dict[str, Any], low: float, high: float) -> list[ClosedForm]:
    mcs = [scheme.get("mcs") or {} for scheme in scenario.get("schemes", [])]
    asked = sorted({one["outage_probability"] for one in mcs if one.get("which") == "outage"})
    ends = np.array([low, high])
    return [
        ClosedForm(f"ideal code made for an outage of {100 * p:g} %", ends, ends * np.nan, np.full(2, p)) for p in asked
    ]


def _errors(scenario: dict[str, Any], metric: str, low: float, high: float) -> list[ClosedForm]:
    try:
        link = LinkConfig.model_validate(scenario.get("link"), strict=False)
    except ValidationError:  # of a plug-in that is not here, or of another version
        return []
    if link.code.kind != "none" or not _is_plain(link) or metric not in ("ber", "bler"):
        return []
    kind, m, branches = link.channel.kind, link.modulation.bits_per_symbol, link.antennas.receive
    name = _NAMES.get(m, f"{2**m}-QAM")
    antennas = f", {branches} receive antennas" if branches > 1 else ""
    snr_db = np.linspace(low, high, _POINTS)
    if metric == "ber":
        values = [bit_error_rate(m, snr, kind == "rayleigh", branches) for snr in snr_db]
        text = f"uncoded {name}, {_LAW[kind]}{antennas}"
    elif kind == "awgn":
        symbols = link.symbols_per_block
        values = [uncoded_block_error_rate(m, snr, symbols, branches) for snr in snr_db]
        text = f"uncoded blocks of {symbols} symbols, {name}, {_LAW[kind]}{antennas}"
    else:
        return []
    return [ClosedForm(text, snr_db, snr_db - 10 * np.log10(m), np.array(values))]


def _is_plain(link: LinkConfig) -> bool:
    """Whether nothing but the constellation and the channel's law decides over errors."""
    if link.channel.kind not in _LAW or link.waveform.kind != "single-carrier":
        return False
    return link.csi.kind == "perfect" and link.csi.error_variance == 0
