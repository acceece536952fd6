"""Mapping, the channel's action, equalization and demapping in one compiled pass."""

from functools import reduce
from typing import Any

import numpy as np
from llvmlite import ir
from numba import prange, types

from linksim.common.compiled.elementary import exponential, larger, logarithm
from linksim.common.compiled.kept import kept_njit
from linksim.common.compiled.lanes import Rows, compiled
from linksim.link.air.modulation import gray_pam

SMALLEST_GAIN = np.float32(1e-30)

LANES = 64
"""Symbols in hand at a time."""

_ROWS = Rows(ir.FloatType(), 16, size=4)
"""Of symbols side by side: few enough that the metrics of a constellation's amplitudes stay in registers."""

_PARTS = LANES // _ROWS.count


def _bit_llrs(builder: Any, y: Any, inverse_noise: Any, amplitudes: np.ndarray, exact: bool) -> list[Any]:
    """LLRs of the bits of one real dimension, after Robertson et al. 1995.

    `log sum exp` is taken relative to its own largest term, so that no LLR is too large.
    """
    metrics = []
    for amplitude in amplitudes:
        distance = builder.fsub(y, _ROWS.constant(float(amplitude)))
        square = builder.fmul(builder.fsub(_ROWS.constant(-0.0), distance), distance)
        metrics.append(builder.fmul(square, inverse_noise))
    bits = len(metrics).bit_length() - 1
    llrs = []
    for shift in reversed(range(bits)):
        sides = [[metric for label, metric in enumerate(metrics) if (label >> shift) & 1 == bit] for bit in (0, 1)]
        best = [reduce(lambda a, b: larger(builder, a, b), side) for side in sides]
        llr = builder.fsub(best[1], best[0])
        if exact:
            sums = [
                reduce(builder.fadd, [exponential(builder, builder.fsub(metric, most)) for metric in side])
                for side, most in zip(sides, best, strict=True)
            ]
            llr = builder.fadd(llr, logarithm(builder, builder.fdiv(sums[1], sums[0])))
        llrs.append(llr)
    return llrs


def _demapper(bits_per_symbol: int, exact: bool) -> Any:
    """Compiled code that demaps a row in one real dimension: equalized symbols `value` and one over the variance of their
    error to rows of `llr`, `_PARTS` from bit to bit.
    """
    amplitudes = gray_pam(bits_per_symbol)

    @compiled
    def demap_row(
        typing_context: Any, value: Any, row: Any, inverse_noise: Any, part: Any, llr: Any, first: Any
    ) -> Any:  # pragma: no cover - compiled
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            y, inverse, target = (
                _ROWS.place(context, builder, signature.args[i], arguments[i], arguments[i + 1]) for i in (0, 2, 4)
            )
            llrs = _bit_llrs(builder, _ROWS.read(builder, y), _ROWS.read(builder, inverse), amplitudes, exact)
            for i, found in enumerate(llrs):
                _ROWS.write(builder, found, builder.gep(target, [ir.Constant(ir.IntType(32), i * _PARTS)]))
            return context.get_dummy_value()

        arguments = (value, types.intp, inverse_noise, types.intp, llr, types.intp)
        return types.void(*arguments), generate

    return demap_row


_exact_1, _exact_2, _exact_4, _exact_6, _exact_8 = (_demapper(bits, exact=True) for bits in (1, 2, 4, 6, 8))
_max_1, _max_2, _max_4, _max_6, _max_8 = (_demapper(bits, exact=False) for bits in (1, 2, 4, 6, 8))


@kept_njit()
def _demap(value, dimension, inverse_noise, bits_per_symbol, exact, llr):  # pragma: no cover - compiled
    """LLRs `llr` `[bits, LANES]` of the bits of a real dimension of `LANES` symbols, `value` `[2, LANES]` and
    `inverse_noise` `[LANES]`.
    """
    for part in range(_PARTS):
        row = dimension * _PARTS + part
        if exact:
            if bits_per_symbol == 1:
                _exact_1(value, row, inverse_noise, part, llr, part)
            elif bits_per_symbol == 2:
                _exact_2(value, row, inverse_noise, part, llr, part)
            elif bits_per_symbol == 4:
                _exact_4(value, row, inverse_noise, part, llr, part)
            elif bits_per_symbol == 6:
                _exact_6(value, row, inverse_noise, part, llr, part)
            else:
                _exact_8(value, row, inverse_noise, part, llr, part)
        elif bits_per_symbol == 1:
            _max_1(value, row, inverse_noise, part, llr, part)
        elif bits_per_symbol == 2:
            _max_2(value, row, inverse_noise, part, llr, part)
        elif bits_per_symbol == 4:
            _max_4(value, row, inverse_noise, part, llr, part)
        elif bits_per_symbol == 6:
            _max_6(value, row, inverse_noise, part, llr, part)
        else:
            _max_8(value, row, inverse_noise, part, llr, part)


@kept_njit()
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


@kept_njit()
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
    llr, sent = np.empty((m, LANES), np.float32), np.zeros((2, LANES), np.float32)
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
            _demap(value, dimension, inverse_noise, bits_per_symbol, exact, llr)
            for i in range(m):
                for s in range(start, stop):
                    at = s * bits_per_symbol + i * dimensions + dimension
                    # By multiplying: a branch on a random bit is guessed wrong every other time.
                    out[at] = llr[i, s - start] * np.float32(1 - 2 * np.int32(scrambling[at]))


@kept_njit(parallel=True)
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


@kept_njit(parallel=True)
def demap(symbols, noise_variance, bits_per_symbol, exact):  # pragma: no cover - compiled
    """Demap equalized symbols.

    Args:
        symbols: complex64 `[batch, symbols]`.
        noise_variance: of the error of each symbol, float32 `[batch, symbols]`.
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
        llr = np.empty((m, LANES), np.float32)
        for start in range(0, n_symbols, LANES):
            stop = min(start + LANES, n_symbols)
            for s in range(start, stop):
                value[0, s - start] = symbols[b, s].real
                value[1, s - start] = symbols[b, s].imag
                inverse_noise[s - start] = np.float32(1) / noise_variance[b, s]
            for dimension in range(dimensions):
                _demap(value, dimension, inverse_noise, bits_per_symbol, exact, llr)
                for i in range(m):
                    for s in range(start, stop):
                        out[b, s * bits_per_symbol + i * dimensions + dimension] = llr[i, s - start]
    return out
