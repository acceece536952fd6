"""Channel estimates from pilots: two steps that are linear in what arrives at the pilots.

`H_ls [pilot symbols, subcarriers]`, what arrives over what was sent, goes through a matrix over frequency, the same for
all pilot symbols, and then on each subcarrier through weights over time, one row per OFDM symbol. For `ls` the weights
are those of Sionna's `LSChannelEstimator`. For `lmmse` they are those of its `LMMSEInterpolator` in the order `f-t`,
which here are computed once per Es/N0 and not once per slot and antenna: they depend on neither.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import LSChannelEstimator

from linksim.link.air.config import CsiConfig
from linksim.link.air.ofdm.covariance import covariances
from linksim.link.air.ofdm.grid import pilots_of, resource_grid, used
from linksim.link.air.waveform import OfdmConfig

SIONNA_NAMES = {"linear": "lin", "nearest": "nn"}


@dataclass(frozen=True)
class Estimator:
    """`h_hat[s, f] = sum_p time[f, s, p] sum_g frequency[f, g] H_ls[p, g]`.

    Attributes:
        frequency: complex64 `[F, F]`; None for the identity.
        time: complex64 `[F, S, P]`.
        error: variance of `h_hat - h` as the receiver counts it, float32 `[S, F]`.
    """

    frequency: np.ndarray | None
    time: np.ndarray
    error: np.ndarray


@lru_cache(maxsize=64)
def estimator_of(csi: CsiConfig, channel: Any, waveform: OfdmConfig, noise_variance: float) -> Estimator:
    """The estimator for pilots of energy 1 in noise of `noise_variance`."""
    if csi.kind == "ls":
        time, error = _least_squares(waveform, csi.interpolation)
        return Estimator(None, time, (noise_variance * error).astype(np.float32))
    if csi.kind == "lmmse":
        return _lmmse(*covariances(channel, waveform), waveform, noise_variance)
    raise ValueError(f"csi.kind {csi.kind} estimates nothing from pilots")


@lru_cache(maxsize=16)
def _least_squares(waveform: OfdmConfig, interpolation: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights `[F, S, P]`, and the error variance `[S, F]` at N0 = 1: what Sionna's estimator makes of pilot symbols
    of which one arrives as it was sent and the others are silent.
    """
    estimator = LSChannelEstimator(resource_grid(waveform), SIONNA_NAMES[interpolation])
    count = len(waveform.pilot_symbols)
    arrived = np.zeros((count, 1, 1, waveform.symbols_per_slot, waveform.subcarriers), np.complex64)
    for row, (symbol, pilots) in enumerate(zip(sorted(waveform.pilot_symbols), pilots_of(waveform), strict=True)):
        arrived[row, 0, 0, symbol, used(waveform)] = pilots
    estimate, error = estimator(tf.constant(arrived), tf.constant(1.0))
    weights = np.real(estimate.numpy()[:, 0, 0, 0, 0]).transpose(2, 1, 0)
    shape = (waveform.symbols_per_slot, waveform.used_subcarriers)
    return np.ascontiguousarray(weights, np.complex64), np.broadcast_to(error.numpy()[0, 0, 0, 0, 0], shape)


def _lmmse(frequency: np.ndarray, time: np.ndarray, waveform: OfdmConfig, noise_variance: float) -> Estimator:
    """Wiener filters over frequency and then time.

    The first one's estimate has less power than the channel. As Sionna does, it is scaled so that it looks to the second
    one like the channel with an error that is independent of it.
    """
    first, error = _wiener(frequency, np.arange(len(frequency)), np.full(len(frequency), noise_variance))
    power = np.real(np.diag(frequency))
    estimated = np.real(np.einsum("fg,gh,fh->f", first, frequency, first.conj()))
    estimated += noise_variance * np.sum(np.abs(first) ** 2, axis=1)
    scale = 2 * power / (estimated + power - error)
    error = np.maximum(scale * (scale - 1) * estimated + (1 - scale) * power + scale * error, 0)
    at = np.array(sorted(waveform.pilot_symbols))
    second = [_wiener(time, at, np.full(len(at), variance)) for variance in error]
    return Estimator(
        (scale[:, None] * first).astype(np.complex64),
        np.stack([weights for weights, _ in second]).astype(np.complex64),
        np.stack([left for _, left in second], axis=1).astype(np.float32),
    )


def _wiener(covariance: np.ndarray, at: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The filter `[n, len(at)]` from noisy observations at `at` to all `n` places, and its error variance `[n]`."""
    observed = covariance[np.ix_(at, at)] + np.diag(noise)
    weights = np.linalg.solve(observed.T, covariance[:, at].T).T
    explained = np.einsum("np,pn->n", weights, covariance[at])
    return weights, np.maximum(np.real(np.diag(covariance) - explained), 0)
