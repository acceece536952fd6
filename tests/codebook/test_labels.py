"""Labels and the binary symmetric channel, against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.codebook import labels
from linksim.common.errors import InputError


@given(st.integers(2, 70), st.integers(0, 2**32 - 1))
def test_bits_round_trip(size, seed):
    indices = np.random.default_rng(seed).integers(0, size, 50)
    bits = labels.indices_to_bits(indices, size)
    assert bits.dtype == np.uint8
    assert len(bits) == 50 * labels.bits_per_index(size)
    np.testing.assert_array_equal(labels.bits_to_labels(bits, size), indices)


def test_most_significant_bit_first():
    np.testing.assert_array_equal(labels.indices_to_bits(np.array([6, 1]), 8), [1, 1, 0, 0, 0, 1])


@pytest.mark.parametrize("size", [2, 3, 5, 6, 7, 8, 100])
def test_invalid_labels_go_to_the_nearest_valid_one(size):
    for label in range(2 ** labels.bits_per_index(size)):
        distance = [(label ^ k).bit_count() for k in range(size)]
        assert labels.valid_label(np.array([label]), size)[0] == np.argmin(distance)


@pytest.mark.parametrize("size", [5, 8])
@pytest.mark.parametrize("eps", [0.0, 0.1, 0.5, (0.02, 0.3, 0.1)])
def test_transition_matrix_sums_over_flip_patterns(size, eps):
    m = labels.bits_per_index(size)
    eps = np.broadcast_to(eps, m)
    expected = np.zeros((size, size))
    for i in range(size):
        for label in range(2**m):
            flipped = labels.label_bits(2**m)[i ^ label] == 1
            j = min(range(size), key=lambda k: ((label ^ k).bit_count(), k))
            expected[i, j] += np.prod(np.where(flipped, eps, 1 - eps))
    np.testing.assert_allclose(labels.transition_matrix(size, eps), expected, atol=1e-15)
    sent = np.random.default_rng(size).random((size, 3))
    np.testing.assert_allclose(labels.from_bsc(sent, eps), expected.T @ sent, atol=1e-15)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="at least 2"):
        labels.bits_per_index(1)
    with pytest.raises(InputError, match="multiple of the 3"):
        labels.bits_to_labels(np.zeros(4, np.uint8), 8)
    with pytest.raises(InputError, match=r"has 0\.\.7"):
        labels.indices_to_bits(np.array([8]), 8)
