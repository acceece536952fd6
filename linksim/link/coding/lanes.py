"""Rows of 16-bit integers as single values in compiled code, one lane per block.

A loop over lanes vectorizes only where the compiler can tell that no two arrays overlap, and it reads and writes memory at
every step. A row as a value stays in registers for as long as it is needed. LLVM makes of it whatever vectors the processor
has.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

compiled: Any = intrinsic  # which mypy takes for functions with the arguments of their definition

LANES = 64
"""Blocks side by side."""

_INTEGER = ir.IntType(16)
_ROW = ir.VectorType(_INTEGER, LANES)
_WIDE = ir.VectorType(ir.IntType(32), LANES)
_MASK = ir.IntType(LANES)


class RowType(types.Type):
    """Numba's name for a row."""

    def __init__(self) -> None:
        super().__init__(name=f"int16 row of {LANES}")


ROW = RowType()


@register_model(RowType)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _ROW)


def constant(value: int, row: Any = _ROW) -> Any:
    """The same number in every lane, as a value of LLVM."""
    return ir.Constant(row, [ir.Constant(row.element, value)] * LANES)


def operation(build: Callable[..., Any], result: Any = ROW) -> Any:
    """A function of one or two rows for compiled code, made of `build(builder, ...)`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return build(builder, *arguments)

    def of_one(typing_context: Any, a: Any) -> Any:
        return result(a), generate

    def of_two(typing_context: Any, a: Any, b: Any) -> Any:
        return result(a, b), generate

    return compiled(of_one if build.__code__.co_argcount == 2 else of_two)


def _place(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.mul(row, ir.Constant(row.type, LANES))
    return builder.bitcast(builder.gep(data, [first]), _ROW.as_pointer())


@compiled
def load(typing_context: Any, array: Any, row: Any) -> Any:
    """A row of int16 `[rows, LANES]`, contiguous. Nothing checks that there is one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], *arguments), align=2)

    return ROW(array, types.intp), generate


@compiled
def store(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Write a row where `load` reads it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _place(context, builder, signature.args[0], *arguments[:2]), align=2)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


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
    return builder.trunc(builder.lshr(product, constant(16, _WIDE)), _ROW)


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
