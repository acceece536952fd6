"""Exponential and logarithm of rows of float32, as values of LLVM.

The argument is reduced to a small interval around 0 (`exp`) or 1 (`log`), where a polynomial does: fits at Chebyshev
points, good to the last bit or two of float32.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from linksim.common.compiled.lanes import constant

_LOG2_E, _LN2 = 1.4426950408889634, 0.6931471805599453
# ln 2 in two parts, the first with few enough bits that its product with an exponent is exact (Cody and Waite 1980).
_LN2_HIGH, _LN2_LOW = 0.693145751953125, 1.4286068203094172e-06
# exp(-87) is the last that float32 holds without denormals.
_LOWEST = -87.0
# (exp(f) - 1 - f) / f^2 for |f| <= ln(2) / 2.
_EXPONENTIAL = (0.5, 0.16666576, 0.041666467, 0.008363182, 0.0013933652)
# 2 artanh(s) / s by s^2, s = (x - 1) / (x + 1) for x in [sqrt(1/2), sqrt(2)].
_LOGARITHM = (2.0, 0.6666682, 0.39974752, 0.29926854)
_EXPONENT_BIAS, _MANTISSA_BITS, _SQRT_HALF_BITS = 127, 23, 0x3F3504F3


def larger(builder: Any, a: Any, b: Any) -> Any:
    """Lane by lane."""
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def exponential(builder: Any, x: Any) -> Any:
    """Of numbers that are at most 0; below -87 that of -87."""
    whole = ir.VectorType(ir.IntType(32), x.type.count)
    t = larger(builder, x, constant(_LOWEST, x.type))
    n = _floor(builder, builder.fadd(builder.fmul(t, constant(_LOG2_E, t.type)), constant(0.5, t.type)))
    f = builder.fsub(t, builder.fmul(n, constant(_LN2_HIGH, n.type)))
    f = builder.fsub(f, builder.fmul(n, constant(_LN2_LOW, n.type)))
    exponent = builder.add(builder.fptosi(n, whole), constant(_EXPONENT_BIAS, whole))
    power = builder.bitcast(builder.shl(exponent, constant(_MANTISSA_BITS, whole)), x.type)
    beyond = builder.fmul(builder.fmul(f, f), _polynomial(builder, f, _EXPONENTIAL))
    return builder.fmul(builder.fadd(builder.fadd(constant(1.0, f.type), f), beyond), power)


def logarithm(builder: Any, x: Any) -> Any:
    """Natural logarithm of numbers that are normal and positive."""
    whole = ir.VectorType(ir.IntType(32), x.type.count)
    one, shift = constant(1.0, x.type), constant(_MANTISSA_BITS, whole)
    bits = builder.bitcast(x, whole)
    exponent = builder.ashr(builder.sub(bits, constant(_SQRT_HALF_BITS, whole)), shift)
    reduced = builder.bitcast(builder.sub(bits, builder.shl(exponent, shift)), x.type)
    s = builder.fdiv(builder.fsub(reduced, one), builder.fadd(reduced, one))
    series = builder.fmul(s, _polynomial(builder, builder.fmul(s, s), _LOGARITHM))
    return builder.fadd(builder.fmul(builder.sitofp(exponent, x.type), constant(_LN2, x.type)), series)


def _polynomial(builder: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    """By Horner's rule, the constant term first."""
    value = constant(coefficients[-1], x.type)
    for coefficient in reversed(coefficients[:-1]):
        value = builder.fadd(constant(coefficient, x.type), builder.fmul(x, value))
    return value


def _floor(builder: Any, x: Any) -> Any:
    name, kind = f"llvm.floor.v{x.type.count}f32", ir.FunctionType(x.type, [x.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x])
