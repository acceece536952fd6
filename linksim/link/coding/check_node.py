"""The sum-product rule of a check node in integers, for many blocks side by side.

A check gives each of its variables the sum, in the sense of LLRs, of the others: the box-plus of Hagenauer, Offer and
Papke (1996), whose sign is the product of the signs and whose magnitude is, of two at a time,

`|a| [+] |b| = min(|a|, |b|) + f(|a| + |b|) - f(||a| - |b||)`, `f(x) = ln(1 + exp(-x))`.

`f` is taken as `ln 2 (1 - x / (8 ln 2))^4`, zero from `8 ln 2` on: its value and slope at 0, and nowhere off by more than
0.018. In steps of `1 / STEPS_PER_UNIT` that is two squarings and two shifts of 16-bit integers.
"""

import math
from typing import Any

from linksim.common.compiled.kept import kept_njit
from linksim.link.coding.lanes import (
    add,
    both,
    constant,
    differ,
    high_product,
    larger,
    less,
    load,
    negated,
    operation,
    smaller,
    store,
    subtract,
)

_FIRST_SHIFT, _SECOND_SHIFT = 8, 9
STEPS_PER_UNIT = (math.log(2) * 2 ** (2 * _FIRST_SHIFT + _SECOND_SHIFT) / (8 * math.log(2)) ** 4) ** (1 / 3)
"""29.08: with these two shifts, `f(0)` comes out as `ln 2`."""

LARGEST = int(20 * STEPS_PER_UNIT)
"""Of a message and of a channel's LLR: 20, as for Sionna's decoder. 50 of them add up within 16 bits."""

_REACH = round(8 * math.log(2) * STEPS_PER_UNIT)
# Magnitudes are held in sixteenths of a step: the upper half of a square is then the square shifted by `_FIRST_SHIFT`.
_FINE = (16 - _FIRST_SHIFT) // 2


def _correction(builder: Any, x: Any) -> Any:
    """`f(x)` in steps, `x` in sixteenths."""
    rest = less(builder, constant(_REACH << _FINE), x)
    squared = high_product(builder, rest, rest)
    rounded = builder.add(builder.mul(squared, squared), constant(1 << (_SECOND_SHIFT - 1)))
    return builder.lshr(rounded, constant(_SECOND_SHIFT))


def _box_plus(builder: Any, a: Any, b: Any) -> Any:
    low, high = smaller(builder, a, b), larger(builder, a, b)
    of_difference = _correction(builder, builder.sub(high, low))
    lost = builder.sub(of_difference, _correction(builder, builder.add(a, b)))
    return less(builder, low, builder.shl(lost, constant(_FINE)))


def _magnitude(builder: Any, a: Any) -> Any:
    return builder.shl(smaller(builder, negated(builder, a, a), constant(LARGEST)), constant(_FINE))


def _message(builder: Any, magnitude: Any, sign: Any) -> Any:
    return negated(builder, builder.lshr(magnitude, constant(_FINE)), sign)


box_plus = operation(_box_plus)
"""Of two rows of magnitudes in sixteenths of a step."""
magnitude = operation(_magnitude)
"""Of a row in steps, at most `LARGEST`, in sixteenths of a step."""
message = operation(_message)
"""A magnitude in whole steps, negative where `sign` is."""


@kept_njit()
def visit_check(app, messages, kept, columns, start, stop, incoming, before):  # pragma: no cover - compiled
    """Update the messages of one check node, and the a-posteriori values of its variables, in all lanes.

    Each message is the box-plus of all edges before and of all behind its own.

    Args:
        app: a-posteriori values by variable, int16 `[variables, LANES]`, `log P(0)/P(1)` in steps.
        messages: by edge, int16 `[edges, LANES]`.
        kept: int16 `[1, LANES]`, -1 in lanes whose messages count, 0 in those that begin.
        columns: variable of each edge.
        start, stop: the check's edges, at least two.
        incoming, before: scratch, int16 `[degree, LANES]` each.
    """
    keep, last = load(kept, 0), stop - start - 1
    first = subtract(load(app, columns[start]), both(load(messages, start), keep))
    sign, total = first, magnitude(first)
    for row in range(1, last):
        e = start + row
        t = subtract(load(app, columns[e]), both(load(messages, e), keep))
        store(incoming, row, t)
        store(before, row, total)
        sign = differ(sign, t)  # its sign bit is the product of the signs
        total = box_plus(total, magnitude(t))
    e = stop - 1
    t = subtract(load(app, columns[e]), both(load(messages, e), keep))
    sign = differ(sign, t)
    new = message(total, differ(sign, t))
    store(messages, e, new)
    store(app, columns[e], add(t, new))
    total = magnitude(t)
    for row in range(last - 1, 0, -1):
        e, t = start + row, load(incoming, row)
        new = message(box_plus(total, load(before, row)), differ(sign, t))
        store(messages, e, new)
        store(app, columns[e], add(t, new))
        total = box_plus(total, magnitude(t))
    new = message(total, differ(sign, first))
    store(messages, start, new)
    store(app, columns[start], add(first, new))
