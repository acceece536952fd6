"""Rows of 16-bit integers, one lane per block, and what is done with them."""

from typing import Any

from llvmlite import ir
from numba import types

from linksim.common.compiled.lanes import Rows
from linksim.common.compiled.lanes import constant as constant_of

LANES = 64
"""Blocks side by side."""

_ROWS = Rows(ir.IntType(16), LANES, size=2)
_ROW = _ROWS.type.vector
_WIDE = ir.VectorType(ir.IntType(32), LANES)
_MASK = ir.IntType(LANES)

constant, operation, load, store = _ROWS.constant, _ROWS.operation, _ROWS.load, _ROWS.store


def smaller(builder: Any, a: Any, b: Any) -> Any:
    """Of unsigned numbers, as a value of LLVM; so are the next ones."""
    return builder.select(builder.icmp_unsigned("<", a, b), a, b)


def larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_unsigned(">", a, b), a, b)


def less(builder: Any, a: Any, b: Any) -> Any:
    """`max(a - b, 0)` of unsigned numbers, written as processors have it."""
    return builder.sub(larger(builder, a, b), b)


def high_product(builder: Any, a: Any, b: Any) -> Any:
    """`a b / 2^16` of unsigned numbers, rounded down."""
    product = builder.mul(builder.zext(a, _WIDE), builder.zext(b, _WIDE))
    return builder.trunc(builder.lshr(product, constant_of(16, _WIDE)), _ROW)


def negated(builder: Any, a: Any, sign: Any) -> Any:
    """`a`, with the other sign in lanes where `sign` is negative."""
    mask = builder.ashr(sign, constant(15))
    return builder.sub(builder.xor(a, mask), mask)


add = operation(lambda builder, a, b: builder.add(a, b))
subtract = operation(lambda builder, a, b: builder.sub(a, b))
both = operation(lambda builder, a, b: builder.and_(a, b))
either = operation(lambda builder, a, b: builder.or_(a, b))
differ = operation(lambda builder, a, b: builder.xor(a, b))
negative = operation(lambda builder, a: builder.ashr(a, constant(15)))
"""-1 in lanes whose number is negative, else 0; `zero` so where it is zero."""
zero = operation(lambda builder, a: builder.sext(builder.icmp_signed("==", a, constant(0)), _ROW))
all_negative = operation(
    lambda builder, a: builder.icmp_signed(
        "==", builder.bitcast(builder.icmp_signed("<", a, constant(0)), _MASK), ir.Constant(_MASK, -1)
    ),
    types.boolean,
)
"""Whether every lane's number is negative."""
