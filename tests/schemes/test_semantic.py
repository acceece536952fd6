"""The semantic scheme with a codec without networks, over the real link."""

import dataclasses

import numpy as np
import pytest
from small_link import TinyCodec, link_config, picture, send

from linksim.codebook.transmitter import Nearest
from linksim.common.errors import InputError
from linksim.link import Link
from linksim.schemes import SchemeContext, parse_scheme
from linksim.schemes.semantic.scheme import SemanticScheme

UNCODED = link_config(code={"kind": "none", "block_bits": 240}, modulation={"bits_per_symbol": 6})


def build(codec, link=None, **options):
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | options)
    return SemanticScheme(config, SchemeContext(link or link_config()), codec)


def expected(codec, image):
    features = codec.encode(image[None])
    indices = Nearest(codec.codebook).indices(features.reshape(-1, 3))
    return codec.decode(codec.codebook[indices].reshape(features.shape), image.shape[:2])[0]


VARIANTS = [
    ({}, None),
    ({"receiver": {"kind": "soft"}}, None),
    ({"receiver": {"kind": "soft", "estimate": "map", "llr_scale": 0.5}}, UNCODED),
    ({"protection": {"kind": "bit-levels"}}, UNCODED),
    ({"protection": {"kind": "bit-levels"}}, None),
    ({"protection": {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.34}, "receiver": {"kind": "soft"}}, None),
    ({"transmitter": {"kind": "channel-optimized"}}, None),
]


@pytest.mark.parametrize(("options", "link"), VARIANTS)
def test_without_errors_every_variant_gives_the_same_picture(options, link, codec):
    images = [picture(48, 64), picture(45, 61, seed=1)]
    s = build(codec, link, **options)
    sent = s.transmit(images, ["a", "b"], [None, None], 45.0)
    for image, delivery in zip(images, send(s, sent, 45.0), strict=True):
        assert not delivery.outage
        np.testing.assert_array_equal(delivery.image, expected(codec, image))


def test_the_indices_of_the_padding_are_sent_and_counted(codec):
    s = build(codec)
    (sent,) = s.transmit([picture(45, 61)], ["a"], [None], None)
    assert sent.context.grid == (12, 16)
    assert len(sent.streams[0].bits) == 12 * 16 * 3


def test_a_budget_is_kept_or_the_image_is_infeasible(codec):
    s = build(codec, rate_match="other")
    (free,) = s.transmit([picture()], ["a"], [None], None)
    cost = free.channel_uses
    fits, too_small = s.transmit([picture()] * 2, ["a"] * 2, [cost, cost - 1], None)
    assert fits.channel_uses == cost
    assert too_small.infeasible == f"the indices take {cost} channel uses, the budget is {cost - 1}"


@pytest.mark.parametrize("es_no_db", [4.0, 8.0, 14.0])
def test_a_soft_receiver_has_less_channel_distortion_than_a_hard_one(codec, es_no_db):
    """The posterior mean is the estimate of least squared error, so it cannot lose to decided codewords."""
    image = picture(96, 128, noise=5)
    clean = expected(codec, image).astype(float)
    error = {}
    for kind in ("hard", "soft"):
        s = build(codec, UNCODED, receiver={"kind": kind})
        (delivery,) = send(s, s.transmit([image], ["a"], [None], None), es_no_db)
        error[kind] = np.mean((delivery.image - clean) ** 2)
    assert 0 < error["soft"] < error["hard"]


def test_the_decoder_is_given_the_posterior_variance(codec):
    s = build(codec, UNCODED, receiver={"kind": "soft"})
    sent = s.transmit([picture()], ["a"], [None], None)
    send(s, sent, 5.0)
    assert codec.seen_variance.shape == (1, 12, 16)
    assert codec.seen_variance.max() > 0
    send(s, sent, 60.0)
    assert codec.seen_variance.max() < 1e-5


def test_pictures_do_not_depend_on_their_neighbours(codec):
    images = [picture(48, 64), picture(32, 32, seed=4)]
    s = build(codec)
    sent = s.transmit(images, ["a", "b"], [None, None], None)
    receptions = [tuple(Link(t.streams[0].link).transmit([t.streams[0].bits], 0.0, [(i,)])) for i, t in enumerate(sent)]
    together = s.receive(sent, receptions, 0.0)
    alone = [s.receive([t], [r], 0.0)[0] for t, r in zip(sent, receptions, strict=True)]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a.image, b.image)


@pytest.mark.parametrize("size", [(256, 256), (240, 328), (512, 384)])
def test_code_rates_cost_no_more_and_keep_the_important_bits(codec, size):
    image = picture(*size)
    protection = {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.34}
    plain, split = build(codec), build(codec, protection=protection)
    whole, parts = (s.transmit([image], ["a"], [None], None)[0] for s in (plain, split))
    weak_blocks = Link(parts.streams[1].link).ledger(len(parts.streams[1].bits)).n_blocks
    # Less than a symbol of each weak block is left over.
    assert whole.channel_uses - weak_blocks < parts.channel_uses <= whole.channel_uses
    strong, weak = (Link(link).expected_bit_error_rate(1.0) for link in split.points.finest.links)
    assert strong < weak


def test_only_a_transmitter_with_auto_depends_on_the_snr(codec):
    fixed = build(codec, transmitter={"kind": "channel-optimized", "bit_error_rate": 0.1})
    auto = build(codec, UNCODED, transmitter={"kind": "channel-optimized"})
    assert not build(codec).transmit_depends_on_snr
    assert not fixed.transmit_depends_on_snr
    assert auto.transmit_depends_on_snr
    low, high = (auto.transmit([picture()], ["a"], [None], snr)[0].streams[0].bits for snr in (0.0, 40.0))
    assert np.any(low != high)


@pytest.mark.parametrize(
    ("link", "protection", "message"),
    [
        (UNCODED, {"kind": "code-rates"}, "needs a channel code"),
        (None, {"kind": "code-rates", "strong_bits": 3}, "strong_bits 3: a vector has 3 bits"),
        (None, {"kind": "code-rates", "strong_bits": 2, "strong_rate": 0.2}, "protection code-rates: .*no room"),
        (None, {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.9}, "no stronger than the link's code"),
    ],
)
def test_protection_that_does_not_go_with_the_link_is_refused(codec, link, protection, message):
    with pytest.raises(InputError, match=message):
        build(codec, link, protection=protection)


def test_a_codebook_that_is_no_power_of_two(codec):
    s = build(TinyCodec(6), UNCODED)
    (sent,) = s.transmit([picture()], ["a"], [None], None)
    (reception,) = Link(UNCODED).transmit([sent.streams[0].bits], 30.0, [("k",)])
    ones = dataclasses.replace(reception, bits=np.ones_like(reception.bits))
    (delivery,) = s.receive([sent], [(ones,)], 30.0)
    assert delivery.image.shape == (48, 64, 3)


def test_an_unknown_checkpoint_is_named():
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "vqvea"})
    with pytest.raises(InputError, match="checkpoint: unknown name 'vqvea'"):
        SemanticScheme(config, SchemeContext(link_config()))


def test_the_decoder_for_damage_is_used_where_a_block_fails_and_only_there(codec):
    class Grey(TinyCodec):
        def decode(self, features, size, variance=None):
            return np.full((1, *size, 3), 77, np.uint8)

    s = build(codec)
    s.damaged_codec = Grey()
    image = picture(48, 64)
    sent = s.transmit([image], ["a"], [None], None)
    (intact,) = send(s, sent, 45.0)
    (damaged,) = send(s, sent, 0.0)
    np.testing.assert_array_equal(intact.image, expected(codec, image))
    assert (damaged.image == 77).all()


@pytest.mark.parametrize(("damaged", "receiver", "other"), [("robust", "soft", "hard"), ("soft", "hard", "soft")])
def test_the_decoder_for_damage_must_be_made_for_the_receiver(damaged, receiver, other):
    options = {"name": "s", "kind": "semantic", "checkpoint": "vqvae", "damaged_checkpoint": f"vqvae-{damaged}"}
    with pytest.raises(InputError, match=f"trained for the {other} receiver, but receiver.kind is {receiver}"):
        SemanticScheme(parse_scheme({**options, "receiver": {"kind": receiver}}), SchemeContext(link_config()))


@pytest.mark.parametrize(
    ("checkpoint", "receiver", "other"), [("bitsemcom-soft", "hard", "soft"), ("moc-rvq-repair", "soft", "hard")]
)
def test_the_only_decoder_must_be_made_for_the_receiver_too(checkpoint, receiver, other):
    options = {"name": "s", "kind": "semantic", "checkpoint": checkpoint, "receiver": {"kind": receiver}}
    with pytest.raises(
        InputError, match=rf"schemes\.s\.checkpoint: '{checkpoint}' was trained for the {other} receiver"
    ):
        SemanticScheme(parse_scheme(options), SchemeContext(link_config()))


def test_the_decoder_for_damage_must_be_known():
    options = {"name": "s", "kind": "semantic", "checkpoint": "vqvae", "damaged_checkpoint": "nosuch"}
    with pytest.raises(InputError, match=r"schemes\.s\.damaged_checkpoint: unknown name 'nosuch'"):
        SemanticScheme(parse_scheme(options), SchemeContext(link_config()))


def test_the_decoder_for_damage_must_belong_to_the_transmitter():
    options = {"name": "s", "kind": "semantic", "checkpoint": "vqvae", "damaged_checkpoint": "proposed"}
    with pytest.raises(
        InputError, match=r"damaged_checkpoint: 'proposed' has another encoder or codebook than 'vqvae'"
    ):
        SemanticScheme(parse_scheme(options), SchemeContext(link_config()))
