"""Layered sum-product decoding in compiled integer arithmetic, many blocks side by side.

The check nodes are visited one after the other and every visit updates the a-posteriori values that the next one reads
(layered schedule, Hocevar 2004), which needs about half the iterations of flooding. The check node rule is that of
`check_node`.

Blocks lie side by side in the last axis, `LANES` of them, so that one vector instruction serves them all. A block leaves at
the first iteration after which it fulfils every parity check (and its CRC), and the next one takes its lane at once. Lanes
do not look at each other, so a block's result depends neither on the blocks beside it nor on when it began. The blocks are
dealt out over the cores in equal parts.
"""

from functools import lru_cache

import numpy as np
from numba import get_num_threads, prange

from linksim.common.compiled.kept import kept_njit
from linksim.link.coding.check_node import LARGEST, STEPS_PER_UNIT, visit_check
from linksim.link.coding.code import Decoded
from linksim.link.coding.crc import bit_remainders
from linksim.link.coding.graph import Graph
from linksim.link.coding.lanes import LANES, all_negative, differ, either, load, negative, store, subtract, zero

_TILE = 32
"""Variables at a time: reading by rows and writing by columns both stay in the cache."""


@kept_njit()
def _find_unsatisfied(app, columns, starts, ignored, failed):  # pragma: no cover - compiled
    """Set `failed` int16 `[1, LANES]` to -1 in the lanes where a parity check fails or a variable is undecided (0), else 0.

    Undecided counts as failed because deciding it either way would favour one codeword over another. Stops early once every
    lane is known to fail or is `ignored` (-1).
    """
    known = load(ignored, 0)
    wrong = subtract(known, known)
    for check in range(starts.size - 1):
        parity = load(app, columns[starts[check]])
        for e in range(starts[check] + 1, starts[check + 1]):
            parity = differ(parity, load(app, columns[e]))
        wrong = either(wrong, negative(parity))
        if all_negative(either(wrong, known)):
            store(failed, 0, wrong)
            return
    for variable in range(app.shape[0]):
        wrong = either(wrong, zero(load(app, variable)))
    store(failed, 0, wrong)


@kept_njit()
def _load_blocks(llr, app, filler, lanes, block_of):  # pragma: no cover - compiled
    """Quantize the LLRs float32 `[blocks, variables]` of the blocks of some `lanes` into int16 `[variables, LANES]`."""
    variables = app.shape[0]
    limit, steps = np.float32(LARGEST), np.float32(-STEPS_PER_UNIT)
    tile = np.empty(_TILE, np.int16)
    for start in range(0, variables, _TILE):
        count = min(_TILE, variables - start)
        for w in lanes:
            row = llr[block_of[w], start : start + count]
            for i in range(count):
                # Sionna's sign is log P(1)/P(0); the check rule multiplies signs of log P(0)/P(1).
                tile[i] = np.int16(np.rint(min(max(row[i] * steps, -limit), limit)))
            for i in range(count):
                app[start + i, w] = tile[i]
    for variable in filler:
        for w in lanes:
            app[variable, w] = LARGEST


@kept_njit()
def _read_blocks(app, lanes, block_of, out):  # pragma: no cover - compiled
    """LLRs of the information bits of the blocks of some `lanes`, into their rows of float32 `[blocks, k]`."""
    k = out.shape[1]
    for start in range(0, k, _TILE):
        for w in lanes:
            row = out[block_of[w]]
            for i in range(start, min(start + _TILE, k)):
                row[i] = np.float32(app[i, w]) * np.float32(-1 / STEPS_PER_UNIT)


@kept_njit()
def _crc_holds(llr, remainders):  # pragma: no cover - compiled
    """Whether the CRC of a row of LLRs does; it always does where there are no `remainders`."""
    register = np.uint32(0)
    for i in range(remainders.size):
        register ^= remainders[i] if llr[i] > 0 else np.uint32(0)
    return register == 0


@kept_njit()
def _decode_part(
    llr, first, last, variables, filler, columns, starts, iterations, early, remainders, out, taken
):  # pragma: no cover - compiled
    """Decode blocks `first` to `last`, as many at a time as there are lanes."""
    degree = 0
    for check in range(starts.size - 1):
        degree = max(degree, starts[check + 1] - starts[check])
    # Lanes without a block hold the all-zero codeword at first, later their last block; they are not looked at.
    app = np.full((variables, LANES), np.int16(LARGEST), np.int16)
    messages = np.empty((columns.size, LANES), np.int16)
    incoming, before = np.empty((degree, LANES), np.int16), np.empty((degree, LANES), np.int16)
    kept, ignored = np.zeros((1, LANES), np.int16), np.zeros((1, LANES), np.int16)
    failed = np.zeros((1, LANES), np.int16)
    block_of, done = np.full(LANES, -1, np.int64), np.zeros(LANES, np.int64)
    lanes = np.empty(LANES, np.int64)
    following = first
    while True:
        begin, busy = 0, 0
        for w in range(LANES):
            if block_of[w] < 0 and following < last:
                block_of[w], done[w] = following, 0
                kept[0, w] = 0
                following += 1
                lanes[begin] = w
                begin += 1
            busy += block_of[w] >= 0
        if begin:
            _load_blocks(llr, app, filler, lanes[:begin], block_of)
        if busy == 0:
            return
        for check in range(starts.size - 1):
            visit_check(app, messages, kept, columns, starts[check], starts[check + 1], incoming, before)
        kept[:] = -1
        for w in range(LANES):
            done[w] += 1
            ignored[0, w] = -1 if block_of[w] < 0 or taken[block_of[w]] > 0 or done[w] == iterations else 0
        _find_unsatisfied(app, columns, starts, ignored, failed)
        ending = 0
        for w in range(LANES):
            if block_of[w] >= 0 and (done[w] == iterations or (ignored[0, w] == 0 and failed[0, w] == 0)):
                lanes[ending] = w
                ending += 1
        _read_blocks(app, lanes[:ending], block_of, out)
        for w in lanes[:ending]:
            block = block_of[w]
            if taken[block] == 0 and (done[w] == iterations or _crc_holds(out[block], remainders)):
                taken[block] = done[w]
            if done[w] == iterations or (early and taken[block] > 0):
                block_of[w] = -1


@kept_njit(parallel=True)
def _decode(
    llr, variables, filler, columns, starts, iterations, k, early, remainders, threads
):  # pragma: no cover - compiled
    """Decode float32 `[blocks, at least variables]`; returns float32 `[blocks, k]` and iterations int32 `[blocks]`.

    `remainders` uint32 `[k]` of the CRC that ends the information bits, or empty where they have none. `threads` is told,
    since code that asks for it is not kept on disk.
    """
    blocks = llr.shape[0]
    out = np.empty((blocks, k), np.float32)
    taken = np.zeros(blocks, np.int32)
    parts = min(threads, (blocks + LANES - 1) // LANES)
    for part in prange(parts):
        own = np.int64(part)
        first, last = own * blocks // parts, (own + 1) * blocks // parts
        _decode_part(llr, first, last, variables, filler, columns, starts, iterations, early, remainders, out, taken)
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
    structure = graph.variables, filler, *_edges(graph)
    return Decoded(*_decode(llr, *structure, iterations, graph.k, early_termination, remainders, get_num_threads()))
