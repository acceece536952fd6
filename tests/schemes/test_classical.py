"""JPEG and BPG over the link: budget, direction of the search, outages, concealment."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_link import link_config, picture, send

from linksim.codecs import bpg, jpeg
from linksim.link import Link
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.classical.bits import file_bits, received_file
from linksim.schemes.classical.concealment import GREY, MEAN_COLOR

LINK = link_config()
CONTEXT = SchemeContext(LINK)


def scheme(kind="jpeg", context=CONTEXT, **options):
    if not {"quality", "qp", "ratio"} & set(options):
        options = {"rate_match": "reference"} | options
    return build_scheme(parse_scheme({"name": "s", "kind": kind} | options), context)


def cost(transmission):
    return sum(Link(s.link).ledger(len(s.bits)).channel_uses for s in transmission.streams)


images = st.builds(
    picture, st.integers(16, 80), st.integers(16, 80), st.integers(0, 2**16), st.sampled_from([0, 5, 40, 120])
)


@settings(deadline=None, max_examples=40)
@given(images, st.integers(0, 30_000), st.sampled_from([1, 2, 4, 6, 8]), st.sampled_from([0.34, 0.5, 0.75]))
def test_jpeg_never_exceeds_its_budget_and_wastes_none(image, budget, bits_per_symbol, rate):
    link = link_config(
        code={"kind": "ldpc5g", "rate": rate, "block_bits": 256}, modulation={"bits_per_symbol": bits_per_symbol}
    )
    (sent,) = scheme(context=SchemeContext(link)).transmit([image], ["a"], [budget], None)
    if sent.infeasible:
        smallest = min(len(jpeg.encode(image, quality)) for quality in (1, 2, 3))
        assert Link(link).ledger(8 * smallest).channel_uses > budget
        assert sent.streams == ()
        return
    assert cost(sent) <= budget
    for better in range(sent.settings["quality"] + 1, 96):
        assert Link(link).ledger(8 * len(jpeg.encode(image, better))).channel_uses > budget


@settings(deadline=None, max_examples=25)
@given(images, st.integers(1000, 20_000), st.integers(0, 20_000))
def test_a_looser_budget_never_gives_a_lower_quality(image, budget, more):
    tight, loose = scheme().transmit([image, image], ["a", "a"], [budget, budget + more], None)
    if not tight.infeasible:
        assert loose.settings["quality"] >= tight.settings["quality"]


def test_bpg_takes_the_smallest_qp_that_fits():
    image = picture(seed=1)
    s = scheme("bpg", preset="ultrafast")
    sent = s.transmit([image] * 4, ["a"] * 4, [100, 2_000, 5_000, 60_000], None)
    qps = [t.settings.get("qp") for t in sent]
    assert sent[0].infeasible == "no bpg file fits 100 channel uses"
    assert qps[1] > qps[2] > qps[3] == 0
    assert all(cost(t) <= budget for t, budget in zip(sent, [100, 2_000, 5_000, 60_000], strict=True))
    one_better = len(bpg.encode(image, qps[2] - 1, preset="ultrafast"))
    assert Link(LINK).ledger(8 * one_better).channel_uses > 5_000


def test_the_ledger_counts_header_crc_and_filler():
    image = picture()
    (sent,) = scheme(quality=30).transmit([image], ["a"], [None], None)
    (stream,) = sent.streams
    ledger = Link(LINK).ledger(len(stream.bits))
    assert ledger.source_bits == 8 * len(jpeg.encode(image, 30))
    assert ledger.crc_bits == 24 * ledger.n_blocks
    assert ledger.channel_uses * 2 == ledger.coded_bits == 2 * ledger.information_bits
    assert ledger.information_bits == ledger.source_bits + ledger.crc_bits + ledger.filler_bits


FIXED = {
    "jpeg": {"quality": 50},
    "bpg": {"qp": 30, "preset": "ultrafast"},
    "jpeg2000": {"ratio": 12},
    "webp": {"quality": 50},
    "avif": {"quality": 50, "speed": 10},
}


@pytest.mark.parametrize("kind", FIXED)
def test_intact_blocks_give_the_codec_s_picture(kind):
    image = picture(seed=2)
    s = scheme(kind, **FIXED[kind])
    sent = s.transmit([image], ["a"], [None], None)
    (delivery,) = send(s, sent, 30.0)
    ((setting, value),) = sent[0].settings.items()
    assert value == FIXED[kind][setting]
    data = s.codec.encoder(image)(value)
    assert sent[0].streams[0].ledger().source_bits == 8 * len(data)
    expected = {"jpeg": jpeg.decode, "bpg": bpg.decode}.get(kind, lambda data: s.codec.decode(data, image.shape[:2]))(
        data
    )
    assert not delivery.outage
    np.testing.assert_array_equal(delivery.image, expected)


@settings(deadline=None, max_examples=25)
@given(images, st.integers(1, 95))
def test_the_end_of_a_file_is_found_in_the_filled_blocks(image, quality):
    for data in (jpeg.encode(image, quality), bpg.encode(image, quality // 2, preset="ultrafast")):
        assert data[-1] != 0
        (reception,) = Link(LINK).transmit([file_bits(data)], 30.0, [("end", 0)])
        assert received_file(reception) == data


@pytest.mark.parametrize("kind", ["jpeg2000", "webp", "avif"])
@settings(deadline=None, max_examples=8)
@given(images, st.integers(0, 12_000))
def test_codecs_of_pillow_keep_to_the_budget(kind, image, budget):
    s = scheme(kind, **({"speed": 10} if kind == "avif" else {}))
    (sent,) = s.transmit([image], ["a"], [budget], None)
    if sent.infeasible:
        assert sent.infeasible == f"no {kind} file fits {budget} channel uses"
        assert budget < 6_000
    else:
        assert 0 < cost(sent) <= budget


@pytest.mark.parametrize("kind", ["jpeg2000", "webp", "avif"])
@pytest.mark.parametrize("concealment", ["mean", "grey", "partial", "exclude"])
def test_codecs_of_pillow_conceal_what_is_lost(kind, concealment):
    image = picture(seed=3)
    s = scheme(kind, **FIXED[kind], concealment=concealment)
    (delivery,) = send(s, s.transmit([image], ["a"], [None], None), -8.0)
    assert delivery.outage
    assert (delivery.image is None) == (concealment == "exclude")
    if concealment in ("mean", "grey"):
        assert np.all(delivery.image == (MEAN_COLOR if concealment == "mean" else GREY))


def test_an_outage_is_found_by_crc_not_by_comparing():
    """One failed block is an outage even where the bits happen to be right."""
    image = picture()
    s = scheme(quality=40)
    (sent,) = s.transmit([image], ["a"], [None], None)
    (reception,) = Link(LINK).transmit([sent.streams[0].bits], 30.0, [("crc", 0)])
    failed = reception.block_ok.copy()
    failed[0] = False
    damaged = dataclasses.replace(reception, block_ok=failed)
    good, bad = s.receive([sent, sent], [(reception,), (damaged,)], 30.0)
    assert not good.outage
    assert bad.outage


def test_an_outage_is_found_by_the_codec_failing():
    s = scheme(quality=40)
    (sent,) = s.transmit([picture()], ["a"], [None], None)
    (reception,) = Link(LINK).transmit([np.ones(4000, np.uint8)], 30.0, [("rubbish", 0)])
    (delivery,) = s.receive([sent], [(reception,)], 30.0)
    assert reception.ok
    assert delivery.outage
    assert np.all(delivery.image == MEAN_COLOR)


@pytest.mark.parametrize("concealment", ["mean", "grey", "partial", "exclude"])
def test_concealments(concealment):
    image = picture(96, 96, noise=0)
    s = scheme(quality=60, restart_blocks=1, concealment=concealment)
    (sent,) = s.transmit([image], ["a"], [None], None)
    (reception,) = Link(LINK).transmit([sent.streams[0].bits], 30.0, [("c", 0)])
    bits, ok = reception.bits.copy(), reception.block_ok.copy()
    last = len(ok) - 1
    bits[last * reception.payload_bits_per_block :] ^= 1
    ok[last] = False
    (delivery,) = s.receive([sent], [(dataclasses.replace(reception, bits=bits, block_ok=ok),)], 30.0)
    assert delivery.outage
    if concealment == "exclude":
        assert delivery.image is None
        return
    assert delivery.image.shape == image.shape
    if concealment == "partial":
        assert np.abs(delivery.image[:48].astype(int) - image[:48]).mean() < 12
    else:
        assert np.all(delivery.image == (MEAN_COLOR if concealment == "mean" else GREY))


def test_a_lost_picture_is_not_replaced_by_noise():
    """Two outages of different channels show the same flat picture."""
    s = scheme(quality=60)
    sent = s.transmit([picture()], ["a"], [None], None)
    one, other = (send(s, sent, -8.0, key=(k,))[0] for k in ("x", "y"))
    assert one.outage
    np.testing.assert_array_equal(one.image, other.image)
    assert np.ptp(one.image.reshape(-1, 3), axis=0).max() == 0
