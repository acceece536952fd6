"""Label assignment against all orders of a small codebook, and by its invariants."""

import time
from itertools import permutations

import numpy as np
import pytest

from linksim.codebook.assignment import swapping
from linksim.codebook.assignment.bisection import bisection_order
from linksim.codebook.assignment.search import binary_switching, simulated_annealing
from linksim.codebook.theory import channel_distortion

SEARCHES = [binary_switching, simulated_annealing]


def codebook(size, seed, dim=2):
    rng = np.random.default_rng(seed)
    usage = rng.random(size)
    return rng.normal(size=(size, dim)), usage / usage.sum()


@pytest.mark.parametrize("size", [5, 6, 8, 29])
@pytest.mark.parametrize("eps", [0.1, 0.4])
def test_swaps_are_priced_exactly(size, eps):
    e, usage = codebook(size, 1)
    state = swapping.start(e, usage, eps, np.arange(size))
    before = channel_distortion(e, usage, eps)
    for a, b in [(0, 4), (2, 3), (4, 1), (0, 4), (1, 2)]:
        added = swapping.price(state, a)
        swapping.swap(state, a, b)
        order = np.argsort(state.label)
        after = channel_distortion(e[order], usage[order], eps)
        assert after - before == pytest.approx(added[b], abs=1e-5)
        np.testing.assert_allclose(state.w, swapping.start(e, usage, eps, order).w, atol=1e-5)
        before = after


def test_heat_bath_visits_labels_by_boltzmanns_law():
    e, usage = codebook(4, 4)
    orders = [np.array(order) for order in permutations(range(4))]
    price = np.array([channel_distortion(e[o], usage[o], 0.1) for o in orders])
    temperature = np.ptp(price) / 2
    law = np.exp(-price / temperature) / np.exp(-price / temperature).sum()
    state = swapping.start(e, usage, 0.1, np.arange(4))
    rng = np.random.default_rng(0)
    seen = np.zeros(len(orders))
    for _ in range(20_000):
        swapping.heat_bath(state, rng.integers(0, 4, 1), rng.random(1), temperature)
        seen[next(i for i, o in enumerate(orders) if (o == np.argsort(state.label)).all())] += 1
    np.testing.assert_allclose(seen / seen.sum(), law, atol=0.015)


def test_bisection_cuts_a_grid_into_its_own_bits():
    grid = np.array([(x, y, z) for x in (0, 8, 16, 24) for y in (0, 3) for z in (0, 1)], float)
    shuffled = np.random.default_rng(5).permutation(grid)
    # Codeword (x, y, z) gets the label x1 x0 y z, up to the sense of each direction.
    labelled = shuffled[bisection_order(shuffled)]
    steps = np.abs(labelled.reshape(4, 2, 2, 3) - labelled.reshape(4, 2, 2, 3)[:1, :1, :1])
    np.testing.assert_array_equal(steps[0, 1, 0], [0, 3, 0])
    np.testing.assert_array_equal(steps[0, 0, 1], [0, 0, 1])
    np.testing.assert_array_equal(np.sort(steps[:, 0, 0, 0]), [0, 8, 16, 24])


@pytest.mark.parametrize("search", SEARCHES)
def test_near_the_best_of_all_orders(search):
    e, usage = codebook(8, 2)
    # Flipping a bit of every label changes nothing at K = 8, so index 0 may stay where it is.
    orders = [np.array((0, *rest)) for rest in permutations(range(1, 8))]
    best = min(channel_distortion(e[o], usage[o], 0.05) for o in orders)
    order = search(e, usage, 0.05)
    assert channel_distortion(e[order], usage[order], 0.05) <= 1.1 * best


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("size", [5, 16, 100])
@pytest.mark.parametrize("eps", [0.0, 0.05, 0.3])
def test_never_raises_the_distortion(search, size, eps):
    e, usage = codebook(size, size, 4)
    order = search(e, usage, eps)
    np.testing.assert_array_equal(np.sort(order), np.arange(size))
    before = channel_distortion(e, usage, eps)
    after = channel_distortion(e[order], usage[order], eps)
    assert after <= before
    np.testing.assert_array_equal(order, search(e, usage, eps))
    if eps and size == 100:
        assert after < 0.9 * before


def test_4096_codewords_take_seconds():
    e, usage = codebook(4096, 7, 4)
    binary_switching(e[:16], usage[:16], 0.05)  # compiles
    start = time.perf_counter()
    order = binary_switching(e, usage, 0.05, max_sweeps=2)
    assert time.perf_counter() - start < 20
    assert channel_distortion(e[order], usage[order], 0.05) < 0.5 * channel_distortion(e, usage, 0.05)
