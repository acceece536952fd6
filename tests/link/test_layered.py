"""The layered decoder in rows of lanes against the same rule and schedule in plain NumPy, and against itself in other company."""

import math

import numba
import numpy as np
import pytest

from linksim.common.seeds import generator
from linksim.link.coding.check_node import STEPS_PER_UNIT
from linksim.link.coding.graph import Graph
from linksim.link.coding.lanes import LANES
from linksim.link.coding.layered import decode_layered
from linksim.link.coding.ldpc import ldpc_code

LARGEST, REACH = int(20 * STEPS_PER_UNIT), round(8 * math.log(2) * STEPS_PER_UNIT)


def correction(x: int) -> int:
    """`f(x) = ln(1 + exp(-x))` in steps, as the module's docstring has it."""
    squared = max(REACH - x, 0) ** 2 >> 8
    return squared * squared + 256 >> 9


def box_plus(a: int, b: int) -> int:
    return max(min(a, b) + correction(a + b) - correction(abs(a - b)), 0)


def plain(graph: Graph, llr: np.ndarray, iterations: int) -> tuple[np.ndarray, int]:
    """One block: LLRs of the information bits, and the iterations it took."""
    value = np.clip(llr[: graph.variables] * np.float32(-STEPS_PER_UNIT), -LARGEST, LARGEST)
    app = np.rint(value).astype(int)
    app[graph.filler] = LARGEST
    filler = set(range(graph.filler.start, graph.filler.stop))
    checks = [[int(v) for v in row.indices if v not in filler] for row in graph.parity_checks]
    messages = [[0] * len(check) for check in checks]
    for iteration in range(1, iterations + 1):
        for check, old in zip(checks, messages, strict=True):
            incoming = [int(app[v]) - m for v, m in zip(check, old, strict=True)]
            sizes = [min(abs(t), LARGEST) for t in incoming]
            signs = [-1 if t < 0 else 1 for t in incoming]
            for edge, variable in enumerate(check):
                before = after = None
                for size in sizes[:edge]:
                    before = size if before is None else box_plus(before, size)
                for size in sizes[:edge:-1]:
                    after = size if after is None else box_plus(after, size)
                others = [size for size in (before, after) if size is not None]
                new = others[0] if len(others) == 1 else box_plus(*others)
                old[edge] = new * math.prod(signs) * signs[edge]
                app[variable] = incoming[edge] + old[edge]
        fulfilled = all(sum(app[v] < 0 for v in check) % 2 == 0 for check in checks)
        if iteration == iterations or (fulfilled and app.all()):
            break
    return app[: graph.k].astype(np.float32) * np.float32(-1 / STEPS_PER_UNIT), iteration


def received(k: int, n: int, blocks: int, noise: tuple[float, float], key: str) -> np.ndarray:
    """LLRs of the all-zero codeword over AWGN, each block with a noise of its own between two levels."""
    rng = generator("layered", key)
    sigma = rng.uniform(*noise, (blocks, 1))
    return (-2 / sigma**2 * (1 + sigma * rng.standard_normal((blocks, n)))).astype(np.float32)


@pytest.mark.parametrize(("k", "n", "noise"), [(64, 128, (0.5, 1.2)), (64, 80, (0.4, 0.9)), (330, 420, (0.4, 0.8))])
def test_every_bit_of_every_llr_is_that_of_the_rule_in_plain_numbers(k: int, n: int, noise: tuple) -> None:
    """Both base graphs; blocks that arrive at once, later, and never."""
    code = ldpc_code(k, n, 2)
    graph, variables = code.graph(), code.spread(received(k, n, 6, noise, "plain"))
    decoded = decode_layered(graph, variables, 6)
    for row, llr, iterations in zip(variables, *decoded, strict=True):
        expected, taken = plain(graph, row, 6)
        assert np.array_equal(llr, expected)
        assert iterations == taken
    assert len(set(decoded.iterations)) > 1


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("with_crc", [True, False])
def test_a_block_does_not_depend_on_when_a_lane_was_free_for_it(early: bool, with_crc: bool) -> None:
    """More blocks than lanes that leave at different times; in other orders, by one thread and by several."""
    code = ldpc_code(264, 528, 2)
    blocks = 3 * LANES + 5
    graph, variables = code.graph(), code.spread(received(264, 528, blocks, (0.5, 0.95), "lanes"))
    alone = [decode_layered(graph, row[None], 12, early, with_crc) for row in variables]
    order = generator("order").permutation(blocks)
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        together = decode_layered(graph, variables[order], 12, early, with_crc)
        numba.set_num_threads(before)
        for place, block in enumerate(order):
            assert np.array_equal(together.llr[place], alone[block].llr[0])
            assert together.iterations[place] == alone[block].iterations[0]
    taken = together.iterations
    assert (taken == 12).any()
    assert len(set(taken)) > 4
