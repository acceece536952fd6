"""Flat fading from key to LLRs, a block in one compiled pass: its random numbers are used while they are in the cache.

The numbers are those of `channel.draw`, in the same order, and so are the LLRs, bit by bit.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from linksim.common.compiled.kept import kept_njit
from linksim.common.compiled.philox import WORDS, fill_bits, seed
from linksim.common.compiled.ziggurat import fill_normals
from linksim.link.air.demapping import send_and_demap


class Law(NamedTuple):
    """A flat channel at one SNR; see `channel` for the model.

    Attributes:
        length: symbols that a fade lasts.
        line_of_sight: `mu`.
        scattered: of each real dimension of a fade, its standard deviation; 0 where the fade is `mu` throughout.
        error: the same of the raw estimate's error; 0 where the fade is known.
        weight: of the raw estimate's scattered part in the MMSE estimate.
        noise: standard deviation of each real dimension of the noise.
        noise_variance: as the receiver counts it, before equalization.
    """

    length: int
    line_of_sight: np.float32
    scattered: np.float32
    error: np.float32
    weight: np.float32
    noise: np.float32
    noise_variance: float


@kept_njit()
def _normals(state, words, scale, out):  # pragma: no cover - compiled
    """Complex normal numbers complex64 `[n]`, each dimension with the standard deviation `scale`."""
    flat = out.view(np.float32)
    fill_normals(state, words, flat)
    for i in range(flat.size):
        flat[i] *= scale


@kept_njit(parallel=True)
def drawn_llrs(
    entropy, coded, symbols, amplitudes, law, bits_per_symbol, exact, scrambling, out
):  # pragma: no cover - compiled
    """Draw what blocks meet, send them, demap them.

    Args:
        entropy: of the blocks' keys, `seeds.entropy_words`, uint32 `[blocks, 4]`.
        coded: bits uint8 `[blocks, n]`, or `[0, 0]` where all are zeros.
        symbols: of a block.
        amplitudes: `modulation.gray_pam(bits_per_symbol)`.
        law: the channel.
        scrambling: uint8 `[blocks, n]`, written here.
        out: LLRs of the coded bits float32 `[blocks, n]`, written here.
    """
    fades = -(-symbols // law.length)
    for b in prange(entropy.shape[0]):
        state, words = np.empty(4, np.uint64), np.empty(WORDS, np.uint32)
        noise, fading = np.empty(symbols, np.complex64), np.empty(fades, np.complex64)
        estimate = np.empty(fades, np.complex64)
        seed(entropy[b], state)
        fill_bits(state, words, scrambling[b])
        _normals(state, words, law.noise, noise)
        if law.scattered > 0:
            _normals(state, words, law.scattered, fading)
        else:
            fading[:] = 0
        estimate[:] = fading
        if law.error > 0:
            error = np.empty(fades, np.complex64)
            _normals(state, words, law.error, error)
            parts, errors = estimate.view(np.float32), error.view(np.float32)
            for i in range(parts.size):
                parts[i] = law.weight * (parts[i] + errors[i])
        for i in range(fades):
            fading[i] = complex(fading[i].real + law.line_of_sight, fading[i].imag)
            estimate[i] = complex(estimate[i].real + law.line_of_sight, estimate[i].imag)
        labels = coded[b] ^ scrambling[b] if coded.size else scrambling[b]
        send_and_demap(
            labels,
            scrambling[b],
            amplitudes,
            fading,
            estimate,
            law.length,
            noise,
            law.noise_variance,
            bits_per_symbol,
            exact,
            out[b],
        )
