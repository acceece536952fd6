"""HARQ with schemes: budgets, reserves, two streams, what is undelivered, 5G's tables."""

import numpy as np
import pytest
from PIL import Image
from small_link import TinyCodec, link_config, picture

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.link.config import LinkConfig
from linksim.link.symbols import send_symbols
from linksim.results.aggregates import per_block
from linksim.results.frame import Frame
from linksim.scenario import Scenario
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.config import AdaptiveMcs
from linksim.schemes.encodings import Encodings
from linksim.schemes.nr_tables import RATES_IN_1024, nr_table
from linksim.schemes.semantic.scheme import SemanticScheme
from linksim.schemes.sending import send

HARQ = {"kind": "incremental", "max_transmissions": 4}
LINK = link_config(harq=HARQ)


def received(scheme, sent, es_no_db, budgets):
    return send(sent, es_no_db, lambda i, number: ("harq", i, number), budgets=budgets)


def jpeg(link=LINK, **keys):
    config = parse_scheme({"name": "s", "kind": "jpeg"} | keys)
    return build_scheme(config, SchemeContext(link, (config,)))


@pytest.mark.parametrize("name", list(RATES_IN_1024))
def test_tables_are_those_of_sionna(name):
    from sionna.phy.nr.utils import decode_mcs_index

    table = nr_table(name)
    orders, rates = decode_mcs_index(np.arange(len(table)), table_index=int(name[-1]), is_pusch=False)
    assert [bits for _, bits in table] == orders.numpy().tolist()
    assert [rate for rate, _ in table] == pytest.approx(rates.numpy().tolist(), abs=1e-6)
    assert len(table) == {"nr-table-1": 29, "nr-table-2": 28, "nr-table-3": 29}[name]


def test_a_grid_may_name_tables_and_schemes():
    config = validate(
        {
            "kind": "adaptive",
            "grid": ["nr-table-3", {"rate": 0.5, "bits_per_symbol": 8}, "nr-table-2"],
            "validation": {},
        },
        AdaptiveMcs,
        "mcs",
    )
    entries = config.entries
    assert len(entries) == len(set(entries))
    assert {(entry.rate, entry.bits_per_symbol) for entry in entries} == {
        *nr_table("nr-table-3"),
        *nr_table("nr-table-2"),
        (0.5, 8),
    }


def test_a_budget_is_shared_by_file_and_retransmissions():
    image = picture()
    scheme = jpeg(channel_uses=8000, reserve=0.5)
    sent = scheme.transmit([image] * 20, [str(i) for i in range(20)], [8000] * 20, None)
    assert {t.channel_uses for t in sent} == {sent[0].channel_uses}
    assert 3000 < sent[0].channel_uses <= 4000
    outcomes = received(scheme, sent, 0.8, [8000] * 20)
    deliveries = scheme.receive(sent, outcomes, 0.8)
    ledgers = [reception.ledger for (reception,) in outcomes]
    assert all(ledger.channel_uses <= 8000 for ledger in ledgers)
    assert len({ledger.channel_uses for ledger in ledgers}) > 3
    for (reception,), delivery in zip(outcomes, deliveries, strict=True):
        assert delivery.outage == (not reception.ok)
    lost = [reception for (reception,) in received(scheme, sent, -4.5, [8000] * 20) if not reception.ok]
    assert lost, "at so low an SNR the budget ends before all has arrived"
    assert all(r.ledger.channel_uses + LINK.symbols_per_block > 8000 for r in lost)


def test_a_reserve_is_given_up_before_the_picture():
    image = picture()
    smallest = jpeg(quality=1).transmit([image], ["a"], [None], None)[0].channel_uses
    (sent,) = jpeg(channel_uses=smallest + 300, reserve=0.9).transmit([image], ["a"], [smallest + 300], None)
    assert not sent.infeasible
    assert smallest <= sent.channel_uses <= smallest + 300


def test_without_harq_nothing_is_reserved():
    image = picture()
    plain, other = (
        jpeg(link, channel_uses=8000, **keys).transmit([image], ["a"], [8000], None)[0]
        for link, keys in ((link_config(), {}), (LINK, {"harq": {"kind": "none"}}))
    )
    assert np.array_equal(plain.streams[0].bits, other.streams[0].bits)
    assert plain.channel_uses > 7000
    assert not other.repeats


def semantic(link, **keys):
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | keys)
    codec = TinyCodec()
    return SemanticScheme(config, SchemeContext(link, (config,)), codec=codec)


def test_what_failed_in_the_end_is_received_softly():
    """At -9 dB four transmissions of rate 1/2 are too few: blocks fail, and the picture is made of their LLRs."""
    image = picture(96, 96)
    scheme = semantic(LINK, receiver={"kind": "soft"})
    sent = scheme.transmit([image], ["a"], [None], None)
    errors = []
    for es_no_db in (-9.0, -2.0):
        ((reception,),) = received(scheme, sent, es_no_db, [None])
        (delivery,) = scheme.receive(sent, [(reception,)], es_no_db)
        assert not delivery.outage
        errors.append(np.mean((delivery.image.astype(float) - image) ** 2))
        if es_no_db == -9.0:
            assert not reception.ok
            assert set(reception.transmissions[~reception.block_ok]) == {4}
        else:
            assert reception.ok
            assert reception.transmissions.min() > 1
    assert errors[1] < errors[0]


def test_two_streams_share_what_is_left_of_a_budget():
    scheme = semantic(LINK, protection={"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.34})
    image = picture(160, 160)
    sent = scheme.transmit([image], ["a"], [None], None)
    assert len(sent[0].streams) == 2
    once = sent[0].channel_uses
    for extra in (0, 900, 2000, 10**6):
        ((strong, weak),) = received(scheme, sent, -2.0, [once + extra])
        total = strong.ledger.channel_uses + weak.ledger.channel_uses
        assert total <= once + extra
        if not strong.ok and strong.transmissions.min() < 4:
            assert weak.ledger.n_transmissions == weak.ledger.n_blocks, "the strong stream is served first"
    assert total > once + 2000


def test_a_matched_budget_is_the_whole_of_one_that_repeats():
    image = picture()
    limit = parse_scheme({"name": "a", "kind": "jpeg", "channel_uses": 9000})
    other = parse_scheme({"name": "b", "kind": "jpeg", "rate_match": "a"})
    for link, expected in ((LINK, 9000), (link_config(), None)):
        schemes = {c.name: build_scheme(c, SchemeContext(link, (limit, other))) for c in (limit, other)}
        encodings = Encodings(schemes, link, [image], ["x"])
        (budget,) = encodings.budgets(schemes["b"], 0.0)
        assert budget == (expected or encodings.of("a", 0.0)[0].channel_uses)


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        Image.fromarray(picture(64, 64, seed=i, noise=8)).save(tmp_path / f"{i}.png")
    return {"dataset": "folder", "path": str(tmp_path)}


def adaptive(link, folder, **mcs):
    grid = [
        {"rate": 0.5, "bits_per_symbol": 1},
        {"rate": 0.5, "bits_per_symbol": 2},
        {"rate": 0.75, "bits_per_symbol": 4},
    ]
    config = parse_scheme(
        {
            "name": "s",
            "kind": "jpeg",
            "channel_uses": 20000,
            "mcs": {"kind": "adaptive", "grid": grid, "validation": folder} | mcs,
        }
    )
    return build_scheme(config, SchemeContext(link, (config,)))


def test_adaptive_coding_chooses_the_reserve_too(folder):
    """At 0 dB QPSK 1/2 loses nearly every block once and hardly any after two; what is chosen is the best of all."""
    scheme = adaptive(LINK, folder)
    assert len(scheme.choices) == 9
    assert len(adaptive(link_config(), folder).choices) == 3
    scores = {choice: scheme.score(choice, 0.0) for choice in scheme.choices}
    best = scheme.choose(0.0)
    assert scores[best] == max(scores.values())
    assert len(set(scores.values())) > 3
    alone = adaptive(link_config(), folder)
    assert scores[best] > max(alone.score(choice, 0.0) for choice in alone.choices) - 1e-9
    (sent,) = scheme.transmit([picture(64, 64, noise=8)], ["0.png"], [20000], 0.0)
    assert sent.settings.get("reserve", 0.0) == best.reserve
    assert sent.channel_uses <= 20000 * (1 - best.reserve)


def test_a_hopeless_entry_is_scored_as_if_all_had_been_sent(folder, monkeypatch):
    scheme = adaptive(link_config(), folder, grid=[{"rate": 0.75, "bits_per_symbol": 4}])
    (choice,) = scheme.choices
    early = scheme.score(choice, -5.0)
    monkeypatch.setattr("linksim.schemes.adaptive.scheme.ENOUGH_BLOCKS", 10**9)
    again = adaptive(link_config(), folder, grid=[{"rate": 0.75, "bits_per_symbol": 4}])
    assert again.score(choice, -5.0) == early


def scenario(schemes, **link):
    return validate(
        {"name": "s", "link": link, "sweep": {"snr_db": [0]}, "schemes": schemes}, Scenario, "scenario.yaml"
    )


CODED = {"code": {"kind": "ldpc5g"}, "harq": {"kind": "chase"}}
JPEG = {"name": "a", "kind": "jpeg"}
DEEP = {"name": "d", "kind": "deepjscc", "checkpoint": "deepjscc"}
VALIDATION = {"dataset": "samples"}


@pytest.mark.parametrize(
    ("schemes", "link", "message"),
    [
        (
            [JPEG | {"quality": 5}, {"name": "b", "kind": "jpeg", "rate_match": "a"}],
            CODED,
            r"schemes.b.rate_match: 'a' sends blocks again \(harq chase\) without a budget of its own",
        ),
        ([JPEG | {"quality": 5, "reserve": 0.5}], CODED, "reserve is a share of a budget"),
        (
            [JPEG | {"rho": 0.1, "reserve": 0.5, "mcs": {"kind": "adaptive", "validation": VALIDATION}}],
            CODED,
            "give mcs.reserves",
        ),
        (
            [JPEG | {"rho": 0.1, "harq": {"kind": "chase"}, "mcs": {"kind": "capacity"}}],
            CODED,
            "an ideal code sends once",
        ),
        (
            [JPEG | {"rho": 0.1, "mcs": {"kind": "adaptive", "grid": "nr-table-4", "validation": VALIDATION}}],
            CODED,
            "nr-table-1",
        ),
        (
            [JPEG | {"rho": 0.1, "mcs": {"kind": "fixed", "rate": 0.01, "bits_per_symbol": 2}}],
            CODED,
            "rate",
        ),
        (
            [JPEG | {"rho": 0.1, "reserve": 0.3}],
            {"code": {"kind": "ldpc5g"}},
            "schemes.a.reserve: 0.3 is kept for sending",
        ),
        (
            [JPEG | {"rho": 0.1, "reserve": 0.3, "harq": {"kind": "none"}}],
            CODED,
            "schemes.a.reserve: 0.3 is kept for sending",
        ),
        ([DEEP | {"harq": {"kind": "chase"}}], CODED, "harq.kind chase: symbols have no CRC"),
        ([DEEP | {"rho": 0.1, "reserve": 0.5}], CODED, "reserve: symbols are sent once"),
        ([JPEG | {"quality": 5}], {"code": {"kind": "none"}, "harq": {"kind": "chase"}}, "code.kind is none"),
    ],
)
def test_what_does_not_fit_together_gets_one_line(schemes, link, message):
    with pytest.raises(InputError, match=message) as error:
        scenario(schemes, **link)
    assert "\n" not in str(error.value)


def test_symbols_are_sent_once_over_a_link_that_repeats():
    """With the fades and the noise that they have without HARQ; and a budget may follow them."""
    scenario([DEEP, {"name": "b", "kind": "jpeg", "rate_match": "d"}], **CODED)
    symbols = np.exp(2j * np.pi * np.arange(300) / 7)
    once, repeating = (LinkConfig(code=CODED["code"], harq={"kind": kind}) for kind in ("none", "chase"))
    received = [send_symbols(link, symbols, -5.0, ("once",)) for link in (once, repeating)]
    assert np.array_equal(received[0].symbols, received[1].symbols)
    assert received[0].ledger == received[1].ledger
    assert received[1].ledger.channel_uses == 300


def test_harq_of_a_scheme_needs_a_code():
    with pytest.raises(InputError, match="harq chase needs a channel code"):
        jpeg(LinkConfig(code={"kind": "none"}), quality=5, harq={"kind": "chase"})


def test_transmissions_in_the_table():
    """Mean over blocks, not over images; the 95th percentile is the least number that 95 % of the blocks kept to."""
    rows = [
        {"image": "a", "repetition": 0, "n_blocks": 90, "n_transmissions": 90, "blocks_by_transmissions": "[90]"},
        {"image": "b", "repetition": 0, "n_blocks": 10, "n_transmissions": 25, "blocks_by_transmissions": "[0, 5, 5]"},
    ]
    aggregate = per_block("transmissions")
    mean, low, high, p95 = aggregate.of(Frame.of(rows))
    assert aggregate.columns == ("transmissions", "transmissions_low", "transmissions_high", "transmissions_p95")
    assert mean == 1.15
    assert low < mean < high
    assert p95 == 2
    assert aggregate.of(Frame.of([rows[0] | {"blocks_by_transmissions": "[]", "n_blocks": 0}]))[0] != 0
