"""Semantic schemes of several stages: as many as fit a budget, never over it, and known to the receiver."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_link import StageCodec, TinyCodec, link_config, picture, receptions_of, send

from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.link.ledger import ledger_of
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.encodings import Encodings
from linksim.schemes.semantic.rate_points import Allotment, RatePoints
from linksim.schemes.semantic.scheme import SemanticScheme

LINK = link_config()
CODE_RATES = {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.34}


class StagedCodec(StageCodec):
    """Mean colours again, in residual stages that halve, each a cube of 8 corners: four give 12 bits of colour."""

    def __init__(self, count=4):
        corners = (np.stack(np.meshgrid(*[[-1, 1]] * 3, indexing="ij"), -1).reshape(1, 8, 3)).astype(np.float32)
        codewords = np.concatenate([0.25 * 0.5**s * corners + (0.5 if s == 0 else 0) for s in range(count)])
        super().__init__(Stages(codewords[:, None].astype(np.float32), np.full((count, 1, 8), 1 / 8, np.float32)))


def config(**options):
    return parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | options)


def build(codec=None, link=LINK, **options):
    return SemanticScheme(config(**options), SchemeContext(link), codec or StagedCodec())


def stages_of(sent):
    """Stages that were sent, the last one as the share of the features that it was sent for; 4 where all were."""
    vectors = sent.context.grid[0] * sent.context.grid[1]
    chosen = sent.settings or {"stages": 4, "vectors_of_last_stage": vectors}
    return chosen["stages"] - 1 + chosen["vectors_of_last_stage"] / vectors


def psnr(image, other):
    return -10 * np.log10(np.mean((image.astype(float) - other) ** 2) / 255**2)


def test_more_stages_are_better_pictures_and_their_payload_goes_on():
    image = picture(48, 64, noise=5)
    before, quality = np.zeros(0, np.uint8), []
    for count in range(1, 5):
        s = build(stages=count)
        (sent,) = s.transmit([image], ["a"], [None], None)
        bits = sent.streams[0].bits
        assert len(bits) == 12 * 16 * 3 * count
        assert sent.settings == {}
        np.testing.assert_array_equal(bits[: len(before)], before)
        (delivery,) = send(s, [sent], 40.0)
        before = bits
        cells = image.reshape(12, 4, 16, 4, 3).mean((1, 3))
        quality.append(psnr(cells, delivery.image[::4, ::4].astype(float)))
    assert (np.diff(quality) > 4).all()  # each stage halves the error: 6 dB
    assert len(build().transmit([image], ["a"], [None], None)[0].streams[0].bits) == len(before)


PROTECTIONS = [{"kind": "none"}, {"kind": "bit-levels"}, CODE_RATES]
GRIDS = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=60, deadline=None)
@given(
    GRIDS,
    st.lists(st.integers(3, 9), min_size=1, max_size=8).map(tuple),
    st.integers(0, 20_000),
    st.sampled_from(PROTECTIONS),
    st.sampled_from(["part", "whole"]),
    st.sampled_from([1, 2, 6]),
)
def test_a_budget_is_never_passed_and_the_receiver_finds_what_was_sent(grid, bits, budget, protection, last, order):
    link = link_config(modulation={"bits_per_symbol": order})
    importance = np.linspace(9, 1, sum(bits))
    points = RatePoints(config(rate_match="x", protection=protection, last_stage=last), link, bits, importance)
    try:
        layout = points.layout(Allotment(grid, budget))
        payload = np.random.default_rng(1).integers(0, 2, layout.source_bits if layout else 0, np.uint8)
        streams = points.carrier(layout).streams(payload, layout) if layout else ()
    except InputError:
        assert protection is CODE_RATES  # too few blocks to be divided
        return
    if layout is None:
        assert points.least(grid) > budget
        return
    cost = sum(stream.ledger().channel_uses for stream in streams)
    assert cost <= budget
    np.testing.assert_array_equal(points.carrier(layout).join(tuple(s.bits for s in streams), layout), payload)
    if last == "whole":
        assert layout.last == layout.vectors
    if protection is CODE_RATES:
        return
    # All that the receiver needs is how many channel uses were scheduled, or taken.
    assert points.layout(Allotment(grid, cost)) == layout
    longest = layout.stages == len(bits) and layout.last == layout.vectors
    if not longest:
        step = layout.vectors * bits[layout.stages] if last == "whole" else max(bits)
        assert ledger_of(link, layout.source_bits + step).channel_uses > budget


@pytest.mark.parametrize("protection", PROTECTIONS)
@pytest.mark.parametrize("kind", ["hard", "soft"])
@pytest.mark.parametrize("last", ["part", "whole"])
def test_within_a_budget_quality_grows_with_it(protection, kind, last):
    image = picture(96, 128, noise=5)
    cells = image.reshape(24, 4, 32, 4, 3).mean((1, 3))
    s = build(rate_match="x", protection=protection, receiver={"kind": kind}, last_stage=last)
    quality = {}
    for budget in (2600, 3300, 4100, 5400, 7000, 8200, 10_000, 30_000):
        (sent,) = s.transmit([image], ["a"], [budget], None)
        assert sent.channel_uses <= budget
        (delivery,) = send(s, [sent], 45.0)
        quality[stages_of(sent)] = psnr(cells, delivery.image[::4, ::4].astype(float))
    assert max(quality) == 4
    assert min(quality) < 1.5
    assert list(quality) == sorted(quality)
    assert (np.diff(list(quality.values())) > 0.3).all()
    if last == "whole":
        assert list(quality) == [1, 2, 3, 4]


def test_the_receiver_looks_at_nothing_but_the_allotment():
    """Its picture is the same from a transmission without settings and with streams of other bits."""
    image = picture(48, 64)
    s = build(rate_match="x")
    (sent,) = s.transmit([image], ["a"], [1400], None)
    assert 1 < stages_of(sent) < 4
    assert stages_of(sent) % 1
    (received,) = receptions_of([sent], 40.0)
    (stream,) = sent.streams
    bare = replace(sent, settings={}, streams=(replace(stream, bits=np.zeros(0, np.uint8)),))
    pictures = [s.receive([t], [received], 40.0)[0].image for t in (sent, bare)]
    np.testing.assert_array_equal(*pictures)


def test_one_codebook_within_a_budget_is_sent_whole_or_not_at_all():
    s = build(TinyCodec(), rate_match="x")
    (free,) = build(TinyCodec()).transmit([picture()], ["a"], [None], None)
    cost = free.channel_uses
    ample, exact, too_small = s.transmit([picture()] * 3, ["a"] * 3, [9 * cost, cost, cost - 1], None)
    for sent in (ample, exact):
        np.testing.assert_array_equal(sent.streams[0].bits, free.streams[0].bits)
        assert sent.settings == {}
    assert too_small.infeasible == f"the indices take {cost} channel uses, the budget is {cost - 1}"


def test_more_stages_than_there_are_are_refused():
    with pytest.raises(InputError, match=r"schemes\.s\.stages: 5 is not allowed; allowed: 1 to 4"):
        build(stages=5)


def test_an_adaptive_scheme_picks_stages_through_its_budget(tmp_path, monkeypatch):
    """A weaker code leaves room for more stages; at a high SNR it wins, at a low one it does not."""
    monkeypatch.setattr("linksim.schemes.semantic.scheme._load", lambda config, key, dtype: StagedCodec())
    for i in range(2):
        Image.fromarray(picture(64, 64, seed=i, noise=8)).save(tmp_path / f"{i}.png")
    grid = [{"rate": 0.34, "bits_per_symbol": 2}, {"rate": 0.75, "bits_per_symbol": 4}]
    mcs = {"kind": "adaptive", "grid": grid, "validation": {"dataset": "folder", "path": str(tmp_path)}}
    scheme = config(channel_uses=2400, mcs=mcs)
    s = build_scheme(scheme, SchemeContext(LINK, (scheme,)))
    images = [picture(64, 64, seed=i, noise=8) for i in range(2)]
    stages = {}
    for snr in (1.0, 20.0):
        sent = Encodings({"s": s}, LINK, images, ["a", "b"]).of("s", snr)
        assert all(0 < t.channel_uses <= 2400 for t in sent)
        intact = send(s, sent, 45.0)  # what was sent at `snr`, without errors
        for delivery, clean in zip(send(s, sent, snr), intact, strict=True):
            np.testing.assert_array_equal(delivery.image, clean.image)
        codec_sent = replace(sent[0], context=sent[0].context[1])
        stages[snr] = stages_of(codec_sent) if "stages" in sent[0].settings else 4
        assert sent[0].settings["bits_per_symbol"] == (2 if snr == 1.0 else 4)
    assert 1 <= stages[1.0] < 2
    assert stages[20.0] == 4
