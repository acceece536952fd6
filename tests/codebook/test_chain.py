"""Labels along a chain: greedy by brute force, Gray along the axis, and less harm than labels at random."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.codebook.assignment.chain import chain, gray_sequence, greedy_chain
from linksim.codebook.assignment.search import METHODS, order_stages
from linksim.codebook.stages import Stages
from linksim.codebook.theory import channel_distortion
from linksim.common.errors import InputError
from linksim.link.air.modulation import gray_pam
from linksim.link.transitions import axis_transitions


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_the_sequence_is_that_of_the_amplitudes_and_neighbours_differ_in_one_bit(bits: int) -> None:
    sequence = gray_sequence(bits)
    np.testing.assert_array_equal(sequence, np.argsort(-gray_pam(2 * bits)))
    assert {int(a ^ b).bit_count() for a, b in pairwise(sequence)} == {1}


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8]))
def test_the_chain_is_the_greedy_one(seed: int, size: int) -> None:
    e = np.random.default_rng(seed).normal(size=(size, 3))
    path = list(greedy_chain(e))
    assert sorted(path) == list(range(size))
    target, left = e.mean(0), set(range(size))
    for word in path:
        assert word == min(left, key=lambda k, at=target: float(((e[k] - at) ** 2).sum()))
        left.remove(word)
        target = e[word]


def test_places_on_the_chain_are_places_on_the_axis() -> None:
    """Words on a line whose mean is at its end come back in the order of their amplitudes."""
    line = np.array([0.0, 3, 1, 100, 2, 5, 4, 6])[:, None] - 40
    order = chain(line, np.full(8, 1 / 8))
    by_amplitude = line[order][np.argsort(-gray_pam(6))][:, 0]
    path = line[greedy_chain(line), 0]
    np.testing.assert_array_equal(by_amplitude, path)
    assert path[0] == -34  # 6 is nearest the mean, -24.9
    assert METHODS["chain"] is chain


def test_chain_labels_do_less_harm_than_random_ones() -> None:
    """D_c of octonary codebooks on an axis of 64-QAM, where it has to be low, and over a binary symmetric channel."""
    axis, usage = axis_transitions(6, 18.0, True), np.full(8, 1 / 8)

    def harm(e: np.ndarray) -> tuple[float, float]:
        distances = ((e[:, None] - e) ** 2).sum(-1)
        return float((axis * distances).sum(-1).mean()), channel_distortion(e, usage, 0.05)

    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        e = rng.normal(size=(8, 2))
        at_random = np.mean([harm(rng.permutation(e)) for _ in range(50)], axis=0)
        ratios.append(harm(e[chain(e, usage)]) / at_random)
    assert np.mean(ratios, axis=0) == pytest.approx([0.64, 0.84], abs=0.08)


def test_every_head_of_every_stage_has_a_chain_of_its_own() -> None:
    words = np.random.default_rng(3).normal(size=(2, 2, 8, 3)).astype(np.float32)
    stages = Stages(words, np.full((2, 2, 8), 1 / 8, np.float32))
    after = stages.reordered(order_stages(stages, 0.1, "chain"))
    for s, h in np.ndindex(2, 2):
        np.testing.assert_array_equal(after.codewords[s, h][gray_sequence(3)], words[s, h][greedy_chain(words[s, h])])


def test_a_codebook_that_leaves_places_empty_is_refused() -> None:
    with pytest.raises(InputError, match="labels chain: 6 codewords leave places of an axis empty; use a power of two"):
        chain(np.eye(6), np.full(6, 1 / 6))
