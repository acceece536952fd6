"""Mapping, the channel's action, equalization and demapping in one compiled pass."""

import math

import numpy as np
from numba import njit, prange

_SMALLEST = np.float32(1e-30)


@njit(cache=True, nogil=True)
def _excess(value, inverse_noise, amplitudes, shift, bit):  # pragma: no cover - compiled
    """`log sum exp(metric) - max(metric)` over the amplitudes whose label has `bit` at `shift`."""
    best = np.float32(-np.inf)
    for level in range(amplitudes.size):
        if (level >> shift) & 1 == bit:
            distance = value - amplitudes[level]
            best = max(best, -distance * distance * inverse_noise)
    total = np.float32(0)
    for level in range(amplitudes.size):
        if (level >> shift) & 1 == bit:
            distance = value - amplitudes[level]
            total += math.exp(-distance * distance * inverse_noise - best)
    return np.float32(math.log(total))


@njit(cache=True, nogil=True)
def _demap(value, inverse_noise, amplitudes, m, exact, out, offset, stride, metric):  # pragma: no cover - compiled
    """LLRs of the `m` bits of one real dimension at `out[offset::stride]`, after Robertson et al. 1995 for max-log."""
    n = amplitudes.size
    best = np.float32(-np.inf)
    for level in range(n):
        distance = value - amplitudes[level]
        metric[level] = -distance * distance * inverse_noise
        best = max(best, metric[level])
    for i in range(m):
        shift = m - 1 - i
        best_0, best_1 = np.float32(-np.inf), np.float32(-np.inf)
        for level in range(n):
            if (level >> shift) & 1:
                best_1 = max(best_1, metric[level])
            else:
                best_0 = max(best_0, metric[level])
        out[offset + i * stride] = best_1 - best_0
    if not exact:
        return
    for level in range(n):
        metric[level] = math.exp(metric[level] - best)
    for i in range(m):
        shift = m - 1 - i
        sum_0, sum_1 = np.float32(0), np.float32(0)
        for level in range(n):
            if (level >> shift) & 1:
                sum_1 += metric[level]
            else:
                sum_0 += metric[level]
        if sum_0 > _SMALLEST and sum_1 > _SMALLEST:
            out[offset + i * stride] = math.log(sum_1 / sum_0)
        else:  # |LLR| above 60: one sum underflows, so each is taken relative to its own largest term
            out[offset + i * stride] += _excess(value, inverse_noise, amplitudes, shift, 1)
            out[offset + i * stride] -= _excess(value, inverse_noise, amplitudes, shift, 0)


@njit(parallel=True, cache=True, nogil=True)
def channel_llrs(
    bits, scrambling, amplitudes, fading, estimate, noise, noise_variance, bits_per_symbol, exact
):  # pragma: no cover - compiled
    """Send bits over the channel and demap them.

    Args:
        bits: uint8 `[batch, n]`.
        scrambling: uint8 `[batch, n]`, added to `bits` before mapping; the LLRs are those of `bits` again.
        amplitudes: `modulation.gray_pam(bits_per_symbol)`.
        fading, estimate: complex64 `[batch, n / bits_per_symbol]` or `[1, 1]`; see `channel.Realizations`.
        noise: complex64 `[batch, n / bits_per_symbol]`.
        noise_variance: before equalization.
        exact: exact LLRs, or max-log.

    Returns:
        float32 `[batch, n]`: `log P(bit = 1 | y) / P(bit = 0 | y)` for equiprobable bits; finite.
    """
    batch, n = bits.shape
    symbols = noise.shape[1]
    m = max(1, bits_per_symbol // 2)
    dimensions = 1 if bits_per_symbol == 1 else 2
    flat = fading.size == 1
    out = np.empty((batch, n), np.float32)
    for b in prange(batch):
        metric = np.empty(amplitudes.size, np.float32)
        for s in range(symbols):
            first = s * bits_per_symbol
            label_i, label_q = 0, 0
            for i in range(m):
                at_i, at_q = first + dimensions * i, first + dimensions * i + dimensions - 1
                label_i = 2 * label_i + (bits[b, at_i] ^ scrambling[b, at_i])
                label_q = 2 * label_q + (bits[b, at_q] ^ scrambling[b, at_q])
            imaginary = amplitudes[label_q] if dimensions == 2 else np.float32(0)
            h = fading[0, 0] if flat else fading[b, s]
            h_hat = estimate[0, 0] if flat else estimate[b, s]
            received = h * np.complex64(complex(amplitudes[label_i], imaginary)) + noise[b, s]
            # The floor keeps a vanished channel finite; its LLRs are zero, as they should be.
            gain = max(h_hat.real * h_hat.real + h_hat.imag * h_hat.imag, _SMALLEST)
            inverse_noise = np.float32(gain / noise_variance)
            matched = received * np.conj(h_hat)
            scale = np.float32(1) / gain
            _demap(matched.real * scale, inverse_noise, amplitudes, m, exact, out[b], first, dimensions, metric)
            if dimensions == 2:
                _demap(matched.imag * scale, inverse_noise, amplitudes, m, exact, out[b], first + 1, 2, metric)
        for i in range(n):
            if scrambling[b, i]:
                out[b, i] = -out[b, i]
    return out
