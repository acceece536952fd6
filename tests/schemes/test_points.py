"""Indices that are points of the constellation: octonary heads that fill 64-QAM, and the transmitter that knows how
points err.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_link import StageCodec, link_config, picture, receptions_of, send

from linksim.codebook.assignment.chain import gray_sequence
from linksim.codebook.payload import Layout
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.link.air.modulation import map_bits
from linksim.link.transitions import axis_transitions, symbol_transitions
from linksim.schemes import SchemeContext, parse_scheme, sending
from linksim.schemes.base import Stream, Transmission
from linksim.schemes.config import AxesProtection, SymbolProtection
from linksim.schemes.semantic.points import build_points
from linksim.schemes.semantic.scheme import SemanticScheme

UNCODED = link_config(code={"kind": "none", "block_bits": 264}, modulation={"bits_per_symbol": 6})


class HeadsCodec(StageCodec):
    """Mean colours with a fourth value that is 0, quantized by heads."""

    def __init__(self, stages, heads, size, seed=3):
        rng = np.random.default_rng(seed)
        words = rng.random((stages, heads, size, 4 // heads)).astype(np.float32)
        words = words * 0.5 ** np.arange(stages)[:, None, None, None].astype(np.float32)
        super().__init__(Stages(words, np.full((stages, heads, size), 1 / size, np.float32)))

    def encode(self, images):
        features = super().encode(images)
        return np.concatenate([features, np.zeros_like(features[..., :1])], -1)

    def decode(self, features, size, variance=None):
        return super().decode(features[..., :3], size, variance)


def build(codec, link=UNCODED, **options):
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | options)
    return SemanticScheme(config, SchemeContext(link), codec)


def axes(stages=1, heads=2):
    layout = Layout.whole((3, 5), (3 * heads,) * stages)
    return build_points(AxesProtection(), UNCODED, 8, layout.stage_bits, "scheme"), layout


def test_octonary_heads_fill_64_qam_and_neighbours_are_neighbours_in_the_plane() -> None:
    """All pairs of indices: the first is the in-phase amplitude, the second the quadrature one, in steps of 2/sqrt(42)."""
    carrier, _ = axes()
    layout = Layout.whole((8, 8), (6,))
    along = gray_sequence(3)  # labels by place in the chain
    pairs = np.stack(np.meshgrid(along, along, indexing="ij"), -1).reshape(-1, 2)
    bits = ((pairs[..., None] >> np.array([2, 1, 0])) & 1).astype(np.uint8).reshape(-1)
    (stream,) = carrier.streams(bits, layout)
    points = map_bits(stream.bits[None], 6).reshape(8, 8)
    assert len(np.unique(np.round(points, 4))) == 64
    step = 2 / np.sqrt(42)
    np.testing.assert_allclose(points[:-1] - points[1:], step, atol=1e-6)
    np.testing.assert_allclose(points[:, :-1] - points[:, 1:], 1j * step, atol=1e-6)
    assert not stream.link.scrambling


@given(st.integers(1, 3), st.sampled_from([2, 4]), st.integers(0, 2**32 - 1))
def test_join_undoes_streams(stages: int, heads: int, seed: int) -> None:
    carrier, layout = axes(stages, heads)
    payload = np.random.default_rng(seed).integers(0, 2, layout.source_bits).astype(np.uint8)
    (stream,) = carrier.streams(payload, layout)
    assert not np.array_equal(stream.bits, payload)
    np.testing.assert_array_equal(carrier.join((stream.bits,), layout), payload)


@pytest.mark.parametrize(
    ("codec", "kind"),
    [(HeadsCodec(2, 2, 8), "axes"), (HeadsCodec(1, 1, 64), "symbols"), (HeadsCodec(1, 2, 64), "symbols")],
)
def test_pictures_arrive_and_cost_what_they_cost_before(codec, kind) -> None:
    image = picture(48, 64)
    plain, points = build(codec), build(codec, protection={"kind": kind})
    (before,), (after,) = (s.transmit([image], ["a"], [None], None) for s in (plain, points))
    assert before.channel_uses == after.channel_uses
    expected, found = (send(s, [t], 45.0)[0].image for s, t in ((plain, before), (points, after)))
    np.testing.assert_array_equal(found, expected)
    power = np.abs(map_bits(after.streams[0].bits[None], 6)) ** 2
    assert after.settings["symbol_power"] == pytest.approx(power.mean(), abs=1e-4)
    assert after.streams[0].power == pytest.approx(power.mean(), rel=1e-6)
    assert before.streams[0].power == 1


@pytest.mark.parametrize(("label", "power"), [(0, 2 / 42), (0b111111, 98 / 42), (0b101010, 50 / 42)])
def test_a_picture_of_one_point_is_sent_with_power_one(label, power) -> None:
    """Points of little power gain by it and those of much power lose: all are as far from the noise as a power of 1 is."""
    layout = Layout.whole((40, 48), (6,))
    link = UNCODED.model_copy(
        update={"channel": link_config(channel={"kind": "rayleigh", "coherence": "symbol"}).channel}
    )
    carrier = build_points(SymbolProtection(), link, 64, layout.stage_bits, "scheme")
    bits = np.tile(np.array([label >> shift & 1 for shift in range(5, -1, -1)], np.uint8), 40 * 48)
    found = np.abs(map_bits(bits[None, :6], 6)[0, 0]) ** 2
    (stream,) = carrier.streams(bits, layout)
    assert stream.power == pytest.approx(found, rel=1e-6)
    es_no_db = 12.0
    key = ("a", 1, 0, 0, 0)
    (((scaled,),), ((alone,),)) = (
        sending.send([Transmission((one,), (8, 8))], at, lambda *_: key)
        for one, at in ((stream, es_no_db), (Stream(bits, stream.link), stream.es_no_db(es_no_db)))
    )
    np.testing.assert_array_equal(scaled.bits, alone.bits)
    np.testing.assert_array_equal(scaled.llr, alone.llr)
    expected = 1 - symbol_transitions(6, es_no_db - 10 * np.log10(found), True)[label, label]
    wrong = (scaled.bits != bits).reshape(-1, 6).any(-1).mean()
    assert wrong == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / (40 * 48)))


@pytest.mark.parametrize(
    ("codec", "kind", "channel"),
    [
        (HeadsCodec(1, 1, 64), "symbols", "rayleigh"),
        (HeadsCodec(1, 2, 64), "symbols", "awgn"),
        (HeadsCodec(1, 2, 8), "axes", "rayleigh"),
    ],
)
def test_the_chosen_index_has_the_least_expected_distortion(codec, kind, channel) -> None:
    """Brute force over every index that could be sent and every one that could arrive, at the distances that the scaling to
    mean power 1 leaves.
    """
    link = UNCODED.model_copy(update={"channel": link_config(channel={"kind": channel}).channel})
    s = build(codec, link, protection={"kind": kind}, transmitter={"kind": "channel-optimized", "errors": "symbols"})
    assert s.transmit_depends_on_snr
    image, es_no_db = picture(48, 64), 6.0
    features = codec.encode(image[None]).reshape(-1, 4)
    heads = codec.stages.heads

    def best(at: float) -> np.ndarray:
        """Indices `[vectors, heads]` for an Es/N0 of the points."""
        p = (symbol_transitions if kind == "symbols" else axis_transitions)(6, at, channel == "rayleigh")
        found = []
        for h, part in enumerate(np.split(features.astype(float), heads, axis=-1)):
            e = codec.stages.codewords[0, h].astype(float)
            distances = np.array([[((z - word) ** 2).sum() for word in e] for z in part])
            found.append([int(np.argmin([p[i] @ row for i in range(len(e))])) for row in distances])
        return np.array(found).T

    layout = s.points.layout(s.transmit([image], ["a"], [None], es_no_db)[0].context)
    first = s.points.carrier(layout).streams(s.quantizer.to_bits(best(es_no_db)[:, None], layout), layout)[0]
    assert abs(first.power - 1) > 0.05
    expected = best(es_no_db - round(10 * np.log10(first.power), 1))
    (sent,) = s.transmit([image], ["a"], [None], es_no_db)
    layout = s.points.layout(sent.context)
    payload = s.points.carrier(layout).join((sent.streams[0].bits,), layout)
    m = codec.stages.bits_per_index
    indices = payload.reshape(-1, heads, m).astype(int) @ (1 << np.arange(m - 1, -1, -1))
    np.testing.assert_array_equal(indices, expected)
    (nearest,) = build(codec, link, protection={"kind": kind}).transmit([image], ["a"], [None], None)
    assert not np.array_equal(sent.streams[0].bits, nearest.streams[0].bits)


def test_knowing_the_points_lowers_what_arrives_off() -> None:
    """Over the real link, against the nearest word: the mean squared distance of features at the receiver."""
    codec = HeadsCodec(1, 1, 64)
    image = picture(96, 128, noise=40)
    features = codec.encode(image[None]).reshape(-1, 4)
    error = {}
    for transmitter in ({"kind": "nearest"}, {"kind": "channel-optimized", "errors": "symbols"}):
        s = build(codec, protection={"kind": "symbols"}, transmitter=transmitter)
        sent = s.transmit([image], ["a"], [None], 8.0)
        ((reception,),) = receptions_of(sent, 8.0)
        layout = s.points.layout(sent[0].context)
        got = s.quantizer.decode(reception.bits, reception.llr, reception.known, layout).features
        error[transmitter["kind"]] = ((got - features) ** 2).sum(-1).mean()
    assert error["channel-optimized"] < 0.95 * error["nearest"]


SYMBOLS = {"transmitter": {"kind": "channel-optimized", "errors": "symbols"}, "protection": {"kind": "symbols"}}


@pytest.mark.parametrize(
    ("codec", "link", "options", "message"),
    [
        (
            HeadsCodec(1, 2, 8),
            link_config(),
            {"protection": {"kind": "axes"}},
            "link.code ldpc5g takes the index bits apart",
        ),
        (HeadsCodec(1, 1, 8), UNCODED, {"protection": {"kind": "axes"}}, "1 heads are no pairs"),
        (
            HeadsCodec(1, 2, 16),
            UNCODED,
            {"protection": {"kind": "axes"}},
            "16 codewords are not the amplitudes of an axis of 64",
        ),
        (HeadsCodec(1, 1, 16), UNCODED, {"protection": {"kind": "symbols"}}, "16 codewords are not the 64 points"),
        (
            HeadsCodec(1, 1, 64),
            link_config(code={"kind": "none", "block_bits": 260}, modulation={"bits_per_symbol": 6}),
            {"protection": {"kind": "symbols"}},
            "blocks of 236 payload bits cut a symbol of 6 bits; give a link.code.block_bits of 24 more",
        ),
        (HeadsCodec(1, 1, 64), UNCODED, SYMBOLS | {"protection": {"kind": "none"}}, "indices are no points"),
        (
            HeadsCodec(1, 1, 64),
            UNCODED.model_copy(update={"channel": link_config(channel={"kind": "rician", "k_factor_db": 3}).channel}),
            SYMBOLS,
            "nothing is known of points over link.channel rician",
        ),
    ],
)
def test_what_cannot_be_points_is_refused_in_one_line(codec, link, options, message) -> None:
    with pytest.raises(InputError, match=message) as refused:
        build(codec, link, **options)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("scheme 's': ")


def test_a_bit_error_rate_does_not_go_with_symbols() -> None:
    with pytest.raises(InputError, match=r"bit_error_rate 0\.1 is for errors: bits"):
        parse_scheme(
            {
                "name": "s",
                "kind": "semantic",
                "checkpoint": "x",
                "transmitter": {"kind": "channel-optimized", "errors": "symbols", "bit_error_rate": 0.1},
            }
        )


def test_symbols_are_the_bits_in_order() -> None:
    layout = Layout.whole((1, 2), (6,))
    carrier = build_points(SymbolProtection(), UNCODED, 64, (6,), "scheme")
    payload = np.arange(12, dtype=np.uint8) % 2
    assert np.array_equal(carrier.streams(payload, layout)[0].bits, payload)
