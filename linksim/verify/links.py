"""Uncoded error rates, what LLRs tell, and where a coded link breaks down."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from linksim.common.seeds import generator
from linksim.link.air.capacity import awgn_capacity, ergodic_capacity
from linksim.link.air.config import ChannelConfig
from linksim.link.closed_forms import bit_error_rate
from linksim.verify.card import Card, Check, between, within, within_share

if TYPE_CHECKING:
    from linksim.link import Reception
    from linksim.link.blocks import BlockKey

NAMES = {1: "BPSK", 2: "QPSK", 4: "16-QAM", 6: "64-QAM", 8: "256-QAM"}
_BLOCK = 120_000
"""Bits of an uncoded block, a multiple of every number of bits per symbol."""


def sent_and_received(settings: dict[str, Any], es_no_db: float, bits: int) -> tuple[np.ndarray, "Reception"]:
    """Random payload bits and what a link makes of them; the same on every call."""
    (payload,), (received,) = payloads_and_receptions(settings, es_no_db, 1, bits)
    return payload, received


def payloads_and_receptions(
    settings: dict[str, Any], es_no_db: float, count: int, bits: int
) -> tuple[list[np.ndarray], list["Reception"]]:
    """`count` payloads of random bits, each with fades and noise of its own, and what a link makes of them."""
    from linksim.link import Link, LinkConfig

    keys: list[BlockKey] = [("verify", bits, es_no_db, number) for number in range(count)]
    payloads = [generator(*key).integers(0, 2, bits, np.uint8) for key in keys]
    return payloads, Link(LinkConfig.model_validate(settings)).transmit(payloads, es_no_db, keys)


def _uncoded(bits_per_symbol: int, channel: str, **settings: Any) -> dict[str, Any]:
    code = {"kind": "none", "block_bits": _BLOCK + 24}
    parts = {"code": code, "modulation": {"bits_per_symbol": bits_per_symbol}, "channel": {"kind": channel}}
    return parts | settings


def _error_rates(channel: str, points: dict[int, tuple[float, ...]], short: bool) -> Iterator[Check]:
    errors, share = (20_000, 0.05) if short else (60_000, 0.02)
    for bits_per_symbol, snrs in points.items():
        for es_no_db in snrs:
            expected = bit_error_rate(bits_per_symbol, es_no_db, channel == "rayleigh")
            bits = math.ceil(errors / expected / _BLOCK) * _BLOCK
            # The closed form is that of the nearest point, which is the sign of the max-log LLR.
            sent, received = sent_and_received(_uncoded(bits_per_symbol, channel, demapping="maxlog"), es_no_db, bits)
            what = f"{NAMES[bits_per_symbol]} at {es_no_db:g} dB, bit-error rate"
            yield within_share(what, float(np.mean(sent != received.bits)), expected, share)


def _uncoded_awgn(short: bool) -> Iterator[Check]:
    return _error_rates("awgn", {1: (0.0, 4.0), 2: (3.0, 7.0), 4: (8.0, 13.0), 6: (12.0, 19.0), 8: (16.0, 24.0)}, short)


def _uncoded_rayleigh(short: bool) -> Iterator[Check]:
    return _error_rates("rayleigh", dict.fromkeys((1, 2, 4, 6, 8), (5.0, 15.0)), short)


def llr_information(sent: np.ndarray, llr: np.ndarray, bits_per_symbol: int) -> float:
    """Bits per symbol that the LLRs tell of uniform bits: `m (1 - E log2(1 + exp(-(2 b - 1) L)))`."""
    signed = np.where(sent == 1, llr, -llr).astype(np.float64)
    return bits_per_symbol * (1 - float(np.mean(np.logaddexp(0, -signed))) / math.log(2))


def _llrs(short: bool) -> Iterator[Check]:
    bits, tolerance = (8 * _BLOCK, 0.02) if short else (50 * _BLOCK, 0.01)
    for channel in ("awgn", "rayleigh"):
        for bits_per_symbol, es_no_db in ((2, 2.0), (4, 8.0), (6, 14.0), (8, 20.0)):
            sent, received = sent_and_received(_uncoded(bits_per_symbol, channel), es_no_db, bits)
            expected = ergodic_capacity(es_no_db, bits_per_symbol, ChannelConfig(kind=channel), interleaved=True)
            measured = llr_information(sent, received.llr, bits_per_symbol)
            what = f"{NAMES[bits_per_symbol]} at {es_no_db:g} dB, {channel}"
            yield within(what, measured, expected, tolerance, "bit per channel use")


def _cliff(short: bool) -> Iterator[Check]:
    code = {"kind": "ldpc5g", "rate": 2 / 3, "block_bits": 4096, "decoder": "layered" if short else "sionna"}
    settings = {"code": code, "modulation": {"bits_per_symbol": 4}, "channel": {"kind": "awgn"}}
    blocks = 64 if short else 256

    def block_error_rate(es_no_db: float) -> float:
        _, received = sent_and_received(settings, es_no_db, blocks * (4096 - 24))
        return 1 - float(received.block_ok.mean())

    grid = np.arange(7.5, 11.01, 0.25)
    rates = np.array([block_error_rate(snr) for snr in grid])
    limit = float(np.interp(4 * 2 / 3, awgn_capacity(np.arange(0, 20, 0.05), 4, True), np.arange(0, 20, 0.05)))
    below = np.flatnonzero(rates <= 0.1)
    cliff = float(grid[below[0]]) if len(below) else math.nan
    yield between("block error rate at 7 dB", block_error_rate(7.0), 1, 1)
    yield between("block error rate at 10 dB", block_error_rate(10.0), 0, 0)
    yield between(
        f"first SNR of {grid[0]:g} to {grid[-1]:g} dB with a block error rate of 0.1", cliff, limit, 10.5, "dB"
    )


_STANDARD_ERROR = (
    "at least 20,000 (short form) or 60,000 errors a point, whose standard error is at most 1 % or 0.5 %: 5 % or 2 %"
)

UNCODED_AWGN = Card(
    "uncoded-awgn",
    "Bit-error rates of uncoded BPSK to 256-QAM over AWGN",
    "closed form: sums of Gaussian tails over the decision intervals of Gray labels (Proakis, Digital Communications)",
    _STANDARD_ERROR,
    _uncoded_awgn,
)
UNCODED_RAYLEIGH = Card(
    "uncoded-rayleigh",
    "Bit-error rates of uncoded BPSK to 256-QAM over Rayleigh fading with perfect CSI",
    "closed form: the same sums averaged over the exponential power (Proakis, Digital Communications, 14.3)",
    _STANDARD_ERROR,
    _uncoded_rayleigh,
)
LLRS = Card(
    "llrs",
    "What the LLRs of the link tell, against bit-interleaved capacity",
    "integral of Caire, Taricco and Biglieri, IEEE Trans. Inf. Theory 44 (3), 1998; LLRs that are wrong tell less",
    "0.02 (short form) or 0.01 bit: three to five standard errors",
    _llrs,
)
CLIFF = Card(
    "cliff",
    "Where 16-QAM with a code of rate 2/3, (6144, 4096), breaks down over AWGN",
    "WITT's author: 'rate 2/3, QAM 16 has its cliff at 10 dB' (github.com/KeYang8/WITT, issue 9, whose SNRs are 3 dB apart)",
    "lost at 7 dB, safe at 10 dB; in between from the capacity of bit-interleaved 16-QAM, which no code is below, to 10.5 dB",
    _cliff,
)
