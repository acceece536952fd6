"""The resource grid of a waveform, as Sionna has it."""

from functools import lru_cache
from typing import Literal

import numpy as np
from sionna.phy.ofdm import ResourceGrid

from linksim.link.air.waveform import OfdmConfig


@lru_cache(maxsize=16)
def resource_grid(waveform: OfdmConfig, precision: Literal["single", "double"] = "single") -> ResourceGrid:
    """One transmitter, one stream; pilots are QPSK symbols of energy 1 on all used subcarriers of the pilot symbols."""
    pilots = {"pilot_pattern": "kronecker", "pilot_ofdm_symbol_indices": list(waveform.pilot_symbols)}
    return ResourceGrid(
        num_ofdm_symbols=waveform.symbols_per_slot,
        fft_size=waveform.subcarriers,
        subcarrier_spacing=waveform.spacing_hz,
        cyclic_prefix_length=waveform.cyclic_prefix,
        num_guard_carriers=waveform.guards,
        dc_null=waveform.dc_null,
        precision=precision,
        **(pilots if waveform.pilot_symbols else {}),
    )


def used(waveform: OfdmConfig) -> np.ndarray:
    """Numbers of the subcarriers that carry data or pilots, int `[used_subcarriers]`."""
    return np.asarray(resource_grid(waveform).effective_subcarrier_ind)


def pilots_of(waveform: OfdmConfig) -> np.ndarray:
    """Pilots, complex64 `[pilot symbols, used_subcarriers]`."""
    sent = resource_grid(waveform).pilot_pattern.pilots.numpy()
    return sent.reshape(len(waveform.pilot_symbols), waveform.used_subcarriers).astype(np.complex64)
