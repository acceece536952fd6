"""Covariances of a channel's frequency response, which an LMMSE estimator knows."""

from typing import Any

import numpy as np
from scipy.special import j0
from sionna.phy.ofdm import tdl_freq_cov_mat, tdl_time_cov_mat

from linksim.link.air.delays import CdlConfig, DelayChannelConfig, TdlConfig
from linksim.link.air.ofdm.grid import resource_grid, used
from linksim.link.air.ofdm.responses import delay_model
from linksim.link.air.waveform import OfdmConfig

SPEED_OF_LIGHT = 299_792_458.0


def covariances(channel: Any, waveform: OfdmConfig) -> tuple[np.ndarray, np.ndarray]:
    """`E[h_i h_j^*]` over used subcarriers `[F, F]` and over OFDM symbols `[S, S]`, complex128.

    TDL as Sionna's `tdl_freq_cov_mat` and `tdl_time_cov_mat` have it. CDL: paths as they are, and Jakes' Doppler
    spectrum, since a receiver does not know the angles. Flat fading lasts the slot (`fitting` sees to it).
    """
    symbols = waveform.symbols_per_slot
    if not isinstance(channel, DelayChannelConfig):
        return np.ones((waveform.used_subcarriers,) * 2, complex), np.ones((symbols, symbols), complex)
    carrier_hz, spread = 1e9 * channel.carrier_ghz, 1e-9 * channel.delay_spread_ns
    duration = resource_grid(waveform).ofdm_symbol_duration
    if isinstance(channel, TdlConfig):
        frequency = tdl_freq_cov_mat(channel.model, waveform.spacing_hz, waveform.subcarriers, spread, "double")
        time = tdl_time_cov_mat(channel.model, channel.speed_m_s, carrier_hz, duration, symbols, precision="double")
        return frequency.numpy()[np.ix_(used(waveform), used(waveform))], time.numpy()
    assert isinstance(channel, CdlConfig)
    model = delay_model(channel, 1)
    turns = np.outer(used(waveform) * waveform.spacing_hz, model.delays.numpy().astype(float))
    steering = np.exp(-2j * np.pi * turns)
    lags = np.subtract.outer(np.arange(symbols), np.arange(symbols)) * duration
    doppler = 2 * np.pi * channel.speed_m_s / SPEED_OF_LIGHT * carrier_hz
    return (steering * model.powers.numpy()) @ steering.conj().T, j0(doppler * lags).astype(complex)
