"""The order of payloads: prefixes, parts, and what fits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.codebook.payload import Layout, spread_order
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError

GRIDS = st.tuples(st.integers(1, 9), st.integers(1, 9))
BITS = st.lists(st.integers(1, 12), min_size=1, max_size=8).map(tuple)


def stages(count, heads, size, dim, seed=0):
    """Random codebooks whose stages get smaller, used unevenly."""
    rng = np.random.default_rng([count, heads, size, dim, seed])
    codewords = rng.normal(size=(count, heads, size, dim // heads)) * 0.6 ** np.arange(count)[:, None, None, None]
    usage = rng.random((count, heads, size)) + 0.1
    return Stages(codewords.astype(np.float32), (usage / usage.sum(-1, keepdims=True)).astype(np.float32))


@given(GRIDS, BITS, st.integers(0, 2000))
def test_what_fits_is_the_longest_that_fits_and_follows_from_its_own_length(grid, bits, most):
    layout = Layout.that_fits(grid, bits, most)
    vectors = grid[0] * grid[1]
    if layout is None:
        assert vectors * bits[0] > most
        return
    assert layout.source_bits <= most
    assert Layout.that_fits(grid, bits, layout.source_bits) == layout
    whole = layout.last == vectors
    if not (whole and layout.stages == len(bits)):  # one vector more would be too long
        assert layout.source_bits + bits[layout.stages if whole else layout.stages - 1] > most


@given(GRIDS, BITS, st.integers(0, 2000))
def test_every_bit_belongs_to_one_vector_and_stage(grid, bits, most):
    layout = Layout.that_fits(grid, bits, most)
    if layout is None:
        return
    at = [layout.part(s) for s in range(layout.stages)]
    assert [part.start for part in at[1:]] == [part.stop for part in at[:-1]]
    assert (at[0].start, at[-1].stop) == (0, layout.source_bits)
    counted = np.bincount(layout.bit_of_vector(), minlength=sum(layout.stage_bits))
    np.testing.assert_array_equal(counted, np.repeat(layout.counts, layout.stage_bits))


@given(
    st.integers(1, 8), st.sampled_from([1, 2, 3]), st.integers(2, 20), GRIDS, st.integers(0, 3000), st.integers(0, 99)
)
def test_shorter_payloads_are_beginnings_of_longer_ones_and_decode_to_what_was_sent(
    count, heads, size, grid, most, seed
):
    quantizer = ResidualQuantizer(stages(count, heads, size, 6))
    indices = np.random.default_rng(seed).integers(0, size, (grid[0] * grid[1], count, heads))
    whole = quantizer.to_bits(indices, Layout.whole(grid, quantizer.stage_bits))
    assert whole.dtype == np.uint8
    layout = Layout.that_fits(grid, quantizer.stage_bits, most)
    if layout is None:
        return
    bits = quantizer.to_bits(indices[:, : layout.stages], layout)
    np.testing.assert_array_equal(bits, whole[: layout.source_bits])
    sent = np.zeros((len(indices), count), bool)
    for s in range(layout.stages):
        sent[layout.order(s), s] = True
    parts = [
        np.concatenate([quantizer.stages.codewords[s, h, indices[:, s, h]] for h in range(heads)], -1)
        for s in range(count)
    ]
    expected = sum(part * sent[:, [s]] for s, part in enumerate(parts))
    got = quantizer.decode(bits, np.zeros(bits.size, np.float32), np.ones(bits.size, bool), layout)
    np.testing.assert_allclose(got.features, expected, atol=1e-5)
    assert not got.variance.any()


def test_one_stage_is_sent_as_ever():
    quantizer = ResidualQuantizer(stages(1, 1, 8, 4))
    indices = np.array([6, 1, 3, 0])
    bits = quantizer.to_bits(indices[:, None, None], Layout.whole((2, 2), (3,)))
    np.testing.assert_array_equal(bits, [1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0])


@pytest.mark.parametrize("grid", [(64, 64), (64, 96), (55, 89), (144, 233), (1, 200)])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_every_beginning_of_the_spread_order_covers_the_grid_evenly(grid, share):
    order = spread_order(*grid)
    np.testing.assert_array_equal(np.sort(order), np.arange(grid[0] * grid[1]))
    covered = np.zeros(grid[0] * grid[1])
    covered[order[: round(share * len(order))]] = 1
    covered = covered.reshape(grid)
    rows, columns = min(grid[0], 8), 8
    cells = covered[: grid[0] // rows * rows, : grid[1] // columns * columns]
    cells = cells.reshape(grid[0] // rows, rows, -1, columns).sum((1, 3))
    # Drawn at random, cells of 64 would be up to 12 off.
    assert np.abs(cells - share * rows * columns).max() <= 3.5


def test_bad_layouts_are_named():
    with pytest.raises(InputError, match="the last of 3 of 4 vectors"):
        Layout((2, 2), (3,), 3)
    with pytest.raises(InputError, match="0 stages"):
        Layout((2, 2), (), 4)
    with pytest.raises(InputError, match=r"stages 3: the codebook has 2; give 1\.\.2"):
        stages(2, 1, 4, 2).first(3)
    with pytest.raises(InputError, match=r"give \[stages, heads, K, D / heads\]"):
        Stages(np.zeros((4, 2)), np.zeros(4))
