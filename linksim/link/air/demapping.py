"""Mapping, the channel's action, equalization and demapping in one compiled pass."""

import numpy as np
from numba import njit, prange

from linksim.link.air.compiled_math import LANES, exponential, logarithm

SMALLEST_GAIN = np.float32(1e-30)


@njit(cache=True, nogil=True)
def _add_exponentials(total, metric, best):  # pragma: no cover - compiled
    """Add `exp(metric - best)` to `total`, each `[LANES]`."""
    for w in range(LANES):
        total[w] += exponential(metric[w] - best[w])


@njit(cache=True, nogil=True)
def _demap(value, inverse_noise, amplitudes, m, exact, llr, metric, rows):  # pragma: no cover - compiled
    """LLRs `llr` `[m, LANES]` of the bits of one real dimension of `LANES` symbols, after Robertson et al. 1995.

    `log sum exp` is taken relative to its own largest term, so that no LLR is too large. `metric` `[levels, LANES]` and
    `rows` `[4, LANES]` are scratch.
    """
    levels = amplitudes.size
    best_0, best_1, sum_0, sum_1 = rows[0], rows[1], rows[2], rows[3]
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
            sum_0[:] = 0
            sum_1[:] = 0
            for level in range(levels):
                if (level >> shift) & 1:
                    _add_exponentials(sum_1, metric[level], best_1)
                else:
                    _add_exponentials(sum_0, metric[level], best_0)
            for w in range(LANES):
                llr[i, w] += logarithm(sum_1[w] / sum_0[w])


@njit(cache=True, nogil=True)
def _equalize(sent, fading, estimate, noise, noise_variance, value, inverse_noise):  # pragma: no cover - compiled
    """What the symbols `sent` `[2, LANES]` are after the channel and the receiver's equalizer: `value` `[2, LANES]`, and one
    over the variance of its error.
    """
    h, h_hat, n = fading.view(np.float32), estimate.view(np.float32), noise.view(np.float32)
    for s in range(noise.size):
        re, im = 2 * s, 2 * s + 1
        received_re = h[re] * sent[0, s] - h[im] * sent[1, s] + n[re]
        received_im = h[re] * sent[1, s] + h[im] * sent[0, s] + n[im]
        # The floor keeps a vanished channel finite; its LLRs are zero, as they should be.
        gain = max(h_hat[re] * h_hat[re] + h_hat[im] * h_hat[im], SMALLEST_GAIN)
        scale = np.float32(1) / gain
        inverse_noise[s] = np.float32(gain / noise_variance)
        value[0, s] = (received_re * h_hat[re] + received_im * h_hat[im]) * scale
        value[1, s] = (received_im * h_hat[re] - received_re * h_hat[im]) * scale


@njit(cache=True, nogil=True)
def send_and_demap(
    labels, scrambling, amplitudes, fading, estimate, length, noise, noise_variance, bits_per_symbol, exact, out
):  # pragma: no cover - compiled
    """One block: map, fade, equalize, demap, descramble.

    Args:
        labels: what is sent, uint8 `[n]`: coded bits plus scrambling.
        scrambling: uint8 `[n]`.
        fading, estimate: complex64 `[at least symbols / length]`, each for `length` symbols.
        noise: complex64 `[symbols]`.
        out: LLRs before scrambling float32 `[n]`, written here.
    """
    symbols = noise.size
    m = max(1, bits_per_symbol // 2)
    dimensions = 1 if bits_per_symbol == 1 else 2
    value, inverse_noise = np.zeros((2, LANES), np.float32), np.zeros(LANES, np.float32)
    llr, metric = np.empty((m, LANES), np.float32), np.empty((amplitudes.size, LANES), np.float32)
    rows, sent = np.empty((4, LANES), np.float32), np.zeros((2, LANES), np.float32)
    h, h_hat = np.zeros(LANES, np.complex64), np.zeros(LANES, np.complex64)
    fade, left = 0, length  # the fade at hand, and for how many symbols more
    for start in range(0, symbols, LANES):
        stop = min(start + LANES, symbols)
        for s in range(start, stop):
            for dimension in range(dimensions):
                label = 0
                for i in range(m):
                    label = 2 * label + labels[s * bits_per_symbol + dimensions * i + dimension]
                sent[dimension, s - start] = amplitudes[label]
            if left == 0:
                fade, left = fade + 1, length
            left -= 1
            h[s - start], h_hat[s - start] = fading[fade], estimate[fade]
        _equalize(sent, h, h_hat, noise[start:stop], noise_variance, value, inverse_noise)
        for dimension in range(dimensions):
            _demap(value[dimension], inverse_noise, amplitudes, m, exact, llr, metric, rows)
            for i in range(m):
                for s in range(start, stop):
                    at = s * bits_per_symbol + i * dimensions + dimension
                    # By multiplying: a branch on a random bit is guessed wrong every other time.
                    out[at] = llr[i, s - start] * np.float32(1 - 2 * np.int32(scrambling[at]))


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
    length = symbols if fading.size == 1 else 1
    out = np.empty((batch, n), np.float32)
    for b in prange(batch):
        fade = 0 if fading.size == 1 else np.int64(b)
        send_and_demap(
            bits[b] ^ scrambling[b],
            scrambling[b],
            amplitudes,
            fading[fade],
            estimate[fade],
            length,
            noise[b],
            noise_variance,
            bits_per_symbol,
            exact,
            out[b],
        )
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
        rows = np.empty((4, LANES), np.float32)
        for start in range(0, n_symbols, LANES):
            stop = min(start + LANES, n_symbols)
            for s in range(start, stop):
                value[0, s - start] = symbols[b, s].real
                value[1, s - start] = symbols[b, s].imag
                inverse_noise[s - start] = np.float32(1) / noise_variance[b, s]
            for dimension in range(dimensions):
                _demap(value[dimension], inverse_noise, amplitudes, m, exact, llr, metric, rows)
                for i in range(m):
                    for s in range(start, stop):
                        out[b, s * bits_per_symbol + i * dimensions + dimension] = llr[i, s - start]
    return out
