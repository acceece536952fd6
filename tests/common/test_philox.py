"""Compiled random numbers against NumPy's, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.common.compiled.philox import WORDS, fill_bits, next_words, seed
from linksim.common.compiled.ziggurat import fill_normals
from linksim.common.seeds import entropy_words, generator


def stream(*key: int | float | str) -> tuple[np.ndarray, np.ndarray]:
    """State and words in hand at the beginning of a key's stream."""
    state, words = np.empty(4, np.uint64), np.empty(WORDS, np.uint32)
    seed(entropy_words([key])[0], state)
    return state, words


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False), st.text()), max_size=4))
@settings(max_examples=50)
def test_words_are_those_of_numpy(key: list) -> None:
    state, words = stream(*key)
    ours = []
    for _ in range(3):
        next_words(state, words)
        ours.append(words.copy())
    theirs = generator(*key).bit_generator.random_raw(3 * WORDS // 2)
    assert np.array_equal(np.concatenate(ours), theirs.astype("<u8").view("<u4"))


@pytest.mark.parametrize("n", [1, 7, 8, 31, 32, 33, 3072, 40_001])
def test_bits_and_the_normals_behind_them_are_those_of_numpy(n: int) -> None:
    state, words = stream("bits", n)
    bits, normals = np.empty(n, np.uint8), np.empty(777, np.float32)
    fill_bits(state, words, bits)
    fill_normals(state, words, normals)
    rng = generator("bits", n)
    assert np.array_equal(bits, np.unpackbits(np.frombuffer(rng.bytes(-(-n // 8)), np.uint8), count=n))
    assert normals.tobytes() == rng.standard_normal(777, dtype=np.float32).tobytes()


def test_millions_of_normals_are_those_of_numpy() -> None:
    """Enough for every layer, its rejections and the tails on both sides (one number in some 4,000)."""
    state, words = stream("normal")
    ours = np.empty(4_000_000, np.float32)
    fill_normals(state, words, ours)
    theirs = generator("normal").standard_normal(ours.size, dtype=np.float32)
    assert ours.tobytes() == theirs.tobytes()
    assert (np.abs(ours) > 3.66).sum() > 500


@pytest.mark.parametrize("cuts", [(1, 1), (511, 2), (512, 513), (3, 4000)])
def test_a_stream_goes_on_where_it_was_left(cuts: tuple[int, int]) -> None:
    state, words = stream("cuts")
    whole = np.empty(sum(cuts), np.float32)
    for part in np.split(whole, [cuts[0]]):
        fill_normals(state, words, part)
    assert whole.tobytes() == generator("cuts").standard_normal(whole.size, dtype=np.float32).tobytes()
