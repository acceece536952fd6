"""The capacities that linksim computes, against limits that are in every textbook."""

from collections.abc import Iterator

import numpy as np

from linksim.link.air.capacity import awgn_capacity, ergodic_capacity, outage_capacity
from linksim.link.air.config import ChannelConfig
from linksim.link.closed_forms import rayleigh_capacity
from linksim.verify.card import Card, Check, within, within_share

_SHANNON_LIMITS = {1 / 4: -0.794, 1 / 3: -0.495, 1 / 2: 0.187, 2 / 3: 1.059, 3 / 4: 1.626, 4 / 5: 2.040}
"""Eb/N0 in dB that binary signals over AWGN need at a code rate."""


def _capacities(short: bool) -> Iterator[Check]:
    from scipy.optimize import brentq

    for rate, published in _SHANNON_LIMITS.items():
        es_no_db = brentq(lambda snr, rate=rate: float(awgn_capacity(snr, 1)) - rate, -15, 15)
        what = f"BPSK of rate {rate:.3g} over AWGN, least Eb/N0"
        yield within(what, es_no_db - 10 * np.log10(rate), published, 0.003, "dB")
    rayleigh = ChannelConfig(kind="rayleigh")
    for es_no_db in (-12.0, -10.0):
        what = f"256-QAM at {es_no_db:g} dB over Rayleigh fading"
        measured = ergodic_capacity(es_no_db, 8, rayleigh)
        yield within_share(what, measured, rayleigh_capacity(es_no_db), 0.001, "bit per channel use")
    for probability in (0.01, 0.1):
        # The fade that all but this share of fades exceed; Shannon's formula at its SNR.
        expected = float(np.log2(1 + 10**-0.3 * -np.log1p(-probability)))
        measured = outage_capacity(-3.0, 8, rayleigh, probability)
        what = f"256-QAM at -3 dB over Rayleigh fading, outage {probability:g}"
        yield within_share(what, measured, expected, 0.002, "bit per channel use")
    for bits_per_symbol in (1, 2, 4, 6, 8):
        what = f"{2**bits_per_symbol} points without noise"
        yield within(what, float(awgn_capacity(60.0, bits_per_symbol)), bits_per_symbol, 1e-6, "bit per channel use")


CAPACITIES = Card(
    "capacities",
    "Capacities of constellations over AWGN and Rayleigh fading",
    "Shannon limits of binary signals (Ryan and Lin, Channel Codes, 2009, ch. 1); Shannon's formula, and its mean over "
    "Rayleigh fading (Lee, 1990), which large constellations reach at low SNR",
    "0.003 dB: the limits are given to 0.001 dB and the capacity is tabulated every 0.25 dB; 0.1 to 0.2 % of Gaussian signals'",
    _capacities,
)
