"""Layered sum-product decoding in compiled integer arithmetic, many blocks side by side.

The check nodes are visited one after the other and every visit updates the a-posteriori values that the next one reads
(layered schedule, Hocevar 2004), which needs about half the iterations of flooding. The check node rule is that of
`check_node`.

Blocks lie side by side in the last axis, in groups of `LANES`, so that one vector instruction serves them all; groups
are spread over the cores. A block's result is taken at the first iteration after which it fulfils every parity check
(and its CRC), so it does not depend on the blocks beside it.
"""

from functools import lru_cache

import numpy as np
from numba import njit, prange

from linksim.link.coding.check_node import LANES, LARGEST, STEPS_PER_UNIT, visit_check
from linksim.link.coding.code import Decoded
from linksim.link.coding.crc import bit_remainders
from linksim.link.coding.graph import Graph


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
    blocks, variables = llr.shape[0], app.shape[0]
    limit, steps = np.float32(LARGEST), np.float32(-STEPS_PER_UNIT)
    for start in range(0, variables, 16):  # a few at a time: reading by rows and writing by columns both stay in cache
        stop = min(start + 16, variables)
        for w in range(blocks):
            for i in range(start, stop):
                # Sionna's sign is log P(1)/P(0); the check rule multiplies signs of log P(0)/P(1).
                app[i, w] = np.int16(np.rint(min(max(llr[w, i] * steps, -limit), limit)))
    # Lanes without a block hold the all-zero codeword, known for sure, and settle at once.
    app[:, blocks:] = LARGEST
    for variable in filler:
        app[variable, :] = LARGEST


@njit(parallel=True, cache=True, nogil=True)
def _decode(llr, variables, filler, columns, starts, iterations, k, early, remainders):  # pragma: no cover - compiled
    """Decode float32 `[blocks, at least variables]`; returns float32 `[blocks, k]` and iterations int32 `[blocks]`.

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
        app = np.empty((variables, LANES), np.int16)
        _load(llr[first : first + LANES], app, filler)
        messages = np.zeros((columns.size, LANES), np.int16)
        incoming, magnitudes = np.empty((degree, LANES), np.int16), np.empty((degree, LANES), np.int16)
        before, rows = np.empty((degree, LANES), np.int16), np.empty((3, LANES), np.int16)
        settled, failed, parity = np.zeros(LANES, np.int16), np.empty(LANES, np.int16), np.empty(LANES, np.int16)
        for iteration in range(1, iterations + 1):
            for check in range(starts.size - 1):
                start, stop = starts[check], starts[check + 1]
                visit_check(app, messages, columns, start, stop, incoming, magnitudes, before, rows)
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


@lru_cache(maxsize=64)
def _edges(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Variable of each edge, and where each check's edges begin; without filler bits, which are known and add nothing
    to a check.
    """
    checks = graph.parity_checks.tocoo()
    kept = (checks.col < graph.filler.start) | (checks.col >= graph.filler.stop)
    degrees = np.bincount(checks.row[kept], minlength=checks.shape[0])
    return checks.col[kept].astype(np.int32), np.concatenate([[0], np.cumsum(degrees)]).astype(np.int32)


def decode_layered(
    graph: Graph,
    variables: np.ndarray,
    iterations: int,
    early_termination: bool = True,
    with_crc: bool = False,
) -> Decoded:
    """Layered sum-product decoding.

    Args:
        graph: the parity checks.
        variables: LLRs `log P(b=1)/P(b=0)` of the variables as of `LdpcCode.spread`, float32 `[blocks, variables]`;
            those beyond the graph are not looked at.
        iterations: the most that a block is given.
        early_termination: let a block go once every parity check is fulfilled.
        with_crc: as for `FloodingDecoder.decode`.
    """
    remainders = bit_remainders(graph.k) if with_crc else np.zeros(0, np.uint32)
    filler = np.arange(graph.filler.start, graph.filler.stop)
    llr = np.ascontiguousarray(variables, np.float32)
    return Decoded(
        *_decode(llr, graph.variables, filler, *_edges(graph), iterations, graph.k, early_termination, remainders)
    )
