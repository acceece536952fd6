"""Rows of numbers as single values in compiled code, one lane beside the other.

A loop over lanes vectorizes only where the compiler can tell that no two arrays overlap, and it reads and writes memory at
every step. A row as a value stays in registers for as long as it is needed. LLVM makes of it whatever vectors the processor
has. Nothing is reordered: each lane has what its numbers alone would give.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

compiled: Any = intrinsic  # which mypy takes for functions with the arguments of their definition


class RowType(types.Type):
    """Numba's name for a row.

    Attributes:
        vector: LLVM's.
    """

    def __init__(self, element: Any, count: int) -> None:
        super().__init__(name=f"{element} row of {count}")
        self.vector = ir.VectorType(element, count)


@register_model(RowType)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, numba_type.vector)


class Rows:
    """Rows of one kind.

    Attributes:
        load: of compiled code, `load(array, row)`: a row of a contiguous array `[rows, count]`. Nothing checks that there
            is one.
        store: `store(array, row, value)`, where `load` reads it.

    Args:
        element: LLVM's type of a number.
        count: lanes.
        size: bytes of a number.
    """

    def __init__(self, element: Any, count: int, size: int) -> None:
        self.type, self.count, self._alignment = RowType(element, count), count, size
        self.load, self.store = self._load(), self._store()

    def constant(self, value: float) -> Any:
        """The same number in every lane, as a value of LLVM."""
        return constant(value, self.type.vector)

    def operation(self, build: Callable[..., Any], result: Any = None) -> Any:
        """A function of one or two rows for compiled code, made of `build(builder, ...)`; it gives a row, or `result`."""
        given = self.type if result is None else result

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return build(builder, *arguments)

        def of_one(typing_context: Any, a: Any) -> Any:
            return given(a), generate

        def of_two(typing_context: Any, a: Any, b: Any) -> Any:
            return given(a, b), generate

        return compiled(of_one if build.__code__.co_argcount == 2 else of_two)

    def read(self, builder: Any, place: Any) -> Any:
        """The row at a `place`."""
        return builder.load(place, align=self._alignment)

    def write(self, builder: Any, value: Any, place: Any) -> None:
        """Set the row at a `place`."""
        builder.store(value, place, align=self._alignment)

    def place(self, context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
        """Where a row of an array lies, as a pointer of LLVM."""
        data = context.make_array(array_type)(context, builder, array).data
        first = builder.mul(row, ir.Constant(row.type, self.count))
        return builder.bitcast(builder.gep(data, [first]), self.type.vector.as_pointer())

    def _load(self) -> Any:
        @compiled
        def load(typing_context: Any, array: Any, row: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                return self.read(builder, self.place(context, builder, signature.args[0], *arguments))

            return self.type(array, types.intp), generate

        return load

    def _store(self) -> Any:
        @compiled
        def store(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                place = self.place(context, builder, signature.args[0], *arguments[:2])
                self.write(builder, arguments[2], place)
                return context.get_dummy_value()

            return types.void(array, types.intp, value), generate

        return store


def constant(value: float, vector: Any) -> Any:
    """The same number in every lane of a `vector` type, as a value of LLVM."""
    return ir.Constant(vector, [ir.Constant(vector.element, value)] * vector.count)
