"""Shared blocks are distributed as blocks simulated with the payload's own bits."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.sharing import SharedBlocks

BLOCKS = 400
HARQ = {"code": {"kind": "ldpc5g", "decoder": "layered"}, "harq": {"kind": "incremental", "max_transmissions": 2}}


def received(share: bool, es_no_db: float, code: dict, payload: np.ndarray):
    config = LinkConfig(**(code if "harq" in code else {"code": code}), share_blocks=share)
    # Different keys with and without sharing: independent samples, as the test of Kolmogorov and Smirnov assumes.
    return Link(config).transmit([payload], es_no_db, [("sharing", share, 0)])[0]


@pytest.mark.parametrize(
    ("code", "es_no_db"),
    [
        ({"kind": "ldpc5g", "decoder": "layered"}, 12.5),
        ({"kind": "ldpc5g", "decoder": "layered"}, 6.0),
        ({"kind": "ldpc5g", "decoder": "sionna"}, 12.5),
        ({"kind": "none"}, 12.0),
        ({"kind": "ldpc5g", "rate": 0.1, "block_bits": 512, "decoder": "layered"}, -0.2),
        (HARQ, 6.0),
    ],
)
@pytest.mark.parametrize("kind", ["zeros", "random"])
def test_sharing_changes_no_distribution(code: dict, es_no_db: float, kind: str) -> None:
    """Block error rate, errors per block, and relative LLRs; for a payload of zeros too, where scrambling matters most."""
    per_block = (1536 if "harq" in code else code.get("block_bits", 1536)) - 24
    payload = np.zeros(BLOCKS * per_block, np.uint8)
    if kind == "random":
        payload = generator("sharing").integers(0, 2, payload.size, np.uint8)
    on, off = (received(share, es_no_db, code, payload) for share in (True, False))
    bler = [1 - r.block_ok.mean() for r in (on, off)]
    pooled = np.mean(bler)
    assert abs(bler[0] - bler[1]) <= 4 * np.sqrt(2 * pooled * (1 - pooled) / BLOCKS) + 1e-12
    errors = [(r.bits != payload).reshape(BLOCKS, per_block).mean(axis=1) for r in (on, off)]
    assert ks_2samp(*errors).pvalue > 1e-4
    # One LLR per block: those of one block are dependent.
    pick = np.arange(BLOCKS) * per_block + generator("pick").integers(0, per_block, BLOCKS)
    relative = [(r.llr * (2.0 * payload - 1))[pick] for r in (on, off)]
    assert ks_2samp(*relative).pvalue > 1e-4


def test_equal_keys_meet_equal_errors_whatever_the_payload() -> None:
    config = LinkConfig()
    link = Link(config)
    n = 3 * config.payload_bits_per_block
    a, b = np.zeros(n, np.uint8), generator("other").integers(0, 2, n + 200, np.uint8)
    first, second = link.transmit([a, b], 11.0, [(1, "x", 0), (1, "x", 0)])
    assert np.array_equal(first.bits != a, (second.bits != b)[:n])
    assert np.array_equal(np.abs(first.llr), np.abs(second.llr[:n]))
    assert np.array_equal(first.block_ok, second.block_ok[:3])


def test_the_crc_flag_is_that_of_the_bits_delivered() -> None:
    from linksim.link.coding import crc

    config = LinkConfig(code={"kind": "ldpc5g", "decoder": "layered"})
    patterns = SharedBlocks(config).get([("flag", i) for i in range(300)], 12.5)
    errors = np.stack([p.relative_llr < 0 for p in patterns]).astype(np.uint8)
    assert np.array_equal(crc.check(errors), [p.crc_ok for p in patterns])
    assert 0 < errors.any(axis=1).sum() < 300


def test_the_cache_is_bounded_and_forgetting_changes_nothing() -> None:
    config = LinkConfig(code={"kind": "none"})
    small, large = SharedBlocks(config, cache_bytes=3 * 4 * config.block_bits), SharedBlocks(config)
    keys = [("cache", i) for i in range(8)]
    expected = large.get(keys, 10.0)
    for _ in range(2):
        for pattern, reference in zip(small.get(keys, 10.0), expected, strict=True):
            assert np.array_equal(pattern.relative_llr, reference.relative_llr)
        assert len(small._patterns) == 3
