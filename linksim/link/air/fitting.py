"""Whether waveform, channel, antennas and channel knowledge fit together. Light to import."""

import math
from typing import Any

from linksim.link.air.config import CsiConfig
from linksim.link.air.delays import DelayChannelConfig, longest_delay_ns
from linksim.link.air.waveform import AntennasConfig, OfdmConfig, SingleCarrierConfig


def check_air(
    waveform: SingleCarrierConfig | OfdmConfig, channel: Any, antennas: AntennasConfig, csi: CsiConfig
) -> None:
    """Raises `ValueError` where they do not; one line that says what to do."""
    if channel.kind == "awgn" and channel.coherence != "symbol":
        raise ValueError("channel.coherence says how long a fade lasts; channel.kind awgn has none, so leave it out")
    if channel.kind == "awgn" and csi.error_variance > 0:
        raise ValueError(
            "csi.error_variance is the error of an estimate of the fading; channel.kind awgn has none, so leave it out"
        )
    if isinstance(waveform, OfdmConfig):
        _check_ofdm(waveform, channel, csi)
    else:
        _check_single_carrier(channel, antennas, csi)


def _check_single_carrier(channel: Any, antennas: AntennasConfig, csi: CsiConfig) -> None:
    needed = "link.waveform: {kind: ofdm}"
    if isinstance(channel, DelayChannelConfig):
        raise ValueError(
            f"channel.kind {channel.kind} has paths with delays, which single-carrier does not equalize; give {needed}, "
            "or a flat channel (awgn, rayleigh, rician)"
        )
    if csi.kind != "perfect":
        raise ValueError(
            f"csi.kind {csi.kind} estimates the channel from pilots, which single-carrier does not send; give {needed}, "
            "or csi.error_variance"
        )
    if antennas.receive > 1:
        raise ValueError(
            f"antennas.receive {antennas.receive} goes with {needed}, over any channel; single-carrier has one antenna"
        )


def _check_ofdm(waveform: OfdmConfig, channel: Any, csi: CsiConfig) -> None:
    if csi.kind != "perfect" and not waveform.pilot_symbols:
        raise ValueError(
            f"waveform.pilot_symbols is empty, and csi.kind {csi.kind} has nothing to estimate the channel from; give "
            "pilot_symbols such as [2, 11], or csi: {kind: perfect}"
        )
    if isinstance(channel, DelayChannelConfig):
        _check_prefix(waveform, channel)
    elif csi.kind != "perfect" and channel.kind != "awgn" and not _lasts_a_slot(channel.coherence, waveform):
        raise ValueError(
            f"channel.coherence {channel.coherence}: pilots say nothing of fades that do not last a slot of "
            f"{waveform.symbols_per_slot} OFDM symbols; with csi.kind {csi.kind} give coherence: block, or a tdl channel"
        )


def _lasts_a_slot(coherence: int | str, waveform: OfdmConfig) -> bool:
    return coherence == "block" or (isinstance(coherence, int) and coherence >= waveform.symbols_per_slot)


def _check_prefix(waveform: OfdmConfig, channel: DelayChannelConfig) -> None:
    """Within the prefix OFDM symbols do not reach into each other, and one factor a resource element is the channel."""
    longest = longest_delay_ns(channel)
    if longest <= waveform.prefix_ns:
        return
    enough = math.ceil(longest / 1e9 * waveform.subcarriers * waveform.spacing_hz)
    most = math.floor(channel.delay_spread_ns * waveform.prefix_ns / longest)
    longer = f"cyclic_prefix {enough}" if enough <= waveform.subcarriers else "more subcarriers with a longer prefix"
    raise ValueError(
        f"channel.delay_spread_ns {channel.delay_spread_ns:g}: the last path of {channel.kind.upper()}-{channel.model} "
        f"comes {longest:,.0f} ns late, and cyclic_prefix {waveform.cyclic_prefix} lasts {waveform.prefix_ns:,.0f} ns; "
        f"give {longer}, or delay_spread_ns at most {most}"
    )
