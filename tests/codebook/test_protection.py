"""Unequal error protection: importance, permutations that invert, rates that add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.codebook.importance import Split, bit_importance, level_permutation, undo
from linksim.codebook.payload import Layout
from linksim.common.errors import InputError


def test_importance_of_a_binary_counter():
    importance = bit_importance(np.arange(8.0)[:, None], np.full(8, 1 / 8))
    np.testing.assert_allclose(importance, [16, 4, 1])


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_permutation_inverts_and_sorts_within_blocks(n, block_bits, seed):
    rng = np.random.default_rng(seed)
    importance, levels = rng.random(3), rng.integers(0, 3, 3 * n)
    payload = np.arange(3 * n)
    order = level_permutation(importance, levels, block_bits)
    sent = payload[order]
    np.testing.assert_array_equal(undo(sent, order), payload)
    np.testing.assert_array_equal(sent // block_bits, payload // block_bits)
    rank = np.argsort(np.argsort(-importance))[sent % 3]
    for first in range(0, 3 * n, block_bits):
        block = slice(first, first + block_bits)
        for level in range(2):
            here, below = rank[block][levels[block] == level], rank[block][levels[block] > level]
            assert not here.size or not below.size or here.max() <= below.min()


@given(st.integers(0, 30), st.integers(1, 5))
def test_split_joins(n, strong):
    payload = np.random.default_rng(n).normal(size=n * 6).astype(np.float32)
    bit = Layout.whole((n, 1), (6,)).bit_of_vector()
    split = Split.most_important(np.array([1.0, 5, 3, 2, 9, 4]), strong)
    assert split.strong[4]
    np.testing.assert_array_equal(split.join(*split.streams(payload, bit), bit), payload)


def test_rates_take_equal_channel_uses():
    split = Split.most_important(np.arange(9.0), 2)
    weak = split.weak_rate(0.5, 1 / 3)
    assert 2 * 3 + 7 / weak == pytest.approx(9 / 0.5)
    with pytest.raises(InputError, match="no room"):
        Split.most_important(np.arange(9.0), 7).weak_rate(0.5, 0.3)
    with pytest.raises(InputError, match=r"give 1\.\.8"):
        Split.most_important(np.arange(9.0), 9)
