"""The sum-product rule of a check node in integers, for many blocks side by side.

A check gives each of its variables the sum, in the sense of LLRs, of the others: the box-plus of Hagenauer, Offer and
Papke (1996), whose sign is the product of the signs and whose magnitude is, of two at a time,

`|a| [+] |b| = min(|a|, |b|) + f(|a| + |b|) - f(||a| - |b||)`, `f(x) = ln(1 + exp(-x))`.

`f` is taken as `ln 2 (1 - x / (8 ln 2))^4`, zero from `8 ln 2` on: its value and slope at 0, and nowhere off by more than
0.018. In steps of `1 / STEPS_PER_UNIT` that is two squarings and two shifts of 16-bit integers.
"""

import math

import numpy as np
from numba import njit

LANES = 64
"""Blocks side by side: a loop of fixed length over few arrays is what vectorizes."""

_FIRST_SHIFT, _SECOND_SHIFT = 8, 9
STEPS_PER_UNIT = (math.log(2) * 2 ** (2 * _FIRST_SHIFT + _SECOND_SHIFT) / (8 * math.log(2)) ** 4) ** (1 / 3)
"""29.08: with these two shifts, `f(0)` comes out as `ln 2`."""

LARGEST = np.int16(20 * STEPS_PER_UNIT)
"""Of a message and of a channel's LLR: 20, as for Sionna's decoder. 50 of them add up within 16 bits."""

_REACH = np.int16(round(8 * math.log(2) * STEPS_PER_UNIT))
_ROUNDING, _ZERO = np.int16(1 << (_SECOND_SHIFT - 1)), np.int16(0)
# Larger than any value: what is combined with it stays as it is.
_CERTAIN = np.int16(4000)


@njit(inline="always")
def _correction(x):  # pragma: no cover - compiled
    """`f(x)` in steps."""
    rest = max(np.int16(_REACH - x), _ZERO)
    squared = np.int16(np.int16(rest * rest) >> _FIRST_SHIFT)
    return np.int16(np.int16(np.int16(squared * squared) + _ROUNDING) >> _SECOND_SHIFT)


@njit(inline="always")
def box_plus(a, b):  # pragma: no cover - compiled
    """Of two magnitudes in steps, int16."""
    total, difference = np.int16(a + b), np.int16(abs(np.int16(a - b)))
    corrected = np.int16(np.int16(min(a, b) + _correction(total)) - _correction(difference))
    return max(corrected, _ZERO)


@njit(cache=True, nogil=True)
def visit_check(app, messages, columns, start, stop, incoming, magnitudes, before, rows):  # pragma: no cover - compiled
    """Update the messages of one check node, and the a-posteriori values of its variables, in all lanes.

    Each message is the box-plus of all edges before and of all behind its own.

    Args:
        app: a-posteriori values by variable, int16 `[variables, LANES]`, `log P(0)/P(1)` in steps.
        messages: by edge, int16 `[edges, LANES]`.
        columns: variable of each edge.
        start, stop: the check's edges.
        incoming, magnitudes, before, rows: scratch, int16 `[degree, LANES]` each, and `[3, LANES]`.
    """
    total, sign, new = rows[0], rows[1], rows[2]
    for w in range(LANES):
        total[w] = _CERTAIN
        sign[w] = 0
    # Few arrays per loop: beyond a handful, the compiler cannot rule out that they overlap and stops vectorizing.
    for e in range(start, stop):
        variable, row = columns[e], e - start
        for w in range(LANES):
            incoming[row, w] = app[variable, w] - messages[e, w]
        for w in range(LANES):
            t = incoming[row, w]
            sign[w] ^= t  # its sign bit is the product of the signs
            magnitudes[row, w] = min(np.int16(abs(t)), LARGEST)
        for w in range(LANES):
            so_far = total[w]
            before[row, w] = so_far
            total[w] = box_plus(so_far, magnitudes[row, w])
    for w in range(LANES):
        total[w] = _CERTAIN
    for e in range(stop - 1, start - 1, -1):
        variable, row = columns[e], e - start
        for w in range(LANES):
            new[w] = box_plus(total[w], before[row, w])
        for w in range(LANES):
            total[w] = box_plus(total[w], magnitudes[row, w])
        for w in range(LANES):
            # All ones where the product of the other signs is negative: negation without a branch.
            mask = np.int16(np.int16(sign[w] ^ incoming[row, w]) >> 15)
            new[w] = np.int16(np.int16(new[w] ^ mask) - mask)
        for w in range(LANES):
            messages[e, w] = new[w]
        for w in range(LANES):
            app[variable, w] = np.int16(incoming[row, w] + new[w])
