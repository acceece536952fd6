"""Exponential and logarithm of float32 values, written so that the compiler makes vector instructions of loops over them.

The argument is reduced to a small interval around 0 (`exp`) or 1 (`log`), where a polynomial does: fits at Chebyshev
points, good to the last bit or two of float32.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

compiled: Any = intrinsic  # which mypy takes for functions with the arguments of their definition

LANES = 64
"""Values side by side: a loop of fixed length over few arrays is what vectorizes."""

_ONE, _HALF = np.float32(1), np.float32(0.5)
_LOG2_E, _LN2 = np.float32(1.4426950408889634), np.float32(0.6931471805599453)
# ln 2 in two parts, the first with few enough bits that its product with an exponent is exact (Cody and Waite 1980).
_LN2_HIGH, _LN2_LOW = np.float32(0.693145751953125), np.float32(1.4286068203094172e-06)
# exp(-87) is the last that float32 holds without denormals.
_LOWEST = np.float32(-87)
# (exp(f) - 1 - f) / f^2 for |f| <= ln(2) / 2.
_E0, _E1, _E2, _E3, _E4 = (np.float32(c) for c in (0.5, 0.16666576, 0.041666467, 0.008363182, 0.0013933652))
# 2 artanh(s) / s by s^2, s = (x - 1) / (x + 1) for x in [sqrt(1/2), sqrt(2)].
_L0, _L1, _L2, _L3 = (np.float32(c) for c in (2.0, 0.6666682, 0.39974752, 0.29926854))
_EXPONENT_BIAS, _MANTISSA_BITS, _SQRT_HALF_BITS = np.int32(127), np.int32(23), np.int32(0x3F3504F3)


@compiled
def _as_float(typing_context: Any, bits: Any) -> Any:  # pragma: no cover - compiled
    """The float32 that an int32's bits are."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@compiled
def _as_bits(typing_context: Any, value: Any) -> Any:  # pragma: no cover - compiled
    """The bits of a float32 as int32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@njit(inline="always")
def exponential(x):  # pragma: no cover - compiled
    """Of a float32 that is at most 0; below -87 that of -87."""
    t = max(x, _LOWEST)
    n = np.floor(t * _LOG2_E + _HALF)
    f = (t - n * _LN2_HIGH) - n * _LN2_LOW
    power = _as_float(np.int32(np.int32(np.int32(n) + _EXPONENT_BIAS) << _MANTISSA_BITS))
    return (_ONE + f + f * f * (_E0 + f * (_E1 + f * (_E2 + f * (_E3 + f * _E4))))) * power


@njit(inline="always")
def logarithm(x):  # pragma: no cover - compiled
    """Natural logarithm of a float32 that is normal and positive."""
    bits = _as_bits(x)
    e = np.int32(np.int32(bits - _SQRT_HALF_BITS) >> _MANTISSA_BITS)
    reduced = _as_float(np.int32(bits - np.int32(e << _MANTISSA_BITS)))
    s = (reduced - _ONE) / (reduced + _ONE)
    z = s * s
    return np.float32(e) * _LN2 + s * (_L0 + z * (_L1 + z * (_L2 + z * _L3)))
