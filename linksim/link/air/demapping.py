"""Mapping, the channel's action, equalization and demapping in one compiled pass."""

import numpy as np
from numba import njit, prange

from linksim.link.air.compiled_math import LANES, exp_lanes, log_lanes

SMALLEST_GAIN = np.float32(1e-30)


@njit(cache=True, nogil=True)
def _sum_of_exponentials(metric, best, shift, bit, total, term, bits):  # pragma: no cover - compiled
    """`total = sum exp(metric - best)` over the amplitudes whose label has `bit` at `shift`, `[LANES]`."""
    total[:] = 0
    for level in range(metric.shape[0]):
        if (level >> shift) & 1 == bit:
            for w in range(LANES):
                term[w] = metric[level, w] - best[w]
            exp_lanes(term, bits)
            for w in range(LANES):
                total[w] += term[w]


@njit(cache=True, nogil=True)
def _demap(value, inverse_noise, amplitudes, m, exact, llr, metric, rows, bits):  # pragma: no cover - compiled
    """LLRs `llr` `[m, LANES]` of the bits of one real dimension of `LANES` symbols, after Robertson et al. 1995.

    `log sum exp` is taken relative to its own largest term, so that no LLR is too large. `metric` `[levels, LANES]`,
    `rows` `[5, LANES]` and `bits` int32 `[LANES]` are scratch.
    """
    levels = amplitudes.size
    best_0, best_1, sum_0, sum_1, term = rows[0], rows[1], rows[2], rows[3], rows[4]
    for level in range(levels):
        amplitude = amplitudes[level]
        for w in range(LANES):
            distance = value[w] - amplitude
            metric[level, w] = -distance * distance * inverse_noise[w]
    for i in range(m):
        shift = m - 1 - i
        best_0[:] = -np.inf
        best_1[:] = -np.inf
        for level in range(levels):
            best = best_1 if (level >> shift) & 1 else best_0
            for w in range(LANES):
                best[w] = max(best[w], metric[level, w])
        for w in range(LANES):
            llr[i, w] = best_1[w] - best_0[w]
        if exact:
            _sum_of_exponentials(metric, best_0, shift, 0, sum_0, term, bits)
            _sum_of_exponentials(metric, best_1, shift, 1, sum_1, term, bits)
            for w in range(LANES):
                sum_1[w] /= sum_0[w]
            log_lanes(sum_1, term)
            for w in range(LANES):
                llr[i, w] += sum_1[w]


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
        value, inverse_noise = np.zeros((2, LANES), np.float32), np.zeros(LANES, np.float32)
        llr, metric = np.empty((m, LANES), np.float32), np.empty((amplitudes.size, LANES), np.float32)
        rows, scratch = np.empty((5, LANES), np.float32), np.empty(LANES, np.int32)
        for start in range(0, symbols, LANES):
            stop = min(start + LANES, symbols)
            for s in range(start, stop):
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
                gain = max(h_hat.real * h_hat.real + h_hat.imag * h_hat.imag, SMALLEST_GAIN)
                matched = received * np.conj(h_hat)
                scale = np.float32(1) / gain
                inverse_noise[s - start] = np.float32(gain / noise_variance)
                value[0, s - start] = matched.real * scale
                value[1, s - start] = matched.imag * scale
            for dimension in range(dimensions):
                _demap(value[dimension], inverse_noise, amplitudes, m, exact, llr, metric, rows, scratch)
                for i in range(m):
                    for s in range(start, stop):
                        out[b, s * bits_per_symbol + i * dimensions + dimension] = llr[i, s - start]
        for i in range(n):
            if scrambling[b, i]:
                out[b, i] = -out[b, i]
    return out


@njit(parallel=True, cache=True, nogil=True)
def demap(symbols, noise_variance, amplitudes, bits_per_symbol, exact):  # pragma: no cover - compiled
    """Demap equalized symbols.

    Args:
        symbols: complex64 `[batch, symbols]`.
        noise_variance: of the error of each symbol, float32 `[batch, symbols]`.
        amplitudes: `modulation.gray_pam(bits_per_symbol)`.
        bits_per_symbol: 1, 2, 4, 6 or 8.
        exact: exact LLRs, or max-log.

    Returns:
        float32 `[batch, symbols * bits_per_symbol]`: `log P(bit = 1 | y) / P(bit = 0 | y)` for equiprobable bits;
        finite.
    """
    batch, n_symbols = symbols.shape
    m = max(1, bits_per_symbol // 2)
    dimensions = 1 if bits_per_symbol == 1 else 2
    out = np.empty((batch, n_symbols * bits_per_symbol), np.float32)
    for b in prange(batch):
        value, inverse_noise = np.zeros((2, LANES), np.float32), np.zeros(LANES, np.float32)
        llr, metric = np.empty((m, LANES), np.float32), np.empty((amplitudes.size, LANES), np.float32)
        rows, scratch = np.empty((5, LANES), np.float32), np.empty(LANES, np.int32)
        for start in range(0, n_symbols, LANES):
            stop = min(start + LANES, n_symbols)
            for s in range(start, stop):
                value[0, s - start] = symbols[b, s].real
                value[1, s - start] = symbols[b, s].imag
                inverse_noise[s - start] = np.float32(1) / noise_variance[b, s]
            for dimension in range(dimensions):
                _demap(value[dimension], inverse_noise, amplitudes, m, exact, llr, metric, rows, scratch)
                for i in range(m):
                    for s in range(start, stop):
                        out[b, s * bits_per_symbol + i * dimensions + dimension] = llr[i, s - start]
    return out
