"""Label assignment against all orders of a small codebook, and by its invariants."""

from itertools import permutations

import numpy as np
import pytest

from linksim.semantic.assignment import _change, _Search, _swap, binary_switching, simulated_annealing
from linksim.semantic.theory import channel_distortion

SEARCHES = [binary_switching, simulated_annealing]


def codebook(size, seed, dim=2):
    rng = np.random.default_rng(seed)
    usage = rng.random(size)
    return rng.normal(size=(size, dim)), usage / usage.sum()


@pytest.mark.parametrize("size", [6, 8])
def test_swaps_are_priced_exactly(size):
    e, usage = codebook(size, 1)
    search = _Search(e, usage, 0.1)
    assert search.start == pytest.approx(channel_distortion(e, usage, 0.1))
    for a, b in [(0, 5), (2, 3), (5, 1), (0, 4)]:
        before = search.price()
        change = _change(a, b, search.cost, search.q, search.g, search.label)
        _swap(a, b, search.cost, search.q, search.g, search.label)
        updated = search.g.copy()
        assert search.price() == pytest.approx(before + change)
        np.testing.assert_allclose(updated, search.g, atol=1e-12)
        order = np.argsort(search.label)
        assert search.price() == pytest.approx(channel_distortion(e[order], usage[order], 0.1))


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
    assert after <= before * (1 + 1e-9) + 1e-12
    np.testing.assert_array_equal(order, search(e, usage, eps))
    if eps and size == 100:
        assert after < 0.9 * before
