"""HARQ: gains against theory, what is counted, budgets that are never overrun."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.blocks import BlockResult
from linksim.link.harq import send_until_delivered, with_retransmissions
from linksim.link.ledger import ledger_of

BPSK = {"modulation": {"bits_per_symbol": 1}, "channel": {"kind": "awgn"}}
CHASE, INCREMENTAL = ({"kind": kind, "max_transmissions": 2} for kind in ("chase", "incremental"))


def config(rate: float, k: int = 720, decoder: str = "layered", **link: object) -> LinkConfig:
    code = {"kind": "ldpc5g", "decoder": decoder, "rate": rate, "block_bits": k}
    return LinkConfig(**{"code": code} | BPSK | link)


def error_rates(link: LinkConfig, es_no_db: float, blocks: int) -> tuple[float, float]:
    """Block error rates after the first transmission and after the last one."""
    payload = np.zeros(blocks * link.payload_bits_per_block, np.uint8)
    (reception,) = Link(link).transmit([payload], es_no_db, [("harq", link.harq.kind, link.code.rate)])
    return float(np.mean(reception.transmissions > 1)), float(np.mean(~reception.block_ok))


def assert_alike(a: float, b: float, blocks: int) -> None:
    pooled = (a + b) / 2
    assert 0.02 < pooled < 0.98
    assert abs(a - b) <= 3 * np.sqrt(2 * pooled * (1 - pooled) / blocks)


@pytest.mark.parametrize(("decoder", "blocks"), [("layered", 600), ("sionna", 128)])
def test_chase_combining_of_two_is_worth_3_01_db(decoder: str, blocks: int) -> None:
    once, _ = error_rates(config(0.5, decoder=decoder, harq=CHASE), -2.1, blocks)
    first, second = error_rates(config(0.5, decoder=decoder, harq=CHASE), -2.1 - 10 * np.log10(2), blocks)
    assert first == 1
    assert_alike(once, second, blocks)


@pytest.mark.parametrize(("decoder", "blocks"), [("layered", 600), ("sionna", 128)])
def test_incremental_redundancy_is_the_code_of_the_union(decoder: str, blocks: int) -> None:
    """k = 720 at rate 2/5: versions 0 and 2 together are the bits of rate 1/5 (`test_rate_matching`)."""
    first, second = error_rates(config(0.4, decoder=decoder, harq=INCREMENTAL), -7.2, blocks)
    assert first == 1
    assert_alike(second, error_rates(config(0.2, decoder=decoder), -7.2, blocks)[1], blocks)
    assert error_rates(config(0.4, harq=CHASE), -7.2, 64)[1] > 0.9  # the same bits twice are worth less


def test_each_transmission_has_a_fade_of_its_own() -> None:
    """Block fading: a block is lost below a gain t, with probability 1 - exp(-t); two add up to an Erlang variable."""
    link = config(0.5, 1536, channel={"kind": "rayleigh", "coherence": "block"}, harq=CHASE)
    first, second = error_rates(link, 1.0, 800)
    t = -np.log(1 - first)
    expected = 1 - np.exp(-t) * (1 + t)
    assert 0.05 < expected < 0.2
    assert second == pytest.approx(expected, abs=4 * np.sqrt(expected / 800))


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("kind", ["chase", "incremental"])
def test_payloads_arrive_and_everything_is_counted(kind: str, share: bool) -> None:
    harq = {"kind": kind, "max_transmissions": 4}
    link = config(0.8, 264, harq=harq, share_blocks=share)
    sent = [generator("count", i).integers(0, 2, 2400, np.uint8) for i in range(2)]
    for payload, reception in zip(sent, Link(link).transmit(sent, 0.0, [(1, 0), (1, 1)]), strict=True):
        assert reception.ok
        assert np.array_equal(reception.bits, payload)
        assert reception.transmissions.max() > 1
        planned, total = ledger_of(link, 2400), int(reception.transmissions.sum())
        assert planned.n_transmissions == planned.n_blocks == 10
        assert reception.ledger.n_transmissions == total
        assert reception.ledger.channel_uses == total * link.symbols_per_block
        assert reception.ledger.coded_bits == total * link.coded_bits_per_block
        assert reception.ledger.information_bits == planned.information_bits


def test_first_transmissions_are_those_without_harq() -> None:
    payload = generator("first").integers(0, 2, 50 * 240, np.uint8)
    receptions = {}
    for kind in ("none", "chase", "incremental"):
        link = config(0.5, 264, harq={"kind": kind, "max_transmissions": 2})
        (receptions[kind],) = Link(link).transmit([payload], -1.5, [("same",)], [None])
    once = receptions["none"]
    assert 0 < once.block_ok.sum() < 50
    assert once.transmissions.tolist() == [1] * 50
    for kind in ("chase", "incremental"):
        assert np.array_equal(receptions[kind].transmissions == 1, once.block_ok)
        same = np.repeat(once.block_ok, 240)
        assert np.array_equal(receptions[kind].llr[same], once.llr[same])


def test_a_budget_of_the_first_transmissions_is_no_harq() -> None:
    payload = generator("spent").integers(0, 2, 20 * 240, np.uint8)
    once = ledger_of(config(0.5, 264), len(payload))
    results = []
    for kind in ("none", "incremental"):
        link = config(0.5, 264, harq={"kind": kind})
        results += Link(link).transmit([payload], -1.5, [("spent",)], [once.channel_uses])
    assert np.array_equal(results[0].llr, results[1].llr)
    assert results[1].ledger == once


@given(
    st.lists(st.lists(st.integers(1, 6), max_size=8), min_size=1, max_size=3),
    st.lists(st.one_of(st.none(), st.integers(0, 9000)), min_size=3, max_size=3),
    st.integers(1, 5),
)
def test_rounds_send_the_failed_blocks_in_order_within_the_budget(
    needed: list[list[int]], budgets: list[int | None], most: int
) -> None:
    """Blocks that need so many transmissions each, by payload."""
    link = config(0.5, 264, harq={"kind": "chase", "max_transmissions": most})
    uses, wanted = link.symbols_per_block, np.array([n for payload in needed for n in payload], int)
    owner = np.repeat(np.arange(len(needed)), [len(payload) for payload in needed])

    def simulate(numbers: np.ndarray, sent: int) -> BlockResult:
        llr = np.full((len(numbers), link.block_bits), sent, np.float32)
        return BlockResult(llr, wanted[numbers] <= sent, np.full(len(numbers), sent, np.int32))

    (llr, ok, _), taken = send_until_delivered(link, simulate, budgets[: len(needed)], owner)
    assert np.array_equal(ok, wanted <= taken)
    assert np.array_equal(llr[:, 0], taken)
    assert (taken <= np.minimum(wanted, most)).all()
    for payload, budget in enumerate(budgets[: len(needed)]):
        own, need = taken[owner == payload], np.minimum(wanted[owner == payload], most)
        again = int((own - 1).sum())
        ledger = with_retransmissions(link, ledger_of(link, len(own) * link.payload_bits_per_block), own)
        assert ledger.channel_uses == (len(own) + again) * uses
        if budget is None:
            assert np.array_equal(own, need)
            continue
        assert again * uses <= budget
        if (own < need).any():
            assert (again + 1) * uses > budget  # it stops only where not one block more fits
            first = int(np.flatnonzero(own < need)[0])
            assert (own[first:] <= own[first]).all()  # those before it had their turn


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ({"harq": {"kind": "chase"}, "code": {"kind": "none"}}, "harq.kind chase adds up .* code.kind is none"),
        ({"harq": {"kind": "chase", "max_transmissions": 0}}, "greater than or equal to 1"),
        ({"harq": {"kind": "chase", "max_transmissions": 99}}, "less than or equal to 16"),
        ({"harq": {"kind": "selective"}}, "none"),
        ({"code": {"kind": "ldpc5g", "rate": 0.01}}, "greater than or equal to 0.029"),
        ({"code": {"kind": "ldpc5g", "rate": 0.95}}, "less than or equal to 0.92"),
    ],
)
def test_what_does_not_exist_is_refused(link: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinkConfig(**link)


def test_symbols_are_not_sent_again() -> None:
    symbols = np.ones(100, np.complex64)
    repeating, once = (
        Link(config(0.5, **keys)).transmit([symbols], 10.0, [("symbols",)])[0] for keys in ({"harq": CHASE}, {})
    )
    assert np.array_equal(repeating.symbols, once.symbols)
    assert repeating.ledger == once.ledger
