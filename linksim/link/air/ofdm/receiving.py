"""The receiver's compiled passes: channel estimates from pilots, and the equalizer."""

import numpy as np
from numba import prange

from linksim.common.compiled.kept import kept_njit
from linksim.link.air.demapping import SMALLEST_GAIN


@kept_njit(parallel=True)
def estimate(response, noise, pilots, at, frequency, time):  # pragma: no cover - compiled
    """Channel estimates from what arrives at the pilots (see `estimation.Estimator`).

    Args:
        response, noise: complex64 `[slots, antennas, S, F]`.
        pilots: complex64 `[P, F]`, in the OFDM symbols `at` `[P]`.
        frequency: complex64 `[F, F]`, or `[0, 0]` for the identity.
        time: complex64 `[F, S, P]`.

    Returns:
        complex64 `[slots, antennas, S, F]`.
    """
    slots, antennas, symbols, subcarriers = response.shape
    out = np.empty(response.shape, np.complex64)
    for slot in prange(slots):
        raw = np.empty((at.size, subcarriers), np.complex64)
        smooth = np.empty((at.size, subcarriers), np.complex64)
        for antenna in range(antennas):
            for p in range(at.size):
                for f in range(subcarriers):
                    sent = pilots[p, f]
                    arrived = response[slot, antenna, at[p], f] * sent + noise[slot, antenna, at[p], f]
                    energy = sent.real * sent.real + sent.imag * sent.imag
                    raw[p, f] = arrived * np.conj(sent) * (np.float32(1) / energy)
            if frequency.size:
                for p in range(at.size):
                    for f in range(subcarriers):
                        total = np.complex64(0)
                        for g in range(subcarriers):
                            total += frequency[f, g] * raw[p, g]
                        smooth[p, f] = total
            else:
                smooth[:] = raw
            for s in range(symbols):
                for f in range(subcarriers):
                    total = np.complex64(0)
                    for p in range(at.size):
                        total += time[f, s, p] * smooth[p, f]
                    out[slot, antenna, s, f] = total
    return out


@kept_njit(parallel=True)
def equalize(response, estimated, noise, variance, data_symbols):  # pragma: no cover - compiled
    """What the LMMSE equalizer makes of each data symbol `x`: `gain x + noise`, and the variance that it counts.

    For one stream in noise that is white over the antennas, Sionna's `lmmse_equalizer` (the LMMSE filter, scaled to be
    unbiased) is maximum ratio combining: with `y_a = h_a x + n_a` and the estimates `e_a`,
    `x_hat = sum e_a^* y_a / sum |e_a|^2`, whose error it takes to have the variance `v / sum |e_a|^2`.

    Args:
        response, estimated, noise: complex64 `[slots, antennas, S, F]`.
        variance: `v`, of noise and estimation error together, float32 `[S, F]`.
        data_symbols: OFDM symbols that carry data `[D]`.

    Returns:
        gain complex64, noise complex64, variance float32, each `[slots, D * F]`, OFDM symbol by OFDM symbol.
    """
    slots, antennas, _, subcarriers = response.shape
    shape = (slots, data_symbols.size * subcarriers)
    gain, rest = np.empty(shape, np.complex64), np.empty(shape, np.complex64)
    left = np.empty(shape, np.float32)
    for slot in prange(slots):
        for d in range(data_symbols.size):
            s = data_symbols[d]
            for f in range(subcarriers):
                wanted, unwanted, power = np.complex64(0), np.complex64(0), np.float32(0)
                for a in range(antennas):
                    known = estimated[slot, a, s, f]
                    wanted += np.conj(known) * response[slot, a, s, f]
                    unwanted += np.conj(known) * noise[slot, a, s, f]
                    power += known.real * known.real + known.imag * known.imag
                # The floor keeps a vanished channel finite.
                scale = np.float32(1) / max(power, SMALLEST_GAIN)
                place = d * subcarriers + f
                gain[slot, place], rest[slot, place] = wanted * scale, unwanted * scale
                left[slot, place] = variance[s, f] * scale
    return gain, rest, left
