"""OFDM and receive antennas against what flat fading of the same power does."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from linksim.link.closed_forms import bit_error_rate
from linksim.verify.card import Card, Check, within_share
from linksim.verify.links import NAMES, payloads_and_receptions

_OFDM = {"kind": "ofdm", "subcarriers": 72, "subcarrier_spacing_khz": 30, "cyclic_prefix": 6}
_SLOT_BITS = 1440
"""Payload bits of one slot in QPSK, as many as fit with a CRC."""


def _ofdm(short: bool) -> Iterator[Check]:
    slots = 1000 if short else 5000
    for model in ("A", "C"):
        channel = {"kind": "tdl", "model": model, "delay_spread_ns": 280}
        for es_no_db in (5.0, 15.0):
            expected = bit_error_rate(2, es_no_db, rayleigh=True)
            what = f"QPSK over TDL-{model} at {es_no_db:g} dB, bit-error rate"
            yield within_share(what, _error_rate(channel, 1, es_no_db, slots), expected, 0.1 if short else 0.05)
    for antennas in (2, 4):
        expected = bit_error_rate(2, 0.0, rayleigh=True, branches=antennas)
        measured = _error_rate({"kind": "rayleigh"}, antennas, 0.0, slots // 4)
        yield within_share(f"QPSK with {antennas} antennas at 0 dB each, bit-error rate", measured, expected, 0.05)


def _error_rate(channel: dict[str, Any], antennas: int, es_no_db: float, slots: int) -> float:
    """Of QPSK over OFDM with one payload a slot, each over fades of its own."""
    settings = {
        "code": {"kind": "none", "block_bits": _SLOT_BITS},
        "modulation": {"bits_per_symbol": 2},
        "waveform": _OFDM,
        "channel": channel,
        "antennas": {"receive": antennas},
    }
    sent, received = payloads_and_receptions(settings, es_no_db, slots, _SLOT_BITS - 24)
    return float(np.mean([np.mean(a != b.bits) for a, b in zip(sent, received, strict=True)]))


OFDM = Card(
    "ofdm",
    f"Bit-error rates of uncoded {NAMES[2]} over OFDM: TDL channels of 3GPP TR 38.901, and several receive antennas",
    "closed form of Rayleigh fading (Proakis, Digital Communications, 14.4-15): each resource element of a TDL without line of "
    "sight is Rayleigh of unit mean power; L antennas are L branches with maximum-ratio combining",
    "10 % (short form) or 5 %: 1000 or 5000 slots, each of a few independent fades; 5 % for antennas",
    _ofdm,
)
