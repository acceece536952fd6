"""Layered offset min-sum decoding in compiled integer arithmetic, many blocks side by side.

The check nodes are visited one after the other and every visit updates the a-posteriori values that the next one reads
(layered schedule, Hocevar 2004), which needs about half the iterations of flooding. The check node rule is offset
min-sum (Chen and Fossorier 2002): `|r_e| = max(min over other edges of |q| - OFFSET, 0)`.

Values are integers in steps of `1 / STEPS_PER_UNIT`. Blocks lie side by side in the last axis, in groups of `LANES`, so
that one vector instruction serves them all; groups are spread over the cores. A block's result is taken at the first
iteration after which it fulfils every parity check (and its CRC), so it does not depend on the blocks beside it.
"""

import numpy as np
from numba import njit, prange

from linksim.link.coding.code import Decoded
from linksim.link.coding.crc import bit_remainders
from linksim.link.coding.ldpc import LdpcCode

LANES = 64
STEPS_PER_UNIT = 8
OFFSET = 3
"""In steps: 0.375 in units of LLR, the best of 0.25 to 0.75 (`python -m benchmarks.offset`)."""

MESSAGE_MAX = 127
KNOWN = 2000
"""Value of a filler bit; larger than any sum of messages could turn within int16's range."""


@njit(cache=True, nogil=True)
def _visit_check(app, messages, columns, start, stop, q, offset):  # pragma: no cover - compiled
    """Update the messages of one check node, and the a-posteriori values of its variables, in all lanes.

    `q` int16 `[degree + 5, LANES]` is scratch: the incoming values, and in its last rows what is known of the check
    and the new message.
    """
    smallest, second, product, floor = q.shape[0] - 5, q.shape[0] - 4, q.shape[0] - 3, q.shape[0] - 2
    new = q.shape[0] - 1
    for w in range(LANES):
        q[smallest, w] = 32767
        q[second, w] = 32767
        q[product, w] = 0
    # Few arrays per loop: beyond a handful, the compiler cannot rule out that they overlap and stops vectorizing.
    for e in range(start, stop):
        variable, row = columns[e], e - start
        for w in range(LANES):
            q[row, w] = app[variable, w] - messages[e, w]
        for w in range(LANES):
            t = q[row, w]
            magnitude = np.int16(abs(t))
            low = q[smallest, w]
            q[second, w] = min(q[second, w], max(low, magnitude))
            q[smallest, w] = min(low, magnitude)
            q[product, w] ^= t  # its sign bit is the product of the signs
    for w in range(LANES):
        low = q[smallest, w]
        q[floor, w] = low
        q[smallest, w] = min(max(np.int16(low - offset), np.int16(0)), np.int16(MESSAGE_MAX))
    for w in range(LANES):
        q[second, w] = min(max(np.int16(q[second, w] - offset), np.int16(0)), np.int16(MESSAGE_MAX))
    for e in range(start, stop):
        variable, row = columns[e], e - start
        for w in range(LANES):
            t = q[row, w]
            # The edge that has the smallest value gets the second smallest.
            low, high = q[smallest, w], q[second, w]
            magnitude = high if np.int16(abs(t)) == q[floor, w] else low
            # All ones where the product of the other signs is negative: negation without a branch.
            mask = np.int16(np.int16(q[product, w] ^ t) >> 15)
            q[new, w] = np.int16(np.int16(magnitude ^ mask) - mask)
        for w in range(LANES):
            app[variable, w] = np.int16(q[row, w] + q[new, w])
        for w in range(LANES):
            messages[e, w] = q[new, w]


@njit(cache=True, nogil=True)
def _find_unsatisfied(app, columns, starts, settled, failed, parity):  # pragma: no cover - compiled
    """Set `failed` to -1 in the lanes where a parity check fails or a variable is undecided (0), else 0.

    Undecided counts as failed because deciding it either way would favour one codeword over another.
    Stops early once every lane is known to fail or is `settled` (-1).
    """
    for w in range(LANES):
        failed[w] = 0
    for check in range(starts.size - 1):
        for w in range(LANES):
            parity[w] = 0
        for e in range(starts[check], starts[check + 1]):
            variable = columns[e]
            for w in range(LANES):
                parity[w] ^= app[variable, w]
        open_lanes = np.int16(0)
        for w in range(LANES):
            failed[w] |= np.int16(parity[w] >> 15)
            open_lanes |= np.int16(~(failed[w] | settled[w]))
        if open_lanes == 0:
            return
    for variable in range(app.shape[0]):
        for w in range(LANES):
            failed[w] |= np.int16(-(app[variable, w] == 0))


@njit(cache=True, nogil=True)
def _load(llr, app, filler):  # pragma: no cover - compiled
    """Quantize LLRs of variables float32 `[blocks, variables]` into int16 `[variables, LANES]`."""
    blocks, variables = llr.shape
    limit = np.float32(MESSAGE_MAX)
    for start in range(0, variables, 16):  # a few at a time: reading by rows and writing by columns both stay in cache
        stop = min(start + 16, variables)
        for w in range(blocks):
            for i in range(start, stop):
                # Sionna's sign is log P(1)/P(0); the check rule multiplies signs of log P(0)/P(1).
                value = llr[w, i] * np.float32(-STEPS_PER_UNIT)
                app[i, w] = np.int16(np.rint(min(max(value, -limit), limit)))
    # Lanes without a block hold the all-zero codeword, known for sure, and settle at once.
    app[:, blocks:] = MESSAGE_MAX
    for variable in filler:
        app[variable, :] = KNOWN


@njit(parallel=True, cache=True, nogil=True)
def _decode(llr, filler, columns, starts, iterations, offset, k, early, remainders):  # pragma: no cover - compiled
    """Decode float32 `[blocks, variables]`; returns float32 `[blocks, k]` and iterations int32 `[blocks]`.

    `remainders` uint32 `[k]` of the CRC that ends the information bits, or empty where they have none.
    """
    blocks = llr.shape[0]
    out = np.empty((blocks, k), np.float32)
    taken = np.zeros(blocks, np.int32)
    degree = 0
    for check in range(starts.size - 1):
        degree = max(degree, starts[check + 1] - starts[check])
    for g in prange((blocks + LANES - 1) // LANES):
        first = g * LANES
        app = np.empty((llr.shape[1], LANES), np.int16)
        _load(llr[first : first + LANES], app, filler)
        messages = np.zeros((columns.size, LANES), np.int8)
        q = np.empty((degree + 5, LANES), np.int16)
        settled, failed, parity = np.zeros(LANES, np.int16), np.empty(LANES, np.int16), np.empty(LANES, np.int16)
        for iteration in range(1, iterations + 1):
            for check in range(starts.size - 1):
                _visit_check(app, messages, columns, starts[check], starts[check + 1], q, offset)
            _find_unsatisfied(app, columns, starts, settled, failed, parity)
            if iteration == iterations:
                failed[:] = 0
            remaining = False
            for w in range(LANES):
                settles = settled[w] == 0 and failed[w] == 0
                if settles and iteration < iterations:
                    register = np.uint32(0)
                    for i in range(remainders.size):
                        if app[i, w] < 0:
                            register ^= remainders[i]
                    settles = register == 0
                if settles:
                    settled[w] = -1
                    if first + w < blocks:
                        taken[first + w] = iteration
                if first + w < blocks and (settles if early else iteration == iterations):
                    for i in range(k):
                        out[first + w, i] = np.float32(app[i, w]) * np.float32(-1 / STEPS_PER_UNIT)
                remaining |= settled[w] == 0
            if early and not remaining:
                break
    return out, taken


def decode_layered(
    code: LdpcCode,
    variables: np.ndarray,
    iterations: int,
    offset: int = OFFSET,
    early_termination: bool = True,
    with_crc: bool = False,
) -> Decoded:
    """Layered offset min-sum decoding.

    Args:
        code: whose parity-check matrix and rate matching are used.
        variables: LLRs `log P(b=1)/P(b=0)` of the graph's variables as of `LdpcCode.spread`, float32
            `[blocks, variables]`.
        iterations: the most that a block is given.
        offset: in steps of `1 / STEPS_PER_UNIT`.
        early_termination: let a block go once every parity check is fulfilled.
        with_crc: as for `FloodingDecoder.decode`.
    """
    checks = code.parity_checks
    remainders = bit_remainders(code.k) if with_crc else np.zeros(0, np.uint32)
    graph = (
        np.arange(code.filler.start, code.filler.stop),
        checks.indices,
        checks.indptr,
    )
    return Decoded(
        *_decode(
            np.ascontiguousarray(variables, np.float32),
            *graph,
            iterations,
            offset,
            code.k,
            early_termination,
            remainders,
        )
    )
