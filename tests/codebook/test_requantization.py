"""Vectors back onto a codebook: sums of codewords, the nearest ones, and none of what was not sent."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.codebook.payload import Layout, spread_order
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.receiver import Hard, Soft
from linksim.codebook.requantization import requantized
from linksim.codebook.stages import Stages

GRID = (3, 4)


def _stages(seed: int, size: int = 5) -> Stages:
    rng = np.random.default_rng(seed)
    usage = rng.random((3, 2, size)).astype(np.float32)
    words = rng.normal(size=(3, 2, size, 2)) * np.array([1, 0.5, 0.25])[:, None, None, None]
    return Stages(words.astype(np.float32), usage / usage.sum(-1, keepdims=True))


def _by_search(features: np.ndarray, stages: Stages, counts: list[int]) -> np.ndarray:
    """The nearest word of every head, vector by vector and stage by stage, for `counts[v]` stages of vector v."""
    out = np.zeros_like(features)
    for v, h in np.ndindex(len(features), stages.heads):
        part = slice(2 * h, 2 * h + 2)
        for s in range(counts[v]):
            left = features[v, part] - out[v, part]
            out[v, part] += min(stages.codewords[s, h], key=lambda word: float(np.sum((left - word) ** 2)))
    return out


@given(seed=st.integers(0, 2**32 - 1), sent=st.integers(1, 3), last=st.integers(1, 12))
@pytest.mark.parametrize("receiver", [Hard, Soft, partial(Soft, estimate="map")])
def test_they_are_the_nearest_words_of_the_stages_that_were_sent(receiver, seed, sent, last) -> None:
    stages = _stages(seed)
    quantizer = ResidualQuantizer(stages, receiver)
    layout = Layout(GRID, quantizer.stage_bits[:sent], 12 if sent == 1 else last)
    features = np.random.default_rng(seed + 1).normal(size=(12, 4)).astype(np.float32)
    counts = np.full(12, sent)
    counts[spread_order(*GRID)[layout.last :]] -= 1
    expected = _by_search(features, stages, counts.tolist())
    np.testing.assert_allclose(requantized(features, quantizer, layout), expected, atol=1e-5)


def test_what_is_on_the_codebook_stays_where_stages_do_not_overlap() -> None:
    """Stages like digits, of 8, 1 and 1/8 times 0..3: any sum of their words is its own nearest one, in closed form."""
    digits = np.arange(4, dtype=np.float32)
    words = np.stack([np.tile(scale * digits[:, None], (2, 1, 2)) for scale in (8, 1, 1 / 8)])
    quantizer = ResidualQuantizer(Stages(words, np.full((3, 2, 4), 0.25, np.float32)))
    layout = Layout.whole(GRID, quantizer.stage_bits)
    indices = np.random.default_rng(2).integers(0, 4, (12, 3, 2))
    exact = np.repeat(8.0 * indices[:, 0] + indices[:, 1] + indices[:, 2] / 8, 2, axis=-1)
    near = (exact + np.random.default_rng(3).uniform(-0.06, 0.06, exact.shape)).astype(np.float32)
    np.testing.assert_array_equal(requantized(near, quantizer, layout), exact)
