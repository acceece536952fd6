"""Gray-labelled BPSK and square QAM (3GPP TS 38.211, 5.1.2 to 5.1.6) as two independent PAM constellations."""

import numpy as np


def bits_per_dimension(bits_per_symbol: int) -> int:
    """Bits on each of the real and imaginary part; BPSK uses the real part only."""
    return max(1, bits_per_symbol // 2)


def gray_pam(bits_per_symbol: int) -> np.ndarray:
    """Amplitudes of one dimension by label, first bit most significant: float32 `[2^bits_per_dimension]`.

    For 64-QAM `(1-2 b0) [4 - (1-2 b2) [2 - (1-2 b4)]] / sqrt(42)` of TS 38.211, 5.1.5, and so on for the others.
    BPSK is sent on the real axis (not turned by 45 degrees as in 5.1.2), which makes no difference to any result.
    """
    m = bits_per_dimension(bits_per_symbol)
    labels = np.arange(2**m)
    signs = [1 - 2 * ((labels >> (m - 1 - i)) & 1) for i in range(m)]
    amplitude = signs[-1].astype(float)
    for i in range(m - 2, -1, -1):
        amplitude = signs[i] * (2 ** (m - 1 - i) - amplitude)
    dimensions = 1 if bits_per_symbol == 1 else 2
    return (amplitude / np.sqrt(dimensions * np.mean(amplitude**2))).astype(np.float32)


def bit_levels(bits_per_symbol: int) -> np.ndarray:
    """Reliability level of each bit of a label, 0 the strongest: int `[bits_per_symbol]`, e.g. 0 0 1 1 2 2 for 64-QAM.

    Bits alternate between real and imaginary part, from the coarsest decision (the sign) to the finest.
    """
    return np.arange(bits_per_symbol) // 2


def map_bits(bits: np.ndarray, bits_per_symbol: int) -> np.ndarray:
    """Symbols complex64 `[batch, n / bits_per_symbol]` of bits 0/1 `[batch, n]`; bits alternate between the two
    dimensions.
    """
    amplitudes, m = gray_pam(bits_per_symbol), bits_per_dimension(bits_per_symbol)
    labels = bits.reshape(len(bits), -1, bits_per_symbol)
    weights = 1 << np.arange(m - 1, -1, -1)
    if bits_per_symbol == 1:
        return amplitudes[labels @ weights].astype(np.complex64)
    return (amplitudes[labels[..., 0::2] @ weights] + 1j * amplitudes[labels[..., 1::2] @ weights]).astype(np.complex64)
